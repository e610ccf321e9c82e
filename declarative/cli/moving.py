"""``lamform state gc`` and ``lamform state migrate``: less of a state, and a state elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from declarative.cli import options, runs
from declarative.cli.loading import inputs_of
from declarative.cli.runs import confirm
from declarative.cli.session import Session
from declarative.cli.wiring import open_project, open_world, runner
from declarative.engine.migration import migrate as migrate_state
from declarative.engine.pruning import Cut, find_cut, prune
from declarative.errors import ConfigurationError, LamformError
from declarative.language.inputs import VariableInputs
from declarative.language.installed import BACKENDS, kinds
from declarative.language.project import load_project
from declarative.language.settings import OWN_PLACES
from declarative.model.plan import BackendAddress
from declarative.render.documents import (
    NeededRevision,
    StateGcDocument,
    StateMigrateDocument,
    document,
)
from declarative.render.literals import key
from declarative.render.look import printable
from declarative.render.reports import counted
from declarative.render.values import quoted

if TYPE_CHECKING:
    pass

_KINDS: Final = ("sqlite", "s3")
_WORDS: Final = ("true", "false")


_Keep: TypeAlias = Annotated[
    int,
    typer.Option(
        "--keep",
        min=1,
        max=options.MOST_REVISIONS,
        metavar="N",
        help="Keep the last N revisions.",
    ),
]


def gc(
    context: typer.Context,
    keep: _Keep,
    auto_approve: options.AutoApprove = False,
    lock_timeout: options.LockTimeout = 0.0,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Forget old revisions for good, and all that only they needed.

    Revisions that a version in use needs are kept, and all after them.
    """
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        state = opened.world.state
        if not state.exists():
            raise LamformError.of(
                "There is nothing to forget", "Nothing was ever recorded in this backend."
            )
        cut = find_cut(state, keep)
        if not auto_approve:
            session.say(_intention(cut))
            confirm(session, "Do you want to forget that for good?", "Forgetting")
        done = prune(
            state,
            runner(),
            keep,
            agreed=cut,
            timeout=lock_timeout,
            waiting=lambda lease: runs.tell_waiting(session, lease),
        )
    if session.json:
        session.document(
            document(
                StateGcDocument(
                    revisions=done.cut.revisions,
                    objects=done.objects,
                    oldest=done.cut.oldest,
                    needed=tuple(
                        NeededRevision(
                            revision=one.revision,
                            release=one.address,
                            alias=one.alias,
                            version=one.version,
                        )
                        for one in done.cut.needs
                    ),
                )
            )
        )
        return
    oldest = f" The oldest that is kept is {done.cut.oldest}." if done.cut.oldest else ""
    session.show(
        f"Forgot {counted(done.cut.revisions, 'revision')} and "
        f"{counted(done.objects, 'object')}.{oldest}\n{_reasons(done.cut)}"
    )


def _intention(cut: Cut) -> str:
    if not cut.revisions:
        oldest = f"Revision {cut.oldest} is the oldest and is kept" if cut.oldest else "None exists"
        first = f"No revision is forgotten: {oldest}. What nothing names any more is removed."
    elif cut.revisions == 1:
        first = f"Revision {cut.begins} is forgotten, and what only it needs."
    else:
        first = f"Revisions {cut.begins} to {cut.last} are forgotten, and what only they need."
    return f"{first} Nobody can go back to what is forgotten.\n{_reasons(cut)}"


def _reasons(cut: Cut) -> str:
    return "".join(
        f"Revision {one.revision} is kept, and all after it: {printable(one.address)} serves "
        f"version {one.version}, which it published, by alias {printable(key(one.alias))}.\n"
        for one in cut.needs
    )


def migrate(
    context: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="KIND", help="The kind of backend: sqlite, s3, …")
    ],
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--setting",
            metavar="NAME=VALUE",
            help="An attribute of its block, or assume_role.NAME. Repeatable.",
        ),
    ] = None,
    lock_timeout: options.LockTimeout = 0.0,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Copy the whole history to another backend, verify it there, and say what to change.

    The state stays where it was too. Cut off, it goes on where it was when it is repeated.
    """
    session: Session = context.obj
    block = _block(to, setting or [])
    with open_project(inputs_of(session, var, var_file)) as opened:
        name = opened.project.settings.project
        whole = _whole(to, block, name)
        address = _address(whole)
        if address == opened.address:
            raise LamformError.of(
                "The state is there already", "The files name that backend. Name another one."
            )
        with open_world(address, name) as other:
            done = migrate_state(
                opened.world.state,
                other.state,
                runner(),
                timeout=lock_timeout,
                waiting=lambda lease: runs.tell_waiting(session, lease),
            )
    if session.json:
        session.document(
            document(
                StateMigrateDocument(
                    revision=done.head or None,
                    copied=done.copied,
                    objects=done.found.objects,
                    backend=block,
                )
            )
        )
        return
    session.show(
        f"Copied {counted(done.copied, 'revision')}. The state there is sound: "
        f"{counted(done.found.revisions, 'revision')}, {counted(done.found.objects, 'object')}.\n\n"
        "Write this into the files, in place of the backend block that is there, before anything "
        f"else is applied:\n\n{whole}\n"
        "The state is still where it was as well; remove it there once you do not need it.\n"
    )


def _block(kind: str, settings: Iterable[str]) -> str:
    """Return the ``backend`` block that settings of the command line stand for.

    Raises:
        LamformError: One is not a name with a value, or no state can be kept in that kind.
    """
    if kind not in _KINDS and kind not in (provided := kinds(BACKENDS)):
        raise LamformError.of(
            "There is no such backend to migrate to",
            f'--to is "{kind}"; a state can be migrated to '
            f"{' or '.join((*_KINDS, *sorted(provided)))}.",
        )
    own: dict[str, str] = {}
    role: dict[str, str] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        inner = name.removeprefix("assume_role.")
        if not equals or not inner.replace("_", "").isalnum():
            raise LamformError.of(
                "A setting needs a name and a value",
                f'--setting is "{text}"; write NAME=VALUE, such as bucket=states.',
            )
        (own if inner == name else role)[inner] = value
    lines = [f"  {name} = {_literal(value)}" for name, value in own.items()]
    if role:
        inside = [f"    {name} = {_literal(value)}" for name, value in role.items()]
        lines += ["  assume_role {", *inside, "  }"]
    return "\n".join([f'backend "{kind}" {{', *lines, "}"]) if lines else f'backend "{kind}" {{}}'


def _literal(value: str) -> str:
    if value in _WORDS:
        return value
    return quoted(value).replace("${", "$${").replace("%{", "%%{")


def _whole(kind: str, block: str, project: str) -> str:
    """Return a ``backend`` block in its place; one that is shared needs the project's name."""
    inner = [] if kind in OWN_PLACES else [f"project = {quoted(project)}", ""]
    lines = [f"  {line}" if line else "" for line in (*inner, *block.splitlines())]
    return "\n".join(["lamform {", *lines, "}", ""])


def _address(text: str) -> BackendAddress:
    """Return where a ``lamform`` block says that state is, judged as one in the files is.

    Raises:
        LamformError: It is wrong.
    """
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        (directory / "lamform.hcl").write_text(text, encoding="utf-8")
        try:
            found = load_project(directory, variables=VariableInputs(), environ={}).settings
        except ConfigurationError as error:
            details = [f"{one.summary}: {one.detail}" for one in error.diagnostics]
            raise LamformError.of(
                "The settings do not make a backend", " ".join(details)
            ) from error
    return BackendAddress(kind=found.backend, settings=dict(found.backend_settings))
