"""Episodes and the guard's gate; held plans and people's decisions about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.groups.case import GroupView
from worker.domain.model import Account, AccountKey, Evidence, GroupKey
from worker.domain.people.persons import AccountsRule, Person
from worker.domain.reconcile.guard import (
    Approval,
    Cohort,
    Departure,
    GroupLoad,
    HeldPlan,
    HeldSubject,
    HoldState,
    Population,
    plan_label,
    state_of,
)
from worker.ports.state.episodes import EpisodeKind, EpisodeSort, Gate, PlanKind, WaitingPlan
from worker.storage import waiting
from worker.storage.dirty import dirty_groups_of_people, groups_of_people
from worker.storage.led_members import with_leaders, with_led
from worker.storage.persons import (
    accounts_of,
    has_several_directories,
    humans_behind,
    is_held,
    person_of,
)
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.mapping import reason_from_row, reason_values
from worker.storage.sql.tables import (
    approval,
    chat_group,
    cohort,
    cohort_person,
    cohort_subject,
    episode,
    held_plan,
    objection,
    person,
    to_micros,
)

SUBJECT_COLUMNS = ("plan_id", "cohort_id", "source", "subject", "name", "found", "wanted")
COHORT_COLUMNS = ("plan_id", "cohort_id", "source", "person_id", "at", "evidence", "name")
AGAIN = "\x1f"  # in no id; parts it from a number, in the rows after the first about the same one
UNDECIDED = tuple(gate.value for gate in (Gate.INITIAL, Gate.NEW, Gate.HELD, Gate.REJECTED))  # no ticket asks

_SIZES = sa.select(chat_group.c.source, chat_group.c.group_id, chat_group.c.name, chat_group.c.size).where(
    in_source(chat_group.c.source, chat_group.c.group_id)
)


class SqlEpisodes:
    """The port `Episodes` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def departures(self, *, with_early: bool = True) -> dict[EpisodeSort, list[Departure]]:
        rows = [*self._c.execute(waiting.departures())]
        if with_early:
            rows += self._early_departures()
        humans = humans_behind(self._c, [one for row in rows if (one := person_of(row))], self._rule)
        groups = self._groups_of(humans)
        found: dict[EpisodeSort, list[Departure]] = defaultdict(list)
        for row in rows:
            key = AccountKey(row.source, row.person_id)
            found[EpisodeSort(row.source, EpisodeKind(row.kind))].append(
                _newcomer(row, humans[key], groups[key])
            )
        return dict(found)

    def _early_departures(self) -> list[Any]:
        """The query takes any key in common for one person's; whose it is is judged here."""
        in_several = has_several_directories(self._c)
        rows = [*self._c.execute(waiting.early_departures(in_several=in_several))]
        if not in_several:
            return rows
        accounts = accounts_of(self._c, {AccountKey(row.source, row.person_id) for row in rows})
        groups = self._groups_of_accounts({one for those in accounts.values() for one in those})
        in_groups = {key for key, those in accounts.items() if those & groups.keys()}
        return [row for row in rows if AccountKey(row.source, row.person_id) in in_groups]

    def is_any_early(self, accounts: Collection[AccountKey]) -> bool:
        return any(self._c.execute(waiting.early(), page).first() is not None for page in by_source(accounts))

    def _groups_of(self, humans: Mapping[AccountKey, Person]) -> dict[AccountKey, tuple[GroupKey, ...]]:
        """By account, the groups that its person is in, under any of their accounts."""
        of_account = self._groups_of_accounts(one.key for human in humans.values() for one in human.accounts)
        return {
            key: tuple(sorted({group for one in human.accounts for group in of_account.get(one.key, ())}))
            for key, human in humans.items()
        }

    def _groups_of_accounts(self, accounts: Iterable[AccountKey]) -> dict[AccountKey, set[GroupKey]]:
        found = defaultdict(set)
        for page in by_source(accounts):
            for person_source, person_id, *group in self._c.execute(waiting.groups_of_accounts(), page):
                found[AccountKey(person_source, person_id)].add(GroupKey(*group))
        return dict(found)

    def population(self, source: str, kind: EpisodeKind, since: datetime) -> Population:
        window = {"of": source, "as": kind.value, "since": since}
        active, let_through = (
            self._c.execute(count(), window).scalar_one() for count in (waiting.active, waiting.let_through)
        )
        return Population(active, let_through, includes_departures=kind is EpisodeKind.MOVED)

    def loads(self, groups: Sequence[GroupKey], since: datetime) -> dict[GroupKey, GroupLoad]:
        taken = self._taken(since)
        loads = {}
        for page in by_source(groups):
            for row in self._c.execute(_SIZES, page):
                key = GroupKey(row.source, row.group_id)
                loads[key] = GroupLoad(row.name, row.size, taken[key])
        return loads

    def _taken(self, since: datetime) -> Counter[GroupKey]:
        """How many people were let through in each group. A person in two directories counts once."""
        passed = self._c.execute(waiting.passed(), {"since": since})
        people = [one for row in passed if (one := person_of(row))]
        humans = humans_behind(self._c, people, self._rule)
        once = {human.accounts[0].key: key for key, human in humans.items()}
        groups = self._groups_of(humans)
        return Counter(group for key in once.values() for group in groups[key])

    def let_through(self, departures: Sequence[Departure], now: datetime) -> None:
        self._set_gate(departures, Gate.PASSED, now)
        dirty_groups_of_people(self._c, {n.person for n in departures}, now)

    def add_moves(self, people: Sequence[Account], at: datetime) -> None:
        moved, new, when = EpisodeKind.MOVED.value, Gate.NEW.value, to_micros(at)
        rows = [(*p.key, moved, when, Evidence.MOVED.value, new, when) for p in people]
        columns = ("source", "person_id", "kind", "at", "evidence", "gate", "seen_at")
        bulk_upsert(self._c, episode, columns, rows, update=False)

    def _set_gate(self, departures: Sequence[Departure], gate: Gate, now: datetime) -> None:
        e = episode.c
        this = (
            (e.source == sa.bindparam("k_source"))
            & (e.person_id == sa.bindparam("k_person"))
            & (e.kind == sa.bindparam("k_kind"))
            & (e.at == sa.bindparam("k_at"))
        )
        waits = sa.or_(*(e.gate == one.value for one in waiting.WAITING))  # IN takes no executemany
        passed_at = now if gate is Gate.PASSED else None
        keys = [
            {
                "k_source": n.person.source,
                "k_person": n.person.person_id,
                "k_kind": _kind(n).value,
                "k_at": n.at,
            }
            for n in departures
        ]
        if keys:
            self._c.execute(
                sa.update(episode).where(this, waits).values(gate=gate.value, passed_at=passed_at), keys
            )

    # --- held plans ------------------------------------------------------------------------------

    def hold(self, plan: HeldPlan, kind: PlanKind = PlanKind.LEAVERS) -> HeldPlan:
        number = take_numbers(self._c, "plan")
        values = {
            "id": number,
            "kind": kind.value,
            "source": plan.source,
            **reason_values("why", plan.why),
            "created_at": plan.created_at,
        }
        self._c.execute(sa.insert(held_plan).values(values))
        for part in plan.cohorts:
            self._c.execute(
                sa.insert(cohort).values(
                    plan_id=number,
                    cohort_id=part.id,
                    state=part.state.value,
                    findings=part.findings,
                    **reason_values("cause", part.cause),
                )
            )
            people = [
                (number, part.id, *n.person, to_micros(n.at), n.evidence.value, n.name) for n in part.people
            ]
            bulk_upsert(self._c, cohort_person, COHORT_COLUMNS, people)
            bulk_upsert(self._c, cohort_subject, SUBJECT_COLUMNS, _subject_rows(number, part))
            self._set_gate(part.people, Gate.HELD, plan.created_at)
        return replace(plan, id=number, is_shrunken=kind is PlanKind.SHRUNKEN)

    def plans(self) -> list[HeldPlan]:
        return self._plans(sa.true())

    def undecided(self) -> list[WaitingPlan]:
        plans = dict[int, WaitingPlan]()
        for row in self._c.execute(waiting.parts_of_plans()):
            size, waits = row.findings or row.people or 0, row.state == HoldState.HELD.value
            one = plans.get(row.id) or WaitingPlan(row.id, row.created_at, 0, {}, row.findings > 0)
            parts = one.parts | ({row.cohort_id: size} if waits else {})
            plans[row.id] = one._replace(size=one.size + size, parts=parts)
        return list(plans.values())

    def without_people(self) -> dict[int, list[str]]:
        return _by_plan(self._c.execute(waiting.parts_without_people()))

    def about_short_lists(self, source: str) -> dict[int, list[str]]:
        return _by_plan(self._c.execute(waiting.parts_about_short_lists(), {"of": source}))

    def plan(self, number: int) -> HeldPlan | None:
        return next(iter(self._plans(held_plan.c.id == number)), None)

    def released_groups(self, number: int) -> list[GroupKey]:
        p = cohort_person.c
        query = sa.select(p.source, p.person_id).distinct().where(p.plan_id == number, is_held(p))
        people = [AccountKey(*row) for row in self._c.execute(query)]
        return sorted(with_leaders(self._c, sorted(groups_of_people(self._c, people))))

    def views_after_release(self, number: int, groups: Sequence[GroupKey]) -> list[GroupView]:
        return with_led(self._c, groups, self._rule, released=number)

    def _plans(self, which: sa.ColumnElement[bool]) -> list[HeldPlan]:
        """These plans with their cohorts and people, newest first."""
        wanted, m, p = sa.select(held_plan.c.id).where(which), cohort_person.c, person.c
        people: dict[tuple[int, str], list[Departure]] = defaultdict(list)
        units: dict[tuple[int, str], set[str]] = defaultdict(set)
        query = (
            sa.select(cohort_person, p.unit)
            .outerjoin(person, (p.source == m.source) & (p.person_id == m.person_id))
            .where(m.plan_id.in_(wanted))
        )
        for one in self._c.execute(query.order_by(m.plan_id, m.source, m.person_id, m.at)):
            part, key = (one.plan_id, one.cohort_id), AccountKey(one.source, one.person_id)
            people[part].append(Departure(key, one.at, Evidence(one.evidence), one.name))
            units[part].add(one.unit or "")
        subjects = self._subjects(wanted)
        cohorts: dict[int, list[Cohort]] = defaultdict(list)
        for row in self._c.execute(sa.select(cohort).where(cohort.c.plan_id.in_(wanted))):
            part = (row.plan_id, row.cohort_id)
            made = _cohort(row, tuple(people[part]), units[part])
            cohorts[row.plan_id].append(replace(made, subjects=tuple(subjects[part])))
        rows = self._c.execute(sa.select(held_plan).where(which).order_by(held_plan.c.id.desc()))
        return [_plan(row, cohorts[row.id]) for row in rows]

    def _subjects(self, plans: sa.Select[Any]) -> dict[tuple[int, str], list[HeldSubject]]:
        s = cohort_subject.c
        found: dict[tuple[int, str], list[HeldSubject]] = defaultdict(list)
        query = sa.select(cohort_subject).where(s.plan_id.in_(plans))
        for row in self._c.execute(query.order_by(s.plan_id, s.cohort_id, s.name, s.source, s.subject)):
            subject = row.subject.partition(AGAIN)[0]
            one = HeldSubject(row.source, subject, row.name, row.found, row.wanted)
            found[row.plan_id, row.cohort_id].append(one)
        return found

    def undecided_of(self, person: AccountKey) -> list[str]:
        is_theirs = (cohort_person.c.source == person.source) & (
            cohort_person.c.person_id == person.person_id
        )
        query = (
            sa.select(cohort_person.c.plan_id)
            .where(is_theirs, is_undecided(cohort_person.c.plan_id))
            .distinct()
        )
        return [plan_label(number) for number in sorted(self._c.execute(query).scalars())]

    def approve(self, number: int, words: Sequence[Approval]) -> None:
        columns = ("plan_id", "cohort_id", "by", "at", "reason", "subject")
        for verdict, table in _WORDS.items():
            said = [one for one in words if one.verdict is verdict]
            rows = [(number, one.cohort, one.by, to_micros(one.at), one.reason, one.subject) for one in said]
            bulk_upsert(self._c, table, columns, rows, update=False)

    def take_back(self, number: int, words: Sequence[Approval]) -> None:
        for one in words:
            w = _WORDS[one.verdict].c
            this = (w.plan_id == number) & (w.cohort_id == one.cohort) & (w.by == one.by)
            self._c.execute(sa.delete(_WORDS[one.verdict]).where(this))

    def approvals(self, number: int) -> list[Approval]:
        found = [
            Approval(row.cohort_id, row.by, row.at, row.reason, row.subject, verdict)
            for verdict, table in _WORDS.items()
            for row in self._c.execute(sa.select(table).where(table.c.plan_id == number))
        ]
        return sorted(found, key=lambda one: (one.cohort, one.at, one.by))

    def decide(self, plan: HeldPlan, cohorts: Sequence[Cohort], by: str, reason: str, now: datetime) -> None:
        for part in cohorts:
            this = (cohort.c.plan_id == plan.id) & (cohort.c.cohort_id == part.id)
            self._c.execute(
                sa.update(cohort)
                .where(this)
                .values(state=part.state.value, decided_at=now, decided_by=by, reason=reason)
            )
            is_released = part.state is HoldState.RELEASED
            episodes = self._not_held_since(plan, part.people)
            self._set_gate(episodes, Gate.PASSED if is_released else Gate.REJECTED, now)
            if is_released:
                dirty_groups_of_people(self._c, {n.person for n in part.people}, now)

    def _not_held_since(self, plan: HeldPlan, departures: Sequence[Departure]) -> list[Departure]:
        """These without those that began anew meanwhile, as a later plan shows that holds them."""
        p = cohort_person.c
        query = sa.select(p.source, p.person_id, p.at, p.evidence).where(
            p.plan_id > plan.id, in_source(p.source, p.person_id)
        )
        later = {
            (AccountKey(row.source, row.person_id), row.at, _kind_by(Evidence(row.evidence)))
            for page in by_source(one.person for one in departures)
            for row in self._c.execute(query, page)
        }
        return [one for one in departures if (one.person, one.at, _kind(one)) not in later]


def _by_plan(parts: Iterable[Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for part in parts:
        found[part.plan_id].append(part.cohort_id)
    return found


def _kind(departure: Departure) -> EpisodeKind:
    return _kind_by(departure.evidence)


def _kind_by(evidence: Evidence) -> EpisodeKind:
    """A move and a leaving may have one instant, by reads that follow each other in one run."""
    return EpisodeKind.MOVED if evidence is Evidence.MOVED else EpisodeKind.LEFT


def _subject_rows(number: int, part: Cohort) -> Iterator[tuple[Any, ...]]:
    """What a control found, a row for each, though several of its rules are about one person."""
    times = Counter[tuple[str, str]]()
    for one in part.subjects:
        key = (one.source, one.subject)
        times[key] += 1
        subject = one.subject if times[key] == 1 else f"{one.subject}{AGAIN}{times[key]:03}"
        yield (number, part.id, one.source, subject, one.name, one.found, one.wanted)


def _plan(row: Any, cohorts: Sequence[Cohort]) -> HeldPlan:
    parts = tuple(sorted(cohorts, key=lambda part: (len(part.id), part.id)))
    return HeldPlan(
        row.source, reason_from_row(row, "why"), row.created_at, parts, row.id, state_of(parts),
        is_shrunken=row.kind == PlanKind.SHRUNKEN.value,
    )  # fmt: skip


def _cohort(row: Any, people: tuple[Departure, ...], units: set[str]) -> Cohort:
    return Cohort(
        row.cohort_id, reason_from_row(row, "cause"), people, HoldState(row.state),
        next(iter(units)) if len(units) == 1 else "", row.decided_by or "", row.decided_at, row.reason,
        findings=row.findings,
    )  # fmt: skip


def is_undecided(plan_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """True if any part of the plan waits for a decision.

    Such a plan must keep its size, which says how many people have to decide.
    """
    return sa.exists().where(cohort.c.plan_id == plan_id, cohort.c.state == HoldState.HELD.value)


# Decisions to reject have a table of their own: the release before this one takes every `approval` for a release
_WORDS = {HoldState.RELEASED: approval, HoldState.REJECTED: objection}


def _newcomer(row: Any, human: Person, groups: tuple[GroupKey, ...]) -> Departure:
    key = AccountKey(row.source, row.person_id)
    is_first_run = Gate(row.gate) is Gate.INITIAL and row.noticed_at is None
    return Departure(
        key, row.at, Evidence(row.evidence), row.display_name, row.unit, row.seen_at, is_first_run,
        groups, has_left_elsewhere=human.leaving is not None and human.leaving.person != key,
    )  # fmt: skip
