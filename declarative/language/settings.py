"""What the ``lamform`` block says about the project as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declarative.language.content import read_section
from declarative.language.scopes import NO_NAMES
from declarative.language.versions import satisfies
from declarative.model.project_config import MemorySettings, Settings, SqliteSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import JsonValue

    from declarative.language.entities import Evaluation
    from declarative.language.problems import Problems
    from declarative.language.sections import Section
    from declarative.model.config import Config


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What the ``lamform`` block says, with defaults.

    Attributes:
        project: The project's name: its namespace in the backend.
        backend: The kind of backend.
        backend_settings: The backend's attributes as declared, with defaults.
    """

    project: str
    backend: str = "sqlite"
    backend_settings: Mapping[str, JsonValue] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    ownership_tag: bool = True


def read_settings(
    section: Section | None, directory: Path, evaluation: Evaluation, problems: Problems
) -> ProjectSettings:
    """Return the project's settings, adding what is wrong with them to ``problems``."""
    name = directory.resolve().name
    if section is None:
        return ProjectSettings(name, backend_settings=_backend(SqliteSettings()))
    config = problems.attempt(lambda: read_section(section, NO_NAMES, Settings)) or Settings()
    if config.required_version is not None:
        wanted, place = config.required_version, section.attributes["required_version"].range
        problems.attempt(lambda: satisfies(wanted, place))
    kind, backend = "sqlite", _backend(SqliteSettings())
    for block in section.named("backend"):
        if block.labels in {("sqlite",), ("memory",)}:
            kind = block.labels[0]
            model: type[Config] = SqliteSettings if kind == "sqlite" else MemorySettings
            with problems.gathering():
                backend = _backend(read_section(block, evaluation.scope, model))
    return ProjectSettings(
        config.project or name, kind, backend, config.default_tags, config.ownership_tag
    )


def _backend(config: Config) -> dict[str, JsonValue]:
    return config.model_dump(mode="json")
