"""Every package says in its docstring where its borders are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A package inside one of these has the borders of its parent.
PACKAGES = [
    "backends",
    "declarative",
    *sorted(f"declarative/{path.parent.name}" for path in ROOT.glob("declarative/*/__init__.py")),
]
BORDER = re.compile(
    r"\b(may|must) not (be )?import|\bimports nothing|\bnothing\b.* may import", re.IGNORECASE
)


@pytest.mark.parametrize("package", PACKAGES)
def test_docstring_says_what_may_not_be_imported(package: str) -> None:
    source = (ROOT / package / "__init__.py").read_text(encoding="utf-8")
    docstring = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    assert BORDER.search(docstring), f"{package}/__init__.py: say what may not be imported"
