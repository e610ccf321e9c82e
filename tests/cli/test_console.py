"""``lamform console``: what Terraform's prints, line by line."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Answer, Shell

EXPRESSIONS = r"""
"a"
1.50
-5
1e100
true
null
tostring(null)
tonumber(null)
tobool(null)
tolist(null)
[tolist(null)]
{ a = tomap(null) }
tolist([])
tolist(["a", null])
toset(["b", "a"])
toset([])
tomap({ a = 1 })
tomap({})
tomap({ a = tolist([1]) })
[]
{}
[1, "a", null, tonumber(null)]
{ a = 1, "b c" = 2, "x-${1}" = [{ z = 1 }] }
"line1\nline2"
"line1\n"
["line1\nline2", "x"]
{ a = "line1\nline2\n" }
"tab\t \"q\" \\ $${x} \u0001 é 😀"
"\u007f\u00ad\u202e"
sensitive("x")
[sensitive("x")]
sensitive(null)
0.1 + 0.2
type("a")
type(null)
type([])
type({})
type(["x", 1])
type({ a = 1, b = ["x"] })
type(tolist(["x"]))
type(toset([{ a = 1 }]))
type(sensitive(1))
type(tomap({ a = tolist([{ b = 1 }]) }))
type({ a = tolist([[{ b = 1 }]]) })
"""


def console(shell: Shell, monkeypatch: pytest.MonkeyPatch, text: str, *arguments: str) -> Answer:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return shell("console", *arguments)


@pytest.mark.skipif(
    shutil.which("terraform") is None, reason="the oracle, a terraform binary, is not on the PATH"
)
def test_answers_are_terraforms(
    empty: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    differing = {}
    for expression in filter(None, EXPRESSIONS.split("\n")):
        done = subprocess.run(
            ["terraform", "console", "-no-color"],
            input=expression + "\n",
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "CHECKPOINT_DISABLE": "1",
                "TF_CLI_CONFIG_FILE": os.devnull,
            },
            timeout=60,
            check=True,
        )
        ours = console(empty, monkeypatch, expression + "\n").out
        if ours != done.stdout:
            differing[expression] = {"terraform": done.stdout, "lamform": ours}
    assert differing == {}


def test_one_answer_for_each_expression(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'upper("x")\n\n1 +\n[\n  1, # "(\n  "]${\n  2}",\n]\nvar.key\n)\n3\nexit\n4\n'
    answer = console(shell, monkeypatch, text)
    assert answer.code == 1
    assert answer.out == '"X"\n[\n  1,\n  "]2",\n]\n(sensitive value)\n3\n'
    assert answer.err.count("Error: ") == 2
    assert "s3cr3t" not in answer.err


def test_json_is_one_line_for_each(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'upper("x")\n1 +\nvar.key\ntype([1])\nself.variables\nservice.hello\n'
    answer = console(shell, monkeypatch, text, "--json")
    first, second, third, fourth, *blocks = answer.events
    assert first == {"value": "X", "type": "string"}
    assert set(second) == {"error"}
    assert third == {"value": {"$secret": None}, "type": "string"}
    assert fourth == {"value": "tuple([number])", "type": "type"}
    assert all(set(one) == {"error"} for one in blocks)
    assert answer.code == 1


def test_variables_may_be_given(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert console(shell, monkeypatch, "var.memory\n", "--var", "memory=256").out == "256\n"


def test_blocks_are_their_addresses(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert console(shell, monkeypatch, "service.hello\n").out == "service.hello\n"


def test_a_terminal_gets_a_prompt_and_goes_on_after_an_error(empty: Shell) -> None:
    # A process of its own: the terminal is a real one.
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("lamform"), "--no-color", "console"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=empty.root,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(theirs)
    os.write(ours, b"1 +\n[\n41 + 1,\n]\nexit\n")
    said = b""
    with suppress(OSError):  # the terminal closes with the process
        while read := os.read(ours, 4096):
            said += read
    os.close(ours)
    assert process.wait(timeout=60) == 0
    assert b"> " in said
    assert b"Error: " in said
    assert b"  42," in said


def test_an_open_bracket_at_the_end_is_an_error(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = console(empty, monkeypatch, "[\n1,\n")
    assert (answer.code, answer.out) == (1, "")
    assert "Error: " in answer.err
