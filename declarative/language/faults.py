"""The error with which lowering gives up on one attribute or block header."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from declarative.errors import Diagnostic


class SyntaxFaultError(Exception):
    """What is being lowered is wrong; reading goes on with the next statement."""

    def __init__(self, diagnostic: Diagnostic, *, line_break_in_string: bool = False) -> None:
        """Carry the one diagnostic, and whether a string ran over its line."""
        super().__init__(diagnostic)
        self.diagnostic = diagnostic
        self.line_break_in_string = line_break_in_string
