"""Running an apply: asking first, showing what happens, stopping on a signal, telling the end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from declarative.cli.outputs import shown_output
from declarative.cli.plans import log_calls
from declarative.cli.wiring import ApplySettings
from declarative.engine.apply import ApplyResult, apply_plan
from declarative.errors import (
    ApplyFailedError,
    Diagnostic,
    InterruptedRunError,
    LamformError,
    RefusedError,
)
from declarative.render.diagnostics import diagnostic_json, diagnostics_text
from declarative.render.literals import key
from declarative.render.look import Style, printable
from declarative.render.progress import event_document, event_text
from declarative.render.reports import outputs_text

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import Lease, Revision
    from declarative.cli.session import Session
    from declarative.cli.wiring import OpenProject, World
    from declarative.engine.events import Event
    from declarative.engine.secrets import Secrets
    from declarative.engine.stopping import Stop
    from declarative.engine.writing import Writing
    from declarative.model.plan import Plan

_YES: Final = "yes"
_HARD_EXIT: Final = 130
_IN_FLIGHT: Final = "waiting for calls in flight…"
_LAST_WORDS: Final = 5.0
"""Seconds that the journal may take when a second signal ends the process."""


@dataclass(frozen=True, slots=True)
class Consent:
    """How a person agrees to a plan.

    Attributes:
        given: Whether the command line says yes already.
        new_state: Whether a state that does not exist yet may be created without a terminal.
    """

    given: bool = False
    new_state: bool = False


def ask(session: Session, world: World, consent: Consent, question: str) -> None:
    """Make sure that somebody wants this plan to be applied.

    Raises:
        RefusedError: there is no state yet, nobody to ask, and no ``--new-state``.
        LamformError: nobody can be asked, or the answer was no.
    """
    if not (session.interactive or consent.new_state or world.state.exists()):
        raise RefusedError.of(
            "There is no state yet",
            "Applying would start an empty state and take every function that exists for a new "
            "find. If this is the first apply, say so with --new-state; otherwise check that "
            "the backend in the files is the one you mean, and that its state is here.",
        )
    if not consent.given:
        confirm(session, question, "Applying", " or apply a saved plan: lamform apply FILE")


def confirm(session: Session, question: str, doing: str, instead: str = "") -> None:
    """Ask, and go on only with a yes.

    Raises:
        LamformError: nobody can be asked, or the answer was no.
    """
    if session.json or not session.interactive:
        raise LamformError.of(
            "Nobody can be asked",
            f"{doing} needs a yes, and there is no terminal to ask at (or the answer shall be "
            f"JSON). Give --auto-approve{',' + instead if instead else '.'}",
        )
    session.say(f"{question}\n  Only 'yes' will be accepted.\n\n  Enter a value: ", end="")
    answer = sys.stdin.readline()
    session.say("")
    if answer.strip() != _YES:
        raise LamformError.of("Not done", "The answer was not yes. Nothing was changed.")


@dataclass
class Progress:
    """Writes what happens: lines on stderr, or events on stdout.

    The last event waits for the end of the run, so that it can tell why it failed. No
    failure to tell something ends a run.

    Attributes:
        failure: Why nothing more is written.
    """

    session: Session
    last: Event | None = None
    failure: Exception | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: Event) -> None:
        """Write one event."""
        with self._lock:
            try:
                if self.failure is None:
                    self._write(event)
            except Exception as error:  # noqa: BLE001 - raised once the run is recorded
                self.failure = error

    def _write(self, event: Event) -> None:
        if not self.session.json:
            line = event_text(event, self.session.err_look)
            if line is not None:
                self.session.say(line)
        elif event.type == "run_done":
            self.last = event
        else:
            self.session.events = True
            self.session.document(event_document(event))

    def finish(self, failures: tuple[Diagnostic, ...]) -> None:
        """Write the last event with the failures of the run, and what it left behind."""
        if self.last is not None:
            shown: list[JsonValue] = [diagnostic_json(one) for one in failures]
            data = {**self.last.data, "diagnostics": shown} if shown else self.last.data
            self.session.document(event_document(replace(self.last, data=data)))


def run(
    session: Session, world: World, plan: Plan, secrets: Secrets, settings: ApplySettings
) -> int:
    """Apply a plan and return the exit code; the end is told as well.

    Raises:
        ApplyFailedError: a release failed.
        InterruptedRunError: a signal ended the run.
        LamformError: all went well, but for an output or the telling of it.
        BrokenPipeError: the same, where nobody listened any more.
    """
    progress = Progress(session)
    settings = patient(session, settings)
    writing = world.writing(secrets, listener=progress, settings=settings)
    session.flush()  # a plan that cannot be shown is not applied
    session.lasting = True  # from here on the run goes on whoever listens
    with _stopping(world.stop):
        result = apply_plan(plan, writing)
    log_calls(world)
    code = _told(session, plan, result, progress)
    session.flush()
    if code == 0 and progress.failure is not None:
        raise progress.failure
    if code == 0 and session.lost is not None:
        raise _untold(session.lost, result)
    return code


def _told(session: Session, plan: Plan, result: ApplyResult, progress: Progress) -> int:
    if session.json:
        failed = result.failures or _ending(result)
        told = (*(failed if result.status != "applied" else ()), *result.unevaluated)
        progress.finish((*told, *result.left))
        if told and session.lost is not None:  # what has failed is not to be lost as well
            session.say(diagnostics_text(told, session.err_look))
        return _code(result)
    if result.left:
        session.say(diagnostics_text(result.left, session.err_look))
    _tell_end(session, plan, result)
    if result.status == "interrupted":
        raise InterruptedRunError((*_ending(result), *result.unevaluated))
    if result.status != "applied":
        raise ApplyFailedError((*result.failures, *result.unevaluated))
    if result.unevaluated:
        raise LamformError(result.unevaluated)
    return 0


def _untold(error: OSError, result: ApplyResult) -> Exception:
    """Return the error of a run that went well and could not say so."""
    if isinstance(error, BrokenPipeError):
        return error
    recorded = f"; revision {result.revision.number} records it" if result.revision else ""
    return LamformError.of(
        "The output could not be written",
        f"{error.strerror or error}. All else went well{recorded}. See lamform history.",
    )


def recording(session: Session, opened: OpenProject, settings: ApplySettings) -> Writing:
    """Return what a command may use that writes to state and not to AWS."""
    return opened.world.writing(
        opened.secrets(),
        listener=lambda _: None,
        settings=patient(session, settings),
    )


def patient(session: Session, settings: ApplySettings) -> ApplySettings:
    """Return the settings of a run that says whom it waits for."""
    return replace(settings, waiting=lambda lease: tell_waiting(session, lease))


def tell_nothing(session: Session, text: str = "") -> None:
    """End without a run; as events, that is a ``run_done`` without revision."""
    if session.json:
        session.document({"type": "run_done", "revision": None, "status": "applied", "calls": {}})
    elif text:
        session.show(f"{text}\n")


def _code(result: ApplyResult) -> int:
    if result.status == "applied":
        return LamformError.exit_code if result.unevaluated else 0
    interrupted = result.status == "interrupted"
    return InterruptedRunError.exit_code if interrupted else ApplyFailedError.exit_code


def _ending(result: ApplyResult) -> tuple[Diagnostic, ...]:
    number = result.revision.number if result.revision else None
    recorded = f"Revision {number} records what was done. " if number else ""
    return (
        Diagnostic(
            "The run was interrupted",
            f"{recorded}Nothing is in flight. See what is left with lamform plan; finish it with "
            "lamform apply, or go back with lamform revert previous.",
        ),
        *result.failures,
    )


def tell_waiting(session: Session, lease: object) -> None:
    """Say whose run is waited for."""
    holder: Lease = lease  # type: ignore[assignment] # the engine hands over its lease
    session.say(
        printable(
            f"Waiting for run {holder.run} of {holder.who} on {holder.host} "
            f"(`{holder.command}`) to end…"
        )
    )


def _tell_end(session: Session, plan: Plan, result: ApplyResult) -> None:
    revision, look = result.revision, session.look
    if result.status != "applied":
        number = f"revision {revision.number} records it" if revision else "nothing was changed"
        title = session.err_look.paint(f"Apply {result.status}", Style.ERROR)
        session.say(f"\n{title}: {number}.\n")
        return
    summary = plan.summary
    counts = (
        f"({summary.add} added, {summary.change} changed, {summary.destroy} destroyed"
        f"{f', {summary.adopt} adopted' if summary.adopt else ''})"
    )
    number = f" Revision {revision.number}" if revision else ""
    session.show("\n" + look.paint("Apply complete!", Style.ADDED) + f"{number} {counts}.\n")
    moves = list(_moves(revision))
    if moves:
        session.show("\n" + "".join(f"  {printable(move)}\n" for move in moves))
    outputs = {name: _shown(value) for name, value in result.outputs.items()}
    if outputs:
        session.show("\nOutputs:\n\n" + outputs_text(outputs))


def _shown(output: JsonValue) -> JsonValue:
    return shown_output(output) if isinstance(output, dict) else output


def _moves(revision: Revision | None) -> Iterator[str]:
    """Yield where aliases went, as the revision records it."""
    releases = revision.details.get("releases") if revision else None
    for release in releases if isinstance(releases, list) else ():
        aliases = release.get("aliases") if isinstance(release, Mapping) else None
        for name, move in aliases.items() if isinstance(aliases, Mapping) else ():
            ends = filter(None, (move.get("from"), "→", move.get("to")))
            yield f"{release['address']} {key(name)}: {' '.join(ends)}"


@contextmanager
def _stopping(stop: Stop) -> Iterator[None]:
    """Let the first signal end the run in order, and the second at once, its journal written."""

    def receive(number: int, _: object) -> None:
        if stop.is_set():
            # Every step that began is in the journal: the next run recovers from there.
            try:
                if stop.flush is not None:
                    stop.flush(_LAST_WORDS)
            finally:
                os._exit(_HARD_EXIT)
        stop.set()
        # Not session.say: a signal may arrive inside a write to that very stream.
        with suppress(OSError):
            os.write(2, f"\n{signal.Signals(number).name}: {_IN_FLIGHT}\n".encode())

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
