"""The invariants of the design, each a check over the log of effects and the truth at each instant.

`Invariants` listens to the log and is asked after each job that ran to its end. What it calls told or
believed comes from the sources' own record (`sim.sources`), never from the worker's database. Here are 1, 2, 3, 8
and 9; the others are in the files named `*_checks` and in `sim.deadlines`, and are put together here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta

from sim.claim_checks import ClaimChecks
from sim.company import Human
from sim.control_checks import ControlChecks
from sim.controls import is_of_review
from sim.deadlines import Deadlines
from sim.effects import Confirmed, Effect, Saved, Stepped
from sim.guard_checks import GuardChecks
from sim.machine_checks import MachineChecks
from sim.message_checks import MessageChecks
from sim.seeing import Seeing
from sim.sources import SimDirectory
from sim.told import Told
from sim.tracker import SimTracker
from sim.tracker_checks import TrackerChecks
from worker.domain.evidence.explained import differences
from worker.domain.evidence.journal import Entry
from worker.domain.kinds import REMOVALS
from worker.domain.mirror.copy import Content
from worker.domain.model import Evidence, GroupKey, Member
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

POLL = timedelta(hours=6)


class Broken(AssertionError):
    """An invariant does not hold; `number` is its place in the design's list."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(f"invariant {number}: {what}")
        self.number = number


class Invariants:
    """All that are held. `broken` collects what was found, in order."""

    def __init__(
        self, world: Seeing, deadlines: Deadlines, now: Callable[[], datetime], only: frozenset[int]
    ) -> None:
        self.world = world
        self.now = now
        self.broken: list[Broken] = []
        self._only = only
        self._deadlines = deadlines
        self._wanted_since: dict[tuple[GroupKey, str], datetime] = {}
        self._linked: set[tuple[str, str]] = set()
        self._polled_at = now()
        self._confirmed: set[tuple[str, str]] = set()
        self._questions: Counter[tuple[str, str]] = Counter()
        self._told = Told(world, now)
        self._guard = GuardChecks(world, self._told, now, self._fail)
        self._claims = ClaimChecks(world, self._told, self._job_at_work, now, self._fail)
        self._controls = ControlChecks(world.log, lambda: world.inventories, self._fail)
        self.machine = MachineChecks(world, self._controls, self._guard.is_any_held, now, self._fail)
        self.messages = MessageChecks(world.log, self._fail)
        world.log.listeners += [self.hear, self._guard.hear, self.messages.hear, self._controls.hear]
        self.jobs_at_work: list[str] = []  # the last one does something, the others have a pause
        self._copies = self._of_copies(world.tracker) if world.tracker else None

    def _of_copies(self, tracker: SimTracker) -> TrackerChecks:
        world = self.world
        is_minimal = world.settings.trackers[0].content is Content.MINIMAL
        job = self._job_at_work
        return TrackerChecks(
            world.log, tracker, self.now, self._fail, job, world.problem_of, is_minimal=is_minimal
        )

    @property
    def copies(self) -> TrackerChecks:
        """The checks of a world that has a tracker."""
        assert self._copies is not None
        return self._copies

    @contextmanager
    def at_work(self, job: str) -> Iterator[None]:
        """While a job runs; a second one may do so while the first one has a pause."""
        self.jobs_at_work.append(job)
        try:
            with self._copies.run() if self._copies and job == "mirror" else nullcontext():
                yield
        finally:
            self.jobs_at_work.pop()

    def _job_at_work(self) -> str:
        return self.jobs_at_work[-1] if self.jobs_at_work else ""

    def _fail(self, number: int, what: str) -> None:
        if number in self._only:
            self.broken.append(Broken(number, f"{self.now():%d %b %H:%M}: {what}"))

    # --- at each effect --------------------------------------------------------------------------

    def hear(self, effect: Effect) -> None:
        if isinstance(effect, Saved):
            self._ticket(effect)
        elif isinstance(effect, Stepped):
            for what in self._deadlines.step(effect, self.world.log):
                self._fail(7, what)
        elif isinstance(effect, Confirmed):
            self._confirmed.add(effect.handle)

    def _ticket(self, saved: Saved) -> None:
        if not saved.is_move:
            return
        before, after = saved.before, saved.after
        self._has_entry(saved)
        self._deadlines.moved(saved)
        was_live = before is not None and before.is_live
        if after.kind in REMOVALS and after.is_live and not was_live:
            if not is_of_review(after):  # of which a person said it
                self._subject_has_left(after)
                self._guard.passed(after)
                self._is_sure(after)
            self._is_only_one(after)
        if after.kind in REMOVALS and after.state is TicketState.OPEN:
            self._leaves_an_admin(after)
        if before is not None:
            self._claims.moved(before, after)
        if before is None and after.kind is TicketKind.IDENTIFY_MEMBER:
            self._asked_once(after)
            self._asked_with_reason(after)

    # --- 1: nobody is removed because a directory could not be read ----------------------------------

    def _subject_has_left(self, ticket: Ticket) -> None:
        if ticket.person is None:
            self._fail(1, f"{ticket.label} removes nobody known")
            return
        human = self.world.company.by_account[ticket.person]
        if ticket.evidence is Evidence.MOVED:
            return
        if not self._told.may_have_left(ticket.person):
            self._fail(1, f"{ticket.label} removes {human.name}, who is here ({ticket.evidence})")
        others = [key for key in human.accounts if key != ticket.person]
        for key in others:
            is_word_enough = self.world.rule is AccountsRule.EITHER and key.source != ticket.person.source
            if not is_word_enough and self._told.is_surely_here(key):
                self._fail(1, f"{ticket.label} removes {human.name}, who is here as {key.person_id}")

    # --- 2: every leaver who is still in a group has exactly one live removal ticket -----------------

    def _is_only_one(self, ticket: Ticket) -> None:
        live = self.world.log.live_removals[ticket.home, ticket.handle]
        if len(live) > 1:
            self._fail(2, f"{ticket.handle} in {ticket.group_name} has {len(live)} live removal tickets")

    def _all_leavers_have_a_ticket(self) -> None:
        wanted = set(self._leavers_in_groups())
        now = self.now()
        self._wanted_since = {key: self._wanted_since.get(key, now) for key in wanted}
        waived = {
            (t.home, t.handle) for t in self.world.log.tickets.values() if t.state is TicketState.WAIVED
        }
        for key, since in self._wanted_since.items():
            count = len(self.world.log.live_removals[key])
            if now - since >= 2 * POLL and count != 1 and key not in waived:
                self._fail(
                    2,
                    f"{key[1]} in {key[0].group_id} has {count} live removal tickets since {since:%d %b %H:%M}",
                )

    def _leavers_in_groups(self) -> list[tuple[GroupKey, str]]:
        found = []
        for inventory in self.world.inventories.values():
            for group, roster in inventory.believed.items():
                for member in roster.members:
                    human = self._surely_behind(group.source, member)
                    if human is not None and self._is_known_leaver(human):
                        found.append((group, member.handle))
        return found

    def _surely_behind(self, source: str, member: Member) -> Human | None:
        """Who a member is, when the directory's number says so, or did when the member was first seen."""
        (human, *others) = self.world.company.behind(source, member.handle)
        if others or human.is_doubtful or not human.accounts:
            return None
        if (source, member.handle) in self._linked or (source, member.handle) in self._confirmed:
            return human
        told = [key for key in human.accounts if self._told.is_told(key)]
        has_number = any(
            member.phone in self.world.directories[key.source].believed.facts[key.person_id].phones
            for key in told
        )
        # who first turns up after they left may be somebody else, with a recycled number
        if has_number and not all(self._told.is_told_left(key) for key in told):
            self._linked.add((source, member.handle))
        return None

    def _is_known_leaver(self, human: Human) -> bool:
        told = [key for key in human.accounts if self._told.is_told(key)]
        if not told or self._guard.stops(human.accounts):
            return False
        # a date that came since the last poll counts from the next one on
        return all(self._told.is_told_left(key, self._polled_at) for key in told)

    # --- 3: a group never loses its last admin by our doing ----------------------------------------

    def _leaves_an_admin(self, ticket: Ticket) -> None:
        roster = self._told.roster(ticket.home)
        roles = {member.handle: member.role for member in roster.members}
        if not roles.get(ticket.handle) or not roles[ticket.handle].is_admin:
            return
        others = [m for m in roster.members if m.role.is_admin and m.handle != ticket.handle]
        if not any(self._may_be_active(ticket.home.source, member) for member in others):
            self._fail(3, f"{ticket.label} can be done, but no inventory shows another active admin")

    def _may_be_active(self, source: str, member: Member) -> bool:
        humans = self.world.company.behind(source, member.handle)
        if any(human.is_doubtful for human in humans):
            return True  # a recycled number's new owner may be taken for the old one, who is gone
        keys = [key for human in humans for key in human.accounts if self._told.is_told(key)]
        return any(not self._told.is_told_left(key, self._polled_at) for key in keys)

    # --- 8: we never act on a guess about identity -------------------------------------------------

    def _is_sure(self, ticket: Ticket) -> None:
        humans = self.world.company.behind(ticket.home.source, ticket.handle)
        phones = {m.phone for m in self._told.roster(ticket.home).members if m.handle == ticket.handle}
        holders = self._told_holders(phones)
        is_confirmed = (ticket.home.source, ticket.handle) in self._confirmed
        if len(holders) > 1 and not is_confirmed:
            names = sorted(holders)
            self._fail(8, f"{ticket.label}: {ticket.handle} is the number of {names} and nobody said whose")
        subject = self.world.company.by_account[ticket.person].number if ticket.person else None
        before = self.world.company.handed_on.get(ticket.handle)
        is_anybody_here = any(self._told.is_surely_here(key) for key in self._told.accounts_with(phones))
        if before is not None and before.number == subject and not is_anybody_here:
            return  # whose number it is now was not told yet, or they have left as well
        if not any(h.is_doubtful for h in humans) and subject not in {h.number for h in humans}:
            self._fail(8, f"{ticket.label} removes {ticket.handle}, who is somebody else than {subject}")

    def _told_holders(self, phones: set[str | None]) -> set[int]:
        return {self.world.company.by_account[key].number for key in self._told.accounts_with(phones)}

    def _asked_once(self, ticket: Ticket) -> None:
        key = (ticket.home.source, ticket.handle)
        self._questions[key] += 1
        if self._questions[key] > 1:
            self._fail(8, f"{ticket.label} asks about {ticket.handle} again")

    def _asked_with_reason(self, ticket: Ticket) -> None:
        """Nobody is asked about a number that just one person has, who is here as far as the directory says.

        A deleted account keeps the number that it had, so whoever has that now may be taken for its owner.
        """
        phones = {m.phone for m in self._told.roster(ticket.home).members if m.handle == ticket.handle}
        had_it = [human for phone in phones if phone for human in self.world.company.by_phone.get(phone, ())]
        if any(self._told.is_told_deleted(key) for human in had_it for key in human.accounts):
            return
        accounts = self._told.accounts_with(phones)
        humans = {self.world.company.by_account[key].number for key in accounts}
        if len(humans) == 1 and any(
            self._told.is_surely_here(key) and not self._told.is_told_left(key) for key in accounts
        ):
            self._fail(8, f"{ticket.label} asks about {ticket.handle}, whom the directory names")

    # --- 9: every act has an actor, a time and an entry -------------------------------------------

    def _has_entry(self, saved: Saved) -> None:
        subject = f"ticket:{saved.after.label}"
        mine = [entry for entry in saved.entries if entry.subject == subject and entry.actor]
        if not any(entry.data.get("state") == saved.after.state.value for entry in mine):
            self._fail(9, f"{saved.after.label} became {saved.after.state.value} and the journal is silent")
        if not any("state" in one.data and self._explains(one, saved.after) for one in mine):
            self._fail(9, f"{saved.after.label} was changed and the journal says something else")
        if any(entry.at != saved.at for entry in mine):
            self._fail(9, f"an entry about {saved.after.label} has another time than the act")

    @staticmethod
    def _explains(entry: Entry, ticket: Ticket) -> bool:
        """What a ticket waits for may be known only when the one that it waits for is stored."""
        return not differences(ticket, entry).keys() - {"blocked_by"}

    def leavers_are_marked(self, unmarked: Sequence[Sequence[str]]) -> None:
        """Otherwise the desk says that nobody who left is in a group."""
        if unmarked:
            self._fail(2, f"nobody finds that somebody who left is in {unmarked[0]}")

    def journal_is_whole(self, first_broken: int | None) -> None:
        if first_broken is not None:
            self._fail(9, f"the journal's chain is broken at {first_broken}")

    def source_has_an_age(self, directory: SimDirectory, taken_at: datetime | None) -> None:
        """`taken_at`: what the worker shows as the age of what the directory says."""
        told = directory.believed.taken_at
        if told is not None and (taken_at is None or taken_at < told):
            self._fail(9, f"{directory.name} spoke of {told}, and {taken_at} is shown")

    # --- after a job ---------------------------------------------------------------------------------

    def after(self, job: str) -> None:
        """To be called when a job ran to its end."""
        if job == "poll":
            self._polled_at = self.now()
        self._guard.forget_returned()
        if job == "reconcile":
            self._all_leavers_have_a_ticket()
        elif job == "verify":
            self._claims.false_ones_are_reopened()
        elif job == "escalate":
            for what in self._deadlines.missed(self.world.log, self.now()):
                self._fail(7, what)
        for what in self.world.last_admins_removed:
            self._fail(3, f"the last admin was removed by {what}")
        self.world.last_admins_removed.clear()
