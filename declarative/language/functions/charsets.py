"""Text in other encodings than UTF-8, kept in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from declarative.language.calls import refuse
from declarative.language.functions.results import function, string, text, text_of
from declarative.language.values import STRING, Value

# IANA's names, in lower case, of what Terraform knows, and Python's names for them.
_CODECS: Final = {
    "utf-8": "utf-8",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "utf-16": "utf-16",
    "latin1": "iso8859-1",
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (*range(1, 9), 10, 13, 14, 15, 16)},
    **{f"windows-{n}": f"cp{n}" for n in range(1250, 1259)},
    **{f"ibm{n}": f"cp{n}" for n in ("037", 437, 850, 852, 855, 858, 860, 862, 863, 865, 866)},
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "macintosh": "mac-roman",
    "shift_jis": "cp932",
    "euc-jp": "euc-jp",
    "iso-2022-jp": "iso2022-jp",
    "euc-kr": "cp949",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5",
}
_BIG_ENDIAN_MARK: Final = b"\xfe\xff"


def _codec(given: Value) -> str:
    found = _CODECS.get(text_of(given).lower())
    if found is None:
        raise refuse(
            f'"{text_of(given)}" is no encoding known here; use an IANA name such as "UTF-16LE"', 1
        )
    return found


def _encode(given: Sequence[Value]) -> Value:
    codec = _codec(given[1])
    try:
        if codec == "utf-16":
            data = _BIG_ENDIAN_MARK + text_of(given[0]).encode("utf-16-be")
        else:
            data = text_of(given[0]).encode(codec)
    except UnicodeEncodeError as error:
        raise refuse(f"{text_of(given[1])} has not all characters of the string", 0) from error
    return string(base64.b64encode(data).decode("ascii"))


def _decode(given: Sequence[Value]) -> Value:
    codec = _codec(given[1])
    try:
        data = base64.b64decode(
            text_of(given[0]).replace("\n", "").replace("\r", ""), validate=True
        )
    except (binascii.Error, ValueError) as error:
        raise refuse("the string is not base64", 0) from error
    if codec == "utf-16" and data[:2] not in {_BIG_ENDIAN_MARK, _BIG_ENDIAN_MARK[::-1]}:
        codec = "utf-16-be"
    try:
        return string(data.decode(codec))
    except UnicodeDecodeError as error:
        raise refuse(f"the decoded bytes are not {text_of(given[1])} text", 0) from error


FUNCTIONS: Final = (
    function("textencodebase64", [text("string"), text("encoding")], _encode, returns=STRING),
    function("textdecodebase64", [text("source"), text("encoding")], _decode, returns=STRING),
)
