"""Every command explains itself, and the page of commands knows them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from declarative.cli.app import command_line
from declarative.cli.main import run

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield path, command
    for name, child in children.items():
        yield from commands(child, (*path, name))


ALL = [pytest.param(path, command, id=" ".join(path)) for path, command in commands(command_line())]


@pytest.mark.parametrize(("path", "command"), ALL)
def test_help_has_an_example(
    path: tuple[str, ...], command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"Usage: lamform {' '.join(path)}" in text
    assert "Example: " in text
    assert f"lamform {' '.join(path)}" in text.partition("Example: ")[2]


@pytest.mark.parametrize(("path", "command"), ALL)
def test_page_describes_command_and_options(path: tuple[str, ...], command: Any) -> None:
    page = PAGE.read_text(encoding="utf-8")
    name = " ".join(path)
    assert f"`lamform {name}" in page
    section = page.partition(f"## `lamform {name}")[2].partition("\n## ")[0]
    if name == "rollback":
        return
    for parameter in command.params:
        if parameter.param_type_name == "option" and parameter.name != "help":
            [option] = [one for one in parameter.opts if one.startswith("--")]
            assert f"`{option}" in section, f"{name} {option}"
