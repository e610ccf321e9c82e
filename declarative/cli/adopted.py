"""What ``lamform adopt`` makes of functions: names for their releases, and what is told of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from declarative.engine.adoption import Candidate, Examined
from declarative.errors import LamformError
from declarative.language.writer import identifier
from declarative.model.address import Address
from declarative.model.plan import Action, Plan
from declarative.render.documents import AdoptDocument, AdoptedFunction, SkippedFunction

if TYPE_CHECKING:
    from declarative.language.project import Project

PACKAGES: Final = "packages"
_OWNERSHIP: Final = ("lamform:project",)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A function that is adopted, under its label, with what is written of it."""

    candidate: Candidate
    label: str
    variable: str

    @property
    def package(self) -> str:
        """Where its package is kept, if it has one."""
        return f"{PACKAGES}/{self.candidate.function.name}.zip"

    @property
    def address(self) -> str:
        """The address of its release."""
        return str(Address(self.label))


@dataclass(frozen=True, slots=True)
class Written:
    """What the project has got: its new files and releases."""

    adopted: tuple[Adopted, ...]
    examined: Examined
    file: str
    values: str | None


def named(
    candidates: Iterable[Candidate], project: Project, release: str | None
) -> tuple[Adopted, ...]:
    """Give every function the name of its release, and of the variable for its environment.

    Raises:
        LamformError: the name that was asked for is none, or is taken.
    """
    labels = {*project.names("service"), *project.names("release")}
    variables = set(project.names("variable"))
    named = []
    for candidate in candidates:
        name = candidate.function.name
        label = _free(_label(name), labels) if release is None else _given(release, labels)
        labels.add(label)
        variable = _free(f"{label}_environment".replace("-", "_"), variables, "_")
        variables.add(variable)
        named.append(Adopted(candidate, label, variable))
    return tuple(named)


def _given(release: str, taken: Iterable[str]) -> str:
    label = release.removeprefix("release.")
    if identifier(label) is None:
        raise LamformError.of(
            "Invalid name",
            f'"{label}" is no name of a release: use letters, digits, "_" and "-", beginning '
            "with a letter.",
        )
    if label in taken:
        raise LamformError.of(
            "Declared already",
            f"The project has a service or a release {label}. Use another name.",
        )
    return label


def _label(name: str) -> str:
    start = name if re.match("[A-Za-z]", name) else f"fn-{name.lstrip('_-') or 'x'}"
    return start if identifier(start) else f"fn-{start}"


def _free(wanted: str, taken: Iterable[str], between: str = "-") -> str:
    return next(name for name in _numbered(wanted, between) if name not in taken)


def _numbered(name: str, between: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}{between}{number}"
        number += 1


def besides(plan: Plan) -> tuple[str, ...]:
    """Return what a plan does besides adopting and claiming the functions."""
    found = []
    for change in plan.changes:
        for attribute in change.attributes:
            if change.kind == "tags" and attribute.path == _OWNERSHIP:
                continue
            why = " (a default tag)" if change.kind == "tags" else ""
            found.append(f"{change.address}: {'.'.join(attribute.path)}{why}")
        if not change.attributes and change.action is not Action.ADOPT:
            found.append(f"{change.address}: {change.action}")
    return tuple(found)


def document_of(
    adopted: tuple[Adopted, ...], examined: Examined, written: Written | None, plan: Plan | None
) -> AdoptDocument:
    """Return all that as a JSON document; nothing is written or planned yet where there is None."""
    more = besides(plan) if plan else ()
    return AdoptDocument(
        file=written.file if written else None,
        values_file=written.values if written else None,
        functions=tuple(
            AdoptedFunction(
                address=one.address,
                function_name=one.candidate.function.name,
                package=None if one.candidate.is_image else one.package,
                variable=one.variable if one.candidate.environment else None,
            )
            for one in adopted
        ),
        skipped=tuple(
            SkippedFunction(function_name=name, reason=refusal.reason)
            for name, refusal in examined.refused.items()
        ),
        exact=plan is not None and not more,
        besides=more,
        plan=plan,
    )
