"""Changing what surrounds a function: one thin method a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from declarative.aws.changing import Changing
from declarative.aws.setting_reader import SettingReader, about, observed_concurrency, observed_url
from declarative.model.field import Field, Shape
from declarative.model.fields import write
from declarative.model.setting_fields import (
    EVENT_INVOKE,
    PERMISSION,
    RUNTIME_MANAGEMENT,
    URL,
    normal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda.literals import RecursiveLoopType
    from pydantic import JsonValue

    from declarative.engine.setting_ports import ObservedConcurrency, ObservedUrl


class SettingWriter(SettingReader, Changing):
    """Changes settings; the port is `declarative.engine.setting_ports.SettingsWriter`."""

    def create_url(
        self, name: str, qualifier: str | None, attributes: Mapping[str, JsonValue]
    ) -> ObservedUrl:
        """Create the function URL."""
        request = about(name, qualifier) | _given(URL, attributes)
        return self.change(
            "CreateFunctionUrlConfig",
            name,
            lambda client: observed_url(client.create_function_url_config(**request)),
        )

    def update_url(
        self, name: str, qualifier: str | None, attributes: Mapping[str, JsonValue]
    ) -> ObservedUrl:
        """Set all of a function URL; what is not given goes back to its default."""
        whole = normal(URL, dict(attributes))
        given = _given(URL, whole)
        request = about(name, qualifier) | {
            **given,
            "InvokeMode": whole["invoke_mode"],
            # Absence would leave what AWS has; an empty structure clears all of it.
            "Cors": given.get("Cors", {}),
        }
        return self.change(
            "UpdateFunctionUrlConfig",
            name,
            lambda client: observed_url(client.update_function_url_config(**request)),
        )

    def delete_url(self, name: str, qualifier: str | None) -> None:
        """Delete the function URL; its address is lost for good."""
        self.remove(
            "DeleteFunctionUrlConfig",
            name,
            lambda client: client.delete_function_url_config(**about(name, qualifier)),
        )

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
        request = about(name, qualifier) | write(PERMISSION, attributes)
        request["StatementId"] = statement_id
        request.setdefault("Action", "lambda:InvokeFunction")
        if revision_id is not None:
            request["RevisionId"] = revision_id
        secret = attributes.get("event_source_token")
        self.change(
            "AddPermission",
            name,
            lambda client: client.add_permission(**request),
            secrets=[secret] if isinstance(secret, str) else (),
        )

    def remove_permission(
        self, name: str, qualifier: str | None, statement_id: str, *, revision_id: str | None
    ) -> None:
        """Remove a statement."""
        request = about(name, qualifier) | {"StatementId": statement_id}
        if revision_id is not None:
            request["RevisionId"] = revision_id
        self.remove("RemovePermission", name, lambda client: client.remove_permission(**request))

    def set_event_invoke(
        self, name: str, qualifier: str | None, attributes: Mapping[str, JsonValue]
    ) -> None:
        """Set all of how asynchronous invocations are treated."""
        request = about(name, qualifier) | write(
            EVENT_INVOKE, normal(EVENT_INVOKE, dict(attributes))
        )
        self.change(
            "PutFunctionEventInvokeConfig",
            name,
            lambda client: client.put_function_event_invoke_config(**request),
        )

    def delete_event_invoke(self, name: str, qualifier: str | None) -> None:
        """Go back to AWS's defaults."""
        self.remove(
            "DeleteFunctionEventInvokeConfig",
            name,
            lambda client: client.delete_function_event_invoke_config(**about(name, qualifier)),
        )

    def set_provisioned_concurrency(
        self, name: str, qualifier: str, executions: int
    ) -> ObservedConcurrency:
        """Ask for warm environments; they are there once the status is ``READY``."""
        return self.change(
            "PutProvisionedConcurrencyConfig",
            f"{name}:{qualifier}",
            lambda client: observed_concurrency(
                client.put_provisioned_concurrency_config(
                    FunctionName=name,
                    Qualifier=qualifier,
                    ProvisionedConcurrentExecutions=executions,
                )
            ),
        )

    def delete_provisioned_concurrency(self, name: str, qualifier: str) -> None:
        """Keep no environments warm."""
        self.remove(
            "DeleteProvisionedConcurrencyConfig",
            f"{name}:{qualifier}",
            lambda client: client.delete_provisioned_concurrency_config(
                FunctionName=name, Qualifier=qualifier
            ),
        )

    def set_reserved_concurrency(self, name: str, executions: int) -> None:
        """Reserve executions for the function; 0 stops it."""
        self.change(
            "PutFunctionConcurrency",
            name,
            lambda client: client.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=executions
            ),
        )

    def delete_reserved_concurrency(self, name: str) -> None:
        """Reserve nothing."""
        self.remove(
            "DeleteFunctionConcurrency",
            name,
            lambda client: client.delete_function_concurrency(FunctionName=name),
        )

    def set_code_signing_config(self, name: str, arn: str) -> None:
        """Set the code signing configuration."""
        self.change(
            "PutFunctionCodeSigningConfig",
            name,
            lambda client: client.put_function_code_signing_config(
                FunctionName=name, CodeSigningConfigArn=arn
            ),
        )

    def delete_code_signing_config(self, name: str) -> None:
        """Check no signatures."""
        self.remove(
            "DeleteFunctionCodeSigningConfig",
            name,
            lambda client: client.delete_function_code_signing_config(FunctionName=name),
        )

    def set_recursive_loop(self, name: str, value: str) -> None:
        """Set what becomes of recursive loops: ``Allow`` or ``Terminate`` (the default)."""
        self.change(
            "PutFunctionRecursionConfig",
            name,
            lambda client: client.put_function_recursion_config(
                FunctionName=name, RecursiveLoop=cast("RecursiveLoopType", value)
            ),
        )

    def set_runtime_management(self, name: str, attributes: Mapping[str, JsonValue]) -> None:
        """Set all of how runtimes are updated."""
        request = about(name, None) | write(RUNTIME_MANAGEMENT, attributes)
        self.change(
            "PutRuntimeManagementConfig",
            name,
            lambda client: client.put_runtime_management_config(**request),
        )


def _given(fields: tuple[Field, ...], attributes: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return what differs from what AWS does anyway, in the API's spelling."""
    kept: dict[str, JsonValue] = {}
    for field in fields:
        value = attributes.get(field.name)
        if field.shape is Shape.STRUCTURE and isinstance(value, dict):
            inner = {
                one.name: value[one.name]
                for one in field.fields
                if value.get(one.name) not in (None, one.default)
            }
            if inner:
                kept[field.name] = inner
        elif value is not None and value != field.default:
            kept[field.name] = value
    return write(fields, kept)
