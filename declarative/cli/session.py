"""Where the output of one invocation goes, and in which form."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from declarative.cli.arguments import wants_json
from declarative.render.look import Look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

    from declarative.cli.options import Format


@dataclass
class Session:
    """The streams of one invocation: stdout takes the result, stderr everything else.

    Attributes:
        json: Whether stdout is JSON only.
        colour: Whether colour may be used at all; a stream that is no terminal never has any.
        events: Whether a run has begun to write events to stdout, so that a failure is one
            more event and not a document.
        shown: Whether the last thing written is a result for people.
        variables: Which of ``--var`` and ``--var-file`` was given when, in this order.
        lasting: Whether a stream that cannot be written is given up, and what writes to it
            goes on: set once there is work that must not end half-way.
        lost: Why the first of them was given up.
    """

    out: TextIO
    err: TextIO
    json: bool = False
    colour: bool = True
    events: bool = False
    shown: bool = False
    variables: list[str] = field(default_factory=list)
    lasting: bool = False
    lost: OSError | None = None

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin is not None and sys.stdin.isatty()

    @property
    def look(self) -> Look:
        """What stdout can show."""
        return self._look(self.out)

    @property
    def err_look(self) -> Look:
        """What stderr can show."""
        return self._look(self.err)

    def _look(self, stream: TextIO) -> Look:
        if not stream.isatty():
            return Look()
        dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
        return Look(self.colour and not dumb, shutil.get_terminal_size().columns)

    def use(self, style: Format | None) -> None:
        """Write the result as ``--format`` says."""
        if style is not None:
            self.json = style.value == "json"

    def log(self, level: str) -> None:
        """Send our own log to stderr; other libraries' logs may quote secrets and stay off."""
        handler = logging.StreamHandler(self.err)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        for name in ("declarative", "backends"):
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [handler], False
            logger.setLevel(level.upper())

    def show(self, text: str) -> None:
        """Write a result for people."""
        self._put(self.out, text)
        self.shown = self.shown or bool(text)

    def write(self, content: bytes) -> None:
        """Write a result that is the content of a file: byte for byte, in no encoding."""
        self.out.flush()
        self.out.buffer.write(content)
        self.out.buffer.flush()

    def say(self, text: str, end: str = "\n") -> None:
        """Write what is not the result: progress, questions, warnings.

        Where a result was written before, an empty line parts the two.
        """
        self.flush()
        lead = "\n" if self.shown else ""
        self.shown = False
        self._put(self.err, lead + text + ("" if text.endswith(end) else end), now=True)

    def document(self, content: Mapping[str, JsonValue]) -> None:
        """Write a JSON document, or an event, on one line."""
        self._put(self.out, json.dumps(content, ensure_ascii=False) + "\n", now=True)

    def flush(self) -> None:
        """Write what of the result is still in memory."""
        self._put(self.out, "", now=True)

    def _put(self, stream: TextIO, text: str, *, now: bool = False) -> None:
        try:
            if text:  # even an empty one is handed to the system
                stream.write(text)
            if now:
                stream.flush()
        except OSError as error:
            if not self.lasting:
                raise
            self.lost = self.lost or error
            silence(stream)


def silence(stream: TextIO) -> None:
    """Let all that is still to be written to a stream go nowhere.

    What it holds already goes there as well: the interpreter writes that at its end, and
    would complain.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def open_session(arguments: Sequence[str]) -> Session:
    """Return the session of this process.

    What a stream cannot encode is written as an escape: no output fails for a name in
    another alphabet. A stream that is closed leads nowhere.
    """
    _take_places()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return Session(
        sys.stdout,
        sys.stderr,
        json=wants_json(arguments),
        colour="--no-color" not in arguments,
    )


def _take_places() -> None:
    """Let closed standard streams lead nowhere.

    Otherwise the next file that is opened, such as the state, would get the number of one, and
    what is written there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
