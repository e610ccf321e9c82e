"""Every expression of the table must come out as Terraform's own console has it.

Compared is the text of ``jsonencode(…)``; where Terraform refuses, so must we.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from declarative.errors import LamformError
from declarative.language.calls import CallContext
from declarative.language.expressions import evaluate
from declarative.language.functions import BUILTINS
from declarative.language.reading import parse_expression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from declarative.language.calls import Function
    from declarative.language.values import Value

_HERE = Path(__file__).parent
_TABLES = (
    _HERE / "test_functions_expressions.txt",
    _HERE / "expressions" / "functions.txt",
    _HERE / "expressions" / "numbers.txt",
    _HERE / "expressions" / "operators.txt",
)
_DIFFERENCES = tomllib.loads((_HERE / "differences.toml").read_text("utf-8"))["difference"]
_PAGE = _HERE.parents[1] / "docs" / "language.md"
_FILES = {
    "a.txt": "héllo\n",
    "x/a1/f.txt": "",
    "x/a1/deep/g.txt": "",
    "x/a2": "",
    "x/é.txt": "",
    "x/b/{.x": "",
    "sub/t.tpl": "Hi ${name}\n%{ for i in items ~}\n- ${i} $${x}\n%{ endfor ~}\nend",
}
# What the oracle has not, refuses to know in advance, or wants named by a reference.
_OURS = {"base64gunzip", "cidrcontains", "urldecode", "getenv", "gitsha", "secretsmanager", "ssm"}
_REFUSED_HERE = {"bcrypt", "plantimestamp", "rsadecrypt", "timestamp", "uuid"}
_NOT_COMPARED = _OURS | _REFUSED_HERE | {"templatestring"}
_BATCH = 400  # the console reads lines of at most 64 KiB
_REFUSED = "(refused)"


@dataclass
class _Scope:
    context: CallContext
    functions: ClassVar[Mapping[str, Function]] = BUILTINS
    values: dict[str, Value] = field(default_factory=dict)

    def lookup(self, name: str) -> Value | None:
        return self.values.get(name)

    def names(self) -> Sequence[str]:
        return list(self.values)


def _expressions() -> list[str]:
    lines = [line for table in _TABLES for line in table.read_text("utf-8").split("\n")]
    return [line for line in lines if line and not line.startswith("#")]


def _batches(expressions: Sequence[str]) -> Iterator[list[str]]:
    source = iter(expressions)
    while batch := list(islice(source, _BATCH)):
        yield batch


def _by_terraform(batch: Sequence[str], directory: Path) -> list[str]:
    attempts = ",".join(f'try(jsonencode({item}), "{_REFUSED}")' for item in batch)
    # Base64 because the console quotes strings in Go's way, which JSON cannot read.
    line = f"base64encode(jsonencode([{attempts}]))"
    assert len(line.encode()) < 65_536
    done = subprocess.run(
        ["terraform", "console", "-no-color"],
        input=line + "\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=directory,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": os.devnull,
        },
        timeout=60,
        check=True,
    )
    answers: list[str] = json.loads(base64.b64decode(json.loads(done.stdout)))
    return answers


def _by_us(expression: str, directory: Path) -> str:
    scope = _Scope(CallContext(directory, {"HOME": str(directory)}))
    try:
        return str(evaluate(parse_expression(f"jsonencode({expression})"), scope).content)
    except LamformError:
        return _REFUSED


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, content in _FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "x/b/link").symlink_to("../a1")
    (tmp_path / "x/dead").symlink_to("nowhere")
    return tmp_path


_with_oracle = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="the oracle, a terraform binary, is not on the PATH"
)


@_with_oracle
def test_results_are_terraforms(project: Path) -> None:
    expressions = _expressions()
    assert len(expressions) > 1000
    expected = [
        answer for batch in _batches(expressions) for answer in _by_terraform(batch, project)
    ]
    differing = {
        expression: {"terraform": answer, "lamform": ours}
        for expression, answer in zip(expressions, expected, strict=True)
        if (ours := _by_us(expression, project)) != answer
    }
    assert differing == {}


@_with_oracle
def test_what_differs_on_purpose_differs_as_the_list_says(project: Path) -> None:
    examples = [tuple(example) for item in _DIFFERENCES for example in item["examples"]]
    expressions = [expression for expression, _, _ in examples]
    theirs = _by_terraform(expressions, project)
    ours = [_by_us(expression, project) for expression in expressions]
    assert list(zip(expressions, theirs, ours, strict=True)) == examples


def test_the_page_lists_the_differences_and_no_others() -> None:
    _, _, rest = _PAGE.read_text("utf-8").partition("What differs from Terraform:\n\n")
    bullets = rest.partition("\n\n")[0].removeprefix("- ").split("\n- ")
    listed = [" ".join(bullet.split()) for bullet in bullets]
    assert listed == [" ".join(item["says"].split()) for item in _DIFFERENCES]


@pytest.mark.parametrize("name", sorted({*BUILTINS, "can", "try"} - _NOT_COMPARED))
def test_every_function_is_compared_three_times(name: str) -> None:
    call = re.compile(rf"(?<![\w:]){name}\(")
    assert sum(bool(call.search(expression)) for expression in _expressions()) >= 3


def test_every_operator_is_compared_three_times() -> None:
    found = _expressions()
    for sign in ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||", "?"):
        assert sum(f" {sign} " in expression for expression in found) >= 3, sign
