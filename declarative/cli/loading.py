"""The project of this directory: its files, with the environment and cache of whoever reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from declarative.cli.git import Head
from declarative.language.cache import ParseCache
from declarative.language.inputs import Assignment, VariableFile, VariableInputs
from declarative.language.project import load_project
from declarative.language.saved import residual_scope
from declarative.render.diagnostics import diagnostics_text

if TYPE_CHECKING:
    from declarative.cli.session import Session
    from declarative.language.expressions import Scope
    from declarative.language.project import Project

STATE_DIRECTORY: Final = "LAMFORM_STATE_DIR"


def inputs_of(
    session: Session, assignments: list[str] | None, files: list[Path] | None
) -> VariableInputs:
    """Return what ``--var`` and ``--var-file`` say, in the order in which they were given."""
    texts, paths = iter(assignments or ()), iter(files or ())
    return VariableInputs(
        tuple(
            Assignment(next(texts)) if name == "--var" else VariableFile(next(paths))
            for name in session.variables
        )
    )


def load(inputs: VariableInputs | None = None, head: Head | None = None) -> Project:
    """Return the project of this directory."""
    return load_project(
        Path.cwd(),
        variables=inputs or VariableInputs(),
        environ=os.environ,
        head=head or Head(Path.cwd()),
        cache=_cache(),
    )


def _cache() -> ParseCache | None:
    """Return what keeps the syntax trees of this directory, for users who have a home.

    They lie beside the state: who moves that wants the project's own directory left alone.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not caches.is_absolute():
        try:
            caches = Path.home() / ".cache"
        except RuntimeError:
            return None
    home = os.environ.get(STATE_DIRECTORY) or ".lamform"
    return ParseCache(Path.cwd() / home, caches / "lamform" / "cache.key")


def open_scope(inputs: VariableInputs | None = None) -> Scope:
    """Return what an expression may read in this directory, with project files or without."""
    directory = Path.cwd()
    if (directory / "lamform.hcl").exists() or any(directory.glob("*.lamform.hcl")):
        return load(inputs).scope
    return residual_scope(inputs or VariableInputs(), os.environ, lambda *_: None, root=directory)


def warn(session: Session, project: Project) -> None:
    """Write the warnings of the files to stderr."""
    if project.warnings and not session.json:
        session.say(diagnostics_text(project.warnings, session.err_look) + "\n")
