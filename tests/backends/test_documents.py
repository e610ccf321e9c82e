"""Laws of what is stored: one JSON form, and revisions that vouch for themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import (
    JournalRecord,
    Revision,
    RevisionDraft,
    canonical_json,
    instant,
    object_id,
)
from backends.testing.case import a_draft, a_request

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # A surrogate is what an undecodable byte of an argument becomes.
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
drafts = st.builds(
    RevisionDraft,
    status=st.sampled_from(["applied", "failed"]),
    author=st.text(),
    created_at=st.just("2030-01-01T00:00:00Z"),
    message=st.text(),
    plan_id=st.none() | st.text(),
    git_commit=st.none() | st.text(),
    reverts=st.none() | st.integers(1, 9),
    changes=st.dictionaries(st.text(), st.none() | st.just(object_id(b"x")), max_size=3),
    details=st.dictionaries(st.text(), json_values, max_size=3),
)


def test_an_object_is_named_by_its_sha_256() -> None:
    assert object_id(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(json_values)
def test_canonical_json_says_the_same_and_is_stable(value: object) -> None:
    text = canonical_json(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


def test_canonical_json_does_not_depend_on_order_or_kind_of_container() -> None:
    value = MappingProxyType({"b": (1, 2), "a": MappingProxyType({})})
    assert canonical_json(value) == canonical_json({"a": {}, "b": [1, 2]}) == '{"a":{},"b":[1,2]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"n": value})


def test_what_is_not_json_is_named() -> None:
    with pytest.raises(TypeError, match="set is not JSON"):
        canonical_json({"n": {1}})


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_instants_compare_as_their_texts(one: float, other: float) -> None:
    if abs(one - other) > 1e-5:
        assert (one < other) == (instant(one) < instant(other))


@given(drafts, drafts)
def test_a_revision_vouches_for_itself_and_its_parent(first: object, second: object) -> None:
    parent = Revision.of(first, after=None)
    child = Revision.of(second, after=parent)

    assert (parent.number, parent.parent) == (1, None)
    assert (child.number, child.parent) == (2, parent.id)
    assert parent.is_intact()
    assert child.is_intact()
    assert not replace(child, parent=None).is_intact()
    assert not replace(child, number=3).is_intact()
    assert not replace(child, message=child.message + "!").is_intact()
    assert not replace(child, changes={**child.changes, "new address": None}).is_intact()


def test_a_revision_does_not_follow_its_draft() -> None:
    changes: dict[str, str | None] = {"a": None}
    details = {"list": [1]}
    revision = Revision.of(replace(a_draft(changes), details=details), after=None)
    changes["b"] = None
    details["list"].append(2)
    assert revision.is_intact()
    assert revision.details == {"list": [1]}


def test_texts_from_outside_can_be_stored() -> None:
    draft = replace(a_draft(), author="a\udcff", message="m\udcff")
    request = replace(a_request(), who="w\udcff", host="h\udcff", command="c\udcff")
    for text in (draft.author, draft.message, request.who, request.host, request.command):
        assert text.encode()


def test_documents_do_not_change() -> None:
    record = JournalRecord(sequence=1, kind="begin", address="a", step="s", at="now")
    with pytest.raises(AttributeError):
        record.sequence = 2
