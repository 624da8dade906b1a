"""People: who there is, and whose tickets wait to be weighed again. Passes that change them are in `people_passes`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.phones import canonical, is_e164
from worker.domain.kinds import codes
from worker.domain.model import Account, AccountFacts, AccountKey
from worker.domain.people.persons import Person
from worker.domain.text.mail_domains import foldable
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import LIVE
from worker.ports.state.people import DirtyPeople
from worker.storage.cases import person_cases
from worker.storage.dirty import dirty_people, take_people
from worker.storage.erased_assignees import to_do_of
from worker.storage.erasing import erase_person
from worker.storage.people_passes import SqlPasses
from worker.storage.persons import accounts_of, facts_of, humans_behind, people_of
from worker.storage.retention import erasable
from worker.storage.sql.chunks import chunked
from worker.storage.sql.mapping import person_from_row
from worker.storage.sql.tables import (
    person,
    person_key,
    source,
    ticket,
)

FOUND_MAX = 20


def _seek() -> sa.Select[Any]:
    """Whoever is found by an index, so that the work does not grow with the company: jobs look up addresses."""
    p, k = person.c, person_key.c
    ids: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
    found = sa.union(
        sa.select(p.source, p.person_id).where(p.source.in_(sa.select(source.c.name)), p.person_id.in_(ids)),
        sa.select(p.source, p.person_id).where(p.email == sa.bindparam("folded")),
        sa.select(p.source, p.person_id).where(
            p.source == sa.bindparam("of"), p.person_id == sa.bindparam("id")
        ),
        sa.select(k.source, k.person_id).where(k.kind == "employee", k.value == sa.bindparam("folded")),
    ).subquery()
    same = (p.source == found.c.source) & (p.person_id == found.c.person_id)
    return sa.select(person).join(found, same).order_by(p.source, p.person_id).limit(FOUND_MAX)


_SEEK = _seek()
_ASKED = (
    sa.select(ticket.c.person_source, ticket.c.person_id)
    .distinct()
    .where(
        ticket.c.kind.in_(codes(lambda kind: kind.about is About.PERSON)),
        ticket.c.state.in_([state.value for state in sorted(LIVE)]),
    )
)
_BY_KEY = sa.select(person).where(
    person.c.source == sa.bindparam("of"), person.c.person_id == sa.bindparam("id")
)
_SCAN = (
    sa.select(person)
    .where(sa.func.lower(person.c.person_id).in_([sa.bindparam("lower"), sa.bindparam("wanted")]))
    .order_by(person.c.source, person.c.person_id)
    .limit(FOUND_MAX)
)

_KNOWN_AS: sa.BindParameter[Any] = sa.bindparam("known_as", expanding=True)
_WITH_EMAIL = sa.select(person.c.email.label("known_as"), person).where(person.c.email.in_(_KNOWN_AS))
_OTHER = person.alias("other").c
_WITH_USERNAME = sa.select(person.c.username.label("known_as"), person).where(
    person.c.username.in_(_KNOWN_AS),
    ~sa.exists().where(_OTHER.email == person.c.username),  # the address of others is theirs alone
)
_WITH_NUMBER = (
    sa.select(person_key.c.value.label("known_as"), person)
    .join(person, (person.c.source == person_key.c.source) & (person.c.person_id == person_key.c.person_id))
    .where(person_key.c.kind == "phone", person_key.c.value.in_(_KNOWN_AS))
)


class SqlPeople(SqlPasses):
    """The port `People` within one transaction."""

    # --- reconciling -----------------------------------------------------------------------------

    def mark_dirty(self, people: Iterable[AccountKey], now: datetime) -> None:
        dirty_people(self._c, people, now)

    def mark_asked_dirty(self, now: datetime) -> None:
        dirty_people(self._c, [AccountKey(*row) for row in self._c.execute(_ASKED)], now)

    def take_dirty(self, limit: int) -> DirtyPeople:
        keys = take_people(self._c, limit)
        return DirtyPeople(len(keys), person_cases(self._c, keys, self._rule))

    # --- looking things up -----------------------------------------------------------------------

    def get(self, key: AccountKey) -> Account | None:
        row = self._c.execute(_BY_KEY, {"of": key.source, "id": key.person_id}).first()
        return None if row is None else person_from_row(row)

    def human(self, key: AccountKey) -> Person | None:
        return self.humans([key]).get(key)

    def humans(self, people: Collection[AccountKey]) -> dict[AccountKey, Person]:
        return humans_behind(self._c, people_of(self._c, people), self._rule)

    def accounts(self, people: Collection[AccountKey]) -> dict[AccountKey, set[AccountKey]]:
        return accounts_of(self._c, people)

    def facts(
        self, people: Collection[AccountKey], *, having: Collection[str] = ()
    ) -> dict[AccountKey, AccountFacts]:
        return facts_of(self._c, people, having)

    def find(self, text: str) -> list[Account]:
        wanted = text.strip()
        wanted = foldable(wanted) or wanted
        of, _, id_ = wanted.partition("/")
        ids = sorted({wanted, wanted.lower(), wanted.upper()})
        rows = self._c.execute(_SEEK, {"ids": ids, "folded": wanted.casefold(), "of": of, "id": id_}).all()
        if not rows and "@" not in wanted and len(ids) > 1:  # an id with letters of both sizes
            rows = self._c.execute(_SCAN, {"lower": wanted.lower(), "wanted": wanted}).all()
        return [person_from_row(row) for row in rows]

    def with_username(self, username: str) -> list[Account]:
        return [
            person_from_row(row) for row in self._known_as(_WITH_USERNAME, {foldable(username).casefold()})
        ]

    def who_left(self, addresses: Collection[str]) -> set[str]:
        numbers = {one: canonical(one) for one in addresses if is_e164(one)}
        left = self._of_none_here(_WITH_NUMBER, {*numbers.values()})
        by_number = {one for one, number in numbers.items() if number in left}
        texts = {*addresses} - numbers.keys()
        by_email = self._of_none_here(_WITH_EMAIL, texts)
        return by_number | by_email | self._of_none_here(_WITH_USERNAME, texts - by_email)

    def _of_none_here(self, holders: sa.Select[Any], known_as: Collection[str]) -> set[str]:
        """Those of some e-mail addresses, user names or numbers that somebody had who left, and nobody who is here."""
        rows = self._known_as(holders, known_as)
        humans = humans_behind(self._c, map(person_from_row, rows), self._rule)
        return {row.known_as for row in rows} - {
            row.known_as for row in rows if humans[AccountKey(row.source, row.person_id)].leaving is None
        }

    def _known_as(self, holders: sa.Select[Any], known_as: Collection[str]) -> list[sa.Row[Any]]:
        parts = chunked(sorted(known_as))
        return [row for part in parts for row in self._c.execute(holders, {"known_as": part})]

    def page(self, after: AccountKey | None, limit: int) -> list[Account]:
        query = sa.select(person).order_by(person.c.source, person.c.person_id).limit(limit)
        if after is not None:
            query = query.where(
                sa.tuple_(person.c.source, person.c.person_id) > sa.tuple_(*map(sa.literal, after))
            )
        return [person_from_row(row) for row in self._c.execute(query)]

    def count(self) -> int:
        return int(self._c.execute(sa.select(sa.func.count()).select_from(person)).scalar_one())

    def erase(self, key: AccountKey) -> None:
        erase_person(self._c, key)

    def to_do_of(self, key: AccountKey) -> list[int]:
        return to_do_of(self._c, key)

    def erasable(self, before: datetime, after: AccountKey | None, limit: int) -> list[AccountKey]:
        return [AccountKey(*row) for row in self._c.execute(erasable(before, after, limit))]
