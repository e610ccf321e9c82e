"""How every changing call is made: sent once, translated, tried again only after "not yet"."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from declarative.aws.failures import NotFoundError
from declarative.aws.retries import persist

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mypy_boto3_lambda import LambdaClient

    from declarative.aws.failures import Place
    from declarative.aws.retries import Pacing

_T = TypeVar("_T")


class Changing:
    """Makes changing calls in one account and region.

    Attributes:
        place: The connector and region, for messages.
        writing: Returns a client that sends each call once.
        pacing: How to wait before a call that AWS refused "for now" is sent again.
    """

    place: Place
    writing: Callable[[], LambdaClient]
    pacing: Pacing

    def change(
        self,
        operation: str,
        subject: str,
        call: Callable[[LambdaClient], _T],
        *,
        secrets: Collection[str] = (),
    ) -> _T:
        """Return what a changing call answers; ``secrets`` are kept out of messages."""
        client = self.writing()
        with self.place.translating(operation, subject, changing=True, secrets=secrets):
            return persist(lambda: call(client), self.pacing)

    def remove(self, operation: str, subject: str, call: Callable[[LambdaClient], object]) -> None:
        """Make a removing call; what is not there any more is no error."""
        try:
            self.change(operation, subject, call)
        except NotFoundError:
            return
