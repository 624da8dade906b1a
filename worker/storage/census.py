"""What people named in a census, and what was decided about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.census import (
    CandidateDecision,
    CensusCandidate,
    CensusMention,
    CensusRow,
    KnownName,
    fold_of,
)
from worker.domain.controls.state import CENSUS_SOURCE
from worker.domain.model import Account, AccountKey, GroupKey, Standing
from worker.domain.tickets.ticket import LIVE, Ticket
from worker.ports.state.group_states import Lists
from worker.storage.managers import under
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.mapping import person_from_row, ticket_from_row
from worker.storage.sql.tables import (
    census_candidate,
    census_link,
    census_mention,
    chat_group,
    link,
    membership,
    person,
    ticket,
)

_C, _M, _G = census_candidate.c, census_mention.c, chat_group.c
_AT_ONCE = 1000
_LIVE_TICKETS = (
    sa.select(ticket)
    .where(ticket.c.source == CENSUS_SOURCE, ticket.c.state.in_([one.value for one in sorted(LIVE)]))
    .order_by(ticket.c.id)
)


class SqlCensus:
    """The port `Census` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    # --- naming ----------------------------------------------------------------------------------

    def note(self, rows: Sequence[CensusRow], by: CensusMention) -> None:
        for row in rows:
            number = self._number_of(row) or self._new(row, by.at)
            mine = (_M.candidate_id == number) & (_M.ticket_id == by.ticket)
            if not self._count(census_mention, mine):
                self._mention(number, row, by)

    def note_anonymous(self, rows: Sequence[CensusRow], day: datetime, now: datetime, new_max: int) -> int:
        by_nobody = sa.exists().where(_M.candidate_id == _C.id, _M.ticket_id.is_(None), _M.at == _C.named_at)
        left = new_max - self._count(census_candidate, (_C.named_at >= day) & by_nobody)
        dropped = 0
        for row in rows:
            number = self._number_of(row)
            if number is None and left <= 0:
                dropped += 1
                continue
            if number is None:
                number, left = self._new(row, now), left - 1
            mine = (_M.candidate_id == number) & _M.ticket_id.is_(None) & (_M.at >= day)
            again = sa.update(census_mention).where(mine).values(times=_M.times + 1)
            if not self._c.execute(again).rowcount:
                self._mention(number, row, CensusMention(now))
        return dropped

    def _number_of(self, row: CensusRow) -> int | None:
        which = (_C.folded == fold_of(row.name)) & (_C.messenger == row.messenger)
        number: int | None = self._c.execute(sa.select(_C.id).where(which)).scalar()
        return number

    def _new(self, row: CensusRow, now: datetime) -> int:
        number = take_numbers(self._c, "census_candidate")
        values = {
            "id": number, "folded": fold_of(row.name), "messenger": row.messenger, "name": row.name, "named_at": now,
        }  # fmt: skip
        self._c.execute(sa.insert(census_candidate).values(values))
        return number

    def _mention(self, candidate: int, row: CensusRow, by: CensusMention) -> None:
        values = {
            "id": take_numbers(self._c, "census_mention"),
            "candidate_id": candidate,
            "at": by.at,
            "ticket_id": by.ticket,
            "person_source": by.person.source if by.person else None,
            "person_id": by.person.person_id if by.person else None,
            "admin": row.admin,
            "members": row.members,
        }
        self._c.execute(sa.insert(census_mention).values(values))

    def forget(self, ticket: int, at: datetime) -> None:
        mine = (_M.ticket_id == ticket) & (_M.at == at)
        candidates = list(self._c.execute(sa.select(_M.candidate_id).where(mine)).scalars())
        self._c.execute(sa.delete(census_mention).where(mine))
        is_named = sa.exists().where(_M.candidate_id == _C.id)
        is_open = _C.decision == CandidateDecision.OPEN.value
        self._c.execute(sa.delete(census_candidate).where(_C.id.in_(candidates), is_open, ~is_named))

    def of_ticket(self, ticket: int) -> list[CensusRow]:
        query = sa.select(_C.name, _C.messenger, _M.admin, _M.members).join(
            census_mention, _M.candidate_id == _C.id
        )
        rows = self._c.execute(query.where(_M.ticket_id == ticket).order_by(_M.id))
        return [CensusRow(*row) for row in rows]

    # --- candidates ------------------------------------------------------------------------------

    def candidates(
        self, decisions: Collection[CandidateDecision] = tuple(CandidateDecision)
    ) -> list[CensusCandidate]:
        return self._candidates(_C.decision.in_([one.value for one in decisions]))

    def get(self, number: int) -> CensusCandidate | None:
        return next(iter(self._candidates(_C.id == number)), None)

    def _candidates(self, which: sa.ColumnElement[bool]) -> list[CensusCandidate]:
        mentions = defaultdict[int, list[CensusMention]](list)
        p = person.c
        query = (
            sa.select(census_mention, p.display_name, p.email)
            .join(census_candidate, _C.id == _M.candidate_id)
            .outerjoin(person, (p.source == _M.person_source) & (p.person_id == _M.person_id))
            .where(which)
            .order_by(_M.id.desc())
        )
        for row in self._c.execute(query):
            mentions[row.candidate_id].append(_mention_of(row))
        rows = self._c.execute(sa.select(census_candidate).where(which).order_by(_C.id))
        return [_candidate(row, mentions[row.id]) for row in rows]

    def decide(
        self, number: int, decision: CandidateDecision, group: GroupKey | None, by: str, now: datetime
    ) -> None:
        values = {
            "decision": decision.value,
            "source": group.source if group else None,
            "group_id": group.group_id if group else None,
            "decided_by": by,
            "decided_at": now,
        }
        self._c.execute(sa.update(census_candidate).where(_C.id == number).values(values))

    def live_tickets(self) -> list[Ticket]:
        rows = self._c.execute(_LIVE_TICKETS)
        return [ticket_from_row(row) for row in rows]

    # --- what is known already -------------------------------------------------------------------

    def names(self, lists: Lists) -> Iterator[KnownName]:
        query = sa.select(
            _G.source, _G.group_id, _G.name, _G.messenger, _G.leader_source, _G.leader_group
        ).where(_G.is_gone == 0)
        ordered = query.order_by(_G.source, _G.group_id).execution_options(yield_per=_AT_ONCE)
        for row in self._c.execute(ordered):
            key = GroupKey(row.source, row.group_id)
            leader = GroupKey(row.leader_source, row.leader_group) if row.leader_source else key
            is_register = row.source in lists.registers
            yield KnownName(leader, row.name, row.messenger, is_register, key if is_register else None)

    def groups_under(self, key: AccountKey, limit: int) -> list[str]:
        below = under(key).subquery()
        query = (
            sa.select(_G.name)
            .distinct()
            .join(membership, (membership.c.source == _G.source) & (membership.c.group_id == _G.group_id))
            .join(link, (link.c.source == membership.c.source) & (link.c.handle == membership.c.handle))
            .join(below, (below.c.source == link.c.person_source) & (below.c.person_id == link.c.person_id))
            .where(_G.is_gone == 0, _G.leader_source.is_(None), membership.c.is_unlisted == 0)
            .order_by(_G.name)
            .limit(limit)
        )
        return list(self._c.execute(query).scalars())

    def known_as(self, words: str) -> list[Account]:
        p = person.c
        is_known = sa.or_(p.display_name == words, p.email == words.casefold())
        here = (p.standing != Standing.LEFT.value) & (p.is_out_of_scope == 0)
        query = sa.select(person).where(is_known, here).order_by(p.source, p.person_id)
        return [person_from_row(row) for row in self._c.execute(query)]

    # --- the public form -------------------------------------------------------------------------

    def links(self) -> list[str]:
        k = census_link.c
        return list(self._c.execute(sa.select(k.token).order_by(k.made_at.desc(), k.token.desc())).scalars())

    def add_link(self, token: str, now: datetime) -> None:
        newest = self._c.execute(sa.select(sa.func.max(census_link.c.made_at))).scalar()
        made_at = now if newest is None else max(now, newest + timedelta(microseconds=1))
        self._c.execute(sa.insert(census_link).values({"token": token, "made_at": made_at}))

    def _count(self, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(which)
        return int(self._c.execute(query).scalar_one())


def _candidate(row: Any, mentions: Sequence[CensusMention]) -> CensusCandidate:
    return CensusCandidate(
        row.id,
        row.name,
        row.messenger,
        row.named_at,
        CandidateDecision(row.decision),
        row.decided_at,
        row.decided_by,
        GroupKey(row.source, row.group_id) if row.source else None,
        tuple(mentions),
    )


def _mention_of(row: Any) -> CensusMention:
    who = AccountKey(row.person_source, row.person_id) if row.person_source else None
    return CensusMention(
        row.at, who, row.display_name or "", row.email or "", row.admin, row.members, row.times, row.ticket_id
    )
