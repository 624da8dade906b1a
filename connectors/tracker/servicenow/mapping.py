"""A row of a table is a copy; a draft is a row. Pure.

A row has two forms of each field: `value` (numbers, sys_ids, UTC) and `display_value`, for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.kit.text import cut, visible
from connectors.kit.trackers import StatesConfig
from connectors.tracker.servicenow.config import ServicenowConfig
from worker.domain.mirror.outside import CopyStanding, Draft, LastMove, Seen

DISPLAY = "Whosleft"
TITLE_MAX, TEXT_MAX = 160, 4000  # of short_description and description, as they are delivered
NEEDED = (
    "sys_id", "number", "correlation_id", "state", "assigned_to", "sys_mod_count", "sys_created_on",
)  # fmt: skip
MORE = (
    "assigned_to.email", "close_code", "sys_updated_by", "sys_updated_on", "resolved_by", "resolved_by.email",
    "resolved_at", "closed_by", "closed_by.email", "closed_at",
)  # fmt: skip
FIELDS = NEEDED + MORE
NEVER = datetime.min.replace(tzinfo=UTC)
JOINER = "\N{WORD JOINER}"


def value(row: Mapping[str, Any], field: str) -> str:
    """Return the stored value; empty where there is none."""
    return _part(row, field, "value")


def display(row: Mapping[str, Any], field: str) -> str:
    """Return what people see; empty where there is none."""
    return _part(row, field, "display_value")


def _part(row: Mapping[str, Any], field: str, form: str) -> str:
    found = row.get(field)
    part = found.get(form) if isinstance(found, Mapping) else found
    return part if isinstance(part, str) else ""


def absent(row: Mapping[str, Any], fields: tuple[str, ...] = NEEDED) -> list[str]:
    """Return the fields that did not come although they were asked for: unknown, or closed to us."""
    return [field for field in fields if field not in row]


def instant(text: str) -> datetime | None:
    """Read a stored time, which is UTC."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def seen(row: Mapping[str, Any], config: ServicenowConfig) -> Seen:
    """Raises KeyError for a row without the fields that a copy needs."""
    for field in NEEDED:
        row[field]
    sys_id = value(row, "sys_id")
    return Seen(
        ref=sys_id,
        key=value(row, "number"),
        url=page_of(config, sys_id),
        identity=value(row, "correlation_id"),
        status=display(row, "state") or value(row, "state"),
        standing=standing(row, config.states),
        assignee=value(row, "assigned_to.email") or display(row, "assigned_to"),
        revision=value(row, "sys_mod_count"),
        opened_at=instant(value(row, "sys_created_on")),
    )


def page_of(config: ServicenowConfig, sys_id: str) -> str:
    """Return where people see a record."""
    return f"{config.url}/{config.table}.do?sys_id={sys_id}"


def standing(row: Mapping[str, Any], states: StatesConfig) -> CopyStanding:
    """What a state means; a resolution code that is named as declined counts only once it is closed."""
    by_state = states.standing(value(row, "state"))
    if by_state is not CopyStanding.DONE:
        return by_state
    return states.standing(value(row, "state"), value(row, "close_code"), display(row, "close_code"))


def last_move(row: Mapping[str, Any], config: ServicenowConfig) -> LastMove:
    """Who closed or resolved it last: an instance may keep what was said before it was opened again.

    For one that is open, or says nothing of that, who changed it last.
    """
    if standing(row, config.states) in {CopyStanding.DONE, CopyStanding.DECLINED}:
        ends = [
            LastMove(display(row, by), value(row, f"{by}.email"), instant(value(row, at)))
            for by, at in (("closed_by", "closed_at"), ("resolved_by", "resolved_at"))
            if value(row, by)
        ]
        if ends:
            return max(ends, key=lambda end: end.at or NEVER)
    return LastMove(value(row, "sys_updated_by"), "", instant(value(row, "sys_updated_on")))


def record(draft: Draft, config: ServicenowConfig, group: str) -> dict[str, str]:
    """The row to make. Who it is assigned to is not in it."""
    text = "\n\n".join([*map(visible, draft.paragraphs), *filter(None, [draft.url])])
    return {
        **config.fields,
        "short_description": _title(draft),
        "description": cut(text, TEXT_MAX),
        "correlation_id": draft.identity,
        "correlation_display": DISPLAY,
        **({"assignment_group": group} if group else {}),
    }


def _title(draft: Draft) -> str:
    """The title, whose end names the ticket, cut before that end."""
    end = f" ({draft.label})"
    if not draft.title.endswith(end):
        return cut(draft.title, TITLE_MAX)
    return cut(draft.title.removesuffix(end), TITLE_MAX - len(end)) + end


def noted(text: str) -> str:
    """A work note: `[code]` would make HTML of what follows."""
    return visible(text).replace("[code]", f"[{JOINER}code]").replace("[/code]", f"[{JOINER}/code]")
