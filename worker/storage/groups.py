"""Groups and memberships: stage a snapshot and make it the state, set-based."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.groups.case import GroupView
from worker.domain.groups.pairing import Difference
from worker.domain.model import (
    Account,
    AccountKey,
    Coverage,
    Fact,
    GroupFacts,
    GroupKey,
    Member,
    Renumbered,
    Roster,
    Standing,
)
from worker.domain.people.lifecycle import is_too_shrunken
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.ports.state.groups import (
    DirtyGroups,
    Expectation,
    GroupOfMember,
    GroupRow,
    KnownMember,
    MemberChanges,
    MissingGroups,
    RosterChanges,
    ShrunkenRoster,
    Unlisted,
    UnshownRoster,
)
from worker.storage import departed, group_facts, leavers, own_leavings, staged_marks, staging, ties
from worker.storage.candidates import wrong_groups
from worker.storage.candidates.confirm_roster import unconfirmed
from worker.storage.cases import LINK_COLUMNS, active_admins_of, behind_link, group_views
from worker.storage.deciding import ADMINS
from worker.storage.differences import differences_of
from worker.storage.dirty import dirty_groups, take_groups
from worker.storage.ended_groups import end_groups, leave_out, lose_sight
from worker.storage.group_facts import known_facts
from worker.storage.group_rows import _group, _group_query, as_proof, group_row, group_rows, member_row
from worker.storage.hidden_members import note_hidden
from worker.storage.leading import leaders_of
from worker.storage.led_members import with_leaders, with_led
from worker.storage.left_out import forget_left_out
from worker.storage.missing_groups import missing_groups
from worker.storage.persons import PERSON_COLUMNS, is_joining, person_of
from worker.storage.sql.bulk import bulk_stage, bulk_upsert, clearing
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import link_from_row, member_from_row
from worker.storage.sql.statistics import gather, gather_grown
from worker.storage.sql.tables import (
    chat_group,
    dirty_group,
    expected,
    link,
    membership,
    person,
    person_key,
    staged_group,
    staged_membership,
    to_micros,
)

_CLEAR_STAGE = [clearing(staged_group), clearing(staged_membership), departed.CLEAR_STAGE, ties.CLEAR_STAGE]


class SqlRosters:
    """The port `Rosters` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    # --- staging ---------------------------------------------------------------------------------

    def clear_stage(self, source: str) -> None:
        for statement in _CLEAR_STAGE:
            self._c.execute(statement, {"wanted": source})

    def stage(self, source: str, rosters: Iterable[Roster]) -> int:
        page = as_proof(self._c, source, rosters)
        known = known_facts(self._c, source, page)
        rows = [group_row(source, roster, known.get(roster.group.group_id)) for roster in page]
        bulk_upsert(self._c, staged_group, staging.GROUP_COLUMNS, rows)
        departed.stage(self._c, source, page)
        ties.stage(self._c, source, page)
        members = (member_row(source, roster, member) for roster in page for member in roster.members)
        return bulk_stage(self._c, staged_membership, (*staging.MEMBER_COLUMNS, *staging.MARKS), members)

    def renumbered(self, source: str, changes: Iterable[Renumbered]) -> None:
        ties.told(self._c, source, changes)

    # --- applying --------------------------------------------------------------------------------

    def apply_stage(
        self, source: str, *, now: datetime, limits: GuardLimits, rest: Unlisted
    ) -> RosterChanges:
        of = {"of": source}
        gather(self._c, self._scalar(staging.STAGED, of), staged_group, staged_membership)
        missing = missing_groups(self._c, source, rest)
        is_empty = missing.missed > 0 and not self._scalar(staging.LISTED, of)
        if is_empty or is_too_shrunken(
            missing.missed, missing.known, limits.shrink_share_max, limits.share_from
        ):
            return RosterChanges({}, too_few_groups=MissingGroups(missing.known, missing.missed))
        gone, unseen = missing.gone, missing.unseen
        new = self._keys(staging.new(), source)
        unshown = [UnshownRoster(*row) for row in self._c.execute(staging.unshown(), of)]
        shrunken = self._doubt_shrunken(source, limits)
        changed = self._count_changes(source)
        renamed = self._keys(staging.restated(), source)
        shown = leavers.listed_after_all(self._c, source)
        own_leavings.note(self._c, source)
        note_hidden(self._c, source)
        merged = self._merge_members(source, now)
        gather_grown(self._c, merged, membership)
        relisted = self._mark_unlisted(source)
        self._merge_links(source)
        ties.came_back(self._c, source, now)
        ties.apply(self._c, source, now)
        self._merge_groups(source, now)
        departed.apply(self._c, source)
        end_groups(self._c, source, gone, now)
        lose_sight(self._c, source, [*unseen, *missing.left_out])
        led = leaders_of(self._c, {*gone, *renamed})
        dirty_groups(self._c, {*changed, *new, *gone, *unseen, *renamed, *relisted, *led, *shown}, now)
        self.clear_stage(source)
        gather_grown(self._c, merged, chat_group, link, dirty_group)
        return RosterChanges(
            changed, tuple(new), tuple(gone), tuple(shrunken), tuple(unshown), hidden=tuple(missing.hidden)
        )

    def leave_out(self, source: str, now: datetime) -> list[GroupKey]:
        return leave_out(self._c, source, now)

    def forget_left_out(self) -> None:
        forget_left_out(self._c)

    # --- looking closer --------------------------------------------------------------------------

    def to_look_at(
        self,
        source: str,
        costly: Collection[Fact],
        *,
        before: datetime | None,
        limit: int,
        groups: Collection[str] | None = None,
    ) -> dict[str, frozenset[Fact]]:
        return group_facts.to_look_at(self._c, source, costly, before=before, limit=limit, groups=groups)

    def looked(self, group: GroupKey, look: GroupFacts, now: datetime) -> None:
        group_facts.looked(self._c, group, look, now)

    def doubted_at(self, group: GroupKey) -> datetime | None:
        g = chat_group.c
        this = (g.source == group.source) & (g.group_id == group.group_id)
        found: datetime | None = self._c.execute(sa.select(g.shrunken_at).where(this)).scalar()
        return found

    def declared(self, group: GroupKey, by: Collection[str]) -> None:
        g = chat_group.c
        this = (g.source == group.source) & (g.group_id == group.group_id)
        marks = json.dumps(sorted(by), ensure_ascii=False)
        self._c.execute(sa.update(chat_group).where(this).values(declared_by=marks))

    def _keys(self, query: sa.Select[Any], source: str) -> list[GroupKey]:
        return [GroupKey(*row) for row in self._c.execute(query, {"of": source})]

    def _doubt_shrunken(self, source: str, limits: GuardLimits) -> list[ShrunkenRoster]:
        """Treat rosters that lost too many members as partial, unless a later reading shows the same."""
        doubted = []
        for row in self._c.execute(staging.shrunken(), {"of": source}).all():
            share_max, share_from = limits.group_share_max, limits.share_from
            if share_max is None or row.removed < share_from or row.removed <= share_max * row.size:
                continue
            if row.shrunken_at is not None and row.taken_at > row.shrunken_at:
                continue
            doubted.append(ShrunkenRoster(GroupKey(source, row.group_id), row.size, row.size - row.removed))
            warning = f"lost {row.removed} of {row.size} members at once; believed when a later roster says the same"
            s = staged_group.c
            self._c.execute(
                sa.update(staged_group)
                .where(s.source == source, s.group_id == row.group_id)
                .values(coverage=Coverage.PARTIAL.value, is_shrunken=1, warning=warning)
            )
        return doubted

    def _count_changes(self, source: str) -> dict[GroupKey, MemberChanges]:
        changes: dict[GroupKey, list[int]] = {}
        for place, query in enumerate(staging.changes()):
            for group_id, count in self._c.execute(query, {"of": source}):
                changes.setdefault(GroupKey(source, group_id), [0, 0, 0])[place] = count
        return {group: MemberChanges(*counts) for group, counts in changes.items()}

    def _merge_members(self, source: str, now: datetime) -> int:
        """Make the staged members the state; return how many rows changed."""
        gone = [
            handle
            for statement in staging.gone_members()
            for handle in self._c.execute(statement, {"of": source}).scalars()
        ]
        ties.went(self._c, source, gone, now)
        merge = staging.merge_members(self._c.dialect.name)
        return len(gone) + int(self._c.execute(merge, {"of": source}).rowcount)

    def _mark_unlisted(self, source: str) -> set[GroupKey]:
        """Mark members whom a partial roster does not list: they stay in the state, but as unlisted.

        Return the groups that list some of them again.
        """
        lost, back = staging.marks()
        self._c.execute(lost, {"of": source})
        return {GroupKey(source, one) for one in self._c.execute(back, {"of": source}).scalars()}

    def _merge_links(self, source: str) -> None:
        """Store one row for each handle. A handle that is new, or has another fingerprint, waits to be matched."""
        staged_marks.agree(self._c, source)
        self._c.execute(staging.merge_links(self._c.dialect.name), {"of": source})

    def _merge_groups(self, source: str, now: datetime) -> None:
        self._c.execute(staging.merge_groups(self._c.dialect.name), {"of": source, "now": to_micros(now)})

    # --- looking things up -----------------------------------------------------------------------

    def groups(self) -> list[GroupRow]:
        query = _group_query().order_by(chat_group.c.source, chat_group.c.name, chat_group.c.group_id)
        return [_group(row) for row in self._c.execute(query)]

    def group(self, key: GroupKey) -> GroupRow | None:
        row = self._c.execute(_one_group(), {"of": key.source, "id": key.group_id}).first()
        return None if row is None else _group(row)

    def in_sources(self, key: GroupKey) -> list[GroupRow]:
        g, own = chat_group.c, chat_group.alias("own")
        leader = (
            sa.func.coalesce(own.c.leader_source, own.c.source).label("source"),
            sa.func.coalesce(own.c.leader_group, own.c.group_id).label("group_id"),
        )
        first = (
            sa.select(*leader).where(own.c.source == key.source, own.c.group_id == key.group_id).cte("leader")
        )
        leads = (g.source == first.c.source) & (g.group_id == first.c.group_id)
        follows = (g.leader_source == first.c.source) & (g.leader_group == first.c.group_id)
        query = (
            _group_query()
            .join(first, sa.or_(leads, follows))
            .order_by(g.leader_source.is_not(None), g.source, g.group_id)
        )
        return [_group(row) for row in self._c.execute(query)]

    def members(self, key: GroupKey) -> list[KnownMember]:
        query = (
            sa.select(membership, *(link.c[n] for n in LINK_COLUMNS), *PERSON_COLUMNS)
            .join(link, _same_handle())
            .outerjoin(person, behind_link())
            .where(membership.c.source == key.source, membership.c.group_id == key.group_id)
            .order_by(membership.c.handle)
        )
        return [
            KnownMember(_with_arrival(member_from_row(row), row), link_from_row(row), person_of(row))
            for row in self._c.execute(query)
        ]

    def groups_of(self, key: AccountKey) -> list[GroupOfMember]:
        query = (
            sa.select(membership)
            .join(link, _same_handle())
            .where(link.c.person_source == key.source, link.c.person_id == key.person_id)
            .order_by(membership.c.source, membership.c.group_id)
        )
        rows = self._c.execute(query).all()
        g, groups = chat_group.c, {}
        for chunk in chunked(sorted({GroupKey(row.source, row.group_id) for row in rows})):
            these = among(g.source, g.group_id, chunk)
            found = group_rows(self._c, these, order=(g.source, g.group_id), limit=len(chunk))
            groups.update({group.key: group for group in found})
        pairs = [
            (groups.get(GroupKey(row.source, row.group_id)), _with_arrival(member_from_row(row), row))
            for row in rows
        ]
        return [GroupOfMember(group, member) for group, member in pairs if group is not None]

    # --- reconciling -----------------------------------------------------------------------------

    def mark_leavers(self) -> None:
        leavers.mark_again(self._c)

    def mark_wrong_groups_dirty(self, now: datetime) -> int:
        found = {GroupKey(*row) for query in wrong_groups(self._rule) for row in self._c.execute(query)}
        dirty_groups(self._c, found, now)
        return len(found)

    def mark_unconfirmed_dirty(self, before: Mapping[str, datetime], now: datetime) -> None:
        dirty_groups(self._c, {GroupKey(*row) for row in self._c.execute(unconfirmed(before))}, now)

    def mark_handing_over_dirty(self, after: datetime, until: datetime, now: datetime) -> None:
        rows = self._c.execute(_handing_over(), {"after": after, "until": until})
        dirty_groups(self._c, {GroupKey(*row) for row in rows}, now)

    def dirty_count(self) -> int:
        return self._scalar(sa.select(sa.func.count()).select_from(dirty_group))

    def differences(
        self, keys: Iterable[GroupKey], registers: Collection[str], live: Collection[str]
    ) -> dict[GroupKey, tuple[Difference, ...]]:
        return differences_of(self._c, keys, registers, live)

    def view(self, key: GroupKey) -> GroupView | None:
        return next(iter(group_views(self._c, [key], self._rule, with_everybody=True)), None)

    def take_dirty(self, limit: int) -> DirtyGroups:
        keys = take_groups(self._c, limit)
        views = with_led(self._c, with_leaders(self._c, keys), self._rule)
        leavers.mark(self._c, views)
        return DirtyGroups(len(keys), views)

    def mark_dirty(self, groups: Iterable[GroupKey], now: datetime) -> None:
        dirty_groups(self._c, groups, now)

    def active_admins(self, group: GroupKey) -> list[Account]:
        return list(active_admins_of(self._c, [group], self._rule).get(group, ()))

    def expectations(self, key: AccountKey) -> dict[GroupKey, Expectation]:
        query = sa.select(expected.c.source, expected.c.group_id, expected.c.state).where(
            expected.c.person_source == key.source, expected.c.person_id == key.person_id
        )
        return {
            GroupKey(source, group_id): Expectation(state)
            for source, group_id, state in self._c.execute(query)
        }

    def expect(self, key: AccountKey, states: Mapping[GroupKey, Expectation], since: datetime) -> None:
        rows = [(*key, *group, state.value, to_micros(since)) for group, state in states.items()]
        columns = ("person_source", "person_id", "source", "group_id", "state", "since")
        bulk_upsert(self._c, expected, columns, rows)
        dirty_groups(self._c, states, since)

    def _scalar(self, query: sa.Select[Any], given: Mapping[str, Any] | None = None) -> int:
        return int(self._c.execute(query, given).scalar_one())


@cache
def _one_group() -> sa.Select[Any]:
    g = chat_group.c
    return _group_query().where(g.source == sa.bindparam("of"), g.group_id == sa.bindparam("id"))


@cache
def _handing_over() -> sa.CompoundSelect[Any]:
    """The groups whose admins leave after one instant, and until another."""
    p, m = person.c, membership.c
    theirs, other = person_key.alias("theirs"), person_key.alias("other")
    k, o = theirs.c, other.c
    leaves = (p.standing == Standing.LEAVING.value) & (p.at > sa.bindparam("after"))
    group = sa.select(m.source, m.group_id)
    is_soon = (leaves, p.at <= sa.bindparam("until"), m.role.in_(ADMINS))
    by_account = (
        group.join(link, _same_handle())
        .join(person, (p.source == link.c.person_source) & (p.person_id == link.c.person_id))
        .where(*is_soon)
    )
    by_another = (
        group.select_from(person)
        .join(theirs, (k.source == p.source) & (k.person_id == p.person_id))
        .join(other, (o.kind == k.kind) & (o.value == k.value) & (o.source != k.source))
        .join(link, (link.c.person_source == o.source) & (link.c.person_id == o.person_id))
        .join(membership, _same_handle())
        .where(*is_soon, is_joining(k, o))
    )
    return sa.union(by_account, by_another)


def _same_handle() -> sa.ColumnElement[bool]:
    return (link.c.source == membership.c.source) & (link.c.handle == membership.c.handle)


def _with_arrival(member: Member, row: Any) -> Member:
    """The member; if the inventory has no `joined_at`, with the instant at which we first saw them."""
    return member if member.joined_at else replace(member, joined_at=row.first_seen_at)
