"""JSON values and attribute paths, written as they would stand in the project's files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from declarative.model.values import is_secret, is_unknown
from declarative.render.look import columns, padded, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

SENSITIVE: Final = "(sensitive value)"
UNKNOWN: Final = "(known after apply)"
_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*\Z", re.ASCII)
_SHORT_DIGEST = 12


def literal(value: JsonValue) -> str:
    """Return ``value`` on one line, secrets and unknown values as what they are."""
    if is_secret(value):
        return SENSITIVE
    if is_unknown(value):
        return UNKNOWN
    if isinstance(value, dict):
        items = ", ".join(f"{key(name)} = {literal(item)}" for name, item in value.items())
        return f"{{ {items} }}" if items else "{}"
    if isinstance(value, list):
        return f"[{', '.join(literal(item) for item in value)}]"
    return printable(json.dumps(value, ensure_ascii=False))


def key(name: str) -> str:
    """Return the key of a map, quoted where it is no identifier."""
    return name if _IDENTIFIER.match(name) else printable(json.dumps(name, ensure_ascii=False))


def dotted(path: Iterable[str]) -> str:
    """Return a path with dots; a name that is no identifier stands in brackets."""
    text = ""
    for name in path:
        if _IDENTIFIER.match(name):
            text += f".{name}" if text else name
        else:
            text += f"[{key(name)}]" if text else key(name)
    return text


def short_digest(value: JsonValue) -> str:
    """Return the beginning of a digest, enough to tell two of them apart."""
    return printable(value[:_SHORT_DIGEST]) if isinstance(value, str) else literal(value)


def multiline(value: JsonValue, indent: int = 0) -> str:
    """Return ``value`` over several lines, as Terraform prints outputs."""
    inner, outer = " " * (indent + 2), " " * indent
    if isinstance(value, dict) and value and not is_secret(value) and not is_unknown(value):
        width = max(columns(_quoted(name)) for name in value)
        lines = [
            f"{inner}{padded(_quoted(name), width)} = {multiline(item, indent + 2)}"
            for name, item in value.items()
        ]
        return "\n".join(["{", *lines, f"{outer}}}"])
    if isinstance(value, list) and value:
        lines = [f"{inner}{multiline(item, indent + 2)}," for item in value]
        return "\n".join(["[", *lines, f"{outer}]"])
    return literal(value)


def _quoted(name: str) -> str:
    return printable(json.dumps(name, ensure_ascii=False))
