"""Laws of the pure parts, and of the loop as a whole under whatever happens to it."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.base import StateUnavailableError
from declarative.engine.compare import Worlds, compare
from declarative.engine.diff import attribute_changes, differing_paths
from declarative.engine.graph import in_order, walk
from declarative.engine.journal import Journal
from declarative.engine.observe import Observation, masked, visible
from declarative.engine.ports import ObservedFunction
from declarative.errors import LamformError
from declarative.model import fields
from declarative.model.artifacts import ArtifactIdentity, LocalArtifact
from declarative.model.bound import BoundAlias
from declarative.model.canonical import canonical_json
from declarative.model.desired import ConnectorSettings, DesiredRelease
from declarative.model.values import Fingerprinter, Sensitive

PRINTS = Fingerprinter(b"k" * 32, stable=True)
ENVIRONMENT = ("environment", "variables")
names = st.text("ABC_", min_size=1, max_size=3)
plain = st.text("xyz", max_size=3)
secret = plain.map(PRINTS.marker)
environment = st.dictionaries(names, plain | secret, max_size=4)
parts = st.fixed_dictionaries(
    {},
    optional={
        "memory_size": st.integers(128, 130),
        "description": plain,
        "layers": st.lists(plain, max_size=2),
        "environment": st.fixed_dictionaries({"variables": environment}),
    },
)

# What differs and what is done about it


@given(parts)
def test_nothing_differs_from_itself(part) -> None:
    assert attribute_changes(part, part, PRINTS) == ()


@given(parts, parts)
def test_taking_over_what_differs_makes_two_parts_equal(before, after) -> None:
    result = before
    for path in differing_paths(before, after):
        result = fields.put(result, path, fields.get(after, path)) if path else after
    for path in {*_leaves(before), *_leaves(after)}:
        if isinstance(fields.get(after, path), dict):
            continue  # its leaves are looked at; one that goes away is None here
        assert fields.get(result, path) == fields.get(after, path)


def _leaves(part, prefix=()):
    for name, value in part.items():
        yield (*prefix, name)
        if isinstance(value, dict) and set(value) != {"$secret"}:
            yield from _leaves(value, (*prefix, name))


@given(parts, parts)
def test_a_change_is_seen_from_both_sides(before, after) -> None:
    there = {change.path for change in attribute_changes(before, after, PRINTS)}
    back = {change.path for change in attribute_changes(after, before, PRINTS)}
    assert there == back


@given(environment)
def test_hiding_a_value_is_no_change(variables) -> None:
    shown = {name: it for name, it in variables.items() if isinstance(it, str)}
    hidden = {name: PRINTS.marker(it) for name, it in shown.items()}
    wrap = lambda it: {"environment": {"variables": it}}  # noqa: E731
    assert attribute_changes(wrap(shown), wrap(hidden), PRINTS) == ()
    assert attribute_changes(wrap(hidden), wrap(shown), PRINTS) == ()


@given(parts, parts, st.text("pqr", min_size=1, max_size=3))
def test_what_is_compared_once_applied_differs_no_more(observed, wanted, sha) -> None:
    declared = tuple(path for path in fields.LEAVES if fields.get(wanted, path) is not None)
    desired = DesiredRelease(
        address="release.checkout",
        service="checkout",
        infrastructure="infrastructure.dev",
        environment="dev",
        connector=ConnectorSettings(address="connector.aws.main", credentials={}),
        account_id="1",
        region="us-east-1",
        function_name="f",
        function=wanted,
        declared=declared,
        tags={"Team": "a"},
        aliases={},
        artifact=ArtifactIdentity(
            source=LocalArtifact(path="src"), identity="new", code_sha256="new"
        ),
    )

    def seen(attributes, code, tags) -> Worlds:
        function = ObservedFunction("f", "arn", "$LATEST", attributes, code, tags=tags)
        return Worlds(desired, None, Observation(function), PRINTS)

    first = compare(seen(fields.from_api(fields.to_api(observed), "f"), sha, {"Else": "b"}))
    again = compare(seen(first.after, "new", {"Else": "b", **(first.set_tags or {})}))
    assert again.function == ()
    assert not again.mutates
    assert not again.set_tags
    assert again.removed_tags == ()


@given(environment, environment)
def test_no_value_is_shown_that_no_file_shows(declared, observed) -> None:
    plainly = {name: f"secret-{name}-{value}" for name, value in observed.items()}
    sides = {"environment": {"variables": declared}}
    hidden = masked({"environment": {"variables": plainly}}, PRINTS, visible(sides))
    text = canonical_json(hidden).decode()
    for name, value in plainly.items():
        shown = isinstance(declared.get(name), str)
        assert (fields.get(hidden, (*ENVIRONMENT, name)) == value) == shown
        assert shown or canonical_json(value).decode() not in text
    assert masked(hidden, PRINTS, visible(sides)) == hidden


# Graphs


@st.composite
def graphs(draw):
    """A dependency graph without cycles, and the nodes that come out badly."""
    nodes = [f"n{number}" for number in range(draw(st.integers(0, 8)))]
    depends = {
        node: draw(st.sets(st.sampled_from(nodes[:number]), max_size=3)) if number else set()
        for number, node in enumerate(nodes)
    }
    order = draw(st.permutations(nodes))
    bad = draw(st.sets(st.sampled_from(nodes), max_size=2)) if nodes else set()
    return order, depends, bad


def _doomed(depends, bad):
    doomed = set(bad)
    while more := {one for one, needs in depends.items() if needs & doomed} - doomed:
        doomed |= more
    return doomed


@given(graphs(), st.integers(1, 4))
def test_every_node_is_visited_once_after_what_it_depends_on(graph, parallelism) -> None:
    order, depends, bad = graph
    lock, done, visited = threading.Lock(), set(), []

    def visit(node: str) -> bool:
        with lock:
            visited.append(node)
            assert depends[node] <= done
        if node not in bad:
            with lock:
                done.add(node)
        return node not in bad

    walk(order, depends, visit, parallelism=parallelism)
    assert sorted(visited) == sorted(set(visited))
    assert set(visited) == set(order) - (_doomed(depends, bad) - bad) - {
        one for one in bad if depends[one] & _doomed(depends, bad)
    }


@given(graphs())
def test_an_order_respects_dependencies_and_leaves_nothing_out(graph) -> None:
    order, depends, _ = graph
    found = in_order(order, depends)
    assert sorted(found) == sorted(order)
    for node in found:
        assert all(found.index(other) < found.index(node) for other in depends[node])
    assert found == in_order(sorted(order), depends)


def test_an_error_while_visiting_is_not_swallowed() -> None:
    def visit(node: str) -> bool:
        raise ValueError(node)

    with pytest.raises(ValueError, match="a"):
        walk(["a", "b"], {"b": ["a"]}, visit, parallelism=2)


# The journal


def test_many_threads_share_few_writes_and_every_record_is_durable_once() -> None:
    groups, durable = [], []

    def write(records) -> None:
        time.sleep(0.02)
        groups.append(list(records))

    with Journal(write, lambda: "now") as journal:

        def work(number: int) -> None:
            for step in range(3):
                journal.begin(f"release.{number}", str(step))
                written = {(one.address, one.step) for group in groups for one in group}
                durable.append((f"release.{number}", str(step)) in written)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    records = [record for group in groups for record in group]
    assert durable == [True] * 30
    assert len(groups) < 15
    assert [record.sequence for record in records] == list(range(1, 31))
    assert len({(record.address, record.step) for record in records}) == 30


def test_the_end_of_a_step_rides_along_with_what_somebody_waits_for() -> None:
    groups = []
    with Journal(lambda records: groups.append(list(records)), lambda: "now") as journal:
        journal.begin("release.a", "create")
        journal.end("done", "release.a", "create", {"version": "1"})
        journal.begin("release.a", "alias")
        journal.end("done", "release.a", "alias")
        written = [[(one.kind, one.step) for one in group] for group in groups]
    assert written == [[("begin", "create")], [("done", "create"), ("begin", "alias")]]
    assert [(one.kind, one.step) for one in groups[2]] == [("done", "alias")]
    assert [one.sequence for group in groups for one in group] == [1, 2, 3, 4]


def test_a_process_that_is_about_to_end_writes_what_was_told() -> None:
    groups = []
    with Journal(lambda records: groups.append(list(records)), lambda: "now") as journal:
        journal.begin("release.a", "create")
        journal.end("done", "release.a", "create", {"version": "1"})
        journal.flush(5)
        written = [[(one.kind, one.step) for one in group] for group in groups]
        journal.flush(5)  # nothing is left to write
    assert written == [[("begin", "create")], [("done", "create")]]
    assert [one.sequence for group in groups for one in group] == [1, 2]


def test_nobody_waits_for_a_journal_that_does_not_get_on() -> None:
    let = threading.Event()
    with Journal(lambda _: bool(let.wait(30)), lambda: "now") as journal:
        journal.end("done", "release.a", "create")
        journal.flush(0.01)
        let.set()


def test_nothing_is_written_after_what_was_lost() -> None:
    writing, let, calls = threading.Event(), threading.Event(), []

    def write(records) -> None:
        calls.append([record.step for record in records])
        writing.set()
        assert let.wait(30)
        raise StateUnavailableError("memory", "unreachable", "State is gone", "No answer.")

    with Journal(write, lambda: "now") as journal:
        refused = []

        def begin(step: str) -> None:
            with pytest.raises(StateUnavailableError):
                journal.begin("release.a", step)
            refused.append(step)

        threads = [threading.Thread(target=begin, args=(step,)) for step in ("one", "two")]
        threads[0].start()
        assert writing.wait(30)
        threads[1].start()
        while not journal._gathering.awaited:
            time.sleep(0.01)
        let.set()
        for thread in threads:
            thread.join(30)
    assert sorted(refused) == ["one", "two"]
    assert calls == [["one"]]


def test_an_error_ends_a_walk_before_the_next_node() -> None:
    visited, started = [], threading.Barrier(2, timeout=30)

    def visit(node: str) -> bool:
        visited.append(node)
        if node in {"a", "b"}:
            started.wait()
        if node == "a":
            raise ValueError(node)
        time.sleep(0.1)
        return True

    with pytest.raises(ValueError, match="a"):
        walk(["a", "b", "c", "d"], {"d": ["b"]}, visit, parallelism=2)
    assert set(visited) == {"a", "b"}


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_reaches_those_who_wait_for_it_and_only_them(error) -> None:
    writes = []

    def write(records) -> None:
        writes.append(records)
        if len(writes) == 1:
            raise error

    with Journal(write, lambda: "now") as journal:
        with pytest.raises(type(error)):
            journal.begin("release.a", "x")
        journal.begin("release.b", "x")
    assert [one.address for group in writes for one in group] == ["release.a", "release.b"]
    assert [one.sequence for group in writes for one in group] == [1, 2]


# The loop


@dataclass(frozen=True)
class Wish:
    """What the files may say of the one release."""

    code: str
    memory: int | None
    variables: tuple[tuple[str, str], ...] | None
    secret: str | None
    tags: tuple[str, ...]
    aliases: tuple[str, ...]

    def release(self, world):
        function = {} if self.memory is None else {"memory_size": self.memory}
        if self.variables is not None:
            variables = dict(self.variables)
            if self.secret is not None:
                variables["KEY"] = Sensitive(self.secret, None)
            function["environment"] = {"variables": variables}
        release = world.release(
            function=function,
            tags=dict.fromkeys(self.tags, "1"),
            aliases={name: BoundAlias() for name in self.aliases},
        )
        if self.memory is None:
            del release.function["memory_size"]
        return release


wishes = st.builds(
    Wish,
    code=st.sampled_from(["one", "two"]),
    memory=st.sampled_from([None, 256, 512]),
    variables=st.none() | st.just(()) | st.just((("MODE", "a"),)),
    secret=st.sampled_from([None, "correct horse", "battery staple"]),
    tags=st.lists(st.sampled_from(["Team", "Cost"]), unique=True).map(tuple),
    aliases=st.lists(st.sampled_from(["live", "next"]), unique=True).map(tuple),
)
OPERATIONS = [
    "CreateFunction",
    "UpdateFunctionConfiguration",
    "UpdateFunctionCode",
    "PublishVersion",
    "CreateAlias",
    "UpdateAlias",
    "DeleteAlias",
    "TagResource",
    "UntagResource",
]
events = st.one_of(
    st.tuples(st.just("apply"), wishes),
    st.tuples(st.just("fail"), wishes, st.sampled_from(OPERATIONS), st.integers(1, 2)),
    st.tuples(st.just("console"), st.sampled_from(["memory", "code", "weights", "version"])),
    st.tuples(st.just("revert"), st.integers(1, 4)),
    st.tuples(
        st.just("delete"),
    ),
)


def _package() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 'by hand'")
    return data.getvalue()


BY_HAND = _package()


def happen(world, event) -> None:
    match event:
        case ("apply", wish):
            world.code(wish.code)
            world.declare(wish.release(world))
            world.apply()
        case ("fail", wish, operation, nth):
            world.code(wish.code)
            world.declare(wish.release(world))
            world.fail(operation, nth, kind="error-after-effect" if nth == 2 else "error-before")
            world.apply()
            world.sandbox.simulator.faults.clear()
        case ("console", what):
            console(world, what)
        case ("revert", number):
            if world.state.head() and number <= world.state.head().number:
                plan = world.revert(str(number), allow_failed=True)
                if not plan.has_errors:
                    world.apply(plan)
        case ("delete",):
            world.declare()
            world.apply()


def console(world, what: str) -> None:
    """Somebody changes something by hand, if there is something."""
    name = world.name("checkout")
    function = world.save().functions.get(name)
    if function is None:
        return
    match what:
        case "memory":
            world.aws("UpdateFunctionConfiguration", MemorySize=1024)
        case "code":
            world.aws("UpdateFunctionCode", ZipFile=BY_HAND)
        case "version":
            world.aws("PublishVersion")
        case "weights" if "live" in function.aliases and len(function.versions) > 1:
            other = next(
                one for one in function.versions if one != function.aliases["live"].version
            )
            weights = {"AdditionalVersionWeights": {other: 0.5}}
            world.aws("UpdateAlias", Name="live", RoutingConfig=weights)
    time.sleep(0.03)  # the update ends


def history_holds(world, secret: str) -> bool:
    objects = {
        one
        for revision in world.state.revisions()
        for one in world.state.resources(at=revision.number).values()
    }
    return any(secret.encode() in data for data in world.state.objects(objects).values())


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(events, min_size=1, max_size=5), wishes)
def test_whatever_happened_an_apply_ends_it(world, happened, last) -> None:
    world.clear()
    drifted = False
    for event in happened:
        with suppress(LamformError):
            happen(world, event)
        found = world.drift().findings
        drifted = event[0] == "console" or (drifted and bool(found))
        assert drifted or found == (), event
        assert world.state.open_runs() == ()
    world.code(last.code)
    world.declare(last.release(world))
    world.apply(world.plan(roll_forward=True))
    assert world.plan().is_empty
    assert world.plan(refresh="none").is_empty
    assert world.drift().findings == ()
    found = world.aws("GetFunction")
    assert found["Configuration"]["MemorySize"] == (last.memory or 128) or last.memory is None
    assert {"lamform:project", *last.tags} == set(found["Tags"])
    aliases = {one["Name"]: one for one in world.aws("ListAliases")["Aliases"]}
    assert set(aliases) == set(last.aliases)
    for alias in aliases.values():
        assert not alias.get("RoutingConfig")
        served = world.aws("GetFunctionConfiguration", Qualifier=alias["FunctionVersion"])
        assert served["CodeSha256"] == found["Configuration"]["CodeSha256"]
        assert fields.from_api(served, "f") == fields.from_api(found["Configuration"], "f")
    for secret in ("correct horse", "battery staple"):
        assert not history_holds(world, secret)
