"""``lamform validate``: Terraform's document, no network, nothing written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

KEYS = {"format_version", "valid", "error_count", "warning_count", "diagnostics"}


def test_success_names_what_was_checked(shell: Shell) -> None:
    answer = shell("validate")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "Success! The configuration is valid: 2 releases.\n"


def test_warnings_are_shown_and_counted(shell: Shell) -> None:
    (shell.root / "more.lamformvars").write_text('unread = "x"\n', "utf-8")
    answer = shell("validate", "--var-file", "more.lamformvars")
    assert answer.code == 0
    assert answer.out == "Success! The configuration is valid, with warnings: 2 releases.\n"
    assert "Warning: " in answer.err
    document = shell("validate", "--json", "--var-file", "more.lamformvars").json
    assert document.keys() == KEYS
    assert (document["valid"], document["error_count"], document["warning_count"]) == (True, 0, 1)
    assert document["diagnostics"][0]["severity"] == "warning"


def test_variables_of_the_command_line_are_judged(shell: Shell) -> None:
    assert shell("validate", "--var", "memory=256").code == 0
    answer = shell("validate", "--json", "--var", "memory=much")
    assert answer.code == 1
    assert answer.json.keys() == KEYS
    assert (answer.json["valid"], answer.json["error_count"]) == (False, 1)
    assert "memory" in answer.json["diagnostics"][0]["summary"]


@pytest.mark.parametrize("command", [("validate",), ("validate", "--json")])
def test_no_network_and_no_state(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert shell(*command).code == 0
    assert not list(shell.root.glob(".lamform/state*"))
