"""When what proved a ticket was true: a list is often weighed long after its date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from worker.domain.tickets.ticket import Ticket

EVIDENCE_AT = "evidence_at"  # in the details of a verified ticket: the date of what proved it


def with_evidence(ticket: Ticket, at: datetime | None, now: datetime) -> Mapping[str, Any]:
    """The details of a ticket that is verified now by what is dated `at`; nothing counts as later than now."""
    return ticket.details if at is None else {**ticket.details, EVIDENCE_AT: min(at, now).isoformat()}


def proven_at(ticket: Ticket) -> datetime | None:
    """The date of what proved a ticket; None without a proof.

    It is the instant of the proof where the evidence has no date, or was weighed before dates were kept.
    """
    kept = ticket.details.get(EVIDENCE_AT)
    return ticket.verified_at if kept is None else datetime.fromisoformat(kept)


def is_later(ticket: Ticket, at: datetime | None) -> bool:
    """True if what is dated `at` is later than what proved the ticket, or if nothing did."""
    proof = proven_at(ticket)
    return proof is None or (at is not None and at > proof)
