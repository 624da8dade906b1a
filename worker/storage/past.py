"""The recorded past: leavings with the guard's passes, people and groups over time, tickets and what was told of them.

The journal is in order by its numbers. Its instants are those of what happened, which for a dated export may lie long
before anybody knew of it; so an entry counts as known from the latest instant up to its place in the chain.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from worker.domain.evidence import events
from worker.domain.kinds import codes
from worker.domain.kinds.keeps import in_since
from worker.domain.messages.message import RecipientKind
from worker.domain.model import AccountKey, Evidence, GroupKey, RegisterFacts, Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import Departure, HoldState
from worker.domain.replay.history import (
    AccountPast,
    GroupPast,
    Growth,
    GrowthStep,
    GuardedLeaving,
    HumanPast,
    LeftSpell,
    Membership,
    Newcomers,
    Told,
)
from worker.domain.tickets.ticket import LIVE, Ticket, TicketState
from worker.ports.connectors.base import Port
from worker.ports.state.episodes import EpisodeKind, Gate, PlanKind
from worker.ports.state.groups import Expectation
from worker.ports.state.past import Losses
from worker.storage.group_facts import registered_facts
from worker.storage.leading import registered_of, shown_as
from worker.storage.persons import accounts_of, is_of_its_kind, joined_at, people_of, were_in_scope
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import (
    Instant,
    chat_group,
    cohort,
    cohort_person,
    episode,
    escalation,
    expected,
    held_plan,
    journal,
    link,
    membership,
    outbox,
    person,
    source,
    ticket,
)

_LEFT, _RETURNED, _JOINED = events.PERSON_LEFT, events.PERSON_RETURNED, events.PERSON_JOINED
_LIFE = (_JOINED, _LEFT, _RETURNED, events.PERSON_LEAVING_ANNOUNCED)
_LIVE = tuple(state.value for state in sorted(LIVE))
_ENDS = events.all_spellings((events.TICKET_CANCELLED, events.TICKET_WAIVED))
_TICKET = "ticket:T-"  # before the number, in a subject
_REMOVALS = codes(lambda kind: kind.is_exposure)


_Move = tuple[AccountKey, datetime]


class _LifeTurn(NamedTuple):
    """An entry about a person: what happened, and since when it was known."""

    kind: str
    at: datetime


class SqlPast:
    """The port `Past` within one transaction. `rule`: as the store's."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def begins_at(self) -> datetime | None:
        j = journal.c
        found: datetime | None = self._c.execute(sa.select(j.at).order_by(j.seq).limit(1)).scalar()
        return found

    # --- the guard -------------------------------------------------------------------------------

    def judgements(
        self, from_at: datetime, until: datetime, also: Collection[AccountKey] = ()
    ) -> list[GuardedLeaving]:
        rows = [
            row for row in self._c.execute(_JUDGED) if row.judged_at is not None and row.judged_at < until
        ]
        people = {_account_in(row) for row in rows if row.judged_at >= from_at} | set(also)
        accounts = accounts_of(self._c, people)
        people |= {one for group in accounts.values() for one in group}
        rows = [row for row in rows if _account_in(row) in people]
        theirs = self._memberships({_account_in(row) for row in rows})
        ended = self._ended_places({_account_in(row) for row in rows if row.kind == EpisodeKind.MOVED.value})
        found = [_judgement(row, theirs, ended) for row in rows]
        return sorted(found, key=lambda one: (one.at, one.key))

    def _memberships(self, people: set[AccountKey]) -> Mapping[AccountKey, tuple[Membership, ...]]:
        """By account, the groups that its person is or was in: by present rosters, and by removals that were asked."""
        accounts = accounts_of(self._c, people)
        everybody = people | {one for group in accounts.values() for one in group}
        of: dict[AccountKey, list[Membership]] = defaultdict(list)
        k, m, t = link.c, membership.c, ticket.c
        for chunk in chunked(sorted(everybody)):
            present = (
                sa.select(k.person_source, k.person_id, m.source, m.group_id, m.first_seen_at)
                .join(link, (k.source == m.source) & (k.handle == m.handle))
                .where(among(k.person_source, k.person_id, chunk))
            )
            for row in self._c.execute(present):
                key = AccountKey(row.person_source, row.person_id)
                of[key].append(Membership(GroupKey(row.source, row.group_id), row.first_seen_at))
            asked = sa.select(ticket).where(t.kind.in_(_REMOVALS), among(t.person_source, t.person_id, chunk))
            for one in map(ticket_from_row, self._c.execute(asked)):
                if one.person is not None and one.group is not None and not one.is_live:
                    # Without a proof it is known no longer than at the opening; whoever still is in it is in the roster
                    until = one.verified_at or one.opened_at + timedelta.resolution
                    of[one.person].append(Membership(one.group, in_since(one), until))
        return {
            key: tuple(one for account in sorted(accounts.get(key, {key})) for one in of[account])
            for key in people
        }

    def _ended_places(self, people: set[AccountKey]) -> Mapping[_Move, set[GroupKey]]:
        """By move, the groups in which the joiner rules ended a place, unless they said otherwise since."""
        x = expected.c
        found: dict[_Move, set[GroupKey]] = defaultdict(set)
        for chunk in chunked(sorted(people)):
            query = sa.select(expected).where(
                x.state == Expectation.FORMER.value, among(x.person_source, x.person_id, chunk)
            )
            for row in self._c.execute(query):
                key = AccountKey(row.person_source, row.person_id)
                found[key, row.since].add(GroupKey(row.source, row.group_id))
        return found

    # --- people and groups over time ---------------------------------------------------------------

    @cached_property
    def _turns(self) -> Mapping[str, list[_LifeTurn]]:
        """By subject, what happened to people's accounts, in order."""
        found: dict[str, list[_LifeTurn]] = defaultdict(list)
        for row in self._c.execute(_known(_LIFE)):
            found[row.subject].append(_LifeTurn(events.current(row.kind), row.known_at))
        return found

    def populations(self) -> dict[str, Growth]:
        p = person.c
        is_active = (p.standing != Standing.LEFT.value) & (p.is_out_of_scope == 0)
        query = sa.select(p.source, sa.func.count()).where(is_active).group_by(p.source)
        now = {name: int(count) for name, count in self._c.execute(query)}
        came = {_account_in(row) for row in self._c.execute(_CAME)}
        aside = {_account_in(row) for row in self._c.execute(_ASIDE)}
        changes: dict[str, list[GrowthStep]] = defaultdict(list)
        for subject, turns in self._turns.items():
            key = _person_in(subject)
            if key not in aside:
                changes[key.source] += _deltas(turns, was_active=key not in came)
        return {name: Growth(now.get(name, 0), changes[name]) for name in now.keys() | changes.keys()}

    def newcomers(self, from_at: datetime) -> dict[str, Newcomers]:
        aside = {_account_in(row) for row in self._c.execute(_ASIDE)}
        came: dict[str, list[tuple[datetime, tuple[GrowthStep, ...]]]] = defaultdict(list)
        for row in self._c.execute(_CAME.where(person.c.first_seen_at > from_at)):
            key = _account_in(row)
            if (turns := self._turns.get(_subject_of(key))) and key not in aside:
                came[row.source].append((row.first_seen_at, tuple(_deltas(turns, was_active=False))))
        return {name: Newcomers(theirs) for name, theirs in came.items()}

    def groups(self, keys: Collection[GroupKey]) -> dict[GroupKey, GroupPast]:
        g, wanted = chat_group.c, set(keys)
        changes: dict[str, list[GrowthStep]] = defaultdict(list)
        for row in self._c.execute(_known([events.GROUP_ROSTER_CHANGED])):
            said = json.loads(row.data)
            changes[row.subject].append((row.known_at, said.get("added", 0) - said.get("removed", 0)))
        found: dict[GroupKey, GroupPast] = {}
        shown = shown_as(self._c, wanted)
        for chunk in chunked(sorted(wanted)):
            query = sa.select(g.source, g.group_id, g.name, g.size, registered_of(g))
            for row in self._c.execute(query.where(among(g.source, g.group_id, chunk))):
                key, subject = GroupKey(row.source, row.group_id), f"group:{row.source}/{row.group_id}"
                registered = registered_facts(row.said_of_it) or RegisterFacts()
                size = Growth(row.size, changes[subject])
                is_sensitive, data_class = registered.sensitive is True, registered.data_class or ""
                found[key] = GroupPast(row.name, size, is_sensitive, shown[key], data_class)
        return found

    def humans(self, people: Collection[AccountKey]) -> dict[AccountKey, HumanPast]:
        accounts = {key: group for key, group in accounts_of(self._c, people).items() if len(group) > 1}
        everybody = {one for group in accounts.values() for one in group}
        joined = joined_at(self._c, everybody)
        leavings = self._leavings(everybody)
        directories = {row.name: row for row in self._c.execute(_DIRECTORIES)}
        unread = {
            name: row.last_attempt_at + timedelta.resolution
            for name, row in directories.items()
            if row.is_removed
        }
        stays = {
            one
            for group in accounts.values()
            if all(each.source in unread for each in group)
            for one in group
        }
        known = people_of(self._c, everybody)
        aside = were_in_scope(self._c, known)
        pasts = {
            one.key: AccountPast(
                one,
                joined.get(one.key),
                tuple(self._absences(one.key, leavings[one.key])),
                directories[one.key.source].first_pass_at,
                None if one.key in stays else unread.get(one.key.source),
                one.key in aside,
            )
            for one in known
        }
        return {key: HumanPast(tuple(pasts[one] for one in sorted(group))) for key, group in accounts.items()}

    def _leavings(self, people: Collection[AccountKey]) -> Mapping[AccountKey, list[Any]]:
        e = episode.c
        found: dict[AccountKey, list[Any]] = defaultdict(list)
        for chunk in chunked(sorted(people)):
            query = sa.select(episode).where(
                e.kind == EpisodeKind.LEFT.value, among(e.source, e.person_id, chunk)
            )
            for row in self._c.execute(query.order_by(e.seen_at)):
                found[AccountKey(row.source, row.person_id)].append(row)
        return found

    def _absences(self, key: AccountKey, rows: Iterable[Any]) -> Iterator[LeftSpell]:
        returns = [one.at for one in self._turns.get(_subject_of(key), ()) if one.kind == _RETURNED]
        for row in rows:
            over_at = next((at for at in returns if at > row.seen_at), None)
            yield LeftSpell(row.at, Evidence(row.evidence), row.seen_at, over_at)

    # --- tickets and messages ------------------------------------------------------------------------

    def tickets(self, from_at: datetime, until: datetime, after: int, limit: int) -> list[Ticket]:
        t, e, j = ticket.c, escalation.c, journal.c
        told = sa.exists().where(e.ticket_id == t.id, e.at >= from_at)
        # Of these ends only the journal has the instant
        ended = sa.select(sa.cast(sa.func.substr(j.subject, len(_TICKET) + 1), sa.BigInteger)).where(
            j.kind.in_(_ENDS), j.at >= from_at
        )
        was_on = sa.or_(
            t.opened_at >= from_at, t.state.in_(_LIVE), t.verified_at >= from_at, told, t.id.in_(ended)
        )
        query = sa.select(ticket).where(t.id > after, t.opened_at < until, was_on)
        return [ticket_from_row(row) for row in self._c.execute(query.order_by(t.id).limit(limit))]

    def told(self, tickets: Collection[int]) -> dict[int, list[Told]]:
        o = outbox.c
        found: dict[int, list[Told]] = {number: [] for number in tickets}
        for chunk in chunked(sorted(found)):
            query = (
                sa.select(o.ticket_id, o.key, o.created_at, o.name, o.address, o.recipient_kind)
                .where(o.ticket_id.in_(chunk), o.recipient_kind != RecipientKind.FEED.value, o.is_alarm == 0)
                .order_by(o.created_at, o.id)
            )
            for row in self._c.execute(query):
                what = row.key.split(":")[1].partition(".")[0]
                is_person = row.recipient_kind == RecipientKind.PERSON.value
                who = row.name or row.address or row.recipient_kind
                found[row.ticket_id].append(Told(row.created_at, who, what, row.address if is_person else ""))
        return found

    def losses(self, from_at: datetime, until: datetime) -> Losses:
        removals = sa.select(sa.func.count()).where(
            ticket.c.kind.in_(_REMOVALS),
            ticket.c.state == TicketState.VERIFIED.value,
            ticket.c.verified_at >= from_at,
            ticket.c.verified_at < until,
        )
        counts = {"removed": 0, "added": 0}
        for row in self._c.execute(_known([events.GROUP_ROSTER_CHANGED])):
            if from_at <= row.known_at < until:
                said = json.loads(row.data)
                for name in counts:
                    counts[name] += said.get(name, 0)
        proven = int(self._c.execute(removals).scalar_one())
        return Losses(max(0, counts["removed"] - proven), counts["added"])


def _known(kinds: Iterable[str]) -> sa.Select[Any]:
    """Entries of these kinds, in order, with the instant from which each was known."""
    j = journal.c
    so_far = sa.type_coerce(sa.func.max(j.at).over(order_by=j.seq), Instant).label("known_at")
    every = sa.select(j.seq, j.kind, j.subject, j.data, so_far).subquery()
    spelled = events.all_spellings(kinds)
    return sa.select(every).where(every.c.kind.in_(spelled)).order_by(every.c.seq)


def _judged_query() -> sa.Select[Any]:
    """Every episode with the pass of the guard that looked at it, and the part of a plan that held it."""
    e, p, m, c, h, s = episode.c, person.c, cohort_person.c, cohort.c, held_plan.c, source.c
    plans = (
        sa.select(m.source, m.person_id, m.at, m.evidence, m.plan_id, h.created_at, c.state, c.decided_at)
        .join(held_plan, h.id == m.plan_id)
        .join(cohort, (c.plan_id == m.plan_id) & (c.cohort_id == m.cohort_id))
        .where(h.kind == PlanKind.LEAVERS.value)
        .subquery()
    )
    q = plans.c
    # A leaving that was taken back and came again has the plans of both
    of_this = (
        (q.source == e.source) & (q.person_id == e.person_id) & (q.at == e.at)
        & (q.created_at >= e.seen_at) & is_of_its_kind(q, e)
    )  # fmt: skip
    at = sa.func.coalesce(q.created_at, e.passed_at)
    return (
        sa.select(
            e.source, e.person_id, e.kind, e.at, e.evidence, e.seen_at, p.display_name, p.unit, p.missing_since,
            sa.type_coerce(at, Instant).label("judged_at"), q.plan_id, q.state, q.decided_at,
            sa.and_(s.first_pass_at.is_not(None), e.seen_at <= s.first_pass_at).label("is_first_run"),
        )
        .join(person, (p.source == e.source) & (p.person_id == e.person_id))
        .join(source, s.name == e.source)
        .outerjoin(plans, of_this)
        .where(e.gate.not_in([Gate.INITIAL.value, Gate.NEW.value]))
    )  # fmt: skip


_JUDGED = _judged_query()
_DIRECTORIES = sa.select(
    source.c.name, source.c.first_pass_at, source.c.last_attempt_at, source.c.is_removed
).where(source.c.port == Port.DIRECTORY.value)
_CAME = (
    sa.select(person.c.source, person.c.person_id, person.c.first_seen_at)
    .join(source, source.c.name == person.c.source)
    .where(person.c.first_seen_at > source.c.first_pass_at)
)


# Those who went out of scope and did not leave: nobody counts them, and when they went is not recorded
_ASIDE = sa.select(person.c.source, person.c.person_id).where(
    person.c.is_out_of_scope == 1, person.c.was_in_scope == 1, person.c.standing != Standing.LEFT.value
)


def _judgement(
    row: Any, theirs: Mapping[AccountKey, tuple[Membership, ...]], ended: Mapping[_Move, set[GroupKey]]
) -> GuardedLeaving:
    key = _account_in(row)
    departure = Departure(
        key, row.at, Evidence(row.evidence), row.display_name, row.unit, row.seen_at, bool(row.is_first_run)
    )
    is_released = row.state == HoldState.RELEASED.value
    return GuardedLeaving(
        departure,
        row.judged_at,
        row.plan_id,
        row.decided_at,
        is_released,
        theirs[key],
        row.missing_since,
        frozenset(ended.get((key, row.at), ())),
    )


def _deltas(turns: Iterable[_LifeTurn], *, was_active: bool) -> Iterator[GrowthStep]:
    """By how much an account's turns change the number of active people. Whoever is to leave counts as active."""
    is_active = was_active
    for turn in turns:
        becomes = turn.kind != _LEFT
        if becomes != is_active:
            yield turn.at, 1 if becomes else -1
        is_active = becomes


def _account_in(row: Any) -> AccountKey:
    return AccountKey(row.source, row.person_id)


def _subject_of(key: AccountKey) -> str:
    return f"person:{key.source}/{key.person_id}"


def _person_in(subject: str) -> AccountKey:
    name, _, person_id = subject.removeprefix("person:").partition("/")
    return AccountKey(name, person_id)
