"""Invariants 10 and 11, and that controls never keep a leaver's ticket waiting: checks over the log of effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sim.controls import DAILY_MAX, RULES, is_of_review
from sim.effects import Answered, Bundled, Counted, Effect, EffectLog, Queued, Saved
from sim.sources import SimInventory
from worker.domain.kinds import CONVERSATIONS, KINDS, REMOVALS, REVIEWS, STATEMENTS
from worker.domain.kinds.controlled import ONLY
from worker.domain.kinds.kind import InControls
from worker.domain.model import Coverage, GroupKey, Roster
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.state.outbox import OutMessage

ZONE = ZoneInfo("Europe/London")
DESCRIPTION = "profile.description"


def is_of_controls(ticket: Ticket) -> bool:
    """Whether a control asks for it, of a group or of a person."""
    return ticket.kind is STATEMENTS or isinstance(KINDS[ticket.kind].found, InControls)


class ControlChecks:
    """Hears all effects. `fail` is told the invariant's number and what is wrong."""

    def __init__(
        self,
        log: EffectLog,
        inventories: Callable[[], Mapping[str, SimInventory]],
        fail: Callable[[int, str], None],
    ) -> None:
        self._log = log
        self._inventories = inventories
        self._fail = fail
        self._answered: set[int] = set()
        self._sent_away: set[tuple[GroupKey, str]] = set()
        self._queued_at: dict[str, datetime] = {}
        self._opened: Counter[tuple[str, date]] = Counter()

    def hear(self, effect: Effect) -> None:
        if isinstance(effect, Saved):
            self._saved(effect)
        elif isinstance(effect, Answered):
            self._answered.add(effect.ticket)
            self._sent_away |= {(effect.home, handle) for handle in effect.removes if effect.home}
        elif isinstance(effect, Queued):
            self._queued_at[effect.message.key] = effect.at
        elif isinstance(effect, Bundled):
            self._overtakes_no_leaver(effect)
        elif isinstance(effect, Counted):
            self._counts_only_what_is_shown(effect)

    def _saved(self, saved: Saved) -> None:
        before, after = saved.before, saved.after
        if not saved.is_move:
            return
        is_new = after.is_live and (before is None or not before.is_live)
        if is_new and is_of_review(after):
            self._somebody_said_so(after)
        if after.kind in {STATEMENTS, REVIEWS, CONVERSATIONS} and after.state is TicketState.VERIFIED:
            self._was_answered(after)
        is_second = ONLY in after.details  # about rows that the review before it was begun with
        if is_new and is_of_controls(after) and after.about is About.GROUP and not is_second:
            self._is_about_what_is_shown(after)
        if before is None and is_of_controls(after):
            self._has_room_for(after, saved.at)

    # --- 10: what a source does not show is unknown -------------------------------------------------

    def _is_about_what_is_shown(self, ticket: Ticket) -> None:
        shown = self._inventories()[ticket.home.source].shown.get(ticket.home, [])
        if not any(_shows(roster, ticket.kind) for roster in shown):
            self._fail(
                10, f"{ticket.label} ({ticket.kind.value}) is about what no roster of {ticket.home} shows"
            )

    def _counts_only_what_is_shown(self, counted: Counted) -> None:
        """Whatever is not shown counts as unknown: neither as a pass nor as a failure."""
        counts = counted.counts.get(DESCRIPTION)
        if counts is None:
            return
        said = counts.passed + counts.failed + counts.waived
        groups = [shown for one in self._inventories().values() for shown in one.shown.values()]
        shown = sum(any(roster.facts.description is not None for roster in rosters) for rosters in groups)
        if said > shown:
            self._fail(10, f"{DESCRIPTION} says something of {said} groups, and {shown} show a description")

    # --- 11: silence never removes, never approves --------------------------------------------------

    def _somebody_said_so(self, ticket: Ticket) -> None:
        if (ticket.home, ticket.handle) not in self._sent_away:
            self._fail(11, f"{ticket.label} removes {ticket.handle}, of whom no reviewer said it")

    def _was_answered(self, ticket: Ticket) -> None:
        if ticket.id not in self._answered:
            self._fail(11, f"{ticket.label} counts as answered, and nobody answered it")

    def removes(self, handle: str, tickets: list[Ticket]) -> None:
        """To be called when a machine removes somebody, with the tickets that ask for it."""
        if tickets and all(is_of_review(ticket) for ticket in tickets):
            self._fail(11, f"a machine removes {handle} because of a review")

    # --- 2: a control never keeps a leaver's ticket waiting -----------------------------------------

    def _overtakes_no_leaver(self, bundled: Bundled) -> None:
        waiting = [one for one in bundled.left if self._is_about(one, of_leaver=True)]
        controls = [one for one in bundled.taken if self._is_about(one, of_leaver=False)]
        for early in waiting:
            late = next((one for one in controls if self._at(one) > self._at(early)), None)
            if late is not None:
                self._fail(2, f"{late.key} of a control goes out before {early.key} of a leaver")

    def _at(self, message: OutMessage) -> datetime:
        return self._queued_at[message.key]

    def _is_about(self, message: OutMessage, *, of_leaver: bool) -> bool:
        ticket = self._log.tickets.get(message.ticket) if message.ticket else None
        if ticket is None or message.key not in self._queued_at:
            return False
        is_leavers = ticket.kind in REMOVALS and not is_of_review(ticket)
        return is_leavers if of_leaver else is_of_controls(ticket)

    def _has_room_for(self, ticket: Ticket, at: datetime) -> None:
        """Nobody gets more new tickets of controls in a day than the rules say; another's rows come besides."""
        if ticket.assignee is None or ONLY in ticket.details:
            return
        key = (ticket.assignee.email.casefold(), at.astimezone(ZONE).date())
        self._opened[key] += 1
        if self._opened[key] > DAILY_MAX:
            self._fail(2, f"{ticket.label} is ticket {self._opened[key]} of controls in a day for {key[0]}")


def _shows(roster: Roster, kind: TicketKind) -> bool:
    """Whether a roster shows the fact that tickets of this kind are about."""
    facts, is_full = roster.facts, roster.coverage is Coverage.FULL
    if kind is TicketKind.FIX_PROFILE:
        return facts.description is not None and RULES not in facts.description
    if kind is TicketKind.CLOSE_GROUP:
        return facts.last_activity_at is not None or (is_full and len(roster.members) == 1)
    return is_full or kind is TicketKind.REDUCE_ADMINS
