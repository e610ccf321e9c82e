"""What ``explain`` found, as text for people."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Final

from declarative.render.literals import dotted, literal
from declarative.render.look import Look, Style, columns, padded, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from declarative.render.documents import (
        ExplainDocument,
        ExplainedItem,
        ExplainedOrigin,
        ExplainedRelease,
    )

_TITLES: Final = {
    "variable": "Variables",
    "function": "Function",
    "environment_variable": "Environment variables",
    "tag": "Tags",
    "alias": "Aliases",
    "setting": "Settings",
}
_WIDEST: Final = 32
"""Names up to this many columns are aligned; a longer one stands for itself."""


def explanation_text(found: ExplainDocument, look: Look) -> str:
    """Return each release with its values, and under each value where it comes from."""
    return "\n".join(
        "\n".join(look.clip(line) for line in _release(one, look)) + "\n" for one in found.releases
    )


def requests_text(found: ExplainDocument, look: Look) -> str:
    """Return the requests that would create each release."""
    parts = []
    for release in found.releases:
        for request in release.requests:
            title = f"# {printable(release.address)}: {request.operation}"
            body = json.dumps(request.parameters, indent=2, ensure_ascii=False)
            lines = "\n".join(printable(line) for line in body.split("\n"))
            parts.append(f"{look.paint(title, Style.BOLD)}\n{lines}\n")
    return "\n".join(parts)


def _release(release: ExplainedRelease, look: Look) -> Iterator[str]:
    yield look.paint(f"# {printable(release.address)}", Style.BOLD)
    yield f"  service {release.service}, environment {release.environment}"
    yield f"  {printable(release.infrastructure)}"
    order = list(_TITLES)
    items = sorted(release.items, key=lambda item: order.index(item.kind))
    for kind, group in groupby(items, key=lambda item: item.kind):
        yield ""
        yield look.paint(_TITLES[kind], Style.BOLD)
        yield from _items(list(group), look)


def _items(items: Iterable[ExplainedItem], look: Look) -> Iterator[str]:
    rows = [(dotted(str(step) for step in item.path), item) for item in items]
    widths = [columns(name) for name, _ in rows if columns(name) <= _WIDEST]
    longest = max(widths, default=0)
    for name, item in rows:
        yield f"  {padded(name, longest)} = {_value(item)}"
        yield look.paint(f"      {_from(item)}", Style.FAINT)
        for one in item.overridden:
            yield look.paint(f"      overrides {_value(one)}, {_from(one)}", Style.FAINT)


def _value(origin: ExplainedOrigin) -> str:
    if origin.sensitive:
        return "(sensitive)"
    if origin.unknown:
        return "(known after apply)"
    return literal(origin.value)


def _from(origin: ExplainedOrigin) -> str:
    if origin.place is None:
        return origin.layer
    return f"{origin.layer}, {printable(origin.place.filename)}:{origin.place.line}"
