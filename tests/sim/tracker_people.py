"""The people who work in a world's tracker, its robots, and what goes wrong with it.

They learn of tickets from copies alone. Some do what a copy asks for before they close it, some only close it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from sim.company import Company
from sim.effects import Effect, EffectLog, Queued
from sim.office import At, Office
from sim.tracker import CLOSED, DESK, SERVICE, SimIssue, SimTracker
from sim.tracker_checks import TrackerChecks
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketState
from worker.ports import AuthFailed, ConnectorError, Transient
from worker.running.app import App

HOUR = timedelta(hours=1)
ACTS_A_DAY = 14
CALL_FAULTS_A_WEEK, CREATE_FAULTS_A_WEEK, OUTAGES_A_WEEK = 25, 14, 5
ROBOTS_EVERY = 5 * HOUR
_CALL_FAULTS = ("lost", "lost", "late", "never", "busy", "changed", "refused", "forbidden")
_CREATE_FAULTS = ("lost", "late", "twice", "twice")


class TrackerPeople:
    """Draws what they do. `copies` tells what the worker had time to say, and is told who asks for a new copy."""

    def __init__(
        self,
        rng: random.Random,
        company: Company,
        log: EffectLog,
        tracker: SimTracker,
        office: Office,
        app: Callable[[], App],
        at: At,
        copies: TrackerChecks,
    ) -> None:
        self._rng = rng
        self._company = company
        self._log = log
        self._tracker = tracker
        self._office = office
        self._app = app
        self._at = at
        self._copies = copies
        self._deeds = (
            (6, self._do_it),
            (4, self._only_close),
            (2, self._decline),
            (3, self._reopen),
            (4, self._give),
            (1, self._move_away),
            (1, self._delete),
            (1, self._hide),
            (2, self._confuse),
            (2, self._comment),
        )
        log.listeners.append(self._read)

    def schedule(self, begin: datetime, end: datetime) -> None:
        """Spread what they do, and what goes wrong, over a time; at its end all is well."""
        hours = (end - begin) / HOUR
        for a_week, deed in (
            (7 * ACTS_A_DAY, self.something),
            (CALL_FAULTS_A_WEEK, self._spoil_a_call),
            (CREATE_FAULTS_A_WEEK, self._spoil_a_create),
            (OUTAGES_A_WEEK, self._break_down),
        ):
            for _ in range(int(a_week * hours / 168)):
                self._at(begin + timedelta(hours=self._rng.uniform(0, hours)), deed)
        for round_ in range(int((end - begin) / ROBOTS_EVERY)):
            self._at(begin + round_ * ROBOTS_EVERY, self._robots)
        self._at(end, self._heal)
        self._at(end, self._tracker.next.clear)
        self._at(end, self._tracker.next_made.clear)

    def something(self) -> None:
        """Let somebody do something to an issue that can be seen, mostly to one of a ticket that is live."""
        there = [issue for issue in self._tracker.every if issue.is_there]
        live = [issue for issue in there if self._log.tickets[issue.number].is_live]
        choice = self._rng.choices((live[-1:], live, there), (3, 5, 2))[
            0
        ]  # the newest, which we may not know yet
        if not choice:
            return
        weights, deeds = zip(*self._deeds, strict=True)
        self._rng.choices(deeds, weights)[0](self._rng.choice(choice))

    def _who(self) -> str:
        """An address, an account without one, the worker's own account, or nobody who is shown."""
        one = self._rng.choice(self._company.humans)
        return self._rng.choices((one.email, "nurse7", SERVICE, ""), (6, 2, 1, 1))[0]

    # --- issues ----------------------------------------------------------------------------------

    def _put(self, issue: SimIssue, standing: CopyStanding, by: str | None = None) -> None:
        if issue.seen.standing is not standing:
            who = self._who() if by is None else by
            self._tracker.person(issue, who, standing=standing, status=standing.value)

    def _do_it(self, issue: SimIssue) -> None:
        """Do what it asks for, unless it says that it has to wait; then close it, or forget to."""
        ticket, who = self._log.tickets[issue.number], self._who()
        has_to_wait = ticket.state is TicketState.BLOCKED
        if has_to_wait and (self._is_told_to_wait(issue) or not self._copies.is_settled(issue)):
            return
        if issue.seen.standing in CLOSED or not ticket.is_live or not self._office.do(ticket, who):
            return
        if self._rng.random() < 0.9:
            self._put(issue, CopyStanding.DONE, who)

    @staticmethod
    def _is_told_to_wait(issue: SimIssue) -> bool:
        words = [text for _, _, text in issue.ours if " wait" in text or "it is still to be done" in text]
        return bool(words) and "can't be done" in words[-1]

    def _only_close(self, issue: SimIssue) -> None:
        self._put(issue, CopyStanding.DONE)

    def _decline(self, issue: SimIssue) -> None:
        self._put(issue, CopyStanding.DECLINED)

    def _reopen(self, issue: SimIssue) -> None:
        self._put(issue, CopyStanding.OPEN)

    def _confuse(self, issue: SimIssue) -> None:
        """Put it into a status that the configuration doesn't name, mostly for a while."""
        self._put(issue, CopyStanding.UNKNOWN)
        if self._rng.random() < 0.6:
            self._later(issue, self._reopen)

    def _give(self, issue: SimIssue) -> None:
        staff, leavers = self._company.staff(), self._company.leavers()
        known = self._rng.choice(staff).email
        left = self._rng.choice(leavers).email if leavers else known
        to = self._rng.choices((known, left, "stranger@example.org", "queue-7", ""), (5, 1, 1, 1, 1))[0]
        self._tracker.person(issue, assignee=to)

    def _move_away(self, issue: SimIssue) -> None:
        self._tracker.person(issue, key=f"OTHER-{issue.ref}", is_elsewhere=True)
        if self._rng.random() < 0.3:
            self._later(issue, lambda one: self._tracker.person(one, is_elsewhere=False))

    def _comment(self, issue: SimIssue) -> None:
        issue.notes.append("I'll look at it tomorrow.")
        self._tracker.person(issue)

    def _delete(self, issue: SimIssue) -> None:
        issue.is_gone = True
        self._tracker.person(issue)

    def _hide(self, issue: SimIssue) -> None:
        """Take it out of the worker's sight for a while, which may be long enough to be believed."""
        if not self._copies.is_settled(issue):
            return  # what nobody can find is made again: an account has to see what it makes
        issue.is_hidden = True
        self._tracker.person(issue)
        self._later(issue, self._show)

    def _show(self, issue: SimIssue) -> None:
        issue.is_hidden = False
        self._tracker.person(issue)

    def _later(self, issue: SimIssue, deed: Callable[[SimIssue], None]) -> None:
        self._at(self._company.now() + self._rng.uniform(0.2, 30) * HOUR, lambda: deed(issue))

    def _robots(self) -> None:
        """A rule of theirs closes an issue again, whoever opened it."""
        for issue in self._tracker.every:
            if issue.has_robot and issue.is_there:
                self._put(issue, CopyStanding.DONE, "automation")

    # --- messages --------------------------------------------------------------------------------

    def _read(self, effect: Effect) -> None:
        """Who hears that a copy is gone asks for a new one now and then."""
        if not isinstance(effect, Queued) or not effect.message.key.startswith(f"mirror:{DESK}:gone:"):
            return
        number = int(effect.message.key.split(":")[3])
        is_deleted = all(issue.is_gone for issue in self._tracker.every if issue.number == number)
        if is_deleted and self._rng.random() < 0.3:
            wait = self._rng.uniform(1, 20) * HOUR
            self._at(self._company.now() + wait, lambda: self._again(number))

    def _again(self, number: int) -> None:
        is_asked = True
        try:
            by = Actor("help desk")
            self._app().copies.again(DESK, number, by, "deleted by mistake", self._company.now())
        except Refused:
            is_asked = False
        finally:
            if is_asked:  # the process may have died of it, and have stored it
                self._copies.again(number)

    # --- what goes wrong -------------------------------------------------------------------------

    def _spoil_a_call(self) -> None:
        self._tracker.next.append(self._rng.choice(_CALL_FAULTS))

    def _spoil_a_create(self) -> None:
        self._tracker.next_made.append(self._rng.choice(_CREATE_FAULTS))

    def _break_down(self) -> None:
        """For some hours: no answer, a token that ended, no right to see anything, or to see who did what."""
        tracker = self._tracker
        kind = self._rng.choice(("down", "refused", "blind", "history", "limit", "broken"))
        error: ConnectorError | None = {
            "down": Transient("No answer.", remedy="Wait."),
            "refused": AuthFailed("The token is not valid.", remedy="Renew it."),
        }.get(kind)
        tracker.error = error or tracker.error
        tracker.is_blind |= kind == "blind"
        tracker.is_history_hidden |= kind == "history"
        tracker.busy += 3 * (kind == "limit")
        tracker.breaks_off |= kind == "broken"
        self._at(self._company.now() + self._rng.uniform(1, 14) * HOUR, self._heal)

    def _heal(self) -> None:
        tracker = self._tracker
        tracker.error, tracker.busy = None, 0
        tracker.is_blind = tracker.is_history_hidden = tracker.breaks_off = False
