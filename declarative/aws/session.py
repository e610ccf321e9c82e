"""All accounts and regions a project reaches: sessions, clients, accounts, counts.

Per connector there is one SDK session, and per region of it two Lambda clients: one for
reading, which may repeat a call by itself, and one for changing, which never does. All of
them take their turn in the account's quotas before each attempt.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from declarative import __version__
from declarative.aws.credentials import CallCounter, sdk_session, sts_region
from declarative.aws.failures import Place, required
from declarative.aws.functions import LambdaFunctions, LambdaReader
from declarative.aws.quotas import Bucket, Quotas, quota_of
from declarative.aws.retries import Pacing, Reread, is_throttle, retry_after
from declarative.aws.secrets import SecretReader
from declarative.errors import Diagnostic, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.config import Config
    from botocore.session import Session
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

    from declarative.engine.ports import FunctionReader, FunctionWriter, Withheld
    from declarative.language.world import SecretSource, SecretText
    from declarative.model.bound import Connector

_TAGGING: Final = "resourcegroupstaggingapi"


class AwsCloud:
    """AWS; the port is `declarative.engine.ports.WritableCloud`. Safe for many threads.

    Args:
        pacing: How to wait where AWS says "not now".
        connections: How many requests one region may have in flight.
        environ: Where the tokens of identity providers are.
        keep_quotas: Whether to keep to Lambda's quotas; None: at AWS's own endpoints. An
            emulator has none, and answers 429 where it plays at having some.
    """

    def __init__(
        self,
        *,
        pacing: Pacing | None = None,
        connections: int = 32,
        environ: Mapping[str, str] | None = None,
        keep_quotas: bool | None = None,
    ) -> None:
        self._pacing = pacing or Pacing()
        self._connections = connections
        self._environ = environ or {}
        self._counter = CallCounter()
        self._quotas = Quotas(self._pacing, everywhere=keep_quotas)
        self._secrets = SecretReader()
        self._lock = threading.Lock()
        # By address, since a connector cannot be hashed; more than one where state
        # recorded other settings than the files have now.
        self._accounts: dict[str, list[_Account]] = {}

    def account_id(self, connector: Connector) -> str:
        """Return the account a connector's credentials belong to (asked once per connector)."""
        return self._account(connector).account_id()

    def reader(self, connector: Connector, region: str) -> FunctionReader:
        """Return the reader for one region; no call is made yet."""
        account = self._account(connector)
        return LambdaReader(
            account.place("lambda", region),
            account.functions(region, "reading"),
            account.tagging(region),
        )

    def writer(
        self, connector: Connector, region: str, *, timeout: float | None = None
    ) -> FunctionWriter:
        """Return the writer for one region; no call is made yet.

        ``timeout`` is how many seconds a change is repeated while another is in progress.
        """
        account = self._account(connector)
        pacing = account.pacing if timeout is None else replace(account.pacing, timeout=timeout)
        return LambdaFunctions(
            account.place("lambda", region),
            account.functions(region, "reading"),
            account.tagging(region),
            writing=account.functions(region, "writing"),
            pacing=pacing,
        )

    def s3(self, connector: Connector, region: str) -> S3Client:
        """Return a client for buckets of one region.

        It does not follow a bucket to another region: Lambda would not either.

        Raises:
            RemoteError: the connector cannot be used.
        """
        return self._account(connector).objects(region)

    def ecr(self, connector: Connector, region: str) -> Any:
        """Return a client for image repositories of one region.

        Raises:
            RemoteError: the connector cannot be used.
        """
        return self._account(connector).images(region)

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | Withheld:
        """Return a secret, or why it cannot be had; each is asked for once."""
        return self._secrets.read(source, self._account(connector))

    def calls(self) -> Mapping[str, int]:
        """Return how many AWS calls were made so far, by operation."""
        return self._counter.counts()

    def calls_by_quota(self) -> Mapping[str, int]:
        """Return how many were made so far in each of Lambda's quotas, and elsewhere."""
        return self._counter.quotas()

    def _account(self, connector: Connector) -> _Account:
        with self._lock:
            known = self._accounts.setdefault(connector.address, [])
            for account in known:
                if account.connector == connector:
                    return account
            known.append(
                _Account(
                    connector,
                    self._counter,
                    self._quotas,
                    replace(self._pacing, retry=connector.retry),
                    connections=self._connections,
                    environ=self._environ,
                )
            )
            return known[-1]


class _Account:
    """What one connector gives: its session, its clients, its account's number."""

    def __init__(
        self,
        connector: Connector,
        counter: CallCounter,
        quotas: Quotas,
        pacing: Pacing,
        *,
        connections: int,
        environ: Mapping[str, str],
    ) -> None:
        self.connector = connector
        self.pacing = pacing
        self._environ = environ
        self._counter = counter
        self._quotas = quotas
        self._connections = connections
        # Creating sessions and clients is not safe for threads; using clients is.
        self._creating = threading.Lock()
        self._session: Session | None = None
        self._factory: Any = None
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._asking = threading.Lock()
        self._number: str | RemoteError | None = None

    def place(self, service: str, region: str = "") -> Place:
        return Place(service, self.connector.address, region)

    def account_id(self) -> str:
        with self._asking:
            if self._number is None:
                try:
                    self._number = self._ask_account()
                except RemoteError as error:
                    # A thousand releases share a connector; one of them waits for the network.
                    self._number = error
        if isinstance(self._number, RemoteError):
            raise self._number
        return self._number

    def functions(
        self, region: str, use: Literal["reading", "writing"]
    ) -> Callable[[], LambdaClient]:
        def client() -> LambdaClient:
            if self.connector.allowed_account_ids:
                self.account_id()
            return cast("LambdaClient", self._client("lambda", region, use))

        return client

    def tagging(self, region: str) -> Callable[[], tuple[Any, Place]]:
        def client() -> tuple[Any, Place]:
            if self.connector.allowed_account_ids:
                self.account_id()
            return self._client(_TAGGING, region, "reading"), self.place("tag", region)

        return client

    def objects(self, region: str) -> S3Client:
        if self.connector.allowed_account_ids:
            self.account_id()
        return cast("S3Client", self._client("s3", region, "reading"))

    def images(self, region: str) -> Any:
        if self.connector.allowed_account_ids:
            self.account_id()
        return self._client("ecr", region, "reading")

    def secrets(self, service: str, region: str) -> Any:
        if self.connector.allowed_account_ids:
            self.account_id()
        return self._client(service, region, "reading")

    def _ask_account(self) -> str:
        place = self.place("sts")
        client = self._client("sts", "", "reading")
        with place.translating("GetCallerIdentity"):
            account = str(required(client.get_caller_identity(), "Account"))
        allowed = self.connector.allowed_account_ids
        if allowed and account not in allowed:
            raise RemoteError(
                (
                    Diagnostic(
                        "Wrong AWS account",
                        f"The credentials of {place.connector} belong to account {account}, but "
                        f"allowed_account_ids has only {', '.join(allowed)}. Use other "
                        "credentials, or add the account.",
                        address=place.connector,
                    ),
                )
            )
        return account

    def _client(self, service: str, region: str, use: Literal["reading", "writing"]) -> Any:
        key = (service, region, use)
        found = self._clients.get(key)
        if found is not None:
            return found
        with self._creating, self.place(service, region).translating("(client)"):
            if key not in self._clients:
                self._clients[key] = self._new_client(service, region, use)
            return self._clients[key]

    def _new_client(self, service: str, region: str, use: Literal["reading", "writing"]) -> Any:
        if self._session is None or self._factory is None:
            import boto3

            self._session = sdk_session(self.connector, self._counter, self._environ)
            # Once per session: boto3 hooks itself into it each time.
            self._factory = boto3.Session(botocore_session=self._session)
        session = self._session
        client = self._factory.client(
            service,
            region_name=region or sts_region(session, self.connector),
            endpoint_url=self.connector.endpoint_url,
            config=self._config(),
        )
        events = client.meta.events
        if use == "reading":
            events.register("needs-retry", Reread(self.pacing))
        if service == "lambda" and self._quotas.hold_at(client.meta.endpoint_url):
            # Before the request is signed: a signature is good for a few minutes only.
            events.register_first("request-created.lambda", partial(self._take, region))
            events.register_first("needs-retry.lambda", partial(self._note, region))
        if service == "s3":
            events.register_first("needs-retry.s3", _stay_in_region)
        return client

    def _take(self, region: str, operation_name: str, **_: object) -> None:
        """Wait for a call's turn; the SDK's ``request-created`` event, once per attempt."""
        bucket = self._bucket(region, operation_name)
        if bucket is not None:
            bucket.take()

    def _note(
        self, region: str, response: tuple[Any, Any] | None, operation: Any, **_: object
    ) -> None:
        """Go slower where AWS throttles; the SDK's ``needs-retry`` event, once per attempt."""
        bucket = self._bucket(region, operation.name)
        if bucket is not None and response is not None and is_throttle(response):
            bucket.throttled(retry_after(response[1]))

    def _bucket(self, region: str, operation: str) -> Bucket | None:
        # Until somebody asks for the account, the connector stands for it.
        known = self._number if isinstance(self._number, str) else self.connector.address
        quota = quota_of("lambda", operation)
        return self._quotas.bucket(known, region, quota, self.connector.quota_share)

    def _config(self) -> Config:
        from botocore.config import Config

        config = Config(
            user_agent_extra=f"lamform/{__version__}",
            retries={"mode": "standard", "total_max_attempts": 1},  # see `Reread`
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=self._connections,
            tcp_keepalive=True,
        )
        if self.connector.endpoint_url:
            # An emulator has no host name per bucket.
            return config.merge(Config(s3={"addressing_style": "path"}))
        return config


def _stay_in_region(response: tuple[Any, Any] | None, operation: Any, **_: object) -> None:
    """End a request for a bucket elsewhere with S3's answer, before the SDK follows it."""
    from botocore.exceptions import ClientError

    if response is None:
        return
    http, parsed = response
    if http is not None and http.status_code in {301, 307, 400}:
        raise ClientError(parsed, operation.name)
