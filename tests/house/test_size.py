"""Modules and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MODULE_LINES = 450
FUNCTION_LINES = 60


def sources() -> Iterator[tuple[str, str]]:
    for package in ("declarative", "backends"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_too_long() -> None:
    lengths = {name: len(text.splitlines()) for name, text in sources()}
    too_long = {name: lines for name, lines in lengths.items() if lines > MODULE_LINES}
    assert not too_long, f"over {MODULE_LINES} lines, split along a seam: {too_long}"


def test_no_function_is_too_long() -> None:
    too_long = {
        f"{name}:{function}": lines
        for name, text in sources()
        for function, lines in functions(text)
        if lines > FUNCTION_LINES
    }
    assert not too_long, f"over {FUNCTION_LINES} lines: {too_long}"
