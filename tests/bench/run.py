"""Measure lamform beside its peers, in one run on one machine, and print ratios.

    python tests/bench/run.py [--releases N] [--repeat N] [--only WORD]

Absolute times differ from machine to machine; a ratio of two commands that took turns on the
same one does not, much. The fastest of several turns counts: what slows a command down is
the rest of the machine, never luck. Seconds are judged as well where they are promised. A peer
that is missing is a stated skip, and a command that fails is a stated failure with exit code 1;
neither is a number.

A new benchmark is a function from `Options` to `Comparison`, added to `BENCHMARKS`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import generate

GROWTH = Path(__file__).with_name("growth.py")
LAUNCH = Path(__file__).with_name("launch.py")
LAMFORM = str(Path(sys.executable).with_name("lamform"))


class SkippedError(Exception):
    """A peer is missing, so there is nothing to compare with."""


class FailedError(Exception):
    """A measured or preparing command did not do what was measured."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    releases: int
    repeat: int
    only: str


@dataclass(frozen=True, slots=True)
class Command:
    """One side of a comparison.

    Attributes:
        forget: What is deleted before every turn, so that nothing is remembered from the last.
    """

    arguments: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    forget: Path | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What one command took: wall-clock seconds and peak memory in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two samples, and what the design allows ours.

    Attributes:
        peer: None where there is no peer on this machine; ``missing`` says why.
        seconds_budget: Seconds that ours may take on the machine of the design.
        time_budget: Ratio of our seconds to the peer's.
        memory_budget: Ratio of our memory to the peer's.
    """

    ours: Sample
    peer: Sample | None
    missing: str = ""
    seconds_budget: float | None = None
    time_budget: float | None = None
    memory_budget: float | None = None


def measure(command: Command) -> Sample:
    """Run ``command`` once; it must succeed."""
    if command.forget is not None:
        shutil.rmtree(command.forget, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        report = Path(name, "report")
        done = subprocess.run(
            [sys.executable, "-I", "-S", LAUNCH, report, *command.arguments],
            cwd=command.directory,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        code, seconds, memory = report.read_text(encoding="utf-8").split()
    if code != "0":
        text = (done.stdout + done.stderr).decode(errors="replace").strip()
        called = " ".join([Path(command.arguments[0]).name, *command.arguments[1:]])
        raise FailedError(f"`{called}` exited {code}: {text[-600:]}")
    return Sample(float(seconds), int(memory))


def compare(ours: Command, peer: Command, repeat: int) -> tuple[Sample, Sample]:
    """Let both take turns, after one turn each that only warms caches; the best counts."""
    pairs = [(measure(ours), measure(peer)) for _ in range(repeat + 1)][1:]
    return _best(pair[0] for pair in pairs), _best(pair[1] for pair in pairs)


def alone(command: Command, repeat: int) -> Sample:
    """Measure a command that has no peer here, after one turn that only warms caches."""
    return _best([measure(command) for _ in range(repeat + 1)][1:])


def _best(samples: Iterable[Sample]) -> Sample:
    return min(samples, key=lambda sample: sample.seconds)


def start_up(options: Options) -> Comparison:
    """``lamform --version`` against an interpreter that does nothing."""
    with workplace() as (directory, environment):
        ours = Command([LAMFORM, "--version"], directory, environment)
        peer = Command([sys.executable, "-c", "pass"], directory, environment)
        samples = compare(ours, peer, 5 * options.repeat)
    return Comparison(*samples, seconds_budget=0.2)


@contextmanager
def workplace() -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a directory and an environment that leave no trace outside it."""
    with tempfile.TemporaryDirectory() as name:
        environment = {**os.environ, "XDG_CACHE_HOME": str(Path(name, "caches"))}
        environment["CHECKPOINT_DISABLE"] = "1"  # Terraform would ask for news over the network
        # Whoever sets this while working on lamform would measure Python's compiler.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        yield Path(name), environment


def validation(*, cold: bool, for_each: bool) -> Callable[[Options], Comparison]:
    """Return the benchmark of ``validate``, with the syntax trees of the last turn or without."""

    def benchmark(options: Options) -> Comparison:
        with workplace() as (directory, environment):
            at = directory / "lamform"
            generate.lamform_project(at, options.releases, for_each=for_each)
            kept = at / ".lamform" / "cache"
            command = [LAMFORM, "validate"]
            ours = Command(command, at, environment, forget=kept if cold else None)
            budget = 2.0 if cold and not for_each else 1.0
            try:
                terraform = terraform_at(directory, environment, options, for_each=for_each)
            except SkippedError as reason:
                sample = alone(ours, options.repeat)
                return Comparison(sample, None, missing=str(reason), seconds_budget=budget)
            peer = Command([terraform, "validate"], directory / "terraform", environment)
            samples = compare(ours, peer, options.repeat)
        return Comparison(*samples, seconds_budget=budget)

    return benchmark


def terraform_at(
    directory: Path,
    environment: Mapping[str, str],
    options: Options,
    *,
    for_each: bool,
    applied: bool = True,
) -> str:
    """Return Terraform's path after it has made a like project ready, applied or not.

    Raises:
        SkippedError: there is no Terraform.
    """
    terraform = shutil.which("terraform")
    if terraform is None:
        raise SkippedError("terraform is not on PATH")
    at = directory / "terraform"
    generate.terraform_project(at, options.releases, for_each=for_each, applied=applied)
    measure(Command([terraform, "init", "-input=false"], at, environment))
    return terraform


def settled_plan(*, for_each: bool) -> Callable[[Options], Comparison]:
    """Return the benchmark of a plan with nothing to do from recorded state alone.

    Both must find nothing to do: the detailed exit code is 0 only then.
    """

    def benchmark(options: Options) -> Comparison:
        # Only when there is something to measure: this import pulls in the simulator.
        from declarative.sandbox.server import Sandbox

        with workplace() as (directory, environment):
            terraform = terraform_at(directory, environment, options, for_each=for_each)
            at = directory / "lamform"
            generate.lamform_project(at, options.releases, for_each=for_each)
            plan_peer = [terraform, "plan", "-refresh=false", "-detailed-exitcode", "-input=false"]
            plan_ours = [LAMFORM, "plan", "--refresh", "none", "--detailed-exitcode"]
            peer = Command(plan_peer, directory / "terraform", environment)
            with Sandbox(None, pending_seconds=0, update_seconds=0) as sandbox:
                inside = {**environment, **sandbox.environment()}
                apply = [LAMFORM, "apply", "--auto-approve", "--new-state"]
                measure(Command(apply, at, inside))
                samples = compare(Command(plan_ours, at, inside), peer, options.repeat)
        budget = 0.1 if for_each else 0.5
        return Comparison(*samples, time_budget=budget, memory_budget=1.0)

    return benchmark


def applying(backend: str, count: int) -> Sample:
    """Return what engine and state take to plan and apply new releases, once."""
    with workplace() as (directory, environment):
        report = directory / "seconds"
        arguments = [sys.executable, str(GROWTH), backend, str(count), str(report)]
        whole = measure(Command(arguments, directory, environment))
        return Sample(float(report.read_text(encoding="utf-8")), whole.memory)


def growth(backend: str) -> Callable[[Options], Comparison]:
    """Return the benchmark of N new releases against a tenth of them."""

    def benchmark(options: Options) -> Comparison:
        sizes = (options.releases, options.releases // 10)
        turns = [[applying(backend, size) for size in sizes] for _ in range(options.repeat)]
        samples = (_best(turn[at] for turn in turns) for at in range(len(sizes)))
        return Comparison(*samples, time_budget=12.0)

    return benchmark


def first_apply(options: Options) -> Comparison:
    """Engine and state work of an apply against Terraform's; both begin without state."""
    with workplace() as (directory, environment):
        terraform = terraform_at(directory, environment, options, for_each=False, applied=False)
        at = directory / "terraform"
        state = at / "state"
        command = [terraform, "apply", "-auto-approve", "-input=false", f"-state={state / 'is'}"]
        peer = Command(command, at, environment, forget=state)
        turns = [
            (applying("sqlite", options.releases), measure(peer)) for _ in range(options.repeat)
        ]
    samples = (_best(turn[side] for turn in turns) for side in range(2))
    return Comparison(*samples, time_budget=0.1)


BENCHMARKS: Mapping[str, Callable[[Options], Comparison]] = {
    "lamform --version / python -c pass": start_up,
    "validate, cold / terraform validate": validation(cold=True, for_each=False),
    "validate, warm / terraform validate": validation(cold=False, for_each=False),
    "validate, one for_each / terraform validate": validation(cold=True, for_each=True),
    "plan, nothing to do / terraform plan": settled_plan(for_each=False),
    "plan, one for_each, nothing to do / terraform plan": settled_plan(for_each=True),
    "apply of N in SQLite / of a tenth": growth("sqlite"),
    "apply of N in a bucket / of a tenth": growth("s3"),
    "apply, engine and state / terraform apply": first_apply,
}


def judged(value: float, budget: float | None, unit: str = "") -> str:
    """Return a value, and how it stands to its budget."""
    if budget is None:
        return f"{value:.2f}{unit}"
    return f"{value:.2f}{unit} ({'within' if value <= budget else 'OVER'} {budget:g}{unit})"


def report(name: str, result: Comparison) -> None:
    """Print one comparison, time first, memory second."""
    ours, peer = result.ours, result.peer
    print(name)
    if result.seconds_budget is not None:
        print(f"  seconds {judged(ours.seconds, result.seconds_budget, ' s')}")
    if peer is None:
        print(f"  ratio   skipped: {result.missing}")
        return
    print(
        f"  time    {judged(ours.seconds / peer.seconds, result.time_budget):<22}"
        f"{ours.seconds * 1000:9.0f} ms / {peer.seconds * 1000:9.0f} ms"
    )
    print(
        f"  memory  {judged(ours.memory / peer.memory, result.memory_budget):<22}"
        f"{ours.memory / 2**20:9.0f} MB / {peer.memory / 2**20:9.0f} MB"
    )


def main() -> int:
    """Run the chosen benchmarks; return 1 if any could not be measured for a fault."""
    parser = argparse.ArgumentParser(description="Measure lamform beside its peers, as ratios.")
    parser.add_argument("--releases", type=int, default=1000, help="size of generated projects")
    parser.add_argument("--repeat", type=int, default=3, help="turns of each command")
    parser.add_argument("--only", default="", help="benchmarks whose name contains this")
    options = Options(**vars(parser.parse_args()))
    print(f"{options.releases} releases, best of {options.repeat} turns, ours / peer")
    failed = False
    for name, benchmark in BENCHMARKS.items():
        if options.only not in name:
            continue
        try:
            report(name, benchmark(options))
        except SkippedError as reason:
            print(f"{name}\n  skipped: {reason}")
        except (FailedError, ImportError) as reason:
            print(f"{name}\n  FAILED: {reason}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
