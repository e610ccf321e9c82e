"""Regular expressions: the syntax of RE2, which Go uses, over Python's engine.

Both engines prefer the leftmost match and, at one place, the earlier alternative, so a
pattern that is translated faithfully matches the same text. The translation keeps track
of RE2's flags itself, because Python accepts them at the start only; it refuses what
RE2 does not have, so that a pattern works in Terraform if it works here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from declarative.language.calls import FunctionError, refuse
from declarative.language.functions.re2_classes import (
    PERL,
    CharacterClass,
    escaped_point,
    read_bracket,
    unicode_class,
)

_MOST_REPEATS: Final = 1000
_REPEAT: Final = re.compile(r"\{(?P<low>[0-9]+)(?P<comma>,(?P<high>[0-9]*))?\}")
_FLAGS: Final = re.compile(r"\(\?(?P<on>[imsU]*)(?:-(?P<off>[imsU]+))?(?P<end>[:)])")
_NAMED: Final = re.compile(r"\(\?P?<(?P<name>[^>]*)>")
_LOOK_AROUND: Final = re.compile(r"\(\?<?[=!]")
_NAME: Final = re.compile(r"\w+\Z", re.ASCII)
_ASSERTIONS: Final = {"A": r"(?:\A)", "z": r"(?:\Z)", "b": r"(?a:\b)", "B": r"(?a:\B)"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; ``names`` holds each group's name, or None, from group 1 on."""

    compiled: re.Pattern[str]
    names: tuple[str | None, ...]

    def search(self, text: str) -> re.Match[str] | None:
        """Return the leftmost match."""
        return self.compiled.search(text)

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Yield all matches in Go's way: none is empty right behind another one."""
        position, last_end = 0, -1
        while position <= len(text):
            match = self.compiled.search(text, position)
            if match is None:
                return
            if match.end() > match.start() or match.start() != last_end:
                yield match
            last_end = match.end()
            position = last_end + 1 if last_end == position else last_end


@dataclass(frozen=True, slots=True)
class _Flags:
    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False


@dataclass(slots=True)
class _Translation:
    """One pass over a pattern: what was written so far and where reading stands."""

    source: str
    position: int = 0
    names: list[str | None] = field(default_factory=list)

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.position)

    def pattern(self) -> str:
        result = self.alternatives(_Flags())
        if self.position < len(self.source):
            raise refuse('the pattern has a ")" that closes nothing', 0)
        return result

    def alternatives(self, flags: _Flags) -> str:
        """Translate up to the end of the group; flags set inside hold to its end."""
        output: list[str] = []
        while self.position < len(self.source) and not self.peek(")"):
            if self.peek("|"):
                self.position += 1
                output.append("|")
            elif match := _FLAGS.match(self.source, self.position):
                changed = _with(flags, match["on"], match["off"] or "")
                self.position = match.end()
                if match["end"] == ")":
                    flags = changed
                else:
                    output.append(self.closed("(?:", changed) + self.repeat(flags))
            elif operator := self.operator():
                raise refuse(f'the pattern repeats nothing with "{operator}"', 0)
            else:
                output.append(self.atom(flags) + self.repeat(flags))
        return "".join(output)

    def repeat(self, flags: _Flags) -> str:
        """Translate the repetition here, if there is one; a second one is an error."""
        operator = self.operator()
        if not operator:
            return ""
        self.position += len(operator)
        lazy = self.peek("?")
        self.position += lazy
        if following := self.operator():
            raise refuse(
                f'RE2 has no "{operator}{following}": write a group, as in "(?:…){operator}"', 0
            )
        return operator + ("?" if lazy != flags.U else "")

    def operator(self) -> str:
        for mark in "*+?":
            if self.peek(mark):
                return mark
        match = _REPEAT.match(self.source, self.position)
        if match is None:
            return ""
        low = int(match["low"])
        high = int(match["high"]) if match["high"] else low
        if max(low, high) > _MOST_REPEATS or high < low:
            raise refuse(f'"{match[0]}" does not count from low to at most {_MOST_REPEATS}', 0)
        return match[0]

    def atom(self, flags: _Flags) -> str:
        character = self.source[self.position]
        match character:
            case "(":
                return self.group(flags)
            case "[":
                class_, self.position = read_bracket(self.source, self.position)
                return _folded(class_.pattern(), flags)
            case "\\":
                return self.escape(flags)
            case _:
                self.position += 1
                return _plain(character, flags)

    def group(self, flags: _Flags) -> str:
        if not self.peek("(?"):
            self.position += 1
            self.names.append(None)
            return self.closed("(", flags)
        named = _NAMED.match(self.source, self.position)
        if _LOOK_AROUND.match(self.source, self.position):
            raise refuse("RE2 has no look-around: (?=…), (?!…), (?<=…) and (?<!…) are Perl's", 0)
        if named is None:
            raise refuse(f'RE2 has no group "{self.source[self.position : self.position + 3]}"', 0)
        if not _NAME.match(named["name"]):
            raise refuse(f'"{named["name"]}" cannot be the name of a group', 0)
        self.position = named.end()
        self.names.append(named["name"])
        return self.closed("(", flags)

    def closed(self, opening: str, flags: _Flags) -> str:
        inner = self.alternatives(flags)
        if not self.peek(")"):
            raise refuse('the pattern has a "(" that is not closed', 0)
        self.position += 1
        return f"{opening}{inner})"

    def escape(self, flags: _Flags) -> str:
        letter = self.source[self.position + 1 : self.position + 2]
        if letter in _ASSERTIONS:
            self.position += 2
            return _ASSERTIONS[letter]
        if letter == "Q":
            end = self.source.find(r"\E", self.position)
            literal = self.source[self.position + 2 : end if end >= 0 else None]
            self.position = end + 2 if end >= 0 else len(self.source)
            return _folded(f"(?:{re.escape(literal)})", flags)
        if letter in PERL:
            self.position += 2
            return CharacterClass(PERL[letter]).pattern()
        if letter in {"p", "P"}:
            class_, self.position = unicode_class(self.source, self.position)
            return _folded(class_.pattern(), flags)
        point, self.position = escaped_point(self.source, self.position)
        return _folded(re.escape(chr(point)), flags)


def _with(flags: _Flags, on: str, off: str) -> _Flags:
    return replace(flags, **dict.fromkeys(on, True), **dict.fromkeys(off, False))


def _plain(character: str, flags: _Flags) -> str:
    match character:
        case ".":
            return r"(?s:.)" if flags.s else r"[^\n]"
        case "^":
            return r"(?m:^)" if flags.m else r"(?:\A)"
        case "$":
            return r"(?m:$)" if flags.m else r"(?:\Z)"
        case _:
            return _folded(re.escape(character), flags)


def _folded(pattern: str, flags: _Flags) -> str:
    return f"(?i:{pattern})" if flags.i else pattern


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """Return the compiled pattern.

    Raises:
        FunctionError: the pattern is not valid in RE2.
    """
    translation = _Translation(source)
    try:
        compiled = re.compile(translation.pattern())
    except (re.error, OverflowError, RecursionError) as error:
        raise refuse(f"the pattern cannot be compiled: {error}", 0) from error
    except FunctionError as error:
        raise refuse(f"{error.message} (in the pattern /{source}/)", 0) from error
    return Pattern(compiled, tuple(translation.names))
