"""Seals of files: by the command line where a file lies, or by a page that measures it and drops it.

A seal is one event of the journal, so the chain dates it. It verifies nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.app.acts.changes import known_ticket
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead, SignedLinks
from worker.domain.controls.seals import (
    BEGINNING,
    CustodyLine,
    Measured,
    Measuring,
    NewCount,
    Seal,
    said_line,
    seal_facts,
    sealed_of,
)
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted
from worker.domain.evidence.explained import assignee_id
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Choice
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ports.state.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class SealDone:
    """What came of sealing a file: its seal, and whether it is new; else the file is as it was sealed."""

    seal: Seal
    is_new: bool


class NotTaken(Refused):
    """A link's ticket takes no files, or none any more."""


class Sealing:
    """Seals files under tickets. `new_count` makes a counter for one text."""

    def __init__(self, store: Store, links: SignedLinks, new_count: NewCount) -> None:
        self._store = store
        self._links = links
        self._new_count = new_count

    def measuring(self, name: str, now: datetime) -> Measuring:
        """Measure a file of this name, which is given in pieces."""
        return Measuring(name, self._new_count(now))

    def check_link(self, token: str, now: datetime) -> None:
        """Check that a link's ticket takes files, before one is received. Raises LinkDead, NotTaken."""
        with self._store.reading() as uow:
            self._taking(uow, token, now)

    def seal_by_link(
        self, token: str, measured: Measured, now: datetime, how: str = "", to: str = ""
    ) -> SealDone:
        """Seal a file as the assignee of a link's ticket, as `seal` does.

        The link is checked again, since a file may come for minutes. Raises NotTaken if it was ended meanwhile, or its
        ticket was closed or has another assignee.
        """
        with self._store.begin() as uow:
            try:
                ticket = self._taking(uow, token, now)
            except LinkDead as dead:
                raise NotTaken("The link was ended while the file was received.") from dead
            by = Actor(assignee_id(ticket.assignee), via=Via.LINK)
            return _sealed(uow, ticket, measured, by, now, how, to)

    def seal(
        self,
        number: int,
        measured: Measured,
        by: Actor,
        now: datetime,
        how: str = "",
        to: str = "",
        reason: str = "",
    ) -> SealDone:
        """Seal a file, or find the seal that it has under this ticket; `to` hands it over to somebody.

        `how` is kept of a new seal alone, `reason` in the journal. Raises Refused for an unknown ticket, an empty
        file, and for other contents under a name that is sealed.
        """
        with self._store.begin() as uow:
            return _sealed(uow, known_ticket(uow, number), measured, by, now, how, to, reason)

    def _taking(self, uow: UnitOfWork, token: str, now: datetime) -> Ticket:
        ticket = self._links.ticket(uow, token, now)
        if kind_of(ticket).choice is not Choice.CHECKLIST or ticket.state is not TicketState.OPEN:
            raise NotTaken("There is nothing to review any more.")
        return ticket


def _sealed(
    uow: UnitOfWork,
    ticket: Ticket,
    measured: Measured,
    by: Actor,
    now: datetime,
    how: str,
    to: str,
    reason: str = "",
) -> SealDone:
    if not measured.size:
        raise Refused(because("{file} is empty: there is nothing to seal.", file=measured.name))
    before = uow.seals.of_ticket(ticket.id)
    _check_name(measured, before)
    known = next((one for one in before if one.sha256 == measured.sha256), None)
    seal = known or _new(
        uow, ticket, sealed_of(ticket.id, measured, said_line(how), by.name, now), by, reason
    )
    taker = said_line(to)
    if taker:
        seal = _handed_over(uow, ticket, seal, taker, by, now, reason)
    return SealDone(seal, is_new=known is None)


def _check_name(measured: Measured, before: Sequence[Seal]) -> None:
    """Refuse other contents under the name of a file that is sealed, be it those of another sealed one."""
    other = next((one for one in before if one.name == measured.name), None)
    if other is not None and other.sha256 != measured.sha256:
        raise Refused(
            f"{measured.name} was changed: {other.label} sealed it with the SHA-256 {other.sha256[:BEGINNING]}…, and "
            f"now it is {measured.sha256[:BEGINNING]}…. If it is another file, give it another name."
        )


def _new(uow: UnitOfWork, ticket: Ticket, seal: Seal, by: Actor, reason: str) -> Seal:
    new = uow.seals.add(seal)
    subject = f"ticket:{ticket.label}"
    data = seal_facts(new) | ({"why": reason} if reason else {})  # how it was made is the event's own reason
    entry = acted(by, new.made_at, events.EVIDENCE_SEALED, subject, new.how, data)
    uow.journal.append([entry])
    return new


def _handed_over(
    uow: UnitOfWork, ticket: Ticket, seal: Seal, to: str, by: Actor, now: datetime, reason: str
) -> Seal:
    data = {"seal": seal.label, "sha256": seal.sha256, "to": to}
    entry = acted(by, now, events.EVIDENCE_HANDED_OVER, f"ticket:{ticket.label}", reason, data)
    uow.journal.append([entry])
    return uow.seals.hand_over(seal, CustodyLine(now, by.name, to, seal.sha256))
