"""Two versions of a text as a unified diff, which ``patch -p1`` can apply."""

from __future__ import annotations

import difflib
from io import StringIO
from typing import TYPE_CHECKING, Final

from declarative.render.look import Look, Style, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_STYLES: Final = {"+": Style.ADDED, "-": Style.REMOVED, "@": Style.NOTE}
_UNENDED: Final = "\\ No newline at end of file"


def difference(name: str, old: str, new: str, look: Look) -> str:
    """Return the changed lines of the file ``name`` with three lines around them.

    Texts that are equal have no difference, not even a header.
    """
    return "".join(line + "\n" for line in _lines(name, old, new, look))


def _lines(name: str, old: str, new: str, look: Look) -> Iterator[str]:
    # Lines end where HCL's do; str.splitlines() knows many more ends.
    before, after = list(StringIO(old)), list(StringIO(new))
    found = difflib.unified_diff(before, after, f"old/{name}", f"new/{name}")
    for number, line in enumerate(found):
        style = Style.BOLD if number < len(("---", "+++")) else _STYLES.get(line[0], Style.PLAIN)
        yield look.paint(_safe(line.removesuffix("\n")), style)
        if not line.endswith("\n"):
            yield _UNENDED


def _safe(line: str) -> str:
    """Return the line printable, with its tabs and its CR: an escape would not be its text."""
    end = "\r" if line.endswith("\r") else ""
    return "\t".join(map(printable, line.removesuffix("\r").split("\t"))) + end
