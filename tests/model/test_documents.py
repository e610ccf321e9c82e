"""Plans and records as documents: bytes that come back as they were, ids that mean the content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import LamformError
from declarative.model.artifacts import ArtifactIdentity, LocalArtifact, S3Artifact
from declarative.model.canonical import canonical_json, digest
from declarative.model.desired import ConnectorSettings, DesiredAlias, DesiredRelease, Residual
from declarative.model.plan import (
    Action,
    AliasMove,
    AttributeChange,
    BackendAddress,
    Base,
    Bound,
    BoundPart,
    Change,
    Git,
    Plan,
    PlannedDiagnostic,
    PlannedOutput,
    PlannedRelease,
    Selection,
    Summary,
)
from declarative.model.revision import RecordedAlias, RecordedFunction, ReleaseRecord
from declarative.model.steps import Phase, UpdateAlias, UpdateConfiguration
from declarative.model.stored import read
from declarative.model.values import Fingerprinter, is_secret, without_fingerprints

if TYPE_CHECKING:
    from pydantic import JsonValue

texts = st.text(st.characters(codec="utf-8"), max_size=6)
weights = st.dictionaries(st.sampled_from("123"), st.floats(0, 1), max_size=2)
scalars: st.SearchStrategy[JsonValue] = st.none() | st.booleans() | st.integers() | texts
markers = texts.map(lambda text: {"$secret": f"hmac-sha256:{text}"})
values: st.SearchStrategy[JsonValue] = st.recursive(
    scalars | markers,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
attributes = st.dictionaries(texts, values, max_size=3)
paths = st.lists(texts, min_size=1, max_size=3).map(tuple)

artifacts = st.builds(
    ArtifactIdentity,
    source=st.builds(LocalArtifact, path=texts, exclude=st.lists(texts, max_size=2).map(tuple))
    | st.builds(S3Artifact, bucket=texts, key=texts, version_id=st.none() | texts),
    identity=texts,
    code_sha256=st.none() | texts,
    size=st.none() | st.integers(0),
)
residuals = st.builds(
    Residual,
    path=st.just(("environment", "variables", "KEY")),
    expression=st.none() | texts,
    sensitive=st.booleans(),
)
aliases = st.builds(DesiredAlias, function_version=st.none() | texts, routing=weights)
desired = st.builds(
    DesiredRelease,
    address=st.just("release.checkout"),
    service=texts,
    infrastructure=texts,
    environment=texts,
    connector=st.builds(ConnectorSettings, address=texts, credentials=attributes),
    account_id=texts,
    region=texts,
    function_name=texts,
    function=attributes,
    declared=st.lists(paths, max_size=2).map(tuple),
    tags=st.none() | st.dictionaries(texts, texts, max_size=2),
    aliases=st.dictionaries(texts, aliases, max_size=2),
    artifact=artifacts,
    residuals=st.lists(residuals, max_size=1).map(tuple),
)
functions = st.builds(
    RecordedFunction,
    arn=texts,
    attributes=attributes,
    declared=st.just(()),
    code_sha256=texts,
    code_size=st.integers(0),
)
records = st.builds(
    ReleaseRecord,
    address=st.just("release.checkout"),
    status=st.sampled_from(["applied", "failed", "recovered"]),
    plan_id=st.none() | texts,
    desired=desired,
    connector=st.builds(ConnectorSettings, address=texts, credentials=attributes),
    function=st.none() | functions,
    tags=st.none() | st.dictionaries(texts, texts, max_size=2),
    aliases=st.dictionaries(
        texts, st.builds(RecordedAlias, arn=texts, function_version=texts, routing=weights)
    ),
    held=st.lists(texts, max_size=2).map(tuple),
)
changes = st.builds(
    Change,
    address=texts,
    kind=texts,
    action=st.sampled_from(Action),
    attributes=st.lists(
        st.builds(AttributeChange, path=paths, before=values, after=values), max_size=2
    ).map(tuple),
)
steps = st.builds(
    UpdateConfiguration, release=texts, phase=st.sampled_from(Phase), attributes=attributes
) | st.builds(
    UpdateAlias,
    release=texts,
    phase=st.sampled_from(Phase),
    alias=texts,
    function_version=st.none() | texts,
    description=texts,
    routing=weights,
)
moves = st.builds(lambda origin, to: AliasMove(origin=origin, to=to), st.none() | texts, texts)
releases = st.builds(
    PlannedRelease,
    address=texts,
    service=texts,
    infrastructure=texts,
    environment=texts,
    account_id=texts,
    region=texts,
    function_name=texts,
    artifact=attributes,
    aliases=st.dictionaries(texts, moves, max_size=2),
    steps=st.lists(steps, max_size=2).map(tuple),
    bound=st.builds(
        Bound,
        object=st.none() | texts,
        connector=texts,
        refreshed=st.booleans(),
        parts=st.dictionaries(
            texts, st.builds(BoundPart, observed=values, revision_id=st.none() | texts), max_size=2
        ),
    ),
    desired=st.none() | desired,
)
plans = st.builds(
    Plan,
    created_at=texts,
    tool_version=texts,
    project=texts,
    git=st.none() | st.builds(Git, commit=texts),
    base=st.builds(Base, revision=st.integers(0), id=st.none() | texts),
    config_digest=texts,
    selection=st.builds(Selection, only=st.lists(texts, max_size=2).map(tuple)),
    backend=st.builds(BackendAddress, kind=texts, settings=attributes),
    connectors=st.just({}),
    releases=st.lists(releases, max_size=2).map(tuple),
    changes=st.lists(changes, max_size=2).map(tuple),
    outputs=st.dictionaries(texts, st.builds(PlannedOutput, value=values), max_size=2),
    summary=st.just(Summary()),
)


@given(records)
def test_a_record_survives_its_bytes(record: ReleaseRecord) -> None:
    data = record.to_bytes()
    assert ReleaseRecord.from_bytes(data) == record
    assert ReleaseRecord.from_bytes(data).to_bytes() == data


@given(plans)
def test_a_plan_survives_its_bytes(plan: Plan) -> None:
    sealed = plan.sealed()
    data = sealed.to_bytes()
    again = Plan.model_validate_json(data)
    assert again == sealed
    assert again.to_bytes() == data
    assert again.identify() == sealed.plan_id


@given(plans)
def test_sealing_is_done_once(plan: Plan) -> None:
    assert plan.sealed().sealed() == plan.sealed()


@given(plans)
def test_the_id_means_the_content_and_not_its_circumstances(plan: Plan) -> None:
    elsewhere = plan.model_copy(
        update={
            "created_at": plan.created_at + "later",
            "expires_at": "2026-01-01T00:00:00Z",
            "git": Git(commit="abc", dirty=True),
            "base": Base(revision=99, id="other"),
            "config_digest": "other",
            "diagnostics": (PlannedDiagnostic(severity="warning", summary="Look out"),),
            "releases": tuple(_seen_later(release) for release in plan.releases),
        }
    )
    assert elsewhere.identify() == plan.identify()


def _seen_later(release: PlannedRelease) -> PlannedRelease:
    parts = {
        address: BoundPart(observed=part.observed, revision_id="another")
        for address, part in release.bound.parts.items()
    }
    bound = release.bound.model_copy(update={"parts": parts})
    return release.model_copy(update={"bound": bound})


CONTENT = {
    "tool_version": "9.9",
    "project": "another",
    "selection": Selection(only=("*",), refresh="none"),
    "backend": BackendAddress(kind="another", settings={"x": 1}),
    "output_changes": ("url",),
    "blocked_by": ("a guard",),
    "reverts": 7,
}


@given(plans, st.sampled_from(sorted(CONTENT)))
def test_the_id_changes_with_anything_else(plan: Plan, name: str) -> None:
    assert plan.model_copy(update={name: CONTENT[name]}).identify() != plan.identify()


@given(plans, steps)
def test_the_id_changes_with_every_step(plan: Plan, step: UpdateConfiguration) -> None:
    for number, release in enumerate(plan.releases):
        more = release.model_copy(update={"steps": (*release.steps, step)})
        changed = (*plan.releases[:number], more, *plan.releases[number + 1 :])
        assert plan.model_copy(update={"releases": changed}).identify() != plan.identify()


@given(values)
def test_canonical_json_says_what_it_was_given(value: JsonValue) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(texts, values, max_size=4), st.randoms())
def test_the_order_of_names_does_not_matter(value: dict[str, JsonValue], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    assert digest({name: value[name] for name in names}) == digest(value)


@given(desired)
def test_the_digest_of_a_wish_says_nothing_of_keys_and_credentials(wish: DesiredRelease) -> None:
    elsewhere = wish.model_copy(
        update={
            "connector": ConnectorSettings(address="connector.aws.other", credentials={}),
            "prevent_destroy": not wish.prevent_destroy,
            "depends_on": ("release.other",),
            "function": without_fingerprints(wish.function),
        }
    )
    assert elsewhere.digest == wish.digest


@given(desired, st.sampled_from(["function_name", "region", "account_id"]))
def test_the_digest_of_a_wish_changes_with_what_is_wished(wish: DesiredRelease, name: str) -> None:
    assert wish.model_copy(update={name: getattr(wish, name) + "x"}).digest != wish.digest


@given(values)
def test_no_fingerprint_is_left(value: JsonValue) -> None:
    assert all(one["$secret"] is None for one in _secrets(without_fingerprints(value)))
    assert b"hmac-sha256" not in canonical_json(without_fingerprints(value))


def _secrets(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    if isinstance(value, dict):
        if is_secret(value):
            yield value
        else:
            for item in value.values():
                yield from _secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item)


@given(values, values)
def test_a_fingerprint_tells_values_apart_and_projects_too(
    one: JsonValue, other: JsonValue
) -> None:
    here, there = Fingerprinter(b"a" * 32, stable=True), Fingerprinter(b"b" * 32, stable=True)
    same = canonical_json(one) == canonical_json(other)
    assert (here.fingerprint(one) == here.fingerprint(other)) == same
    assert here.fingerprint(one) != there.fingerprint(one)


def test_what_a_newer_version_wrote_is_told_from_damage() -> None:
    with pytest.raises(LamformError, match=r"newer version: .* has colour, which"):
        read(Base, b'{"revision": 1, "id": null, "colour": "red"}', "The base")
    with pytest.raises(LamformError, match="damaged: The base cannot be read at revision"):
        read(Base, b'{"revision": "x", "id": null}', "The base")
    assert read(Base, b'{"revision": 1, "id": null}', "The base").revision == 1
