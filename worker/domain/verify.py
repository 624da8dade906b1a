"""Proof: what a roster says about a ticket, and how good that is.

Done is a claim; only a roster taken after it, fresh and complete for the group, verifies. That the member
is still listed is seen in any roster that was *read* after the claim: nobody has corrected it since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.model import Coverage, Role
from worker.domain.ticket import REMOVALS, Grade, Ticket, TicketKind, TicketState

CLAIM_LIFE = timedelta(days=14)  # two weekly inventories: a word that nothing could prove by then is void


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
    the member is has its answer.
    """

    taken_at: datetime
    read_at: datetime
    coverage: Coverage
    is_fresh: bool
    role: Role | None = None
    active_admins: int = 0
    is_identified: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict with its reason, and the grade where it verifies."""

    verdict: Verdict
    why: str
    grade: Grade | None = None


def weigh(ticket: Ticket, sight: Sight | None, admins_min: int, now: datetime) -> Opinion:
    """Hold one live ticket against the latest roster of its group.

    | roster                                   | work is done in it | work is not            |
    | taken after the claim, fresh, full       | verified, grade A  | reopened (if done)     |
    | read after the claim, older than it      | inconclusive       | reopened (if done)     |
    | partial                                  | inconclusive       | reopened (if listed)   |
    | stale, none, or read before the claim    | inconclusive       | inconclusive           |

    Without a claim the opening counts in place of it, and nothing is reopened. A claim that nothing could
    prove within CLAIM_LIFE is void, unless a second person confirmed it (grade B).
    """
    since = ticket.done_at or ticket.opened_at
    is_claimed = ticket.state is TicketState.DONE
    if ticket.kind is TicketKind.IDENTIFY_MEMBER and sight is not None and sight.is_identified:
        return Opinion(Verdict.VERIFIED, "the member is identified", Grade.B if is_claimed else Grade.A)
    if sight is None or not _is_fresh(sight) or sight.read_at <= since:
        return _unproven(ticket, now, "no fresh roster since")
    if not _is_done_in(ticket, sight, admins_min):
        if is_claimed and _can_contradict(ticket, sight):
            return Opinion(Verdict.REOPENED, _still_wrong(ticket, sight))
        return _unproven(ticket, now, "not done in the latest roster")
    if sight.taken_at <= since or sight.coverage is not Coverage.FULL:
        return _unproven(ticket, now, "the latest roster is older than the claim or incomplete")
    return Opinion(Verdict.VERIFIED, f"the roster of {sight.taken_at:%Y-%m-%d %H:%M} UTC shows it", Grade.A)


def _is_fresh(sight: Sight) -> bool:
    return sight.is_fresh and sight.coverage is not Coverage.STALE


def _is_done_in(ticket: Ticket, sight: Sight, admins_min: int) -> bool:
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


def _unproven(ticket: Ticket, now: datetime, why: str) -> Opinion:
    if (
        ticket.state is TicketState.DONE
        and ticket.done_at is not None
        and ticket.grade is not Grade.B
        and now >= ticket.done_at + CLAIM_LIFE
    ):
        days = CLAIM_LIFE.days
        return Opinion(Verdict.REOPENED, f"marked done {days} days ago and nothing could prove it since")
    return Opinion(Verdict.INCONCLUSIVE, why)
