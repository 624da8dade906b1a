"""Invariant 4, that done is a claim and verified is evidence, and 17 of claims in a tracker: checks of rosters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sim.control_checks import is_of_controls
from sim.seeing import Seeing
from sim.told import Told
from worker.domain.kinds import REMOVALS
from worker.domain.model import Coverage
from worker.domain.reconcile.verification import CLAIM_LIFE
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

ROSTER_FRESH = timedelta(days=7)


class ClaimChecks:
    """`job`: the one at work now. `fail` is told the invariant's number and what is wrong."""

    def __init__(
        self,
        world: Seeing,
        told: Told,
        job: Callable[[], str],
        now: Callable[[], datetime],
        fail: Callable[[int, str], None],
    ) -> None:
        self._world = world
        self._told = told
        self._job = job
        self._now = now
        self._fail = fail

    def moved(self, before: Ticket, after: Ticket) -> None:
        """To be called when a ticket came from one state into another."""
        if after.state is TicketState.VERIFIED:
            self._was_proved(before, after, 4)
            if any(mark.startswith("tracker:") for mark in before.claimed_by):
                self._was_proved(before, after, 17)
        if (
            after.is_live
            and before.state is TicketState.DONE
            and before.reopened < after.reopened
            and self._job() != "mirror"  # in which people take a claim back
        ):
            self._is_contradicted_by_what_is_later(before, after)

    def _was_proved(self, before: Ticket, after: Ticket, number: int) -> None:
        if after.kind is TicketKind.IDENTIFY_MEMBER or is_of_controls(after):
            return
        roster = self._told.roster(after.home)
        since = before.done_at or before.opened_at
        if roster.taken_at <= since:
            self._fail(
                number, f"{after.label} is verified by a roster of {roster.taken_at}, not after {since}"
            )
        if roster.coverage is not Coverage.FULL or self._now() - roster.taken_at > ROSTER_FRESH:
            self._fail(number, f"{after.label} is verified by a roster that proves nothing")
        if self._world.inventories[after.home.source].can.is_kept_by_people and after.grade is Grade.A:
            self._fail(
                number, f"{after.label} is verified by a list, and is said to be seen in the messenger"
            )
        is_listed = any(member.handle == after.handle for member in roster.members)
        if after.kind in REMOVALS and is_listed:
            self._fail(number, f"{after.label} is verified, and the member is still in the roster")

    def _is_contradicted_by_what_is_later(self, before: Ticket, after: Ticket) -> None:
        """A list that is dated before the claim says nothing about it."""
        roster = self._told.roster(after.home)
        is_over = before.done_at is not None and self._now() - before.done_at >= CLAIM_LIFE
        if before.done_at is not None and roster.taken_at <= before.done_at and not is_over:
            self._fail(4, f"{after.label} is reopened by a roster of {roster.taken_at}, before the claim")

    def false_ones_are_reopened(self) -> None:
        """To be called when all claims were held against the rosters."""
        for ticket in self._world.log.tickets.values():
            if ticket.state is not TicketState.DONE or ticket.kind not in REMOVALS:
                continue
            inventory = self._world.inventories[ticket.home.source]
            roster = self._told.roster(ticket.home)
            is_later = ticket.done_at is not None and roster.taken_at > ticket.done_at
            is_fresh = self._now() - roster.taken_at <= ROSTER_FRESH
            is_listed = ticket.handle in inventory.listed.get(ticket.home, ())
            if is_later and is_fresh and is_listed:
                self._fail(
                    4,
                    f"{ticket.label} is called done, and a later {roster.coverage.value} roster lists the member",
                )
