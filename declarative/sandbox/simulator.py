"""AWS Lambda's control plane in one object: real states, timelines, conflicts and limits.

`LambdaSimulator.call` takes an operation and its parameters as boto3 does and answers what
boto3 would, so tests can use it in process; `declarative.sandbox.server` puts it behind HTTP.

A call passes these stations: it is counted, throttled if quotas are on, may meet an injected
fault, sees the function as time has left it, changes it under the one lock, and the change is
saved if the simulator has a directory.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declarative.sandbox import (
    aliases,
    concurrency,
    functions,
    policies,
    settings,
    tags,
    versions,
)
from declarative.sandbox.clock import Clock, SystemClock
from declarative.sandbox.errors import AnswerLostError, ServiceError
from declarative.sandbox.invocation import Invoker, prepare
from declarative.sandbox.packages import NoSources, PackageStore, Sources
from declarative.sandbox.snapshots import Snapshots
from declarative.sandbox.traffic import Calls, Fault, Faults, Quotas
from declarative.sandbox.world import (
    DEFAULT_ACCOUNT,
    DEFAULT_REGION,
    Answer,
    Asked,
    Call,
    Region,
    Services,
)

if TYPE_CHECKING:
    from declarative.sandbox.records import Function

Operation = Callable[[Call, Asked], Answer]

READS: Mapping[str, Operation] = {
    "GetAccountSettings": concurrency.get_account_settings,
    "GetAlias": aliases.get_alias,
    "GetFunction": functions.get_function,
    "GetFunctionCodeSigningConfig": settings.get_code_signing,
    "GetFunctionConcurrency": concurrency.get_function_concurrency,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "GetFunctionEventInvokeConfig": settings.get_event_invoke,
    "GetFunctionRecursionConfig": settings.get_recursion,
    "GetFunctionUrlConfig": settings.get_function_url,
    "GetPolicy": policies.get_policy,
    "GetProvisionedConcurrencyConfig": concurrency.get_provisioned_concurrency,
    "GetRuntimeManagementConfig": settings.get_runtime_management,
    "ListAliases": aliases.list_aliases,
    "ListEventSourceMappings": settings.list_event_source_mappings,
    "ListFunctionEventInvokeConfigs": settings.list_event_invoke,
    "ListFunctionUrlConfigs": settings.list_function_urls,
    "ListFunctions": functions.list_functions,
    "ListProvisionedConcurrencyConfigs": concurrency.list_provisioned_concurrency,
    "ListTags": tags.list_tags,
    "ListVersionsByFunction": versions.list_versions_by_function,
}

WRITES: Mapping[str, Operation] = {
    "AddPermission": policies.add_permission,
    "CreateAlias": aliases.create_alias,
    "CreateFunction": functions.create_function,
    "CreateFunctionUrlConfig": settings.create_function_url,
    "DeleteAlias": aliases.delete_alias,
    "DeleteFunction": functions.delete_function,
    "DeleteFunctionCodeSigningConfig": settings.delete_code_signing,
    "DeleteFunctionConcurrency": concurrency.delete_function_concurrency,
    "DeleteFunctionEventInvokeConfig": settings.delete_event_invoke,
    "DeleteFunctionUrlConfig": settings.delete_function_url,
    "DeleteProvisionedConcurrencyConfig": concurrency.delete_provisioned_concurrency,
    "PublishVersion": versions.publish_version,
    "PutFunctionCodeSigningConfig": settings.put_code_signing,
    "PutFunctionConcurrency": concurrency.put_function_concurrency,
    "PutFunctionEventInvokeConfig": settings.put_event_invoke,
    "PutFunctionRecursionConfig": settings.put_recursion,
    "PutProvisionedConcurrencyConfig": concurrency.put_provisioned_concurrency,
    "PutRuntimeManagementConfig": settings.put_runtime_management,
    "RemovePermission": policies.remove_permission,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateAlias": aliases.update_alias,
    "UpdateFunctionCode": functions.update_function_code,
    "UpdateFunctionConfiguration": functions.update_function_configuration,
    "UpdateFunctionEventInvokeConfig": settings.update_event_invoke,
    "UpdateFunctionUrlConfig": settings.update_function_url,
}


class LambdaSimulator:
    """Lambda, for any number of accounts and regions; safe for threads.

    Args:
        pending_seconds: How long a new function stays ``Pending``; 0: until the next look.
        update_seconds: How long an update stays ``InProgress``; 0: until the next look.
        directory: Where functions and packages are kept; None: in memory.
        sources: Where S3 objects and image digests come from.
        clock: The passing of time.
        quotas: AWS's throttling; None: no throttling.

    Attributes:
        calls: How often each operation was called.
        faults: Misfortunes to inject.
        code_url: Makes the address that ``GetFunction`` gives for a package's digest.
        runtime_environment: What invoked handlers find in their environment.
    """

    def __init__(
        self,
        *,
        pending_seconds: float = 0.15,
        update_seconds: float = 0.15,
        directory: Path | None = None,
        sources: Sources | None = None,
        clock: Clock | None = None,
        quotas: Quotas | None = None,
    ) -> None:
        self.calls = Calls()
        self.faults = Faults()
        self.code_url: Callable[[str], str] = "sandbox:code/{}".format
        self.runtime_environment: Mapping[str, str] = {}
        self.quotas = quotas
        self._lock = threading.RLock()
        self._regions: dict[tuple[str, str], Region] = {}
        self._snapshots = Snapshots(directory / "functions") if directory else None
        self._unsaved: set[tuple[str, str, str]] = set()
        self._services = Services(
            clock=clock or SystemClock(),
            new_id=lambda: str(uuid.uuid4()),
            packages=PackageStore(directory / "code" if directory else None),
            sources=sources or NoSources(),
            pending_seconds=pending_seconds,
            update_seconds=update_seconds,
        )
        self._invoker = Invoker(self._services.packages)
        for account, region, function in self._snapshots.load() if self._snapshots else ():
            self._region(account, region).functions[function.name] = function

    def call(
        self,
        operation: str,
        /,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        **asked: Any,
    ) -> Answer:
        """Perform one operation with boto3's parameters and return boto3's answer.

        Raises:
            ServiceError: Lambda's error answer.
            AnswerLostError: An injected fault; the operation took effect.
        """
        self.calls.count(operation)
        if self.quotas is not None:
            self.quotas.take(account, region, operation, self._services.clock.monotonic())
        fault = self.faults.take(operation)
        if fault is not None and fault.kind == "error-before":
            raise fault.error()
        answer = self._perform(operation, self._region(account, region), asked, fault)
        if fault is not None and fault.kind == "error-after-effect":
            raise fault.error()
        if fault is not None and fault.kind == "lost-answer":
            raise AnswerLostError
        return answer

    def code(self, digest: str) -> bytes | None:
        """Return a deployment package by the hex SHA-256 of its bytes."""
        return self._services.packages.get(digest)

    def close(self) -> None:
        """Save what time alone has changed, and stop handlers that still run."""
        self._invoker.close()
        with self._lock:
            for account, region, name in sorted(self._unsaved):
                self._save(self._region(account, region), name)
            self._unsaved.clear()

    def _region(self, account: str, name: str) -> Region:
        with self._lock:
            return self._regions.setdefault((account, name), Region(account, name))

    def _perform(self, operation: str, region: Region, asked: Asked, fault: Fault | None) -> Answer:
        call = Call(region, self._services, self.code_url)
        if operation == "Invoke":
            with self._lock:
                self._settle(region, asked)
                job = prepare(call, asked, self.runtime_environment, random.random)
            return self._invoker.run(job)
        perform = READS.get(operation) or WRITES.get(operation)
        if perform is None:
            raise ServiceError(
                "UnknownOperationException", f"The sandbox does not know {operation}.", 404
            )
        with self._lock:
            self._settle(region, asked)
            answer = perform(call, asked)
            if operation in WRITES:
                name = function_name(asked)
                if fault is not None and fault.kind == "failed-transition":
                    _let_fail(region.functions.get(name), fault)
                self._save(region, name)
        return answer

    def _settle(self, region: Region, asked: Asked) -> None:
        """Let time pass for the function of this call, or for all when it names none."""
        name = function_name(asked)
        chosen = [region.functions[name]] if name in region.functions else []
        now = self._services.clock.monotonic()
        for function in chosen if name else region.functions.values():
            if function.settle(now, self._services.new_id):
                self._unsaved.add((region.account, region.name, function.name))

    def _save(self, region: Region, name: str) -> None:
        if self._snapshots is None:
            return
        function = region.functions.get(name)
        if function is None:
            self._snapshots.remove(region.account, region.name, name)
        else:
            self._snapshots.save(region.account, region.name, function)
        self._unsaved.discard((region.account, region.name, name))


def function_name(asked: Asked) -> str:
    """Return the bare name of the function a request is about; empty: about none."""
    named = asked.get("FunctionName") or asked.get("Resource") or ""
    if "function:" in named:
        named = named.partition("function:")[2]
        return str(named.partition(":")[0])
    first, _, rest = named.partition(":")
    return str(rest.partition(":")[0] if first.isdigit() and rest else first)


def _let_fail(function: Function | None, fault: Fault) -> None:
    for configuration in function.configurations() if function else ():
        if configuration.ready_at is not None:
            configuration.failure = (fault.code, fault.message)
