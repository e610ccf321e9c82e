"""What a project's files declare, by name; nothing is evaluated yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from declarative.errors import ConfigurationError
from declarative.language.grammar import TOP
from declarative.language.hints import FOREIGN_BLOCKS
from declarative.language.problems import nearest, suggestion
from declarative.language.schema import check_nested
from declarative.language.sections import Section, attributes_of
from declarative.language.unsupported import unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from declarative.errors import Diagnostic, SourceRange
    from declarative.language.nodes import Attribute, Block, Body
    from declarative.language.problems import Problems
    from declarative.language.reading import ParsedFile
    from declarative.language.schema import Nested

_IDENTIFIER: Final = re.compile(r"[^\W\d][\w-]*\Z")


@dataclass(slots=True)
class Declarations:
    """All blocks of a project.

    Attributes:
        settings: The ``lamform`` block.
        moves: The ``moved`` and ``removed`` blocks.
        blocks: Every other block by type and name; connectors as ``aws.main``.
        locals: Every local value by name.
        damaged: Whether a file has syntax errors, so that something declared may be missing.
        nameless: Types of which a block has no proper name: any name may be its.
    """

    settings: Section | None = None
    moves: list[Section] = field(default_factory=list)
    blocks: dict[str, dict[str, Section]] = field(
        default_factory=lambda: {type_: {} for type_, nested in TOP.items() if nested.labels}
    )
    locals: dict[str, Attribute] = field(default_factory=dict)
    damaged: bool = False
    nameless: set[str] = field(default_factory=set)

    def may_declare(self, type_: str) -> bool:
        """Whether something of a type may be declared that could not be read."""
        return self.damaged or type_ in self.nameless

    def named(self, type_: str) -> Mapping[str, Section]:
        """Return the blocks of one type by name."""
        return self.blocks[type_]

    def unsupported(self) -> Iterator[Diagnostic]:
        """Yield what plan and apply must refuse, because they cannot act on it yet."""
        for section in ([self.settings] if self.settings else []) + self.moves:
            yield from unsupported(section, TOP[section.type], None)
        for type_, named in self.blocks.items():
            for name, section in named.items():
                yield from unsupported(section, TOP[type_], f"{type_}.{name}")


def project_files(directory: Path) -> tuple[Path, ...]:
    """Return the files that make up the project, in the order they are read.

    Raises:
        ConfigurationError: the directory does not exist or holds no project.
    """
    if not directory.is_dir():
        raise ConfigurationError.of(
            "No such directory", f"{directory} is not a directory. Name another one with -C."
        )
    found = sorted({*directory.glob("*.lamform.hcl"), *directory.glob("lamform.hcl")})
    files = tuple(path for path in found if path.is_file())
    if not files:
        raise ConfigurationError.of(
            "No project here",
            f"{directory} holds no *.lamform.hcl file. Write a first project with `lamform init`, "
            "or name another directory with -C.",
        )
    return files


def read(files: Iterable[ParsedFile], problems: Problems) -> Declarations:
    """Return what the files declare, adding everything wrong with them to ``problems``."""
    found = Declarations()
    for parsed in files:
        problems.take(parsed.diagnostics)
        found.damaged = found.damaged or any(
            item.severity == "error" for item in parsed.diagnostics
        )
        _collect(parsed.body, found, problems)
    return found


def _collect(body: Body, found: Declarations, problems: Problems) -> None:
    for attribute in body.attributes:
        problems.add(
            "Attribute outside a block",
            f'"{attribute.name}" stands outside every block. Values to reuse go into '
            f"locals {{ {attribute.name} = … }}.",
            attribute.name_range,
        )
    for block in body.blocks:
        type_ = block.type
        if type_ not in TOP:
            problems.add(*_unknown(block), block.type_range)
            type_ = _meant(block) or ""
        if type_ in TOP:
            _declare(block, type_, found, problems)


def _declare(block: Block, type_: str, found: Declarations, problems: Problems) -> None:
    section, nested = replace(Section.of(block), type=type_), TOP[type_]
    check_nested(section, nested, problems)
    if type_ == "lamform":
        found.settings = _only(section, found.settings, problems)
    elif type_ == "locals":
        _add_locals(block, found, problems)
    elif not nested.labels:
        found.moves.append(section)
    elif not _is_of_known_kind(section, nested) or not _add(section, found, problems):
        found.nameless.add(type_)


def _is_of_known_kind(section: Section, nested: Nested) -> bool:
    if len(section.labels) != len(nested.labels):
        return False
    return "" in nested.shapes or section.labels[0] in nested.shapes


def _unknown(block: Block) -> tuple[str, str]:
    if block.type in FOREIGN_BLOCKS:
        return "Unknown block", f'There is no block "{block.type}" here. ' + (
            FOREIGN_BLOCKS[block.type]
        )
    hint = suggestion(block.type, TOP) or f" Known: {', '.join(sorted(TOP))}."
    return "Unknown block", f'There is no block of type "{block.type}".{hint}'


def _meant(block: Block) -> str | None:
    """Return the type of block that was misspelt: what is wrong inside is told at once."""
    if block.type in FOREIGN_BLOCKS:
        return None
    near = nearest(block.type, TOP)
    return near if near in TOP else None


def _only(section: Section, before: Section | None, problems: Problems) -> Section:
    if before is not None:
        problems.add(
            "Second lamform block",
            f"A project has one lamform block; the first stands at {before.range}.",
            section.range,
        )
        return before
    return section


def _add_locals(block: Block, found: Declarations, problems: Problems) -> None:
    for name, attribute in attributes_of(block.body).items():
        first = found.locals.setdefault(name, attribute)
        if first is not attribute:
            problems.add(*twice(f"local.{name}", first.name_range), attribute.name_range)
    for inner in block.body.blocks:
        problems.add(
            "Block in locals", "locals holds attributes only: name = value.", inner.header_range
        )


def _add(section: Section, found: Declarations, problems: Problems) -> bool:
    """Add a block by its name; return False where that is none."""
    for label in section.labels:
        if not _IDENTIFIER.match(label):
            problems.add(
                "Invalid name",
                f'"{label}" is no name: use letters, digits, "_" and "-", beginning with a letter.',
                section.range,
            )
            return False
    name = ".".join(section.labels)
    first = found.blocks[section.type].setdefault(name, section)
    if first is not section:
        problems.add(*twice(f"{section.type}.{name}", first.range), section.range)
    return True


def twice(what: str, first: SourceRange) -> tuple[str, str]:
    """Return summary and detail of the problem that ``what`` is declared a second time."""
    return "Declared twice", f"{what} is declared at {first} already. Rename or remove one of them."


def check_labels(declarations: Declarations, problems: Problems) -> None:
    """Add every label that two blocks of one type share inside one block."""
    for type_ in ("service", "environment", "infrastructure"):
        for section in declarations.named(type_).values():
            for inner in ("variable", "alias", "override"):
                _check_labels(section, inner, problems)
            if not declarations.damaged:
                _check_overrides(section, declarations, problems)


def _check_overrides(section: Section, declarations: Declarations, problems: Problems) -> None:
    """Add every override of a service that no file declares."""
    services = declarations.named("service")
    for over in section.named("override"):
        if over.labels and over.labels[0] not in services:
            name = over.labels[0]
            problems.add(
                "Unknown service",
                f'No service "{name}" is declared, so this override would never '
                f"apply.{suggestion(name, services)}",
                over.range,
            )


def _check_labels(section: Section, type_: str, problems: Problems) -> None:
    seen: dict[str, Section] = {}
    for child in section.named(type_):
        if child.labels and seen.setdefault(child.labels[0], child) is not child:
            first = seen[child.labels[0]]
            problems.add(*twice(f'{type_} "{child.labels[0]}"', first.range), child.range)
