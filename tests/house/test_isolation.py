"""Tests reach nobody's account, home directory or network."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_connections_beyond_loopback_are_refused() -> None:
    refused = pytest.warns(UserWarning, match="connect")
    with refused, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_nobody_is_logged_in(empty_home: Path) -> None:
    names = {name for name in os.environ if name.startswith(("AWS_", "LAMFORM_"))}
    assert names == {"AWS_EC2_METADATA_DISABLED"}
    assert Path.home() == empty_home


@given(st.integers())
def test_hypothesis_uses_a_profile_of_ours(number: int) -> None:
    assert settings.default is not None
    assert settings.default.max_examples in {25, 200}
