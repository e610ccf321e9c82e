"""Rules of the settings around a function, and between them and the function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from declarative.model.finding import Finding, Subject, hidden, known

if TYPE_CHECKING:
    from declarative.model.release_config import PermissionConfig, Settings

_STATEMENT: Final = re.compile(r"[a-zA-Z0-9_-]{1,100}")
_SHORTENED: Final = 91  # a changed statement gets "-" and eight digits more
_ACTION: Final = re.compile(r"lambda:[*]|lambda:[a-zA-Z]+|[*]")
_ACCOUNT: Final = re.compile(r"\d{12}")
_ARN: Final = re.compile(r"arn:.+")
_SIGNING: Final = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):\d{12}:code-signing-config:csc-[a-z0-9]{17}"
)


def _owners(subject: Subject) -> Iterator[tuple[tuple[str, ...], Settings]]:
    """Yield the service's settings and each alias's, with where they are written."""
    yield (), subject.release.settings
    for name, alias in subject.release.aliases.items():
        yield ("alias", name), alias.config


def _permissions(subject: Subject) -> Iterator[Finding]:
    for path, settings in _owners(subject):
        for name, permission in settings.permission.items():
            for detail in _of_permission(name, permission):
                yield Finding((*path, "permission"), "Invalid permission", detail)


def _of_permission(name: str, permission: PermissionConfig) -> Iterator[str]:
    called = f'permission "{name}"'
    if not _STATEMENT.fullmatch(name) or len(name) > _SHORTENED:
        yield f'{called}: an id has at most {_SHORTENED} letters, digits, "-" and "_".'
    if not _ACTION.fullmatch(permission.action):
        yield f"{called}: action must be one of Lambda's, such as lambda:InvokeFunction."
    if re.search(r"\s", permission.principal):
        yield f"{called}: principal must be a service, an account, an ARN or *, without spaces."
    source = known(permission.source_arn)
    if isinstance(source, str) and not _ARN.fullmatch(source):
        yield f"{called}: source_arn must be an ARN."
    account = known(permission.source_account)
    if isinstance(account, str) and not _ACCOUNT.fullmatch(account):
        yield f"{called}: source_account must be an account id of twelve digits."
    if permission.function_url_auth_type and permission.action != "lambda:InvokeFunctionUrl":
        yield (
            f"{called}: function_url_auth_type goes with action lambda:InvokeFunctionUrl. Set the "
            "action, or leave it out."
        )
    if permission.invoked_via_function_url and permission.action != "lambda:InvokeFunction":
        yield (
            f"{called}: invoked_via_function_url goes with action lambda:InvokeFunction. Set the "
            "action, or leave it out."
        )


def _destinations(subject: Subject) -> Iterator[Finding]:
    for path, settings in _owners(subject):
        if settings.event_invoke is None:
            continue
        for name in ("on_success", "on_failure"):
            written = getattr(settings.event_invoke, name)
            value = known(written)
            if isinstance(value, str) and value and not _ARN.fullmatch(value):
                shown = "" if hidden(written) else f', not "{value}"'
                yield Finding(
                    (*path, "event_invoke"),
                    "Invalid value",
                    f"{name} must be the ARN of a queue, topic, bucket, event bus or "
                    f"function{shown}.",
                )


def _runtime_management(subject: Subject) -> Iterator[Finding]:
    given = subject.release.settings.runtime_management
    if given is None:
        return
    manual = given.update_runtime_on == "Manual"
    if manual and given.runtime_version_arn is None:
        detail = 'update_runtime_on = "Manual" needs runtime_version_arn: the version to stay on.'
    elif not manual and given.runtime_version_arn is not None:
        detail = 'runtime_version_arn goes with update_runtime_on = "Manual". Leave it out.'
    else:
        return
    yield Finding(("runtime_management",), "Invalid runtime management", detail)


def _signing(subject: Subject) -> Iterator[Finding]:
    arn = subject.release.settings.code_signing_config_arn
    if arn is None:
        return
    found = _SIGNING.fullmatch(arn)
    path = ("code_signing_config_arn",)
    if found is None:
        yield Finding(
            path,
            "Invalid value",
            "code_signing_config_arn must be the ARN of a code signing configuration, ending in "
            "code-signing-config:csc-….",
        )
    elif found["region"] != subject.release.region:
        yield Finding(
            path,
            "Another region",
            f"The code signing configuration is in {found['region']}, and the function in "
            f"{subject.release.region}. Name one there.",
        )


def _warm(subject: Subject) -> Iterator[Finding]:
    """Provisioned concurrency, and what it cannot be combined with."""
    excluded = [
        label
        for label, broken in (
            ("SnapStart", subject.text("snap_start", "apply_on") == "PublishedVersions"),
            ("tenancy_config", subject.has("tenancy_config")),
            ("capacity_provider_config", subject.has("capacity_provider_config")),
        )
        if broken
    ]
    reserved = subject.release.settings.reserved_concurrent_executions
    wanted = 0
    for name, alias in subject.release.aliases.items():
        count = alias.config.provisioned_concurrent_executions
        if count is None:
            continue
        wanted += count
        others = [*excluded, *(["routing weights"] if alias.config.routing else [])]
        for other in others:
            yield Finding(
                ("alias", name),
                "Provisioned concurrency cannot be combined with this",
                f"provisioned_concurrent_executions does not work with {other}. Leave one of them "
                "out.",
            )
    if reserved is not None and wanted > reserved:
        yield Finding(
            ("reserved_concurrent_executions",),
            "More is kept warm than is reserved",
            f"The aliases keep {wanted} environments warm, and reserved_concurrent_executions "
            f"allows {reserved}. Raise it to {wanted}, or keep fewer warm.",
        )


def _urls(subject: Subject) -> Iterator[Finding]:
    if not subject.has("tenancy_config"):
        return
    for path, settings in _owners(subject):
        if settings.url is not None:
            yield Finding(
                (*path, "url"),
                "A URL cannot be combined with this",
                "A function with tenancy_config has no function URL: a caller names its tenant. "
                "Leave one of them out.",
            )


SETTING_RULES: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _permissions,
    _destinations,
    _runtime_management,
    _signing,
    _warm,
    _urls,
)
