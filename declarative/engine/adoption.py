"""Functions that exist, written down as the releases that lamform would make of them.

    choose      the names that were asked for, by pattern and tags
    examine     what AWS says of each, and which cannot be adopted
    described   one of them as blocks of the language, with the values that are no text of files

Nothing is changed. What is described is what plan compares, so a plan of it has nothing to
do but to adopt.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, TypeAlias

from declarative.engine.compare import content_digest
from declarative.engine.desired import OWNERSHIP_TAG
from declarative.engine.guards import owners_of
from declarative.engine.observe import ENVIRONMENT, Observation, observe_all
from declarative.engine.setting_ports import Unreadable
from declarative.errors import RemoteError
from declarative.language.grammar_release import FUNCTION as GRAMMAR
from declarative.language.writer import Block, Comment, Source
from declarative.model import fields
from declarative.model.field import Shape

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pydantic import JsonValue

    from declarative.engine.ports import FunctionReader, ObservedAlias, ObservedFunction
    from declarative.model.field import Field
    from declarative.model.fields import Attributes
    from declarative.model.values import Fingerprinter

_AWS_OWN: Final = "aws:"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a function is adopted into.

    Attributes:
        place: Account and region, for people.
        taken: Functions there that a release has already, by name: what has them.
        default_tags: Tags that every release carries anyway.
        take_over: Whether functions of other owners may be adopted.
        largest: Bytes of the largest package that can be sent.
    """

    project: str
    place: str
    taken: Mapping[str, str]
    default_tags: Mapping[str, str]
    take_over: bool
    largest: int
    fingerprinter: Fingerprinter


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function that can be adopted.

    Attributes:
        pinned: Aliases that keep their version, since ``$LATEST`` differs from it.
    """

    function: ObservedFunction
    aliases: tuple[ObservedAlias, ...]
    pinned: frozenset[str] = frozenset()

    @property
    def is_image(self) -> bool:
        """Whether its code is an image in ECR, which stays there."""
        return self.function.image_uri is not None

    @property
    def environment(self) -> Mapping[str, JsonValue]:
        """The values of its environment variables, which may be secrets."""
        found = fields.get(self.function.attributes, ENVIRONMENT)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a function cannot be adopted, as sentences.

    Attributes:
        liftable: Whether ``--take-over`` lifts it.
    """

    reason: str
    liftable: bool = False


@dataclass(frozen=True, slots=True)
class Examined:
    """What can be adopted, and why the others cannot, by function name."""

    candidates: tuple[Candidate, ...] = ()
    refused: Mapping[str, Refusal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Named:
    function_name: str


def choose(
    reader: FunctionReader, *, pattern: str | None, tags: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the names of the functions that match a pattern and have all of some tags.

    Only ``*`` and ``?`` are special in a pattern; None stands for any name.

    Raises:
        RemoteError: they cannot be listed.
    """
    if tags:
        tagged = reader.tags_of_functions(tags)
        if isinstance(tagged, Unreadable):
            raise _unlisted(tagged)
        names = {arn.rpartition(":")[2] for arn in tagged}
    else:
        listed = reader.functions()
        if isinstance(listed, Unreadable):
            raise _unlisted(listed)
        names = {function.name for function in listed}
    literal = (pattern or "*").replace("[", "[[]")
    return tuple(sorted(name for name in names if fnmatchcase(name, literal)))


def _unlisted(found: Unreadable) -> RemoteError:
    return RemoteError.of(
        "The functions cannot be listed",
        f"{found.reason}. Give the credentials {found.permission}, or name one with --function.",
    )


def examine(
    names: Iterable[str], reader: FunctionReader, around: Surroundings, *, parallelism: int
) -> Examined:
    """Look at functions and say which can be adopted.

    Raises:
        RemoteError: one of them cannot be read.
    """
    wanted = {name: _Named(name) for name in names}
    seen = observe_all(lambda _: reader, wanted, parts={}, parallelism=parallelism)
    candidates: list[Candidate] = []
    refused: dict[str, Refusal] = {}
    for name, observation in seen.items():
        if isinstance(observation, RemoteError):
            raise observation
        refusal = _refusal(name, observation, around)
        if refusal is not None:
            refused[name] = refusal
        elif observation.function is not None:
            candidates.append(_candidate(observation.function, observation, reader, around))
    return Examined(tuple(candidates), refused)


def _refusal(name: str, observation: Observation, around: Surroundings) -> Refusal | None:
    """Return why a function cannot be adopted; None where it can."""
    function = observation.function
    if function is None:
        return Refusal(f"There is no function {name} in {around.place}.")
    if name in around.taken:
        return Refusal(f"{around.taken[name]} has {name} already.")
    owners = owners_of(function.tags or {}, around.project)
    if owners and not around.take_over:
        told = f"{name} {owners[0].claim}. {owners[0].advice}, or say --take-over."
        return Refusal(told, liftable=True)
    reason = _obstacle(function, around)
    return Refusal(reason) if reason else None


def _obstacle(function: ObservedFunction, around: Surroundings) -> str | None:
    """Return why this version of lamform cannot manage a function; None where it can."""
    name = function.name
    withheld = {**({} if function.tags is not None else {"tags": ""}), **function.unreadable}
    if withheld:
        reasons = " ".join(filter(None, withheld.values()))
        return f"AWS withheld {', '.join(sorted(withheld))} of {name}. {reasons}".rstrip()
    if function.state == "Failed":
        return f"{name} failed to be created and cannot serve: {function.reason or 'no reason'}."
    if function.code_size > around.largest:
        return (
            f"The package of {name} has {function.code_size / 1024**2:.1f} MB, more than Lambda "
            'takes with a call. Write staging { bucket = "…" } in the infrastructure, or put it '
            'into S3 and write the release by hand, with artifact "s3".'
        )
    return None


def _candidate(
    function: ObservedFunction,
    observation: Observation,
    reader: FunctionReader,
    around: Surroundings,
) -> Candidate:
    aliases = tuple(observation.aliases[name] for name in sorted(observation.aliases))
    pointed = {alias.function_version for alias in aliases}
    own = content_digest(function.attributes, function.code_sha256, around.fingerprinter)
    equal: set[str] = set()
    for version in sorted(one for one in pointed if one.isdigit()):
        found = reader.function(function.name, version)
        if found is not None and own == content_digest(
            found.attributes, found.code_sha256, around.fingerprinter
        ):
            equal.add(version)
    follows = max(equal, key=int, default=None)
    pinned = frozenset(one.name for one in aliases if one.function_version != follows)
    return Candidate(function, aliases, pinned)


def download(
    candidates: Collection[Candidate], reader: FunctionReader, *, parallelism: int
) -> dict[str, bytes]:
    """Return the packages of functions by name; an image has none.

    Raises:
        RemoteError: one cannot be had.
    """
    zipped = [one.function for one in candidates if not one.is_image]
    if not zipped:
        return {}
    with ThreadPoolExecutor(min(parallelism, len(zipped)), "packages") as pool:
        found = pool.map(reader.download, zipped)
        return {one.name: package for one, package in zip(zipped, found, strict=True)}


def described(
    candidate: Candidate,
    label: str,
    *,
    variable: str,
    package: str,
    infrastructure: str,
    around: Surroundings,
) -> tuple[Comment | Block, ...]:
    """Return a function as blocks of the language.

    Args:
        candidate: The function.
        label: The name of its service and release.
        variable: The name of the variable that holds its environment.
        package: The path of its package, unless its code is an image.
        infrastructure: The address of the infrastructure it is on.
        around: What it is adopted into.
    """
    function, name = candidate.function, candidate.function.name
    lead = Comment(f"{name} in {around.place}, as it was when it was adopted.")
    blocks: list[Comment | Block] = [lead]
    if candidate.environment:
        secret = (("type", Source("map(string)")), ("sensitive", True))
        blocks.append(Block("variable", (variable,), secret))
    service = Block(
        "service",
        (label,),
        (
            _function(candidate, variable, around),
            _artifact(function, package),
            *(_alias(alias, pinned=alias.name in candidate.pinned) for alias in candidate.aliases),
        ),
    )
    bound = (("service", Source(f"service.{label}")), ("infrastructure", Source(infrastructure)))
    return (*blocks, service, Block("release", (label,), bound))


_IMAGE: Final = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr[^/]*/(?P<repository>[^@]+)@(?P<digest>sha256:[0-9a-f]{64})"
)


def _artifact(function: ObservedFunction, package: str) -> Block:
    image = _IMAGE.fullmatch(function.image_uri or "")
    if image is None:
        return Block("artifact", ("local",), (("path", package),))
    items: list[_Item] = [("repository", image["repository"]), ("digest", image["digest"])]
    if image["registry"] not in function.arn.split(":"):
        items.append(("registry_id", image["registry"]))
    return Block("artifact", ("ecr",), tuple(items))


_Item: TypeAlias = "tuple[str, JsonValue | Source] | Comment | Block"


def _function(candidate: Candidate, variable: str, around: Surroundings) -> Block:
    function = candidate.function
    plain: list[_Item] = [("function_name", function.name)]
    blocks: list[_Item] = []
    for one in fields.FUNCTION:
        if one.name in GRAMMAR.acts_later or one.name == "package_type":
            continue
        if one.name == ENVIRONMENT[0]:
            blocks.extend(_environment(candidate, variable))
            continue
        for item in _field(one, function.attributes.get(one.name), function.name):
            (blocks if isinstance(item, Block) else plain).append(item)
    tags = _tags(function, around)
    if tags:
        plain.append(("tags", tags))
    return Block("function", (), (*plain, *blocks))


def _environment(candidate: Candidate, variable: str) -> tuple[Block, ...]:
    if not candidate.environment:
        return ()
    return (Block("environment", (), (("variables", Source(f"var.{variable}")),)),)


def _field(one: Field, value: JsonValue, function_name: str) -> tuple[_Item, ...]:
    """Return what a field of the function says, if it is not what AWS uses by itself."""
    if one.shape is Shape.STRUCTURES and isinstance(value, list):
        structures = (_structure(one, item) for item in value if isinstance(item, dict))
        return tuple(block for block in structures if block)
    if one.shape is Shape.STRUCTURE and isinstance(value, dict):
        block = _structure(one, value, function_name)
        return (block,) if block else ()
    return () if value is None or value == _default(one, function_name) else ((one.name, value),)


def _structure(one: Field, value: Attributes, function_name: str = "") -> Block | None:
    """Return a structure with what differs from AWS's defaults; None where nothing does."""
    items = [
        item for inner in one.fields for item in _field(inner, value.get(inner.name), function_name)
    ]
    return Block(one.name, (), tuple(items)) if items else None


def _default(one: Field, function_name: str) -> JsonValue:
    return one.named.format(name=function_name) if one.named else one.default


def _tags(function: ObservedFunction, around: Surroundings) -> dict[str, JsonValue]:
    return {
        name: value
        for name, value in sorted((function.tags or {}).items())
        if name != OWNERSHIP_TAG
        and not name.startswith(_AWS_OWN)
        and around.default_tags.get(name) != value
    }


def _alias(alias: ObservedAlias, *, pinned: bool) -> Block:
    items: list[_Item] = []
    if alias.description:
        items.append(("description", alias.description))
    if pinned:
        if alias.function_version.isdigit():
            items.append(
                Comment(
                    "$LATEST has something else. Without this the alias moves to a new version."
                )
            )
        items.append(("function_version", alias.function_version))
    if alias.routing:
        items.append(("routing", dict(alias.routing)))
    return Block("alias", (alias.name,), tuple(items))
