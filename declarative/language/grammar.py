"""The blocks of the language: one literal table, read by the check of names."""

from __future__ import annotations

from typing import Final

from declarative.language import grammar_project, grammar_release
from declarative.language.schema import Nested, Shape

TOP: Final[dict[str, Nested]] = {
    "lamform": grammar_project.SETTINGS,
    "variable": grammar_project.VARIABLE,
    "locals": Nested({"": Shape(anything=True)}),
    "output": grammar_project.OUTPUT,
    "connector": grammar_project.CONNECTOR,
    "provisioner": grammar_project.PROVISIONER,
    "environment": grammar_project.environment(grammar_release.OVERRIDE),
    "infrastructure": grammar_project.infrastructure(grammar_release.OVERRIDE),
    "service": grammar_release.SERVICE,
    "release": grammar_release.RELEASE,
    "moved": grammar_project.MOVED,
    "removed": grammar_project.REMOVED,
}
"""The blocks at the top of a file."""
