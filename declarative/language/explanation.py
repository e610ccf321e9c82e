"""Where everything a release says comes from: who set it last, and what that overrode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from declarative.errors import LamformError
from declarative.language.content import holds, locate, plain
from declarative.language.expressions import evaluate
from declarative.language.grammar_release import ALIAS
from declarative.language.layers import read_function
from declarative.language.nesting import read_nested
from declarative.language.plain import json_of
from declarative.language.sections import blocks, place_within
from declarative.language.services import shared
from declarative.language.values import Reference
from declarative.model.checks import has_sensitive, spread
from declarative.model.values import Pending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from declarative.errors import SourceRange
    from declarative.language.content import Path, Written
    from declarative.language.expressions import Scope
    from declarative.language.releases import Release
    from declarative.language.sections import Section
    from declarative.language.settings import ProjectSettings
    from declarative.language.values import Value

_NOT_SETTINGS: Final = frozenset(
    {"function", "alias", "variable", "override", "dynamic", "precondition"}
)
_NOT_ATTRIBUTES: Final = frozenset({"variables", "for_each"})


@dataclass(frozen=True, slots=True)
class Origin:
    """One place that sets something, and to what.

    Attributes:
        layer: Which layer the place belongs to: ``service``, ``environment override``, ….
        place: Where in the files.
        value: JSON; meaningless where ``sensitive`` or ``unknown``.
        sensitive: Whether the value, or a part of it, is secret; it is not in ``value``.
        unknown: Whether the value, or a part of it, is not known before an apply.
    """

    layer: str
    place: SourceRange | None
    value: object = field(default=None, repr=False)
    sensitive: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """One thing a release says.

    Attributes:
        kind: ``variable``, ``function``, ``tag``, ``environment_variable``, ``alias`` or
            ``setting``.
        path: What it is called: ``("memory_size",)``, ``("live", "description")``.
        winner: What counts.
        overridden: What would count without the ones before it, nearest first.
    """

    kind: str
    path: Path
    winner: Origin
    overridden: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything one release says, with its origins."""

    address: str
    service: str
    environment: str
    infrastructure: str
    items: tuple[Explained, ...]


class _Origins:
    """Gathers who sets what; what is added later wins."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Path], list[Origin]] = {}

    def add(self, kind: str, path: Path, origin: Origin) -> None:
        self._found.setdefault((kind, path), []).append(origin)

    def explained(self) -> Iterator[Explained]:
        for (kind, path), origins in self._found.items():
            *overridden, winner = origins
            yield Explained(kind, path, winner, tuple(reversed(overridden)))


def explain(release: Release, settings: ProjectSettings) -> Explanation:
    """Return where all that ``release`` says comes from; it must have no errors."""
    found = _Origins()
    _variables(release, found)
    _default_tags(release, settings, found)
    for body, scope in release.parents():
        layer = _layer_of(release, body)
        for placed in blocks(body, "function", scope):
            _function(layer, read_function(placed.section, placed.scope), found)
        for placed in blocks(body, "alias", scope):
            written = read_nested(placed.section, placed.scope, ALIAS, whole=False)
            label = placed.labels[0]
            if not written.content:
                found.add("alias", (label,), Origin(layer, placed.section.range, {}))
            for name, value in written.content.items():
                found.add("alias", (label, name), _origin(layer, written, name, value))
        _settings(layer, body, scope, (), found)
    _settings("release", release.instance.section, release.scope, (), found)
    infrastructure = release.infrastructure
    region = infrastructure.section.attributes.get("region")
    place = region.expression.range if region else infrastructure.section.range
    found.add("setting", ("region",), Origin("infrastructure", place, release.region))
    return Explanation(
        release.address,
        release.service.name,
        release.environment.name,
        infrastructure.address,
        tuple(found.explained()),
    )


def _layer_of(release: Release, body: Section) -> str:
    if body is release.service.section:
        return "service"
    if any(body is one for one in release.environment.section.children):
        return "environment override"
    return "infrastructure override"


def _variables(release: Release, found: _Origins) -> None:
    owners = _owners(release)
    declarations = shared(release.memo, release.service).declarations
    scope = release.within(release.service.scope)
    for name in release.variable_names():
        declaration = declarations.get(name)
        secret = declaration is not None and declaration.config.sensitive
        setters = [
            _shown(owners[id(layer.attribute)], place, _attempt(give, place), secret=secret)
            for layer in release.layers()
            if (give := layer.items.get(name)) is not None
            for place in (layer.place(name),)
        ]
        if declaration is not None:
            default = declaration.section.attributes.get("default")
            if default is not None or not setters:
                place = default.expression.range if default else declaration.section.range
                value = _attempt(partial(declaration.default, scope), place)
                given = _shown("service (default)", place, value, secret=secret)
                setters.insert(0, given)
        # What counts has been converted to the declared type.
        last = setters[-1]
        settled = _attempt(
            partial(release.variable, name), last.place or release.service.section.range
        )
        for origin in (*setters[:-1], _shown(last.layer, last.place, settled, secret=secret)):
            found.add("variable", (name,), origin)


def _owners(release: Release) -> dict[int, str]:
    """Return which layer each ``variables`` attribute belongs to, by its identity."""
    sections = [
        ("service", release.service.section),
        ("release", release.instance.section),
    ]
    for name, instance in (
        ("environment", release.environment),
        ("infrastructure", release.infrastructure),
    ):
        sections.append((name, instance.section))
        overrides = instance.section.named("override")
        sections.extend((f"{name} override", section) for section in overrides)
    return {id(section.attributes.get("variables")): name for name, section in sections}


def _attempt(give: Callable[[], Value | None], place: SourceRange) -> object:
    """Return what evaluating gives as JSON; what cannot be evaluated now is not known."""
    try:
        value = give()
        return None if value is None else plain(value, place)
    except LamformError:
        return Pending("null")


def _default_tags(release: Release, settings: ProjectSettings, found: _Origins) -> None:
    evaluation = release.evaluation
    connector = evaluation.target(release.infrastructure, "connector")
    for layer, section, tags in (
        ("lamform default_tags", evaluation.declarations.settings, settings.default_tags),
        (
            "connector default_tags",
            connector.section,
            evaluation.connector(connector).default_tags,
        ),
    ):
        written = section.attributes.get("default_tags") if section else None
        for name, value in tags.items():
            place = place_within(written.expression, (name,)) if written else None
            found.add("tag", (name,), Origin(layer, place, value))


def _function(layer: str, written: Written, found: _Origins) -> None:
    for name, value in written.content.items():
        kind = "function"
        prefix: tuple[str, ...] = (name,)
        entries: object = None
        if name == "tags":
            kind, entries = "tag", value
        elif name == "environment" and isinstance(spread(value), Mapping):
            kind = "environment_variable"
            prefix = ("environment", "variables")
            entries = spread(value).get("variables")  # type: ignore[attr-defined] # a mapping
        if not isinstance(entries, Mapping):
            found.add("function", (name,), _origin(layer, written, name, value))
            continue
        for key, item in entries.items():
            place = _place(written, (*prefix, key))
            found.add(kind, (key,), _shown(layer, place, item))


def _origin(layer: str, written: Written, name: str, value: object) -> Origin:
    return _shown(layer, _place(written, (name,)), value)


def _place(written: Written, path: Path) -> SourceRange | None:
    return locate(written, path, written.place) if written.place else None


def _settings(layer: str, section: Section, scope: Scope, prefix: Path, found: _Origins) -> None:
    """Add the attributes of a block and of the blocks inside, by dotted path."""
    for name, attribute in section.attributes.items():
        if name in _NOT_ATTRIBUTES:
            continue
        expression = attribute.expression
        place = expression.range
        value = _attempt(partial(evaluate, expression, scope), place)
        found.add("setting", (*prefix, name), _shown(layer, place, value))
    seen: dict[tuple[str, ...], int] = {}
    for type_ in _types(section):
        for placed in blocks(section, type_, scope):
            child = placed.section
            path = (type_, *placed.labels)
            number = seen[path] = seen.get(path, -1) + 1
            place_of = (*prefix, *path, *((number,) if number else ()))
            if not child.attributes and not child.children:
                found.add("setting", place_of, Origin(layer, child.range, {}))
            _settings(layer, child, placed.scope, place_of, found)


def _types(section: Section) -> list[str]:
    """Return the types of the blocks inside that are settings, those of ``dynamic`` too."""
    types = (
        child.labels[0] if child.type == "dynamic" and child.labels else child.type
        for child in section.children
    )
    return [type_ for type_ in dict.fromkeys(types) if type_ not in _NOT_SETTINGS]


def _shown(layer: str, place: SourceRange | None, value: object, *, secret: bool = False) -> Origin:
    if secret or has_sensitive(value):
        return Origin(layer, place, None, sensitive=True)
    if holds(value, Pending):
        return Origin(layer, place, None, unknown=True)
    return Origin(layer, place, json_of(_named(value), place))


def _named(value: object) -> object:
    """Return JSON content with blocks as their addresses."""
    if isinstance(value, Reference):
        return value.address
    if isinstance(value, Mapping):
        return {name: _named(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_named(item) for item in value]
    return value
