"""What files may say already but no plan acts on yet: refused there, never ignored.

The table of blocks marks it (``acts_later``). It is judged like everything else, so that
files can be written and reviewed today; `Project.unsupported` is what plan and apply raise.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from declarative.errors import Diagnostic
from declarative.language.nodes import Literal, ObjectConstructor, TupleConstructor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.errors import SourceRange
    from declarative.language.nodes import Expression
    from declarative.language.schema import Nested, Shape
    from declarative.language.sections import Section

SUMMARY: Final = "Not supported yet"


def unsupported(section: Section, nested: Nested, address: str | None) -> Iterator[Diagnostic]:
    """Yield what plan and apply must refuse of one block at the top of a file."""
    kind = "" if "" in nested.shapes else section.labels[0]
    if kind in nested.acts_later:
        labels = f' "{kind}"' if kind else ""
        yield _refusal(f"{section.type}{labels}", section.range, address)
        return
    shape = nested.shapes.get(kind)
    if shape is not None:
        yield from _inside(section, shape, address)


def _inside(section: Section, shape: Shape, address: str | None) -> Iterator[Diagnostic]:
    for name, attribute in section.attributes.items():
        if name in shape.acts_later and not _asks_nothing(
            attribute.expression, shape.acts_later[name]
        ):
            yield _refusal(f'"{name}" in {_owner(section)}', attribute.name_range, address)
    for type_, child in _children(section):
        if type_ in shape.acts_later:
            yield _refusal(f'"{type_}" in {_owner(section)}', child.range, address)
            continue
        nested = shape.blocks.get(type_)
        if nested is not None:
            yield from _of_kind(type_, child, nested, address)


def _of_kind(
    type_: str, section: Section, nested: Nested, address: str | None
) -> Iterator[Diagnostic]:
    kind = "" if "" in nested.shapes else next(iter(section.labels), "")
    if kind in nested.acts_later:
        yield _refusal(f'{type_} "{kind}"', section.range, address)
    elif kind in nested.shapes:
        yield from _inside(section, nested.shapes[kind], address)


def _children(section: Section) -> Iterator[tuple[str, Section]]:
    """Yield the blocks inside with their types, of generated ones their content."""
    for child in section.children:
        if child.type != "dynamic":
            yield child.type, child
        elif child.labels:
            yield from ((child.labels[0], content) for content in child.named("content"))


def _owner(section: Section) -> str:
    return "a block made by dynamic" if section.type == "content" else section.type


def _asks_nothing(expression: Expression, default: object) -> bool:
    """Whether an attribute is written out as null, as nothing or as its default."""
    if isinstance(expression, TupleConstructor | ObjectConstructor):
        return not expression.items
    if not isinstance(expression, Literal):
        return False
    value = float(expression.value) if isinstance(expression.value, Decimal) else expression.value
    return value is None or (type(value) is type(default) and value == default)


def _refusal(what: str, place: SourceRange, address: str | None) -> Diagnostic:
    return Diagnostic(
        SUMMARY,
        f"{what} is understood, but this version of lamform cannot act on it: plan and apply "
        "refuse the project as long as it is written here. Take it out, or wait for a version "
        "that acts on it; validate goes on judging it.",
        address=address,
        range=place,
    )
