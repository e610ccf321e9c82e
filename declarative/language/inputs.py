"""Values for the project's variables from outside its files: command line, files, environment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from declarative.errors import ConfigurationError, Diagnostic, SourceRange
from declarative.language.expressions import evaluate
from declarative.language.scopes import NO_NAMES
from declarative.language.sections import attributes_of
from declarative.language.source import SourceText
from declarative.language.syntax import parse, parse_expression
from declarative.language.types import from_python
from declarative.language.values import STRING, Kind, Type, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from declarative.language.problems import Problems

_PREFIX: Final = "LAMFORM_VAR_"
_AUTOMATIC: Final = ("*.auto.lamformvars", "*.auto.lamformvars.json")


@dataclass(frozen=True, slots=True)
class Assignment:
    """``--var NAME=VALUE``."""

    text: str


@dataclass(frozen=True, slots=True)
class VariableFile:
    """``--var-file PATH``: HCL attributes, or a JSON object where the name ends in ``.json``."""

    path: Path


@dataclass(frozen=True, slots=True)
class VariableInputs:
    """What the command line says about variables, in its order: the later wins."""

    items: tuple[Assignment | VariableFile, ...] = ()

    @classmethod
    def of(
        cls, assignments: Iterable[str] = (), files: Iterable[Path | str] = ()
    ) -> VariableInputs:
        """Return inputs where every assignment wins over every file."""
        return cls(
            (
                *(VariableFile(Path(path)) for path in files),
                *(Assignment(text) for text in assignments),
            )
        )


@dataclass(frozen=True, slots=True)
class Given:
    """A value for a variable.

    Attributes:
        raw: Text as the command line or the environment gives it, or a value of a file.
        source: What to call the place it comes from.
        range: Where it is written: in a file, or in the text itself.
        must_exist: Whether a variable of that name must be declared; None: a warning.
    """

    raw: str | Value = field(repr=False)
    source: str
    range: SourceRange | None = None
    must_exist: bool | None = True

    @classmethod
    def text(cls, raw: str, source: str, *, must_exist: bool) -> Given:
        """Return a value that the command line or the environment gives."""
        text = SourceText(raw.encode("utf-8", "replace"), source)
        return cls(raw, source, text.range(0, len(text.source)), must_exist)

    def value(self, expected: Type | None) -> Value:
        """Return the value; text is an expression where ``expected`` is neither open nor simple.

        That is Terraform's rule: without a type text is taken as it is, with ``any`` it is read.

        Raises:
            EvaluationError: the text is no expression.
        """
        if isinstance(self.raw, Value):
            return self.raw
        scalar = {Kind.STRING, Kind.NUMBER, Kind.BOOL}
        if expected is None or expected.kind in scalar:
            return Value(STRING, self.raw)
        return evaluate(parse_expression(self.raw, self.source), NO_NAMES)


def given_values(
    inputs: VariableInputs,
    environ: Mapping[str, str],
    directory: Path | None,
    problems: Problems,
) -> dict[str, Given]:
    """Return the value that wins for each name.

    The environment, then ``*.auto.lamformvars`` and ``*.auto.lamformvars.json`` of the
    directory by name, then the command line in its order.
    """
    found = {
        name.removeprefix(_PREFIX): Given.text(value, name, must_exist=False)
        for name, value in environ.items()
        if name.startswith(_PREFIX)
    }
    automatic = [path for glob in _AUTOMATIC for path in directory.glob(glob)] if directory else []
    for path in sorted(automatic):
        found.update(_from_file(path, path.name, problems))
    for item in inputs.items:
        if isinstance(item, VariableFile):
            found.update(_from_file(item.path, str(item.path), problems))
        else:
            found.update(_from_assignment(item.text, problems))
    return found


def _from_assignment(text: str, problems: Problems) -> Iterator[tuple[str, Given]]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        problems.add(
            "Invalid --var", f"--var {name or text!r} is not of the form NAME=VALUE.", None
        )
        return
    yield name.strip(), Given.text(value, f"--var {name.strip()}", must_exist=True)


def _from_file(path: Path, shown: str, problems: Problems) -> Sequence[tuple[str, Given]]:
    try:
        source = path.read_bytes()
    except OSError as error:
        problems.add("Cannot read variables", f"{shown}: {error.strerror}. Check the path.", None)
        return ()
    if path.suffix == ".json":
        return _from_json(source, shown, problems)
    parsed = parse(source, shown)
    problems.take(parsed.diagnostics)
    for block in parsed.body.blocks:
        problems.add(
            "Block in a file of variables",
            "It holds attributes only: name = value.",
            block.header_range,
        )
    found: list[tuple[str, Given]] = []
    for name, attribute in attributes_of(parsed.body).items():
        with problems.gathering():
            value = evaluate(attribute.expression, NO_NAMES)
            found.append((name, Given(value, shown, attribute.range, None)))
    return found


def _from_json(source: bytes, shown: str, problems: Problems) -> Sequence[tuple[str, Given]]:
    try:
        content = json.loads(source, parse_int=Decimal, parse_float=Decimal)
    except ValueError as error:
        problems.add("Cannot read variables", f"{shown} is not JSON: {error}.", None)
        return ()
    if not isinstance(content, dict):
        problems.add("Cannot read variables", f"{shown} holds no JSON object.", None)
        return ()
    return [
        (name, Given(from_python(value), shown, must_exist=None)) for name, value in content.items()
    ]


def required(name: str) -> ConfigurationError:
    """Return the error about a variable that has no value."""
    return ConfigurationError(
        (
            Diagnostic(
                "No value for a variable",
                f'The variable "{name}" has no default. Give it with --var {name}=…, in a '
                f"--var-file, or as {_PREFIX}{name} in the environment.",
            ),
        )
    )
