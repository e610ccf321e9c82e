"""Who is calling, and the part of STS that answers it.

An access key of twelve digits is an account of its own. `AssumeRole` makes keys that carry
the role's account, so they go on working when a kept sandbox is started again. STS is answered
here, not by moto, because every plan asks it and moto takes long to load.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from declarative.sandbox.clock import Clock

OPERATIONS = frozenset({"GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity"})

_ACCOUNT = re.compile(r"\d{12}")
_ISSUED = re.compile(r"ASIA(\d{12})[A-Z0-9]{4}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[\w+=,.@-]+)")
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


@dataclass(frozen=True, slots=True)
class Caller:
    """An identity as `GetCallerIdentity` answers it."""

    account: str
    arn: str
    user_id: str


class Identities:
    """Maps access keys to callers; safe for threads.

    Args:
        clock: For the expiration of issued credentials.
        otherwise: Finds the account of a key that was not made here.
    """

    def __init__(self, clock: Clock, otherwise: Callable[[str], str]) -> None:
        self._clock = clock
        self._otherwise = otherwise
        self._lock = threading.Lock()
        self._issued: dict[str, Caller] = {}

    def account_of(self, access_key: str | None) -> str:
        """Return the account that a request signed with ``access_key`` belongs to."""
        if access_key is None:
            return self._otherwise("")
        if _ACCOUNT.fullmatch(access_key):
            return access_key
        issued = _ISSUED.fullmatch(access_key)
        return issued[1] if issued else self._otherwise(access_key)

    def caller(self, access_key: str | None) -> Caller:
        """Return who signs with ``access_key``."""
        with self._lock:
            if access_key in self._issued:
                return self._issued[access_key]
        account = self.account_of(access_key)
        return Caller(account, f"arn:aws:iam::{account}:user/sandbox", "AIDASANDBOXSANDBOX00")

    def answer(self, form: Mapping[str, str], access_key: str | None) -> tuple[int, bytes]:
        """Answer one operation of `OPERATIONS`: HTTP status and XML.

        Any role can be assumed by anyone, whether or not it exists.
        """
        operation = form["Action"]
        if operation == "GetCallerIdentity":
            caller = self.caller(access_key)
            facts = {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account}
            return 200, _document(operation, "".join(_element(*fact) for fact in facts.items()))
        role = _ROLE.fullmatch(form.get("RoleArn", ""))
        if role is None:
            return 400, _refusal("ValidationError", f"{form.get('RoleArn')} is invalid")
        return 200, _document(operation, self._assume(role, form))

    def _assume(self, role: re.Match[str], form: Mapping[str, str]) -> str:
        session = form.get("RoleSessionName", "session")
        account, name = role["account"], role["name"]
        seed = hashlib.sha256(f"{role[0]}/{session}".encode()).hexdigest().upper()
        key = f"ASIA{account}{seed[:4]}"
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
        caller = Caller(account, arn, f"AROA{seed[4:21]}:{session}")
        with self._lock:
            self._issued[key] = caller
        expiry = self._clock.wall() + int(form.get("DurationSeconds", "3600"))
        credentials = {
            "AccessKeyId": key,
            "SecretAccessKey": seed[:40],
            "SessionToken": f"sandbox-{seed}",
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expiry)),
        }
        user = {"AssumedRoleId": caller.user_id, "Arn": arn}
        return _group("Credentials", credentials) + _group("AssumedRoleUser", user)


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a request in AWS's query protocol; empty: it is none."""
    try:
        fields = parse_qs(body.decode("ascii"))
    except UnicodeDecodeError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _group(name: str, members: Mapping[str, str]) -> str:
    return f"<{name}>{''.join(_element(*member) for member in members.items())}</{name}>"


def _document(operation: str, result: str) -> bytes:
    return (
        f'<{operation}Response xmlns="{_NAMESPACE}">'
        f"<{operation}Result>{result}</{operation}Result>"
        "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId>"
        f"</ResponseMetadata></{operation}Response>"
    ).encode()


def _refusal(code: str, message: str) -> bytes:
    error = _group("Error", {"Type": "Sender", "Code": code, "Message": message})
    return f'<ErrorResponse xmlns="{_NAMESPACE}">{error}</ErrorResponse>'.encode()
