"""What stands between two tokens: where HCL asks for a line break, and where it forbids one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Node

    from declarative.language.source import SourceText

_BLOCK_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)


class Gaps:
    """The gaps between the nodes of one source text."""

    def __init__(self, text: SourceText) -> None:
        """Look into ``text``."""
        self._text = text

    def line_break(self, before: Node, after: Node) -> bool:
        """Whether a line ends between the nodes; inside a comment of several it does not."""
        if before.end_point[0] == after.start_point[0]:
            return False
        gap = self._text.text(before.end_byte, after.start_byte)
        return "\n" in _BLOCK_COMMENT.sub("", gap)
