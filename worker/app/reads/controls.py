"""What controls say of all governed groups: page by page for the job, and all at once for a report.

groups of a page -> as the configuration sees them -> each control's word -> counts
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from worker.app.reads.advisories import AdvisoryRules, advisory_results, provider_results
from worker.app.reads.asked import AskedRules
from worker.app.reads.census import only_named
from worker.app.reads.leavings import reviews_wanted
from worker.app.tell.addressing import still_here
from worker.app.tell.health import Freshness
from worker.domain.controls import CATALOGUE, GROUP_CONTROLS
from worker.domain.controls.control import CheckValue, ControlResult, Unknown
from worker.domain.controls.examining import Examined, examine
from worker.domain.controls.group import hand_over
from worker.domain.controls.others import (
    ACCOUNTABLE,
    ADVISORIES,
    CONVERSATIONS,
    JOINER,
    LEAVER,
    MESSENGER_CONTROLS,
    PROVIDER,
    REPORTS,
    SOURCES,
    STATEMENT_CONTROLS,
)
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.state import CENSUS_SOURCE, GroupState
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ANYWHERE, Mode
from worker.domain.escalation.wall_clock import local_day
from worker.domain.groups.capabilities import Capabilities
from worker.domain.model import GroupKey
from worker.domain.text.globs import fits
from worker.ports.state.controls import (
    NO_TICKETS,
    ControlCounts,
    ControlDay,
    ControlReport,
    TicketCounts,
)
from worker.ports.state.group_states import Lists, NameInUse
from worker.ports.state.store import Store, UnitOfWork

PAGE = 400
_ANY_TIME = datetime.min.replace(tzinfo=UTC)
SHOWN_FOR = timedelta(days=42)

_ALWAYS = frozenset({LEAVER.id, JOINER.id})  # with tickets, whatever the rules

Looked: TypeAlias = "tuple[GroupState, tuple[Examined, ...]]"
Page: TypeAlias = "list[Looked]"


@dataclass(frozen=True, slots=True)
class ControlRules:
    """What controls go by. `fresh` is of the inventories; `sensitive`: ids, names or globs of groups; zone is IANA.

    `accountable`: the e-mail address of the accountable person. `inventories`: what each can see and do. `advisories`:
    what is watched.
    """

    policy: ControlPolicy
    fresh: Freshness
    sensitive: tuple[str, ...]
    lists: Lists
    timezone: str
    accountable: str = ""
    inventories: Mapping[str, Capabilities] = field(default_factory=dict)
    advisories: AdvisoryRules = field(default_factory=AdvisoryRules)

    def seen(self, group: GroupState, now: datetime) -> GroupState:
        """A group as the configuration sees it: whether it is sensitive, its roster fresh, or declared by people.

        Its days are the organisation's.
        """
        is_fresh = self.fresh.is_fresh(group.key.source, group.taken_at, now)
        can = self.inventories.get(group.key.source)
        return replace(
            group,
            is_fresh=is_fresh,
            is_sensitive=self.is_sensitive(group),
            is_declared=can is not None and can.is_declared,
            timezone=self.timezone,
        )

    @property
    def asked(self) -> AskedRules:
        return AskedRules(self.policy, self.timezone, self.accountable, self.advisories)

    def is_sensitive(self, group: GroupState) -> bool:
        """Whether a group is sensitive: by the configuration, by the register, or by what it is for."""
        said = group.row.facts.sensitive if group.row else None
        by_class = next((one.is_sensitive for one in self.policy.classes if one.has(group)), False)
        named = fits(group.key.group_id, self.sensitive) or fits(group.name, self.sensitive)
        return named or bool(said) or by_class


@dataclass(slots=True)
class ControlTally:
    """Counts what controls say."""

    values: dict[str, Counter[CheckValue]] = field(default_factory=lambda: defaultdict(Counter))
    grades: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unknown: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    oldest: dict[str, datetime] = field(default_factory=dict)

    def add(self, examined: Iterable[Examined]) -> None:
        for one in examined:
            self.add_result(one.control.id, one.result)

    def add_result(self, control: str, result: ControlResult) -> None:
        self.values[control][result.value] += 1
        if result.unknown is not None:
            self.unknown[control][result.unknown.name.lower()] += 1
        if result.value is CheckValue.PASS and result.grade is not None:
            self.grades[control][result.grade.value] += 1
        if result.at is not None and result.value is CheckValue.PASS:
            self.oldest[control] = min(result.at, self.oldest.get(control, result.at))

    def counts(self, at: datetime) -> dict[str, ControlCounts]:
        """The counts of each control that had a subject."""
        return {control: self._counts(control, at) for control in self.values}

    def _counts(self, control: str, at: datetime) -> ControlCounts:
        values = self.values[control]
        return ControlCounts(
            at,
            values.total(),
            values[CheckValue.PASS],
            values[CheckValue.FAIL],
            values[CheckValue.UNKNOWN],
            values[CheckValue.WAIVED],
            0,
            self.grades[control],
            self.oldest.get(control),
            self.unknown[control],
        )


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run of the job said, in the catalogue's order. `at`: None if none ran within `SHOWN_FOR`.

    `days`: the counts of each control by day within that time, the oldest first.
    """

    at: datetime | None
    reports: Sequence[ControlReport]
    days: Mapping[str, Sequence[ControlDay]]


class ControlReads:
    """Looks at groups with the eyes of controls. Writes nothing."""

    def __init__(self, store: Store, rules: ControlRules) -> None:
        self._store = store
        self._rules = rules

    @property
    def rules(self) -> ControlRules:
        return self._rules

    def page(
        self, uow: UnitOfWork, after: GroupKey | None, in_use: frozenset[NameInUse], now: datetime
    ) -> Page:
        """The next groups by key, with what each control says of them."""
        groups = uow.group_states.groups(after, PAGE, self._rules.lists, in_use)
        return [self._examined(group, now) for group in groups]

    def names_in_use(self, uow: UnitOfWork) -> frozenset[NameInUse]:
        """The names that several groups have; none where no rule asks about names, since every group is read for it."""
        is_asked = any(rule.name for rule in self._rules.policy.profile)
        return uow.group_states.names_in_use(self._rules.lists) if is_asked else frozenset()

    def of(
        self,
        uow: UnitOfWork,
        keys: Iterable[GroupKey],
        now: datetime,
        in_use: frozenset[NameInUse] | None = None,
    ) -> dict[GroupKey, Looked]:
        """These groups, with what each control says of them; unknown groups are left out.

        `in_use`: as `names_in_use` gave them; None: they are read if a rule asks for the name of one of these groups.
        """
        wanted = set(keys)
        known = [key for key in wanted if key.source != CENSUS_SOURCE]
        found = uow.group_states.states(known, self._rules.lists, in_use or frozenset())
        if in_use is None and any(self._is_asked_for_name(group, now) for group in found.values()):
            in_use = uow.group_states.names_in_use(self._rules.lists)
            found = uow.group_states.states(known, self._rules.lists, in_use)
        if len(known) < len(wanted):
            found |= {one.key: one for one in only_named(uow, self._rules.lists) if one.key in wanted}
        return {key: self._examined(group, now) for key, group in found.items()}

    def _is_asked_for_name(self, group: GroupState, now: datetime) -> bool:
        seen = self._rules.seen(group, now)
        rule = next((one for one in self._rules.policy.profile if one.governs(seen)), None)
        return rule is not None and rule.name is not None

    def named(self, uow: UnitOfWork, now: datetime) -> Page:
        """The groups that are only known from the census and that somebody decided to ask for."""
        return [self._examined(group, now) for group in only_named(uow, self._rules.lists)]

    def _examined(self, group: GroupState, now: datetime) -> Looked:
        seen = self._rules.seen(group, now)
        return seen, examine(seen, self._rules.policy, now)

    def report(self, now: datetime) -> list[ControlReport]:
        """Every control as it stands now, over all groups, in the catalogue's order."""
        tally = ControlTally()
        with self._store.reading() as uow:
            for page in self._pages(uow, now):
                for _, examined in page:
                    tally.add(examined)
            counts = tally.counts(now) | self.beside(uow, now)
            tickets = uow.controls.ticket_counts(now)
        return self.reports(counts, tickets, now)

    def last_run(self, uow: UnitOfWork, now: datetime) -> LastRun:
        """What the job's last run said, and the days before it. Reads counts only, so it is quick."""
        days = uow.controls.days(f"{local_day(self._rules.timezone, now) - SHOWN_FOR:%Y-%m-%d}")
        at = max((those[-1].counts.at for those in days.values()), default=None)
        last = {control: those[-1] for control, those in days.items() if those[-1].counts.at == at}
        counts = {control: one.counts for control, one in last.items()}
        tickets = {control: one.tickets for control, one in last.items()}
        return LastRun(at, self.reports(counts, tickets, at or now), days)

    def beside(self, uow: UnitOfWork, now: datetime) -> dict[str, ControlCounts]:
        """The counts of controls that are not of groups."""
        breaking = [one for one in self._rules.inventories.values() if one.breaks_terms]
        count, failed = len(self._rules.inventories), len(breaking)
        sources = ControlCounts(now, count, passed=count - failed, failed=failed)
        accountable = self._accountable(uow, now)
        said = self._said(uow, now) | self._of_messengers(uow, now)
        reports = {REPORTS.id: self._reported(uow, now)}
        beside = {SOURCES.id: sources, ACCOUNTABLE.id: accountable}
        return said | self._by_tickets(uow, now) | beside | reports | self._blind(uow, now)

    def _by_tickets(self, uow: UnitOfWork, now: datetime) -> dict[str, ControlCounts]:
        """The counts of controls that tickets tell of, with the leavers nobody is asked to remove (as while a plan is
        held), and the reviews of conversations still to be asked for.
        """
        # Those of groups are counted group by group, or are off: a leaver's group needs a new admin all the same
        every = uow.controls.by_tickets(now)
        found = {one: counts for one, counts in every.items() if one not in GROUP_CONTROLS}
        unasked, left = uow.overview.unasked(), found[LEAVER.id]
        found[LEAVER.id] = replace(left, subjects=left.subjects + unasked, failed=left.failed + unasked)
        for rule in self._rules.policy.conversations:
            known, wanted = found[CONVERSATIONS.id], sum(1 for _ in reviews_wanted(uow, rule, now))
            subjects, failed = known.subjects + wanted, known.failed + wanted
            found[CONVERSATIONS.id] = replace(known, subjects=subjects, failed=failed)
        return found

    def _blind(self, uow: UnitOfWork, now: datetime) -> dict[str, ControlCounts]:
        """The counts of controls that need last days which no directory shows: they can't tell."""
        asked = [one for one in (hand_over.CONTROL.id, CONVERSATIONS.id) if self.mode_by_rules(one)]
        if not asked or uow.leavings.shows_last_days():
            return {}
        why = {Unknown.NO_LAST_DAY.name.lower(): 1}
        return {one: ControlCounts(now, 1, unknown=1, unknown_why=why) for one in asked}

    def _said(self, uow: UnitOfWork, now: datetime) -> dict[str, ControlCounts]:
        """The counts of controls that ask people: over all of a control's statements."""
        found: dict[str, ControlCounts] = {}
        for rule in self._rules.policy.statements:
            everywhere = rule.switch.where == ANYWHERE
            one = uow.attestations.counts(rule, now, is_everywhere=everywhere)
            known = found.get(rule.control, ControlCounts(now))
            found[rule.control] = ControlCounts(
                now,
                known.subjects + one.subjects + one.unknown,
                known.passed + one.passed,
                known.failed + one.subjects - one.passed - one.waived,
                known.unknown + one.unknown,
                known.waived + one.waived,
                known.declined + one.declined,
                Counter(known.grades) + Counter(one.grades),
                unknown_why={_not_told(rule): known.unknown + one.unknown},
            )
        return found

    def _of_messengers(self, uow: UnitOfWork, now: datetime) -> dict[str, ControlCounts]:
        tally, rules = ControlTally(), self._rules
        for result in advisory_results(uow, rules.advisories, now):
            tally.add_result(ADVISORIES.id, result)
        said = provider_results(uow, rules.policy, rules.accountable, rules.timezone, now)
        for result in said.values():
            tally.add_result(PROVIDER.id, result)
        return tally.counts(now)

    def _reported(self, uow: UnitOfWork, now: datetime) -> ControlCounts:
        """The counts of reports of bad messages: those with an outcome pass."""
        one = uow.bad_messages.counts()
        return ControlCounts(
            now,
            one.settled + one.waiting + one.waived,
            passed=one.settled,
            failed=one.waiting,
            waived=one.waived,
            grades=one.grades,
            oldest_evidence_at=one.oldest_at,
        )

    def _accountable(self, uow: UnitOfWork, now: datetime) -> ControlCounts:
        """Whether the accountable person is named and has not left; unknown if no directory has the address."""
        address = self._rules.accountable
        if not address:
            return ControlCounts(now, 1, failed=1)
        known = [
            one
            for one in uow.people.find(address)
            if (one.facts.email or "").casefold() == address.casefold()
        ]
        if not known:
            return ControlCounts(now, 1, unknown=1, unknown_why={"not_in_directory": 1})
        is_here = bool(still_here(uow, known))
        return ControlCounts(now, 1, passed=int(is_here), failed=int(not is_here))

    def accountable_left(self) -> str:
        """Return a sentence if the accountable person is known to have left; empty if not."""
        with self._store.reading() as uow:
            has_left = self._accountable(uow, _ANY_TIME).failed and bool(self._rules.accountable)
        if not has_left:
            return ""
        return (
            f"tickets.accountable is {self._rules.accountable}, who has left: nobody answers for the admins. "
            "Name somebody who is here."
        )

    def reports(
        self, counts: Mapping[str, ControlCounts], tickets: Mapping[str, TicketCounts], now: datetime
    ) -> list[ControlReport]:
        """The controls with these counts, in the catalogue's order."""
        return [
            ControlReport(
                control,
                self.mode_of(control),
                counts.get(control, ControlCounts(now)),
                tickets.get(control, NO_TICKETS),
            )
            for control in CATALOGUE
        ]

    def mode_of(self, control: str) -> Mode | None:
        """The mode of a control: `ticket` if any of its rules has that; None if it is off."""
        return self.mode_by_rules(control) or (Mode.TICKET if control in _ALWAYS else None)

    def mode_by_rules(self, control: str) -> Mode | None:
        """As `mode_of`, by the configuration alone: some controls have tickets without it."""
        if control in _ALWAYS:
            return None
        if control in MESSENGER_CONTROLS:
            return self._mode_of_messengers(control)
        asked = {rule.switch.mode for rule in self._rules.policy.statements if rule.control == control}
        if control in STATEMENT_CONTROLS:
            return Mode.TICKET if Mode.TICKET in asked else next(iter(asked), None)
        if control == REPORTS.id:
            return Mode.TICKET if self._rules.policy.reports else None
        if control == CONVERSATIONS.id:
            return next((one.switch.mode for one in self._rules.policy.conversations), None)
        if control not in GROUP_CONTROLS:
            return Mode.REPORT
        rules = GROUP_CONTROLS[control].rules(self._rules.policy)
        modes = {rule.switch.mode for rule in rules if rule.asks(control)}
        return Mode.TICKET if Mode.TICKET in modes else next(iter(modes), None)

    def _mode_of_messengers(self, control: str) -> Mode | None:
        """The mode of a control of messengers; None without a section."""
        policy = self._rules.policy
        if control == ADVISORIES.id:
            return next((one.switch.mode for one in policy.advisories), None)
        if policy.providers is None:
            return None
        modes = {policy.mode, *(one.switch.mode for one in policy.providers)}
        return Mode.TICKET if Mode.TICKET in modes else Mode.REPORT

    def _pages(self, uow: UnitOfWork, now: datetime) -> Iterator[Page]:
        in_use = self.names_in_use(uow)
        after = None
        while page := self.page(uow, after, in_use, now):
            yield page
            after = page[-1][0].key
        yield self.named(uow, now)


def _not_told(rule: StatementRule) -> str:
    """Why it can't be told of somebody whether they have to be asked."""
    is_consent = rule.statement is Statement.CONSENT
    return (Unknown.NO_ATTRIBUTES if is_consent else Unknown.NOT_IDENTIFIED).name.lower()
