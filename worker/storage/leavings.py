"""People whose last day is near, and the reviews of their conversations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from worker.domain.kinds import CONVERSATIONS, codes
from worker.domain.model import Account, AccountKey, Evidence, Standing
from worker.domain.people.persons import AccountsRule, addresses_of
from worker.domain.tickets.ticket import LIVE, Ticket, TicketState
from worker.storage.deciding import is_admin
from worker.storage.persons import humans_behind, people_of
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import person_from_row, ticket_from_row
from worker.storage.sql.tables import link, membership, person, ticket

_LIVE = tuple(state.value for state in sorted(LIVE))
_DATED = (Evidence.LEAVE_DATE.value, Evidence.EXPIRED.value)
_REMOVALS = codes(lambda kind: kind.is_exposure)
_REVIEWS = (ticket.c.kind == CONVERSATIONS.value) & ticket.c.state.in_(_LIVE)


class SqlLeavings:
    """The port `Leavings` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def shows_last_days(self) -> bool:
        p = person.c
        is_dated = sa.or_(p.standing == Standing.LEAVING.value, p.evidence.in_(_DATED))
        return self._c.execute(sa.select(p.source).where(is_dated).limit(1)).first() is not None

    def to_review(
        self, now: datetime, until: datetime, after: AccountKey | None, limit: int
    ) -> list[Account]:
        p, t = person.c, ticket.c
        asked = sa.exists().where(t.person_source == p.source, t.person_id == p.person_id, _REVIEWS)
        query = sa.select(person).where(
            p.standing == Standing.LEAVING.value, p.at > now, p.at <= until, ~asked
        )
        if after is not None:
            query = query.where(
                (p.source > after.source) | ((p.source == after.source) & (p.person_id > after.person_id))
            )
        rows = self._c.execute(query.order_by(p.source, p.person_id).limit(limit))
        return [person_from_row(row) for row in rows]

    def reviews_of(self, people: Collection[AccountKey]) -> list[Ticket]:
        t, found = ticket.c, list[Ticket]()
        for chunk in chunked(sorted(people)):
            mine = among(t.person_source, t.person_id, chunk)
            query = sa.select(ticket).where(mine, t.kind == CONVERSATIONS.value).order_by(t.id)
            found += map(ticket_from_row, self._c.execute(query))
        return found

    def cases_over(self, since: datetime) -> list[Ticket]:
        t, other = ticket.c, ticket.alias("other").c
        is_live = sa.exists().where(
            other.person_source == t.person_source, other.person_id == t.person_id,
            other.kind.in_(_REMOVALS), other.state.in_(_LIVE),
        )  # fmt: skip
        is_theirs = (
            (t.evidence.is_not(None)) & (t.evidence != Evidence.MOVED.value) & t.person_id.is_not(None)
        )
        query = (
            sa.select(ticket)
            .where(t.kind.in_(_REMOVALS), t.state == TicketState.VERIFIED.value, t.verified_at >= since)
            .where(is_theirs, ~is_live)
            .order_by(t.verified_at, t.id)
        )
        found = {one.occasion: one for one in map(ticket_from_row, self._c.execute(query))}
        return list(found.values())

    def live_reviews(self) -> list[Ticket]:
        rows = self._c.execute(sa.select(ticket).where(_REVIEWS).order_by(ticket.c.id))
        return [ticket_from_row(row) for row in rows]

    def admin_addresses(self, accounts: Collection[AccountKey]) -> dict[AccountKey, set[str]]:
        mine, theirs = membership.alias("mine").c, membership.alias("theirs").c
        k, a = link.alias("k").c, link.alias("a").c
        admins = defaultdict[AccountKey, set[AccountKey]](set)
        for chunk in chunked(sorted(set(accounts))):
            query = (
                sa.select(k.person_source, k.person_id, a.person_source.label("of"), a.person_id.label("id"))
                .distinct()
                .where(
                    among(k.person_source, k.person_id, chunk),
                    mine.source == k.source, mine.handle == k.handle,
                    theirs.source == mine.source, theirs.group_id == mine.group_id, is_admin(theirs),
                    a.source == theirs.source, a.handle == theirs.handle, a.person_id.is_not(None),
                )
            )  # fmt: skip
            for row in self._c.execute(query):
                admins[AccountKey(row.person_source, row.person_id)].add(AccountKey(row.of, row.id))
        known = people_of(self._c, {one for each in admins.values() for one in each})
        humans = humans_behind(self._c, known, self._rule)
        return {
            key: {address for one in each if one in humans for address in addresses_of(humans[one])}
            for key, each in admins.items()
        }
