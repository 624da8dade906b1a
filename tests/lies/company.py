"""A small company whose sources lie, what is true in it, and the one property: no wrong ticket, and none missing.

It may have a second directory, which is honest and has an account of everybody.

company = furnished(Source.ASKED); lie.tell(company, rng); company.live(3); company.heal(); company.judge()
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from functools import partial

from builders import DAY, facts
from harness import Harness, once
from lies.sources import LyingDirectory, LyingInventory
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import REMOVALS
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits, HoldState
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

LETTERS = "abcdef"
HERE = tuple(f"{letter}{number}" for letter in LETTERS for number in range(8))
# Who leaves: one whose ticket was closed though they are still in, one who is out, and three while the sources lie
CLAIMED, OUT, DISABLED, DELETED, DATED = "x0", "x1", "x2", "x3", "x4"
LEAVERS = (CLAIMED, OUT, DISABLED, DELETED, DATED)
REHIRED, OLD_ACCOUNT = "f7", "old"  # who is here, and their disabled account, which alone has their number
HALF = (
    "e7"  # who is here, by the rule that all directories have to say that somebody left, though one says so
)
GROUPS = tuple(f"ward-{number}" for number in range(6))
SEATS: Mapping[str, tuple[str, ...]] = {  # the leavers' groups
    CLAIMED: ("ward-0",),
    OUT: ("ward-0",),
    DISABLED: ("ward-1", "ward-2"),
    DELETED: ("ward-2",),
    DATED: ("ward-3",),
}
WITHOUT_ADMIN = "ward-2"  # but for a leaver
OF_LEAVERS = REMOVALS | {TicketKind.REASSIGN_ADMIN}
TO_DO = frozenset({TicketState.OPEN, TicketState.BLOCKED})

BELIEVED_MAX = (
    GuardLimits().share_from - 1
)  # people in a day whom a source says in so many words to have left
READS_OF_A_FILE = 4  # over days: a file proves by several reads that somebody whom it made up is not there


class Source(StrEnum):
    """What is lied about, and how it can be asked."""

    ASKED = "a directory that can be asked about one person"
    FILE = "a directory that is a file"
    LIVE = "a messenger that is read"
    LIST = "a list that people keep"


class Reaction(StrEnum):
    """What Whosleft does about a lie."""

    HOLDS = "holds a plan"
    REFUSES = "refuses the read"
    LOOKS_UP = "looks them up"
    ASKS = "asks who it is"
    STAYS = "lets nobody leave"


class Wrong(AssertionError):
    """The worker took a lie for the truth."""


class Company:
    """A twin of the furnished company. `left` is who has left in truth.

    `accounts` is the rule for its two directories; None: it has one.
    """

    def __init__(
        self, harness: Harness, directory: Source, inventory: Source, accounts: AccountsRule | None
    ) -> None:
        self.harness = harness
        self.directory, self.inventory = directory, inventory
        self.needs_both = accounts is AccountsRule.ALL
        assert isinstance(harness.corp, LyingDirectory)
        assert isinstance(harness.wards, LyingInventory)
        self.corp, self.wards = harness.corp, harness.wards
        self.left = {CLAIMED, OUT}
        self.believed: set[str] = set()  # to have left, though they are here
        self.says_left = self.is_proof = False
        self.may_ask = False
        self._owners = {self.number(one)[1:]: one for one in HERE + LEAVERS}
        self.troubles: list[str] = []
        self.ends: list[Callable[[], None]] = []  # what else ends with the lies

    @property
    def is_believed(self) -> bool:
        """True if what the lying directory says of a few in so many words is enough for them to have left."""
        return self.says_left and not self.needs_both

    @property
    def is_file(self) -> bool:
        return self.directory is Source.FILE

    def number(self, person_id: str) -> str:
        return self.harness.number(person_id)

    # --- time -------------------------------------------------------------------------------------------

    def live(self, reads: int) -> None:
        """Let people leave while the sources lie, for so many reads of them; every second one is full."""
        _leave(self.harness, DISABLED)
        self.left.add(DISABLED)
        for number in range(reads):
            self.harness.later(hours=2)
            self.corp.touch()
            self._turn(full=number % 2 == 1)
            self.judge_tickets()
            if number == 0:
                self._depart()

    def _depart(self) -> None:
        _leave(self.harness, DELETED)
        if not self.is_file:
            self.corp.delete(DELETED)
        self.left |= {DELETED, DATED}  # the day of the other came when the first hours were over

    def heal(self) -> None:
        """Let the sources tell the truth, and everything be read twice, once of it whole; a file more often."""
        self._depart()
        gone = self._gone() - self.held()
        if self.is_believed and len(gone) <= BELIEVED_MAX:
            self.believed |= gone  # a list that is honest first shows where they are
        self.corp.be_honest()
        self.wards.mend()
        for end in self.ends:
            end()
        if self.is_file:
            self.corp.touch()  # it is written anew
        self.says_left = False
        self.is_proof = (
            True  # what was proven falsely is an old record, if there is a live ticket: `judge` wants that
        )
        for number in range(READS_OF_A_FILE if self.is_file else 2):
            self.harness.later(hours=24 if self.is_file else 2)
            self._turn(full=number % 2 == 1)
        if self._release():
            self.harness.later(hours=2)
            self._turn(full=True)

    def leave_out(self, prefix: str) -> None:
        """Have the configuration leave out the groups whose ids begin like this."""
        rules = self.harness.app.rules
        takes = {self.wards.name: lambda group_id, _name: not group_id.startswith(prefix)}
        self.harness.start(replace(rules, takes=takes))

    def _release(self) -> bool:
        """Do what a person does who knows the truth: release plans of whom nobody is here."""
        are_here = {*HERE, *LEAVERS} - self.left
        held = [one for one in self.harness.plans() if one.is_shrunken and one.state is HoldState.HELD]
        known = {
            one.id: {who.person.person_id for part in one.cohorts for who in part.people} for one in held
        }
        released = [one for one in held if not known[one.id] & are_here]
        for plan in released:
            self.harness.decide(*(part.id for part in plan.cohorts), plan=plan.id)
        return bool(released)

    def _turn(self, *, full: bool) -> None:
        harness = self.harness
        reports = [
            harness.poll(full=full),
            harness.inventory(),
            harness.reconcile(full=full),
            harness.verify(),
        ]
        reports.append(harness.reconcile())
        self.troubles += [trouble for report in reports for trouble in report.troubles]

    # --- the property -----------------------------------------------------------------------------------

    def judge_tickets(self) -> None:
        """Raise Wrong for a ticket or a standing that only a lie can explain.

        A few of whom a source says in so many words that they left are believed, as true leavers are: only many at
        once are a lie that a program can see. So are those whom another lie leaves of them.
        """
        gone = self._gone()
        for ticket in self.harness.tickets(*OF_LEAVERS):
            about, group = self.owner(ticket), ticket.home.group_id
            if not (ticket.handle or ticket.person):
                continue  # it is about a group that lists no admin
            if self.is_believed and about in gone:
                self.believed.add(about)
            if about not in self.left | self.believed or len(self.believed) > BELIEVED_MAX:
                raise Wrong(f"{ticket.label} {ticket.kind} {group}: {about or ticket.handle} is here")
            is_in = self.wards.has_member(group, ticket.handle)
            if ticket.state is TicketState.VERIFIED and is_in and not self.is_proof:
                raise Wrong(f"{ticket.label} is verified, and {about} is still in the group")
        if gone and not self.says_left:
            raise Wrong(f"taken for leavers: {sorted(gone)}")

    def _gone(self) -> set[str]:
        """Those who are here, and count as leavers."""
        are_here = {*HERE} - {HALF} if self.needs_both else {*HERE}
        return are_here & {*self.harness.leavers()}

    def owner(self, ticket: Ticket) -> str:
        """Whom a ticket is about in truth: who has the handle (a hidden identity ends with their number)."""
        digits = ticket.handle.partition("@")[0]
        if not digits:
            return ticket.person.person_id if ticket.person else ""
        return next((one for number, one in self._owners.items() if digits.endswith(number)), "")

    def judge(self) -> None:
        """Raise Wrong unless each leaver in a group has exactly one live ticket (or is held), and nobody else any.

        If `may_ask`, a question about who it is stands for the ticket, and a leaver's ticket may wait for its answer,
        in every group that this handle is in.
        """
        self.judge_tickets()
        live = [ticket for ticket in self.harness.tickets(*REMOVALS) if ticket.state in TO_DO]
        found = Counter((ticket.home.group_id, ticket.handle) for ticket in live)
        wanted = {
            (group, self.number(person)): person
            for person in sorted(self.left)
            for group in SEATS[person]
            if self.wards.has_member(group, self.number(person))
        }
        asked = {handle for _group, handle in self.asked()} if self.may_ask else set()
        held = self.held()
        missing = {
            seat: person
            for seat, person in wanted.items()
            if not (found[seat] or person in held or seat[1] in asked)
        }
        if missing:
            raise Wrong(f"no ticket: {missing}")
        orphans = [one for one in self.harness.tickets(TicketKind.REASSIGN_ADMIN) if one.state in TO_DO]
        if odd := {one.home.group_id for one in orphans} - {WITHOUT_ADMIN}:
            raise Wrong(f"asked for an admin, and they have some: {sorted(odd)}")
        doubtful = {group for group, _handle in self.asked()} if self.may_ask else set()
        doubtful |= {group for group in GROUPS for handle in asked if self.wards.has_member(group, handle)}
        extra = {
            seat: count
            for seat, count in found.items()
            if count > 1 or (seat not in wanted and seat[0] not in doubtful)
        }
        if extra:
            raise Wrong(f"tickets too many: {extra}")

    def asked(self) -> set[tuple[str, str]]:
        """The groups and handles of which people are asked whose they are."""
        tickets = self.harness.tickets(TicketKind.IDENTIFY_MEMBER)
        return {(one.home.group_id, one.handle) for one in tickets if one.state in TO_DO}

    def held(self) -> set[str]:
        """The people in plans that wait."""
        cohorts = [cohort for plan in self.harness.plans() for cohort in plan.cohorts]
        waiting = [cohort for cohort in cohorts if cohort.state is HoldState.HELD]
        return {departure.person.person_id for cohort in waiting for departure in cohort.people}

    def reaction(self) -> Reaction:
        """What the worker did so far, the loudest first."""
        if self.harness.plans():
            return Reaction.HOLDS
        if self.troubles:
            return Reaction.REFUSES
        if self.corp.look_ups:
            return Reaction.LOOKS_UP
        return Reaction.ASKS if self.harness.tickets(TicketKind.IDENTIFY_MEMBER) else Reaction.STAYS


def _furnish(directory: Source, inventory: Source, accounts: AccountsRule | None) -> Harness:
    is_file = directory is Source.FILE
    harness = Harness(
        directories=["corp"] if accounts is None else ["corp", "cloud"],
        accounts=accounts or AccountsRule.EITHER,
        directory_type=LyingDirectory,
        inventory_type=LyingInventory,
        are_lists=inventory is Source.LIST,
        can_look_up=not is_file,
        has_delta=not is_file,
    )
    for place, one in enumerate(HERE + LEAVERS):
        leave_at = harness.now + 4 * DAY + timedelta(hours=3) if one == DATED else None
        unit, number = f"OU=Ward {place % 3}", f"E{place:03d}"
        known = facts(
            one, department=unit, org_unit=unit, employee_id=number, username=one, leave_at=leave_at,
            phones=(harness.number(one),),
        )  # fmt: skip
        for account_in in harness.directories:
            account_in.put(known)
        if one == REHIRED:
            harness.corp.put(replace(known, person_id=OLD_ACCOUNT, username=OLD_ACCOUNT))
            harness.corp.change(one, phones=())
    for at, (group, letter) in enumerate(zip(GROUPS, LETTERS, strict=True)):
        people = [one for one in HERE if one.startswith(letter)]
        leaving = [one for one, groups in SEATS.items() if group in groups]
        admins = [DISABLED] if group == WITHOUT_ADMIN else people[:2]
        members = [one for one in people + leaving if one not in admins]
        harness.group(group, *members, HERE[(8 * at + 12) % 48], admins=admins)
    harness.settle()
    harness.later(days=1)
    _leave(harness, CLAIMED, OUT)
    harness.leave(*[OLD_ACCOUNT, HALF] if accounts is AccountsRule.ALL else [OLD_ACCOUNT])
    harness.settle()
    harness.drop("ward-0", OUT)
    _claim(harness)
    harness.later(hours=1)
    harness.settle()  # one of the two is proven to be out, and the other is not
    _claim(harness)
    harness.later(days=2, hours=23)
    return harness


def _leave(harness: Harness, *person_ids: str) -> None:
    """Disable these people in every directory."""
    for directory in harness.directories:
        for one in person_ids:
            directory.disable(one)


def _claim(harness: Harness) -> None:
    for ticket in harness.tickets(*REMOVALS):
        if ticket.state in TO_DO:
            harness.desk.done(ticket.id, Actor("sam"), harness.now)


_FURNISH: dict[tuple[Source, Source, AccountsRule | None], Callable[[], Harness]] = {
    (directory, inventory, accounts): once(partial(_furnish, directory, inventory, accounts))
    for directory in (Source.ASKED, Source.FILE)
    for inventory in (Source.LIVE, Source.LIST)
    for accounts in (None, *AccountsRule)
}


def furnished(
    directory: Source = Source.ASKED,
    inventory: Source = Source.LIVE,
    accounts: AccountsRule | None = None,
) -> Company:
    """A company of its own, with its directory and inventory of these sources; with `accounts`, another directory."""
    harness = _FURNISH[directory, inventory, accounts]()
    return Company(harness, directory, inventory, accounts)
