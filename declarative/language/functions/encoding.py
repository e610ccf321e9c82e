"""Text in other clothes: JSON, YAML, base64, URLs."""

from __future__ import annotations

import base64
import binascii
import string as alphabet
from collections.abc import Sequence
from typing import Final

from declarative.language.calls import Parameter, refuse
from declarative.language.functions import json_text, yaml_text
from declarative.language.functions.results import function, scalar, string, text
from declarative.language.values import STRING, Value

# What Go's url.QueryEscape leaves alone.
_UNRESERVED: Final = frozenset((alphabet.ascii_letters + alphabet.digits + "-_.~").encode())


def _jsonencode(given: Sequence[Value]) -> Value:
    return string(json_text.encode(given[0]))


def _base64encode(given: str) -> Value:
    return string(base64.b64encode(given.encode()).decode("ascii"))


def _base64decode(given: str) -> Value:
    try:
        data = base64.b64decode(given.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse("the string is not base64", 0) from error
    try:
        return string(data.decode())
    except UnicodeDecodeError as error:
        raise refuse(
            "the decoded bytes are not UTF-8 text; keep binary data in base64", 0
        ) from error


def _urlencode(given: str) -> Value:
    return string(
        "".join(
            chr(byte) if byte in _UNRESERVED else "+" if byte == ord(" ") else f"%{byte:02X}"
            for byte in given.encode()
        )
    )


FUNCTIONS: Final = (
    function("jsonencode", [Parameter("val", allow_null=True)], _jsonencode, returns=STRING),
    scalar("base64encode", text("str"), _base64encode, STRING),
    scalar("base64decode", text("str"), _base64decode, STRING),
    scalar("urlencode", text("str"), _urlencode, STRING),
    function("jsondecode", [text("str")], lambda given: json_text.decode(str(given[0].content))),
    function("yamldecode", [text("src")], lambda given: yaml_text.decode(str(given[0].content))),
)
