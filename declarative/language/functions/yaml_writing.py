"""Values as YAML text, in the layout of Terraform's ``yamlencode``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import yaml
from yaml.emitter import Emitter

from declarative.language.calls import refuse
from declarative.language.functions.results import members_of
from declarative.language.numbers import format_number
from declarative.language.values import Value

_ALWAYS_ESCAPED: Final = frozenset('"\\\u2028\u2029\ufeff')
_LAST_BYTE: Final = 0xFF
_LAST_BASIC: Final = 0xFFFF
_BEYOND_BASIC: Final = re.compile("[\U00010000-\U0010ffff]")


class _Sheet:
    """What the emitter writes to."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def write(self, piece: str) -> None:
        """Keep a piece."""
        self.pieces.append(piece)


class _Emitter(Emitter):
    """PyYAML's emitter, breaking long quoted strings where Go's does: at single spaces."""

    def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002
        """Write a string in double quotes."""
        self.write_indicator('"', need_whitespace=True)
        after_space = False
        for place, character in enumerate(text):
            is_space = character == " "
            inside = 0 < place < len(text) - 1
            if is_space and split and inside and not after_space and self.column > self.best_width:
                self.write_indent()
                if text[place + 1] == " ":
                    self._put("\\")
            else:
                self._put(_escaped(character))
            after_space = is_space
        self.write_indicator('"', need_whitespace=False)

    def _put(self, piece: str) -> None:
        self.column += len(piece)
        self.stream.write(piece)


def _escaped(character: str) -> str:
    printable = " " <= character <= "~" or "\xa0" <= character <= "\ufffd"
    if printable and character not in _ALWAYS_ESCAPED:
        return character
    if character in Emitter.ESCAPE_REPLACEMENTS:
        return f"\\{Emitter.ESCAPE_REPLACEMENTS[character]}"
    code = ord(character)
    if code <= _LAST_BYTE:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= _LAST_BASIC else f"\\U{code:08X}"


def encode(value: Value) -> str:
    """Return a known value as one YAML document: block style, every string in quotes."""
    sheet = _Sheet()
    emitter = _Emitter(sheet, allow_unicode=True, width=80)
    for event in _document(value):
        emitter.emit(event)
    written = "".join(sheet.pieces)
    if isinstance(value.content, str):
        # PyYAML marks where such a document begins or ends; Go does so for plain scalars only.
        return written.removeprefix("--- ").removesuffix("...\n")
    return written


def _document(value: Value) -> Iterator[yaml.Event]:
    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=False)
    yield from _events(value)
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _events(value: Value) -> Iterator[yaml.Event]:
    match value.content:
        case tuple(items):
            yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=not items)
            for item in items:
                yield from _events(item)
            yield yaml.SequenceEndEvent()
        case dict():
            members = members_of(value)
            yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=not members)
            for name, item in sorted(members.items()):
                yield _string(name)
                yield from _events(item)
            yield yaml.MappingEndEvent()
        case str(text):
            yield _string(text)
        case _:
            yield yaml.ScalarEvent(None, None, (True, False), _plain(value))


def _string(text: str) -> yaml.Event:
    style = "|" if "\n" in text and not _BEYOND_BASIC.search(text) else '"'
    return yaml.ScalarEvent(None, None, (False, True), text, style=style)


def _plain(value: Value) -> str:
    match value.content:
        case None:
            return "null"
        case bool(flag):
            return "true" if flag else "false"
        case int() | Decimal() as amount:
            return format_number(amount)
        case _:
            raise refuse(
                f"a {value.type.kind.value} has no written form; use one of its attributes", 0
            )
