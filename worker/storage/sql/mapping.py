"""Turn rows into values and back. Facts are one JSON text, without fields that have no value."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.identity.names import Suggestion
from worker.domain.kinds import KINDS
from worker.domain.model import (
    Account,
    AccountFacts,
    AccountKey,
    Evidence,
    GroupKey,
    Member,
    Role,
    Standing,
)
from worker.domain.text.reason import Reason
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import (
    WHY_THEY,
    Assignee,
    AssigneeWhy,
    Grade,
    Ticket,
    TicketKind,
    TicketState,
)
from worker.storage.sql.bulk import storable
from worker.storage.sql.tables import from_micros, to_micros

_NOT_IN_FACTS = {"person_id", "location"}  # the key; and where the record stood, which is no fact
_DEFAULTS = {f.name: f.default for f in fields(AccountFacts) if f.name not in _NOT_IN_FACTS}
_INSTANTS = ("expires_at", "leave_at")
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_sorted = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
as_json = json.JSONEncoder(
    ensure_ascii=False
).encode  # as `dumps` writes it, which makes an encoder for each call


def facts_to_json(facts: AccountFacts) -> str:
    """Write facts as JSON. The same facts always give the same text, so comparing texts shows a change.

    What a text column can't take (`storable`) is replaced within, too, since it comes back out of JSON.
    """
    values: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(facts, name)
        if value != default:
            values[name] = to_micros(value) if isinstance(value, datetime) else value
    text = _compact(values)
    return _compact(_storable(values)) if "\\u0000" in text else text


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _storable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(one) for one in value]
    return storable(value) if isinstance(value, str) else value


def facts_from_json(person_id: str, text: str) -> AccountFacts:
    """The inverse of `facts_to_json`; `location` is not kept."""
    values = json.loads(text)
    for name in _INSTANTS:
        if name in values:
            values[name] = from_micros(values[name])
    for name in ("phones", "unread"):
        if name in values:
            values[name] = tuple(values[name])
    if "phones_in" in values:
        values["phones_in"] = tuple(tuple(names) for names in values["phones_in"])
    if "attributes" in values:
        values["attributes"] = tuple((k, v) for k, v in values["attributes"])
    return AccountFacts(person_id, **values)


def person_from_row(row: Any) -> Account:
    """A row with columns source, person_id, facts, standing, evidence, at."""
    standing = Standing(row.standing)
    return Account(
        AccountKey(row.source, row.person_id),
        facts_from_json(row.person_id, row.facts),
        standing,
        Evidence(row.evidence) if row.evidence else None,
        row.at if standing is Standing.LEFT else None,
    )


def member_from_row(row: Any) -> Member:
    """A membership row joined with its link; email_key and employee_key replace the original values."""
    return Member(
        handle=row.handle,
        display_name=row.display_name,
        role=Role(row.role),
        phone=row.phone,
        lid=row.lid,
        username=row.username,
        business_id=row.business_id,
        native_id=row.native_id,
        joined_at=row.joined_at,
    )


def link_from_row(row: Any) -> Identity | None:
    """A link's decision; None if the handle was never decided."""
    if row.decided_fingerprint is None:
        return None
    suggestions = tuple(
        Suggestion(AccountKey(source, person_id), name, score)
        for source, person_id, name, score in json.loads(row.suggestions)
    )
    return Identity(
        IdentityState(row.state),
        row.decided_fingerprint,
        AccountKey(row.person_source, row.person_id) if row.person_source else None,
        How(row.how) if row.how else None,
        reason_from_row(row, "why"),
        suggestions,
        row.decided_by,
    )


def suggestions_to_json(link: Identity) -> str:
    """The link's suggestions as `link_from_row` reads them."""
    return as_json([[*s.key, s.name, s.score] for s in link.suggestions])


def reason_values(column: str, reason: Reason) -> dict[str, str | None]:
    """Column values of a reason: its English sentence, and its words in the column beside it."""
    return {column: str(reason), f"{column}_words": reason.words or None}


def reason_from_row(row: Any, column: str) -> Reason:
    """The inverse of `reason_values`."""
    return Reason(getattr(row, column), getattr(row, f"{column}_words") or "")


def ticket_values(ticket: Ticket) -> dict[str, Any]:
    """Column values of a ticket."""
    values = {name: getattr(ticket, name) for name in _PLAIN}
    subject = ticket.subject
    return {
        **values,
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "source": subject.source,
        "group_id": ticket.group.group_id if ticket.group else "",
        "group_source": ticket.group.source if ticket.group and ticket.about is About.PERSON else None,
        "key_group": subject.group_id,
        # A part of the key: a ticket about a person has their id here
        "handle": subject.person_id if ticket.about is About.PERSON else ticket.handle,
        "episode": ticket.occasion,
        "details": _sorted(dict(ticket.details)),
        "member_role": ticket.member_role.value if ticket.member_role else None,
        "person_source": ticket.person.source if ticket.person else None,
        "person_id": ticket.person.person_id if ticket.person else None,
        "evidence": ticket.evidence.value if ticket.evidence else None,
        **_assignee_values(ticket.assignee),
        "is_sensitive": int(ticket.is_sensitive),
        "grade": ticket.grade.value if ticket.grade else None,
        **reason_values("reason", ticket.reason),
        "claimed_by": as_json(ticket.claimed_by),
        "search": _searched(ticket),
    }


def _group_of_person(row: Any) -> GroupKey | None:
    """The group in which a person is asked, if it is for one."""
    return None if row.group_source is None else GroupKey(row.group_source, row.group_id)


def _searched(ticket: Ticket) -> str:
    assignee = (ticket.assignee.name, ticket.assignee.email) if ticket.assignee else ("", "")
    names = (ticket.person_name, ticket.member_name, ticket.handle, ticket.group_name, *assignee)
    return "\n".join((ticket.label, *names)).casefold()


_PLAIN = tuple(
    f.name
    for f in fields(Ticket)
    if f.name
    not in {
        "kind",
        "about",
        "group",
        "handle",
        "occasion",
        "details",
        "state",
        "member_role",
        "person",
        "evidence",
        "assignee",
        "is_sensitive",
        "grade",
        "reason",
        "claimed_by",
    }
)


def ticket_from_row(row: sa.Row[Any]) -> Ticket:
    """The inverse of `ticket_values`."""
    kind = TicketKind(row.kind)
    about = KINDS[kind].about
    is_of_person = about is About.PERSON
    return Ticket(
        kind=kind,
        about=about,
        group=_group_of_person(row) if is_of_person else GroupKey(row.source, row.group_id),
        handle="" if is_of_person else row.handle,
        occasion=row.episode,
        details=json.loads(row.details),
        state=TicketState(row.state),
        member_role=Role(row.member_role) if row.member_role else None,
        person=AccountKey(row.person_source, row.person_id) if row.person_source else None,
        evidence=Evidence(row.evidence) if row.evidence else None,
        assignee=_assignee(row),
        is_sensitive=bool(row.is_sensitive),
        grade=Grade(row.grade) if row.grade else None,
        reason=reason_from_row(row, "reason"),
        claimed_by=tuple(json.loads(row.claimed_by)),
        **{name: getattr(row, name) for name in _PLAIN},
    )


# The values of a ticket without an assignee
NOBODYS = {
    "assignee": None, "assignee_email": None, "assignee_source": None, "assignee_id": None, "assignee_why": None,
    "assignee_by": "",
}  # fmt: skip


def _assignee_values(one: Assignee | None) -> dict[str, Any]:
    """Column values of an assignee, for this release and for the one before (migration 0009)."""
    if one is None:
        return dict(NOBODYS)
    known_before = {"email": one.email, "name": one.name, "why": one.said, "person": one.person}
    return {
        "assignee": as_json(known_before),
        "assignee_email": one.email.casefold(),
        "assignee_source": one.person and one.person.source,
        "assignee_id": one.person and one.person.person_id,
        "assignee_why": one.why and one.why.value,
        "assignee_by": one.by,
    }


def _assignee(row: Any) -> Assignee | None:
    if row.assignee is None:
        return None
    values = json.loads(row.assignee)
    person = AccountKey(*values["person"]) if values["person"] else None
    why = AssigneeWhy(row.assignee_why) if row.assignee_why else None
    one = Assignee(values["email"], values["name"], why, person, row.assignee_by)
    if one.said == values["why"]:
        return one
    why, by = _as_written_before(values["why"])
    return replace(one, why=why, by=by)


def _as_written_before(sentence: str) -> tuple[AssigneeWhy | None, str]:
    """Read the sentence of the release before, which writes nothing else; needed only while both releases run."""
    starts = {text.partition("{")[0]: why for why, text in WHY_THEY.items()}
    start = max((one for one in starts if sentence.startswith(one)), key=len, default=sentence)
    return starts.get(start), sentence.removeprefix(start)
