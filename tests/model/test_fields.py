"""The table of fields: what AWS answers in normal form, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.model import fields, function_fields
from declarative.model.fields import FUNCTION, LEAVES, Field, Shape
from declarative.model.setting_fields import (
    EVENT_INVOKE,
    PERMISSION,
    RUNTIME_MANAGEMENT,
    SETTINGS,
    URL,
    normal,
)

if TYPE_CHECKING:
    from botocore.model import ServiceModel
    from botocore.model import Shape as Shape_

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


# -- the table against the service model of the installed SDK

SETTERS = ("CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode")


@pytest.fixture(scope="module")
def service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("lambda")


def members(shape: Shape_) -> dict[str, Shape_]:
    """Return the members of a structure, or of the structures in a list."""
    if shape.type_name == "list":
        return members(shape.member)
    return dict(shape.members) if shape.type_name == "structure" else {}


def unknown(shape: Shape_, table: tuple[Field, ...], path: str) -> list[str]:
    """Return the members that no row of the table has, by dotted name."""
    rows = {field.api: field for field in table}
    found: list[str] = []
    for name, inner in members(shape).items():
        if name not in rows:
            found.append(f"{path}.{name}")
        else:
            found.extend(unknown(inner, rows[name].fields, f"{path}.{name}"))
    return found


def elsewhere(dotted: str) -> bool:
    _, name, *rest = dotted.split(".")
    return name in function_fields.ELSEWHERE and not rest


@pytest.mark.parametrize("operation", SETTERS)
def test_the_table_knows_every_field_of_the_sdk(service: ServiceModel, operation: str) -> None:
    """A new botocore that knows a new setting fails here, and names it, so somebody decides."""
    found = unknown(service.operation_model(operation).input_shape, FUNCTION, operation)
    missing = [name for name in found if not elsewhere(name)]
    assert not missing, f"botocore knows fields that the table does not: {', '.join(missing)}"


def test_what_is_given_elsewhere_is_in_the_sdk(service: ServiceModel) -> None:
    known = {
        name for setter in SETTERS for name in service.operation_model(setter).input_shape.members
    }
    assert function_fields.ELSEWHERE.keys() <= known


def test_the_table_says_which_call_sets_a_field(service: ServiceModel) -> None:
    accepted = {name: set(service.operation_model(name).input_shape.members) for name in SETTERS}
    code = set(service.shape_for("FunctionCode").members)
    for field in FUNCTION:
        assert field.api in accepted["CreateFunction"] | code, field.name
        takes = {name for name in SETTERS[1:] if field.api in accepted[name]}
        assert takes == ({field.call} if field.call else set()), field.name


def test_the_table_has_the_shapes_of_the_sdk(service: ServiceModel) -> None:
    creation = service.operation_model("CreateFunction").input_shape.members
    given = {**service.shape_for("FunctionCode").members, **creation}
    kinds = {
        "structure": {Shape.STRUCTURE},
        "map": {Shape.MAP},
        "list": {Shape.LIST, Shape.SET, Shape.STRUCTURES, Shape.LAYERS},
    }

    def agree(field: Field, shape: Shape_) -> None:
        assert field.shape in kinds.get(shape.type_name, {Shape.SCALAR}), field.name
        inside = members(shape)
        for inner in field.fields:
            agree(inner, inside[inner.api])
        owner = shape.member if shape.type_name == "list" else shape
        must = set(getattr(owner, "required_members", ()))
        named = {inner.api for inner in field.fields if inner.required}
        assert must <= named | {inner.api for inner in field.fields if inner.fields}, field.name

    for field in FUNCTION:
        agree(field, given[field.api])


def test_what_the_sdk_hides_is_sensitive_by_nature(service: ServiceModel) -> None:
    creation = service.operation_model("CreateFunction").input_shape.members
    for path, field in LEAVES.items():
        shape = shape_at(creation, path)
        if shape is not None and shape.metadata.get("sensitive"):
            assert field.sensitive, path


def shape_at(creation: dict[str, Shape_], path: fields.Path) -> Shape_ | None:
    row = next(field for field in FUNCTION if field.name == path[0])
    shape = creation.get(row.api)
    for name in path[1:]:
        row = next(field for field in row.fields if field.name == name)
        shape = members(shape)[row.api] if shape is not None else None
    return shape


@pytest.mark.parametrize(
    ("table", "operation", "given_apart"),
    [
        (URL, "CreateFunctionUrlConfig", {"FunctionName", "Qualifier"}),
        (URL, "UpdateFunctionUrlConfig", {"FunctionName", "Qualifier"}),
        (PERMISSION, "AddPermission", {"FunctionName", "Qualifier", "StatementId", "RevisionId"}),
        (
            EVENT_INVOKE,
            "PutFunctionEventInvokeConfig",
            {"FunctionName", "Qualifier", "DestinationConfig"},
        ),
        (RUNTIME_MANAGEMENT, "PutRuntimeManagementConfig", {"FunctionName", "Qualifier"}),
    ],
)
def test_the_tables_of_settings_know_every_field_of_the_sdk(
    service, table, operation, given_apart
) -> None:
    shape = service.operation_model(operation).input_shape
    found = unknown(shape, table, operation)
    missing = [name for name in found if name.split(".")[1] not in given_apart]
    assert not missing, f"botocore knows fields that the table does not: {', '.join(missing)}"
    assert {field.api for field in table if "." not in field.api} <= set(shape.members)


def test_the_operations_of_settings_exist(service: ServiceModel) -> None:
    for setting in SETTINGS:
        for operation in (*setting.reads, *setting.sets, *setting.removes):
            assert operation in service.operation_names, setting.name


# -- what needs a new function


@pytest.mark.parametrize(
    ("before", "after", "replaces"),
    [
        ({}, {("timeout",): 9}, ()),
        ({}, {("package_type",): "Image"}, (("package_type",),)),
        (
            {},
            {("tenancy_config", "tenant_isolation_mode"): "PER_TENANT"},
            (("tenancy_config", "tenant_isolation_mode"),),
        ),
        ({}, {("durable_config", "execution_timeout"): 60}, (("durable_config",),)),
        ({("durable_config", "execution_timeout"): 60}, {}, (("durable_config",),)),
        (
            {("durable_config", "execution_timeout"): 60},
            {("durable_config", "execution_timeout"): 90},
            (),
        ),
        (
            {
                (
                    "capacity_provider_config",
                    "lambda_managed_instances_capacity_provider_config",
                    "capacity_provider_arn",
                ): "arn:p"
            },
            {},
            (("capacity_provider_config",),),
        ),
        ({}, {("runtime_config", "runtime_arn"): "arn:r"}, ()),
        ({("runtime_config", "runtime_arn"): "arn:r"}, {}, (("runtime_config",),)),
    ],
)
def test_what_no_call_changes_needs_a_new_function(before, after, replaces) -> None:
    sides = []
    for given_paths in (before, after):
        attributes = fields.from_api({}, "f")
        for path, value in given_paths.items():
            attributes = fields.put(attributes, path, value)
        sides.append(attributes)
    assert fields.replacing(*sides) == replaces


def test_file_systems_are_filled_in() -> None:
    arn = "arn:aws:elasticfilesystem:us-east-2:111111111111:access-point/fsap-1"
    given = {"Arn": arn, "LocalMountPath": "/mnt/a"}
    answer = fields.from_api({"FileSystemConfigs": [given]}, "f")
    written = [{"arn": arn, "local_mount_path": "/mnt/a"}]
    path = ("file_system_configs",)
    assert fields.get(answer, path) == fields.normalise(LEAVES[path], written)
    assert fields.to_api(answer)["FileSystemConfigs"] == [given]


def test_a_marker_stands_for_all_of_a_file_system() -> None:
    field = LEAVES["file_system_configs",]
    assert fields.normalise(field, [{"$secret": "x"}]) == [{"$secret": "x"}]


def test_whole_numbers_have_one_form() -> None:
    instances = "lambda_managed_instances_capacity_provider_config"
    path = ("capacity_provider_config", instances, "execution_environment_memory_gib_per_vcpu")
    assert repr(fields.normalise(LEAVES[path], 4.0)) == "4"
    assert fields.normalise(LEAVES[path], 2.5) == 2.5


# -- settings


def test_a_url_has_its_defaults_and_sets() -> None:
    found = normal(URL, {"auth_type": "NONE", "cors": {"allow_methods": ["POST", "GET"]}})
    assert found == fields.read(
        URL,
        {"AuthType": "NONE", "InvokeMode": "BUFFERED", "Cors": {"AllowMethods": ["GET", "POST"]}},
    )


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("arn:aws:iam::111111111111:root", "111111111111"),
        ("arn:aws-cn:iam::111111111111:root", "111111111111"),
        ("111111111111", "111111111111"),
        ("arn:aws:iam::111111111111:role/a", "arn:aws:iam::111111111111:role/a"),
        ("s3.amazonaws.com", "s3.amazonaws.com"),
        ("*", "*"),
    ],
)
def test_a_principal_has_one_form(written: str, form: str) -> None:
    assert normal(PERMISSION, {"principal": written})["principal"] == form


def test_destinations_are_found_where_the_api_puts_them() -> None:
    answer = {"MaximumRetryAttempts": 1, "DestinationConfig": {"OnFailure": {"Destination": "arn"}}}
    found = fields.read(EVENT_INVOKE, answer)
    assert (found["on_success"], found["on_failure"]) == (None, "arn")
    assert fields.write(EVENT_INVOKE, found) == {**answer, "MaximumEventAgeInSeconds": 21600}


LOGGING = ("logging_config", "log_format")
LEVELS = [("logging_config", name) for name in ("application_log_level", "system_log_level")]


@pytest.mark.parametrize(
    ("log_format", "level", "kept"),
    [
        ("Text", "INFO", None),
        ("Text", None, None),
        ("JSON", None, "INFO"),
        ("JSON", "DEBUG", "DEBUG"),
        ({"$unknown": "x"}, "DEBUG", "DEBUG"),
    ],
)
@pytest.mark.parametrize("path", LEVELS)
def test_levels_of_logs_follow_their_format(log_format, level, kept, path) -> None:
    whole = fields.put(fields.from_api({}, "f"), LOGGING, log_format)
    assert fields.get(fields.settled(fields.put(whole, path, level)), path) == kept


@pytest.mark.parametrize(("subnets", "kept"), [([], False), (["subnet-1"], True)])
def test_dual_stack_goes_with_the_subnets(subnets, kept) -> None:
    path = ("vpc_config", "ipv6_allowed_for_dual_stack")
    whole = fields.put(fields.from_api({}, "f"), ("vpc_config", "subnet_ids"), subnets)
    assert fields.get(fields.settled(fields.put(whole, path, value=True)), path) is kept
