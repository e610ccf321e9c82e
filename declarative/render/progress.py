"""What happens during an apply, as one line each: for people or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from declarative.render.look import Look, Style, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from declarative.engine.events import Event

_CALLS: Final = {
    "create_function": "CreateFunction",
    "stage_package": "PutObject",
    "publish_checkpoint": "PublishVersion (checkpoint)",
    "update_configuration": "UpdateFunctionConfiguration",
    "update_code": "UpdateFunctionCode",
    "publish_version": "PublishVersion",
    "wake_version": "Invoke (wakes an inactive version)",
    "create_alias": "CreateAlias",
    "update_alias": "UpdateAlias",
    "delete_alias": "DeleteAlias",
    "tag_function": "TagResource",
    "untag_function": "UntagResource",
    "delete_function": "DeleteFunction",
    "run_provisioner": "provisioner",
}

_WAITING: Final = frozenset(
    {
        "create_function",
        "stage_package",
        "update_configuration",
        "update_code",
        "wake_version",
        "delete_function",
    }
)
"""Steps that may take long enough to be announced."""


def event_text(event: Event, look: Look) -> str | None:
    """Return the line for people, or None where the event is not worth one."""
    data = event.data
    match event.type:
        case "step_started":
            return _line(event, "…", look) if event.step in _WAITING else None
        case "step_progress":
            return _line(event, f"… {_said(data, 'message')}", look)
        case "step_done":
            facts = [f"version {data['version']}"] if data.get("version") else []
            facts.append(f"{float(str(data.get('seconds', 0))):.1f}s")
            return _line(event, f"{_move(data)}… done, {', '.join(facts)}", look)
        case "step_failed":
            failed = f"{_move(data)}failed: {_said(data, 'message')}"
            return _line(event, failed, look, Style.ERROR)
        case "run_started":
            return _taken_over(data) or None
        case "run_done":
            return None
        case _:
            assert_never(event.type)


def _taken_over(data: Mapping[str, JsonValue]) -> str:
    """Return whose leases the run took over, a line each."""
    found = data.get("took_over")
    return "\n".join(
        f"Took over the lease of run {_said(one, 'run')} by {_said(one, 'who')} on "
        f"{_said(one, 'host')}: its process is gone, or it was last renewed for the time until "
        f"{_said(one, 'expires')}."
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict)
    )


def _move(data: Mapping[str, JsonValue]) -> str:
    """Return which alias went from where to where, as far as the step says it."""
    if "part" in data:
        return f"{_said(data, 'part')} "
    if "alias" not in data:
        return ""
    words = [data["alias"], data.get("from"), "→", data.get("to")]
    return printable(" ".join(str(word) for word in words if word)) + " "


def _line(event: Event, rest: str, look: Look, style: Style = Style.PLAIN) -> str:
    call = _said(event.data, "call") or _CALLS.get(event.step or "", event.step or "")
    address = look.paint(printable(event.address or ""), Style.BOLD)
    return f"{address}: {call} {look.paint(rest, style)}"


def _said(data: Mapping[str, JsonValue], name: str) -> str:
    return printable(str(data.get(name, "")))


def event_document(event: Event) -> dict[str, JsonValue]:
    """Return the event's JSON form; what else there is to say stands beside the facts."""
    facts: dict[str, JsonValue] = {"type": event.type, "run": event.run, "at": event.at}
    if event.address is not None:
        facts["address"] = event.address
    if event.step is not None:
        facts["step"] = event.step
    return {**facts, **{name: item for name, item in event.data.items() if name not in facts}}
