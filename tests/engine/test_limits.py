"""What an account would refuse is said before the apply begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from declarative.engine.planner import make_plan
from declarative.errors import ConfigurationError
from declarative.model.release_config import ServiceSettings


def reserving(world, executions: int, short: str = "checkout"):
    settings = ServiceSettings(reserved_concurrent_executions=executions)
    return world.release(short, settings=settings)


def asked(world) -> int:
    return world.sandbox.simulator.calls.operations.get("GetAccountSettings", 0)


def problems(plan, severity: str = "error") -> list[str]:
    return [f"{one.summary}: {one.detail}" for one in plan.diagnostics if one.severity == severity]


def test_more_than_the_account_can_reserve_is_an_error(world) -> None:
    limit = world.sandbox.simulator.call("GetAccountSettings")["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"]
    world.declare(reserving(world, free - 100))
    assert problems(world.plan()) == []
    world.declare(reserving(world, free - 99))
    [problem] = problems(world.plan())
    assert "reserved_concurrent_executions" in problem
    assert "99 of the" in problem
    world.declare(reserving(world, free // 2, "one"), reserving(world, free // 2, "two"))
    [problem] = problems(world.plan())
    assert "release.one, release.two" in problem


def test_what_a_function_has_reserved_already_is_not_counted_twice(world) -> None:
    world.declare(world.release())
    world.apply()
    free = world.sandbox.simulator.call("GetAccountSettings")["AccountLimit"]
    wanted = free["UnreservedConcurrentExecutions"] - 100
    world.aws("PutFunctionConcurrency", ReservedConcurrentExecutions=wanted)
    world.declare(reserving(world, wanted))
    assert problems(world.plan()) == []
    world.aws("DeleteFunctionConcurrency")


def test_the_account_is_asked_only_where_it_matters(world) -> None:
    world.declare(world.release())
    world.apply()
    before = asked(world)
    assert world.plan().is_empty
    world.declare(world.release(function={"timeout": 9}))
    world.plan()
    assert asked(world) == before
    world.declare(reserving(world, 1, "one"), reserving(world, 1, "two"))
    world.plan(refresh="none")
    assert asked(world) == before
    world.plan()
    assert asked(world) == before + 1
    world.declare(world.release())
    world.aws("PutFunctionConcurrency", ReservedConcurrentExecutions=2)
    world.declare(reserving(world, 2))
    world.plan()
    assert asked(world) == before + 1
    world.aws("DeleteFunctionConcurrency")


def test_a_limit_that_may_not_be_read_is_a_warning(world) -> None:
    world.declare(reserving(world, 5))
    world.fail("GetAccountSettings", code="AccessDeniedException", status=403)
    plan = world.plan()
    assert problems(plan) == []
    [warning] = problems(plan, "warning")
    assert "lambda:GetAccountSettings" in warning


def test_code_storage_that_is_nearly_full_is_a_warning(world, monkeypatch) -> None:
    world.declare(world.release())
    assert problems(world.plan(), "warning") == []
    limits = world.sandbox.simulator._services.limits
    used = world.sandbox.simulator.call("GetAccountSettings")["AccountUsage"]["TotalCodeSize"]
    monkeypatch.setattr(limits, "code_storage_bytes", used + 10)
    [warning] = problems(world.plan(), "warning")
    assert "Code storage is nearly full" in warning
    assert "AWS will refuse packages" in warning


def test_an_arn_addresses_a_function_that_exists(world) -> None:
    world.declare(replace(world.release(), must_exist=True))
    [problem] = problems(world.plan())
    assert "addresses a function that exists" in problem
    world.declare(world.release())
    world.apply()
    world.declare(replace(world.release(), must_exist=True))
    assert world.plan().is_empty


def test_a_function_that_another_record_has_is_not_claimed(world) -> None:
    world.declare(world.release("one"))
    world.apply()
    both = (world.release("one"), replace(world.release("two"), function_name=world.name("one")))
    world.declare(*both)
    world.releases = [both[1]]
    request = replace(
        world.request(only=("release.two",)),
        declared=frozenset({"release.one", "release.two"}),
    )
    with pytest.raises(ConfigurationError) as caught:
        make_plan(request, world.reading())
    [problem] = caught.value.diagnostics
    assert problem.address == "release.two"
    assert "release.one" in problem.detail
