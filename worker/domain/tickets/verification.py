"""Proof: what a roster says about a ticket, and how good that is.

Done is a claim. Only a roster taken after it knows anything of it: it verifies when it is fresh and complete for
the group, and contradicts when it is fresh. A list that is dated before the claim says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.model import Coverage, Role
from worker.domain.text.durations import format_duration
from worker.domain.tickets.ticket import REMOVALS, Grade, Ticket, TicketKind, TicketState

CLAIM_LIFE = timedelta(days=14)  # by default: a word that two weekly lists could not prove is void


class Verdict(StrEnum):
    """What the evidence says."""

    VERIFIED = "verified"
    REOPENED = "reopened"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Sight:
    """What the latest roster of a ticket's group shows of the ticket's member.

    `taken_at` is what the roster speaks of, `read_at` when it was read. `role` is None when the member is
    not listed. `active_admins` counts known people who have not left. `is_identified`: the question of who
    the member is has its answer. `is_kept_by_people`: it is a list, not what the messenger itself shows.
    """

    taken_at: datetime
    read_at: datetime
    coverage: Coverage
    is_fresh: bool
    role: Role | None = None
    active_admins: int = 0
    is_identified: bool = False
    is_kept_by_people: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict with its reason, and the grade where it verifies."""

    verdict: Verdict
    why: str
    grade: Grade | None = None


def weigh(
    ticket: Ticket, sight: Sight | None, admins_min: int, now: datetime, claim_life: timedelta = CLAIM_LIFE
) -> Opinion:
    """Return what the latest roster of the ticket's group says about it. All instants aware UTC.

    | the latest roster is                  | work is done in it | work is not            |
    | taken after the claim, fresh, full    | verified           | reopened (if done)     |
    | taken after the claim, fresh, partial | inconclusive       | reopened (if listed)   |
    | stale, none, or taken before          | inconclusive       | inconclusive           |

    A proof has grade A when the worker read the messenger itself, B when people keep the list. Without a claim
    the opening counts in place of it, and nothing is reopened. A claim that nothing could prove within
    `claim_life` is void, unless a second person confirmed it (grade B).
    """
    since = ticket.done_at or ticket.opened_at
    if ticket.kind is TicketKind.IDENTIFY_MEMBER and sight is not None and sight.is_identified:
        return Opinion(Verdict.VERIFIED, "the member is identified", Grade.B)
    if sight is None or not _is_fresh(sight) or sight.taken_at <= since:
        return _unproven(ticket, now, claim_life, "no fresh roster of a later date")
    if not is_done_in(ticket, sight, admins_min):
        if ticket.state is TicketState.DONE and _can_contradict(ticket, sight):
            return Opinion(Verdict.REOPENED, _still_wrong(ticket, sight))
        return _unproven(ticket, now, claim_life, "not done in the latest roster")
    if sight.coverage is not Coverage.FULL:
        return _unproven(ticket, now, claim_life, "the latest roster is incomplete")
    grade = Grade.B if sight.is_kept_by_people else Grade.A
    return Opinion(Verdict.VERIFIED, f"the roster of {sight.taken_at:%Y-%m-%d %H:%M} UTC shows it", grade)


def _is_fresh(sight: Sight) -> bool:
    return sight.is_fresh and sight.coverage is not Coverage.STALE


def is_done_in(ticket: Ticket, sight: Sight, admins_min: int) -> bool:
    """Tell whether the roster shows the ticket's work as done, whatever its date is."""
    if ticket.kind in REMOVALS:
        return sight.role is None
    if ticket.kind is TicketKind.ADD_MEMBER:
        return sight.role is not None
    if ticket.kind is TicketKind.REASSIGN_ADMIN:
        return sight.active_admins >= admins_min
    return sight.role is None  # a question about somebody who is no longer there


def _can_contradict(ticket: Ticket, sight: Sight) -> bool:
    """Listed is a fact in any roster; missing (a joiner, an admin) only in a full one."""
    return ticket.kind in REMOVALS or sight.coverage is Coverage.FULL


def _still_wrong(ticket: Ticket, sight: Sight) -> str:
    roster = f"the roster of {sight.taken_at:%Y-%m-%d %H:%M} UTC, read {sight.read_at:%Y-%m-%d %H:%M} UTC"
    return {
        TicketKind.ADD_MEMBER: f"marked done, but not in the group in {roster}",
        TicketKind.REASSIGN_ADMIN: f"marked done, but there is no other active admin in {roster}",
        TicketKind.IDENTIFY_MEMBER: f"marked done, but nobody said who the member is ({roster})",
    }.get(ticket.kind, f"marked done, but still in the group in {roster}")


def _unproven(ticket: Ticket, now: datetime, claim_life: timedelta, why: str) -> Opinion:
    if (
        ticket.state is TicketState.DONE
        and ticket.done_at is not None
        and ticket.grade is not Grade.B
        and now >= ticket.done_at + claim_life
    ):
        life = format_duration(claim_life)
        return Opinion(Verdict.REOPENED, f"nothing could prove within {life} that it was done")
    return Opinion(Verdict.INCONCLUSIVE, why)
