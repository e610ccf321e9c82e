"""Which attributes and blocks may stand where, judged before anything is evaluated.

The models of `model.config` name most attributes; a shape adds those that are expressions
of their own (references, variables, conditions) and the blocks inside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from declarative.language.hints import FOREIGN_ATTRIBUTES
from declarative.language.installed import kinds
from declarative.language.nodes import Variable
from declarative.language.problems import nearest, suggestion

if TYPE_CHECKING:
    from declarative.language.problems import Problems
    from declarative.language.sections import Section
    from declarative.model.base import Frozen

_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand in a block.

    Attributes:
        attributes: Names of attributes, and whether each must be written.
        blocks: The blocks inside.
        explained: Names that are refused with a sentence of their own.
        exclusive: Names that are an attribute or a block, never both.
        choices: Names of which exactly one must be written.
        alternatives: Names of which at most one may be written.
        content: The attributes that are evaluated into the block's model.
        acts_later: Attributes and blocks that are read and judged, but that plan and apply
            refuse; with the value that asks for nothing, which they let pass.
    """

    attributes: Mapping[str, bool] = field(default_factory=dict)
    blocks: Mapping[str, Nested] = field(default_factory=dict)
    explained: Mapping[str, str] = field(default_factory=dict)
    exclusive: frozenset[str] = frozenset()
    anything: bool = False
    choices: tuple[tuple[str, ...], ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    content: tuple[str, ...] = ()
    acts_later: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nested:
    """A block inside another.

    Attributes:
        shapes: Its shape; by its first label where that is a kind (``artifact "s3"``),
            otherwise under the empty string.
        labels: What its labels are, for messages.
        extra_label: What one more label is, that may be left out.
        most: How often it may stand in one block; None: any number.
        required: Whether there must be one.
        acts_later: Kinds that are read and judged, but that plan and apply refuse; the
            empty string where there are no kinds.
        installed: The group of entry points that may provide more kinds, with attributes that
            only they know; none where it is empty.
    """

    shapes: Mapping[str, Shape]
    labels: tuple[str, ...] = ()
    most: int | None = None
    required: bool = False
    acts_later: frozenset[str] = frozenset()
    extra_label: str | None = None
    installed: str = ""


def shape(  # noqa: PLR0913 - the parts of a shape, all but the models by name
    *models: type[Frozen],
    required: str = "",
    optional: str = "",
    blocks: Mapping[str, Nested] | None = None,
    inside: Mapping[str, Nested] | None = None,
    explained: Mapping[str, str] | None = None,
    choices: tuple[str, ...] = (),
    acts_later: str = "",
) -> Shape:
    """Return the shape with the attributes of ``models`` and those named besides.

    A name in ``blocks`` that is a field too may be written either way; one in ``inside`` is a
    block only. Each of ``choices`` holds names of which exactly one must be written. Where an
    attribute in ``acts_later`` has a default, that is what asks for nothing.
    """
    blocks, inside = blocks or {}, inside or {}
    attributes = dict.fromkeys(optional.split(), False) | dict.fromkeys(required.split(), True)
    defaults: dict[str, object] = {}
    for model in models:
        attributes |= {name: item.is_required() for name, item in model.model_fields.items()}
        defaults |= {name: item.default for name, item in model.model_fields.items()}
    fields = [name for model in models for name in model.model_fields]
    attributes = {name: must for name, must in attributes.items() if name not in inside}
    return Shape(
        attributes,
        {**blocks, **inside},
        explained or {},
        frozenset(attributes) & frozenset(blocks),
        content=tuple(name for name in fields if name not in inside),
        choices=tuple(tuple(choice.split()) for choice in choices),
        acts_later={name: defaults.get(name) for name in acts_later.split()},
    )


def one(inner: Shape, *, most: int | None = 1, labels: tuple[str, ...] = ()) -> Nested:
    """Return a block with a single shape."""
    return Nested({"": inner}, labels, most)


def check(section: Section, expected: Shape, problems: Problems) -> None:
    """Add what is wrong with the names in ``section`` and in all blocks inside."""
    if expected.anything:
        return
    for name, attribute in section.attributes.items():
        if name in expected.attributes:
            if name in expected.exclusive and _has_block(section, name):
                problems.add(
                    f'"{name}" is written twice',
                    f"{name} is an attribute and a block here. Write one of them.",
                    attribute.name_range,
                )
            continue
        problems.add(*_unknown(name, section, expected, "attribute"), attribute.name_range)
    strange = section.attributes.keys() - expected.attributes.keys()
    misspelt = {nearest(name, expected.attributes) for name in strange}
    missing = [
        f'"{name}"'
        for name, must in expected.attributes.items()
        if must and name not in section.attributes and not _has_block(section, name)
        if name not in misspelt
    ]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        listed = " and ".join([", ".join(missing[:-1]), missing[-1]] if plural else missing)
        problems.add(
            f"Missing attribute{plural}",
            f"{_title(section)} needs the attribute{plural} {listed}.",
            section.range,
        )
    _check_choices(section, expected, problems)
    _check_blocks(section, expected, problems)


def _check_choices(section: Section, expected: Shape, problems: Problems) -> None:
    for choice in (*expected.choices, *expected.alternatives):
        written = [
            name for name in choice if name in section.attributes or _has_block(section, name)
        ]
        listed = f"{', '.join(choice[:-1])} and {choice[-1]}"
        strange = section.attributes.keys() - expected.attributes.keys()
        misspelt = {nearest(name, choice) for name in strange} - {None}
        if not written and not misspelt and choice in expected.choices:
            detail = f"{_title(section)} needs exactly one of {listed}."
            problems.add("Missing attribute", detail, section.range)
        elif len(written) > 1:
            attribute = section.attributes.get(written[1])
            problems.add(
                "Too much is written",
                f"{_title(section)} takes exactly one of {listed}; here are "
                f"{' and '.join(written)}. Keep one.",
                attribute.name_range if attribute else section.range,
            )


def _check_blocks(section: Section, expected: Shape, problems: Problems) -> None:
    seen: dict[str, int] = {}
    for child in section.children:
        type_ = child.type
        if type_ == "dynamic":
            _check_dynamic(child, section, expected, problems)
            continue
        nested = expected.blocks.get(type_)
        if nested is None:
            problems.add(*_unknown(type_, section, expected, "block"), child.range)
            continue
        seen[type_] = seen.get(type_, 0) + 1
        if nested.most is not None and seen[type_] == nested.most + 1:
            problems.add(
                "Too many blocks",
                f'{_title(section)} has more than {nested.most} block of type "{type_}".',
                child.range,
            )
        check_nested(child, nested, problems)
    for type_, nested in expected.blocks.items():
        if nested.required and type_ not in seen and not _generates(section, type_):
            kind = "" if "" in nested.shapes else f' "{next(iter(nested.shapes))}"'
            problems.add(
                "Missing block",
                f"{_title(section)} needs a block of type {type_}: {type_}{kind} {{ … }}.",
                section.range,
            )


def check_nested(section: Section, nested: Nested, problems: Problems) -> None:
    """Add what is wrong with a block and its labels, given where it stands."""
    if not _may_have(section.labels, nested):
        problems.add(*_wrong_labels(section, nested), section.range)
        return
    inner = nested.shapes.get("") or nested.shapes.get(section.labels[0])
    if inner is not None:
        check(section, inner, problems)
        return
    kind = section.labels[0]
    provided = kinds(nested.installed) if nested.installed else frozenset()
    if kind in provided:
        return
    everything = (*nested.shapes, *sorted(provided - nested.shapes.keys()))
    known = ", ".join(f'"{name}"' for name in everything)
    problems.add(
        f"Unknown kind of {section.type}",
        f'There is no {section.type} of kind "{kind}"; known: {known}.'
        f"{suggestion(kind, everything)}",
        section.range,
    )


def _may_have(labels: tuple[str, ...], nested: Nested) -> bool:
    fewest = len(nested.labels)
    return fewest <= len(labels) <= fewest + (nested.extra_label is not None)


def _wrong_labels(section: Section, nested: Nested) -> tuple[str, str]:
    wanted = " and ".join(f"its {label}" for label in nested.labels)
    count = {0: "no label", 1: "one label,", 2: "two labels,"}[len(nested.labels)]
    example = "".join(f' "{label.upper()}"' for label in nested.labels)
    here = {0: "is none", 1: "is one"}.get(len(section.labels), f"are {len(section.labels)}")
    detail = (
        f"A block of type {section.type} has {f'{count} {wanted}'.strip()}; here {here}: "
        f"write {section.type}{example} {{ … }}."
    )
    return "Wrong number of labels", detail


_DYNAMIC: Final = Shape({"for_each": True, "iterator": False, "labels": False})


def _check_dynamic(section: Section, parent: Section, expected: Shape, problems: Problems) -> None:
    contents = section.named("content")
    generated = expected.blocks.get(section.labels[0]) if len(section.labels) == 1 else None
    many = [name for name, item in expected.blocks.items() if _can_be_made(name, item, parent)]
    if generated is None or section.labels[0] not in many:
        wanted = " ".join(section.labels)
        reason = (
            f'dynamic "{wanted}" is not supported in {parent.type}; write the blocks out.'
            if generated
            else "The label of a dynamic block is the type of the blocks it makes."
        )
        known = f" {_title(parent)} can have: {', '.join(many) or 'none'}."
        problems.add("Invalid dynamic block", reason + known, section.range)
        return
    if len(contents) != 1 or len(section.children) != 1:
        problems.add(
            "Invalid dynamic block",
            'A dynamic block holds exactly one "content" block.',
            section.range,
        )
        return
    if bool(generated.labels) != ("labels" in section.attributes):
        wanted = "needs" if generated.labels else "takes no"
        problems.add(
            "Invalid dynamic block",
            f'A block "{section.labels[0]}" {wanted} labels.',
            section.range,
        )
    iterator = section.expression("iterator")
    if iterator is not None and not isinstance(iterator, Variable):
        problems.add(
            "Invalid dynamic block",
            "The iterator is a bare name, without quotes: iterator = item.",
            iterator.range,
        )
    shallow = Shape(_DYNAMIC.attributes, {"content": one(Shape(anything=True))})
    check(section, shallow, problems)
    check(contents[0], generated.shapes[""], problems)


_WRITTEN_OUT: Final = frozenset({"override", "variable"})


def _can_be_made(name: str, nested: Nested, parent: Section) -> bool:
    """Whether ``dynamic`` makes such blocks; every other one is read where it is written."""
    return "" in nested.shapes and name not in _WRITTEN_OUT and parent.type != "removed"


def _has_block(section: Section, type_: str) -> bool:
    return bool(section.named(type_)) or _generates(section, type_)


def _generates(section: Section, type_: str) -> bool:
    return any(child.labels == (type_,) for child in section.named("dynamic"))


def _title(section: Section) -> str:
    labels = "".join(f' "{label}"' for label in section.labels)
    return f"{section.type}{labels}" if section.type != "content" else "The content block"


def _unknown(name: str, section: Section, expected: Shape, what: str) -> tuple[str, str]:
    if name in expected.explained:
        return f'"{name}" does not belong here', expected.explained[name]
    if name in FOREIGN_ATTRIBUTES:
        return f'"{name}" does not belong here', FOREIGN_ATTRIBUTES[name]
    other = "block" if what == "attribute" else "attribute"
    if name in (expected.blocks if what == "attribute" else expected.attributes):
        example = f"{name} {{ … }}" if what == "attribute" else f"{name} = …"
        return (
            f"Unsupported {what}",
            f'"{name}" is {"an" if other == "attribute" else "a"} {other} here: write {example}',
        )
    snake = _SNAKE.sub("_", name).lower()
    known = (*expected.attributes, *expected.blocks)
    hint = f' Did you mean "{snake}"?' if snake in known else suggestion(name, known)
    article = "an" if what == "attribute" else "a"
    return (
        f"Unsupported {what}",
        f'{_title(section)} has no {what} "{name}".{hint}'
        if hint
        else f'{_title(section)} does not take {article} {what} "{name}".'
        f" It takes: {', '.join(sorted(known)) or 'nothing'}.",
    )
