"""Laws of syntax and layout, on HCL source made at random: every construct, in every layout."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from declarative.errors import ConfigurationError, LamformError
from declarative.language.calls import CallContext
from declarative.language.expressions import evaluate
from declarative.language.format import format_source
from declarative.language.nodes import (
    NOWHERE,
    Attribute,
    Block,
    Body,
    Interpolation,
    Label,
    Literal,
    Parentheses,
    Template,
)
from declarative.language.reading import parse
from declarative.language.scopes import Roots
from declarative.language.types import from_python as to_value
from declarative.language.values import STRING, UNKNOWN, Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from declarative.language.nodes import Expression

NAMES = ("a", "bb", "each", "name-1", "_x", "zürich", "日本", "in", "for_each", "type", "null_1")
BLOCKS = ("variable", "service", "release", "locals", "if", "for", "bl-1")
NUMBERS = ("0", "1", "12.50", "1e3", "2.5E-2", "007", "12345678901234567890")
TEXTS = (
    "",
    "x",
    " ",
    "a b",
    "\\n",
    '\\"',
    "$${a}",
    "%%{b}",
    "$",
    "%",
    "é",
    "\\u00e9",
    "{}",
    "#",
    "=",
)
OPERATORS = ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||")


class Writer:
    """Writes one file; ``depth`` bounds how deep expressions and blocks nest."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def often(self) -> bool:
        return self.random.random() < 0.7

    def rare(self) -> bool:
        return self.random.random() < 0.15

    def gap(self, *, loose: bool) -> str:
        """White space where it means nothing; ``loose``: inside brackets, line breaks too."""
        if self.often():
            return self.pick("", " ")
        if loose and self.random.random() < 0.4:
            return self.pick("\n", " \n  ", "\n\n", " # note\n", "// note\n\t")
        return self.pick("", "  ", "\t", " /* note */ ", "   ")

    def space(self, *, loose: bool) -> str:
        """White space where there must be some."""
        return self.gap(loose=loose) + " "

    def file(self) -> str:
        start = self.pick("", "", "", "\n", "\ufeff# x\n", "# head\n\n", "/* head\n*/\n")
        text = start + self.body(3)
        if self.rare():
            text = text.rstrip(" \n\t") + self.pick("", "  ")
            text = text if not self.heredoc_last else text.rstrip() + "\n"
        return text.replace("\n", "\r\n") if self.random.random() < 0.05 else text

    heredoc_last = True

    def body(self, depth: int) -> str:
        lines: list[str] = []
        names = list(NAMES)
        self.random.shuffle(names)
        for _ in range(self.random.randrange(5)):
            lines.append(self.filler())
            indent = self.pick("", "", "  ", "\t", "      ")
            if depth and self.random.random() < 0.35:
                lines.append(indent + self.block(depth - 1) + self.end())
            else:
                lines.append(indent + self.attribute(names.pop()) + self.end())
        return "".join(lines) + self.filler()

    def filler(self) -> str:
        if self.often():
            return ""
        return self.pick(
            "\n", "\n\n", "  \n", "# note\n", "\t// note\n", " /* note */\n", "/*\n x\n*/\n"
        )

    def end(self) -> str:
        if self.rare():
            return self.pick(" # end", "// end", " /* end */ ", "   ") + "\n"
        return "\n"

    def block(self, depth: int) -> str:
        labels = ""
        for _ in range(self.random.randrange(3)):
            labels += self.pick(' "x"', ' "a b"', " main", '"é"', ' "\\n"', "  b-1")
        head = self.pick(*BLOCKS) + labels + self.pick("", " ", "  ", "\t")
        if self.rare():
            return head + "{" + self.pick("", " ", "\t", "\n") + "}"
        if self.rare():
            attribute = self.attribute(self.pick("a", "type"), heredoc=False)
            return head + "{" + self.gap(loose=False) + attribute + self.gap(loose=False) + "}"
        return (
            head
            + "{"
            + self.pick("", " ", " # head")
            + "\n"
            + self.body(depth)
            + self.pick("", "  ")
            + "}"
        )

    def attribute(self, name: str, *, heredoc: bool = True) -> str:
        if heredoc and self.rare():
            return name + self.gap(loose=False) + "=" + self.gap(loose=False) + self.heredoc(2)
        if self.rare():
            value = (
                self.pick('"${', '"${~ ')
                + self.expression(2, loose=True)
                + self.pick('}"', '~}"', '\n}"')
            )
        else:
            value = self.expression(3, loose=False)
        return name + self.gap(loose=False) + "=" + self.gap(loose=False) + value

    def heredoc(self, depth: int) -> str:
        marker = self.pick("EOT", "E")
        text = self.pick("<<", "<<-") + marker + "\n"
        for _ in range(self.random.randrange(4)):
            text += self.pick("", "  ", "\t", "    ")
            text += self.template(depth, self.pick("", "text ", '"', "\\", "$", "{", "# no"))
            text += "\n"
        return text + self.pick("", "  ", "\t") + marker

    def template(self, depth: int, text: str) -> str:
        parts = [text]
        for _ in range(self.random.randrange(3) if depth else 0):
            inner = self.expression(depth - 1, loose=True)
            kind = self.random.randrange(4)
            left, right = self.pick("", "", "~"), self.pick("", "", "~")
            gap = self.gap(loose=True)
            if kind < 2:
                parts.append(f"${{{left}{gap}{inner}{self.gap(loose=True)}{right}}}")
            elif kind == 2:
                middle = self.pick("yes", "yes%{ else }no", "%{~else~}no")
                parts.append(f"%{{{left} if {inner} {right}}}{middle}%{{{left}endif {right}}}")
            else:
                names = self.pick("a", "a, b", "a,b")
                parts.append(f"%{{{left}for {names} in {inner}{right}}}x${{a}}%{{ endfor }}")
            parts.append(self.pick("", " ", "y"))
        return "".join(parts)

    def string(self, depth: int) -> str:
        text = "".join(self.pick(*TEXTS) for _ in range(self.random.randrange(3)))
        if text.endswith(("$", "%")):
            text += "."
        return f'"{self.template(depth, text)}"'

    def expression(self, depth: int, *, loose: bool) -> str:
        if depth <= 0 or self.random.random() < 0.2:
            return self.leaf()
        made = self.random.choice(
            (
                self.operation,
                self.conditional,
                self.negation,
                self.parentheses,
                self.tuple,
                self.object,
                self.for_tuple,
                self.for_object,
                self.call,
                self.traversal,
                self.quoted,
            )
        )
        return made(depth - 1, loose=loose)

    def leaf(self) -> str:
        return self.pick(
            *NAMES[:7], *NUMBERS, "true", "false", "null", "a.b", '"x"', '""', "-1", "[]", "{}"
        )

    def quoted(self, depth: int, *, loose: bool) -> str:
        return self.string(depth)

    def operation(self, depth: int, *, loose: bool) -> str:
        left = self.expression(depth, loose=loose)
        gap = self.gap(loose=loose)
        right = self.expression(depth, loose=loose)
        return f"{left} {gap}{self.pick(*OPERATORS)}{gap} {right}"

    def conditional(self, depth: int, *, loose: bool) -> str:
        test, then, other = (self.expression(depth, loose=loose) for _ in range(3))
        gaps = [self.gap(loose=loose) for _ in range(4)]
        return f"{test} {gaps[0]}?{gaps[1]}{then} {gaps[2]}:{gaps[3]} {other}"

    def negation(self, depth: int, *, loose: bool) -> str:
        return (
            self.pick("-", "!", "!!", "- ")
            + self.gap(loose=loose)
            + self.expression(min(depth, 1), loose=loose)
        )

    def parentheses(self, depth: int, *, loose: bool) -> str:
        return f"({self.gap(loose=True)}{self.expression(depth, loose=True)}{self.gap(loose=True)})"

    def _items(self, made: list[str]) -> str:
        text = ""
        for at, item in enumerate(made):
            last = at == len(made) - 1
            text += self.gap(loose=True) + item + self.gap(loose=True)
            text += self.pick("", ",") if last else ","
        return text + self.gap(loose=True)

    def tuple(self, depth: int, *, loose: bool) -> str:
        count = self.random.randrange(4)
        return f"[{self._items([self.expression(depth, loose=True) for _ in range(count)])}]"

    def object(self, depth: int, *, loose: bool) -> str:
        text = ""
        count = self.random.randrange(4)
        for at in range(count):
            key = self.pick(
                "a",
                "bb",
                "type",
                '"k"',
                f"({self.expression(1, loose=True)})",
                "日本",
                '"${a}"',
                "5",
            )
            separator = self.pick(" ", "\n", "# note\n", ",", " ,\n", ",\n\n")
            separator = self.pick(",", "\n") if separator == " " else separator
            item = (
                self.pick("", " ", "\n  ")
                + key
                + self.pick("", " ", "  ")
                + self.pick("=", "=", ":")
            )
            text += item + self.pick("", " ", "\t") + self.expression(depth, loose=False)
            text += separator if at < count - 1 else self.pick("", ",", "\n", " # note\n", ",\n")
        return "{" + self.pick("", " ", "\n", " # note\n") + text + "}"

    def _for(self, depth: int) -> str:
        names = self.pick("a", "a, b", "a ,b")
        gap = self.gap(loose=True)
        source = self.expression(depth, loose=True)
        return f"for{self.space(loose=True)}{names} in{self.pick(' ', '  ')}{source}{gap} :"

    def _if(self, depth: int) -> str:
        return f" if {self.expression(depth, loose=True)}" if self.rare() else ""

    def for_tuple(self, depth: int, *, loose: bool) -> str:
        gap = self.gap(loose=True)
        value = self.expression(depth, loose=True)
        return f"[{gap}{self._for(depth)}{gap}{value}{self._if(depth)}{gap}]"

    def for_object(self, depth: int, *, loose: bool) -> str:
        gap = self.gap(loose=True)
        key, value = (self.expression(depth, loose=True) for _ in range(2))
        dots = self.pick("", "", "...", " ...")
        return f"{{{gap}{self._for(depth)} {key}{gap}=>{gap}{value}{dots}{self._if(depth)}{gap}}}"

    def call(self, depth: int, *, loose: bool) -> str:
        name = self.pick("f", "max", "core::f", "a::b::c")
        count = self.random.randrange(4)
        items = [self.expression(depth, loose=True) for _ in range(count)]
        if items and self.rare():
            given = ", ".join(items) + self.pick("", " ")
            return f"{name}({self.gap(loose=True)}{given}...{self.gap(loose=True)})"
        if self.rare():
            items.append(f"{self.heredoc(1)}\n")
            return f"{name}({', '.join(items)})"
        return f"{name}({self._items(items)})"

    def traversal(self, depth: int, *, loose: bool) -> str:
        text = self.pick(
            "a",
            "each.value",
            "bb",
            f"({self.expression(depth, loose=True)})",
            "f(1)",
            "[1, 2]",
            '"x"',
        )
        splat = False
        for _ in range(self.random.randrange(4)):
            step = self.pick(
                ".b",
                ".name-1",
                "[0]",
                '["k"]',
                f"[{self.gap(loose=True)}{self.expression(1, loose=True)}]",
                "[*]",
                ".*",
                ".0",
            )
            if step == ".*" and splat:
                continue
            splat = splat or step == ".*"
            text += self.pick("", "", "", " ") + step
        return text


def source(random: Random) -> str:
    return Writer(random).file()


sources = st.randoms(use_true_random=False).map(source)
VALUES = {
    "a": to_value(1),
    "bb": to_value("text"),
    "each": to_value({"key": "k", "value": {"b": [1, 2], "name-1": None}}),
    "name-1": to_value([{"b": 1}, {"b": 2}]),
    "_x": to_value(None),
    "zürich": Value(STRING, UNKNOWN),
    "日本": Value(STRING, "secret", sensitive=True),
}


def stripped(body: Body) -> Body:
    """Return a body without places and what fmt respells: around a whole value, and labels."""
    attributes = [
        Attribute(one.name, NOWHERE, Literal(None) if one.name == "type" else bare(one.expression))
        for one in body.attributes
    ]
    inner = [
        Block(
            block.type,
            NOWHERE,
            tuple(Label(label.text) for label in block.labels),
            stripped(block.body),
        )
        for block in body.blocks
    ]
    return Body(tuple(attributes), tuple(inner))


def bare(expression: Expression) -> Expression:
    match expression:
        case Template(parts=(Interpolation(expression=inner),)) | Parentheses(inner=inner):
            return bare(inner)
        case _:
            return expression


def laid_out(text: bytes) -> bytes | None:
    try:
        return format_source(text, "x.hcl")
    except ConfigurationError:
        return None


def expressions(body: Body) -> Iterator[Expression]:
    yield from (attribute.expression for attribute in body.attributes)
    for block in body.blocks:
        yield from expressions(block.body)


def try_all(body: Body, root: Path) -> None:
    scope = Roots(VALUES, CallContext(root, {}))
    for expression in expressions(body):
        with contextlib.suppress(LamformError):
            evaluate(expression, scope)


@given(sources)
def test_layout_is_its_own_layout_and_says_the_same(text: str) -> None:
    raw = text.encode()
    once = laid_out(raw)
    before = parse(raw, "x.hcl")
    assert (once is None) == bool(before.diagnostics)
    if once is not None:
        assert laid_out(once) == once
        after = parse(once, "x.hcl")
        assert after.diagnostics == ()
        assert stripped(after.body) == stripped(before.body)


@given(sources)
def test_most_of_what_is_made_is_hcl(text: str) -> None:
    """The laws above say something only if this one holds, seldom as a parser may say no."""
    parsed = parse(text.encode(), "x.hcl")
    event("refused" if parsed.diagnostics else "taken")


@given(text=sources)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_evaluated_fails_in_our_words(text: str, tmp_path: Path) -> None:
    try_all(parse(text.encode(), "x.hcl").body, tmp_path)
