"""``lamform fmt``: what is rewritten, what is only told, and what stays as it is."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import LAMFORM

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

UGLY = 'locals {\n# note\n  a=1\n  long   = "${a}"\n}\n'
TIDY = "locals {\n  # note\n  a    = 1\n  long = a\n}\n"
BROKEN = "locals {\n  a=\n}\n"
DIFF = """\
--- old/lamform.hcl
+++ new/lamform.hcl
@@ -1,5 +1,5 @@
 locals {
-# note
-  a=1
-  long   = "${a}"
+  # note
+  a    = 1
+  long = a
 }
"""


def put(root: Path, **files: str) -> None:
    for name, content in files.items():
        path = root / name.replace("__", "/")
        path = path if path.suffix else path.with_name(f"{path.name}.lamform.hcl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


@pytest.fixture
def ugly(empty: Shell) -> Path:
    path = empty.root / "lamform.hcl"
    path.write_text(UGLY, "utf-8")
    return path


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def test_rewrites_what_is_ugly_and_names_it_once(empty: Shell, ugly: Path) -> None:
    put(empty.root, tidy=TIDY)
    first, second = empty("fmt"), empty("fmt")
    assert (first.code, first.out, first.err) == (0, "lamform.hcl\n", "")
    assert ugly.read_text("utf-8") == TIDY
    assert (second.code, second.out, second.err) == (0, "", "")


def test_check_writes_nothing(empty: Shell, ugly: Path) -> None:
    answer = empty("fmt", "--check")
    assert (answer.code, answer.out, answer.err) == (1, "lamform.hcl\n", "")
    assert ugly.read_text("utf-8") == UGLY
    assert empty("fmt").code == 0
    assert empty("fmt", "--check").code == 0


def test_diff_shows_what_is_written(empty: Shell, ugly: Path) -> None:
    answer = empty("fmt", "--check", "--diff")
    assert (answer.code, answer.out) == (1, "lamform.hcl\n" + DIFF)
    assert ugly.read_text("utf-8") == UGLY
    assert empty("fmt", "--diff").out == "lamform.hcl\n" + DIFF
    assert ugly.read_text("utf-8") == TIDY
    assert empty("fmt", "--diff").out == ""


def test_diff_says_where_the_last_line_does_not_end_and_obeys_no_control_character(
    empty: Shell, ugly: Path
) -> None:
    ugly.write_text("a=1 # \x1b[2J\n\tb =2", "utf-8")
    out = empty("fmt", "--diff").out
    assert "\x1b" not in out
    assert "-\tb =2\n\\ No newline at end of file\n" in out
    assert out.endswith("+b = 2\n\\ No newline at end of file\n")


def test_only_files_of_the_project_and_its_variables(empty: Shell) -> None:
    put(empty.root, a=UGLY, **{"other.hcl": UGLY, "x.lamformvars": "a=1\n", "b.tf": UGLY})
    assert empty("fmt", "--check").out == "a.lamform.hcl\nx.lamformvars\n"
    assert empty("fmt", "other.hcl").out == "other.hcl\n"


def test_recursive_enters_neither_hidden_directories_nor_links(empty: Shell) -> None:
    put(empty.root, top=UGLY, sub__deep__low=UGLY, **{".hidden__x": UGLY})
    (empty.root / "circle").symlink_to(empty.root)
    assert empty("fmt", "--check").out == "top.lamform.hcl\n"
    assert empty("fmt", "--check", "sub").out == ""
    answer = empty("fmt", "--check", "--recursive")
    assert answer.out == "top.lamform.hcl\nsub/deep/low.lamform.hcl\n"


def test_a_file_named_twice_is_formatted_once(empty: Shell, ugly: Path) -> None:
    assert empty("fmt", "lamform.hcl", ".", str(ugly)).out == "lamform.hcl\n"


def test_a_file_that_does_not_parse_stays_and_does_not_stop_the_others(empty: Shell) -> None:
    put(empty.root, a=BROKEN, b=UGLY)
    answer = empty("fmt")
    assert (answer.code, answer.out) == (1, "b.lamform.hcl\n")
    assert "on a.lamform.hcl line 2" in answer.err
    assert (empty.root / "a.lamform.hcl").read_text("utf-8") == BROKEN
    assert (empty.root / "b.lamform.hcl").read_text("utf-8") == TIDY


def test_nothing_is_written_where_a_path_does_not_exist(empty: Shell, ugly: Path) -> None:
    answer = empty("fmt", "lamform.hcl", "nothing.hcl")
    assert answer.code == 1
    assert "nothing.hcl does not exist" in answer.err
    assert ugly.read_text("utf-8") == UGLY


def test_a_directory_without_files_is_fine(empty: Shell) -> None:
    answer = empty("fmt", "--check")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_json_tells_of_every_file(empty: Shell, ugly: Path) -> None:
    put(empty.root, a=BROKEN, tidy=TIDY)
    answer = empty("fmt", "--json", "--check")
    assert answer.code == 1
    document = answer.json
    assert document["files"] == [
        {"file": "lamform.hcl", "changed": True},
        {"file": "tidy.lamform.hcl", "changed": False},
    ]
    [problem] = document["diagnostics"]
    assert (problem["severity"], problem["range"]["filename"]) == ("error", "a.lamform.hcl")
    assert document["format_version"] == "1.0"
    assert ugly.read_text("utf-8") == UGLY


def test_json_with_diff(empty: Shell, ugly: Path) -> None:
    answer = empty("fmt", "--json", "--diff")
    assert answer.code == 0
    assert answer.json["files"] == [{"file": "lamform.hcl", "changed": True, "diff": DIFF}]
    assert answer.json["diagnostics"] == []
    assert ugly.read_text("utf-8") == TIDY


def test_stdin_to_stdout(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, UGLY.encode())
    answer = empty("fmt", "-")
    assert (answer.code, answer.out, answer.err) == (0, TIDY, "")
    stdin(monkeypatch, UGLY.encode())
    answer = empty("fmt", "--check", "-")
    assert (answer.code, answer.out) == (1, "")
    stdin(monkeypatch, UGLY.encode())
    answer = empty("fmt", "--diff", "-")
    assert (answer.code, answer.out) == (0, DIFF.replace("lamform.hcl", "<stdin>"))
    stdin(monkeypatch, UGLY.encode())
    [file] = empty("fmt", "--json", "-").json["files"]
    assert file == {"file": "<stdin>", "changed": True, "formatted": TIDY}
    stdin(monkeypatch, BROKEN.encode())
    answer = empty("fmt", "-")
    assert (answer.code, answer.out) == (1, "")
    assert "on <stdin> line 2" in answer.err
    answer = empty("fmt", "-", "lamform.hcl")
    assert answer.code == 1
    assert "no other path" in answer.err


def test_stdin_keeps_bytes_whatever_the_encoding_of_the_terminal() -> None:
    source = '\ufeffa="é"\r\nlong = 1\r\n'.encode()
    done = subprocess.run(
        [LAMFORM, "fmt", "-"],
        input=source,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == 'a    = "é"\r\nlong = 1\r\n'.encode()


def test_mode_and_links_are_kept(empty: Shell) -> None:
    target = empty.root / "elsewhere" / "real.hcl"
    target.parent.mkdir()
    target.write_text(UGLY, "utf-8")
    target.chmod(0o640)
    link = empty.root / "lamform.hcl"
    link.symlink_to("elsewhere/real.hcl")
    assert empty("fmt").out == "lamform.hcl\n"
    assert link.is_symlink()
    assert target.read_text("utf-8") == TIDY
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in target.parent.iterdir()] == ["real.hcl"]


def test_a_file_that_is_tidy_is_not_touched(empty: Shell) -> None:
    put(empty.root, tidy=TIDY)
    before = (empty.root / "tidy.lamform.hcl").stat()
    assert empty("fmt").code == 0
    after = (empty.root / "tidy.lamform.hcl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_directory_of_the_global_option(empty: Shell, ugly: Path) -> None:
    empty.root.parent.joinpath("other").mkdir()
    put(empty.root.parent, other__x=UGLY)
    assert empty("-C", "../other", "fmt").out == "x.lamform.hcl\n"
    assert ugly.read_text("utf-8") == UGLY


def test_what_init_writes_is_tidy(empty: Shell) -> None:
    assert json.loads(empty("init", "--json").out)["files"]
    assert empty("fmt", "--check", "--diff").out == ""
