"""A run that loses its state in the middle keeps what it did in a file, to be recorded later."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from backends.base import ConflictError, LeaseHeldError, LeaseRequest, StateUnavailableError
from backends.memory import MemoryBackend, MemoryStore
from declarative.engine.ports import Runner
from declarative.engine.rescue import recover, replay
from declarative.errors import Diagnostic, LamformError, StateLostError
from declarative.model.plan import PlannedOutput
from declarative.model.rescue import RecoveryFile
from declarative.model.values import Sensitive


def lost() -> StateUnavailableError:
    return StateUnavailableError("memory", "failed", "State is gone", "Pulled the plug.")


class Failing(MemoryBackend):
    """A backend that can be written ``writes`` times, then no more."""

    writes = 0
    after = False

    def _counted(self, name, *args, **kwargs):
        self.writes -= 1
        if self.writes < 0 and not (self.after and self.writes == -1):
            raise lost()
        done = getattr(MemoryBackend, name)(self, *args, **kwargs)
        if self.writes == -1:
            raise lost()
        return done

    def put(self, objects):
        return self._counted("put", list(objects))

    def begin_run(self, record, *, token):
        return self._counted("begin_run", record, token=token)

    def append(self, run, records, *, token):
        return self._counted("append", run, records, token=token)

    def commit(self, draft, *, expected, token, closes=None):
        return self._counted("commit", draft, expected=expected, token=token, closes=closes)

    def close_run(self, run, *, token):
        return self._counted("close_run", run, token=token)

    def release(self, lease):
        raise lost()


@pytest.fixture(scope="module")
def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def apply_until(world, dead_pid: int, writes: int, *, after: bool = False) -> bool:
    """Apply with a state that fails after so many writes; say whether it failed at all."""
    kept = world.state, world.runner
    world.state = Failing(world.state._store, world.project)
    world.state.writes, world.state.after = writes, after
    world.runner = Runner("mortal", "here", dead_pid, "boot", "lamform apply")
    try:
        world.apply()
    except (StateLostError, StateUnavailableError):
        return True
    finally:
        world.state, world.runner = kept
    return False


def the_file(world) -> RecoveryFile | None:
    found = list(world.root.glob("lamform-recovery-*.json"))
    assert len(found) <= 1
    if not found:
        return None
    kept = RecoveryFile.model_validate_json(found[0].read_bytes())
    found[0].unlink()
    assert kept.is_whole
    return kept


def project(world) -> None:
    world.declare(world.release("one"), world.release("two", depends_on=("release.one",)))


@pytest.mark.parametrize("after", [False, True])
def test_wherever_state_goes_away_the_file_tells_it_what_was_done(world, dead_pid, after) -> None:
    world.parallelism = 1
    start = world.save()
    project(world)
    kept_files = 0
    for writes in range(100):
        world.restore(start)
        if not apply_until(world, dead_pid, writes, after=after):
            break
        kept = the_file(world)
        if kept is None:
            assert world.save().functions == {}, "nothing was begun, so nothing is kept"
            continue
        kept_files += 1
        existing = {name for name in ("one", "two") if world.name(name) in world.save().functions}
        revision = replay(kept, world.writing())
        if revision is None:  # the last write went through, only its answer was lost
            assert after
            assert world.state.head() is not None
        assert world.state.open_runs() == ()
        assert set(world.state.resources()) == {f"release.{name}" for name in existing}
        assert world.drift().findings == ()
        assert replay(kept, world.writing()) is None, "a file is used once"
        if not world.plan().is_empty:
            assert world.apply().status == "applied"
        assert world.plan().is_empty
    assert kept_files > 5


def test_steps_in_flight_are_finished_and_no_other_is_started(world, dead_pid) -> None:
    project(world)
    world.events.clear()
    assert apply_until(world, dead_pid, 3)  # plan, intent, the first begin; its end is lost
    started = [event.step for event in world.events if event.type == "step_started"]
    done = [event.step for event in world.events if event.type == "step_done"]
    assert started == done == ["create_function"]
    kept = the_file(world)
    assert kept is not None
    assert kept.revision.status == "interrupted"
    assert kept.records["release.one"] is not None
    assert "release.two" not in kept.records


def test_the_file_knows_what_aws_does_not_say(world, dead_pid) -> None:
    project(world)
    assert apply_until(world, dead_pid, 3)
    kept = the_file(world)
    revision = replay(kept, world.writing())
    assert revision.status == "interrupted"
    assert revision.author == "mortal"
    assert [it["address"] for it in revision.details["releases"]] == ["release.one"]


def test_whoever_comes_first_settles_the_run(world, dead_pid) -> None:
    project(world)
    assert apply_until(world, dead_pid, 3)
    kept = the_file(world)
    assert recover(world.writing()).status == "recovered"
    assert recover(world.writing()) is None
    assert replay(kept, world.writing()) is None
    assert world.drift().findings == ()


def test_a_file_of_another_state_is_refused(world, dead_pid) -> None:
    project(world)
    assert apply_until(world, dead_pid, 3)
    kept = the_file(world)
    for other in (False, True):
        world.state = MemoryBackend(MemoryStore(), world.project)
        if other:
            world.state.create()
        with pytest.raises(LamformError, match="another state"):
            replay(kept, world.writing())


def test_a_file_whose_base_was_restored_away_is_refused(world, dead_pid) -> None:
    project(world)
    world.apply()
    start = world.save()
    world.code("two")
    world.apply()
    world.code("three")
    assert apply_until(world, dead_pid, 4)
    kept = the_file(world)
    later = world.state._store.projects[world.project]
    restored = start.state[world.project]
    restored.runs, restored.objects = later.runs, later.objects
    world.state._store.projects = start.state
    with pytest.raises(LamformError, match="history is another one"):
        replay(kept, world.writing())


def test_a_run_that_works_on_the_same_release_is_not_disturbed(world, dead_pid) -> None:
    project(world)
    assert apply_until(world, dead_pid, 3)
    kept = the_file(world)
    world.state.unlock(kept.run)
    request = LeaseRequest(
        run="other", who="x", host="y", pid=1, boot_id="", command="z",
        addresses=frozenset({"release.one"}),
    )  # fmt: skip
    world.state.acquire(request)
    with pytest.raises(LeaseHeldError):
        replay(kept, world.writing())


def test_a_disk_that_is_full_as_well_loses_nothing(world, dead_pid, monkeypatch) -> None:
    project(world)

    def keep(self, name: str, content: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(world), "_keep", keep)
    kept = world.state, world.runner
    world.state = Failing(world.state._store, world.project)
    world.state.writes = 3
    world.runner = Runner("mortal", "here", dead_pid, "boot", "lamform apply")
    with pytest.raises(StateLostError, match=r"No space left.*lamform state recover asks AWS"):
        world.apply()
    world.state, world.runner = kept
    assert recover(world.writing()).status == "recovered"
    assert world.drift().findings == ()


def test_no_secret_is_in_the_file(world, dead_pid) -> None:
    project(world)
    one, two = world.releases
    environment = {"variables": {"PASSWORD": Sensitive("tell-nobody", "var.password")}}
    world.declare(replace(one, function={**one.function, "environment": environment}), two)
    assert apply_until(world, dead_pid, 3)
    text = the_file(world).to_bytes().decode()
    assert "PASSWORD" in text
    assert "tell-nobody" not in text
    assert json.loads(text)["kind"] == "recovery"


def test_another_revision_of_the_same_release_is_a_conflict(world, dead_pid) -> None:
    project(world)
    world.apply()
    world.code("two")
    assert apply_until(world, dead_pid, 4)
    kept = the_file(world)
    open_run = world.state._store.projects[world.project].runs[kept.run]
    world.state.unlock(kept.run)
    open_run.open = False
    world.apply()
    open_run.open = True
    world.state._store.projects[world.project].runs[kept.run] = open_run
    assert kept.records
    with pytest.raises(ConflictError):
        replay(kept, world.writing())


def test_state_that_comes_back_is_told_and_so_is_the_person(world) -> None:
    class Hiccup(MemoryBackend):
        appended = 0

        def append(self, run, records, *, token):
            self.appended += 1
            if self.appended == 2:
                raise lost()
            return super().append(run, records, token=token)

    project(world)
    world.parallelism = 1
    world.state = Hiccup(world.state._store, world.project)
    with pytest.raises(StateLostError, match=r"Pulled the plug.*Revision 1 records") as caught:
        world.apply()
    assert caught.value.exit_code == 1
    assert the_file(world) is None
    assert world.state.head().status == "interrupted"
    assert world.state.open_runs() == ()
    assert world.drift().findings == ()
    assert world.apply().status == "applied"


def test_an_output_without_a_value_does_not_cost_the_file(world, dead_pid) -> None:
    start = world.save()
    for writes in range(100):
        world.restore(start)
        world.outputs = {
            "bad": PlannedOutput(
                unknown=True, residual='regex("zzz", release.checkout.function.version)'
            )
        }
        world.declare(world.release())
        assert apply_until(world, dead_pid, writes)
        kept = the_file(world)
        if kept is not None and kept.records["release.checkout"].status == "applied":
            break
    told: list[Diagnostic] = []
    revision = replay(kept, world.writing(), told.append)
    assert revision.changes.keys() == {"release.checkout"}
    assert [one.address for one in told] == ["output.bad"]
    assert world.state.open_runs() == ()
