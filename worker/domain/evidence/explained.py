"""Compare tickets with the journal: the facts that a ticket's events keep, and where a stored row differs.

Pure. Facts are ids, instants, states and counts. Erasing somebody changes only the facts that name the assignee, the
person who did the ticket, or the people who may have claimed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any

from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry, Sealed, stamp
from worker.domain.model import AccountKey
from worker.domain.tickets.ticket import Assignee, Grade, Ticket, TicketState, ticket_label

ERASED = "erased"  # what stands for somebody who was forgotten
CLAIMED_BY = "claimed_by"
_WHO = ("assignee", "done_by", CLAIMED_BY)
_FACTS = (
    "verified_by", "verified_at", "done_at", "grade", "reopened", "contradicted", "left_at", "clock_from", "due_at",
    "waived_until", "acknowledged_until", "snoozed_until", "held_until", "disputed_at", "links_from",
)  # fmt: skip
_HAS_FACTS = "due_at"  # every ticket has one; events of the first releases lack it
_COMPLETE = "handed"  # the same of those that came later
_LATER = {CLAIMED_BY, _COMPLETE}


def ticket_facts(ticket: Ticket) -> dict[str, Any]:
    """The facts that an event keeps of a ticket as it is afterwards, without those that are empty."""
    facts: dict[str, Any] = {
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "group": "/".join(ticket.group) if ticket.group else None,
        "person": "/".join(ticket.person) if ticket.person else None,
        "evidence": ticket.evidence.value if ticket.evidence else None,
        _COMPLETE: ticket.handed,
    }
    more = {name: _plain(value) for name in _FACTS if (value := getattr(ticket, name))}
    more["assignee"] = assignee_id(ticket.assignee)
    more["done_by"] = _known_as(ticket.done_by, ticket.assignee)
    more[CLAIMED_BY] = sorted({_known_as(mark, ticket.assignee) for mark in ticket.claimed_by})
    more["blocked_by"] = ticket_label(ticket.blocked_by) if ticket.blocked_by else None
    return facts | {name: value for name, value in more.items() if value}


def assignee_id(assignee: Assignee | None) -> str:
    """The journal's name for an assignee: the id if the directory knows them, else the address."""
    if assignee is None:
        return ""
    return "/".join(assignee.person) if assignee.person else assignee.email


def _known_as(who: str | None, assignee: Assignee | None) -> str:
    is_assignee = assignee is not None and (who or "").casefold() == assignee.email.casefold()
    return assignee_id(assignee) if is_assignee else who or ""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    return value.value if isinstance(value, Enum) else value


def state_event(sealed: list[Sealed]) -> Sealed | None:
    """The last event that has the ticket's state."""
    return next((one for one in reversed(sealed) if "state" in one.entry.data), None)


def as_left_by(ticket: Ticket, event: Entry) -> Ticket | None:
    """The ticket with the state, the claim's instant, the clock and the rests that an event left.

    None if the event does not keep them.
    """
    said = event.data
    if "state" not in said or "clock_from" not in said:
        return None
    return replace(
        ticket,
        state=TicketState(said["state"]),
        done_at=_instant(said.get("done_at")),
        clock_from=datetime.fromisoformat(said["clock_from"]),
        acknowledged_until=_instant(said.get("acknowledged_until")),
        snoozed_until=_instant(said.get("snoozed_until")),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def confirmations(sealed: Sequence[Sealed]) -> Iterator[tuple[Sealed, Sealed | None]]:
    """Yield each event of a ticket by which a second person confirmed a claim, with the claim's event.

    The claim is None if nobody made one, or if the event only implies a confirmation.
    """
    claim, is_confirmed = None, False
    for one in sealed:
        if "state" not in one.entry.data:
            continue
        if one.entry.data["state"] != TicketState.DONE.value:
            claim, is_confirmed = None, False
        elif one.entry.data.get("grade") == Grade.B.value:
            if one.entry.event == events.TICKET_DONE or not is_confirmed:
                yield one, claim if one.entry.event == events.TICKET_DONE else None
            is_confirmed = True
        elif one.entry.event == events.TICKET_DONE:
            claim = one


def claim_in(sealed: Sequence[Sealed]) -> Entry | None:
    """The event by which a ticket that counts as done came to do so; None if it does not count as done."""
    claim = None
    for entry in (one.entry for one in sealed if "state" in one.entry.data):
        is_done = entry.data["state"] in {TicketState.DONE.value, TicketState.VERIFIED.value}
        claim = (claim or entry) if is_done else None
    return claim


def is_complete(event: Entry) -> bool:
    """True if an event has all facts. Those of earlier releases lack some, or have little more than the state."""
    return _COMPLETE in event.data


def differences(ticket: Ticket, event: Entry) -> dict[str, tuple[Any, Any]]:
    """The facts in which a ticket differs from its last event, by name: (the ticket's, the event's)."""
    facts, said = ticket_facts(ticket), event.data
    names = facts.keys() | said.keys() if _HAS_FACTS in said else said.keys()
    known = {"kind", "state", "group", "person", "evidence", "blocked_by", _COMPLETE, *_WHO, *_FACTS}
    if not is_complete(event):
        known -= _LATER
    return {
        name: (facts.get(name), said.get(name))
        for name in sorted(names & known)
        if facts.get(name) != said.get(name)
    }


def erased(name: str, is_now: Any, said: Any) -> list[str]:
    """The people, by the event's names, whose erasure would explain a difference; empty if none would."""
    if name == CLAIMED_BY:
        now, before = set(is_now or ()), set(said or ())
        if ERASED not in now or not now - {ERASED} <= before:
            return []
        gone = before - now
        # An identity provider may know a person by the id alone: that mark is theirs, too
        return sorted(gone - {person.person_id for person in map(person_in, gone) if person})
    return [str(said)] if name in _WHO and is_now in {None, ERASED} else []


def person_in(text: Any) -> AccountKey | None:
    """The account that a name in the journal means, if the name is an id; else None."""
    source, slash, person_id = str(text).partition("/")
    return AccountKey(source, person_id) if slash and not {"@", ":"} & set(source) else None
