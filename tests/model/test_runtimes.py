"""Names of runtimes: Lambda's, tomorrow's, and typos."""

from __future__ import annotations

import botocore.session
import pytest
from pydantic import TypeAdapter, ValidationError

from declarative.model.runtimes import DEPRECATED, KNOWN, Runtime

RUNTIME = TypeAdapter(Runtime)


def test_every_runtime_that_the_sdk_knows_is_one() -> None:
    model = botocore.session.get_session().get_service_model("lambda")
    for name in model.shape_for("Runtime").enum:
        assert RUNTIME.validate_python(name) == name
        assert name in KNOWN, f"botocore knows the runtime {name}, which the table does not"
    assert set(model.shape_for("Runtime").enum) >= KNOWN


def test_a_deprecated_runtime_names_one_that_is_not() -> None:
    assert set(DEPRECATED.values()) <= KNOWN - DEPRECATED.keys()


@pytest.mark.parametrize("name", ["python3.27", "nodejs40.x", "java31", "provided.al2033"])
def test_a_runtime_of_tomorrow_is_as_good_as_any(name: str) -> None:
    assert RUNTIME.validate_python(name) == name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pyton3.13", "python3.13"),
        ("python312", "python3.12"),
        ("Python3.11", "python3.11"),
        ("node22", "nodejs22.x"),
        ("var.runtime", "python3.13"),
    ],
)
def test_a_typo_names_a_runtime_near_by(name: str, meant: str) -> None:
    with pytest.raises(ValidationError, match=f"such as {meant}"):
        RUNTIME.validate_python(name)
