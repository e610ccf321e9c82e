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


def test_a_large_project_keeps_its_syntax_trees_and_nothing_else(shell: Shell) -> None:
    filler = "# filler\n" * 2000
    (shell.root / "more.lamform.hcl").write_text("locals {\n  a = upper(1)\n}\n" + filler, "utf-8")
    cold, warm = shell("validate"), shell("validate")
    assert (cold.code, warm) == (0, cold)
    written = {path.name for path in shell.root.glob(".lamform/**/*")}
    assert written == {".gitignore", "cache", "syntax"}


def test_errors_are_the_same_with_and_without_kept_trees(shell: Shell) -> None:
    wrong = "locals {\n  a = upper(1, 2)\n  b = local.aa\n}\n" + "# filler\n" * 2000
    (shell.root / "more.lamform.hcl").write_text(wrong, "utf-8")
    cold, warm = shell("validate"), shell("validate")
    assert cold.code == 1
    assert "more.lamform.hcl line 2" in cold.err
    assert "upper(1, 2)" in cold.err
    assert (warm.code, warm.err) == (cold.code, cold.err)


def test_trees_lie_where_the_state_was_moved(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("LAMFORM_STATE_DIR", str(elsewhere))
    (shell.root / "more.lamform.hcl").write_text("# filler\n" * 3000, "utf-8")
    assert shell("validate").code == 0
    assert not (shell.root / ".lamform").exists()
    assert (elsewhere / "cache" / "syntax").exists()
