"""Matching in time that grows with the text and the pattern, and never with their power.

All ways to match go forward together, one character at a time; the earlier of two that
arrive at one place wins, as in RE2. See Pike's virtual machine in Russ Cox, "Regular
Expression Matching: the Virtual Machine Approach".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from declarative.language.calls import refuse
from declarative.language.functions.re2_nodes import (
    Assertion,
    Choice,
    Group,
    Node,
    Repeat,
    Series,
    Single,
    can_be_empty,
)

_LONGEST_PROGRAM: Final = 50_000
_MOST_STEPS: Final = 10_000_000

Captures: TypeAlias = tuple[int, ...]
_Threads: TypeAlias = dict[int, Captures]  # by instruction, those that win first


@dataclass(slots=True)
class _Character:
    """Goes on with the next instruction behind a character that matches."""

    pattern: re.Pattern[str]
    known: dict[str, bool] = field(default_factory=dict)

    def accepts(self, character: str) -> bool:
        found = self.known.get(character)
        if found is None:
            found = self.known[character] = self.pattern.fullmatch(character) is not None
        return found


@dataclass(frozen=True, slots=True)
class _Check:
    """Goes on where the assertion holds."""

    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Save:
    """Notes the place as the one of ``slot``."""

    slot: int


@dataclass(slots=True)
class _Split:
    """Goes on at each of the targets; the earlier ones win."""

    targets: list[int]


_Instruction: TypeAlias = _Character | _Check | _Save | _Split


@dataclass(slots=True)
class Budget:
    """How many steps all searches of one call may still take."""

    steps: int = _MOST_STEPS

    def take(self, steps: int) -> None:
        """Count steps.

        Raises:
            FunctionError: they are too many.
        """
        self.steps -= steps
        if self.steps < 0:
            raise refuse("the pattern takes too long on a text of this length", 1)


class Machine:
    """A compiled pattern."""

    def __init__(self, node: Node, groups: int) -> None:
        """Compile a tree with so many groups.

        Raises:
            FunctionError: the program would be too long.
        """
        self._code: list[_Instruction] = []
        self._slots = 2 * (groups + 1)
        self._emit(Group(node, 0))

    def search(self, text: str, start: int, budget: Budget) -> Captures | None:
        """Return the places of the leftmost match at or after ``start``: two for each group."""
        found: Captures | None = None
        threads: _Threads = {}
        nothing = (-1,) * self._slots
        for place in range(start, len(text) + 1):
            if found is None:
                self._start(threads, 0, nothing, text, place)
            elif not threads:
                break
            budget.take(len(threads) + 1)
            following: _Threads = {}
            for position, captures in threads.items():
                if position == len(self._code):
                    found = captures
                    break
                instruction = self._code[position]
                if (
                    isinstance(instruction, _Character)
                    and place < len(text)
                    and instruction.accepts(text[place])
                ):
                    self._start(following, position + 1, captures, text, place + 1)
            threads = following
        return found

    def _start(
        self, threads: _Threads, position: int, captures: Captures, text: str, place: int
    ) -> None:
        """Add what goes on from an instruction without reading a character, winners first."""
        waiting = [(position, captures)]
        while waiting:
            position, captures = waiting.pop()
            if position in threads:
                continue
            threads[position] = captures
            if position == len(self._code):
                continue
            match self._code[position]:
                case _Split(targets):
                    waiting += [(target, captures) for target in reversed(targets)]
                case _Save(slot):
                    noted = (*captures[:slot], place, *captures[slot + 1 :])
                    waiting.append((position + 1, noted))
                case _Check(pattern) if pattern.match(text, place):
                    waiting.append((position + 1, captures))
                case _:
                    pass

    def _emit(self, node: Node) -> None:
        if len(self._code) > _LONGEST_PROGRAM:
            raise refuse("the pattern is too large", 0)
        match node:
            case Single(pattern) | Assertion(pattern):
                made = _Character if isinstance(node, Single) else _Check
                self._code.append(made(re.compile(pattern)))
            case Series():
                for part in node.parts:
                    self._emit(part)
            case Choice(options):
                self._choice(options)
            case Group(body, index):
                self._code.append(_Save(2 * index))
                self._emit(body)
                self._code.append(_Save(2 * index + 1))
            case Repeat():
                self._repeat(node)

    def _split(self) -> _Split:
        made = _Split([])
        self._code.append(made)
        return made

    def _choice(self, options: tuple[Node, ...]) -> None:
        split, ends = self._split(), []
        for option in options:
            split.targets.append(len(self._code))
            self._emit(option)
            ends.append(self._split())
        for end in ends:
            end.targets.append(len(self._code))

    def _repeat(self, node: Repeat) -> None:
        body, low, high, lazy = node.body, node.low, node.high, node.lazy
        if high is None and low == 0 and can_be_empty(body):
            self._repeat(Repeat(Repeat(body, 1, None, lazy), 0, 1, lazy))
            return
        for _ in range(low if high is not None else low - 1):
            self._emit(body)
        if high is not None:
            self._optional(body, high - low, lazy=lazy)
        elif low:
            begin = len(self._code)
            self._emit(body)
            split = self._split()
            split.targets = _ordered(begin, len(self._code), lazy=lazy)
        else:
            split = self._split()
            begin = len(self._code)
            self._emit(body)
            self._split().targets.append(begin - 1)
            split.targets = _ordered(begin, len(self._code), lazy=lazy)

    def _optional(self, body: Node, times: int, *, lazy: bool) -> None:
        splits = []
        for _ in range(times):
            split = self._split()
            splits.append((split, len(self._code)))
            self._emit(body)
        for split, begin in splits:
            split.targets = _ordered(begin, len(self._code), lazy=lazy)


def _ordered(more: int, enough: int, *, lazy: bool) -> list[int]:
    return [enough, more] if lazy else [more, enough]
