"""Texts and syntax trees made at random: every construct, in every layout that HCL allows."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import strategies as st

from declarative.language.syntax import (
    Binary,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    GetAttribute,
    Index,
    Interpolation,
    Literal,
    ObjectConstructor,
    Parentheses,
    Splat,
    SplatItem,
    Template,
    Text,
    TupleConstructor,
    Unary,
    Variable,
)
from declarative.language.tokens import source_of, tokens_of

FRAGMENTS = st.sampled_from(
    [
        *"\"{}[]()=,.:?!~$%<>*\n \t\\#/-+&|;'`\x00\ufeff",
        *("${", "%{", "}", "<<E\n", "<<-E\n", "E\n", "a", "b ", "for ", " in ", "if ", "endif"),
        *("endfor", "else", "1", "1e9", "0.5", "...", "=>", "\\u00", "é", "\r\n", '"x"', "a = "),
        *("a {\n", "}\n", "[*]", ".*", "/*", "*/", "$$", "%%{"),
    ]
)


NAMES = st.sampled_from(["a", "b", "name-1", "_x", "é", "for_", "if", "null_", "true2"])
NUMBERS = st.integers(0, 10**30) | st.decimals(
    min_value=0, max_value=10**6, allow_nan=False, places=3
).filter(lambda number: number != number.to_integral_value())
LEAVES = st.one_of(
    st.booleans().map(Literal),
    st.none().map(Literal),
    NUMBERS.map(
        lambda number: Literal(number.normalize() if isinstance(number, Decimal) else number)
    ),
    st.text('ab$%{}"\\\n\té~ ', max_size=8).map(Literal),
    NAMES.map(Variable),
)


def _template(parts: list[object]) -> Template:
    kept: list[object] = []
    for part in parts:
        both = kept and isinstance(kept[-1], Text) and isinstance(part, Text)
        if not both:
            kept.append(part)
    return Template(tuple(kept))  # type: ignore[arg-type]


def _nodes(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    wrapped = inner.map(Parentheses)
    texts = st.text('ab$%{}"\n ', min_size=1, max_size=5).map(Text)
    parts = st.lists(texts | inner.map(Interpolation), max_size=3)
    templates = st.tuples(parts, inner.map(Interpolation)).map(lambda both: [*both[0], both[1]])
    keys = st.text("ab c-", max_size=4).map(Literal) | wrapped
    operators = st.sampled_from(["+", "-", "*", "/", "%", "<", ">=", "==", "!=", "&&", "||"])
    steps = NAMES.map(lambda name: GetAttribute(SplatItem(), name)) | st.just(SplatItem())
    return st.one_of(
        wrapped,
        templates.map(_template),
        st.lists(inner, max_size=3).map(lambda items: TupleConstructor(tuple(items))),
        st.lists(st.tuples(keys, inner), max_size=3).map(lambda i: ObjectConstructor(tuple(i))),
        st.builds(GetAttribute, wrapped, NAMES),
        st.builds(Index, wrapped, inner),
        st.builds(Splat, wrapped, steps, st.booleans()),
        st.builds(Unary, st.sampled_from(["-", "!"]), wrapped),
        st.builds(Binary, operators, wrapped, wrapped),
        st.builds(Conditional, wrapped, inner, inner),
        st.builds(ForTuple, st.none() | NAMES, NAMES, inner, inner, st.none() | inner),
        st.builds(
            ForObject,
            st.none() | NAMES,
            NAMES,
            inner,
            inner,
            inner,
            st.none() | inner,
            st.booleans(),
        ),
        st.builds(Call, NAMES, st.lists(inner, min_size=1, max_size=3).map(tuple), st.booleans()),
    )


EXPRESSIONS = st.recursive(LEAVES, _nodes, max_leaves=12)


_WORDS = ("a", "bb", "each", "name-1", "_x", "zürich", "日本", "in", "for_each", "type", "null_1")
_BLOCKS = ("variable", "service", "release", "locals", "if", "for", "bl-1")
_DIGITS = ("0", "1", "12.50", "1e3", "2.5E-2", "007", "12345678901234567890")
_TEXTS = (
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
_OPERATORS = ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||")


class _Writer:
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
        return text.replace("\n", "\r\n") if self.random.random() < 0.05 else text

    def body(self, depth: int) -> str:
        lines: list[str] = []
        names = list(_WORDS)
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
        head = self.pick(*_BLOCKS) + labels + self.pick("", " ", "  ", "\t")
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
        text = "".join(self.pick(*_TEXTS) for _ in range(self.random.randrange(3)))
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
            *_WORDS[:7], *_DIGITS, "true", "false", "null", "a.b", '"x"', '""', "-1", "[]", "{}"
        )

    def quoted(self, depth: int, *, loose: bool) -> str:
        return self.string(depth)

    def operation(self, depth: int, *, loose: bool) -> str:
        left = self.expression(depth, loose=loose)
        gap = self.gap(loose=loose)
        right = self.expression(depth, loose=loose)
        return f"{left} {gap}{self.pick(*_OPERATORS)}{gap} {right}"

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
        item = self.expression(depth, loose=True)
        return f"[{gap}{self._for(depth)}{gap}{item}{self._if(depth)}{gap}]"

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
            dots = self.pick("...", " ...") + self.gap(loose=True)
            return f"{name}({self.gap(loose=True)}{', '.join(items)}{dots})"
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


def file(seed: int) -> bytes:
    """Return a file; almost all of them are right, and the others nearly so."""
    return _Writer(Random(seed)).file().encode()  # noqa: S311 - no secret


def damaged(source: bytes, seed: int) -> bytes:
    """Return a file with some tokens lost, doubled, swapped, or replaced by others of it."""
    random = Random(seed)  # noqa: S311 - no secret
    tokens = tokens_of(source)
    before = 0
    for token in tokens:
        token.spaces, before = token.start - before, token.start + len(token.text)
    for _ in range(random.randrange(1, 4)):
        if not tokens:
            break
        at, other = random.randrange(len(tokens)), random.randrange(len(tokens))
        match random.randrange(4):
            case 0:
                del tokens[at]
            case 1:
                tokens.insert(other, tokens[at])
            case 2:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case _:
                tokens[at] = tokens[other]
    return source_of(tokens)
