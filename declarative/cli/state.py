"""``lamform state list``, ``lamform state show`` and ``lamform output``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import JsonValue

from declarative.cli import options
from declarative.cli.loading import inputs_of
from declarative.cli.outputs import shown_output
from declarative.cli.session import Session
from declarative.cli.wiring import OpenProject, open_project
from declarative.engine.records import recorded_outputs
from declarative.engine.recovery import recovered_view
from declarative.engine.snapshot import Snapshot
from declarative.errors import LamformError
from declarative.model.address import Address, PartKey, select
from declarative.model.revision import RecordedSetting, ReleaseRecord
from declarative.render.documents import (
    FORMAT_VERSION,
    StateDocument,
    StateListDocument,
    StatePart,
    document,
)
from declarative.render.literals import multiline
from declarative.render.look import printable
from declarative.render.reports import outputs_text, state_text


def list_(
    context: typer.Context,
    revision: options.RevisionOption = None,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """List the addresses of all recorded parts."""
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        snapshot = _snapshot(session, opened, revision)
    addresses = tuple(
        part.address for recorded in snapshot.releases.values() for part in parts(recorded.record)
    )
    if session.json:
        number = snapshot.revision.number if snapshot.revision else None
        report = StateListDocument(
            revision=number, addresses=addresses, notes=tuple(snapshot.warnings)
        )
        session.document(document(report))
    else:
        session.show("".join(f"{printable(address)}\n" for address in addresses))
        if not addresses:
            session.say("Nothing is recorded yet.")


def show(
    context: typer.Context,
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="A release, or one of its parts.")
    ],
    revision: options.RevisionOption = None,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Show what is recorded of a release or a part."""
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        snapshot = _snapshot(session, opened, revision)
        known = {
            part.address: (release, part)
            for release, recorded in snapshot.releases.items()
            for part in parts(recorded.record)
        }
        chosen = select({*known, *snapshot.releases}, [address])
        found = tuple(part for release, part in known.values() if {release, part.address} & chosen)
        shown = tuple(_with_revision(part, opened, revision) for part in found)
    report = StateDocument(parts=shown, notes=tuple(snapshot.warnings))
    if session.json:
        session.document(document(report))
    else:
        session.show(state_text(report, session.look))


def output(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Only this output's value.")
    ] = None,
    revision: options.RevisionOption = None,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Show the outputs that the newest revision recorded; secret ones are not kept."""
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        state = opened.world.state
        head = state.revision(revision) if revision is not None else state.head()
    outputs = recorded_outputs(head)
    if name is not None and name not in outputs:
        known = ", ".join(sorted(outputs)) or "there is none"
        raise LamformError.of(
            "No such output", f'No output "{name}" is recorded. Recorded: {known}.'
        )
    shown = {key: shown_output(item) for key, item in outputs.items() if name in (None, key)}
    if session.json:
        session.document(_document(outputs, name))
    elif name is not None:
        session.show(multiline(shown[name]) + "\n")
    else:
        session.show(outputs_text(shown) if shown else "No outputs are recorded.\n")


def _document(
    outputs: Mapping[str, Mapping[str, JsonValue]], name: str | None
) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {
        key: {"value": item.get("value"), "sensitive": bool(item.get("sensitive"))}
        for key, item in outputs.items()
        if name in (None, key)
    }
    return {"format_version": FORMAT_VERSION, "outputs": values}


def _snapshot(session: Session, opened: OpenProject, revision: int | None) -> Snapshot:
    """Return what is recorded; at head, what interrupted runs did is looked up as well."""
    if revision is not None:
        snapshot = opened.snapshot(at=revision)
    else:
        snapshot = recovered_view(opened.world.reading(opened.secrets()), refresh=True)
    if not session.json:
        for warning in snapshot.warnings:
            session.say(f"Warning: {printable(warning)}")
    return snapshot


def parts(record: ReleaseRecord) -> tuple[StatePart, ...]:
    """Return the recorded parts of one release; none where nothing was ever deployed."""
    release = Address.parse(record.address)
    if record.function is None:
        return ()
    function = record.function
    facts: dict[str, JsonValue] = {
        "function_name": record.desired.function_name,
        "arn": function.arn,
        "account_id": record.desired.account_id,
        "region": record.desired.region,
        "status": record.status,
        "version": record.version,
        "code_sha256": function.code_sha256,
        "code_size": function.code_size,
        **function.attributes,
    }
    found = [_part(release, "function", "", facts)]
    if record.tags is not None:
        found.append(_part(release, "tags", "", dict(record.tags)))
    found.extend(
        _part(release, "alias", name, alias.model_dump(mode="json", exclude={"revision_id"}))
        for name, alias in record.aliases.items()
    )
    found.extend(
        StatePart(
            address=str(release.at(key := PartKey.parse(text))),
            kind=key.kind,
            revision=None,
            attributes={**_facts(setting), **setting.attributes},
        )
        for text, setting in record.settings.items()
    )
    return tuple(found)


def _facts(setting: RecordedSetting) -> dict[str, JsonValue]:
    """Return what AWS gave a setting that the files do not say."""
    given: dict[str, JsonValue] = setting.model_dump(mode="json", exclude={"attributes"})
    return {name: value for name, value in given.items() if value is not None}


def _part(release: Address, kind: str, label: str, attributes: dict[str, JsonValue]) -> StatePart:
    address = str(release.part(kind, label))
    return StatePart(address=address, kind=kind, revision=None, attributes=attributes)


def _with_revision(part: StatePart, opened: OpenProject, at: int | None) -> StatePart:
    release = str(Address.parse(part.address).release)
    changed = opened.world.state.resource_history(release)
    number = next((number for number, _ in changed if at is None or number <= at), None)
    return part.model_copy(update={"revision": number})
