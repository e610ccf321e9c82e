"""Blocks with blocks inside as content, and such content laid over other such content.

One block is a mapping, repeated ones are a list, those with a label a map by label.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from declarative.errors import EvaluationError
from declarative.language.content import Laid, Written, read_attributes
from declarative.language.declarations import twice
from declarative.language.sections import blocks

if TYPE_CHECKING:
    from declarative.language.expressions import Scope
    from declarative.language.schema import Nested, Shape
    from declarative.language.sections import Placed, Section


def read_nested(section: Section, scope: Scope, expected: Shape, *, whole: bool = True) -> Written:
    """Evaluate the attributes and blocks of ``section`` that ``expected`` has as content.

    Not ``whole`` is a block that is laid over another: what must be written may be there.
    """
    written = read_attributes(section, scope, expected.content)
    types = dict.fromkeys(
        child.labels[0] if child.type == "dynamic" and child.labels else child.type
        for child in section.children
    )
    for type_ in types:
        if type_ not in expected.blocks or "" not in expected.blocks[type_].shapes:
            continue
        try:
            _read_blocks(type_, section, scope, expected.blocks[type_], (written, whole))
        except EvaluationError as error:
            written.fail(type_, error)
    return written


def _read_blocks(
    type_: str, section: Section, scope: Scope, nested: Nested, into: tuple[Written, bool]
) -> None:
    written, whole = into
    found: list[tuple[Placed, dict[str, object], Laid]] = []
    for placed in blocks(section, type_, scope):
        inner = read_nested(placed.section, placed.scope, nested.shapes[""], whole=whole)
        written.origins.extend(inner.origins)
        if inner.failed:
            written.problems.extend(inner.problems)
            written.failed.add(type_)
        found.append((placed, inner.content, Laid((placed.section,), whole)))
    if not found:
        return
    if nested.labels:
        labelled = _by_label(type_, found)
        written.put(
            type_,
            {label: content for label, (_, content, _) in labelled.items()},
            {label: node for label, (*_, node) in labelled.items()},
        )
    elif nested.most is None:
        written.put(type_, [content for _, content, _ in found], tuple(one[2] for one in found))
    elif len(found) > 1 and any(placed.section.type == "content" for placed, *_ in found):
        # Those written out are counted by the check of names.
        raise EvaluationError.of(
            "Too many blocks",
            f"There can be one {type_} here; these are {len(found)}.",
            range=found[1][0].section.range,
        )
    else:
        written.put(type_, *found[0][1:])


def _by_label(
    type_: str, found: list[tuple[Placed, dict[str, object], Laid]]
) -> dict[str, tuple[Placed, dict[str, object], Laid]]:
    labelled: dict[str, tuple[Placed, dict[str, object], Laid]] = {}
    for one in found:
        label = _label(one[0])
        if label is None:
            continue
        first = labelled.setdefault(label, one)
        if first is not one:
            said = twice(f'{type_} "{label}"', first[0].section.range)
            raise EvaluationError.of(*said, range=one[0].section.range)
    return labelled


def _label(placed: Placed) -> str | None:
    if len(placed.labels) == 1:
        return placed.labels[0]
    if placed.section.type != "content":
        return None  # the check of names has reported it
    raise EvaluationError.of(
        "Wrong number of labels",
        f"This block has one label; here are {len(placed.labels)}.",
        range=placed.section.range,
    )


def lay_nested(base: Written, over: Written, expected: Shape) -> None:
    """Lay content over ``base``: field by field, blocks with a label by their label.

    Of alternatives (``key`` and ``key_regex``) the later takes the place of the other.
    """
    base.failed |= over.failed
    base.problems.extend(over.problems)
    base.origins.extend(over.origins)
    for choice in (*expected.choices, *expected.alternatives):
        if any(name in over.content for name in choice):
            for name in choice:
                base.content.pop(name, None)
                base.nodes.pop(name, None)
    for name, value in over.content.items():
        base.put(
            name,
            _over(name, base.content.get(name), value, expected),
            _node(base.nodes.get(name), over.nodes[name]),
        )


def _over(name: str, base: object, over: object, expected: Shape) -> object:
    nested = expected.blocks.get(name)
    if nested is None or not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    inner = nested.shapes[""]
    if nested.labels:
        merged = {label: _fields(base.get(label, {}), item, inner) for label, item in over.items()}
        return {**base, **merged}
    return _fields(base, over, inner)


def _fields(
    base: Mapping[str, object], over: Mapping[str, object], expected: Shape
) -> dict[str, object]:
    laid = {name: _over(name, base.get(name), value, expected) for name, value in over.items()}
    return {**base, **laid}


def _node(base: object, over: object) -> Laid | dict[str, Laid]:
    """Return where two blocks laid over each other are written."""
    if isinstance(base, Laid) and isinstance(over, Laid):
        return Laid((*base.sections, *over.sections), base.whole or over.whole)
    if isinstance(base, dict) and isinstance(over, dict):
        return {
            **base,
            **{label: _node(base.get(label), node) for label, node in over.items()},
        }
    return cast("Laid", over)
