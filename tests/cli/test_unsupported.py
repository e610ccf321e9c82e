"""What no plan acts on yet: taken by the commands that read, refused by those that act."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

SEED = 'provisioner "shell" "seed" {\n  script = "true"\n}\n'
NETWORK = 'provisioner "terraform" "network" {\n  dir = "network"\n}\n'


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve", "--new-state")])
def test_commands_that_act_refuse_all_of_it_and_do_nothing(
    shell: Shell, command: tuple[str, ...]
) -> None:
    (shell.root / "more.lamform.hcl").write_text(SEED + NETWORK, "utf-8")
    answer = shell(*command)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("Not supported yet") == 2
    assert "on more.lamform.hcl line 1, in provisioner.shell.seed" in answer.err
    assert "on more.lamform.hcl line 4, in provisioner.terraform.network" in answer.err
    assert not list(shell.root.glob(".lamform/state*"))


@pytest.mark.parametrize("command", [("validate",), ("explain", "hello")])
def test_commands_that_read_take_it(shell: Shell, command: tuple[str, ...]) -> None:
    (shell.root / "more.lamform.hcl").write_text(SEED + NETWORK, "utf-8")
    assert shell(*command).code == 0


def test_a_bucket_that_is_not_there_is_said(shell: Shell) -> None:
    text = (shell.root / "lamform.hcl").read_text("utf-8")
    backend = 'backend "s3" {\n    bucket         = "nowhere"\n    use_path_style = true\n  }\n'
    found = text.replace("lamform {\n", f"lamform {{\n  {backend}", 1)
    (shell.root / "lamform.hcl").write_text(found, "utf-8")
    assert shell("validate").code == 0
    answer = shell("plan")
    assert answer.code == 1
    assert "There is no such bucket" in answer.err


@pytest.mark.parametrize(
    ("order", "memory"),
    [
        (("--var", "memory=256", "--var-file", "x.lamformvars"), "512"),
        (("--var-file=x.lamformvars", "--var=memory=256"), "256"),
        (("--var", "memory=1", "--var-file", "x.lamformvars", "--var", "memory=256"), "256"),
    ],
)
def test_variables_win_in_the_order_of_the_command_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...], memory: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("var.memory\n"))
    (shell.root / "x.lamformvars").write_text("memory = 512\n", "utf-8")
    assert shell("console", *order).out.strip() == memory


def test_a_warning_of_the_files_is_shown_by_plan(shell: Shell) -> None:
    path = shell.root / "lamform.hcl"
    text = path.read_text("utf-8").replace('region = "us-east-1"', 'region = "us-esat-1"', 1)
    path.write_text(text, "utf-8")
    answer = shell("validate")
    assert answer.code == 0
    assert 'Did you mean "us-east-1"?' in answer.err
