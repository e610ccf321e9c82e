"""AWS Lambda's control plane in one object: real states, timelines, conflicts and limits.

`LambdaSimulator.call` takes an operation and its parameters as boto3 does and answers what
boto3 would, so tests can use it in process; `declarative.sandbox.server` puts it behind HTTP.

A call passes these stations: it is counted, throttled if quotas are on, may meet an injected
fault, must be allowed and well formed, sees the function as time has left it, changes it under
the one lock, and the change is saved if the simulator has a directory.
"""

from __future__ import annotations

import random
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declarative.sandbox.checks import check_request
from declarative.sandbox.clock import Clock, SystemClock
from declarative.sandbox.conditions import Behaviour, Conditions, Limits, Timing
from declarative.sandbox.errors import (
    AnswerLostError,
    NoAnswerError,
    ServiceError,
    function_not_found,
)
from declarative.sandbox.faults import ANY, Fault, Faults
from declarative.sandbox.invocation import Invoker, prepare
from declarative.sandbox.operations import AROUND, READS, WRITES
from declarative.sandbox.packages import NoSources, PackageStore, Sources
from declarative.sandbox.snapshots import Snapshots
from declarative.sandbox.traffic import Called, Calls, Quotas
from declarative.sandbox.world import (
    DEFAULT_ACCOUNT,
    DEFAULT_REGION,
    Answer,
    Asked,
    Call,
    Region,
    Services,
    select,
)

if TYPE_CHECKING:
    from declarative.sandbox.records import Function


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
        quotas: AWS's throttling; can be set at any time.
        conditions: Rights, roles, keys, and what the service cannot read.
        behaviour: What is not known of AWS, one way or the other.
        limits: The account's quotas of concurrency and storage.
        timing: How long transitions take.
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
        self.quotas = quotas
        self.clock = clock or SystemClock()
        self.conditions = Conditions(self.clock)
        self.limits = Limits()
        self.timing = Timing(pending_seconds, update_seconds, update_seconds, pending_seconds)
        self.code_url: Callable[[str], str] = "sandbox:code/{}".format
        self.runtime_environment: Mapping[str, str] = {}
        self._lock = threading.RLock()
        self._regions: dict[tuple[str, str], Region] = {}
        self._snapshots = Snapshots(directory / "functions") if directory else None
        self._unsaved: set[tuple[str, str, str]] = set()
        self._services = Services(
            clock=self.clock,
            new_id=lambda: str(uuid.uuid4()),
            packages=PackageStore(directory / "code" if directory else None),
            sources=sources or NoSources(),
            conditions=self.conditions,
            timing=self.timing,
            limits=self.limits,
        )
        self._invoker = Invoker(self._services.packages)
        self._load()

    @property
    def behaviour(self) -> Behaviour:
        """What is not known of AWS, as it is set."""
        return self.conditions.behaviour

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
            AnswerLostError: An injected fault: the connection closes.
            NoAnswerError: An injected fault: nothing comes.
        """
        name, now = function_name(asked), self.clock.monotonic()
        self.calls.count(Called(operation, name, account, region, now))
        if self.quotas is not None:
            self.quotas.take(account, region, operation, now)
        fault = self.faults.take(operation, name)
        failure = fault.failure() if fault is not None else None
        if fault is not None and failure is not None and fault.before_effect:
            raise failure
        place = self._region(account, region)
        self.conditions.check(operation, account, name, place.arn(name), asked)
        try:
            answer = self._perform(operation, place, check_request(operation, asked), fault)
        except ServiceError:
            if isinstance(failure, AnswerLostError | NoAnswerError):
                raise failure from None  # a refusal gets lost like any other answer
            raise
        if failure is not None:
            raise failure
        return answer

    def let_idle(
        self,
        function: str,
        version: str | None = None,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> None:
        """Let ``$LATEST`` or a version become ``Inactive``, as after weeks without an invocation.

        Raises:
            ServiceError: There is no such function or version.
        """
        place = self._region(account, region)
        with self._lock:
            found = place.functions.get(function)
            if found is None:
                raise function_not_found(place.arn(function))
            found.settle(self.clock.monotonic(), self._services.new_id)
            idle = select(found, version)
            if idle is None:
                raise function_not_found(place.arn(function, version))
            idle.state, idle.ready_at = "Inactive", None
            idle.revision_id = self._services.new_id()
            self._save(place, function)

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

    def _load(self) -> None:
        if self._snapshots is None:
            return
        for account, region, function in self._snapshots.load():
            self._region(account, region).functions[function.name] = function
        for account, region, around in self._snapshots.load_around():
            self._region(account, region).around = around

    def _region(self, account: str, name: str) -> Region:
        with self._lock:
            return self._regions.setdefault((account, name), Region(account, name))

    def _perform(self, operation: str, region: Region, asked: Asked, fault: Fault | None) -> Answer:
        call = Call(region, self._services, self.code_url)
        if operation == "Invoke":
            with self._lock:
                self._settle(region, asked)
                try:
                    job = prepare(call, asked, self.runtime_environment, random.random)
                except ServiceError:
                    self._refused_invocation(region, asked, fault)
                    raise
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
            if operation in AROUND and self._snapshots is not None:
                self._snapshots.save_around(region.account, region.name, region.around)
        return answer

    def _refused_invocation(self, region: Region, asked: Asked, fault: Fault | None) -> None:
        """Keep what an invocation has begun although it was refused: to wake a function."""
        name = function_name(asked)
        if fault is not None and fault.kind == "failed-transition":
            _let_fail(region.functions.get(name), fault)
        self._save(region, name)

    def _settle(self, region: Region, asked: Asked) -> None:
        """Let time pass for the function of this call, or for all when it names none."""
        name = function_name(asked)
        chosen = [region.functions[name]] if name in region.functions else []
        now = self.clock.monotonic()
        for function in chosen if name else region.functions.values():
            if function.settle(now, self._services.new_id):
                self._unsaved.add((region.account, region.name, function.name))

    def _save(self, region: Region, name: str) -> None:
        if self._snapshots is None or not name:
            return
        function = region.functions.get(name)
        if function is None:
            self._snapshots.remove(region.account, region.name, name)
        else:
            self._snapshots.save(region.account, region.name, function)
        self._unsaved.discard((region.account, region.name, name))


_OTHER_ARN = re.compile(
    r"arn:[^:]*:lambda:[^:]*:[^:]*:"
    r"(code-signing-config|event-source-mapping|layer|capacity-provider|network-connector):"
)


def function_name(asked: Asked) -> str:
    """Return the bare name of the function a request is about; empty: about none."""
    named = asked.get("FunctionName") or asked.get("Resource") or asked.get("ResourceArn") or ""
    if not isinstance(named, str) or _OTHER_ARN.match(named):
        return ""
    if "function:" in named:
        named = named.partition("function:")[2]
        return str(named.partition(":")[0])
    first, _, rest = named.partition(":")
    return str(rest.partition(":")[0] if first.isdigit() and rest else first)


def _let_fail(function: Function | None, fault: Fault) -> None:
    if function is None:
        return
    for configuration in function.configurations():
        if configuration.ready_at is not None:
            configuration.failure = (fault.code, fault.message)
    if fault.operation in (ANY, "PutProvisionedConcurrencyConfig") and function.provisioned:
        newest = list(function.provisioned.values())[-1]
        newest["failure"] = fault.message
