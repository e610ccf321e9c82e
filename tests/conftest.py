"""What holds for every test: Hypothesis profiles, and no trace of the person who runs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

# No deadlines: tests share the machine with each other, and a slow run is no wrong answer.
settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

_PREFIXES = ("AWS_", "BOTO_", "LAMFORM_", "TF_", "XDG_")
_COLOURS = {"CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "NO_COLOR", "PY_COLORS"}


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _isolated_environment(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide credentials, settings and home directory of whoever runs the tests."""
    for name in os.environ:
        if name.startswith(_PREFIXES) or name in _COLOURS:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))
    # Looking for credentials there would be a connection beyond loopback.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
