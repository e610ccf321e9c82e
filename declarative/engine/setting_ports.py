"""What the engine needs of the settings around a function: reading and writing them.

Three answers are kept apart everywhere: the setting, ``None`` where there is none, and
`Unreadable` where AWS withheld it. What is withheld is never taken for empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.model.field import Attributes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What AWS did not let us read.

    Attributes:
        permission: The IAM action that is missing, such as ``lambda:GetPolicy``.
        reason: What AWS said.
    """

    permission: str
    reason: str


@dataclass(frozen=True, slots=True)
class ObservedUrl:
    """A function URL; ``attributes`` in the normal form of ``model.setting_fields.URL``."""

    url: str
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """One statement of a resource policy.

    Attributes:
        id: Its ``Sid``.
        attributes: In the normal form of ``model.setting_fields.PERMISSION``; None where it
            says what no ``permission`` block can (a denial, several actions, conditions of
            other kinds).
        document: The statement as AWS answered it, as canonical JSON.
    """

    id: str
    attributes: Attributes | None = field(repr=False)
    document: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ObservedPolicy:
    """The resource policy of a function, a version or an alias, by the ids of statements."""

    statements: Mapping[str, PolicyStatement]
    revision_id: str | None = None


@dataclass(frozen=True, slots=True)
class ObservedConcurrency:
    """Provisioned concurrency of a version or alias.

    Attributes:
        requested: How many environments shall be kept warm; ``available`` how many are.
        status: ``IN_PROGRESS``, ``READY`` or ``FAILED``.
        reason: Why it failed, if AWS says.
    """

    requested: int
    available: int
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Limits and use of one account and region.

    Attributes:
        code_size_limit: Bytes that all packages of all versions may take; ``code_size_used``
            those they do.
        unzipped_limit: Bytes of one unzipped package with its layers; ``zipped_limit`` those
            of a package that is sent directly.
        concurrent_executions: Executions at one time of all functions together;
            ``unreserved`` those that no function has reserved.
    """

    code_size_limit: int
    code_size_used: int
    unzipped_limit: int
    zipped_limit: int
    concurrent_executions: int
    unreserved: int
    function_count: int


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """A trigger that Lambda itself polls for: it would be lost with its function."""

    uuid: str
    source_arn: str
    function_arn: str
    state: str


class SettingsReader(Protocol):
    """Reads what surrounds the functions of one account and region.

    ``qualifier`` is the name of an alias (or a version); None: the function itself.
    All raise ``RemoteError`` where AWS refused otherwise or could not be reached.
    """

    def url(self, name: str, qualifier: str | None = None) -> ObservedUrl | Unreadable | None:
        """Return the function URL."""
        ...

    def policy(self, name: str, qualifier: str | None = None) -> ObservedPolicy | Unreadable:
        """Return the resource policy; one without statements where there is none."""
        ...

    def event_invoke(
        self, name: str, qualifier: str | None = None
    ) -> Attributes | Unreadable | None:
        """Return how asynchronous invocations are treated (``setting_fields.EVENT_INVOKE``)."""
        ...

    def provisioned_concurrency(
        self, name: str, qualifier: str
    ) -> ObservedConcurrency | Unreadable | None:
        """Return the provisioned concurrency of an alias or version."""
        ...

    def code_signing_config(self, name: str) -> str | Unreadable | None:
        """Return the ARN of the code signing configuration."""
        ...

    def recursive_loop(self, name: str) -> str | Unreadable | None:
        """Return ``Allow`` or ``Terminate``; None where there is no such function."""
        ...

    def runtime_management(self, name: str) -> Attributes | Unreadable | None:
        """Return how runtimes are updated; None where there is no such function."""
        ...

    def account_settings(self) -> AccountSettings | Unreadable:
        """Return limits and use of the account in this region."""
        ...

    def event_source_mappings(
        self, name: str, qualifier: str | None = None
    ) -> tuple[EventSourceMapping, ...] | Unreadable:
        """Return the mappings that invoke exactly this function, or this alias of it."""
        ...


class SettingsWriter(SettingsReader, Protocol):
    """Changes what surrounds the functions of one account and region.

    As with functions: no call is repeated when its outcome is unknown
    (``OutcomeUnknownError``); a ``revision_id`` that no longer matches raises
    ``PreconditionFailedError``; removing what is not there is no error. All but the two of
    permissions set a state, so that doing one twice is doing it once.
    """

    def create_url(
        self, name: str, qualifier: str | None, attributes: Mapping[str, JsonValue]
    ) -> ObservedUrl:
        """Create the function URL."""
        ...

    def update_url(
        self, name: str, qualifier: str | None, attributes: Mapping[str, JsonValue]
    ) -> ObservedUrl:
        """Set all of a function URL; what is not given goes back to its default."""
        ...

    def delete_url(self, name: str, qualifier: str | None) -> None:
        """Delete the function URL; its address is lost for good."""
        ...

    def add_permission(
        self,
        name: str,
        qualifier: str | None,
        statement_id: str,
        attributes: Mapping[str, JsonValue],
        *,
        revision_id: str | None,
    ) -> None:
        """Add a statement; AWS refuses an id that is in use."""
        ...

    def remove_permission(
        self, name: str, qualifier: str | None, statement_id: str, *, revision_id: str | None
    ) -> None:
        """Remove a statement."""
        ...

    def set_event_invoke(
        self, name: str, qualifier: str | None, attributes: Mapping[str, JsonValue]
    ) -> None:
        """Set all of how asynchronous invocations are treated."""
        ...

    def delete_event_invoke(self, name: str, qualifier: str | None) -> None:
        """Go back to AWS's defaults."""
        ...

    def set_provisioned_concurrency(
        self, name: str, qualifier: str, executions: int
    ) -> ObservedConcurrency:
        """Ask for warm environments; they are there once the status is ``READY``."""
        ...

    def delete_provisioned_concurrency(self, name: str, qualifier: str) -> None:
        """Keep no environments warm."""
        ...

    def set_reserved_concurrency(self, name: str, executions: int) -> None:
        """Reserve executions for the function; 0 stops it."""
        ...

    def delete_reserved_concurrency(self, name: str) -> None:
        """Reserve nothing."""
        ...

    def set_code_signing_config(self, name: str, arn: str) -> None:
        """Set the code signing configuration."""
        ...

    def delete_code_signing_config(self, name: str) -> None:
        """Check no signatures."""
        ...

    def set_recursive_loop(self, name: str, value: str) -> None:
        """Set what becomes of recursive loops: ``Allow`` or ``Terminate`` (the default)."""
        ...

    def set_runtime_management(self, name: str, attributes: Mapping[str, JsonValue]) -> None:
        """Set all of how runtimes are updated."""
        ...
