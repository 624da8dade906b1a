"""The people behind handles: questions with their candidates, and the answers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.fingerprints import is_still
from worker.domain.identity.matching import (
    QUESTIONS,
    Candidate,
    How,
    Identity,
    IdentityState,
    KnownHandle,
    named_before,
)
from worker.domain.identity.phones import canonical
from worker.domain.kinds import codes
from worker.domain.model import Account, AccountKey, GroupKey, HandleKey, Member, Standing
from worker.domain.text.reason import because
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import ticket_number
from worker.ports import Port
from worker.ports.state.identities import HandleIdentity, Question, SurePage
from worker.storage import sure_links
from worker.storage.dirty import dirty_groups
from worker.storage.erased_links import asked_about
from worker.storage.other_handles import known_elsewhere, rematch_others
from worker.storage.people_staging import SHARED
from worker.storage.persons import PERSON_COLUMNS, accounts_of, joined_at, joining_keys, people_of, person_of
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import link_from_row, reason_values, suggestions_to_json
from worker.storage.sql.statistics import gather_grown
from worker.storage.sql.tables import IS_QUESTION, link, membership, person, person_key, source, ticket

_BY_KEY = (
    ("phone", "phone_key", How.VARIANT),
    ("email", "email_key", How.EMAIL),
    ("employee", "employee_key", How.EMPLOYEE_ID),
)


_QUESTIONS = codes(lambda kind: kind.about is About.HANDLE)
# In an order, or PostgreSQL reads all links of a table that was filled just now, of which it takes most to wait
_IS_ANY_WAITING = (
    sa.select(sa.literal(1)).where(link.c.is_dirty == 1).order_by(link.c.source, link.c.handle).limit(1)
)


class SqlIdentities:
    """The port `Identities` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def has_questions(self) -> bool:
        return self._c.execute(_IS_ANY_WAITING).first() is not None

    def questions(self, limit: int) -> list[Question]:
        query = (
            sa.select(link).where(link.c.is_dirty == 1).order_by(link.c.source, link.c.handle).limit(limit)
        )
        rows = self._c.execute(query).all()
        candidates, others = self._with_new(rows, self._candidates(rows)), known_elsewhere(self._c, rows)
        # There it matters who is the same person
        of_several = {key for key, found in candidates.items() if len(found) > 1 or others.get(key)}
        candidates = self._with_join_keys(candidates, of_several)
        refused = {HandleKey(row.source, row.handle): _rejected(row) for row in rows if row.rejected != "[]"}
        # Who is one human is found each time: whom somebody is not, they are not by another account either
        same = accounts_of(self._c, frozenset[AccountKey]().union(*refused.values()))
        refused = {key: who.union(*(same.get(one, ()) for one in who)) for key, who in refused.items()}
        asked = [_question(row, candidates, others, refused) for row in rows]
        return self._with_known(asked, {HandleKey(row.source, row.handle): row.phone_key for row in rows})

    def link_sure(self, after: HandleKey | None, limit: int, now: datetime) -> SurePage:
        return SurePage(*sure_links.link_sure(self._c, after, limit, now))

    def gather(self, linked: int) -> None:
        gather_grown(self._c, linked, link)

    def _with_known(
        self, asked: Sequence[Question], numbers: Mapping[HandleKey, str | None]
    ) -> list[Question]:
        """Add whom a handle was known as, where somebody who could be behind it now leaves soon or has left.

        There it counts, too, as whom other handles with its number are known. Handles that are shown with another
        number or address than before get whom they were known as, and so do those that nobody in the directory has, if
        other handles say who they are.
        """
        of_leavers = {
            one.key for one in asked if any(who.standing is not Standing.ACTIVE for who in one.candidates)
        }
        by_number = self._named_by_number({numbers[key] for key in of_leavers})
        wanted = {
            one.key: (named_before(one.previous) | by_number.get(numbers[one.key], frozenset()))
            - {who.person for who in one.candidates}
            for one in asked
            if one.key in of_leavers or _is_shown_otherwise(one) or (one.others and not one.candidates)
        }
        people = people_of(self._c, frozenset[AccountKey]().union(*wanted.values()))
        if not people:
            return list(asked)
        known_as = {
            key: [_as_candidate(who, How.HANDLE) for who in people if who.key in known]
            for key, known in wanted.items()
        }
        candidates = {one.key: list(one.candidates) for one in asked if known_as.get(one.key)}
        known_as = self._with_join_keys(known_as, known_as)
        candidates = self._with_join_keys(candidates, candidates)
        return [
            replace(one, candidates=tuple(candidates[one.key]), known_as=tuple(known_as[one.key]))
            if one.key in candidates
            else one
            for one in asked
        ]

    def _named_by_number(self, numbers: Collection[str | None]) -> dict[str | None, frozenset[AccountKey]]:
        """By number, the people whom handles with it are known as, or asked about."""
        named: dict[str | None, frozenset[AccountKey]] = defaultdict(frozenset)
        for values in chunked(sorted(filter(None, numbers))):
            for row in self._c.execute(sa.select(link).where(link.c.phone_key.in_(values))):
                named[row.phone_key] |= named_before(_known_so_far(row))
        return named

    def _candidates(self, rows: Sequence[Any]) -> dict[HandleKey, list[Candidate]]:
        """The people who share a key with each of these handles; looked up by value, for companies of any size."""
        found: dict[HandleKey, list[Candidate]] = defaultdict(list)
        for kind, column, how in _BY_KEY:
            wanted: dict[str, list[Any]] = defaultdict(list)
            for row in rows:
                if (value := getattr(row, column)) is not None:
                    wanted[value].append(row)
            for values in chunked(sorted(wanted)):
                for match in self._c.execute(_people_with(kind, values)):
                    for row in wanted[match.value]:
                        is_exact = how is How.VARIANT and match.raw == row.phone
                        candidate = _candidate(match, How.PHONE if is_exact else how)
                        found[HandleKey(row.source, row.handle)].append(candidate)
        return found

    def _with_new(
        self, rows: Sequence[Any], found: dict[HandleKey, list[Candidate]]
    ) -> dict[HandleKey, list[Candidate]]:
        """Mark, where a person said that a handle is nobody's, whose account came to its directory since."""
        said = {HandleKey(row.source, row.handle): row for row in rows}
        said = {key: said[key].decided_at for key in found if said[key].state == IdentityState.NOBODY.value}
        came = joined_at(self._c, {one.person for key in said for one in found[key]})
        return found | {
            key: [replace(one, is_new=came.get(one.person, at) > at) for one in found[key]]
            for key, at in said.items()
        }

    def _with_join_keys(
        self, found: dict[HandleKey, list[Candidate]], of: Collection[HandleKey]
    ) -> dict[HandleKey, list[Candidate]]:
        """Add the join keys of these handles' candidates."""
        keys = joining_keys(self._c, {one.person for key in of for one in found[key]})
        return {
            handle: [replace(one, join_keys=keys.get(one.person, frozenset())) for one in candidates]
            for handle, candidates in found.items()
        }

    def answer(self, links: Sequence[HandleIdentity], now: datetime, by: str | None = None) -> int:
        changed = []
        before = {
            key: known for chunk in chunked(links) for key, known in self._known([key for key, _ in chunk])
        }
        values, same = [], []
        for key, new in links:
            if before.get(key) == new:  # the earlier answer keeps its author and instant
                same.append({"k_source": key.source, "k_handle": key.handle})
                continue
            changed.append(key)
            values.append(_values(key, new, now, by))
        update = sa.update(link).where(
            link.c.source == sa.bindparam("k_source"), link.c.handle == sa.bindparam("k_handle")
        )
        if values:
            self._c.execute(update.values({name: sa.bindparam(name) for name in _ANSWER_COLUMNS}), values)
        if same:
            self._c.execute(update.values(is_dirty=0), same)
        self.mark_groups_dirty(changed, now)
        first_hand = {key: new.state for key, new in links if new.how is not How.HANDLE}
        rematch_others(self._c, {key: first_hand[key] for key in changed if key in first_hand})
        return len(changed)

    def _known(self, keys: Sequence[HandleKey]) -> list[tuple[HandleKey, Identity | None]]:
        which = among(link.c.source, link.c.handle, keys)
        rows = self._c.execute(sa.select(link).where(which))
        return [(HandleKey(row.source, row.handle), link_from_row(row)) for row in rows]

    def mark_groups_dirty(self, keys: Collection[HandleKey], now: datetime) -> None:
        for chunk in chunked(sorted(keys)):
            which = among(membership.c.source, membership.c.handle, chunk)
            query = sa.select(membership.c.source, membership.c.group_id).where(which)
            dirty_groups(self._c, [GroupKey(*row) for row in self._c.execute(query)], now)

    def people_with(self, phones: Collection[str]) -> dict[str, list[Candidate]]:
        found: dict[str, list[Candidate]] = defaultdict(list)
        for values in chunked(sorted(set(map(canonical, phones)))):
            for row in self._c.execute(_people_with("phone", values)):
                found[row.value].append(_candidate(row, How.VARIANT))
        return found

    def get(self, key: HandleKey) -> Identity | None:
        known = self._known([key])
        return known[0][1] if known else None

    def find(self, text: str) -> list[HandleKey]:
        wanted = text.strip()
        which = sa.or_(link.c.handle == wanted, (link.c.source + "/" + link.c.handle) == wanted)
        try:
            number = ticket_number(wanted)
        except ValueError:
            number = 0
        asked = sa.exists().where(
            ticket.c.id == number, ticket.c.kind.in_(_QUESTIONS),
            ticket.c.source == link.c.source, ticket.c.handle == link.c.handle,
        )  # fmt: skip
        query = sa.select(link.c.source, link.c.handle).where(sa.or_(which, asked))
        return [HandleKey(*row) for row in self._c.execute(query.order_by(link.c.source, link.c.handle))]

    def reject(self, key: HandleKey, person_key_: AccountKey | None, now: datetime, by: str) -> None:
        this = (link.c.source == key.source) & (link.c.handle == key.handle)
        row = self._c.execute(sa.select(link).where(this)).one()
        if person_key_ is None:
            why = because("{name}: {words}", name=by, words=because("nobody of the directory"))
            nobody = Identity(IdentityState.NOBODY, row.fingerprint, why=why)
            self.answer([HandleIdentity(key, nobody)], now, by)
            return
        rejected = sorted({*_rejected(row), person_key_})
        self._c.execute(
            sa.update(link)
            .where(this)
            .values(rejected=json.dumps(rejected), state=IdentityState.UNMATCHED.value, person_source=None,
                    person_id=None, how=None, decided_fingerprint=None, is_dirty=1)
        )  # fmt: skip
        self.mark_groups_dirty([key], now)

    def match_all_again(self) -> None:
        self._c.execute(sa.update(link).values(is_dirty=1))

    def ask_again(self, key: HandleKey) -> None:
        this = (link.c.source == key.source) & (link.c.handle == key.handle)
        self._c.execute(
            sa.update(link)
            .where(this)
            .values(
                state="unmatched",
                person_source=None,
                person_id=None,
                how=None,
                decided_fingerprint=None,
                is_dirty=1,
            )
        )

    def asked_about(self, person_key_: AccountKey) -> list[HandleKey]:
        return asked_about(self._c, person_key_)

    def names(self, limit: int) -> list[tuple[AccountKey, str]]:
        query = sa.select(person.c.source, person.c.person_id, person.c.display_name).where(
            person.c.standing != Standing.LEFT.value
        )
        rows = self._c.execute(query.order_by(person.c.source, person.c.person_id).limit(limit))
        return [(AccountKey(row.source, row.person_id), row.display_name) for row in rows]

    def page(
        self,
        states: Sequence[IdentityState],
        after: HandleKey | None,
        limit: int,
        *,
        by_people: bool | None = None,
    ) -> list[HandleIdentity]:
        is_wanted: sa.ColumnElement[bool] | sa.TextClause = sa.text(IS_QUESTION)
        if set(states) != set(QUESTIONS):
            of_these = link.c.state.in_([state.value for state in states])
            is_wanted = of_these & link.c.decided_fingerprint.is_not(None)
        query = sa.select(link).where(is_wanted)
        if by_people is not None:
            is_answer = (link.c.state == IdentityState.NOBODY.value) | (
                sa.func.coalesce(link.c.how, "") == How.CONFIRMED.value
            )
            query = query.where(is_answer if by_people else ~is_answer)
        if after is not None:
            query = query.where(sa.tuple_(link.c.source, link.c.handle) > sa.tuple_(*map(sa.literal, after)))
        rows = self._c.execute(query.order_by(link.c.source, link.c.handle).limit(limit))
        found = [(HandleKey(row.source, row.handle), link_from_row(row)) for row in rows]
        return [HandleIdentity(key, known) for key, known in found if known is not None]


_ANSWER_COLUMNS = (
    "state", "person_source", "person_id", "how", "why", "why_words", "suggestions", "decided_fingerprint",
    "decided_at", "decided_by", "is_dirty",
)  # fmt: skip


def _is_shown_otherwise(one: Question) -> bool:
    return one.previous is not None and not is_still(one.previous.fingerprint, one.fingerprint)


def _values(key: HandleKey, new: Identity, now: datetime, by: str | None) -> dict[str, Any]:
    return {
        "k_source": key.source,
        "k_handle": key.handle,
        "state": new.state.value,
        "person_source": new.person.source if new.person else None,
        "person_id": new.person.person_id if new.person else None,
        "how": new.how.value if new.how else None,
        **reason_values("why", new.why),
        "suggestions": suggestions_to_json(new),
        "decided_fingerprint": new.fingerprint,
        "decided_at": now,
        "decided_by": by or new.decided_by,
        "is_dirty": 0,
    }


def _people_with(kind: str, values: Sequence[str]) -> sa.Select[Any]:
    """The accounts with these keys; of those that count for little, the ones whose key nobody else has."""
    other, owner = person_key.alias("other").c, person.alias("owner").c
    is_of_somebody = sa.exists().where(
        other.kind == kind, other.value == person_key.c.value, other.raw != SHARED,
        owner.source == other.source, owner.person_id == other.person_id, _counts(owner),
    )  # fmt: skip
    same = (person.c.source == person_key.c.source) & (person.c.person_id == person_key.c.person_id)
    return (
        sa.select(person_key.c.value, person_key.c.raw, *PERSON_COLUMNS)
        .join(person, same)
        .where(person_key.c.kind == kind, person_key.c.value.in_(values), person_key.c.raw != SHARED)
        .where(_counts(person.c) | ~is_of_somebody)
        .order_by(person_key.c.source, person_key.c.person_id)
    )


def _counts(one: Any) -> sa.ColumnElement[bool]:
    """Whether an account was in scope at any time, and is of a directory that is still configured."""
    was_in_scope = sa.or_(one.is_out_of_scope == 0, one.was_in_scope == 1)
    is_removed = sa.exists().where(
        source.c.name == one.source, source.c.port == Port.DIRECTORY.value, source.c.is_removed == 1
    )
    return was_in_scope & ~is_removed


def _rejected(row: Any) -> frozenset[AccountKey]:
    return frozenset(AccountKey(*pair) for pair in json.loads(row.rejected))


def _question(
    row: Any,
    candidates: dict[HandleKey, list[Candidate]],
    others: Mapping[HandleKey, list[KnownHandle]],
    refused: Mapping[HandleKey, frozenset[AccountKey]],
) -> Question:
    key = HandleKey(row.source, row.handle)
    rejected = refused.get(key, frozenset())
    offered = tuple(c for c in candidates.get(key, ()) if c.person not in rejected)
    known = tuple(one for one in others.get(key, ()) if one.identity.person not in rejected)
    member = Member(handle=row.handle, display_name=row.display_name, phone=row.phone)
    return Question(key, member, row.fingerprint, _known_so_far(row), offered, row.first_seen_at, known)


def _known_so_far(row: Any) -> Identity | None:
    """Who is behind a handle by its link; None if that was about whoever had the number before."""
    is_of_another = row.first_seen_at and row.decided_at and row.first_seen_at > row.decided_at
    return None if is_of_another else link_from_row(row)


def _as_candidate(one: Account, how: How) -> Candidate:
    return Candidate(one.key, how, name=one.facts.display_name, standing=one.standing, left_at=one.left_at)


def _candidate(row: Any, how: How) -> Candidate:
    one = person_of(row)
    if one is None:
        raise AssertionError("an inner join has its person")
    return _as_candidate(one, how)
