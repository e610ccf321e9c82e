"""``lamform fmt``: the one layout of a file, which is Terraform's.

Only white space changes, but for three old spellings: ``"${x}"`` that is a whole value
becomes ``x``, labels are quoted, and the ``type`` of a variable loses its quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.errors import ConfigurationError
from declarative.language.format_layout import lay_out
from declarative.language.format_spelling import modernise
from declarative.language.reading import parse
from declarative.language.tokens import source_of, tokens_of

if TYPE_CHECKING:
    from typing import Final

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def format_source(source: bytes, filename: str) -> bytes:
    """Return ``source`` in its canonical layout; what has it already comes back as it is.

    Raises:
        ConfigurationError: the file has syntax errors, all of which are in the exception.
    """
    parsed = parse(source, filename)
    if parsed.diagnostics:
        raise ConfigurationError(parsed.diagnostics)
    start = len(_BYTE_ORDER_MARK) if source.startswith(_BYTE_ORDER_MARK) else 0
    tokens = modernise(tokens_of(source, start), parsed.body)
    lay_out(tokens)
    # Spaces behind the last line break are no line's, and stay.
    rest = len(source) - max(len(source.rstrip(b" \t")), start)
    return source_of(tokens) + b" " * rest
