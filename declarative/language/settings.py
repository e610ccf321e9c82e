"""What the ``lamform`` block says about the project as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError
from declarative.language.connectors import role_of
from declarative.language.content import read_section
from declarative.language.scopes import NO_NAMES
from declarative.language.sections import blocks, single
from declarative.language.versions import satisfies
from declarative.model.project_config import (
    MemorySettings,
    PolicyConfig,
    S3Settings,
    Settings,
    SqliteSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import JsonValue

    from declarative.language.entities import Evaluation
    from declarative.language.expressions import Scope
    from declarative.language.problems import Problems
    from declarative.language.sections import Section
    from declarative.model.config import Config


_BACKENDS: Final[dict[str, type[Config]]] = {
    "sqlite": SqliteSettings,
    "memory": MemorySettings,
    "s3": S3Settings,
}
_DEFAULT: Final = ("sqlite", {"path": SqliteSettings().path})


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What the ``lamform`` block says, with defaults.

    Attributes:
        project: The project's name: its namespace in the backend.
        backend: The kind of backend.
        backend_settings: The backend's attributes as declared, with defaults.
        policies: The commands that judge plans, by name.
    """

    project: str
    backend: str = "sqlite"
    backend_settings: Mapping[str, JsonValue] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    ownership_tag: bool = True
    policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_settings(
    section: Section | None, directory: Path, evaluation: Evaluation, problems: Problems
) -> ProjectSettings:
    """Return the project's settings, adding what is wrong with them to ``problems``."""
    name = directory.resolve().name
    if section is None:
        return ProjectSettings(name, *_DEFAULT)
    config = problems.attempt(lambda: read_section(section, NO_NAMES, Settings)) or Settings()
    if config.required_version is not None:
        wanted, place = config.required_version, section.attributes["required_version"].range
        problems.attempt(lambda: satisfies(wanted, place))
    scope = evaluation.scope
    kind, backend = problems.attempt(lambda: _backend_in(section, scope)) or _DEFAULT
    if kind == "s3" and config.project is None:
        problems.add(
            "Missing attribute",
            'lamform needs the attribute "project": a bucket is shared, and a directory has '
            "another name on another machine.",
            section.range,
        )
    return ProjectSettings(
        config.project or name,
        kind,
        backend,
        config.default_tags,
        config.ownership_tag,
        problems.attempt(lambda: _policies(section, scope)) or {},
    )


def _backend_in(section: Section, scope: Scope) -> tuple[str, Mapping[str, JsonValue]]:
    placed = single(section, "backend", scope)
    if placed is None or not placed.labels or placed.labels[0] not in _BACKENDS:
        return _DEFAULT  # a kind that does not exist is reported by the check of names
    kind = placed.labels[0]
    settings = read_section(placed.section, placed.scope, _BACKENDS[kind])
    dumped: dict[str, JsonValue] = settings.model_dump(mode="json", exclude_none=True)
    role = role_of(placed.section, placed.scope)
    if role:
        dumped["assume_role"] = role  # type: ignore[assignment] # the model's fields are JSON
    return kind, dumped


def _policies(section: Section, scope: Scope) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for placed in blocks(section, "policy", scope):
        config = read_section(placed.section, placed.scope, PolicyConfig)
        if placed.labels[0] in found:
            raise EvaluationError.of(
                "Declared twice",
                f'There are two policies "{placed.labels[0]}". Rename one of them.',
                range=placed.section.range,
            )
        found[placed.labels[0]] = config.command
    return found
