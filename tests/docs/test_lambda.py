"""docs/lambda.md, held against the tables of fields, settings, quotas and refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from declarative.aws.quotas import RATES, quota_of
from declarative.aws.retries import REFUSALS
from declarative.model.fields import LEAVES, Field, Presence, Shape
from declarative.model.function_fields import ELSEWHERE, FUNCTION
from declarative.model.parts import KINDS
from declarative.model.setting_fields import SETTINGS, Setting

TEXT = (Path(__file__).parents[2] / "docs" / "lambda.md").read_text(encoding="utf-8")
APART = {
    Presence.FIXED: "replace when the structure comes or goes",
    Presence.KEPT: "replace when the structure goes",
}


def section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no heading {title}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def api(path: tuple[str, ...]) -> str:
    field, names = next(one for one in FUNCTION if one.name == path[0]), []
    names.append(field.api)
    for name in path[1:]:
        field = next(one for one in field.fields if one.name == name)
        names.append(field.api)
    return ".".join(names)


def default(field: Field) -> str:
    if field.named:
        return f"`{json.dumps(field.named.replace('{name}', 'NAME'))}`"
    return "" if field.default is None else f"`{json.dumps(field.default)}`"


def effect(path: tuple[str, ...], field: Field) -> str:
    top = next(one for one in FUNCTION if one.name == path[0])
    found = field.effect.value
    apart = APART.get(top.presence)
    return found if apart is None else f"{found}; {apart}"


def row_of(path: tuple[str, ...], field: Field) -> list[str]:
    return [
        f"`{'.'.join(path)}`",
        f"`{api(path)}`",
        default(field),
        effect(path, field),
        field.phase,
        f"`{field.call}`" if field.call else "",
    ]


def test_every_field_is_listed_as_the_table_has_it() -> None:
    listed = {row[0]: row for row in rows(section("Fields of the function"))}
    expected = {row[0]: row for row in (row_of(path, field) for path, field in LEAVES.items())}
    for name, row in expected.items():
        assert listed.get(name) == row, f"docs/lambda.md must say: | {' | '.join(row)} |"
    assert list(listed) == list(expected)


def called(operations: tuple[str, ...]) -> str:
    return ", ".join(f"`{one}`" for one in operations)


def row_of_setting(setting: Setting) -> list[str]:
    place = "service, alias" if setting.place == "both" else setting.place
    phases = {setting.set_in, setting.removed_in}
    phase = f"{setting.set_in}; removed in {setting.removed_in}"
    return [
        f"`{setting.name}`",
        place,
        setting.set_in if len(phases) == 1 else phase,
        called(setting.reads) or "`GetFunction`",
        called(setting.sets),
        called(setting.removes),
    ]


def test_every_setting_is_listed_as_the_table_has_it() -> None:
    listed = {row[0]: row for row in rows(section("Settings around the function"))}
    expected = {row[0]: row for row in map(row_of_setting, SETTINGS)}
    for name, row in expected.items():
        want = [*row[:3], "`ListAliases`", *row[4:]] if name == "`alias`" else row
        assert listed.get(name) == want, f"docs/lambda.md must say: | {' | '.join(want)} |"
    assert list(listed) == list(expected)


@pytest.mark.parametrize("setting", [one for one in SETTINGS if one.fields])
def test_every_field_of_a_setting_is_listed(setting: Setting) -> None:
    listed = {row[0]: row for row in rows(section(f"`{setting.name}`"))}
    expected = {}
    for field in setting.fields:
        inner = field.fields if field.shape is Shape.STRUCTURE else ()
        for path, one in (
            (((field.name, i.name), i) for i in inner) if inner else (((field.name,), field),)
        ):
            dotted = field.api if not inner else f"{field.api}.{one.api}"
            name = f"`{'.'.join(path)}`"
            expected[name] = [name, f"`{dotted}`", default(one)]
    assert listed == expected


def test_what_is_given_elsewhere_is_listed() -> None:
    listed = {row[0].strip("`"): row[1] for row in rows(section("What is no field"))}
    assert listed == ELSEWHERE


def test_every_quota_is_listed() -> None:
    listed = {row[0].strip("`"): float(row[1]) for row in rows(section("Quotas"))}
    assert listed == dict(RATES)


def test_every_class_of_refusals_has_a_section() -> None:
    for refusal in REFUSALS:
        text = section(refusal.name[0].upper() + refusal.name[1:])
        if refusal.limit is not None:
            assert f"{refusal.limit:.0f} seconds" in text
        for code in refusal.codes if refusal.name != "throttled" else ():
            assert f"`{code}`" in text


def test_only_two_operations_have_a_quota_of_their_own() -> None:
    operations = {one for setting in SETTINGS for one in (*setting.reads, *setting.sets)}
    apart = {one for one in operations if quota_of("lambda", one) != "other"}
    assert apart == {"GetPolicy"}


def test_every_setting_is_listed_as_a_part() -> None:
    listed = {row[1]: row for row in rows(section("As parts of a release"))}
    expected = {}
    for kind in KINDS.values():
        own = f"{kind.name}.ID" if kind.policy else kind.name
        places = {"service": [own], "alias": [f"alias.NAME.{own}"]}
        places["both"] = places["service"] + places["alias"]
        shown = ", ".join(f"`{one}`" for one in places[kind.setting.place])
        told = [value for value in (kind.absent or {}).values() if value is not None]
        absent = f'`"{told[0]}"`' if told else "nothing"
        expected[f"`{kind.setting.name}`"] = [shown, f"`{kind.setting.name}`", absent]
    assert listed == expected
