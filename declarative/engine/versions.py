"""Which published version serves a release: one that exists, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.compare import content_digest, observed_digest
from declarative.model.plan import Action

if TYPE_CHECKING:
    from declarative.engine.compare import Comparison, Worlds


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """The version that aliases will follow.

    Attributes:
        version: An existing version with the desired content; None: publish one.
        publishes: Whether this apply publishes a version.
        checkpoint: Whether ``$LATEST`` is published before its first change, because no
            known version equals it. What AWS could not bring about cannot be published.
        expected: The number AWS will most likely give a published version.
        reason: Why, in a few words, for the plan.
    """

    version: str | None
    publishes: bool
    checkpoint: bool
    expected: str | None
    reason: str


def choose_version(
    worlds: Worlds,
    comparison: Comparison,
    *,
    others: Mapping[str, str],
    exists: Callable[[str], bool],
) -> VersionChoice:
    """Return the version that shall serve the release.

    Args:
        worlds: The release.
        comparison: What differs in it.
        others: Content digests of versions that AWS showed besides the recorded ones
            (where aliases of an adopted function point).
        exists: Whether a recorded version still exists and can serve.
    """
    known = _known(worlds, others)
    wanted = _wanted(worlds, comparison) if known else None
    fitting = [version for version, content in known.items() if content == wanted]
    preferred = [worlds.restore.version] if worlds.restore and worlds.restore.version else []
    candidates = (*preferred, *sorted(fitting, key=int, reverse=True))
    version = next((one for one in candidates if exists(one)), None)
    needed = _needs_version(worlds, comparison)
    publishes = version is None and needed
    whole = comparison.mutates and not comparison.again
    checkpoint = whole and not _latest_is_known(worlds, known.values())
    return VersionChoice(
        version=version,
        publishes=publishes,
        checkpoint=checkpoint,
        expected=_expected(worlds, known, checkpoint=checkpoint) if publishes else None,
        reason=_reason(comparison, version, publishes=publishes, lost=bool(fitting)),
    )


def _wanted(worlds: Worlds, comparison: Comparison) -> str | None:
    return content_digest(comparison.after, worlds.code_sha256, worlds.fingerprinter)


def _known(worlds: Worlds, others: Mapping[str, str]) -> dict[str, str]:
    recorded = worlds.recorded.versions if worlds.recorded else ()
    if worlds.observed.function is None:
        return {}
    return {**others, **{one.version: one.content for one in recorded}}


def _needs_version(worlds: Worlds, comparison: Comparison) -> bool:
    follows = any(alias.function_version is None for alias in worlds.desired.aliases.values())
    recorded = worlds.recorded
    cut_off = recorded is not None and recorded.status != "applied" and recorded.version is None
    return follows or comparison.mutates or comparison.action is Action.CREATE or cut_off


def _latest_is_known(worlds: Worlds, contents: Iterable[str]) -> bool:
    function = worlds.observed.function
    if function is None:
        return True
    observed = observed_digest(function.attributes, function.code_sha256, worlds.fingerprinter)
    return observed in set(contents)


def _expected(worlds: Worlds, known: Mapping[str, str], *, checkpoint: bool) -> str | None:
    """Return the successor of the highest known version; None where none is known.

    AWS never gives a number twice, not even to a function that was deleted and made again.
    """
    pointed = [
        alias.function_version
        for alias in worlds.observed.aliases.values()
        if alias.function_version.isdigit()
    ]
    recorded = [one.version for one in worlds.recorded.versions] if worlds.recorded else []
    numbers = [int(version) for version in (*known, *recorded, *pointed)]
    if not numbers:
        return "1" if worlds.observed.function is None else None
    return str(max(numbers) + (2 if checkpoint else 1))


def _reason(comparison: Comparison, version: str | None, *, publishes: bool, lost: bool) -> str:
    if version is not None:
        return f"version {version} has this code and configuration"
    if not publishes:
        return "no version is needed"
    if lost:
        return "the version that had this code and configuration is gone or has failed"
    if comparison.action is Action.CREATE:
        return "first version"
    return "no recorded version has this code and configuration"
