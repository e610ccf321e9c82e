"""What a release reads of another is what the other has in the end."""

from __future__ import annotations

from dataclasses import replace

from declarative.model.values import Pending


def reading(world, *paths: str):
    variables = {
        f"V{number}": Pending(f"release.first.{path}") for number, path in enumerate(paths)
    }
    return world.release(
        "reader",
        function={"environment": {"variables": variables}},
        depends_on=("release.first",),
    )


def read(world, qualifier: str = "$LATEST") -> list[str]:
    found = world.aws("GetFunctionConfiguration", "reader", Qualifier=qualifier)
    return [value for _, value in sorted(found["Environment"]["Variables"].items())]


def exported(world) -> list[str]:
    """What ``first`` has in AWS: its version, with its ARN, and its code."""
    version = world.aws("GetAlias", "first", Name="live")["FunctionVersion"]
    function = world.aws("GetFunctionConfiguration", "first", Qualifier=version)
    return [version, function["FunctionArn"], function["CodeSha256"]]


EXPORTS = ("function.version", "function.qualified_arn", "function.code_sha256")


def ship(world, *answers: str) -> None:
    for text in answers:
        world.code(text)
        artifact = world.code("reader", "reader")
        world.declare(world.release("first"), replace(reading(world, *EXPORTS), artifact=artifact))
        assert world.apply().status == "applied"


def test_a_reader_follows_a_new_version_and_one_that_is_used_again(world) -> None:
    for answer in ("one", "two", "one", "two"):
        ship(world, answer)
        assert read(world) == exported(world)
        assert world.plan().is_empty
    assert len(world.save().functions[world.name("first")].versions) == 2


def test_a_revert_brings_back_what_was_read_then(world) -> None:
    ship(world, "one")
    first = read(world)
    ship(world, "two")
    world.apply(world.revert("1"))
    assert read(world) == first
    assert exported(world) == first
    assert world.drift().findings == ()


def test_a_reader_that_goes_back_alone_reads_what_it_read_then(world) -> None:
    ship(world, "one")
    first = read(world)
    ship(world, "two")
    plan = world.revert("1", only=frozenset({"release.reader"}))
    world.apply(plan)
    assert read(world) == first
    assert read(world, "live") == first
    assert world.drift().findings == ()
