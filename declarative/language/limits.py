"""How much one expression may compute: more is a mistake or an attack, and would never end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TEXT: Final = 2**26
MOST_ELEMENTS: Final = 1_000_000
MOST_TURNS: Final = 1_000_000
DEEPEST_TEMPLATE: Final = 30
_TURNS_OF_A_TEMPLATE: Final = 100  # about what reading and rendering one costs


@dataclass(slots=True)
class Work:
    """What the loops and templates inside one outermost loop or template did so far."""

    turns: int = 0
    templates: int = 0

    def turn(self, turns: int = 1) -> None:
        """Count turns of a loop.

        Raises:
            EvaluationError: they are too many.
        """
        self.turns += turns
        if self.turns > MOST_TURNS:
            detail = (
                f"The loops and templates in this expression take more than {MOST_TURNS:,} turns "
                "together. Loop over fewer elements, or keep what does not change in a local."
            )
            raise EvaluationError.of("Too much to evaluate", detail)

    @contextmanager
    def template(self) -> Iterator[None]:
        """Count a template, which may begin inside of others.

        Raises:
            EvaluationError: they are too many.
        """
        if self.templates == DEEPEST_TEMPLATE:
            detail = (
                f"Templates take in templates more than {DEEPEST_TEMPLATE} deep. A template that "
                "takes itself in needs a condition that ends."
            )
            raise EvaluationError.of("Templates nested too deeply", detail)
        self.turn(_TURNS_OF_A_TEMPLATE)
        self.templates += 1
        try:
            yield
        finally:
            self.templates -= 1


def check_text(size: int) -> None:
    """Refuse a text of so many characters.

    Raises:
        EvaluationError: it is too long.
    """
    if size > LONGEST_TEXT:
        detail = f"The text would have {size:,} characters; at most {LONGEST_TEXT:,} are possible."
        raise EvaluationError.of("Text too long", detail)


def check_elements(count: int) -> None:
    """Refuse a collection of so many elements.

    Raises:
        EvaluationError: it is too large.
    """
    if count > MOST_ELEMENTS:
        detail = f"The result would have more than {MOST_ELEMENTS:,} elements."
        raise EvaluationError.of("Too many elements", detail)
