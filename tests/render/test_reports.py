"""Drift, history, state, outputs and progress."""

from __future__ import annotations

import json

import pytest

from declarative.engine.events import Event
from declarative.model.plan import DriftFinding
from declarative.render.documents import (
    SCHEMAS,
    DriftDocument,
    HistoryDocument,
    HistoryRelease,
    HistoryRevision,
    StateDocument,
    StatePart,
    document,
)
from declarative.render.look import Look, table
from declarative.render.progress import event_document, event_text
from declarative.render.reports import drift_text, history_text, outputs_text, state_text


def finding(**values: object) -> DriftFinding:
    facts = {"address": "release.a.function", "kind": "function", "finding": "modified"}
    return DriftFinding(**{**facts, **values})


def revision(number: int, **values: object) -> HistoryRevision:
    facts = {
        "id": "a" * 64,
        "parent": None,
        "status": "applied",
        "created_at": "2026-01-02T03:04:05.678901Z",
        "author": "ada",
        "message": "",
        "plan_id": None,
        "git_commit": None,
        "reverts": None,
        "releases": (),
    }
    return HistoryRevision(revision=number, **{**facts, **values})


def test_drift(golden) -> None:
    report = DriftDocument(
        releases=3,
        findings=(
            finding(path=("timeout",), recorded=3, observed=30),
            finding(path=("environment", "variables", "KEY"), sensitive=True),
            finding(finding="code", path=("code_sha256",), recorded="a" * 44, observed="b" * 44),
            finding(address="release.b.function", finding="deleted"),
            finding(address="release.c.tags", kind="tags", finding="unreadable", observed="no"),
        ),
    )
    golden("drift.txt", drift_text(report, Look()))


def test_no_drift() -> None:
    text = drift_text(DriftDocument(findings=(), releases=1), Look())
    assert text == "No drift. 1 release looked at: AWS is as it was recorded.\n"


def test_history(golden) -> None:
    moved = HistoryRelease(
        address='release.a["dev"]',
        status="applied",
        action="update",
        aliases={"live": {"from": "1", "to": "2"}},
    )
    failed = HistoryRelease(address="release.b", status="failed", action="create")
    report = HistoryDocument(
        revisions=(
            revision(3, reverts=1, releases=(moved,)),
            revision(2, status="partial", message="more\nmemory", releases=(moved, failed)),
            revision(1, author="grace"),
        )
    )
    golden("history.txt", history_text(report, Look()))
    for line in history_text(report, Look(width=60)).splitlines():
        assert len(line) <= 60


def test_history_of_many_releases_names_a_few() -> None:
    many = tuple(HistoryRelease(address=f"release.r{n}", action="update") for n in range(20))
    text = history_text(HistoryDocument(revisions=(revision(1, releases=many),)), Look())
    assert text.endswith("r0 update; r1 update; r2 update; and 17 more\n")


@pytest.mark.parametrize("width", [24, 40, 79])
def test_history_on_a_narrow_terminal_keeps_message_and_moves(width: int) -> None:
    moved = HistoryRelease(
        address="release.a", action="update", aliases={"live": {"from": "1", "to": "2"}}
    )
    shown = revision(12, message="more memory for the busy season", releases=(moved,))
    text = history_text(HistoryDocument(revisions=(shown,)), Look(width=width))
    assert all(len(line) <= width for line in text.splitlines())
    words = " ".join(text.split())
    assert "more memory for the busy season" in words
    assert "a update live 1→2" in words


def test_columns_of_wide_characters_are_aligned() -> None:
    assert outputs_text({"a": {"日本": 1, "long": 2}}) == 'a = {\n  "日本" = 1\n  "long" = 2\n}\n'
    assert table([("日本", "x"), ("e\u0301", "y")]) == ["日本  x", "e\u0301     y"]


def test_no_history() -> None:
    assert history_text(HistoryDocument(revisions=()), Look()) == "No revisions yet.\n"


def test_state_hides_secrets() -> None:
    part = StatePart(
        address="release.a.function",
        kind="function",
        revision=1,
        attributes={"environment": {"variables": {"KEY": {"$secret": "hmac"}}}, "timeout": 3},
    )
    text = state_text(StateDocument(parts=(part,)), Look())
    assert '"KEY" = (sensitive value)' in text
    assert "timeout     = 3" in text
    assert "hmac" not in text


def test_outputs_are_aligned() -> None:
    assert outputs_text({"a": 1, "long": ["x"]}) == 'a    = 1\nlong = [\n  "x",\n]\n'


def test_progress_lines() -> None:
    def line(kind: str, step: str, **data: object) -> str | None:
        return event_text(Event(kind, "run", "now", "release.a", step, data), Look())

    assert line("step_started", "update_code") == "release.a: UpdateFunctionCode …"
    assert line("step_started", "tag_function") is None
    done = line("step_done", "update_code", version="4", seconds=0.44)
    assert done == "release.a: UpdateFunctionCode … done, version 4, 0.4s"
    alias = {"alias": "live", "from": "3", "to": "4", "seconds": 0.1}
    moved = line("step_done", "update_alias", **alias)
    assert moved == "release.a: UpdateAlias live 3 → 4 … done, 0.1s"
    assert line("step_failed", "update_code", message="no") == (
        "release.a: UpdateFunctionCode failed: no"
    )
    assert line("run_done", "") is None


def test_events_keep_their_own_facts() -> None:
    event = Event(
        "step_done", "r1", "now", "release.a", "update_code", {"run": "x", "version": "2"}
    )
    assert event_document(event) == {
        "type": "step_done",
        "run": "r1",
        "at": "now",
        "address": "release.a",
        "step": "update_code",
        "version": "2",
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_document_has_a_schema(name: str) -> None:
    schema = SCHEMAS[name].model_json_schema(mode="serialization")
    assert schema["type"] == "object"
    assert "format_version" in schema["properties"]
    json.dumps(schema)


def test_document_is_plain_json() -> None:
    written = document(DriftDocument(findings=(finding(path=("tags", "a.b")),)))
    assert json.loads(json.dumps(written))["findings"][0]["path"] == ["tags", "a.b"]
