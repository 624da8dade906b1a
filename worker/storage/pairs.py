"""Pairs of groups that several sources show, found in sets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import sqlalchemy as sa

from worker.domain.groups.pairing import AlikeBy, Pair, PairState, overlaps, says_overlap
from worker.domain.model import Coverage, GroupKey
from worker.domain.text.reason import because, because_many
from worker.ports.state.groups import Expectation
from worker.ports.state.pairs import Follows
from worker.storage.dirty import dirty_groups
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.mapping import reason_from_row
from worker.storage.sql.tables import (
    chat_group,
    expected,
    group_pair,
    left_by_themself,
    link,
    membership,
    to_micros,
)

_COLUMNS = ("a_source", "a_group", "b_source", "b_group", "state", "why", "why_words", "at", "by")

_IN_ORDER = sa.select(group_pair).order_by(*(group_pair.c[name] for name in _COLUMNS[:4]))
RECENT = timedelta(days=1)  # a list that was read since then is believed before an older one
_ONE = tuple(state.value for state in PairState if state.is_one)


class SqlPairs:
    """The port `Pairs` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def find(self, weaker: str, stronger: str, now: datetime, alike_by: AlikeBy = AlikeBy.ANYTHING) -> int:
        found = self._by_id_or_link(weaker, stronger, now, alike_by)
        if alike_by in {AlikeBy.ANYTHING, AlikeBy.NAMED}:
            found += self._by_members_alone(weaker, stronger, now, found)
        found = self._but_apart(found) if found else []
        for pair in found:
            self.put(pair)
        return len(found)

    def _but_apart(self, found: Sequence[Pair]) -> list[Pair]:
        """These without groups that people set apart, or that are one with groups which people set apart."""
        known = self.all()
        apart = {frozenset((one.a, one.b)) for one in known if one.state is PairState.APART}
        ones: dict[GroupKey, set[GroupKey]] = defaultdict(set)
        for pair in known if apart else ():
            if pair.state.is_one:
                ones[pair.a].add(pair.b)
                ones[pair.b].add(pair.a)
        return [
            pair
            for pair in found
            if not any(
                frozenset(two) in apart for two in product({pair.a} | ones[pair.a], {pair.b} | ones[pair.b])
            )
        ]

    def _by_members_alone(
        self, weaker: str, stronger: str, now: datetime, found: Sequence[Pair]
    ) -> list[Pair]:
        had = {pair.a for pair in found} | {pair.b for pair in found}
        return [
            one for one in self._by_members(weaker, stronger, now) if one.a not in had and one.b not in had
        ]

    def _by_id_or_link(self, weaker: str, stronger: str, now: datetime, alike_by: AlikeBy) -> list[Pair]:
        found: dict[str, Pair] = {}
        for row in self._c.execute(_same_id_or_link(alike_by), {"weaker": weaker, "stronger": stronger}):
            why = because("the same join link") if row.rank else because("the same id")
            # Two lists that people keep: a link may have been copied with its row, so another name is asked about
            is_sure = row.is_named or alike_by is not AlikeBy.ID_AND_NAME
            state = PairState.SURE if is_sure else PairState.SUGGESTED
            pair = Pair(GroupKey(weaker, row.group_id), GroupKey(stronger, row.other), state, why, now)
            if found.setdefault(row.group_id, pair).state is PairState.SUGGESTED:
                found[row.group_id] = pair
        asked = self._asked(weaker, stronger)
        return [one for one in found.values() if one.state is PairState.SURE or (one.a, one.b) not in asked]

    def _by_members(self, weaker: str, stronger: str, now: datetime) -> list[Pair]:
        rows = self._c.execute(_common_members(), {"weaker": weaker, "stronger": stronger})
        alike = [found for row in rows if (found := _alike(row, weaker, stronger, now))]
        sure = _unique(alike)
        taken = {pair.a for pair in sure} | {pair.b for pair in sure}
        asked = self._asked(weaker, stronger)
        return sure + [
            replace(one, state=PairState.SUGGESTED)
            for one in alike
            if one.a not in taken and one.b not in taken and (one.a, one.b) not in asked
        ]

    def _asked(self, weaker: str, stronger: str) -> set[tuple[GroupKey, GroupKey]]:
        """The pairs of groups of these sources that are a question."""
        r = group_pair.c
        is_between = (r.a_source == weaker) & (r.b_source == stronger)
        query = sa.select(r.a_group, r.b_group).where(is_between, r.state == PairState.SUGGESTED.value)
        return {
            (GroupKey(weaker, row.a_group), GroupKey(stronger, row.b_group)) for row in self._c.execute(query)
        }

    def all(self) -> list[Pair]:
        return [_pair(row) for row in self._c.execute(_IN_ORDER)]

    def of(self, one: GroupKey, other: GroupKey) -> list[Pair]:
        r = group_pair.c
        has_one = (r.a_source == one.source) & (r.a_group == one.group_id)
        has_other = (r.b_source == other.source) & (r.b_group == other.group_id)
        return [_pair(row) for row in self._c.execute(_IN_ORDER.where(sa.or_(has_one, has_other)))]

    def suggested(self, limit: int) -> list[Pair]:
        r, known = group_pair.c, group_pair.alias("known").c
        same_a = (
            (known.a_source == r.a_source) & (known.a_group == r.a_group) & (known.b_source == r.b_source)
        )
        same_b = (
            (known.b_source == r.b_source) & (known.b_group == r.b_group) & (known.a_source == r.a_source)
        )
        has_one = sa.exists().where(known.state.in_(_ONE), sa.or_(same_a, same_b))
        query = _IN_ORDER.where(r.state == PairState.SUGGESTED.value, ~has_one).limit(limit)
        return [_pair(row) for row in self._c.execute(query)]

    def put(self, pair: Pair) -> None:
        row = (
            *pair.a,
            *pair.b,
            pair.state.value,
            str(pair.why),
            pair.why.words or None,
            to_micros(pair.at),
            pair.by,
        )
        bulk_upsert(self._c, group_pair, _COLUMNS, [row])

    def follow(self, ranks: Mapping[str, int], now: datetime) -> list[Follows]:
        g = chat_group.c
        before = {
            GroupKey(row.source, row.group_id): GroupKey(row.leader_source, row.leader_group)
            for row in self._c.execute(sa.select(chat_group).where(g.leader_source.is_not(None)))
        }
        leaders = self._leaders(ranks, frozenset(before.values()), now - RECENT)
        changed = sorted(key for key in {*leaders, *before} if leaders.get(key) != before.get(key))
        for key in changed:
            leader = leaders.get(key)
            values = {"leader_source": leader and leader.source, "leader_group": leader and leader.group_id}
            this = (g.source == key.source) & (g.group_id == key.group_id)
            self._c.execute(sa.update(chat_group).where(this).values(values))
        led = [known[key] for known in (leaders, before) for key in changed if key in known]
        dirty_groups(self._c, {*changed, *led}, now)
        return [Follows(key, leaders[key]) for key in changed if key in leaders]

    def carry_places(self, follows: Follows) -> None:
        there, here = expected.c, expected.alias("here").c
        is_due_here = sa.exists().where(*_of(here, follows.follower), *_same_account(here, there)).where(
            here.state == Expectation.DUE.value
        )  # fmt: skip
        is_former = there.state == Expectation.FORMER.value
        self._c.execute(sa.delete(expected).where(*_of(there, follows.leader), is_former, is_due_here))
        for table in (expected, left_by_themself):
            self._c.execute(_copied(table, follows))

    def _leaders(
        self, ranks: Mapping[str, int], leading: Collection[GroupKey], since: datetime
    ) -> dict[GroupKey, GroupKey]:
        """The group that leads, by each group that another one leads.

        `leading`: those that lead so far. What was read before `since` is old.
        """
        place = {source: at for at, source in enumerate(ranks)}

        def witness(source: str, group_id: str, coverage: str, is_gone: int, read_at: datetime) -> _Witness:
            key = GroupKey(source, group_id)
            return _Witness(
                is_unread=source not in place,
                is_gone=bool(is_gone),
                is_stale=coverage == Coverage.STALE.value,
                rank=-ranks.get(source, 0),
                is_old=read_at < since,
                is_part=coverage != Coverage.FULL.value,
                is_other=key not in leading,
                place=place.get(source, 0),
                key=key,
            )

        best: dict[GroupKey, _Witness] = {}
        for row in self._c.execute(_witnesses()):
            better, other = sorted((witness(*row[:5]), witness(*row[5:])))
            best[other.key] = min(better, best.get(other.key, better))
        return {key: _last(key, best) for key in best}


class _Witness(NamedTuple):
    """A group as one of its sources shows it, in this order: the least is the best witness of who is in it.

    Of two of one rank, whichever was read lately and shows the whole group comes first, and then whichever leads: its
    tickets stay where they are.
    """

    is_unread: bool  # its source is not configured any more
    is_gone: bool
    is_stale: bool  # its source is not in it, or does not show it
    rank: int  # below zero: see `pairing.rank`
    is_old: bool
    is_part: bool
    is_other: bool
    place: int
    key: GroupKey


def _last(key: GroupKey, best: Mapping[GroupKey, _Witness]) -> GroupKey:
    """The group that leads: the best witness may be one of a pair with a better one itself."""
    while key in best:
        key = best[key].key
    return key


@cache
def _witnesses() -> sa.Select[Any]:
    """Both groups of each pair that is one group, with what is to be known of them as witnesses."""
    r, a, b = group_pair.c, chat_group.alias("a"), chat_group.alias("b")
    told = ("source", "group_id", "coverage", "is_gone", "read_at")
    return (
        sa.select(*(one.c[name] for one in (a, b) for name in told))
        .select_from(group_pair)
        .join(a, (a.c.source == r.a_source) & (a.c.group_id == r.a_group))
        .join(b, (b.c.source == r.b_source) & (b.c.group_id == r.b_group))
        .where(r.state.in_(_ONE))
    )


def _copied(table: sa.Table, follows: Follows) -> sa.Insert:
    """Give the leader the follower's rows about people of whom it has none."""
    one, other = table.c, table.alias("other").c
    is_had = sa.exists().where(*_of(other, follows.leader), *_same_account(other, one))
    new = {"source": follows.leader.source, "group_id": follows.leader.group_id}
    values = [sa.literal(new[name]) if name in new else column for name, column in one.items()]
    return sa.insert(table).from_select(
        one.keys(), sa.select(*values).where(*_of(one, follows.follower), ~is_had)
    )


def _of(columns: Any, group: GroupKey) -> tuple[sa.ColumnElement[bool], ...]:
    return columns.source == group.source, columns.group_id == group.group_id


def _same_account(one: Any, other: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return one.person_source == other.person_source, one.person_id == other.person_id


@cache
def _same_id_or_link(alike_by: AlikeBy) -> sa.Select[Any]:
    """Groups of `weaker` and of `stronger` that have the same id or the same join link.

    Each of the two is a join of its own: a condition with `or` would compare every group with every other.
    """
    a, b = chat_group.alias("a"), chat_group.alias("b")
    same_link = (a.c.link_sha256 == b.c.link_sha256) & (a.c.link_sha256 != "")
    same_id = a.c.group_id == b.c.group_id
    is_named = sa.func.lower(sa.func.trim(a.c.name)) == sa.func.lower(sa.func.trim(b.c.name))
    same_messenger = a.c.messenger == b.c.messenger
    also = [same_messenger] if alike_by in {AlikeBy.ID, AlikeBy.ID_AND_NAME} else []
    if alike_by in {AlikeBy.NAMED, AlikeBy.ID_AND_NAME}:
        same_id &= same_messenger & is_named
    either = sa.union_all(*(
        sa.select(
            a.c.group_id, b.c.group_id.label("other"), sa.literal(rank).label("rank"), is_named.label("is_named")
        )
        .join_from(a, b, same)
        .where(a.c.source == sa.bindparam("weaker"), b.c.source == sa.bindparam("stronger"), *_unpaired(a, b), *also)
        for rank, same in enumerate((same_id, same_link))
    )).subquery("either")  # fmt: skip
    return sa.select(either).order_by(either.c.group_id, either.c.rank, either.c.other)


@cache
def _common_members() -> sa.Select[Any]:
    """Groups of `weaker` and of `stronger` that have people in common, and how many.

    Who is the same is found first, by a join for the number and one for the person, and names the sources of
    what is joined next: with an `or`, or with a source named beside it, SQLite compares every member with every other.
    """
    a, b = chat_group.alias("a"), chat_group.alias("b")
    m, n = membership.alias("m"), membership.alias("n")
    p, q = link.alias("p"), link.alias("q")
    same_number = p.c.phone_key == q.c.phone_key
    same_person = (p.c.person_source == q.c.person_source) & (p.c.person_id == q.c.person_id)
    same = sa.union(*(
        sa.select(p.c.source, p.c.handle, q.c.source.label("other_source"), q.c.handle.label("other"))
        .join_from(p, q, is_same)
        .where(p.c.source == sa.bindparam("weaker"), q.c.source == sa.bindparam("stronger"))
        for is_same in (same_number, same_person)
    )).cte("same")  # fmt: skip
    common = sa.func.count(sa.distinct(m.c.handle))
    return (
        sa.select(
            a.c.group_id, a.c.name, a.c.messenger, a.c.size, b.c.group_id.label("other"),
            b.c.name.label("other_name"), b.c.messenger.label("other_messenger"),
            b.c.size.label("other_size"), common.label("common"),
        )
        .select_from(same)
        .join(m, (m.c.source == same.c.source) & (m.c.handle == same.c.handle))
        .join(n, (n.c.source == same.c.other_source) & (n.c.handle == same.c.other))
        .join(a, (a.c.source == m.c.source) & (a.c.group_id == m.c.group_id))
        .join(b, (b.c.source == n.c.source) & (b.c.group_id == n.c.group_id))
        .where(*_unpaired(a, b))
        .group_by(a.c.group_id, a.c.name, a.c.messenger, a.c.size, b.c.group_id, b.c.name, b.c.messenger, b.c.size)
        .order_by(a.c.group_id, sa.desc("common"), b.c.group_id)
    )  # fmt: skip


def _unpaired(a: Any, b: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """Groups that are there, of which nobody said anything yet; a group that is one with another has no third.

    A question is looked at again: a link, or a candidate that is gone, may answer it.
    """
    r = group_pair.c
    this = (r.a_source == a.c.source) & (r.a_group == a.c.group_id) & (r.b_source == b.c.source)
    is_said = sa.exists().where(this, r.b_group == b.c.group_id, r.state != PairState.SUGGESTED.value)
    is_one = r.state.in_(_ONE)
    has_other = sa.exists().where(this, is_one)
    other_has = sa.exists().where(
        r.b_source == b.c.source, r.b_group == b.c.group_id, r.a_source == a.c.source, is_one
    )
    return a.c.is_gone == 0, b.c.is_gone == 0, ~is_said, ~has_other, ~other_has


def _alike(row: Any, weaker: str, stronger: str, now: datetime) -> Pair | None:
    a, b = GroupKey(weaker, row.group_id), GroupKey(stronger, row.other)
    said = because_many("{n} member in common", "{n} members in common", row.common)
    is_named = row.name.casefold().split() == row.other_name.casefold().split()
    if is_named and row.messenger == row.other_messenger and overlaps(row.common, row.size, row.other_size):
        return Pair(a, b, PairState.SURE, because("the same name, and {members}", members=said), now)
    if says_overlap(row.common, row.size, row.other_size):
        return Pair(a, b, PairState.SUGGESTED, said, now)
    return None


def _unique(pairs: Sequence[Pair]) -> list[Pair]:
    """The sure pairs, none of whose groups is in another one. Two that could be it make each a question."""
    sure = [pair for pair in pairs if pair.state is PairState.SURE]
    times = Counter(key for pair in sure for key in (pair.a, pair.b))
    return [pair for pair in sure if times[pair.a] == times[pair.b] == 1]


def _pair(row: Any) -> Pair:
    return Pair(
        GroupKey(row.a_source, row.a_group), GroupKey(row.b_source, row.b_group), PairState(row.state),
        reason_from_row(row, "why"), row.at, row.by,
    )  # fmt: skip
