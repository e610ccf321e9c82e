"""One release, three worlds: what is desired, recorded and observed, and what differs.

Everything here is pure. `compare` says what differs, part by part; which version serves
it is ``versions``' question, and which steps follow is ``sequence``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from declarative.engine.diff import attribute_changes
from declarative.engine.observe import ENVIRONMENT, Visible, fingerprinted, masked, visible_before
from declarative.model import fields
from declarative.model.address import Address
from declarative.model.canonical import canonical_json, digest_of, members
from declarative.model.plan import Action, AttributeChange, Change
from declarative.model.values import Fingerprinter, has_unknown

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.observe import Observation
    from declarative.engine.ports import ObservedFunction
    from declarative.model.desired import DesiredRelease
    from declarative.model.fields import Attributes
    from declarative.model.revision import ReleaseRecord


_CONFIGURATION: Final = frozenset(
    row.name for row in fields.FUNCTION if not (row.code or row.create_only)
)
"""Fields that ``UpdateFunctionConfiguration`` sets."""

_WITH_CODE: Final = frozenset(row.name for row in fields.FUNCTION if row.code)
"""Fields that ``UpdateFunctionCode`` sets, together with the package."""

_KEY: Final = "source_kms_key_arn"


AWS_TAGS: Final = "aws:"
"""How the names of tags begin that only AWS itself sets and removes."""


@dataclass(frozen=True, slots=True)
class Restore:
    """What a revert brings back, beyond what the files of that time declared.

    Attributes:
        version: The version that has it all, if it still exists: aliases move to it, and
            ``$LATEST`` takes its secrets from it. None: the residual expressions give them.
        packaged: Whether the artifact still gives the recorded package; otherwise it is
            taken from the version.
        attributes: The whole configuration as it was recorded.
    """

    version: str | None
    packaged: bool
    attributes: Attributes
    code_sha256: str


@dataclass(frozen=True, slots=True)
class Worlds:
    """One release as it is desired, recorded (if ever applied) and observed.

    ``restore`` is there when the desired release is one of an earlier revision.
    """

    desired: DesiredRelease
    recorded: ReleaseRecord | None
    observed: Observation
    fingerprinter: Fingerprinter
    restore: Restore | None = None
    project: str = ""

    @property
    def code_sha256(self) -> str | None:
        """The ``CodeSha256`` of the desired code; None where only AWS will know it."""
        if self.restore is not None:
            return self.restore.code_sha256
        artifact, recorded = self.desired.artifact, self.recorded
        if artifact.code_sha256 is not None or recorded is None or recorded.function is None:
            return artifact.code_sha256
        # An object says nothing of its content, but the same object has the same content.
        same = recorded.desired.artifact.identity == artifact.identity
        own = same and not recorded.function.code_accepted
        return recorded.function.code_sha256 if own else None

    @property
    def visible(self) -> Visible:
        """What of the configuration may be shown."""
        return visible_before(self.desired.function, self.recorded)

    @property
    def address(self) -> Address:
        """The release's address."""
        return Address.parse(self.desired.address)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between desired and observed.

    Attributes:
        before: The observed configuration, masked; None where there is no function.
        after: The whole configuration after the apply, masked.
        configuration: Top-level fields that differ and are set by a configuration update.
        code: Whether the package (or what belongs to it) has to be sent.
        with_code: Fields to send with the package, with their values.
        again: Why the last update failed, where it did: the package is sent once more, so that
            AWS tries once more, whatever else differs.
        set_tags: Tags to add or replace; ``removed_tags`` those to take away.
    """

    action: Action
    before: Attributes | None
    after: Attributes
    function: tuple[AttributeChange, ...]
    configuration: tuple[str, ...] = ()
    code: bool = False
    with_code: Mapping[str, JsonValue] = field(default_factory=dict)
    again: str = ""
    set_tags: Mapping[str, str] | None = None
    removed_tags: tuple[str, ...] = ()

    @property
    def mutates(self) -> bool:
        """Whether ``$LATEST`` of an existing function changes."""
        return bool(self.configuration) or self.code


def compare(worlds: Worlds) -> Comparison:
    """Return what differs in function and tags."""
    function = worlds.observed.function
    if function is None:
        return _new(worlds)
    before = masked(function.attributes, worlds.fingerprinter, worlds.visible)
    after = effective(worlds, before)
    changes = attribute_changes(before, after, worlds.fingerprinter, worlds.desired.residuals)
    code = _code_change(worlds, function)
    tops = {change.path[0] for change in changes}
    set_tags, removed = _tag_difference(worlds, function)
    again = (function.reason or "AWS does not say why") if function.has_failed else ""
    return Comparison(
        action=_action(worlds, changed=bool(changes or code or again)),
        before=before,
        after=after,
        function=(*changes, *code),
        configuration=tuple(sorted(name for name in tops & _CONFIGURATION)),
        code=bool(code or again or tops & _WITH_CODE),
        again=again,
        with_code=_with_code(after, tops),
        set_tags=set_tags,
        removed_tags=removed,
    )


def _with_code(after: Attributes, changed: set[str]) -> dict[str, JsonValue]:
    """Return the fields that go with the code.

    The key goes with every package that it encrypts: AWS's documentation has a package that
    comes without one be encrypted with a key of AWS's own.
    """
    sent = changed | ({_KEY} if after.get(_KEY) else set())
    return {name: after[name] for name in sorted(sent & _WITH_CODE)}


def _new(worlds: Worlds) -> Comparison:
    desired = worlds.desired
    after = effective(worlds, fields.defaults(desired.function_name))
    declared = {path: fields.get(after, path) for path in desired.declared}
    attributes: Attributes = {}
    for path, value in declared.items():
        attributes = fields.put(attributes, path, value)
    code = AttributeChange(path=("code_sha256",), after=worlds.code_sha256)
    if worlds.code_sha256 is None:
        code = AttributeChange(path=("artifact",), after=desired.artifact.identity)
    return Comparison(
        action=Action.CREATE,
        before=None,
        after=after,
        function=(
            *attribute_changes({}, attributes, worlds.fingerprinter, desired.residuals),
            code,
        ),
        code=True,
        set_tags=desired.tags,
    )


def effective(worlds: Worlds, base: Attributes) -> Attributes:
    """Return the whole configuration after the apply.

    Declared leaves win; a leaf that was declared when recorded and no longer is goes back
    to AWS's default; everything else stays as it is, as far as AWS keeps it beside that.
    """
    desired, recorded = worlds.desired, worlds.recorded
    if worlds.restore is not None:
        return worlds.restore.attributes
    result = base
    earlier = recorded.function.declared if recorded and recorded.function else ()
    for path in earlier:
        if path not in desired.declared:
            result = fields.put(result, path, fields.default_of(path, desired.function_name))
    for path in desired.declared:
        result = fields.put(result, path, fields.get(desired.function, path))
    return fields.settled(fields.put(result, fields.PACKAGE_TYPE, desired.artifact.package_type))


def content_digest(
    attributes: Attributes, code_sha256: str | None, fingerprinter: Fingerprinter
) -> str | None:
    """Identify code and configuration together; None while either is not known.

    Two versions with equal content serve equally, so an alias may move to either.
    """
    if code_sha256 is None or has_unknown(dict(attributes)):
        return None
    return observed_digest(attributes, code_sha256, fingerprinter)


def observed_digest(attributes: Attributes, code_sha256: str, fingerprinter: Fingerprinter) -> str:
    """Identify code and configuration that AWS has, in which nothing is unknown."""
    hidden = fingerprinted(attributes, fingerprinter)
    return digest_of(members({"attributes": hidden, "code": canonical_json(code_sha256)}))


def _action(worlds: Worlds, *, changed: bool) -> Action:
    if worlds.recorded is None or worlds.recorded.function is None:
        return Action.ADOPT
    return Action.UPDATE if changed else Action.NO_OP


def _code_change(worlds: Worlds, function: ObservedFunction) -> tuple[AttributeChange, ...]:
    wanted = worlds.code_sha256
    if wanted == function.code_sha256:
        return ()
    if wanted is not None:
        changed = AttributeChange(path=("code_sha256",), before=function.code_sha256, after=wanted)
    else:
        before = _artifact_before(worlds)
        changed = AttributeChange(
            path=("artifact",), before=before, after=worlds.desired.artifact.identity
        )
    return (changed,)


def _artifact_before(worlds: Worlds) -> str | None:
    recorded = worlds.recorded
    if recorded is None:
        return None
    if recorded.function is not None and recorded.function.code_accepted:
        return recorded.function.code_sha256  # it came from no artifact of ours
    return recorded.desired.artifact.identity


def _tag_difference(
    worlds: Worlds, function: ObservedFunction
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    observed = dict(function.tags or {})
    wanted = worlds.desired.tags or {}
    earlier = (worlds.recorded.tags if worlds.recorded else None) or {}
    changed = {name: value for name, value in wanted.items() if observed.get(name) != value}
    # With other tags that lamform does not know, only those go that it has set.
    ours = observed if worlds.desired.tags_exclusive else earlier
    removed = tuple(
        sorted(
            name
            for name in ours
            if name not in wanted and name in observed and not name.startswith(AWS_TAGS)
        )
    )
    return changed, removed


def tags_change(worlds: Worlds, comparison: Comparison) -> Change | None:
    """Return the change of the tags part, or None where tags stay as they are."""
    function = worlds.observed.function
    observed = dict(function.tags or {}) if function else {}
    touched = {*(comparison.set_tags or {}), *comparison.removed_tags}
    if not touched:
        return None
    wanted = worlds.desired.tags or {}
    return Change(
        address=str(worlds.address.part("tags")),
        kind="tags",
        action=Action.CREATE if function is None else Action.UPDATE,
        attributes=tuple(
            AttributeChange(
                path=(name,),
                before=observed.get(name),
                after=wanted.get(name) if name in wanted else None,
            )
            for name in sorted(touched)
        ),
    )


def removed_environment(comparison: Comparison) -> tuple[str, ...]:
    """Return environment names that the apply would take away."""
    before = fields.get(comparison.before or {}, ENVIRONMENT)
    after = fields.get(comparison.after, ENVIRONMENT)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ()
    return tuple(sorted(before.keys() - after.keys()))
