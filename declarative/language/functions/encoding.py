"""Text in other clothes: JSON, YAML, base64, URLs."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
import string as alphabet
import struct
import zlib
from collections.abc import Sequence
from typing import Final

from declarative.language.calls import Parameter, refuse
from declarative.language.functions import csv_text, json_text
from declarative.language.functions.results import function, scalar, string, text
from declarative.language.limits import LONGEST_TEXT
from declarative.language.values import STRING, Value

_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Without a time and a system, so that equal texts have equal bytes; the blocks are Go's.
_GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
_EMPTY_BLOCK: Final = bytes.fromhex("000000ffff")
_LAST_BLOCK: Final = bytes.fromhex("010000ffff")
# What Go's url.QueryEscape leaves alone.
_UNRESERVED: Final = frozenset((alphabet.ascii_letters + alphabet.digits + "-_.~").encode())


def _jsonencode(given: Sequence[Value]) -> Value:
    return string(json_text.encode(given[0]))


def _base64encode(given: str) -> Value:
    return string(base64.b64encode(given.encode()).decode("ascii"))


def _yamlencode(given: Sequence[Value]) -> Value:
    from declarative.language.functions import yaml_writing  # PyYAML is slow to import

    return string(yaml_writing.encode(given[0]))


def _yamldecode(given: Sequence[Value]) -> Value:
    from declarative.language.functions import yaml_text

    return yaml_text.decode(str(given[0].content))


def _bytes(given: str) -> bytes:
    try:
        return base64.b64decode(given.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse("the string is not base64", 0) from error


def _base64decode(given: str) -> Value:
    data = _bytes(given)
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


def _urldecode(given: str) -> Value:
    if _BAD_ESCAPE.search(given):
        raise refuse("a % must be followed by two hexadecimal digits", 0)
    plain = given.replace("+", " ").encode()
    decoded = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), plain)
    try:
        return string(decoded.decode())
    except UnicodeDecodeError as error:
        raise refuse("the decoded bytes are not UTF-8 text", 0) from error


def _base64gzip(given: str) -> Value:
    data = given.encode()
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    whole = (
        _GZIP_HEADER
        + (packed or _EMPTY_BLOCK)
        + _LAST_BLOCK
        + struct.pack("<II", zlib.crc32(data), len(data) % 2**32)
    )
    return string(base64.b64encode(whole).decode("ascii"))


def _base64gunzip(given: str) -> Value:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(_bytes(given))) as packed:
            unpacked = packed.read(LONGEST_TEXT + 1)
        return string(unpacked.decode())
    except UnicodeDecodeError as error:
        raise refuse("the unpacked bytes are not UTF-8 text", 0) from error
    except (OSError, EOFError, zlib.error) as error:
        raise refuse("the decoded bytes are not gzip", 0) from error


FUNCTIONS: Final = (
    function("yamlencode", [Parameter("value", allow_null=True)], _yamlencode, returns=STRING),
    function("csvdecode", [text("str")], lambda given: csv_text.decode(str(given[0].content))),
    scalar("base64gzip", text("str"), _base64gzip, STRING),
    scalar("base64gunzip", text("str"), _base64gunzip, STRING),
    scalar("urldecode", text("str"), _urldecode, STRING),
    function("jsonencode", [Parameter("val", allow_null=True)], _jsonencode, returns=STRING),
    scalar("base64encode", text("str"), _base64encode, STRING),
    scalar("base64decode", text("str"), _base64decode, STRING),
    scalar("urlencode", text("str"), _urlencode, STRING),
    function("jsondecode", [text("str")], lambda given: json_text.decode(str(given[0].content))),
    function("yamldecode", [text("src")], _yamldecode),
)
