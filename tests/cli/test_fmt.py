"""``lamform fmt``: what it rewrites, what it leaves, what it says."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import LAMFORM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

UGLY = "locals {\n a=1\n  bbb   = 2 # two\n}\n"
TIDY = "locals {\n  a   = 1\n  bbb = 2 # two\n}\n"
BROKEN = "locals {\n  a = [\n"


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path = path.with_name(path.name.replace("_", "."))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def test_the_files_of_the_project_are_rewritten(empty: Shell) -> None:
    put(empty.root, a_lamform_hcl=UGLY, b_lamform_hcl=TIDY, c_lamformvars="x=1\nyy=2\n")
    put(empty.root, other_hcl=UGLY, sub__d_lamform_hcl=UGLY)
    answer = empty("fmt")
    assert (answer.code, answer.out, answer.err) == (0, "a.lamform.hcl\nc.lamformvars\n", "")
    assert (empty.root / "a.lamform.hcl").read_text() == TIDY
    assert (empty.root / "c.lamformvars").read_text() == "x  = 1\nyy = 2\n"
    assert (empty.root / "other.hcl").read_text() == UGLY
    assert (empty.root / "sub" / "d.lamform.hcl").read_text() == UGLY
    assert empty("fmt").out == ""


def test_subdirectories_and_named_files(empty: Shell) -> None:
    put(empty.root, other_hcl=UGLY, sub__d_lamform_hcl=UGLY, node_modules=UGLY)
    (empty.root / "node.modules").unlink()
    put(empty.root / "sub", node_lamform_hcl=UGLY)
    (empty.root / ".terraform").mkdir()
    (empty.root / ".terraform" / "x.lamform.hcl").write_text(UGLY)
    answer = empty("fmt", "--recursive", "other.hcl", ".")
    assert answer.out.split() == ["other.hcl", "sub/d.lamform.hcl", "sub/node.lamform.hcl"]
    assert (empty.root / ".terraform" / "x.lamform.hcl").read_text() == UGLY


def test_check_writes_nothing(empty: Shell) -> None:
    put(empty.root, a_lamform_hcl=UGLY, b_lamform_hcl=TIDY)
    answer = empty("fmt", "--check", "--diff")
    assert answer.code == 1
    assert answer.out == (
        "a.lamform.hcl\n--- old/a.lamform.hcl\n+++ new/a.lamform.hcl\n@@ -1,4 +1,4 @@\n"
        " locals {\n- a=1\n-  bbb   = 2 # two\n+  a   = 1\n+  bbb = 2 # two\n }\n"
    )
    assert (empty.root / "a.lamform.hcl").read_text() == UGLY
    assert empty("fmt", "--check", "b.lamform.hcl").code == 0


def test_a_diff_is_a_patch(empty: Shell) -> None:
    put(empty.root, a_lamform_hcl=UGLY.rstrip("\n"))
    diff = empty("fmt", "--check", "--diff").out.split("\n", 1)[1]
    assert "\\ No newline at end of file\n" in diff
    subprocess.run(["git", "apply", "-p1"], input=diff.encode(), cwd=empty.root, check=True)
    assert (empty.root / "a.lamform.hcl").read_text() == TIDY.rstrip("\n")


def test_a_broken_file_stays_and_the_others_do_not(empty: Shell) -> None:
    put(empty.root, a_lamform_hcl=BROKEN, b_lamform_hcl=UGLY)
    answer = empty("fmt")
    assert (answer.code, answer.out) == (1, "b.lamform.hcl\n")
    assert "on a.lamform.hcl line 2" in answer.err
    assert "  2:   a = [" in answer.err
    assert (empty.root / "a.lamform.hcl").read_text() == BROKEN
    assert (empty.root / "b.lamform.hcl").read_text() == TIDY


@pytest.mark.parametrize(
    ("arguments", "code", "out"),
    [((), 0, TIDY), (("--check",), 1, ""), (("--json",), 0, None)],
)
def test_stdin_is_written_to_stdout(
    empty: Shell, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, out: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    answer = empty("fmt", "-", *arguments)
    assert answer.code == code
    if out is None:
        (file,) = json.loads(answer.out)["files"]
        assert file == {"file": "<stdin>", "changed": True, "content": TIDY}
    else:
        assert answer.out == out


def test_json_names_every_file_and_every_error(empty: Shell) -> None:
    put(empty.root, a_lamform_hcl=BROKEN, b_lamform_hcl=UGLY, c_lamform_hcl=TIDY)
    answer = empty("fmt", "--json", "--diff")
    assert answer.code == 1
    assert [(one["file"], one["changed"]) for one in answer.json["files"]] == [
        ("b.lamform.hcl", True),
        ("c.lamform.hcl", False),
    ]
    assert answer.json["files"][0]["diff"].startswith("--- old/b.lamform.hcl\n")
    (problem,) = answer.json["diagnostics"]
    assert problem["range"]["filename"] == "a.lamform.hcl"


def test_mode_and_links_stay(empty: Shell) -> None:
    put(empty.root, real__x_hcl=UGLY)
    real = empty.root / "real" / "x.hcl"
    real.chmod(0o640)
    link = empty.root / "a.lamform.hcl"
    link.symlink_to(real)
    assert empty("fmt").out == "a.lamform.hcl\n"
    assert link.is_symlink()
    assert real.read_text() == TIDY
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [path.name for path in real.parent.iterdir()] == ["x.hcl"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("nowhere",), "nowhere does not exist"), (("-", "a.hcl"), "- stands alone")],
)
def test_what_cannot_be_done(empty: Shell, arguments: tuple[str, ...], said: str) -> None:
    answer = empty("fmt", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert said in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_cannot_be_written(empty: Shell) -> None:
    put(empty.root, sub__a_lamform_hcl=UGLY)
    (empty.root / "sub").chmod(0o555)
    answer = empty("fmt", "sub")
    assert answer.code == 1
    assert "sub/a.lamform.hcl: Permission denied" in answer.err


def test_a_wrong_name_changes_nothing(empty: Shell) -> None:
    path = empty.root / "lamform.hcl"
    path.write_text("a=1\n", "utf-8")
    assert empty("fmt", "lamform.hcl", "nothing.hcl").code == 1
    assert path.read_text("utf-8") == "a=1\n"


def test_a_diff_obeys_no_control_character_and_knows_one_line_break(empty: Shell) -> None:
    (empty.root / "lamform.hcl").write_text("a=1 # \x1b[2J\u2028x\n\tb =2", "utf-8")
    out = empty("fmt", "--check", "--diff").out
    assert "\x1b" not in out
    assert "-a=1 # \\u001b[2J\\u2028x\n" in out
    assert "-\tb =2\n\\ No newline at end of file\n" in out


def test_stdin_keeps_its_bytes_whatever_the_terminal_encodes() -> None:
    done = subprocess.run(
        [LAMFORM, "fmt", "-"],
        input='a="é"\r\nlong = 1\r\n'.encode(),
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == 'a    = "é"\r\nlong = 1\r\n'.encode()
