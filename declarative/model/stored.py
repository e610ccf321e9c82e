"""Reading documents that state keeps, whatever version of lamform has written them."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from declarative.errors import LamformError
from declarative.model.base import Frozen

Document = TypeVar("Document", bound=Frozen)


def read(kind: type[Document], data: bytes, what: str) -> Document:
    """Return a stored document.

    Args:
        kind: The document's model.
        data: What is stored.
        what: What a person calls it.

    Raises:
        LamformError: a newer version wrote it, or it is damaged.
    """
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        newer = [one for one in problems if one["type"] in ("extra_forbidden", "literal_error")]
        place = ".".join(str(step) for step in (newer or problems)[0]["loc"])
        if newer:
            raise LamformError.of(
                "The state was written by a newer version",
                f"{what} has {place}, which this version of lamform does not know. Use a version "
                "at least as new as the one that wrote it.",
            ) from error
        raise LamformError.of(
            "The state is damaged",
            f"{what} cannot be read at {place}: {problems[0]['msg']}. lamform state verify says "
            "what else is damaged.",
        ) from error
