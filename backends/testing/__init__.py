"""The contract of `backends.base.StateBackend` as tests, for the authors of backends.

Subclass `BackendContract` in a test module and say how to open a handle; pytest does the rest::

    class TestMyBackend(BackendContract):
        @pytest.fixture(autouse=True)
        def _place(self, tmp_path: Path) -> None:
            self.place = tmp_path

        def open(self, project: str) -> StateBackend:
            return MyBackend(self.place, project)

``open`` is called several times in one test; all handles must look at the same storage, which
must be empty when a test starts.  No test waits: an expired lease is one with a term of zero.
pytest must be installed; it is not among the dependencies of the package.

`backends.testing.life` is a short life of a state, to be killed anywhere in it.
"""

from __future__ import annotations

import pytest

_PARTS = ("existence", "history", "leases", "pruning", "runs")
# Before their import, so that a failing assert of theirs shows its values.
pytest.register_assert_rewrite(*(f"backends.testing.{name}" for name in _PARTS))

from backends.testing.existence import ExistenceCase  # noqa: E402 - see above
from backends.testing.history import HistoryCase  # noqa: E402
from backends.testing.leases import LeaseCase  # noqa: E402
from backends.testing.pruning import PruningCase  # noqa: E402
from backends.testing.runs import RunCase  # noqa: E402

__all__ = ["BackendContract"]


class BackendContract(ExistenceCase, HistoryCase, LeaseCase, PruningCase, RunCase):
    """What every backend must do; ``open`` is the one thing to provide."""
