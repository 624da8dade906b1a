"""Invariants 13 to 19, of copies in a tracker: checks over the tracker's own record and the log of effects.

A run of the mirror is clear if the process lived through it, and the tracker answered each of its calls.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from sim.effects import Effect, EffectLog, Queued, Saved
from sim.tracker import CLOSED, DESK, SimIssue, SimTracker
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Choice
from worker.domain.mirror.outside import CopyStanding, Goal, Seen
from worker.domain.tickets.ticket import Grade, Ticket, TicketState
from worker.ports import Changed, NotDone, Permanent, PermissionDenied, Rejected

SETTLED = 2  # clear runs since somebody changed something: then both sides agree
REOPENS_MAX, REOPENS_WITHIN = 3, timedelta(days=7)
DECLINES_MAX = 2  # from then on it is left as it is
LOOKED_FOR = timedelta(minutes=10)  # a request that was given up on has ended
GONE_AFTER = timedelta(hours=1)
_OVER = frozenset({TicketState.VERIFIED, TicketState.CANCELLED, TicketState.WAIVED})
_NUMBER, _SIGNED = re.compile(r"\+447\d{9}"), re.compile(r"/t/\S")
_NAME = re.compile(r"\b(?:Person|Guest) \d+")


@dataclass(slots=True)
class Kept:
    """What is kept of one issue."""

    clear_runs: int = 0  # since one of the two sides changed, or a write to it failed
    owed: str = ""  # a write that failed is still to be done
    is_paid: bool = False  # it was, in this run
    is_refused: bool = False  # a write was, once
    tried: list[tuple[datetime, str]] = field(default_factory=list)  # the worker's writes
    closers: list[str] = field(default_factory=list)  # who closed it, and nobody claimed it since
    surely: CopyStanding = CopyStanding.OPEN  # as the worker knows it, whatever happened to its process
    looked: CopyStanding | None = None  # as it was shown, or brought, in this run
    is_news: bool = False  # it was closed, and the worker surely knows it otherwise
    due: str = ""  # who closed it, as it has to be claimed in this run
    is_missing: bool = False  # in this run
    missing_since: datetime | None = None  # by a look in a clear run
    missed_at: datetime | None = None  # by the last look
    week: datetime | None = None  # when the worker reopened it first in a week
    reopens: int = 0  # since then
    unclear: int = 0  # reopenings that had no answer, or were begun by a process that died
    was_closed: bool = False  # by people
    declined: int = 0  # so often


class TrackerChecks:
    """Hears all effects, and all that happens in the tracker. `fail` is told the invariant's number and what is wrong.

    `job` is the job at work; `problem` is what the worker says of a ticket's copy. `is_minimal`: copies name nobody.
    """

    def __init__(
        self,
        log: EffectLog,
        tracker: SimTracker,
        now: Callable[[], datetime],
        fail: Callable[[int, str], None],
        job: Callable[[], str],
        problem: Callable[[int], str],
        *,
        is_minimal: bool,
    ) -> None:
        self._log = log
        self._tracker = tracker
        self._now = now
        self._fail = fail
        self._job = job
        self._problem = problem
        self._is_minimal = is_minimal
        self._kept: dict[str, Kept] = defaultdict(Kept)
        self._order = count()
        self._known: dict[str, int] = {}  # refs that the worker has kept, since when
        self._again: dict[int, int] = {}  # tickets for which somebody asked for another copy, since when
        self._told: Counter[tuple[str, int, str]] = Counter()  # fight or gone, of which ticket, to whom
        self._agains: Counter[int] = Counter()  # how often its copy was wanted anew, or was back
        self._ended_at: dict[int, datetime] = {}
        self._reopened_at: dict[int, datetime] = {}
        self._moved: set[int] = set()  # tickets that changed their state in this run
        self.claims = 0
        self.clear = 0  # runs
        log.listeners.append(self.hear)
        tracker.watch = self

    # --- runs ------------------------------------------------------------------------------------

    @contextmanager
    def run(self) -> Iterator[None]:
        """One run of the mirror."""
        failures = self._tracker.failures
        is_alive = False
        try:
            yield
            is_alive = True
        finally:
            is_clear = is_alive and failures == self._tracker.failures and not self._tracker.is_blind
            for ref, kept in self._kept.items():
                if is_clear:
                    self._after_clear(self._tracker.sim(ref), kept)
                if not is_alive and kept.looked is not None:  # it may have been about to write
                    kept.unclear += 1
                    kept.tried.append((self._now(), "died"))
                if kept.looked is not None and (is_clear or kept.looked is CopyStanding.DONE):
                    kept.surely = kept.looked
                kept.owed = "" if kept.is_paid else kept.owed
                kept.looked, kept.due, kept.is_missing, kept.is_paid = None, "", False, False
            if is_clear:
                self.clear += 1
                self._one_each()
            self._moved.clear()

    def _after_clear(self, issue: SimIssue, kept: Kept) -> None:
        kept.clear_runs += 1
        if kept.looked is not None:
            self._was_claimed(issue, kept)
            kept.is_news = False
            if kept.clear_runs >= SETTLED:
                self._agree(issue, kept)
        if kept.is_missing:
            kept.missing_since = kept.missing_since or self._now()
        self._is_told_gone(issue, kept)

    def is_settled(self, issue: SimIssue) -> bool:
        """Whether the worker had a clear run since something about this issue changed."""
        return self._kept[issue.ref].clear_runs > 0

    def again(self, number: int) -> None:
        """Somebody asks for another copy of a ticket."""
        self._again[number] = next(self._order)
        self._agains[number] += 1

    # --- effects ---------------------------------------------------------------------------------

    def hear(self, effect: Effect) -> None:
        if isinstance(effect, Saved):
            self._saved(effect)
        elif isinstance(effect, Queued):
            self._queued(effect)

    def _saved(self, saved: Saved) -> None:
        before, after = saved.before, saved.after
        if before is None or _shown(before) == _shown(after):
            return
        for issue in self._issues(after.id):
            self._kept[issue.ref].clear_runs = 0
        if before.reopened != after.reopened:
            self._reopened_at[after.id] = saved.at
        if before.state is after.state:
            return
        self._moved.add(after.id)
        if after.state in _OVER:
            self._ended_at[after.id] = saved.at
        if self._job() == "mirror":
            self._is_a_claim(after)

    def _issues(self, number: int) -> list[SimIssue]:
        return [issue for issue in self._tracker.every if issue.number == number]

    def _queued(self, queued: Queued) -> None:
        start, _, cause = queued.message.key.partition(f"mirror:{DESK}:")
        what, _, rest = cause.partition(":")
        if start or what not in {"fight", "gone"}:
            return
        told = (what, int(rest.partition(":")[0]), queued.message.to.address)
        self._told[told] += 1
        if what == "gone" and self._told[told] > 1 + self._agains[told[1]]:
            self._fail(18, f"{told[2] or 'the channel'} is told again that the copy of {told[1]} is gone")

    # --- what happens there ----------------------------------------------------------------------

    def tries(self, what: str, number: int, ref: str) -> None:
        """The worker is about to write."""
        if not ref:
            self._may_be_made(number)
            return
        kept = self._kept[ref]
        kept.tried.append((self._now(), what))
        if what == "move open" and kept.week is not None and self._now() - kept.week > REOPENS_WITHIN:
            kept.week, kept.reopens, kept.unclear = self._now(), 0, 0
        elif what == "move open":
            kept.week = kept.week or self._now()  # one that was begun before, by a process that died, counts
        if kept.clear_runs >= SETTLED and not kept.owed:
            self._fail(15, f"{what} on {ref} of ticket {number}, and nothing had changed on either side")

    def wrote(self, what: str, issue: SimIssue, text: str) -> None:
        """A write had its effect, whether or not the worker hears of it."""
        kept = self._kept[issue.ref]
        kept.is_paid |= what != "note" or not kept.owed.startswith("move")  # a note instead is no move
        self._says_no_secret(what, issue, text)
        if what.startswith("move"):
            kept.looked = issue.seen.standing
            kept.closers.clear()
            kept.is_news = False
        if what == "move open":
            kept.reopens += 1
            if kept.reopens > REOPENS_MAX:
                self._fail(16, f"{issue.seen.key} is reopened {kept.reopens} times in a week")

    def failed(self, what: str, number: int, ref: str, error: BaseException | None) -> None:
        """A call had no answer, or was refused, or the process died. Without an error: it has its effect only now."""
        is_unclear = error is not None and not isinstance(error, (NotDone, Permanent, Changed))
        for issue in [self._tracker.sim(ref)] if ref else self._issues(number):
            kept = self._kept[issue.ref]
            kept.clear_runs, kept.owed, kept.is_paid = 0, what, False
            kept.is_refused |= isinstance(error, (PermissionDenied, Rejected))
            kept.unclear += is_unclear and what == "move open"
            kept.due = "" if what == "look" else kept.due  # who closed it can't be asked now

    def is_noted(self, issue: SimIssue) -> None:
        """A move is done, and its note is there, or was refused."""
        kept = self._kept[issue.ref]
        kept.is_paid, kept.looked = True, issue.seen.standing

    def acted(self, issue: SimIssue, before: Seen) -> None:
        """Somebody did something to an issue."""
        kept = self._kept[issue.ref]
        kept.clear_runs = 0
        kept.missing_since = None
        if kept.missed_at is not None and issue.is_there:
            kept.missed_at = None
            self._agains[issue.number] += 1
        if issue.seen.standing is before.standing:
            return
        is_closed = issue.seen.standing is CopyStanding.DONE
        kept.due = ""
        kept.is_news = is_closed and kept.surely is not CopyStanding.DONE
        kept.was_closed |= issue.seen.standing in CLOSED
        kept.declined += issue.seen.standing is CopyStanding.DECLINED
        if is_closed:
            kept.closers.append(_name(issue.by))

    def shown(self, issue: SimIssue, seen: Seen | None, *, is_kept: bool) -> None:
        """The worker looks at an issue, and sees this, or nothing. `is_kept`: it asks for it by its reference."""
        kept = self._kept[issue.ref]
        if is_kept:
            self._known.setdefault(issue.ref, next(self._order))
        if seen is None:
            kept.is_missing, kept.missed_at = True, self._now()
            return
        kept.missing_since = None
        kept.looked = seen.standing
        if not is_kept:
            kept.clear_runs = 0
        ticket = self._log.tickets[issue.number]
        is_closed = is_kept and kept.is_news and seen.standing is CopyStanding.DONE
        is_open = ticket.state is TicketState.OPEN and not self._is_answered(issue)
        can_be_claimed = is_open and kind_of(ticket).choice is Choice.NOTHING
        kept.due = kept.closers[-1] if is_closed and can_be_claimed else ""
        kept.is_news &= can_be_claimed

    def _is_answered(self, issue: SimIssue) -> bool:
        """Whether its ticket was reopened after it was closed: that is no new claim."""
        reopened_at = self._reopened_at.get(issue.number)
        return issue.at is not None and reopened_at is not None and issue.at < reopened_at

    # --- 13: one live copy -------------------------------------------------------------------------

    def _one_each(self) -> None:
        live: dict[int, list[SimIssue]] = defaultdict(list)
        for issue in self._tracker.every:
            if issue.is_there and issue.seen.standing not in CLOSED and not self._is_excused(issue):
                live[issue.number].append(issue)
        for number, issues in live.items():
            newest = self._kept[issues[-1].ref]
            is_found = self._now() - issues[-1].made_at > self._tracker.can.lag + LOOKED_FOR
            if len(issues) > 1 and is_found and newest.clear_runs >= SETTLED:
                keys = ", ".join(issue.seen.key for issue in issues)
                self._fail(13, f"ticket {number} has {len(issues)} live copies: {keys}")

    def _is_excused(self, issue: SimIssue) -> bool:
        """Whether it was closed before somebody opened it again, as a duplicate or by people, or that was refused."""
        kept = self._kept[issue.ref]
        return _is_duplicate(issue) or (issue.ref not in self._known and (kept.is_refused or kept.was_closed))

    # --- 14: a person's close is a claim -----------------------------------------------------------

    def _was_claimed(self, issue: SimIssue, kept: Kept) -> None:
        if kept.due and issue.number not in self._moved:
            self._fail(14, f"{kept.due} closed {issue.seen.key}, and ticket {issue.number} is still open")

    def _is_a_claim(self, after: Ticket) -> None:
        """What the mirror says of a ticket's state: that somebody closed it there, or reopened it after that."""
        if after.state in _OVER:
            self._fail(17, f"{after.label} is {after.state.value} by a tracker's word alone")
        if after.state is not TicketState.DONE:
            return
        self.claims += 1
        if after.grade is not Grade.C:
            self._fail(17, f"{after.label} has grade {after.grade} by a tracker's word alone")
        kept = [self._kept[issue.ref] for issue in self._issues(after.id)]
        if not any(after.done_by in one.closers for one in kept):
            self._fail(14, f"{after.label} is done by {after.done_by}, who closed no copy of it")
        for one in kept:
            one.closers.clear()
            one.due, one.is_news = "", False
            one.surely = CopyStanding.DONE

    # --- 15 is in `tries`. 16: both sides agree in the end -------------------------------------------

    def _agree(self, issue: SimIssue, kept: Kept) -> None:
        """Nothing was changed for so long that both sides say the same, or why they don't is said."""
        ticket, standing = self._log.tickets[issue.number], issue.seen.standing
        is_silent = issue.is_moved_by_us and issue.moved == len(issue.notes)
        is_owed = ticket.state is not TicketState.DONE and not kept.is_refused and not issue.was_elsewhere
        if is_silent and is_owed:
            self._fail(16, f"{issue.seen.key} was moved to {standing.value} without a word")
        self._has_its_file(issue, kept, ticket)
        if _is_duplicate(issue) or not issue.is_there or self._is_at_rest(issue, kept, ticket):
            return
        if not self._problem(issue.number):
            self._fail(
                16, f"{issue.seen.key} stays {standing.value}, and {ticket.label} is {ticket.state.value}"
            )

    def _has_its_file(self, issue: SimIssue, kept: Kept, ticket: Ticket) -> None:
        is_excused = kept.is_refused or kept.owed or issue.was_elsewhere or not issue.is_there
        if ticket.state is not TicketState.VERIFIED or self._is_minimal or is_excused:
            return
        if not any(what == "attach" for _, what, _ in issue.ours):
            self._fail(16, f"{issue.seen.key} has no file, and {ticket.label} is verified")

    def _is_at_rest(self, issue: SimIssue, kept: Kept, ticket: Ticket) -> bool:
        standing, is_closed = issue.seen.standing, issue.seen.standing in CLOSED
        if ticket.state is TicketState.DONE:
            return True
        if ticket.is_live:
            is_left = standing is CopyStanding.DECLINED and kept.declined >= DECLINES_MAX
            is_told = ("fight", issue.number, "") in self._told
            is_fight = is_told and kept.reopens + kept.unclear >= REOPENS_MAX
            is_noted = issue.was_elsewhere and self._is_noted(kept)
            return standing is CopyStanding.OPEN or (is_closed and (is_left or is_fight or is_noted))
        since = self._ended_at[issue.number]
        said = sum(at >= since and what not in {"assign", "attach", "word"} for at, what in kept.tried)
        return is_closed or said >= 2 or (said == 1 and self._can_only_note(issue, ticket))

    @staticmethod
    def _is_noted(kept: Kept) -> bool:
        """Whether a note was begun. It is not repeated when its answer is lost, so that it never stands there twice."""
        return any(what in {"note", "died"} for _, what in kept.tried)

    def _can_only_note(self, issue: SimIssue, ticket: Ticket) -> bool:
        goal = Goal.DONE if ticket.state is TicketState.VERIFIED else Goal.CANCELLED
        return issue.was_elsewhere or goal not in self._tracker.can.goals

    # --- 18: what is gone stays gone -----------------------------------------------------------------

    def _may_be_made(self, number: int) -> None:
        since = self._again.get(number, -1)
        known = [issue for issue in self._issues(number) if self._known.get(issue.ref, -2) > since]
        if known:
            self._fail(18, f"another copy of ticket {number} is made, and nobody asked for it")

    def _is_told_gone(self, issue: SimIssue, kept: Kept) -> None:
        is_live = self._log.tickets[issue.number].is_live and issue.number not in self._moved
        since, at = kept.missing_since, kept.missed_at
        is_sure = since is not None and at is not None and at - since >= GONE_AFTER
        if is_live and is_sure and ("gone", issue.number, "") not in self._told:
            self._fail(18, f"{issue.seen.key} of ticket {issue.number} is gone, and nobody is told")

    # --- 19: nothing secret gets there ---------------------------------------------------------------

    def _says_no_secret(self, what: str, issue: SimIssue, text: str) -> None:
        secrets = [("a signed link", _SIGNED), ("a number", _NUMBER)]
        secrets += [("a name", _NAME)] if self._is_minimal else []
        for name, pattern in secrets:
            if pattern.search(text):
                self._fail(19, f"{what} on {issue.seen.key} shows {name}: {text}")


def _shown(ticket: Ticket) -> tuple[object, ...]:
    """What a copy depends on."""
    return ticket.state, ticket.reopened, ticket.assignee and ticket.assignee.email, ticket.blocked_by


def _is_duplicate(issue: SimIssue) -> bool:
    return any(text.startswith("Duplicate of") for _, _, text in issue.ours)


def _name(by: str) -> str:
    """Who did it, as the worker has to name them."""
    return by if "@" in by else f"{DESK}:{by}" if by else DESK
