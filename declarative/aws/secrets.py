"""Secrets of Secrets Manager and of SSM's Parameter Store, each read once."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

from declarative.aws.failures import Place, facts, required
from declarative.engine.ports import Withheld
from declarative.errors import RemoteError
from declarative.language.world import SecretText

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

    from declarative.engine.ports import Obstacle
    from declarative.language.world import SecretSource

_DENIED: Final = frozenset(
    {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"}
)
_MISSING: Final = frozenset(
    {"ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound"}
)
_DELETED: Final = "marked"  # "… on a secret that was marked for deletion", an invalid request


class Account(Protocol):
    """What reading needs of one connector's account."""

    def place(self, service: str, region: str = "") -> Place:
        """Return where calls go."""
        ...

    def secrets(self, service: str, region: str) -> Any:
        """Return the SDK's client.

        Raises:
            RemoteError: the connector cannot be used.
        """
        ...


class SecretReader:
    """Reads secrets and remembers them; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[tuple[Account, SecretSource], SecretText | Withheld] = {}

    def read(self, source: SecretSource, account: Account) -> SecretText | Withheld:
        """Return a secret, or why it cannot be had; each is asked for once."""
        with self._lock:
            key = (account, source)
            if key not in self._read:
                self._read[key] = _read(source, account)
            return self._read[key]


def _read(source: SecretSource, account: Account) -> SecretText | Withheld:
    from botocore.exceptions import ClientError

    operation = "GetSecretValue" if source.service == "secretsmanager" else "GetParameter"
    obstacle: Obstacle = "failed"
    try:
        client = account.secrets(source.service, source.region)
        with account.place(source.service, source.region).translating(operation, source.name):
            try:
                return (_secret if source.service == "secretsmanager" else _parameter)(
                    client, source
                )
            except ClientError as error:
                if error.operation_name == operation:  # not of a call for the credentials
                    obstacle = _obstacle(error)
                raise
    except RemoteError as error:
        return Withheld(obstacle, error)


def _obstacle(error: ClientError) -> Obstacle:
    code, message, _ = facts(error)
    if code in _DENIED:
        return "denied"
    if code in _MISSING or (code == "InvalidRequestException" and _DELETED in message):
        return "missing"
    return "failed"


def _secret(client: Any, source: SecretSource) -> SecretText:
    version = {} if source.version is None else {"VersionId": source.version}
    answer = client.get_secret_value(SecretId=source.name, **version)
    text = answer.get("SecretString")
    if text is None:
        text = base64.b64encode(required(answer, "SecretBinary")).decode("ascii")
    return SecretText(str(text), str(required(answer, "VersionId")))


def _parameter(client: Any, source: SecretSource) -> SecretText:
    name = source.name
    if source.version is not None:
        name = f"{_without_selector(name)}:{source.version}"
    answer = required(client.get_parameter(Name=name, WithDecryption=True), "Parameter")
    return SecretText(str(required(answer, "Value")), str(required(answer, "Version")))


def _without_selector(name: str) -> str:
    """Return a parameter's name or ARN without the version or label behind it."""
    if not name.startswith("arn:"):
        return name.partition(":")[0]
    head, parameter, path = name.partition(":parameter")
    return head + parameter + path.partition(":")[0]
