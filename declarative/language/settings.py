"""What the ``lamform`` block says about the project as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError
from declarative.language.connectors import role_of
from declarative.language.content import holds, read_attributes, read_section
from declarative.language.installed import BACKENDS, kinds
from declarative.language.plain import json_of
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
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import JsonValue

    from declarative.language.entities import Evaluation
    from declarative.language.expressions import Scope
    from declarative.language.problems import Problems
    from declarative.language.sections import Placed, Section
    from declarative.model.config import Config


_BACKENDS: Final[dict[str, type[Config]]] = {
    "sqlite": SqliteSettings,
    "memory": MemorySettings,
    "s3": S3Settings,
}
OWN_PLACES: Final = frozenset({"sqlite", "memory"})
"""The kinds whose state is kept for this directory alone, unless somebody says otherwise."""
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
    if kind not in OWN_PLACES and config.project is None:
        problems.add(
            "Missing attribute",
            'lamform needs the attribute "project": state in a place that others share goes by '
            "it, and a directory has another name on another machine.",
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
    if placed is None or not placed.labels:
        return _DEFAULT
    kind = placed.labels[0]
    model = _BACKENDS.get(kind)
    if model is None:
        # A kind that does not exist is reported by the check of names.
        return (kind, _settings_in(placed)) if kind in kinds(BACKENDS) else _DEFAULT
    settings = read_section(placed.section, placed.scope, model)
    dumped: dict[str, JsonValue] = settings.model_dump(mode="json", exclude_none=True)
    role = role_of(placed.section, placed.scope)
    if role:
        dumped["assume_role"] = role  # type: ignore[assignment] # the model's fields are JSON
    return kind, dumped


def _settings_in(placed: Placed) -> dict[str, JsonValue]:
    """Return the attributes of a backend that another package provides; it judges them.

    Raises:
        EvaluationError: There are blocks, secrets, or what cannot be evaluated.
    """
    section = placed.section
    if section.children:
        raise EvaluationError.of(
            "Unsupported block",
            f'backend "{placed.labels[0]}" takes attributes only: write {section.children[0].type} '
            "= { … }.",
            range=section.children[0].range,
        )
    written = read_attributes(section, placed.scope, section.attributes)
    if written.problems:
        raise EvaluationError(tuple(written.problems))
    for name, value in written.content.items():
        if holds(value, Sensitive) or holds(value, Pending):
            raise EvaluationError.of(
                "A setting of a backend cannot be secret",
                f"{name} is sensitive, and saved plans hold the settings of the backend. Let the "
                "backend find its credentials in the environment.",
                range=section.attributes[name].range,
            )
    return {
        name: json_of(value, section.attributes[name].range)  # type: ignore[misc] # JSON, as was seen to
        for name, value in written.content.items()
    }


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
