"""From a block's expressions to its validated content, every problem at its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from pydantic import ValidationError

from declarative.errors import Diagnostic, EvaluationError, LamformError
from declarative.language.evidence import note_witness
from declarative.language.expressions import evaluate
from declarative.language.hints import quoted_reference
from declarative.language.nodes import (
    Interpolation,
    ObjectConstructor,
    Template,
    TupleConstructor,
)
from declarative.language.plain import json_of
from declarative.language.problems import NOT_KNOWN, suggestion
from declarative.language.residuals import residual_of, try_residual
from declarative.language.sections import Section, place_within
from declarative.language.syntax import unparse
from declarative.language.traversal import free_names
from declarative.language.types import deep_marks, without_marks
from declarative.language.values import Reference, Value
from declarative.model.base import Frozen
from declarative.model.checks import PENDING, has_sensitive, is_sensitive
from declarative.model.config import Config
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic_core import ErrorDetails

    from declarative.errors import SourceRange
    from declarative.language.expressions import Scope
    from declarative.language.nodes import Attribute, Expression

Model = TypeVar("Model", bound=Frozen)
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """A block, or several laid over each other; the later wins.

    Attributes:
        whole: Whether one of them must hold all that is required, as the check of names
            sees to.
    """

    sections: tuple[Section, ...]
    whole: bool = True


Node: TypeAlias = "Attribute | Laid | tuple[Laid, ...] | dict[str, Laid]"


@dataclass(slots=True)
class Written:
    """The evaluated attributes of one or more blocks, and where each is written.

    Attributes:
        content: JSON with `Sensitive` and `Pending` leaves, by attribute; no nulls.
        nodes: The attribute or block that each of them comes from.
        failed: Names that have no value, because evaluating them failed.
        problems: What failed.
        place: Where the block stands, if it is one.
        origins: The blocks that were read, with the scope of their expressions.
    """

    content: dict[str, object] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    problems: list[Diagnostic] = field(default_factory=list)
    place: SourceRange | None = None
    origins: list[tuple[Section, Scope]] = field(default_factory=list)

    def put(self, name: str, value: object, node: Node) -> None:
        """Set an attribute, over an earlier one of that name."""
        self.content[name] = value
        self.nodes[name] = node

    def lay(self, over: Written) -> None:
        """Lay other attributes over these, the whole value of each."""
        self.content |= over.content
        self.nodes |= over.nodes
        self.failed |= over.failed
        self.problems.extend(over.problems)
        self.origins.extend(over.origins)

    def fail(self, name: str, error: LamformError) -> None:
        """Note that an attribute has no value."""
        self.failed.add(name)
        self.problems.extend(error.diagnostics)


def read_attributes(section: Section, scope: Scope, names: Iterable[str]) -> Written:
    """Evaluate the attributes of ``section`` that are among ``names``; null is absence."""
    written = Written(place=section.range, origins=[(section, scope)])
    attributes = section.attributes
    for name in names:
        attribute = attributes.get(name)
        if attribute is None:
            continue
        try:
            value = plain(evaluate(attribute.expression, scope), attribute.expression.range)
        except LamformError as error:
            note_witness(error, attribute.expression, scope)
            parts = tuple(_failures(attribute.expression, scope))
            written.fail(name, EvaluationError(parts) if parts else error)
            continue
        if value is not None:
            written.put(name, value, attribute)
    return written


def _failures(expression: Expression, scope: Scope) -> Iterator[Diagnostic]:
    """Yield what is wrong with each part of an expression, not with the first alone."""
    parts = [item for part in _parts(expression) for item in _failures(part, scope)]
    yield from parts
    if not parts:
        try:
            plain(evaluate(expression, scope), expression.range)
        except LamformError as error:
            note_witness(error, expression, scope)
            yield from error.diagnostics


def _parts(expression: Expression) -> Iterator[Expression]:
    """Yield the parts without which an expression has no value, as far as they stand alone."""
    match expression:
        case ObjectConstructor(items=items):
            yield from (part for item in items for part in item)
        case TupleConstructor(items=items):
            yield from items
        case Template(parts=parts):
            yield from (part.expression for part in parts if isinstance(part, Interpolation))
        case _:
            return


def read_section(section: Section, scope: Scope, model: type[Model]) -> Model:
    """Return the content of a block whose attributes are the fields of ``model``.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    return validated(read_attributes(section, scope, model.model_fields), model, section.range)


def validated(written: Written, model: type[Model], place: SourceRange) -> Model:
    """Return what was written as a ``model``.

    Raises:
        EvaluationError: with everything that could not be evaluated or is no good. Where
            a value is only not known yet, the diagnostic's summary is `NOT_KNOWN`.
    """
    problems = list(written.problems)
    result: Model | None = None
    try:
        result = model.model_validate(written.content)
    except ValidationError as invalid:
        problems.extend(
            _with_witness(_diagnostic(item, written, model, place), written)
            for item in invalid.errors(include_url=False)
            if item["loc"][0] not in written.failed
            if item["type"] != "missing" or not _is_checked(written, item["loc"])
        )
        if not problems:
            detail = "An attribute is missing."
            problems.append(Diagnostic(NOT_KNOWN, detail, range=place))
    if problems or result is None:
        raise EvaluationError(tuple(problems))
    return result


def _with_witness(diagnostic: Diagnostic, written: Written) -> Diagnostic:
    """Return a diagnostic with the expression that it blames as its witness."""
    error = EvaluationError((diagnostic,))
    for section, scope in written.origins:
        for attribute in section.attributes.values():
            note_witness(error, attribute.expression, scope)
    return error.diagnostics[0]


def _diagnostic(
    item: ErrorDetails, written: Written, model: type[Frozen], place: SourceRange
) -> Diagnostic:
    path: Path = item["loc"]
    name = ".".join(str(step) for step in path)
    where = locate(written, path, place)
    match item["type"]:
        case "missing":
            return Diagnostic("Missing attribute", f'"{name}" is required here.', range=where)
        case "extra_forbidden":
            owner = ".".join(str(step) for step in path[:-1]) or "This block"
            hint = suggestion(str(path[-1]), _fields(model, path[:-1]))
            return Diagnostic(
                "Unsupported attribute", f'{owner} has no "{path[-1]}".{hint}', range=where
            )
        case kind:
            summary = NOT_KNOWN if kind == PENDING else "Invalid value"
            shown = "" if kind in {PENDING, "sensitive"} else f" (is {_shown(written, path)})"
            hint = "" if kind in {PENDING, "sensitive"} else quoted_reference(_at(written, path))
            return Diagnostic(summary, f"{name} {item['msg']}{shown}.{hint}", range=where)


def _fields(model: type[Frozen], path: Path) -> tuple[str, ...]:
    """Return the names of the fields of the structure at ``path`` of a model."""
    by_name = {inner.__name__: inner for inner in Config.__subclasses__()}
    for step in path:
        if isinstance(step, int):
            continue
        annotation = repr(model.model_fields[step].annotation) if step in model.model_fields else ""
        found = [inner for name, inner in by_name.items() if name in annotation]
        if not found:
            return ()
        model = found[0]
    return tuple(model.model_fields)


_LONGEST = 60


def _at(written: Written, path: Path) -> object:
    value: object = written.content
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    return value


def _shown(written: Written, path: Path) -> str:
    value = _at(written, path)
    if is_sensitive(value):
        return "a sensitive value"
    if isinstance(value, Reference):
        return value.address
    if has_sensitive(value):
        return "a value with sensitive parts"
    found = json.dumps(value, default=_as_json, ensure_ascii=False)
    return found if len(found) <= _LONGEST else found[: _LONGEST - 1] + "…"


def _as_json(value: object) -> object:
    if not isinstance(value, Decimal):
        return str(value)
    near = float(value)
    return near if near and isfinite(near) else f"{value:.2e}"


def holds(value: object, kind: type[Sensitive | Pending]) -> bool:
    """Return whether a leaf of that kind is anywhere in evaluated content."""
    if isinstance(value, dict):
        return any(holds(item, kind) for item in value.values())
    if isinstance(value, list):
        return any(holds(item, kind) for item in value)
    return isinstance(value, kind)


def locate(written: Written, path: Path, fallback: SourceRange) -> SourceRange:
    """Return where the value at ``path`` is written, or where it should have been."""
    return _place(written.nodes.get(str(path[0])), path[1:], fallback)


def _place(node: Node | None, rest: Path, fallback: SourceRange) -> SourceRange:
    match node:
        case None:
            return fallback
        case Laid(sections=sections):
            for section in reversed(sections):
                found = _inside(section, rest)
                if found is not None:
                    return found
            return sections[0].range
        case tuple():
            number = rest[0] if rest and isinstance(rest[0], int) else 0
            return _place(node[number], rest[1:], fallback) if node else fallback
        case dict():
            return _place(node.get(str(rest[0])), rest[1:], fallback) if rest else fallback
        case attribute:
            return place_within(attribute.expression, rest)


def _inside(section: Section, path: Path) -> SourceRange | None:
    """Return where a block says something; None where it does not say it."""
    if not path:
        return None
    attribute = section.attributes.get(str(path[0]))
    if attribute is not None:
        return place_within(attribute.expression, path[1:])
    inner = [
        made
        for child in section.children
        for made in (child.named("content") if child.labels == (path[0],) else (child,))
        if child.type == path[0] or made is not child
    ]
    if not inner:
        return None
    rest = path[1:]
    number = 0
    if rest and isinstance(rest[0], int):
        number, rest = rest[0], rest[1:]
    chosen = inner[min(number, len(inner) - 1)]
    return _inside(chosen, rest) or chosen.range


def _is_checked(written: Written, path: Path) -> bool:
    """Whether the check of names reports what is missing at ``path``: at the top, in blocks."""
    if len(path) == 1:
        return True
    node: object = written.nodes.get(str(path[0]))
    step = path[1]
    if isinstance(node, dict):
        node = node.get(str(step))
    elif isinstance(node, tuple) and isinstance(step, int):
        node = node[step]
    return isinstance(node, Laid) and node.whole


def plain(value: Value, place: SourceRange) -> object:
    """Return a value as JSON, with `Sensitive`, `Pending` and references as leaves.

    A list with a marked element becomes one marked leaf, because a list is compared,
    saved and restored whole. Numbers that are not whole stay `Decimal`.

    Raises:
        EvaluationError: it is no value to write into an attribute (``local`` itself).
    """
    content = value.content
    if value.sensitive or isinstance(content, tuple):
        return _whole(value, place)
    if not value.is_known:
        return Pending(_residual(value) or "null")
    if isinstance(content, dict):
        return {key: plain(item, place) for key, item in content.items()}
    if content is None or isinstance(content, str | bool | int | Decimal | Reference):
        return content
    raise EvaluationError.of(
        "A group of values cannot stand here", "Name one of its attributes.", range=place
    )


def _whole(value: Value, place: SourceRange) -> object:
    """Return a value that is one leaf as soon as any part of it is marked."""
    unknown, sensitive = deep_marks(value)
    if unknown and sensitive:
        return _unread(value, place)
    if sensitive:
        return Sensitive(revealed(value, place), _residual(value))  # type: ignore[arg-type] # JSON
    if unknown:
        return Pending(_residual(value) or "null")
    items = value.content if isinstance(value.content, tuple) else ()
    return [plain(item, place) for item in items]


def _unread(value: Value, place: SourceRange) -> Pending:
    """Return a secret that is not read here: apply reads it from where its residual says.

    Raises:
        EvaluationError: it depends on something else that nobody knows yet.
    """
    residual = try_residual(lambda: residual_of(value))
    if residual is None:
        raise EvaluationError.of(
            NOT_KNOWN,
            "A secret that cannot be read when the plan is made is put together with one that "
            "is written literally in the files, which no plan can carry. Take that one from a "
            "sensitive variable.",
            range=place,
        )
    if free_names(residual) - _GIVEN_AT_APPLY:
        raise EvaluationError.of(
            NOT_KNOWN,
            "A secret cannot be put together with something that is known only once another "
            "release is applied: lamform could not tell whether it has changed.",
            range=place,
        )
    return Pending(unparse(residual), sensitive=True)


_GIVEN_AT_APPLY: Final = frozenset({"var", "connector"})


def _residual(value: Value) -> str | None:
    found = try_residual(lambda: residual_of(value))
    return None if found is None else unparse(found)


def revealed(value: Value, place: SourceRange | None = None) -> object:
    """Return the plain content of a value as JSON, secrets included: never to be shown.

    Raises:
        EvaluationError: a number is none that JSON can hold; ``place`` is to blame.
    """
    return json_of(_bare(without_marks(replace(value, sensitive=False, residual=None))), place)


def _bare(value: Value) -> object:
    match value.content:
        case dict() as content:
            return {key: _bare(item) for key, item in content.items()}
        case tuple() as content:
            return [_bare(item) for item in content]
        case content:
            return content
