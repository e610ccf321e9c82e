"""What other expressions can read of a release: ``release.X.function.arn`` and the like.

Reading a part of a release is what makes a dependency. Names and ARNs without a version
follow from the files; the rest is known once the release is applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.language.saved import ATTRIBUTES
from declarative.language.scopes import extended, group, indexed, reference, traversal
from declarative.language.types import from_python
from declarative.language.values import STRING, UNKNOWN, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from declarative.language.releases import Release


class Exports:
    """One release as a value."""

    def __init__(self, release: Release) -> None:
        """Stand for ``release``."""
        self._release = release

    def value(self) -> Value:
        """Return what ``release.X`` is in expressions."""
        parts: dict[str, Callable[[], Value]] = {
            "name": lambda: Value(STRING, self._release.instance.name),
            "key": lambda: from_python(self._release.instance.key),
            "function": lambda: self._part("function"),
            "alias": lambda: group(self._alias_value, self._release.alias_names),
        }
        return reference(
            "release",
            self._release.address,
            lambda name: parts[name]() if name in parts else self._url(name),
            lambda: parts,
        )

    def _url(self, name: str) -> Value | None:
        return self._part("url") if name == "url" and self._release.has_url else None

    def _alias_value(self, name: str) -> Value | None:
        return self._part("alias", name) if name in self._release.alias_names() else None

    def _part(self, kind: str, *label: str) -> Value:
        known = ATTRIBUTES[kind]
        return group(
            lambda name: self._attribute(kind, label, name) if name in known else None,
            lambda: known,
        )

    def _attribute(self, kind: str, label: tuple[str, ...], name: str) -> Value:
        memo = self._release.evaluation.memo
        memo.read(self._release.address)
        if name == "name":
            return Value(STRING, self._release.function_name())
        if name in {"arn", "invoke_arn"}:
            account = memo.apart(
                f"{self._release.address} account",
                lambda: self._release.evaluation.account_id(self._release.infrastructure),
            )
            if account is not None:
                return Value(STRING, self._arn(account, label, invoke=name == "invoke_arn"))
        else:
            found = self._release.evaluation.world.release_attribute(
                self._release.address, (kind, *label, name)
            )
            if found is not None:
                return from_python(found)
        itself = indexed(
            traversal("release", self._release.instance.name), self._release.instance.key
        )
        return Value(STRING, UNKNOWN, residual=extended(itself, kind, *label, name))

    def _arn(self, account: str, label: tuple[str, ...], *, invoke: bool) -> str:
        region = self._release.region
        partition = "aws"
        for prefix in ("cn", "us-gov"):
            if region.startswith(f"{prefix}-"):
                partition = f"aws-{prefix}"
        arn = ":".join(
            (
                "arn",
                partition,
                "lambda",
                region,
                account,
                "function",
                self._release.function_name(),
                *label,
            )
        )
        if not invoke:
            return arn
        path = f"path/2015-03-31/functions/{arn}/invocations"
        return f"arn:{partition}:apigateway:{region}:lambda:{path}"
