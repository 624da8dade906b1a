"""Jira's issues, as copies; its changes, as who moved them. Pure.

The identity of an issue is its property: a clone takes the labels along, and no property. Where the property was lost,
or isn't shown, the label counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.kit.calls import Event, instant
from connectors.kit.text import one_line
from connectors.kit.trackers import StatesConfig
from connectors.tracker.jira.client import PROPERTY, Row, unexpected
from worker.domain.mirror.outside import CopyStanding, LastMove, Seen

PREFIX = "whosleft-"  # of the label with the identity
KEY = "identity"  # within the property
_NUMBER = re.compile(r"[0-9]{1,18}")
_EVENT_PREFIXES = ("jira:issue_", "comment_", "issue_property_", "attachment_")


@dataclass(frozen=True, slots=True)
class Place:
    """Where copies are: the project's id, which outlives its key, and the address that people know Jira by."""

    project_id: str
    project_key: str
    address: str


def property_of(identity: str) -> Row:
    """Return the property that proves an issue to be ours."""
    return {"key": PROPERTY, "value": {KEY: identity}}


def proof_of(row: Row) -> str:
    """Return the identity that the property shows; "" if there is none."""
    properties = row.get("properties")
    found = properties.get(PROPERTY) if isinstance(properties, dict) else None
    identity = found.get(KEY) if isinstance(found, dict) else None
    return identity if isinstance(identity, str) else ""


def labels_of(row: Row) -> list[str]:
    labels = fields_of(row).get("labels")
    return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []


def identity_of(row: Row) -> str:
    """Return the identity: the property's, else the only label that looks like one; "" if there is none."""
    labels = [label for label in labels_of(row) if label.startswith(PREFIX)]
    return proof_of(row) or (labels[0] if len(labels) == 1 else "")


def of_identity(rows: Iterable[Row], identity: str) -> list[Row]:
    """Return the issues with this identity, the oldest first; by label only where no property proves one."""
    found = {number_of(row): row for row in rows}
    proven = [row for row in found.values() if proof_of(row) == identity]
    labelled = [row for row in found.values() if not proof_of(row) and identity in labels_of(row)]
    return sorted(proven or labelled, key=number_of)


def seen(row: Row, place: Place, states: StatesConfig) -> Seen:
    """Return an issue as a copy. Raises Incomplete if it is none."""
    fields = fields_of(row)
    status, resolution = _name(fields.get("status")), _name(fields.get("resolution"))
    key = row.get("key")
    if not status or not isinstance(key, str):
        raise unexpected("an issue")
    project = fields.get("project")
    return Seen(
        ref=str(number_of(row)),
        key=one_line(key),
        url=page_of(place, one_line(key)),
        identity=identity_of(row),
        status=one_line(status),
        standing=_standing(status, resolution, states),
        assignee=account_of(fields.get("assignee")),
        revision=str(fields.get("updated") or ""),
        is_elsewhere=not isinstance(project, dict) or str(project.get("id")) != place.project_id,
        opened_at=instant(fields.get("created")),
    )


def page_of(place: Place, key: str) -> str:
    """Return where people see an issue."""
    return f"{place.address}/browse/{key}"


def last_move(histories: Sequence[Row]) -> LastMove | None:
    """Return who changed the status last, of changes in any order; None if none of them did."""
    moves = [
        history
        for history in histories
        if isinstance(history.get("items"), list)
        and any(isinstance(item, dict) and item.get("field") == "status" for item in history["items"])
    ]
    if not moves:
        return None
    last = max(moves, key=_when)
    author = last.get("author")
    email = author.get("emailAddress") if isinstance(author, dict) else None
    at = instant(last.get("created"))
    return LastMove(_account(author), one_line(email) if isinstance(email, str) else "", at)


def _when(history: Row) -> tuple[datetime, int]:
    """When a change was made, and which of one instant it is: the offset of times changes in autumn."""
    number = str(history.get("id"))
    at = instant(history.get("created")) or datetime.min.replace(tzinfo=UTC)
    return at, int(number) if _NUMBER.fullmatch(number) else 0


def account_of(user: Any) -> str:
    """Return an account's e-mail address, else its name; "" for nobody."""
    email = user.get("emailAddress") if isinstance(user, dict) else None
    return one_line(email) if isinstance(email, str) and email else _account(user)


def the_one(users: Iterable[Row], email: str) -> Row | None:
    """Return the one active account of a person for this address; None if there isn't exactly one.

    Cloud finds accounts by addresses that it then hides: such a one counts if no other account was found.
    """
    people = [
        user
        for user in users
        if user.get("active") is not False and user.get("accountType", "atlassian") == "atlassian"
    ]
    wanted = email.casefold()
    same = [user for user in people if str(user.get("emailAddress") or "").casefold() == wanted]
    hidden = [user for user in people if not user.get("emailAddress")]
    fitting = same or (hidden if len(people) == 1 else [])
    return fitting[0] if len(fitting) == 1 else None


def id_of(user: Any, *, is_cloud: bool) -> dict[str, str] | None:
    """Return what names an account in a request; None for nobody."""
    key = "accountId" if is_cloud else "name"
    value = user.get(key) if isinstance(user, dict) else None
    return {key: value} if isinstance(value, str) and value else None


def events(body: Any) -> Iterable[Event]:
    """Return what a call says: which issue to look at. Nothing for issues that show labels, and none of ours."""
    if not str(body["webhookEvent"]).startswith(_EVENT_PREFIXES):
        return
    issue = body["issue"]
    is_shown = isinstance(fields_of(issue).get("labels"), list)
    if is_shown and not any(label.startswith(PREFIX) for label in labels_of(issue)):
        return
    yield Event("", instant(body.get("timestamp")), (str(issue["id"]),))


def fields_of(row: Row) -> Row:
    fields = row.get("fields")
    return fields if isinstance(fields, dict) else {}


def number_of(row: Row) -> int:
    """Return an issue's immutable id."""
    ref = row.get("id")
    if not isinstance(ref, str) or not _NUMBER.fullmatch(ref):
        raise unexpected("an issue")
    return int(ref)


def number_in(key: Any) -> int:
    """Return the number in a key, 17 of SEC-17; 0 for anything else."""
    number = key.rpartition("-")[2] if isinstance(key, str) else ""
    return int(number) if _NUMBER.fullmatch(number) else 0


def _standing(status: str, resolution: str, states: StatesConfig) -> CopyStanding:
    """A resolution counts only while it is closed: reopening often leaves it behind."""
    found = states.standing(status)
    return states.standing(status, resolution) if found is CopyStanding.DONE else found


def _account(user: Any) -> str:
    if not isinstance(user, dict):
        return ""
    found = next((user[key] for key in ("displayName", "name", "accountId") if user.get(key)), "")
    return one_line(str(found))


def _name(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) else ""
