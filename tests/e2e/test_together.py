"""Many processes that apply at the same moment: of different releases all land, of one only one.

`make test` starts a few processes a few times; the slow tests start eight, twenty times.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

FEW = {"processes": 4, "rounds": 3}
MANY = {"processes": 8, "rounds": 20}
SIZES = [
    pytest.param(FEW, id="few"),
    pytest.param(MANY, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
]

OUTPUT = """
output "version_{key}" {{
  value = release.worker["{key}"].function.version
}}
"""


def keys(count: int) -> list[str]:
    return [f"w{number:02}" for number in range(count)]


def started(crew) -> None:
    """Write the files, with an output for each release, and apply them once."""
    crew.write("one", "".join(OUTPUT.format(key=key) for key in keys(crew.count)))
    done = crew.run("apply", "--auto-approve", "--new-state")
    assert done.returncode == 0, done.stderr


def apply_of(crew, key: str, memory: int, *more: str):
    arguments = ("apply", "--auto-approve", "--only", f"worker[{key}]", "--var", f"memory={memory}")
    return crew.processes.Job((*arguments, *more))


def check_history(crew, revisions: int) -> None:
    """Numbers have no gap, each revision follows the one before, and all of it is whole."""
    history = crew.json("history", "--limit", "1000")["revisions"]
    assert [one["revision"] for one in history] == list(range(revisions, 0, -1))
    assert [one["parent"] for one in history] == [*(one["id"] for one in history[1:]), None]
    assert {one["status"] for one in history} == {"applied"}
    verified = crew.run("state", "verify")
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("backend", ["sqlite", "s3"])
def test_applies_of_different_releases_all_land(crews, backend, size) -> None:
    crew = crews(backend, size["processes"])
    started(crew)
    for number in range(1, size["rounds"] + 1):
        jobs = [
            apply_of(crew, key, 128 + 64 * number + place)
            for place, key in enumerate(keys(crew.count))
        ]
        ended = crew.together(*jobs)
        assert [done.returncode for done in ended] == [0] * crew.count, [
            done.stderr for done in ended if done.returncode
        ]
        check_history(crew, 1 + number * crew.count)
        found = crew.recorded()
        assert found == crew.observed()
        assert [one["memory_size"] for one in found.values()] == [
            128 + 64 * number + place for place in range(crew.count)
        ]
        outputs = crew.json("output")["outputs"]
        assert {name: one["value"] for name, one in outputs.items()} == {
            f"version_{key}": str(1 + number) for key in keys(crew.count)
        }


class Log:
    """What a simulator was told to change, in the order in which it did."""

    def __init__(self, simulator: Any) -> None:
        self.writes: list[tuple[str, dict[str, Any]]] = []
        self._call, self._lock = simulator.call, threading.Lock()
        simulator.call = self

    def __call__(self, operation: str, /, **asked: Any) -> Any:
        if operation.startswith(("Get", "List")):
            return self._call(operation, **asked)
        with self._lock:
            answer = self._call(operation, **asked)
            self.writes.append((operation, {**asked, "answer": answer}))
            return answer


STEPS = ["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"]


def check_one_at_a_time(log: Log, runs: int) -> set[int]:
    """The calls of a run are never mixed with those of another; return what each asked for."""
    writes = log.writes
    assert [operation for operation, _ in writes] == STEPS * runs
    asked = set()
    for configured, published, moved in zip(*[iter(writes)] * len(STEPS), strict=True):
        memory = configured[1]["MemorySize"]
        assert published[1]["answer"]["MemorySize"] == memory
        assert moved[1]["FunctionVersion"] == published[1]["answer"]["Version"]
        asked.add(memory)
    log.writes = []
    return asked


@pytest.mark.parametrize("waiting", [False, True], ids=["at-once", "waiting"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("backend", ["sqlite", "s3"])
def test_applies_of_the_same_release_take_turns(crews, backend, size, waiting) -> None:
    crew = crews(backend, 1)
    started(crew)
    log = Log(crew.sandbox.simulator)
    revisions = 1
    more = ("--lock-timeout", "600") if waiting else ()
    for number in range(1, size["rounds"] + 1):
        memories = [128 + 64 * number + place for place in range(size["processes"])]
        ended = crew.together(*(apply_of(crew, "w00", memory, *more) for memory in memories))
        codes = [done.returncode for done in ended]
        assert set(codes) <= ({0} if waiting else {0, 4, 5}), ended
        done = {memory for memory, code in zip(memories, codes, strict=True) if code == 0}
        assert done
        assert check_one_at_a_time(log, len(done)) == done
        revisions += len(done)
        check_history(crew, revisions)
        assert crew.recorded() == crew.observed()
