"""What a ticket of Request Tracker means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.kit.calls import instant
from connectors.kit.text import cut, one_line
from connectors.kit.trackers import StatesConfig
from connectors.tracker.request_tracker.client import LINKS, Row, text
from worker.domain.mirror.outside import Draft, LastMove, Seen

SUBJECT_MAX = 200  # characters, of RT's column
URN = (
    "urn:whosleft:"  # what a copy refers to beside the desk: it leads nowhere, and no server's name is in it
)
NOBODY = "Nobody"
DELETED = "deleted"
ALONG_WITH = timedelta(minutes=1)  # RT adds a comment before the status that comes with it


def link(identity: str) -> str:
    """Return the URI by which a copy is found, and by nothing else."""
    return f"{URN}{identity}"


def found_by(identity: str, field: str | None) -> str:
    """Return the query that finds the copies with this identity."""
    by_link = f"RefersTo = {text(link(identity))}"
    return f"{by_link} OR CF.{{{field}}} = {text(identity)}" if field else by_link


def merged_into(ref: str) -> str:
    """Return the query that finds the tickets that were merged into this one. RT hides them from every other query."""
    return f"EffectiveId = {int(ref)} AND id != {int(ref)}"


def ticket(draft: Draft, queue: str, field: str | None) -> dict[str, Any]:
    """Return what a new copy is made from. Nobody is its requestor, so RT writes to nobody."""
    links = [link(draft.identity), *([draft.url] if draft.url else [])]
    made: dict[str, Any] = {
        "Queue": queue,
        "Subject": cut(one_line(draft.title), SUBJECT_MAX),
        "Content": "\n\n".join((*draft.paragraphs, *([draft.url] if draft.url else []))),
        "ContentType": "text/plain",
        "RefersTo": links,
    }
    if draft.due_on:
        made["Due"] = f"{draft.due_on.isoformat()}T12:00:00Z"  # the same day in nearly every time zone
    if field:
        made["CustomFields"] = {field: draft.identity}
    return made


def identities(row: Row, field: str | None) -> tuple[str, ...]:
    """Return the identities that a ticket has: more than one after a merge."""
    urls = [str(one.get("_url", "")) for one in row.get(LINKS) or () if one.get("ref") == "refers-to"]
    by_link = (url.removeprefix(URN) for url in urls if url.startswith(URN))
    return tuple(dict.fromkeys((*by_link, *(custom_fields(row).get(field, ()) if field else ()))))


def custom_fields(row: Row) -> Mapping[str, tuple[str, ...]]:
    """Return the values of a ticket's custom fields, by the fields' names."""
    given = row.get("CustomFields") or ()  # "" where there is none
    return {str(one["name"]): tuple(map(str, one["values"])) for one in given}


def moves(row: Row) -> tuple[str, ...]:
    """Return the statuses that RT offers us now. Others may be allowed, too: these have a button."""
    return tuple(str(one["to"]) for one in row.get(LINKS) or () if one.get("ref") == "lifecycle")


def is_allowed(row: Row, status: str) -> bool:
    """Whether RT is sure to take this status now: it has a button, and no other ticket may be in the way."""
    has_button = status.casefold() in {name.casefold() for name in moves(row)}
    return has_button and not offers(row, "depends-on")


def offers(row: Row, ref: str) -> bool:
    """Whether RT links something to a ticket or queue, or offers it: "comment", "create", "depends-on"."""
    return any(one.get("ref") == ref for one in row.get(LINKS) or ())


def seen(row: Row, base: str, states: StatesConfig, queue_id: str, identity: str = "") -> Seen:
    """Return a copy as a search shows it."""
    status = str(row["Status"])
    return Seen(
        ref=row["id"],
        key=f"#{row['id']}",
        url=page_of(base, row["id"]),
        identity=identity,
        status=status,
        standing=states.standing(status),
        assignee=_whom(row["Owner"]),
        is_elsewhere=str(row["Queue"]["id"]) != queue_id,
        opened_at=instant(row["Created"]),
    )


def page_of(base: str, ref: str) -> str:
    """Return where people see a ticket."""
    return f"{base}/Ticket/Display.html?id={ref}"


def last_move(history: Iterable[Row], status: str) -> LastMove:
    """Return who set this status last; nobody where it was never changed, or that isn't shown."""
    for one in history:
        if one["Type"] == "Status" and str(one["NewValue"]).casefold() == status.casefold():
            creator = one["Creator"]
            return LastMove(
                str(creator.get("Name") or creator["id"]),
                str(creator.get("EmailAddress") or ""),
                instant(one["Created"]),
            )
    return LastMove()


def has_note(history: Sequence[Row], status: str) -> bool:
    """Whether something was commented since it got this status, or along with it; what, RT does not show here."""
    moved_at = last_move(history, status).at
    return moved_at is not None and any(
        one["Type"] == "Comment" and (instant(one["Created"]) or moved_at) >= moved_at - ALONG_WITH
        for one in history
    )


def has_file(rows: Sequence[Row], name: str, size: int) -> bool:
    """Whether a file is attached."""
    return any(one.get("Filename") == name and str(one.get("ContentLength")) == str(size) for one in rows)


def names(rows: Sequence[Row]) -> frozenset[str]:
    """Return the names of a queue's custom fields, in lower case."""
    return frozenset(str(one["name"]).casefold() for one in rows)


def _whom(owner: Mapping[str, Any]) -> str:
    name = str(owner.get("Name") or owner["id"])
    return "" if name == NOBODY else str(owner.get("EmailAddress") or name)
