"""Files of the project, paths, and the environment: what a plan reads besides its HCL.

Relative paths start at the project's directory, wherever the command is run from.
"""

from __future__ import annotations

import base64
import posixpath
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from declarative.language.calls import CallContext, Function, refuse
from declarative.language.functions.hashing import base64_digest, hexadecimal
from declarative.language.functions.results import (
    boolean,
    impure,
    scalar,
    string,
    text,
    text_of,
)
from declarative.language.values import BOOL, STRING, Value


def _expanded(context: CallContext, path: str) -> str:
    if not path.startswith("~"):
        return path
    if path != "~" and not path.startswith("~/"):
        raise refuse(f'"{path}" names another user\'s home; only "~" alone can be expanded', 0)
    home = context.environ.get("HOME")
    if not home:
        raise refuse('"~" cannot be expanded: the environment variable HOME is not set', 0)
    return home + path[1:]


def _located(context: CallContext, given: Value) -> Path:
    return context.root / _expanded(context, text_of(given))


def _read(context: CallContext, given: Value) -> bytes:
    path = _located(context, given)
    shown = text_of(given)
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise refuse(f'"{shown}" is a device or a pipe, not a file', 0)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise refuse(
            f'there is no file "{shown}"; paths are relative to the directory of the project, '
            "and files made during an apply cannot be read here",
            0,
        ) from error
    except IsADirectoryError as error:
        raise refuse(f'"{shown}" is a directory, not a file', 0) from error
    except (OSError, ValueError) as error:
        raise refuse(f'"{shown}" cannot be read: {_reason(error)}', 0) from error


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def read_text(context: CallContext, path: Value) -> str:
    """Return the text of a file.

    Raises:
        FunctionError: there is none, it cannot be read, or it is not UTF-8.
    """
    try:
        return _read(context, path).decode()
    except UnicodeDecodeError as error:
        raise refuse(
            f'"{text_of(path)}" is not UTF-8 text; use filebase64 for binary files', 0
        ) from error


def _file(context: CallContext, given: Sequence[Value]) -> Value:
    return string(read_text(context, given[0]))


def _fileexists(context: CallContext, given: Sequence[Value]) -> Value:
    path = _located(context, given[0])
    try:
        if path.is_file() or not path.exists():
            return boolean(path.is_file())
    except (OSError, ValueError) as error:
        raise refuse(f'"{text_of(given[0])}" cannot be read: {_reason(error)}', 0) from error
    raise refuse(f'"{text_of(given[0])}" is a directory or a device, not a file', 0)


def _of_file(name: str, render: Callable[[bytes], str]) -> Function:
    return impure(
        name,
        text("path"),
        lambda context, given: string(render(_read(context, given[0]))),
        STRING,
    )


def _basename(path: str) -> Value:
    if not path:
        return string(".")
    return string(posixpath.basename(path.rstrip("/")) or "/")


def _dirname(path: str) -> Value:
    directory = path[: path.rfind("/") + 1]
    return string(_clean(directory) if directory else ".")


def _clean(path: str) -> str:
    # POSIX leaves the meaning of exactly two leading slashes open; Go makes them one.
    return posixpath.normpath("/" + path.lstrip("/") if path.startswith("/") else path)


def _abspath(context: CallContext, given: Sequence[Value]) -> Value:
    return string(_clean(posixpath.join(context.root.absolute().as_posix(), text_of(given[0]))))


def _pathexpand(context: CallContext, given: Sequence[Value]) -> Value:
    return string(_expanded(context, text_of(given[0])))


FUNCTIONS: Final = (
    impure("file", text("path"), _file, STRING),
    impure("fileexists", text("path"), _fileexists, BOOL),
    _of_file("filebase64", lambda data: base64.b64encode(data).decode("ascii")),
    _of_file("filemd5", lambda data: hexadecimal("md5", data)),
    _of_file("filesha1", lambda data: hexadecimal("sha1", data)),
    _of_file("filesha256", lambda data: hexadecimal("sha256", data)),
    _of_file("filesha512", lambda data: hexadecimal("sha512", data)),
    _of_file("filebase64sha256", lambda data: base64_digest("sha256", data)),
    _of_file("filebase64sha512", lambda data: base64_digest("sha512", data)),
    scalar("basename", text("path"), _basename, STRING),
    scalar("dirname", text("path"), _dirname, STRING),
    impure("abspath", text("path"), _abspath, STRING),
    impure("pathexpand", text("path"), _pathexpand, STRING),
)
