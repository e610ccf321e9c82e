"""The pure comparison of two parts in normal form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.model import fields
from declarative.model.fields import Path
from declarative.model.plan import AttributeChange
from declarative.model.values import SECRET, UNKNOWN, Fingerprinter, has_unknown, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue

    from declarative.model.desired import Residual


def differing_paths(
    before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]
) -> tuple[Path, ...]:
    """Return the paths at which two parts differ, sorted; lists and markers are leaves."""
    if before == after:
        return ()
    if not before or not after:  # all of what is new, or gone
        return tuple(sorted((name,) for name in {**before, **after}))
    from deepdiff import DeepDiff

    tree = DeepDiff(
        dict(before),
        dict(after),
        view="tree",
        threshold_to_diff_deeper=0,
        ignore_private_variables=False,  # a user's name may begin with two underscores
    )
    found = {_leaf(level.path(output_format="list")) for kind in tree.values() for level in kind}
    return tuple(sorted(found))


def _leaf(steps: Iterable[object]) -> Path:
    path: list[str] = []
    for step in steps:
        if not isinstance(step, str) or step in (SECRET, UNKNOWN):
            break
        path.append(step)
    return tuple(path)


def attribute_changes(
    before: Mapping[str, JsonValue],
    after: Mapping[str, JsonValue],
    fingerprinter: Fingerprinter,
    residuals: Iterable[Residual] = (),
) -> tuple[AttributeChange, ...]:
    """Return what differs between two parts, secrets as fingerprints.

    A secret compares with a plain value by fingerprint, so that marking a value sensitive
    is no change.
    """
    expressions = {residual.path: residual.expression for residual in residuals}
    changes = (
        _change(path, fields.get(before, path), fields.get(after, path), expressions.get(path))
        for path in differing_paths(before, after)
    )
    return tuple(change for change in changes if not _equal(change, fingerprinter))


def _change(
    path: Path, before: JsonValue, after: JsonValue, residual: str | None
) -> AttributeChange:
    sensitive = is_secret(before) or is_secret(after)
    unknown = has_unknown(after)
    return AttributeChange(
        path=path,
        before=None if is_secret(before) else before,
        after=None if is_secret(after) or unknown else after,
        sensitive=sensitive,
        unknown=unknown,
        residual=residual,
        before_fingerprint=_fingerprint(before),
        after_fingerprint=_fingerprint(after),
    )


def _fingerprint(value: JsonValue) -> str | None:
    if isinstance(value, dict) and is_secret(value):
        found = value[SECRET]
        return found if isinstance(found, str) else None
    return None


def _equal(change: AttributeChange, fingerprinter: Fingerprinter) -> bool:
    """Whether a secret on one side and a plain value on the other are the same value."""
    one, other = change.before_fingerprint, change.after_fingerprint
    if not change.sensitive or change.unknown or (one and other):
        return False
    plain = change.after if one else change.before
    return plain is not None and fingerprinter.fingerprint(plain) == (one or other)
