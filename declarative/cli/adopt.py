"""``lamform adopt``: functions that exist become files of the project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from declarative.cli import options, plans
from declarative.cli.adopted import PACKAGES, Adopted, Written, besides, document_of, named
from declarative.cli.files import create_whole
from declarative.cli.loading import inputs_of, warn
from declarative.cli.session import Session
from declarative.cli.wiring import open_project
from declarative.engine.adoption import (
    Examined,
    Surroundings,
    choose,
    described,
    download,
    examine,
)
from declarative.engine.intents import target_of
from declarative.errors import ConfigurationError, LamformError, RefusedError
from declarative.language.world import UnknownWorld
from declarative.language.writer import write_file, write_values
from declarative.model.address import select
from declarative.model.arns import FunctionAddress, function_address
from declarative.model.plan import Consent
from declarative.model.staging import DIRECT_LIMIT, UNZIPPED_LIMIT
from declarative.render.documents import document
from declarative.render.reports import counted

if TYPE_CHECKING:
    from declarative.cli.wiring import OpenProject
    from declarative.engine.ports import FunctionReader
    from declarative.language.inputs import VariableInputs
    from declarative.language.project import Infrastructure

_SUFFIX: Final = ".lamform.hcl"
_VALUES: Final = ".auto.lamformvars"
_STDOUT: Final = "-"
_REMARK: Final = (
    "Values of environment variables, which may be secrets: keep this file out of git.\n"
    "Better still, move them to a store and read them with ssm() or secretsmanager()."
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the command line asks for; ``names`` None: all that match pattern and tags."""

    release: str | None
    function: str | None
    pattern: str | None
    tags: Mapping[str, str]
    infrastructure: str | None
    out: str | None
    take_over: bool


def adopt(
    context: typer.Context,
    *,
    release: Annotated[
        str | None, typer.Argument(metavar="RELEASE", help="The release's name.")
    ] = None,
    function: Annotated[
        str | None, typer.Option("--function", metavar="NAME", help="The function to adopt.")
    ] = None,
    function_pattern: Annotated[
        str | None,
        typer.Option("--function-pattern", metavar="PATTERN", help="All of these: 'checkout-*'."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="KEY=VALUE", help="All with this tag. Repeatable."),
    ] = None,
    infrastructure: Annotated[
        str | None,
        typer.Option("--infrastructure", metavar="ADDRESS", help="Where, if there are several."),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="The file to write; - for stdout.")
    ] = None,
    take_over: options.TakeOver = False,
    parallelism: options.Parallelism = 10,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Write the files for functions that exist, and show the plan that adopts them."""
    session: Session = context.obj
    tags = dict(_tag(text) for text in tag or ())
    wanted = _Wanted(release, function, function_pattern, tags, infrastructure, out, take_over)
    _check(wanted)
    inputs = inputs_of(session, var, var_file)
    with open_project(inputs) as opened:
        if opened.project.unsupported:  # nothing could be planned, so nothing is written
            raise ConfigurationError(opened.project.unsupported)
        written = _write(session, opened, wanted, parallelism)
    if written is None:
        return
    _finish(session, inputs, written, take_over=take_over, parallelism=parallelism)


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise LamformError.of("Not a tag", f'--tag takes KEY=VALUE; found "{text}".')
    return name, value


def _check(wanted: _Wanted) -> None:
    """Refuse options that do not go together, and a file that is no file of the project."""
    many = wanted.pattern is not None or bool(wanted.tags)
    if (wanted.function is None) != many:
        raise LamformError.of(
            "Which functions?",
            "Name one with --function, or several with --function-pattern and --tag.",
        )
    if many and wanted.release is not None:
        raise LamformError.of(
            "Several functions cannot be one release",
            "With --function-pattern and --tag the names of releases are made of the names of "
            "functions: leave RELEASE out.",
        )
    named = wanted.function
    if named is not None and function_address(named) != FunctionAddress(named):
        raise LamformError.of(
            "Invalid function name", f'"{named}" is no name of a function (without ARN).'
        )
    out = wanted.out
    if out in (None, _STDOUT):
        return
    if Path(str(out)).name != out or not out.endswith(_SUFFIX) or out == _SUFFIX:
        raise LamformError.of(
            "Not a file of the project",
            f'"{out}" would not be read: the files of a project are NAME{_SUFFIX}, in its '
            "directory.",
        )


def _write(
    session: Session, opened: OpenProject, wanted: _Wanted, parallelism: int
) -> Written | None:
    """Write everything down, or to stdout; None where that is all there is to do."""
    address, place = _infrastructure(opened, wanted.infrastructure)
    account = opened.world.cloud.account_id(place.connector)
    reader = opened.world.cloud.reader(place.connector, place.region)
    around = _surroundings(opened, place, account, take_over=wanted.take_over)
    many = wanted.function is None
    names = (
        choose(reader, pattern=wanted.pattern, tags=wanted.tags)
        if wanted.function is None
        else (wanted.function,)
    )
    examined = examine(names, reader, around, parallelism=parallelism)
    if examined.refused and not many:
        [refusal] = examined.refused.values()
        kind = RefusedError if refusal.liftable else LamformError
        raise kind.of("The function cannot be adopted", refusal.reason)
    reasons = [one.reason for one in examined.refused.values()]
    if not examined.candidates:
        why = " ".join(reasons) or f"No function in {around.place} matches."
        raise LamformError.of("There is nothing to adopt", why)
    for reason in reasons if not session.json else ():
        session.say(f"Left out: {reason}")
    adopted = named(examined.candidates, opened.project, wanted.release)
    stem = wanted.out or (f"adopted{_SUFFIX}" if many else f"{adopted[0].label}{_SUFFIX}")
    text = write_file(
        (
            item
            for one in adopted
            for item in described(
                one.candidate,
                one.label,
                variable=one.variable,
                package=one.package,
                infrastructure=address,
                around=around,
            )
        ),
        stem,
    )
    if stem == _STDOUT:
        _show(session, text, adopted, examined)
        return None
    return _keep(session, adopted, (stem, text), reader, examined, parallelism)


def _keep(
    session: Session,
    adopted: tuple[Adopted, ...],
    file: tuple[str, bytes],
    reader: FunctionReader,
    examined: Examined,
    parallelism: int,
) -> Written:
    name, text = file
    secrets = {one.variable: dict(one.candidate.environment) for one in adopted}
    secrets = {variable: values for variable, values in secrets.items() if values}
    values = name.removesuffix(_SUFFIX) + _VALUES if secrets else None
    zipped = [one for one in adopted if not one.candidate.is_image]
    _refuse_existing([name, *filter(None, [values]), *(one.package for one in zipped)])
    packages = download([one.candidate for one in adopted], reader, parallelism=parallelism)
    for one in zipped:
        Path(PACKAGES).mkdir(exist_ok=True)
        create_whole(Path(one.package), packages[one.candidate.function.name], mode=0o644)
    if values is not None:
        create_whole(Path(values), write_values(secrets, _REMARK, values), mode=0o600)
    create_whole(Path(name), text, mode=0o644)
    if not session.json:
        releases = ", ".join(one.address for one in adopted)
        session.say(f"Wrote {name} with {releases}, and {counted(len(zipped), 'package')}.")
        if values is not None:
            session.say(
                f"Wrote {values}: it holds the values of environment variables, which may be "
                "secrets. Only you may read it. Keep it out of git."
            )
    return Written(adopted, examined, name, values)


def _refuse_existing(names: Iterable[str]) -> None:
    there = [name for name in names if Path(name).exists()]
    if there:
        raise LamformError.of(
            "The file exists already",
            f"{', '.join(there)} would be overwritten. Remove what is no longer needed, or name "
            "another file with --out.",
        )


def _show(session: Session, text: bytes, adopted: tuple[Adopted, ...], examined: Examined) -> None:
    if session.json:
        told = document_of(adopted, examined, None, None)
        session.document(document(told.model_copy(update={"content": text.decode()})))
        return
    session.write(text)
    session.say(
        "Nothing was written. The packages and the values of the variables are missing; without "
        "--out - they are written too."
    )


def _infrastructure(opened: OpenProject, asked: str | None) -> tuple[str, Infrastructure]:
    """Return the infrastructure to adopt into.

    Raises:
        LamformError: there is none, none of that name, or several and none was named.
    """
    there = opened.project.infrastructures()
    if asked is not None:
        text = asked if asked.startswith("infrastructure.") else f"infrastructure.{asked}"
        loose = {address.replace('"', ""): address for address in there}
        address = loose.get(text.replace('"', ""))
        if address is not None:
            return address, there[address]
        raise LamformError.of(
            "No such infrastructure",
            f"{text} is not declared. There are: {', '.join(there) or 'none'}.",
        )
    if len(there) != 1:
        raise LamformError.of(
            "Which infrastructure?",
            f"Say with --infrastructure where the function is. There are: {', '.join(there)}."
            if there
            else "The project declares no infrastructure. A release needs one: its environment, "
            "connector and region.",
        )
    [found] = there.items()
    return found


def _surroundings(
    opened: OpenProject, place: Infrastructure, account: str, *, take_over: bool
) -> Surroundings:
    settings = opened.project.settings
    taken: dict[str, str] = {}
    for bound in opened.project.bind(UnknownWorld()):
        if (bound.connector.address, bound.region) == (place.connector.address, place.region):
            taken[bound.function_name] = bound.address
    snapshot = opened.snapshot()
    for address, recorded in snapshot.releases.items():
        key = target_of(recorded.record).function_key
        if key[:2] == (account, place.region):
            taken[key[2]] = address
    return Surroundings(
        project=settings.project,
        place=f"{place.region} of account {account}",
        taken=taken,
        default_tags={**settings.default_tags, **place.connector.default_tags},
        take_over=take_over,
        largest=UNZIPPED_LIMIT if place.staging else DIRECT_LIMIT,
        fingerprinter=snapshot.fingerprinter,
    )


def _finish(
    session: Session,
    inputs: VariableInputs,
    written: Written,
    *,
    take_over: bool,
    parallelism: int,
) -> None:
    """Plan the new releases, and say whether anything but adopting is in the plan."""
    addresses = tuple(one.address for one in written.adopted)
    selected = plans.Selected(only=addresses, consent=Consent(take_over=take_over))
    with open_project(inputs) as opened:
        select(opened.project.releases(), addresses)
        plan = plans.make(opened, selected, parallelism=parallelism).plan
        warn(session, opened.project)
    if session.json:
        plans.judge(plan)
        session.document(document(document_of(written.adopted, written.examined, written, plan)))
        return
    plans.show(session, plan)
    more = besides(plan)
    count = counted(len(written.adopted), "function")
    if more:
        listed = "".join(f"  - {one}\n" for one in more)
        session.show(f"\nBesides adopting {count} the plan changes:\n{listed}")
    else:
        session.show(
            f"\nThe plan adopts {count} and sets the ownership tag; nothing else changes.\n"
        )
    plans.judge(plan)
    with_consent = " --take-over" if take_over else ""
    session.say(f"Adopt with: lamform apply{with_consent}")
