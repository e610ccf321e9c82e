"""A process that dies between any two writes leaves the state of before or of after."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backends.memory import MemoryBackend, MemoryStore
from backends.testing.bucket import Bucket
from backends.testing.life import STEPS, essence
from declarative.engine.verification import verify

NOW = 1_900_000_000.0


class KilledError(BaseException):
    """Nothing catches it, as nothing catches the end of a process."""


class Death:
    """Lets the nth request of a process be its last, before or after it has its effect."""

    def __init__(self, nth: int, moment: str) -> None:
        self.left = nth
        self.moment = moment
        self.dead = False

    def __call__(self, moment: str, operation: str, key: str) -> None:
        if moment == self.moment:
            self.left -= 1
        if self.left == 0 or self.dead:
            self.dead = True
            raise KilledError


def opened(bucket: Bucket):
    return bucket.backend(clock=lambda: NOW)


def ends(backend) -> list[object]:
    found = [essence(backend)]
    for step in STEPS:
        step(backend)
        found.append(essence(backend))
    return found


@pytest.fixture(scope="module")
def expected() -> list[object]:
    return ends(MemoryBackend(MemoryStore(), "shop", clock=lambda: NOW))


def test_a_life_is_the_same_everywhere(expected: list[object]) -> None:
    assert ends(opened(Bucket())) == expected
    assert len(expected) == len(STEPS) + 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_on_s3_at_every_request(moment: str, expected: list[object]) -> None:
    whole = Bucket()
    ends(opened(whole))
    for nth in range(1, 1000):
        bucket = Bucket(watch=Death(nth, moment))
        backend, done = opened(bucket), 0
        try:
            for step in STEPS:
                step(backend)
                done += 1
        except KilledError:
            pass
        else:
            break
        finally:
            backend.close()
        bucket.watch = Bucket.watch
        found = essence(opened(bucket))
        assert found in expected[done : done + 2], (nth, done)
        if found != expected[done]:
            done += 1
        for step in STEPS[done:]:
            step(opened(bucket))
        assert essence(opened(bucket)) == expected[-1]
        assert verify(opened(bucket)).damage == ()
        assert sorted(bucket.contents) == sorted(whole.contents)  # and nothing is left over
    assert nth > 80


ON_SQLITE = """
import json, os, shutil, signal, sys
from pathlib import Path
from backends.memory import MemoryBackend, MemoryStore
from backends.sqlite import SqliteBackend
from backends.sqlite_file import SqliteFile
from backends.testing.life import OBJECTS, STEPS, essence
from declarative.engine.verification import verify

place, stride = Path(sys.argv[1]), int(sys.argv[2])
now = lambda: 1_900_000_000.0
connect = SqliteFile._connect
left = [0]

def count(statement):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def watched(self, path):
    db = connect(self, path)
    db.conn.set_trace_callback(count)
    return db

def live(directory, nth):
    left[0] = nth
    SqliteFile._connect = watched
    backend = SqliteBackend(directory / "state.db", "shop", clock=now)
    for number, step in enumerate(STEPS, 1):
        step(backend)
        (directory / "done").write_text(str(number))
    backend.close()
    os._exit(0)

def look(directory, expected):
    done = int((directory / "done").read_text())
    backend = SqliteBackend(directory / "state.db", "shop", clock=now)
    found = essence(backend)
    if found not in expected[done : done + 2]:
        return "neither before nor after"
    for step in STEPS[done + (found != expected[done]) :]:
        step(backend)
    if essence(backend) != expected[-1]:
        return "another end"
    if verify(backend).damage:
        return f"damaged: {verify(backend).damage}"
    with backend._file.reading() as db:
        counts = [db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                  for name in ("objects", "project_objects", "runs", "journal", "changes")]
    backend.close()
    return "" if counts == [4, 4, 1, 0, 2] else f"left over: {counts}"

memory = MemoryBackend(MemoryStore(), "shop", clock=now)
expected = [essence(memory)]
for step in STEPS:
    step(memory)
    expected.append(essence(memory))

problems, killed, nth = {}, 0, 1
while True:
    directory = place / str(nth)
    directory.mkdir()
    (directory / "done").write_text("0")
    child = os.fork()
    if child == 0:
        live(directory, nth)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        break
    killed += os.WTERMSIG(status) == signal.SIGKILL
    problem = look(directory, expected)
    if problem:
        problems[nth] = problem
    shutil.rmtree(directory)
    nth += stride
print(json.dumps({"killed": killed, "problems": problems, "exit": os.WEXITSTATUS(status)}))
"""


def kill_everywhere(place: Path, stride: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", ON_SQLITE, str(place), str(stride)],
        capture_output=True,
        check=False,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["problems"] == {}
    assert found["exit"] == 0
    return found["killed"]


@pytest.mark.skipif(sys.platform == "win32", reason="a fork of the process is killed")
def test_on_sqlite_at_some_statements(tmp_path: Path) -> None:
    assert kill_everywhere(tmp_path, 15) > 9


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="a fork of the process is killed")
def test_on_sqlite_at_every_statement(tmp_path: Path) -> None:
    assert kill_everywhere(tmp_path, 1) > 150
