"""Every error lamform raises, as facts; the sentences are made at the edge.

    LamformError              exit 1
     +- ConfigurationError    exit 1   the files are wrong (carries all diagnostics at once)
     +- EvaluationError       exit 1   one expression cannot be evaluated
     +- RemoteError          exit 1   AWS, a repository or another outside system said no
     +- StateLostError        exit 1   state could not be told what an apply did
     +- ApplyFailedError      exit 3   an apply or revert ended with a failed release
     +- LeaseHeldError        exit 4   another run holds a lease that this one needs
     +- StalePlanError        exit 5   the plan no longer describes the world, or was used
     +- RefusedError          exit 6   a guard (prevent_destroy, consent, policy) said no
     +- InterruptedRunError   exit 130 a signal ended the run

A diagnostic has Terraform's shape, so that tools which read Terraform's ``-json`` read ours.
Only ``declarative.cli.main`` turns a `LamformError` into text and an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Callable

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a source file: ``line`` and ``column`` count from 1, ``byte`` from 0."""

    line: int
    column: int
    byte: int


@dataclass(frozen=True, slots=True, order=True)
class SourceRange:
    """A half-open stretch of one file, named relative to the project's directory."""

    filename: str
    start: Position
    end: Position

    def __str__(self) -> str:
        """Return ``file:line:column``, the form that editors jump to."""
        return f"{self.filename}:{self.start.line}:{self.start.column}"


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """The function that an expression called when it failed.

    Attributes:
        name: The function.
        parameters: Name and type of each parameter.
        variadic: Name and type of those that follow, where it takes any number.
        returns: The type of its result; ``any`` where that depends on the arguments.
    """

    name: str
    parameters: tuple[tuple[str, str], ...] = ()
    variadic: tuple[str, str] | None = None
    returns: str = "any"

    def __str__(self) -> str:
        """Return the call with the names of the parameters."""
        names = [name for name, _ in self.parameters]
        if self.variadic is not None:
            names.append(f"{self.variadic[0]}...")
        return f"{self.name}({', '.join(names)})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was known where an expression failed.

    Attributes:
        values: What the references in it stood for, as ``(reference, statement)``.
        call: The function that refused its arguments, if it was one.
    """

    values: tuple[tuple[str, str], ...] = ()
    call: FunctionCall | None = None


@dataclass(frozen=True, slots=True)
class Snippet:
    """The source lines a diagnostic points at.

    Attributes:
        code: The whole line (or lines) that contain the range, without a final newline.
        start_line: The number of the first line of ``code``.
        highlight_start: Offset in ``code`` (characters) where the underline begins.
        highlight_end: Offset in ``code`` where it ends.
        context: The header of the outermost block around it: ``service "checkout"``.
        evidence: What was known of the expression that failed.
    """

    code: str
    start_line: int
    highlight_start: int
    highlight_end: int
    context: str | None = None
    evidence: Evidence = Evidence()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: where it is, what it is, and what to try.

    Attributes:
        summary: The problem in a few words, with no final stop.
        detail: Whole sentences: what was found, what was expected, what to try.
        address: The address of the release or block it belongs to.
        range: Where in the files, if it is about the files.
        snippet: The source at ``range``; filled in by whoever holds the source text.
        also: The addresses of others that have the very same problem.
        witness: Finds out what was known where an expression failed; asked only when the
            diagnostic is shown.
    """

    summary: str
    detail: str = ""
    severity: Severity = "error"
    address: str | None = None
    range: SourceRange | None = None
    snippet: Snippet | None = None
    also: tuple[str, ...] = ()
    witness: Callable[[], Evidence] | None = field(default=None, compare=False, repr=False)


@dataclass(eq=False)
class LamformError(Exception):
    """Root of all errors meant for a person: one or more diagnostics and an exit code."""

    diagnostics: tuple[Diagnostic, ...] = field(default_factory=tuple)

    exit_code: ClassVar[int] = 1

    @classmethod
    def of(
        cls,
        summary: str,
        detail: str = "",
        *,
        address: str | None = None,
        range: SourceRange | None = None,  # noqa: A002 - the diagnostic's own field name
    ) -> Self:
        """Return this kind of error with a single diagnostic."""
        return cls((Diagnostic(summary, detail, address=address, range=range),))

    def belong(self, address: str) -> None:
        """Note to what the diagnostics belong, as far as that was not known before."""
        self.diagnostics = tuple(
            item if item.address else replace(item, address=address) for item in self.diagnostics
        )

    def place(self, where: SourceRange) -> None:
        """Note where the diagnostics are about, as far as that was not known before."""
        self.diagnostics = tuple(
            item if item.range else replace(item, range=where) for item in self.diagnostics
        )

    def add_detail(self, sentence: str) -> None:
        """Add a sentence to what the diagnostics tell."""
        self.diagnostics = tuple(
            replace(item, detail=f"{item.detail} {sentence}".lstrip()) for item in self.diagnostics
        )

    def __str__(self) -> str:
        """Return all diagnostics in one line each, for logs and test failures."""
        return "\n".join(
            f"{item.range}: {item.summary}: {item.detail}"
            if item.range
            else f"{item.summary}: {item.detail}"
            for item in self.diagnostics
        )


class ConfigurationError(LamformError):
    """The project's files are wrong; all their errors are in ``diagnostics``."""


class EvaluationError(LamformError):
    """One expression has no value."""


class RemoteError(LamformError):
    """Something outside (AWS, a repository, a git host) answered with an error."""


class StateLostError(LamformError):
    """State could not be told what an apply did; a file beside the project keeps it."""


class ApplyFailedError(LamformError):
    """An apply or revert ended with at least one failed release."""

    exit_code = 3


class LeaseHeldError(LamformError):
    """Another run holds a lease on something this run needs."""

    exit_code = 4


class StalePlanError(LamformError):
    """A plan that is used, expired, or made from a world that has moved since."""

    exit_code = 5


class OvertakenError(StalePlanError):
    """Another run has changed in state what the plan was made from; nothing was done."""


class RefusedError(LamformError):
    """A guard refused what was asked."""

    exit_code = 6


class InterruptedRunError(LamformError):
    """A signal ended the run; what was done is recorded."""

    exit_code = 130


class PreconditionFailedError(RemoteError):
    """Something changed since it was read (a ``RevisionId`` or ``CodeSha256`` differs)."""


class PackageMissingError(RemoteError):
    """Lambda found no package in the bucket that it was sent to; nothing was done."""


class OutcomeUnknownError(RemoteError):
    """A changing call was sent and no answer came: it may or may not have happened."""
