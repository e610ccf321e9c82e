"""The table of fields: what AWS answers in normal form, and back again."""

from __future__ import annotations

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.model import fields
from declarative.model.fields import FUNCTION, LEAVES, Field, Shape

words = st.text("abcXYZ019-_./", min_size=1, max_size=8)
scalars = words | st.integers(1, 10_240)


def values(field: Field) -> st.SearchStrategy[object]:
    match field.shape:
        case Shape.LIST | Shape.SET | Shape.LAYERS:
            return st.lists(words, max_size=3, unique=True)
        case Shape.MAP:
            return st.dictionaries(words, words, max_size=3)
        case Shape.STRUCTURES:
            inner = {one.name: words for one in field.fields}
            return st.lists(st.fixed_dictionaries(inner), max_size=2)
        case _:
            return scalars


leaf = st.sampled_from(sorted(LEAVES)).flatmap(
    lambda path: st.tuples(st.just(path), values(LEAVES[path]))
)
attributes = st.lists(leaf, max_size=8).map(lambda found: _put_all(dict(found)))


def _put_all(found):
    result = {}
    for path, value in found.items():
        result = fields.put(result, path, fields.normalise(LEAVES[path], value))
    return result


@given(attributes)
def test_what_is_sent_comes_back_the_same(given_attributes) -> None:
    answer = fields.from_api(fields.to_api(given_attributes), "f")
    for path in LEAVES:
        wanted = fields.get(given_attributes, path)
        if wanted is None:
            wanted = fields.default_of(path, "f")
        assert fields.get(answer, path) == wanted


@given(attributes)
def test_the_normal_form_is_its_own_normal_form(given_attributes) -> None:
    once = fields.from_api(fields.to_api(given_attributes), "f")
    assert fields.from_api(fields.to_api(once), "f") == once


@given(attributes, leaf)
def test_what_is_put_is_there_and_the_rest_stays(given_attributes, one) -> None:
    path, value = one
    before = {other: fields.get(given_attributes, other) for other in LEAVES}
    after = fields.put(given_attributes, path, value)
    assert fields.get(after, path) == value
    assert {other: fields.get(given_attributes, other) for other in LEAVES} == before
    for other in LEAVES.keys() - {path}:
        assert fields.get(after, other) == before[other]


@given(st.permutations(["subnet-1", "subnet-2", "subnet-3"]))
def test_the_order_of_a_set_has_no_meaning(order: list[str]) -> None:
    answer = {"VpcConfig": {"SubnetIds": order}}
    found = fields.from_api(answer, "f")
    assert fields.get(found, ("vpc_config", "subnet_ids")) == sorted(order)


def test_layers_are_answered_as_structures_and_written_as_arns() -> None:
    answer = {"Layers": [{"Arn": "arn:b", "CodeSize": 1}, {"Arn": "arn:a", "CodeSize": 2}]}
    assert fields.from_api(answer, "f")["layers"] == ["arn:b", "arn:a"]  # their order counts


def test_a_default_may_contain_the_functions_name() -> None:
    found = fields.from_api({}, "checkout")
    assert fields.get(found, ("logging_config", "log_group")) == "/aws/lambda/checkout"


# In the API and deliberately not (yet) in the language, or set by other calls than these two.
ELSEWHERE = {
    "CreateFunction": {
        "FunctionName", "Code", "Publish", "Tags", "CodeSigningConfigArn", "PublishTo",
        "CapacityProviderConfig", "DurableConfig", "TenancyConfig", "PackageType",
        "AcceleratorConfig", "RuntimeConfig",
    },
    "UpdateFunctionConfiguration": {
        "FunctionName", "RevisionId", "CapacityProviderConfig", "DurableConfig",
        "AcceleratorConfig", "RuntimeConfig",
    },
}  # fmt: skip


@pytest.mark.parametrize("operation", ELSEWHERE)
def test_the_table_is_the_sdks(operation: str) -> None:
    """A new botocore that knows a new setting fails here, so that somebody decides."""
    model = botocore.session.get_session().get_service_model("lambda")
    members = set(model.operation_model(operation).input_shape.members)
    known = {field.api for field in FUNCTION if field.name != "package_type"}
    if operation == "UpdateFunctionConfiguration":
        known -= {field.api for field in FUNCTION if field.code}
    assert members - known <= ELSEWHERE[operation]
    assert known <= members
