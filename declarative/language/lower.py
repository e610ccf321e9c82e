"""From tree-sitter's concrete tree to our syntax tree: expressions.

The grammar is looser than HCL, and in one place different: it reads a chain of
conditionals from the left. What HCL forbids is reported here, with its range; what is
read differently is put right here, so that nothing above knows about the grammar.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NoReturn, cast, get_args

from declarative.errors import Diagnostic, EvaluationError, SourceRange
from declarative.language.faults import SyntaxFaultError
from declarative.language.gaps import Gaps
from declarative.language.nodes import (
    Binary,
    BinaryOperator,
    Call,
    Conditional,
    ForObject,
    ForTuple,
    GetAttribute,
    Index,
    Literal,
    ObjectConstructor,
    Parentheses,
    Splat,
    SplatItem,
    TupleConstructor,
    Unary,
    UnaryOperator,
    Variable,
)
from declarative.language.numbers import read_number
from declarative.language.template_reading import TemplateReader
from declarative.language.templates import normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from declarative.language.nodes import Expression
    from declarative.language.source import SourceText

_OPERATORS: Final = frozenset(get_args(BinaryOperator))
_NUMBER: Final = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?")
_OLD_INDEX: Final = re.compile(r"\d\S*\Z")
_KEYWORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


class ExpressionLowering:
    """Lowers the expressions of one source text.

    ``loose`` in the methods says that line breaks mean nothing, as inside brackets.
    """

    def __init__(self, text: SourceText) -> None:
        """Lower nodes that were parsed from ``text``."""
        self.text = text
        self._gaps = Gaps(text)
        self._templates = TemplateReader(text, lambda node: self.expression(node, loose=True))

    def range(self, first: Node, last: Node | None = None) -> SourceRange:
        """Return the range from the start of ``first`` to the end of ``last``."""
        return self.text.range(first.start_byte, (last or first).end_byte)

    def fail(self, summary: str, detail: str, first: Node, last: Node | None = None) -> NoReturn:
        """Give up on the expression at hand."""
        raise SyntaxFaultError(Diagnostic(summary, detail, range=self.range(first, last)))

    def expression(self, node: Node, *, loose: bool) -> Expression:
        """Return the expression of a node of type ``expression``."""
        children = significant(node)
        if len(children) == 1 and children[0].type == "conditional":
            return self._conditional(children[0], loose=loose)
        return self._term(children, loose=loose)

    def expression_of_string(self, node: Node) -> Expression:
        """Return the expression of a quoted string."""
        return self._templates.read(node)

    def _conditional(self, node: Node, *, loose: bool) -> Expression:
        """Lower a chain ``a ? b : c ? d : e``, which the grammar nests to the left."""
        arms: list[tuple[Node, Node]] = []
        first, otherwise = node, None
        while True:
            children = significant(first)
            self._on_one_line(children, loose=loose)
            condition, _, then, _, last = children
            otherwise = otherwise or last
            if arms:
                arms[-1] = (last, arms[-1][1])  # what looked like a condition ends with it
            arms.append((condition, then))
            inner = significant(condition)
            if len(inner) != 1 or inner[0].type != "conditional":
                break
            first = inner[0]
        result = self.expression(otherwise, loose=loose)
        for condition, then in arms:
            where = SourceRange(
                self.text.filename,
                self.text.position(condition.start_byte),
                result.range.end,
            )
            test = self.expression(condition, loose=loose)
            result = Conditional(test, self.expression(then, loose=loose), result, where)
        return result

    def _term(self, children: Sequence[Node], *, loose: bool) -> Expression:
        """Lower a primary expression and the postfixes that follow it."""
        self._on_one_line(children, loose=loose)
        first = children[0]
        if first.type == "(":
            inner = self.expression(children[1], loose=True)
            base: Expression = Parentheses(inner, self.range(first, children[2]))
            return self._postfixes(base, first, self._flat(children[3:], loose=loose))
        postfixes = self._flat(children[1:], loose=loose)
        number_first = first.type == "literal_value" and first.children[0].type == "numeric_lit"
        if number_first and postfixes and postfixes[0].type == "legacy_index":
            self._apart(first, postfixes[0])
        return self._postfixes(self._primary(first, loose=loose), first, postfixes)

    def _primary(self, node: Node, *, loose: bool) -> Expression:
        match node.type:
            case "literal_value":
                return self._literal(node.children[0])
            case "variable_expr":
                return self._variable(node)
            case "template_expr":
                return self._templates.read(node.children[0])
            case "operation":
                return self._operation(node.children[0], loose=loose)
            case "collection_value":
                return self._collection(node.children[0])
            case "function_call":
                return self._call(node, loose=loose)
            case "for_expr":
                return self._for(node.children[0])
            case _:
                return self.fail("Invalid expression", "A value is expected here.", node)

    def _literal(self, node: Node) -> Expression:
        if node.type == "string_lit":
            return self._templates.read(node)
        text = self.text.text(node.start_byte, node.end_byte)
        if node.type != "numeric_lit":
            return Literal(_KEYWORDS[text], self.range(node))
        if not _NUMBER.fullmatch(text):
            self.fail("Invalid number", f'"{text}" is no number; numbers are decimal.', node)
        return Literal(self._number(text, node), self.range(node))

    def _number(self, text: str, node: Node) -> int | Decimal:
        try:
            return read_number(text)
        except EvaluationError as error:
            (found,) = error.diagnostics
            return self.fail(found.summary, found.detail, node)

    def _variable(self, node: Node) -> Variable:
        name = self.text.text(node.start_byte, node.end_byte)
        if "::" in name:
            detail = f'"{name}" is the name of a function: call it with parentheses.'
            self.fail("Missing opening parenthesis", detail, node)
        return Variable(normalize(name), self.range(node))

    def _operation(self, node: Node, *, loose: bool) -> Expression:
        children = significant(node)
        self._on_one_line(children, loose=loose)
        where = self.range(node)
        if node.type == "unary_operation":
            operand = self._term(children[1:], loose=loose)
            return Unary(cast("UnaryOperator", children[0].type), operand, where)
        at = next(i for i, child in enumerate(children) if child.type in _OPERATORS and i)
        left = self._term(children[:at], loose=loose)
        right = self._term(children[at + 1 :], loose=loose)
        return Binary(cast("BinaryOperator", children[at].type), left, right, where)

    def _collection(self, node: Node) -> Expression:
        children = significant(node)[1:-1]
        if node.type == "tuple":
            items = (self.expression(child, loose=True) for child in children if child.is_named)
            return TupleConstructor(tuple(items), self.range(node))
        pairs: list[tuple[Expression, Expression]] = []
        previous: Node | None = None
        for child in children:
            if child.type == "object_elem":
                if previous is not None and not self._gaps.line_break(previous, child):
                    detail = "Put a comma or a line break between the elements of an object."
                    self.fail("Missing separator", detail, child)
                pairs.append(self._element(child))
            elif previous is not None and self._gaps.line_break(previous, child):
                detail = "The line break has already ended the element: the comma goes before it."
                self.fail("Unexpected comma", detail, child)
            previous = child if child.type == "object_elem" else None
        return ObjectConstructor(tuple(pairs), self.range(node))

    def _element(self, node: Node) -> tuple[Expression, Expression]:
        key, _, value = significant(node)
        self._on_one_line((key, value), loose=False)
        parts = significant(key)
        if len(parts) == 1:
            text = self.text.text(key.start_byte, key.end_byte)
            if parts[0].type == "variable_expr" or text in _KEYWORDS:
                return Literal(normalize(text), self.range(key)), self.expression(
                    value, loose=False
                )
        elif parts[0].type == "variable_expr":
            detail = (
                "Write a reference as key in parentheses, and a name with periods in quotes: "
                f'({self.text.text(key.start_byte, key.end_byte)}) = … or "a.b" = …'
            )
            self.fail("Ambiguous key", detail, key)
        return self.expression(key, loose=False), self.expression(value, loose=False)

    def _call(self, node: Node, *, loose: bool) -> Expression:
        children = significant(node)
        self._on_one_line(children[:2], loose=loose)
        name = "".join(self._text(children[0]).split())
        if not all(name.split("::")):
            self.fail("Invalid function name", f'"{name}" is no name.', children[0])
        arguments: tuple[Expression, ...] = ()
        expand = False
        for child in children:
            if child.type == "function_arguments":
                parts = significant(child)
                expand = parts[-1].type == "ellipsis"
                nodes = [part for part in parts if part.type == "expression"]
                arguments = tuple(self.expression(part, loose=True) for part in nodes)
        # The built-in functions have a namespace of their own, which nobody needs to name.
        return Call(name.removeprefix("core::"), arguments, expand, self.range(node))

    def _for(self, node: Node) -> Expression:
        _, intro, *rest = significant(node)
        parts = significant(intro)
        names = [normalize(self._text(part)) for part in parts if part.type == "identifier"]
        key_name, value_name = (None, names[0]) if len(names) == 1 else (names[0], names[1])
        source = next(part for part in parts if part.type == "expression")
        collection = self.expression(source, loose=True)
        bodies = [self.expression(part, loose=True) for part in rest if part.type == "expression"]
        condition = None
        for part in rest:
            if part.type == "for_cond":
                condition = self.expression(significant(part)[1], loose=True)
        where = self.range(node)
        if node.type == "for_tuple_expr":
            return ForTuple(key_name, value_name, collection, bodies[0], condition, where)
        grouping = any(part.type == "ellipsis" for part in rest)
        key, value = bodies
        return ForObject(key_name, value_name, collection, key, value, condition, grouping, where)

    def _postfixes(self, base: Expression, first: Node, postfixes: Sequence[Node]) -> Expression:
        """Apply ``.name``, ``[key]`` and splats to ``base``, which begins at ``first``."""
        for position, node in enumerate(postfixes):
            where = self.range(first, node)
            if node.type in {".*", "[*]"}:
                return self._splat(base, first, postfixes[position:])
            base = self._step(base, node, where)
        return base

    def _step(self, base: Expression, node: Node, where: SourceRange) -> Expression:
        if node.type == "get_attr":
            name = significant(node)[-1]
            return GetAttribute(base, normalize(self._text(name)), where)
        if node.type == "legacy_index":
            digits = _OLD_INDEX.findall(self._text(node))[0]
            return Index(base, Literal(self._number(digits, node), self.range(node)), where)
        return Index(base, self.expression(significant(node)[1], loose=True), where)

    def _splat(self, base: Expression, first: Node, postfixes: Sequence[Node]) -> Expression:
        """Lower a splat: a full one takes all that follows, the other only attributes."""
        marker, following = postfixes[0], postfixes[1:]
        item = SplatItem(self.range(marker))
        if marker.type == "[*]":
            each = self._postfixes(item, marker, following)
            return Splat(base, each, True, self.range(first, postfixes[-1]))  # noqa: FBT003
        taken = 0
        while taken < len(following) and following[taken].type in {"get_attr", "legacy_index"}:
            taken += 1
        if taken < len(following) and following[taken].type == ".*":
            detail = 'Use "[*]" instead of ".*" for a splat inside another.'
            self.fail("Nested splat", detail, following[taken])
        each = self._postfixes(item, marker, following[:taken])
        splat = Splat(base, each, False, self.range(first, postfixes[taken]))  # noqa: FBT003
        return self._postfixes(splat, first, following[taken:])

    def _apart(self, before: Node, after: Node) -> None:
        """Refuse digits, a period and digits: HCL reads ``0.0`` as one number, here too."""
        if before.end_byte == after.start_byte:
            text = self._text(before).lstrip(".") + self._text(after)
            detail = f'"{text}" is read as one number. Write indexes in brackets: [0][0].'
            self.fail("Invalid number", detail, before, after)

    def _text(self, node: Node) -> str:
        return self.text.text(node.start_byte, node.end_byte)

    def _flat(self, postfixes: Sequence[Node], *, loose: bool) -> list[Node]:
        """Return postfixes one by one: splats are opened, ``index`` nodes unwrapped."""
        found: list[Node] = []
        for node in postfixes:
            if node.type == "index":
                found.append(node.children[0])
            elif node.type == "splat":
                marker, *inner = significant(node.children[0])
                found.append(marker)
                found.extend(self._flat(inner, loose=loose))
            else:
                found.append(node)
        for before, after in pairwise(found):
            if before.type == after.type == "legacy_index":
                self._apart(before, after)
        for node in found:
            if node.type == "get_attr":
                self._on_one_line(significant(node), loose=loose)
        return found

    def _on_one_line(self, children: Sequence[Node], *, loose: bool) -> None:
        """Refuse a line break between children, where HCL ends the expression."""
        if loose or children[0].end_point[0] == children[-1].start_point[0]:
            return
        for before, after in pairwise(children):
            bracketed = before.type == "(" or after.type == ")"
            if not bracketed and self._gaps.line_break(before, after):
                detail = (
                    "An expression ends with its line. Put it in parentheses to go on in "
                    "the next one."
                )
                self.fail("Line break in an expression", detail, after)


def significant(node: Node) -> list[Node]:
    """Return the children that are not comments; a child that is missing never counts."""
    return [child for child in node.children if child.type != "comment"]
