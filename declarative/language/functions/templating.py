"""``templatefile`` and ``templatestring``: templates that are not written in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from declarative.language.calls import CallContext, Function, refuse
from declarative.language.expressions import evaluate
from declarative.language.functions.filesystem import read_text
from declarative.language.functions.results import MAPPINGS, members_of, plain, require, text
from declarative.language.functions.results import text_of as content_of
from declarative.language.limits import Work
from declarative.language.nodes import Literal, Template, Text
from declarative.language.reading import parse_expression
from declarative.language.types import convert
from declarative.language.values import STRING, Value

_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_MARKER: Final = "EOT"


@dataclass(frozen=True, slots=True)
class _Scope:
    """The names that a template may use: its variables and nothing else."""

    context: CallContext
    functions: Mapping[str, Function]
    variables: Mapping[str, Value]

    def lookup(self, name: str) -> Value | None:
        return self.variables.get(name)

    def names(self) -> Sequence[str]:
        return list(self.variables)


def _parsed(source: str, filename: str) -> Template | Literal:
    """Return a template as heredocs have them, whose text ends without a line break."""
    marker = _MARKER
    while marker in source:
        marker += "_"
    node = parse_expression(f"<<{marker}\n{source}\n{marker}", filename)
    if isinstance(node, Literal):
        return replace(node, value=str(node.value).removesuffix("\n"))
    if not isinstance(node, Template):
        raise refuse("this is not one template", 0)
    last = node.parts[-1]
    if not isinstance(last, Text):
        return node
    shortened = last.text.removesuffix("\n")
    kept = (replace(last, text=shortened),) if shortened else ()
    return replace(node, parts=(*node.parts[:-1], *kept))


def functions(builtins: Callable[[], Mapping[str, Function]]) -> tuple[Function, ...]:
    """Return both functions; their templates call those that ``builtins`` returns.

    ``builtins`` is asked when a template is evaluated: these two are among them, and a
    template may take in further templates, itself too as long as that comes to an end.
    """

    def rendered(context: CallContext, source: str, filename: str, variables: Value) -> Value:
        members = members_of(require(variables, MAPPINGS, "a map or object", 1))
        wrong = [name for name in members if not _NAME.fullmatch(name)]
        if wrong:
            raise refuse(f'"{wrong[0]}" is not a name that a template could use', 1)
        node = _parsed(source, filename)
        work = context.work or Work()
        inner = _Scope(replace(context, work=work), builtins(), members)
        with work.template():
            made = evaluate(node, inner)
        return replace(made, residual=None)

    def from_file(context: CallContext, given: Sequence[Value]) -> Value:
        return rendered(context, read_text(context, given[0]), content_of(given[0]), given[1])

    def from_string(context: CallContext, given: Sequence[Value]) -> Value:
        made = rendered(context, content_of(given[0]), "<template>", given[1])
        return convert(made, STRING)

    return (
        Function(
            "templatefile", (text("path"), plain("vars")), None, from_file, reads_outside=True
        ),
        Function("templatestring", (text("template"), plain("vars")), None, from_string, STRING),
    )
