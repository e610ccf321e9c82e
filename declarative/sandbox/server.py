"""An AWS of one's own on loopback: Lambda by the simulator, everything else by moto."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from declarative.sandbox.clock import SystemClock
from declarative.sandbox.frontdesk import FrontDesk
from declarative.sandbox.identity import Identities
from declarative.sandbox.loopback import LoopbackServer
from declarative.sandbox.others import OtherServices
from declarative.sandbox.simulator import LambdaSimulator
from declarative.sandbox.world import DEFAULT_ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from declarative.sandbox.clock import Clock
    from declarative.sandbox.traffic import Quotas

_CONFIG = "[default]\nregion = {region}\ns3 =\n    addressing_style = path\n"


class Sandbox:
    """A running sandbox; a context manager.

    Lambda functions are kept in ``directory`` and are there again when a later sandbox uses
    it. Everything else (buckets, roles, secrets) lives in moto's memory and ends with the
    process, also where a directory is kept.

    Args:
        directory: Where the Lambda world and the AWS configuration file are; None: a
            temporary directory, removed at the end.
        pending_seconds: How long a new function stays ``Pending``.
        update_seconds: How long an update stays ``InProgress``.
        quotas: AWS's throttling; None: no throttling.
        clock: The passing of time; None: the machine's.

    Attributes:
        simulator: The simulated Lambda, for tests in the same process.
    """

    simulator: LambdaSimulator

    def __init__(
        self,
        directory: Path | None = None,
        pending_seconds: float = 0.15,
        update_seconds: float = 0.15,
        *,
        quotas: Quotas | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="lamform-sandbox-")
        self._directory = directory or Path(self._temporary.name)
        self._others = OtherServices()
        self.simulator = LambdaSimulator(
            pending_seconds=pending_seconds,
            update_seconds=update_seconds,
            directory=directory / "lambda" if directory else None,
            sources=self._others,
            clock=clock,
            quotas=quotas,
        )
        identities = Identities(clock or SystemClock(), self._others.account_of)
        self._server = LoopbackServer(FrontDesk(self.simulator, identities, self._others).answer)
        self.simulator.code_url = f"{self._server.url}/_sandbox/code/{{}}".format

    @property
    def url(self) -> str:
        """The endpoint of every service, without a final slash."""
        return self._server.url

    def environment(
        self, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION
    ) -> dict[str, str]:
        """Return the environment variables that point an AWS SDK here, and nowhere else.

        The SDK's files are replaced too, so no profile of the user's can lead to a real
        account. Variables of the user's that would still win, such as ``AWS_PROFILE``, are
        the caller's to remove: `declarative.sandbox.run.clean` does.
        """
        files = self._directory / "aws"
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(files / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(files / "credentials"),
        }

    def add_profiles(self, accounts: Mapping[str, str]) -> None:
        """Let configurations that name a profile work here, each as an account of its own."""
        with (self._directory / "aws" / "credentials").open("a", encoding="utf-8") as file:
            for name, account in accounts.items():
                file.write(
                    f"[{name}]\naws_access_key_id = {account}\naws_secret_access_key = sandbox\n"
                )

    def __enter__(self) -> Self:
        """Start to answer."""
        files = self._directory / "aws"
        files.mkdir(parents=True, exist_ok=True)
        (files / "config").write_text(_CONFIG.format(region=DEFAULT_REGION), "utf-8")
        (files / "credentials").write_text("", "utf-8")
        self.simulator.runtime_environment = self.environment()
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop answering and save what is to be kept."""
        self.simulator.close()
        self._server.stop()
        self._others.close()
        self._temporary.cleanup()
