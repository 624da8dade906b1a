"""Proof: what a roster says about a ticket, and how good that evidence is.

Done is a claim. Only a roster taken after the claim counts. It can verify if it is fresh and complete for the group,
and contradict if it is fresh. A list that is dated before the claim says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.instants import APART_MAX
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Sees
from worker.domain.model import Coverage
from worker.domain.text.reason import LocalInstant, Reason, because
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.ticket import Grade, Reopened, Ticket, TicketState

CLAIM_LIFE = timedelta(days=14)  # by default: a claim is void if two weekly lists could not prove it


class Verdict(StrEnum):
    """What the evidence says."""

    VERIFIED = "verified"
    REOPENED = "reopened"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Verification:
    """A verdict with its reason; with the grade if it verifies, and the cause if it reopens.

    `source`: what proves it, if not the ticket's own source. `at`: the date of what proves it, if that has one.
    """

    verdict: Verdict
    why: Reason
    grade: Grade | None = None
    reopened: Reopened | None = None
    source: str = ""
    at: datetime | None = None


def weigh(
    ticket: Ticket,
    sight: Sight | None,
    admins_min: int,
    now: datetime,
    claim_life: timedelta = CLAIM_LIFE,
    timezone: str = "UTC",
) -> Verification:
    """Return what the latest roster of the ticket's group says about it. All instants aware UTC.

    Its reason says instants in `timezone` (IANA), with the zone's name.

    | the latest roster is                  | work is done in it | work is not            |
    | taken after the claim, fresh, full    | verified           | reopened (if done)     |
    | taken after the claim, fresh, partial | inconclusive       | reopened (if listed)   |
    | stale, none, or taken before          | inconclusive       | inconclusive           |

    A proof has grade A if the worker read the messenger itself, B if people keep the list, C if whoever claimed it
    declared the list; a claim that a second person confirmed stays at B. Without a claim, the
    instant of opening replaces the claim's, or that of reopening, and nothing is reopened. A claim that was not
    proved within `claim_life` is void, unless a second person confirmed it (grade B).
    """
    since = unproven_since(ticket, now)
    if kind_of(ticket).sees is Sees.IDENTITY and sight is not None and sight.is_identified:
        return Verification(Verdict.VERIFIED, because("it is settled who the member is"), Grade.B)
    if sight is None or not _is_fresh(sight) or sight.taken_at <= since:
        return unproven(ticket, now, claim_life, because("no fresh roster of a later date"))
    if not is_done_in(ticket, sight, admins_min):
        against = _still_wrong(ticket, sight, timezone)
        if ticket.state is TicketState.DONE and against is not None:
            return Verification(Verdict.REOPENED, against, reopened=Reopened.NOT_DONE)
        return unproven(ticket, now, claim_life, because("not done in the latest roster"))
    if sight.coverage is not Coverage.FULL:
        return unproven(ticket, now, claim_life, because("the latest roster is incomplete"))
    return Verification(
        Verdict.VERIFIED,
        because("the roster of {taken} shows it", taken=LocalInstant(sight.taken_at, timezone)),
        _grade(ticket, sight),
        at=sight.taken_at,
    )


def unproven_since(ticket: Ticket, now: datetime) -> datetime:
    """Return the instant after which something must have been seen to prove or contradict a ticket.

    It is that of the claim, else of the opening or reopening. One that is ahead of now was set by a wrong clock: then
    it is when the ticket was first weighed after that, see `weighed`.
    """
    since = ticket.done_at or ticket.open_since
    if since <= now + APART_MAX:
        return since
    return now if ticket.done_at is not None or ticket.weighed_at is None else min(ticket.weighed_at, now)


def weighed(ticket: Ticket, now: datetime) -> Ticket:
    """Return a ticket that was weighed now, and about which nothing was concluded.

    A claim that was made ahead of now counts as made now: the real one was before, so that nothing seen before it
    counts. If the ticket was opened ahead, its first weighing since then stands for all later ones.
    """
    if (ticket.done_at or ticket.open_since) <= now + APART_MAX:
        return replace(ticket, weighed_at=now)
    if ticket.done_at is not None:
        return replace(ticket, done_at=now, weighed_at=now)
    return replace(ticket, weighed_at=now if ticket.weighed_at is None else min(ticket.weighed_at, now))


def _grade(ticket: Ticket, sight: Sight) -> Grade:
    """How good a roster is as a proof. Who closed a ticket and declares the roster gives their own word twice."""
    if not sight.is_kept_by_people:
        return Grade.A
    claimed_by = {*ticket.claimed_by, (ticket.done_by or "").casefold()}
    is_own_word = ticket.grade is not Grade.B and not claimed_by.isdisjoint(sight.declared_by)
    return Grade.C if is_own_word else Grade.B


def _is_fresh(sight: Sight) -> bool:
    return sight.is_fresh and sight.coverage is not Coverage.STALE


def is_done_in(ticket: Ticket, sight: Sight, admins_min: int) -> bool:
    """True if the roster shows the ticket's work as done; its date does not matter here."""
    return kind_of(ticket).is_done_in(sight, admins_min)


def _still_wrong(ticket: Ticket, sight: Sight, timezone: str) -> Reason | None:
    """What a roster says against a claim; None if it can't contradict one."""
    contradiction = kind_of(ticket).contradiction
    if contradiction.needs_full and sight.coverage is not Coverage.FULL:
        return None
    taken, read = (LocalInstant(at, timezone) for at in (sight.taken_at, sight.read_at))
    roster = because("the roster of {taken}, read {read}", taken=taken, read=read)
    return because(contradiction.text, roster=roster)


def unproven(ticket: Ticket, now: datetime, claim_life: timedelta, why: Reason) -> Verification:
    """Inconclusive because of `why`; a claim that is older than its life is void."""
    if (
        ticket.state is TicketState.DONE
        and ticket.done_at is not None
        and ticket.grade is not Grade.B
        and now >= ticket.done_at + claim_life
    ):
        why = because("nothing could prove within {life} that it was done", life=claim_life)
        return Verification(Verdict.REOPENED, why, reopened=Reopened.UNPROVEN)
    return Verification(Verdict.INCONCLUSIVE, why)
