"""From tree-sitter's concrete tree to our syntax tree: bodies, attributes and blocks."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NoReturn

from declarative.errors import Diagnostic, SourceRange
from declarative.language.faults import SyntaxFaultError
from declarative.language.gaps import Gaps
from declarative.language.lower import ExpressionLowering, significant
from declarative.language.mistakes import explain, spotted
from declarative.language.nodes import Attribute, Block, Body, Label, Literal
from declarative.language.templates import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tree_sitter import Node

    from declarative.language.source import SourceText


_STATEMENTS: Final = frozenset({"attribute", "block"})


class BodyLowering:
    """Lowers the bodies of one file and gathers what is wrong.

    Attributes:
        diagnostics: What was wrong so far.
        line_breaks_in_strings: A quoted string ran over its line, so that what the
            parser took for code and text may be the wrong way round.
    """

    def __init__(self, text: SourceText) -> None:
        """Lower nodes that were parsed from ``text``."""
        self._text = text
        self._expressions = ExpressionLowering(text)
        self._gaps = Gaps(text)
        self.diagnostics: list[Diagnostic] = []
        self.line_breaks_in_strings = False
        self._lines: set[int] = set()

    def body(self, node: Node) -> Body:
        """Return the body of a ``config_file`` or ``body`` node, without its bad parts."""
        statements: list[Node] = []
        for child in significant(node):
            statements.extend(significant(child) if child.type == "body" else [child])
        if node.type != "body" and any(s.type not in _STATEMENTS for s in statements):
            # Fragments of a broken block look like attributes of the file.
            self._take(explain(node, self._text))
            return Body((), ())
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        for statement in statements:
            self._lower(statement, attributes, blocks)
        self._on_own_lines(statements)
        return Body(
            self.distinct(attributes),
            tuple(blocks),
            self._text.range(node.start_byte, node.end_byte),
        )

    def distinct(self, attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
        """Return the attributes, reporting each that has the name of an earlier one."""
        found: dict[str, Attribute] = {}
        for attribute in attributes:
            first = found.setdefault(attribute.name, attribute)
            if first is not attribute:
                line = first.name_range.start.line
                detail = f'"{attribute.name}" is already set on line {line}; remove one of them.'
                self._report("Attribute set twice", detail, attribute.name_range)
        return tuple(found.values())

    def _lower(self, node: Node, attributes: list[Attribute], blocks: list[Block]) -> None:
        try:
            if node.type == "block" and not node.is_missing:
                blocks.append(self._block(node))
            elif node.type == "attribute" and not node.has_error:
                attributes.append(self._attribute(node))
            else:
                self._take(explain(node, self._text))
        except SyntaxFaultError as error:
            self.line_breaks_in_strings |= error.line_break_in_string
            self._take([error.diagnostic])
        except RecursionError:
            where = self._text.range(node.start_byte, node.end_byte)
            if node.type == "block":
                detail = "No block of the language stands more than a few blocks deep."
                self._report("Blocks nested too deeply", detail, where)
            else:
                detail = "Split the expression up with locals."
                self._report("Expression nested too deeply", detail, where)

    def _attribute(self, node: Node) -> Attribute:
        name, equals, value = significant(node)
        self._plain_name(name)
        if self._gaps.line_break(name, equals) or self._gaps.line_break(equals, value):
            detail = "The value begins on the line of the name and the equals sign."
            self._fail("Line break in an attribute", detail, value)
        one_line = node.start_point[0] == node.end_point[0]
        expression = self._expressions.expression(value, loose=one_line)
        return Attribute(
            normalize(self._source(name)),
            self._range(name),
            expression,
            self._range(node),
        )

    def _block(self, node: Node) -> Block:
        children = significant(node)
        opening = next((i for i, c in enumerate(children) if c.type == "block_start"), None)
        if opening is None or any(child.has_error for child in children[:opening]):
            raise SyntaxFaultError(next(iter(explain(node, self._text))))
        header = children[:opening]
        self._plain_name(header[0])
        heading = children[: opening + 1]
        if any(self._gaps.line_break(before, after) for before, after in pairwise(heading)):
            detail = "The opening brace of a block stands on the line of its name and labels."
            self._fail("Line break before a brace", detail, header[0], header[-1])
        labels = tuple(self._label(child) for child in header[1:])
        inner = [child for child in children[opening + 1 :] if child.type != "block_end"]
        if children[-1].is_missing or children[-1].type != "block_end":
            detail = 'The block has no closing "}".'
            self._report("Missing closing brace", detail, self._range(header[0], header[-1]))
        else:
            self._layout(children[opening], inner, children[-1])
        return Block(
            normalize(self._source(header[0])),
            self._range(header[0]),
            labels,
            self._inner(node, inner),
            self._range(node),
            self._range(header[0], header[-1]),
        )

    def _inner(self, block: Node, inner: Sequence[Node]) -> Body:
        bodies = [self.body(child) for child in inner if child.type == "body"]
        for child in inner:
            if child.type != "body":
                self._take(explain(child, self._text))
        return bodies[0] if bodies else Body((), (), self._range(block))

    def _label(self, node: Node) -> Label:
        if node.type == "identifier":
            return Label(normalize(self._source(node)), self._range(node), quoted=False)
        raw = self._source(node)[1:-1].replace("$${", "").replace("%%{", "")
        if "${" in raw or "%{" in raw:
            detail = "A label is plain text; write $${ for the two characters."
            self._fail("Template in a label", detail, node)
        text = self._expressions.expression_of_string(node)
        label = text.value if isinstance(text, Literal) else ""
        return Label(str(label), self._range(node))

    def _plain_name(self, node: Node) -> None:
        name = self._source(node)
        if "." in name or "::" in name:
            detail = f'"{name}" cannot be set here: names are letters, digits, "_" and "-".'
            self._fail("Invalid name", detail, node)

    def _layout(self, opening: Node, inner: Sequence[Node], closing: Node) -> None:
        """Check HCL's two forms of a block: many lines, or one attribute on one line."""
        statements = [s for body in inner for s in significant(body)]
        if not statements:
            return
        first, last = statements[0], statements[-1]
        if not self._gaps.line_break(opening, first):
            single = len(statements) == 1 and first.type == "attribute"
            if not single or self._gaps.line_break(first, closing):
                detail = "A block on one line holds a single attribute; use one line for each."
                where = self._range(opening, closing)
                self._report("Too much on one line", detail, where)
        elif not self._gaps.line_break(last, closing):
            detail = 'Put the closing "}" on a line of its own.'
            self._report("Missing line break", detail, self._range(closing))

    def _on_own_lines(self, statements: Sequence[Node]) -> None:
        for before, after in pairwise(statements):
            good = before.type in _STATEMENTS and after.type in _STATEMENTS
            if good and not self._gaps.line_break(before, after):
                detail = "Every attribute and block begins on a line of its own."
                line = self._text.line_of(after.start_byte)
                broken = Diagnostic("Missing line break", detail, range=self._range(after))
                self._take([spotted(self._text, line, line) or broken])

    def _take(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep the first diagnostic of a line: the others are its consequences."""
        for item in diagnostics:
            line = item.range.start.line if item.range else 0
            if line not in self._lines:
                self._lines.add(line)
                self.diagnostics.append(item)

    def _report(self, summary: str, detail: str, where: SourceRange) -> None:
        self._take([Diagnostic(summary, detail, range=where)])

    def _fail(self, summary: str, detail: str, first: Node, last: Node | None = None) -> NoReturn:
        raise SyntaxFaultError(Diagnostic(summary, detail, range=self._range(first, last)))

    def _range(self, first: Node, last: Node | None = None) -> SourceRange:
        return self._text.range(first.start_byte, (last or first).end_byte)

    def _source(self, node: Node) -> str:
        return self._text.text(node.start_byte, node.end_byte)
