"""What people look for where it is not: names that are not declared, and Terraform's.

Everything here only words a refusal; nothing decides whether something is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from declarative.language.problems import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 8

FOREIGN_BLOCKS: Final = {
    "resource": "lamform manages Lambda functions and nothing else: describe one with "
    'service "NAME" { function { … } } and deploy it with release "NAME" { … }. Other resources '
    "stay with the tool that makes them.",
    "data": "There are no data sources. Give the value as a variable, or read it with getenv(), "
    "ssm() or secretsmanager().",
    "module": "There are no modules. A service is what is reused: each release deploys it to "
    "another infrastructure, and for_each in a release makes many.",
    "provider": 'Accounts and regions are reached through connector "aws" "NAME" { … }.',
    "terraform": "Settings of the project go into lamform { … }.",
    "import": "A function that exists already is adopted by the first apply; nothing is to be "
    "imported.",
    "check": "Conditions go into validation blocks of variables.",
    "function": "A function block belongs into a service.",
    "artifact": "An artifact block belongs into a service.",
    "alias": "An alias block belongs into a service.",
    "override": "An override block belongs into an environment or an infrastructure.",
    "validation": "A validation block belongs into a variable.",
    "credentials": "A credentials block belongs into a connector.",
    "assume_role": "An assume_role block belongs into a connector.",
    "backend": "A backend block belongs into lamform { … }.",
    "lifecycle": "A lifecycle block belongs into a release.",
    "dynamic": "A dynamic block belongs into the block whose inner blocks it makes.",
    "local": 'Values to reuse go into locals { … }, and are read as "local.NAME".',
    "variables": 'Each variable has a block of its own: variable "NAME" { … }.',
    "outputs": 'Each output has a block of its own: output "NAME" { … }.',
}
"""Blocks that are no mistake in spelling, by type, and what there is instead."""

FOREIGN_ATTRIBUTES: Final = {
    "count": "There is no count: write for_each in the release, with a map or a set of strings.",
    "provider": "Which account and region are used is said by the connector of the infrastructure.",
}
"""Attributes that are no mistake in spelling, and what there is instead."""

_NAMES: Final = {
    "each": 'There is "each" only in a block that has for_each.',
    "self": 'There is "self" only in services, overrides and releases: it is the release\'s.',
    "count": "There is no count; in a block with for_each, each.key tells which one it is.",
    "module": "There are no modules; a service is what is reused, by the releases that deploy it.",
    "data": "There are no data sources; give the value as a variable, or read it with ssm() or "
    "secretsmanager().",
    "terraform": "There are no workspaces; environments have names, such as "
    "self.environment.name in a service.",
    "resource": "There are no resources; a function is read as release.NAME.function.",
    "artifact": "Inside a service it is self.artifact.",
}

_DECLARED: Final = {
    "var": ("variable", 'declare it with variable "{name}" {{ … }}'),
    "local": ("local value", "declare it in locals {{ {name} = … }}"),
    "environment": ("environment", 'declare it with environment "{name}" {{ … }}'),
    "infrastructure": ("infrastructure", 'declare it with infrastructure "{name}" {{ … }}'),
    "service": ("service", 'declare it with service "{name}" {{ … }}'),
    "release": ("release", 'declare it with release "{name}" {{ … }}'),
    "connector.aws": ("connector", 'declare it with connector "aws" "{name}" {{ … }}'),
    "self.variables": (
        "variable",
        'declare it in the service with variable "{name}" {{ … }}, or set it in "variables"',
    ),
}


def undeclared(path: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    """Return summary and detail of the refusal of ``path.name``, where ``known`` exist."""
    names = list(known)
    near = suggestion(name, names)
    if path in _DECLARED:
        what, how = _DECLARED[path]
        help_ = near or f" To use it, {how.format(name=name)}.{_listed('Declared', names)}"
        return f"Undeclared {what}", f'There is no {what} named "{name}".{help_}'
    return "Unsupported attribute", f'{path} has no "{name}".{near or _listed("It has", names)}'


GROUPS: Final = ("local", "var", "service", "infrastructure", "environment", "release")
"""Names that begin a reference to something that the files declare."""


def unknown_name(name: str, known: Iterable[str], homes: Iterable[str]) -> str:
    """Return the detail of the refusal of a name that begins a reference.

    ``homes`` are references that end with it.
    """
    names = list(known)
    if name in _NAMES:
        return _NAMES[name]
    meant = " or ".join(homes)
    if meant:
        return f'There is nothing named "{name}" here. Did you mean {meant}?'
    near = suggestion(name, names)
    if not near and name.startswith(("aws_", "data_")):
        near = f" {_NAMES['resource']}"
    quoted = f' If it is meant as text, put it in quotes: "{name}".'
    said = near or quoted + _listed("References begin with", names)
    return f'There is nothing named "{name}" here.{said}'


def _listed(label: str, names: list[str]) -> str:
    if not names:
        return ""
    shown = sorted(names)
    rest = len(shown) - _MOST
    return f" {label}: {', '.join(shown[:_MOST])}{f' and {rest} more' if rest > 0 else ''}."


_REFERENCE: Final = re.compile(
    r"(var|local|self|each|environment|infrastructure|service|release|connector)"
    r"(\.[A-Za-z_][\w-]*|\[\"[^\"]*\"\])+\Z"
)


def quoted_reference(value: object) -> str:
    """Return a hint where a text that is no good looks like a reference in quotes."""
    if isinstance(value, str) and _REFERENCE.match(value):
        return f" To refer to it, leave out the quotes: {value}."
    return ""
