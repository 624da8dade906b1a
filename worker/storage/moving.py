"""Who of a group's members already has an account in another messenger.

    members of a page of groups -> the people behind them, by every directory -> those seen on the target -> counts

Everything is read for one page of groups, so the work doesn't grow with the company.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.readiness import MemberCounts
from worker.domain.identity.matching import IdentityState
from worker.domain.messengers import is_bot
from worker.domain.model import AccountKey, GroupKey, Role, Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import LIVE
from worker.storage.cases import behind_link
from worker.storage.persons import has_several_directories, humans_behind, people_of
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.tables import chat_group, link, membership, person, ticket

_LIVE = tuple(state.value for state in sorted(LIVE))


@dataclass(frozen=True, slots=True)
class _Human:
    """A person behind members, by their accounts."""

    accounts: frozenset[AccountKey]
    has_left: bool


class SqlMoving:
    """The port `Moving` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def members(
        self, keys: Collection[GroupKey], target: str, directories: Collection[str]
    ) -> dict[GroupKey, MemberCounts]:
        m, known = membership.c, link.c
        query = (
            sa.select(
                m.source,
                m.group_id,
                m.handle,
                m.username,
                m.role,
                chat_group.c.messenger,
                known.state,
                known.person_source,
                known.person_id,
                person.c.standing,
            )
            .join(chat_group, (chat_group.c.source == m.source) & (chat_group.c.group_id == m.group_id))
            .outerjoin(link, (known.source == m.source) & (known.handle == m.handle))
            .outerjoin(person, behind_link())
            .where(m.is_unlisted == 0, among(m.source, m.group_id, keys))
        )
        rows = self._c.execute(query).all()
        humans = self._humans({_account(row): row.standing for row in rows if row.standing})
        there, addressed = self._there(humans, target, directories), self._addressed(humans)
        has_account = {key for key, human in humans.items() if {key, *human.accounts} & there}
        has_channel = {key for key, human in humans.items() if {key, *human.accounts} & addressed}
        groups: dict[GroupKey, list[Any]] = defaultdict(list)
        for row in rows:
            groups[GroupKey(row.source, row.group_id)].append(row)
        tickets = self._tickets(keys)
        return {
            key: _counts(those, humans, has_account, has_channel, tickets[key])
            for key, those in groups.items()
        }

    def _humans(self, standings: Mapping[AccountKey, str]) -> dict[AccountKey, _Human]:
        """By account, its person; also by the other accounts of theirs that were looked at.

        With one directory, nobody leaves by another account than the one that is listed.
        """
        humans = {key: _Human(frozenset([key]), has_left=False) for key in standings}
        in_several = has_several_directories(self._c)
        asked = [key for key, one in standings.items() if in_several or one == Standing.LEFT.value]
        for key, found in humans_behind(self._c, people_of(self._c, asked), self._rule).items():
            accounts = frozenset(one.key for one in found.accounts)
            human = _Human(accounts, has_left=found.person.standing is Standing.LEFT)
            humans |= dict.fromkeys((key, *accounts), human)
        return humans

    def _there(
        self, people: Collection[AccountKey], target: str, directories: Collection[str]
    ) -> set[AccountKey]:
        """Those of these accounts that are seen on the target."""
        m, g, p = membership.c, chat_group.c, person.c
        found: set[AccountKey] = set()
        for chunk in chunked(sorted(people)):
            seen = (
                sa.select(link.c.person_source, link.c.person_id)
                .distinct()
                .join(membership, (m.source == link.c.source) & (m.handle == link.c.handle))
                .join(chat_group, (g.source == m.source) & (g.group_id == m.group_id))
                .where(among(link.c.person_source, link.c.person_id, chunk))
                .where(g.messenger == target, g.is_gone == 0, m.is_unlisted == 0)
            )
            here = sa.select(p.source, p.person_id).where(
                among(p.source, p.person_id, [key for key in chunk if key.source in directories]),
                p.standing != Standing.LEFT.value,
            )
            found |= {AccountKey(*row) for query in (seen, here) for row in self._c.execute(query)}
        return found

    def _addressed(self, people: Collection[AccountKey]) -> set[AccountKey]:
        """Those of these accounts that have an e-mail address."""
        p = person.c
        found: set[AccountKey] = set()
        for chunk in chunked(sorted(people)):
            query = sa.select(p.source, p.person_id).where(among(p.source, p.person_id, chunk), p.email != "")
            found |= {AccountKey(*row) for row in self._c.execute(query)}
        return found

    def _tickets(self, keys: Collection[GroupKey]) -> Counter[GroupKey]:
        t = ticket.c
        query = (
            sa.select(t.source, t.group_id, sa.func.count())
            .where(among(t.source, t.group_id, keys), t.state.in_(_LIVE))
            .group_by(t.source, t.group_id)
        )
        return Counter(
            {GroupKey(source, group_id): count for source, group_id, count in self._c.execute(query)}
        )


def _counts(
    rows: Sequence[Any],
    humans: Mapping[AccountKey, _Human],
    has_account: Collection[AccountKey],
    has_channel: Collection[AccountKey],
    tickets: int,
) -> MemberCounts:
    """One group's members; somebody with two handles in it is one person."""
    here: set[_Human] = set()
    left: set[_Human] = set()
    there: set[_Human] = set()
    reached: set[_Human] = set()
    for row in rows:
        if not row.standing:
            continue
        key = _account(row)
        human = humans[key]
        (left if human.has_left else here).add(human)
        if key in has_account:
            there.add(human)
        if key in has_channel:
            reached.add(human)
    others = Counter(row.state == IdentityState.NOBODY.value for row in rows if not row.standing)
    return MemberCounts(
        len(here), len(here & there), others[True], others[False], len(left), tickets, len(here - reached),
        sum(not row.standing and is_bot(row.messenger, row.handle, row.username) for row in rows),
        _has_creator_left(rows, humans),
    )  # fmt: skip


def _has_creator_left(rows: Sequence[Any], humans: Mapping[AccountKey, _Human]) -> bool | None:
    creators = [humans[_account(row)] for row in rows if row.role == Role.CREATOR.value and row.standing]
    return all(one.has_left for one in creators) if creators else None


def _account(row: Any) -> AccountKey:
    return AccountKey(row.person_source, row.person_id)
