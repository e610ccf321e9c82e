"""SIGKILL at every write of state, and at any moment: what AWS has is known, and nothing else.

A *case* is one apply (or revert, or destroy) of many releases whose process dies at one point.
What lamform then says is recorded is held against the simulator, attribute by attribute; the
same command again must reach the end, publishing nothing twice; the state must be whole.

`make test` kills a few releases at a few points. The slow tests kill twenty-five at every write
of the backend and, in a bucket, at every single request that writes, before it and after it.
"""

from __future__ import annotations

import copy
import functools
import itertools
import json
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Scenario:
    """What is done before, what is killed, and what is there once it has ended well.

    Attributes:
        before: Code and memory of each apply that comes before.
        wanted: Code and memory in the end; None where nothing is left.
        versions: How many versions there are in the end, if nothing was published twice.
    """

    before: tuple[tuple[str, int], ...]
    command: tuple[str, ...]
    wanted: tuple[str, int] | None
    versions: int


SCENARIOS = {
    "create": Scenario((), ("apply", "--new-state"), ("two", 256), 1),
    "update": Scenario((("one", 128),), ("apply",), ("two", 256), 2),
    "revert": Scenario((("two", 256), ("one", 128)), ("revert", "1"), ("two", 256), 2),
    "delete": Scenario((("one", 128),), ("apply", "--destroy"), None, 0),
}


REVISION = "Apply complete! Revision"
"""What a command says that had something left to do."""


@dataclass
class Moment:
    """The functions and the state before what is killed."""

    functions: dict[str, Any] = field(default_factory=dict)
    state: Path | str | None = None


class Stage:
    """A crew whose every case begins from a copy of one moment."""

    def __init__(self, crew) -> None:
        self.crew = crew
        self._numbers = itertools.count()
        self._moments: dict[str, Moment] = {}
        self._writes: dict[tuple[str, str], int] = {}

    def begin(self, name: str) -> Scenario:
        """Be where the scenario's command starts."""
        scenario = SCENARIOS[name]
        if name not in self._moments:
            self._restore(Moment())
            for code, memory in scenario.before:
                self.crew.write(code)
                done = self.crew.run(
                    "apply", "--auto-approve", "--new-state", "--var", f"memory={memory}"
                )
                assert done.returncode == 0, done.stderr
            self._moments[name] = self._save()
        self._restore(self._moments[name])
        if scenario.wanted:
            self.crew.write(scenario.wanted[0])
        return scenario

    def _save(self) -> Moment:
        state: Path | str = self.crew.prefix
        if self.crew.backend == "sqlite":
            state = self.crew.room / f"state-{next(self._numbers)}"
            if (self.crew.directory / ".lamform").exists():
                shutil.copytree(self.crew.directory / ".lamform", state)
        return Moment(copy.deepcopy(self.crew.functions), state)

    def _restore(self, moment: Moment) -> None:
        self.crew.functions.clear()
        self.crew.functions.update(copy.deepcopy(moment.functions))
        kept = self.crew.directory / ".lamform"
        shutil.rmtree(kept, ignore_errors=True)
        if isinstance(moment.state, Path) and moment.state.exists():
            shutil.copytree(moment.state, kept)
        self.crew.prefix = f"{self.crew.room.name}/case-{next(self._numbers)}"
        if isinstance(moment.state, str):
            pages = self.crew.s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket="states", Prefix=f"{moment.state}/"):
                for item in page.get("Contents", ()):
                    old = item["Key"]
                    self.crew.s3.copy_object(
                        Bucket="states",
                        Key=self.crew.prefix + old.removeprefix(moment.state),
                        CopySource={"Bucket": "states", "Key": old},
                    )
        self.crew.write("one")

    def command(self, scenario: Scenario) -> tuple[str, ...]:
        memory = ("--var", "memory=256") if scenario.command[0] == "apply" else ()
        return (*scenario.command, "--auto-approve", *memory)

    def writes(self, name: str, kind: str) -> int:
        """Return how many writes of a kind the scenario's command makes when it is left alone."""
        if (name, kind) not in self._writes:
            scenario = self.begin(name)
            notes = self.crew.room / f"notes-{next(self._numbers)}"
            done = self.crew.run(*self.command(scenario), notes=notes)
            assert done.returncode == 0, done.stderr
            seen = notes.read_text().split()
            for one in ("write", "request"):
                self._writes[name, one] = seen.count(one)
        return self._writes[name, kind]

    def kill(self, name: str, *, recover: bool, **how: Any) -> bool:
        """Kill the scenario's command, check all that has to hold, and say if it was killed.

        What it did is recorded by ``state recover``, or else by the command that comes next.
        """
        scenario = self.begin(name)
        done = self.crew.run(*self.command(scenario), **how)
        assert done.returncode in (-signal.SIGKILL, 0), done.stderr
        # As a reader sees it, before anybody has recorded what the dead run did.
        assert self.crew.recorded() == self.crew.observed()
        if recover:
            recovered = self.crew.run("state", "recover")
            assert recovered.returncode == 0, recovered.stderr
            assert self.crew.recorded() == self.crew.observed()
        drift = self.crew.run("drift", "--var", "memory=256")
        assert drift.returncode == 0, drift.stdout + drift.stderr
        again = self.crew.run(*self.command(scenario))
        assert again.returncode == 0, again.stderr
        self._check_end(scenario, something_was_left=REVISION in again.stdout)
        return done.returncode != 0

    def _check_end(self, scenario: Scenario, *, something_was_left: bool) -> None:
        observed = self.crew.observed()
        assert self.crew.recorded() == observed
        assert len(observed) == (self.crew.count if scenario.wanted else 0)
        plan = ["plan", "--var", "memory=256", "--json", "--detailed-exitcode"]
        plan += ["--destroy"] if scenario.wanted is None else []
        settled = self.crew.run(*plan)
        assert settled.returncode == 0, settled.stdout
        assert json.loads(settled.stdout)["drift"] == []
        verified = self.crew.run("state", "verify")
        assert verified.returncode == 0, verified.stdout
        statuses = [one["status"] for one in self.crew.json("history")["revisions"]]
        # Where the dead run had done all, what recovered it may be the last to be recorded.
        assert statuses[0] == "applied" or not something_was_left
        assert set(statuses) <= {"applied", "recovered"}
        for function in self.crew.functions.values():
            self._check_versions(function, scenario)

    def _check_versions(self, function: Any, scenario: Scenario) -> None:
        """No content was published twice; half an update may have become a checkpoint."""
        content = {
            one.version: (one.code.sha256, one.settings["MemorySize"])
            for one in function.configurations()
        }
        latest = content.pop("$LATEST")
        assert content[function.aliases["live"].version] == latest, function.name
        assert len(set(content.values())) == len(content), (function.name, content)
        checkpoints = len(content) - scenario.versions
        assert checkpoints in ((0, 1) if scenario.before else (0,)), (function.name, content)


@pytest.fixture(scope="module")
def stages(crews) -> Callable[[str, int], Stage]:
    """Give the stage for a backend and a number of releases; each is made once."""
    return functools.cache(lambda backend, count: Stage(crews(backend, count)))


def failures(stage: Stage, cases: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Run cases to the end of the list and return what went wrong, with where."""
    wrong = []
    for name, how in cases:
        try:
            stage.kill(name, recover=how.get("when") != "before", **how)
        except AssertionError as error:
            wrong.append(f"{stage.crew.backend} {name} {how}: {error}")
    return wrong


QUICK = [
    ("create", "create:1", "after"),
    ("create", "begin_run:1", "before"),
    ("create", "begin_run:1", "after"),
    ("create", "append:3", "after"),
    ("update", "append:4", "before"),
    ("update", "commit:1", "before"),
    ("update", "commit:1", "after"),
    ("delete", "append:2", "after"),
]


@pytest.mark.parametrize("backend", ["sqlite", "s3"])
@pytest.mark.parametrize(("name", "point", "when"), QUICK)
def test_a_few_releases_killed_at_a_write(stages, backend, name, point, when) -> None:
    stage = stages(backend, 4)
    assert stage.kill(name, point=point, when=when, recover=when == "after")


SHARES = 8
# In a bucket a write is one request or several: before and after each are all the points there are.
POINTS = [("sqlite", "write"), ("s3", "request")]


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ["create", "update"])
@pytest.mark.parametrize(("backend", "kind"), POINTS)
def test_every_write(stages, backend, kind, name, when, share) -> None:
    stage = stages(backend, 25)
    # Journal records that ask to be written at the same time share a write, more or less of them
    # each time: where a run has fewer writes than the one that was counted, it ends by itself.
    numbers = range(1 + share, stage.writes(name, kind) + 1, SHARES)
    cases = [(name, {"point": f"{kind}:{number}", "when": when}) for number in numbers]
    assert not failures(stage, cases)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("backend", ["sqlite", "s3"])
@pytest.mark.parametrize("name", ["revert", "delete"])
def test_some_writes_of_other_commands(stages, backend, name) -> None:
    stage = stages(backend, 25)
    writes = stage.writes(name, "write")
    numbers = sorted({1, 2, 3, 4, 5, writes // 2, writes - 2, writes - 1, writes})
    cases = [
        (name, {"point": f"write:{number}", "when": when})
        for number in numbers
        for when in ("before", "after")
    ]
    assert not failures(stage, cases)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("share", range(5))
@pytest.mark.parametrize("backend", ["sqlite", "s3"])
def test_random_moments(stages, backend, share) -> None:
    stage = stages(backend, 25)
    seed = f"{random.getrandbits(32)}-{share}"  # the seed of the session is printed by pytest
    choose = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    cases = [
        (choose.choice(["create", "update"]), {"seconds": choose.uniform(0.05, 2.5)})
        for _ in range(10)
    ]
    assert not failures(stage, cases), seed
