"""Provisioners: what makes infrastructure, and whose outputs expressions read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.language.connectors import kind_of
from declarative.language.content import read_section
from declarative.language.scopes import extended, indexed, reference, traversal
from declarative.language.values import DYNAMIC, UNKNOWN, Value
from declarative.model.project_config import PROVISIONERS, ProvisionerConfig

if TYPE_CHECKING:
    from declarative.language.instances import Instance


def provisioner_of(instance: Instance) -> ProvisionerConfig:
    """Return the content of a provisioner.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    return read_section(instance.section, instance.scope, PROVISIONERS[kind_of(instance)])


def provisioner_value(instance: Instance) -> Value:
    """Return a provisioner as a value; whatever is read of it is an output nobody knows yet."""
    kind, name = instance.name.split(".")
    itself = indexed(traversal("provisioner", kind, name), instance.key)

    def output(wanted: str) -> Value:
        return Value(DYNAMIC, UNKNOWN, residual=extended(itself, wanted))

    return reference("provisioner", instance.address, output, tuple)
