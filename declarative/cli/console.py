"""``lamform console``: expressions from stdin, one answer each."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from declarative.cli import garbage, options
from declarative.cli.loading import inputs_of, open_scope
from declarative.cli.session import Session
from declarative.errors import LamformError
from declarative.language.expressions import evaluate
from declarative.language.nodes import Call
from declarative.language.plain import to_python
from declarative.language.showing import ordered
from declarative.language.syntax import parse_expression
from declarative.language.types import friendly_name
from declarative.model.values import SECRET, UNKNOWN
from declarative.render.diagnostics import diagnostics_text
from declarative.render.values import type_text, value_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

    from declarative.language.expressions import Scope
    from declarative.language.values import Value

_SOURCE = "<console>"
_CLOSING = {")": "(", "]": "[", "}": "{"}


def console(
    context: typer.Context,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Evaluate expressions from stdin, one a line, and print one answer each.

    What the files define can be read (var, local, references); files are not needed. An
    expression with an open bracket goes on in the next line. `type(…)` shows a type; `exit`
    ends.
    """
    session: Session = context.obj
    scope = open_scope(inputs_of(session, var, var_file))
    garbage.begin()
    failed = False
    for text in _expressions(session):
        if text in ("exit", "quit"):
            break
        try:
            _answer(session, text, scope)
        except LamformError as error:
            failed = True
            if session.json:
                session.document({"error": str(error)})
            else:
                said = ordered(error.diagnostics, {_SOURCE: text})
                session.say(diagnostics_text(said, session.err_look))
    if failed and not session.interactive:
        raise typer.Exit(1)


def _expressions(session: Session) -> Iterator[str]:
    """Yield what is written, lines joined while a bracket is open."""
    pending = ""
    for line in _lines(session):
        pending = f"{pending}\n{line}" if pending else line
        if _open_brackets(pending) == 0:
            if pending.strip():
                yield pending.strip()
            pending = ""
    if pending.strip():
        yield pending.strip()


def _lines(session: Session) -> Iterator[str]:
    if session.interactive and session.out.isatty():
        # Imported for its effect: input() then edits lines and remembers them.
        import readline  # noqa: F401

        with suppress(EOFError):
            while True:
                yield input("> ")
        session.say("")  # the last prompt is still an open line
        return
    for line in sys.stdin:
        yield line.rstrip("\r\n")


def _open_brackets(text: str) -> int:
    """Return how many brackets are open at the end; none where one closes too many.

    Brackets in strings and comments do not count; an interpolation is code again.
    """
    stack: list[str] = []
    position = 0
    while position < len(text):
        one, two = text[position], text[position : position + 2]
        if stack and stack[-1] == '"':
            position += _in_string(one, two, text, position, stack)
            continue
        if one == "#" or two == "//":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            continue
        if one in '([{"':
            stack.append(one)
        elif one in _CLOSING and (not stack or stack.pop() not in (_CLOSING[one], "${")):
            return 0
        position += 1
    # A quoted string ends on its line: one that is open is a mistake, not a beginning.
    return 0 if stack and stack[-1] == '"' else len(stack)


def _in_string(one: str, two: str, text: str, position: int, stack: list[str]) -> int:
    """Take what stands at ``position`` of a string and return how long it is."""
    if text[position : position + 3] in ("$${", "%%{"):
        return 3
    if two in ("${", "%{"):
        stack.append("${")
        return 2
    if one == '"':
        stack.pop()
    return 2 if one == "\\" else 1


def _answer(session: Session, text: str, scope: Scope) -> None:
    expression = parse_expression(text, _SOURCE)
    if (
        isinstance(expression, Call)
        and expression.name == "type"
        and len(expression.arguments) == 1
    ):
        found = evaluate(expression.arguments[0], scope)
        if session.json:
            session.document({"value": friendly_name(found.type), "type": "type"})
        else:
            session.show(type_text(found.type) + "\n")
        return
    value = evaluate(expression, scope)
    if session.json:
        shown: JsonValue = to_python(value, placeholder=_marker)  # type: ignore[assignment] # JSON
        session.document({"value": shown, "type": friendly_name(value.type)})
    else:
        session.show(value_text(value) + "\n")
        session.out.flush()


def _marker(value: Value) -> object:
    return {SECRET: None} if value.sensitive else {UNKNOWN: ""}
