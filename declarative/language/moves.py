"""``moved`` and ``removed``: what became of releases that were declared under other addresses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from declarative.errors import EvaluationError
from declarative.language.content import read_section
from declarative.language.nodes import GetAttribute, Index, Literal, Template, Variable
from declarative.language.problems import suggestion
from declarative.language.scopes import NO_NAMES
from declarative.language.sections import single
from declarative.model.address import Address
from declarative.model.project_config import RemovedLifecycle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from declarative.errors import SourceRange
    from declarative.language.nodes import Expression
    from declarative.language.problems import Problems
    from declarative.language.sections import Section


@dataclass(frozen=True, slots=True)
class Move:
    """A release that is declared under another address now, or no longer (``target`` None).

    Attributes:
        section: Its block.
        destroy: Whether the function of a removed one is deleted.
    """

    source: Address
    target: Address | None
    section: Section
    destroy: bool = True

    def place(self, name: str) -> SourceRange:
        """Return where one of its addresses is written."""
        expression = self.section.expression(name)
        return expression.range if expression else self.section.range


def check_moves(
    sections: Iterable[Section], releases: Collection[str], problems: Problems
) -> tuple[Move, ...]:
    """Return what the blocks say, adding what is wrong with them to ``problems``.

    Args:
        sections: All ``moved`` and ``removed`` blocks.
        releases: The addresses of all releases that the files declare.
        problems: Takes what is wrong.
    """
    moves: dict[Address, Move] = {}
    for section in sections:
        move = problems.attempt(partial(_read, section, problems))
        if move is None:
            continue
        first = moves.setdefault(move.source, move)
        if first is not move:
            problems.add(
                "Moved twice",
                f"What becomes of {move.source} is said at {first.section.range} already. "
                "Keep one of them.",
                move.place("from"),
            )
    declared = {Address.parse(address) for address in releases}
    _check_targets(moves, declared, problems)
    _refuse_circles(moves, problems)
    return tuple(moves.values())


def _read(section: Section, problems: Problems) -> Move | None:
    lifecycle = single(section, "lifecycle", NO_NAMES)
    destroy = True
    if lifecycle is not None:
        with problems.gathering():
            destroy = read_section(lifecycle.section, lifecycle.scope, RemovedLifecycle).destroy
    found: dict[str, Address] = {}
    for name in ("from", "to"):
        expression = section.expression(name)
        if expression is not None:
            with problems.gathering():
                found[name] = _address(expression, name)
    wanted = 1 if section.type == "removed" else 2
    if len(found) < wanted:
        return None  # reported just now, or by the check of names
    return Move(found["from"], found.get("to"), section, destroy)


def _address(expression: Expression, name: str) -> Address:
    key: str | None = None
    inner = expression
    if isinstance(inner, Index) and isinstance(inner.key, Literal):
        key, inner = str(inner.key.value), inner.source
    match inner:
        case GetAttribute(source=Variable(name="release"), name=label):
            return Address(label, key)
        case Literal() | Template():
            hint = " Write it without quotes."
        case _:
            hint = ""
    raise EvaluationError.of(
        "Invalid address",
        f'{name} must be the address of a release, such as release.NAME or release.NAME["KEY"], '
        f"with nothing to evaluate in it.{hint}",
        range=expression.range,
    )


def _check_targets(
    moves: Mapping[Address, Move], declared: Collection[Address], problems: Problems
) -> None:
    named = {address.name for address in declared}
    for move in moves.values():
        source, target = move.source, move.target
        if source == target:
            detail = f"{source} is moved to itself. Remove the block."
            problems.add("Moved to itself", detail, move.place("to"))
            continue
        stays = source in declared or (
            source.key is None and source.name in named and _is_elsewhere(source, target)
        )
        if stays:
            problems.add(
                "Still declared",
                f"{source} is {move.section.type}, but the files still declare it. "
                f"Remove that release, or this block.",
                move.place("from"),
            )
        if target is not None and not _is_there(target, declared) and target not in moves:
            known = [str(address) for address in declared]
            problems.add(
                "Unknown release",
                f"{target} is not declared, so nothing can be moved there."
                f"{suggestion(str(target), known)}",
                move.place("to"),
            )
    _refuse_shared_targets(moves, problems)


def _is_elsewhere(source: Address, target: Address | None) -> bool:
    """Whether a move leaves its block, as one from a release to its instance does not."""
    return target is None or target.name != source.name


def _is_there(target: Address, declared: Collection[Address]) -> bool:
    if target.key is not None:
        return target in declared
    return any(address.name == target.name for address in declared)


def _refuse_shared_targets(moves: Mapping[Address, Move], problems: Problems) -> None:
    seen: dict[Address, Move] = {}
    for move in moves.values():
        if move.target is None:
            continue
        first = seen.setdefault(move.target, move)
        if first is not move:
            problems.add(
                "Moved to one place",
                f"{first.source} is moved to {move.target} as well, at {first.section.range}. "
                "A release has one past: keep one of them.",
                move.place("to"),
            )


def _refuse_circles(moves: Mapping[Address, Move], problems: Problems) -> None:
    reported: set[Address] = set()
    for start in moves:
        path = [start]
        while (move := moves.get(path[-1])) and move.target and move.target not in path:
            path.append(move.target)
        last = moves.get(path[-1])
        if last is None or last.target is None or len(path) == 1:
            continue
        circle = path[path.index(last.target) :] if last.target in path else []
        if len(circle) < 2 or reported.intersection(circle):  # noqa: PLR2004 - itself: said above
            continue
        reported.update(circle)
        names = " -> ".join(map(str, [*circle, circle[0]]))
        problems.add("Cycle", f"Moves lead back to where they began: {names}.", last.place("to"))
