"""What an issue of Redmine means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.kit.calls import instant
from connectors.kit.text import cut, one_line
from connectors.kit.trackers import StatesConfig
from connectors.tracker.redmine.client import Row
from connectors.tracker.redmine.markup import plain
from worker.domain.mirror.outside import CopyStanding, Draft, LastMove, Seen

SUBJECT_MAX = 255
ACTIVE = 1  # a project's status
Address = Callable[[int, str], str]  # a person's number and name -> their e-mail address, else their name


@dataclass(frozen=True, slots=True)
class Place:
    """Where copies are made: the numbers of the project, of the tracker and of the custom field; who may see it.

    `is_open` is false for a closed project.
    """

    project_id: int
    tracker_id: int
    field_id: int
    is_public: bool
    is_open: bool
    fields: Mapping[str, int]  # the custom fields of its issues, by their names in lower case


def missing_of(project: Row, tracker: str, field: str) -> list[str]:
    """Return what a project lacks: its tracker, its field."""
    found = []
    if _by_name(project.get("trackers") or (), tracker) is None:
        found.append("tracker")
    if _by_name(project.get("issue_custom_fields") or (), field) is None:
        found.append("field")
    return found


def place(project: Row, tracker: str, field: str) -> Place:
    """Return where copies are made. Only for a project that lacks nothing."""
    tracker_id, field_id = (
        _by_name(project["trackers"], tracker),
        _by_name(project["issue_custom_fields"], field),
    )
    if tracker_id is None or field_id is None:
        raise ValueError("the tracker or the field is missing")
    fields = {str(one["name"]).casefold(): int(one["id"]) for one in project["issue_custom_fields"]}
    is_public, is_open = bool(project.get("is_public")), project.get("status", ACTIVE) == ACTIVE
    return Place(int(project["id"]), tracker_id, field_id, is_public, is_open, fields)


def text(paragraphs: tuple[str, ...], url: str, *, formatting: bool) -> str:
    """Return paragraphs as they are written; the address is a link."""
    written = [plain(one) if formatting else one for one in paragraphs]
    return "\n\n".join((*written, *([url] if url else [])))


def issue(draft: Draft, where: Place, *, formatting: bool) -> dict[str, Any]:
    """Return what a new copy is made from."""
    made: dict[str, Any] = {
        "project_id": where.project_id,
        "tracker_id": where.tracker_id,
        "subject": cut(one_line(draft.title), SUBJECT_MAX),
        "description": text(draft.paragraphs, draft.url, formatting=formatting),
        "custom_fields": [{"id": where.field_id, "value": draft.identity}],
    }
    if draft.due_on:
        # Redmine takes today for the start, and refuses an issue that is due before it starts
        made |= {"start_date": "", "due_date": draft.due_on.isoformat()}
    return made


def closing(fields: Mapping[str, Any], where: Place) -> dict[str, Any]:
    """Return the fields that go along with closing, as they are sent."""
    known = where.fields
    custom = [
        {"id": known[name.casefold()], "value": value}
        for name, value in fields.items()
        if name.casefold() in known
    ]
    own = {name: value for name, value in fields.items() if name.casefold() not in known}
    return {**own, **({"custom_fields": custom} if custom else {})}


def not_taken(row: Row, fields: Mapping[str, Any], where: Place) -> list[str]:
    """Return the names of the fields that an issue does not have with these values. A number may stand for a name."""
    found = []
    for name, value in fields.items():
        field_id = where.fields.get(name.casefold())
        there = custom_value(row, field_id) if field_id else _own(row, name)
        if str(there) != str(value):
            found.append(name)
    return found


def custom_value(row: Row, field_id: int) -> Any:
    """Return the value of a custom field; "" where the issue does not have it, or we may not see it."""
    for one in row.get("custom_fields") or ():
        if int(one["id"]) == field_id:
            return one.get("value") or ""
    return ""


def has_field(row: Row, field_id: int) -> bool:
    """Whether an issue has a custom field, with or without a value."""
    return any(int(one["id"]) == field_id for one in row.get("custom_fields") or ())


def seen(row: Row, base: str, states: StatesConfig, where: Place, address: Address) -> Seen:
    """Return a copy as a list or a single answer shows it."""
    status = str(row["status"]["name"])
    owner = row.get("assigned_to")
    return Seen(
        ref=row["id"],
        key=f"#{row['id']}",
        url=page_of(base, row["id"]),
        identity=str(custom_value(row, where.field_id)),
        status=status,
        standing=_standing(row, states.standing(status)),
        assignee=address(int(owner["id"]), str(owner["name"])) if owner else "",
        revision=str(row.get("updated_on", "")),
        is_elsewhere=int(row["project"]["id"]) != where.project_id,
        opened_at=instant(row["created_on"]),
    )


def _standing(row: Row, by_status: CopyStanding) -> CopyStanding:
    """A duplicate was not done: Redmine closes it by itself with what it duplicates."""
    is_duplicate = any(
        one["relation_type"] == "duplicates" and str(one["issue_id"]) == row["id"]
        for one in row.get("relations") or ()
    )
    return CopyStanding.DECLINED if is_duplicate and by_status is CopyStanding.DONE else by_status


def page_of(base: str, ref: str) -> str:
    """Return where people see an issue."""
    return f"{base}/issues/{ref}"


def last_move(row: Row, address: Address) -> LastMove:
    """Return who gave an issue its status; nobody where it was never changed."""
    status_id = str(row["status"]["id"])
    for journal in reversed(row.get("journals") or ()):
        for detail in journal.get("details") or ():
            if detail.get("name") == "status_id" and str(detail.get("new_value")) == status_id:
                user = journal.get("user") or {"id": 0, "name": ""}
                found = address(int(user["id"]), str(user["name"]))
                return LastMove(
                    str(user["name"]), found if "@" in found else "", instant(journal["created_on"])
                )
    return LastMove()


def has_note(row: Row, written: str, user_id: int) -> bool:
    """Whether this comment is the last one that this person wrote."""
    notes = [
        str(one["notes"])
        for one in row.get("journals") or ()
        if one.get("notes") and one["user"]["id"] == user_id
    ]
    return bool(notes) and notes[-1].replace("\r\n", "\n").strip() == written.strip()


def has_file(row: Row, name: str, size: int) -> bool:
    """Whether a file is attached."""
    return any(one["filename"] == name and one["filesize"] == size for one in row.get("attachments") or ())


def allowed(row: Row) -> Mapping[int, str]:
    """Return the statuses that we may give an issue now, by their numbers."""
    return {int(one["id"]): str(one["name"]) for one in row.get("allowed_statuses") or ()}


def allows(row: Row, wanted: str) -> bool:
    """Whether we may give an issue the status of this name now."""
    return wanted.casefold() in {name.casefold() for name in allowed(row).values()}


def was_given_tracker(row: Row) -> bool:
    """Whether somebody gave an issue another tracker than it was made with."""
    return any(
        detail.get("name") == "tracker_id"
        for journal in row.get("journals") or ()
        for detail in journal.get("details") or ()
    )


def _own(row: Row, name: str) -> Any:
    """A field of Redmine's own: done_ratio as it is, category_id as the category's number."""
    if name in row:
        return row[name]
    there = row.get(name.removesuffix("_id"))
    return there.get("id", "") if isinstance(there, dict) else ""


def _by_name(rows: Any, name: str) -> int | None:
    return next((int(one["id"]) for one in rows if str(one["name"]).casefold() == name.casefold()), None)
