"""An AWS of one's own on loopback: Lambda by the simulator, everything else by moto."""

from __future__ import annotations

import fcntl
import tempfile
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from declarative.errors import RemoteError
from declarative.sandbox.clock import SystemClock
from declarative.sandbox.frontdesk import FrontDesk
from declarative.sandbox.identity import Identities
from declarative.sandbox.inprocess import answered_here
from declarative.sandbox.loopback import LoopbackServer
from declarative.sandbox.others import OtherServices
from declarative.sandbox.simulator import LambdaSimulator
from declarative.sandbox.world import DEFAULT_ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from declarative.sandbox.clock import Clock
    from declarative.sandbox.traffic import Quotas

_CONFIG = "[default]\nregion = {region}\ns3 =\n    addressing_style = path\n"


class Sandbox:
    """A running sandbox; a context manager, to be entered once.

    Lambda functions are kept in ``directory`` and are there again when a later sandbox uses
    it. Everything else (buckets, roles, secrets) lives in moto's memory and ends with the
    sandbox, also where a directory is kept. The role of a function need not exist.

    Args:
        directory: Where the Lambda world and the AWS configuration file are; None: a
            temporary directory, removed at the end, and functions in memory.
        pending_seconds: How long a new function stays ``Pending``.
        update_seconds: How long an update stays ``InProgress``.
        quotas: AWS's throttling; None: no throttling.
        clock: The passing of time; None: the machine's.
        in_process: Whether clients of this process that the SDK makes from now on, and that
            are pointed here, are answered without a socket, in their own thread. Others are
            answered over HTTP, as ever.

    Attributes:
        simulator: The simulated Lambda, for tests in the same process; from entering on.
        url: The endpoint of every service, without a final slash; from entering on.
    """

    simulator: LambdaSimulator
    url: str
    _server: LoopbackServer

    def __init__(
        self,
        directory: Path | None = None,
        pending_seconds: float = 0.15,
        update_seconds: float = 0.15,
        *,
        quotas: Quotas | None = None,
        clock: Clock | None = None,
        in_process: bool = False,
    ) -> None:
        self._kept = directory
        self._pending_seconds = pending_seconds
        self._update_seconds = update_seconds
        self._quotas = quotas
        self._clock = clock or SystemClock()
        self._in_process = in_process
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start to answer.

        Raises:
            RemoteError: The directory cannot be used, or another sandbox uses it.
        """
        with ExitStack() as stack:
            directory = stack.enter_context(_room(self._kept))
            others = OtherServices()
            stack.callback(others.close)
            self.simulator = LambdaSimulator(
                pending_seconds=self._pending_seconds,
                update_seconds=self._update_seconds,
                directory=directory / "lambda" if self._kept else None,
                sources=others,
                clock=self._clock,
                quotas=self._quotas,
            )
            identities = Identities(self._clock, others.account_of)
            desk = FrontDesk(self.simulator, identities, others)
            self._server = server = LoopbackServer(desk.answer)
            stack.callback(server.stop)
            stack.callback(self.simulator.close)
            self.url = server.url
            self.simulator.code_url = f"{self.url}/_sandbox/code/{{}}".format
            self._files = directory / "aws"
            self._files.mkdir(exist_ok=True)
            (self._files / "config").write_text(_CONFIG.format(region=DEFAULT_REGION), "utf-8")
            (self._files / "credentials").write_text("", "utf-8")
            self.simulator.runtime_environment = self.environment()
            server.start()
            if self._in_process:
                stack.enter_context(answered_here(self.url, desk.answer, self._clock))
            # The end in reverse: no new requests, no handler running, no answer unwritten.
            stack.callback(server.refuse)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop answering and save what is to be kept."""
        self._stack.close()

    def environment(
        self, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION
    ) -> dict[str, str]:
        """Return the environment variables that point an AWS SDK here, and nowhere else.

        The SDK's files are replaced too, so no profile of the user's can lead to a real
        account. Variables of the user's that would still win, such as ``AWS_PROFILE``, are
        the caller's to remove: `declarative.sandbox.run.clean` does.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self._files / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._files / "credentials"),
        }

    def client(
        self, service: str, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION
    ) -> Any:
        """Return an SDK client of this sandbox that sends each request once.

        It needs nothing of the environment; ``account`` is whose credentials it has.
        """
        from botocore.config import Config
        from botocore.session import Session

        session = Session()
        session.register_component("data_loader", _models())
        session.set_credentials(account, "sandbox")
        return session.create_client(
            service,
            region_name=region,
            endpoint_url=self.url,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    @property
    def connections(self) -> int:
        """How many connections clients have open.

        What a client had sent when it died takes effect as long as its connections are among
        them, as it does in AWS.
        """
        return self._server.connections

    def add_profiles(self, accounts: Mapping[str, str]) -> None:
        """Let configurations that name a profile work here, each as an account of its own."""
        with (self._files / "credentials").open("a", encoding="utf-8") as file:
            for name, account in accounts.items():
                file.write(
                    f"[{name}]\naws_access_key_id = {account}\naws_secret_access_key = sandbox\n"
                )


@cache
def _models() -> Any:
    """Return the SDK's models, read once for all clients."""
    from botocore.loaders import create_loader

    return create_loader()


@contextmanager
def _room(kept: Path | None) -> Iterator[Path]:
    """Yield the directory to work in: ``kept``, for this process alone, or a temporary one."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="lamform-sandbox-") as name:
            yield Path(name)
        return
    try:
        kept.mkdir(parents=True, exist_ok=True)
        lock = (kept / "lock").open("w")
    except OSError as error:
        raise RemoteError.of(
            "The sandbox cannot be kept there",
            f"{kept}: {error.strerror}. Name a directory that can be written to.",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RemoteError.of(
                "Another sandbox is using the directory",
                f"{kept} is in use. Wait until the other one ends, or keep this one elsewhere.",
            ) from error
        yield kept
