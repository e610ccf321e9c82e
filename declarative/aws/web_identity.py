"""Credentials for a token: a Kubernetes service account's, or that of a CI's identity provider."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from declarative.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.credentials import Credentials, DeferredRefreshableCredentials

_GITLAB: Final = "GITLAB_OIDC_TOKEN"
_GITHUB_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
_GITHUB_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where the token of ``credentials "oidc"`` is; asked again whenever credentials expire.

    Attributes:
        address: The connector's address.
        settings: What the files say.
    """

    address: str
    settings: Mapping[str, Any]
    environ: Mapping[str, str]

    def __call__(self) -> str:
        """Return the token.

        Raises:
            ConfigurationError: it is not where the files say.
        """
        if self.settings.get("token_file"):
            return TokenFile(str(self.settings["token_file"]), self.address)()
        if self.settings.get("issuer") == "github":
            return self._from_github()
        if self.settings.get("issuer") == "gitlab":
            return self._variable(_GITLAB, f"Declare it under id_tokens: {_GITLAB}, with aud.")
        return self._variable(str(self.settings["token_env"]), "Set it to the token.")

    def _variable(self, name: str, advice: str) -> str:
        found = self.environ.get(name)
        if not found:
            raise _no_token(self.address, f"{name} is not in the environment. {advice}")
        return found

    def _from_github(self) -> str:
        advice = "Give the job the permission id-token: write."
        url, bearer = self._variable(_GITHUB_URL, advice), self._variable(_GITHUB_TOKEN, advice)
        audience = quote(str(self.settings["audience"]), safe="")
        status, content = _get(f"{url}&audience={audience}", {"Authorization": f"Bearer {bearer}"})
        try:
            token = json.loads(content)["value"]
        except (ValueError, KeyError, TypeError):
            token = None
        if status != HTTPStatus.OK or not isinstance(token, str):
            raise _no_token(self.address, f"GitHub answered {status} without a token. {advice}")
        return token


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file with a token, read anew whenever credentials expire."""

    path: str
    address: str = ""

    def __call__(self) -> str:
        """Return the token.

        Raises:
            ConfigurationError: the file cannot be read.
        """
        try:
            return Path(self.path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise _no_token(self.address, f"{self.path}: {reason}. Check the path.") from None


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """A source of credentials for the SDK: a role assumed with a token and nothing else.

    Attributes:
        creator: Creates a client of the SDK.
        token: Returns the token.
    """

    METHOD = "lamform-web-identity"
    CANONICAL_NAME = "custom-lamform-web-identity"

    creator: Callable[..., Any]
    token: Callable[[], str]
    role_arn: str

    def load(self) -> DeferredRefreshableCredentials:
        """Return credentials that are fetched when the first call is signed."""
        from botocore.credentials import (
            AssumeRoleWithWebIdentityCredentialFetcher,
            DeferredRefreshableCredentials,
        )

        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
            client_creator=self.creator,
            web_identity_token_loader=self.token,
            role_arn=self.role_arn,
            extra_args={"RoleSessionName": "lamform"},
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The role of a Kubernetes service account, as EKS tells it through the environment.

    Attributes:
        creator: Creates a client of the SDK.
        address: The connector's address.
    """

    METHOD = "lamform-service-account"
    CANONICAL_NAME = "custom-lamform-service-account"

    creator: Callable[..., Any]
    address: str
    environ: Mapping[str, str]

    def load(self) -> Credentials:
        """Return credentials that are fetched when the first call is signed.

        Raises:
            ConfigurationError: this is no pod with such a service account.
        """
        path, role = (self.environ.get(name) for name in _POD)
        if not path or not role:
            raise _no_token(
                self.address,
                f"{' and '.join(_POD)} are not in the environment: this is no pod whose service "
                "account has a role. Use other credentials here.",
            )
        return WebIdentity(self.creator, TokenFile(path, self.address), role).load()


_POD: Final = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")


def _no_token(address: str, detail: str) -> ConfigurationError:
    return ConfigurationError.of("No token to get credentials with", detail, address=address)


def _get(url: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    # The SDK's own client: it knows the proxies and certificates of this machine.
    request = AWSRequest(method="GET", url=url, headers=dict(headers)).prepare()
    answer = URLLib3Session(timeout=10).send(request)
    return answer.status_code, answer.content
