"""Measure lamform beside its peers, in one run on one machine, and print ratios.

    python tests/bench/run.py [--releases N] [--repeat N] [--only WORD]

Absolute times differ from machine to machine; a ratio of two commands that took turns on the
same one does not, much. The fastest of several turns counts: what slows a command down is
the rest of the machine, never luck. A peer that is missing is a stated skip, and a command
that fails is a stated failure with exit code 1; neither is a number.

A new benchmark is a function from `Options` to `Comparison`, added to `BENCHMARKS`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import generate

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
    """One side of a comparison."""

    arguments: Sequence[str]
    directory: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one command took: wall-clock seconds and peak memory in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two samples, and the ratios of ours to the peer's that the design allows, if any."""

    ours: Sample
    peer: Sample
    time_budget: float | None = None
    memory_budget: float | None = None


def measure(command: Command) -> Sample:
    """Run ``command`` once; it must succeed."""
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
    best_ours = min((pair[0] for pair in pairs), key=lambda sample: sample.seconds)
    best_peer = min((pair[1] for pair in pairs), key=lambda sample: sample.seconds)
    return best_ours, best_peer


def start_up(options: Options) -> Comparison:
    """``lamform --version`` against an interpreter that does nothing."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ours = Command([LAMFORM, "--version"], directory, os.environ)
        peer = Command([sys.executable, "-c", "pass"], directory, os.environ)
        return Comparison(*compare(ours, peer, 5 * options.repeat))


def settled_plan(options: Options) -> Comparison:
    """A plan with nothing to do from recorded state alone, against Terraform's.

    Both must find nothing to do: the detailed exit code is 0 only then.
    """
    terraform = shutil.which("terraform")
    if terraform is None:
        raise SkippedError("terraform is not on PATH")
    # Only when there is something to measure: this import pulls in the simulator.
    from declarative.sandbox.server import Sandbox

    with tempfile.TemporaryDirectory() as name:
        ours_at, peer_at = Path(name, "lamform"), Path(name, "terraform")
        generate.lamform_project(ours_at, options.releases)
        generate.terraform_project(peer_at, options.releases)
        quiet = {**os.environ, "CHECKPOINT_DISABLE": "1"}  # it would ask for news over the network
        measure(Command([terraform, "init", "-input=false"], peer_at, quiet))
        plan_peer = [terraform, "plan", "-refresh=false", "-detailed-exitcode", "-input=false"]
        plan_ours = [LAMFORM, "plan", "--refresh", "none", "--detailed-exitcode"]
        with Sandbox(None, pending_seconds=0, update_seconds=0) as sandbox:
            environment = {**os.environ, **sandbox.environment()}
            apply = [LAMFORM, "apply", "--auto-approve", "--new-state"]
            measure(Command(apply, ours_at, environment))
            ours = Command(plan_ours, ours_at, environment)
            peer = Command(plan_peer, peer_at, quiet)
            samples = compare(ours, peer, options.repeat)
    return Comparison(*samples, time_budget=0.5, memory_budget=1.0)


BENCHMARKS: Mapping[str, Callable[[Options], Comparison]] = {
    "lamform --version / python -c pass": start_up,
    "plan, nothing to do / terraform plan": settled_plan,
}


def ratio(ours: float, peer: float, budget: float | None) -> str:
    """Return ours in relation to the peer's, and how that stands to its budget."""
    value = ours / peer
    if budget is None:
        return f"{value:.2f}"
    return f"{value:.2f} ({'within' if value <= budget else 'OVER'} {budget:g})"


def report(name: str, result: Comparison) -> None:
    """Print one comparison, time first, memory second."""
    ours, peer = result.ours, result.peer
    print(name)
    print(
        f"  time    {ratio(ours.seconds, peer.seconds, result.time_budget):<22}"
        f"{ours.seconds * 1000:9.0f} ms / {peer.seconds * 1000:9.0f} ms"
    )
    print(
        f"  memory  {ratio(ours.memory, peer.memory, result.memory_budget):<22}"
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
