"""Regular expressions: the syntax and the results of RE2, which Go uses.

A pattern is read into a tree; what RE2 does not have is refused, so that a pattern works
in Terraform if it works here. Flags are followed here, because Python accepts them at the
start only. Python's own engine matches what it cannot take long for: it prefers the
leftmost match and, at one place, the earlier alternative, as RE2 does. All else is matched
by `Machine`, whose time is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from typing import Final

from declarative.language.calls import FunctionError, refuse
from declarative.language.functions.re2_classes import (
    PERL,
    CharacterClass,
    escaped_point,
    read_bracket,
    unicode_class,
)
from declarative.language.functions.re2_machine import Budget, Machine
from declarative.language.functions.re2_nodes import (
    Assertion,
    Choice,
    Group,
    Node,
    Repeat,
    Series,
    Single,
    degree,
    is_affordable,
    spelled,
)

_MOST_REPEATS: Final = 1000
_QUICK: Final = 2_000_000  # steps of Python's engine
_NEVER: Final = 60
_OPERATORS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_REPEAT: Final = re.compile(r"\{(?P<low>[0-9]+)(?P<comma>,(?P<high>[0-9]*))?\}")
_FLAGS: Final = re.compile(r"\(\?(?P<on>[imsU]*)(?:-(?P<off>[imsU]+))?(?P<end>[:)])")
_NAMED: Final = re.compile(r"\(\?P?<(?P<name>[^>]*)>")
_LOOK_AROUND: Final = re.compile(r"\(\?<?[=!]")
_NAME: Final = re.compile(r"\w+\Z", re.ASCII)
_ASSERTIONS: Final = {"A": r"(?:\A)", "z": r"(?:\Z)", "b": r"(?a:\b)", "B": r"(?a:\B)"}


@dataclass(frozen=True, slots=True)
class Match:
    """A match: the text, and where the whole and each group begin and end in it."""

    text: str
    places: tuple[int, ...]

    def __getitem__(self, group: int) -> str | None:
        """Return the text of a group, 0 being the whole; None where it took no part."""
        start, end = self.span(group)
        return None if start < 0 else self.text[start:end]

    def span(self, group: int = 0) -> tuple[int, int]:
        """Return where a group begins and ends."""
        return self.places[2 * group], self.places[2 * group + 1]

    @property
    def whole(self) -> str:
        """The text of the whole match."""
        return self.text[self.places[0] : self.places[1]]

    def groups(self) -> list[str | None]:
        """Return the texts of all groups."""
        return [self[group] for group in range(1, len(self.places) // 2)]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; ``names`` holds each group's name, or None, from group 1 on."""

    node: Node
    names: tuple[str | None, ...]
    compiled: re.Pattern[str]
    degree: float
    machine: list[Machine] = field(default_factory=list, compare=False)

    def search(self, text: str) -> Match | None:
        """Return the leftmost match.

        Raises:
            FunctionError: finding it takes too long.
        """
        return self._search(text, 0, Budget())

    def matches(self, text: str) -> Iterator[Match]:
        """Yield all matches in Go's way: none is empty right behind another one.

        Raises:
            FunctionError: finding them takes too long.
        """
        position, last_end = 0, -1
        budget = Budget()
        while position <= len(text):
            match = self._search(text, position, budget)
            if match is None:
                return
            start, end = match.span()
            if end > start or start != last_end:
                yield match
            last_end = end
            position = last_end + 1 if last_end == position else last_end

    def _search(self, text: str, start: int, budget: Budget) -> Match | None:
        if self._is_quick(len(text) - start):
            found = self.compiled.search(text, start)
            if found is None:
                return None
            spans = map(found.span, range(len(self.names) + 1))
            return Match(text, tuple(chain.from_iterable(spans)))
        if not self.machine:
            self.machine.append(Machine(self.node, len(self.names)))
        places = self.machine[0].search(text, start, budget)
        return None if places is None else Match(text, places)

    def _is_quick(self, length: int) -> bool:
        """Return whether Python's engine is sure to come to an end soon."""
        return self.degree == 0 or (length + 1) ** min(self.degree + 1, _NEVER) <= _QUICK


@dataclass(frozen=True, slots=True)
class _Flags:
    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False


@dataclass(slots=True)
class _Translation:
    """One pass over a pattern: the groups so far, and where reading stands."""

    source: str
    position: int = 0
    names: list[str | None] = field(default_factory=list)

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.position)

    def pattern(self) -> Node:
        result = self.alternatives(_Flags())
        if self.position < len(self.source):
            raise refuse('the pattern has a ")" that closes nothing', 0)
        return result

    def alternatives(self, flags: _Flags) -> Node:
        """Read up to the end of the group; flags set inside hold to its end."""
        options: list[list[Node]] = [[]]
        while self.position < len(self.source) and not self.peek(")"):
            if self.peek("|"):
                self.position += 1
                options.append([])
            elif match := _FLAGS.match(self.source, self.position):
                changed = _with(flags, match["on"], match["off"] or "")
                self.position = match.end()
                if match["end"] == ")":
                    flags = changed
                else:
                    options[-1].append(self.repeated(self.closed(changed), flags))
            elif operator := self.operator():
                raise refuse(f'the pattern repeats nothing with "{operator}"', 0)
            else:
                *before, last = self.atoms(flags)
                options[-1] += [*before, self.repeated(last, flags)]
        if len(options) == 1:
            return Series(tuple(options[0]))
        return Choice(tuple(Series(tuple(option)) for option in options))

    def repeated(self, node: Node, flags: _Flags) -> Node:
        """Return the node with its repetition, if there is one; a second one is an error."""
        operator = self.operator()
        if not operator:
            return node
        self.position += len(operator)
        lazy = self.peek("?")
        self.position += lazy
        if following := self.operator():
            raise refuse(
                f'RE2 has no "{operator}{following}": write a group, as in "(?:…){operator}"', 0
            )
        low, high = _OPERATORS.get(operator) or _times(operator)
        made = Repeat(node, low, high, lazy != flags.U)
        if not is_affordable(made):
            raise refuse(f'"{operator}" repeats what is repeated already more than 1000 times', 0)
        return made

    def operator(self) -> str:
        for mark in _OPERATORS:
            if self.peek(mark):
                return mark
        match = _REPEAT.match(self.source, self.position)
        if match is None:
            return ""
        low, high = _times(match[0])
        if max(low, high or 0) > _MOST_REPEATS or (high is not None and high < low):
            raise refuse(f'"{match[0]}" does not count from low to at most {_MOST_REPEATS}', 0)
        return match[0]

    def atoms(self, flags: _Flags) -> list[Node]:
        """Read what stands here: one node, or the characters of a quotation."""
        character = self.source[self.position]
        match character:
            case "(":
                return [self.group(flags)]
            case "[":
                class_, self.position = read_bracket(self.source, self.position)
                return [_folded(class_.pattern(), flags)]
            case "\\":
                return self.escape(flags)
            case _:
                self.position += 1
                return [_plain(character, flags)]

    def group(self, flags: _Flags) -> Node:
        if self.peek("(?"):
            self.names.append(self.name())
        else:
            self.position += 1
            self.names.append(None)
        index = len(self.names)
        return Group(self.closed(flags), index)

    def name(self) -> str:
        named = _NAMED.match(self.source, self.position)
        if _LOOK_AROUND.match(self.source, self.position):
            raise refuse("RE2 has no look-around: (?=…), (?!…), (?<=…) and (?<!…) are Perl's", 0)
        if named is None:
            raise refuse(f'RE2 has no group "{self.source[self.position : self.position + 3]}"', 0)
        if not _NAME.match(named["name"]):
            raise refuse(f'"{named["name"]}" cannot be the name of a group', 0)
        self.position = named.end()
        return named["name"]

    def closed(self, flags: _Flags) -> Node:
        inner = self.alternatives(flags)
        if not self.peek(")"):
            raise refuse('the pattern has a "(" that is not closed', 0)
        self.position += 1
        return inner

    def escape(self, flags: _Flags) -> list[Node]:
        letter = self.source[self.position + 1 : self.position + 2]
        if letter in _ASSERTIONS:
            self.position += 2
            return [Assertion(_ASSERTIONS[letter])]
        if letter == "Q":
            end = self.source.find(r"\E", self.position)
            literal = self.source[self.position + 2 : end if end >= 0 else None]
            self.position = end + 2 if end >= 0 else len(self.source)
            return [_folded(re.escape(mark), flags) for mark in literal] or [Series(())]
        if letter in PERL:
            self.position += 2
            return [Single(CharacterClass(PERL[letter]).pattern())]
        if letter in {"p", "P"}:
            class_, self.position = unicode_class(self.source, self.position)
            return [_folded(class_.pattern(), flags)]
        point, self.position = escaped_point(self.source, self.position)
        return [_folded(re.escape(chr(point)), flags)]


def _times(operator: str) -> tuple[int, int | None]:
    """Return the bounds of ``{2}``, ``{2,}`` or ``{2,5}``."""
    low, comma, high = operator[1:-1].partition(",")
    if not comma:
        return int(low), int(low)
    return int(low), int(high) if high else None


def _with(flags: _Flags, on: str, off: str) -> _Flags:
    return replace(flags, **dict.fromkeys(on, True), **dict.fromkeys(off, False))


def _plain(character: str, flags: _Flags) -> Node:
    match character:
        case ".":
            return Single(r"(?s:.)" if flags.s else r"[^\n]")
        case "^":
            return Assertion(r"(?m:^)" if flags.m else r"(?:\A)")
        case "$":
            return Assertion(r"(?m:$)" if flags.m else r"(?:\Z)")
        case _:
            return _folded(re.escape(character), flags)


def _folded(pattern: str, flags: _Flags) -> Single:
    return Single(f"(?i:{pattern})" if flags.i else pattern)


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """Return the compiled pattern.

    Raises:
        FunctionError: the pattern is not valid in RE2.
    """
    translation = _Translation(source)
    try:
        node = translation.pattern()
        compiled = re.compile(spelled(node))
    except (re.error, OverflowError, RecursionError) as error:
        raise refuse(f"the pattern cannot be compiled: {error}", 0) from error
    except FunctionError as error:
        raise refuse(f"{error.message} (in the pattern /{source}/)", 0) from error
    return Pattern(node, tuple(translation.names), compiled, degree(node))
