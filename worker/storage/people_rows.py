"""Rows of people: how accounts are written, and what a pass compares."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from worker.domain.identity.humans import join_keys
from worker.domain.identity.phones import canonical
from worker.domain.model import Account, AccountFacts, AccountKey, Evidence, Standing
from worker.domain.people.leaver import Judgement, is_stripped, settle
from worker.domain.people.lifecycle import Event, events_between
from worker.domain.text.mail_domains import foldable
from worker.storage.persons import JOIN_NUMBERS
from worker.storage.sql.mapping import facts_from_json, facts_to_json
from worker.storage.sql.tables import (
    to_micros,
)


def unit_of(facts: AccountFacts) -> str:
    """The unit by which the guard finds a common cause: the organisational unit, else the department."""
    return facts.org_unit or facts.department or ""


def keys_of(facts: AccountFacts) -> list[tuple[str, str, str]]:
    """The keys that a member or another account can match, as (kind, value, text).

    They are phones by canonical variant (of two variants the last), and join keys.
    """
    phones = {canonical(phone): phone for phone in facts.phones}
    keys = [("phone", value, phone) for value, phone in phones.items()]
    for key in join_keys(facts):
        kind, _, value = key.partition(":")
        keys.append((kind, value, ""))
    return keys


def keys_given(before: Account | None, after: Account) -> list[tuple[str, str, str]]:
    """The keys that an account has now, and an empty value for a kind of number that it had and has no longer."""
    keys = keys_of(after.facts)
    had = {key.partition(":")[0] for key in join_keys(before.facts)} if before else set[str]()
    lost = had.intersection(JOIN_NUMBERS) - {kind for kind, _, _ in keys}
    return keys + [(kind, "", "") for kind in sorted(lost)]


def _known_row(source: str, facts: AccountFacts, judgement: Judgement | None) -> tuple[Any, ...]:
    email = facts.email.casefold() if facts.email else None
    also = (facts.manager_id, _username(facts, email))
    known = (
        source, facts.person_id, facts.display_name, email, unit_of(facts), facts_to_json(facts),
        int(not facts.is_in_scope),
    )  # fmt: skip
    if judgement is None:
        return (*known, None, None, None, *also)
    evidence = judgement.evidence.value if judgement.evidence else None
    return (*known, judgement.standing.value, evidence, to_micros(judgement.at), *also)


def _username(facts: AccountFacts, email: str | None) -> str | None:
    """The user name by which somebody may sign in, or be written to, as by an address."""
    username = foldable(facts.username or "").casefold()
    return username if "@" in username and username != email else None


def _person_row(one: Account, now: datetime) -> tuple[Any, ...]:
    judgement = Judgement(one.standing, one.evidence, one.left_at or one.leaves_at)
    row = _known_row(one.key.source, one.facts, judgement)
    return (*row, to_micros(now), to_micros(now))


class PersonChange(NamedTuple):
    """An account before and after a pass. `was_in_scope`: at any time before; `changed_at`: before, if it was known."""

    before: Account | None
    after: Account
    was_in_scope: bool
    changed_at: datetime | None

    @property
    def is_new_in_scope(self) -> bool:
        """True for an account that was known, and comes into scope for the first time."""
        return self.before is not None and self.after.facts.is_in_scope and not self.was_in_scope

    @property
    def is_back(self) -> bool:
        """True if the account had left, and is back."""
        had_left = self.before is not None and self.before.standing is Standing.LEFT
        return had_left and self.after.standing is not Standing.LEFT

    @property
    def is_gone(self) -> bool:
        """True if the account was here, and has left."""
        was_here = self.before is not None and self.before.standing is not Standing.LEFT
        return was_here and self.after.standing is Standing.LEFT

    @property
    def may_be_another(self) -> bool:
        """True if what tells whose account it is has changed: a key, a phone number or the name."""
        return self.before is None or _tells(self.before.facts) != _tells(self.after.facts)

    def events(self, at: datetime) -> tuple[Event, ...]:
        return events_between(self.before if self.was_in_scope else None, self.after, at)


def _change(row: Any, taken_at: datetime) -> PersonChange:
    key = AccountKey(row.source, row.person_id)
    before = None
    if row.b_standing is not None:
        was = Standing(row.b_standing)
        before = Account(
            key,
            facts_from_json(row.person_id, row.b_facts),
            was,
            Evidence(row.b_evidence) if row.b_evidence else None,
            row.b_at if was is Standing.LEFT else None,
        )
    judgement = None
    if row.standing is not None:
        evidence = Evidence(row.evidence) if row.evidence else None
        judgement = Judgement(Standing(row.standing), evidence, row.at)
    facts = facts_from_json(row.person_id, row.facts)
    was_in_scope = before is not None and (before.facts.is_in_scope or bool(row.b_was_in_scope))
    after = settle(key, before, facts, judgement, taken_at, was_in_scope=was_in_scope)
    return PersonChange(before, after, was_in_scope, row.b_changed_at)


def _is_stranger(before: Account | None, after: Account) -> bool:
    """True for a deleted account that was never known, and has nothing left but its id."""
    return before is None and after.facts.is_deleted and is_stripped(after.facts)


def _tells(facts: AccountFacts) -> tuple[str, frozenset[str], frozenset[str]]:
    return facts.display_name, join_keys(facts), frozenset(map(canonical, facts.phones))


def _has_moved(before: Account | None, after: Account) -> bool:
    """Whether somebody known has another e-mail address or other numbers now."""
    return before is not None and _addresses(before.facts) != _addresses(after.facts)


def _addresses(facts: AccountFacts) -> tuple[str, frozenset[str]]:
    return (facts.email or "").casefold(), frozenset(facts.phones)


def _says_otherwise(before: Account | None, after: Account) -> bool:
    return before is None or facts_to_json(before.facts) != facts_to_json(after.facts)
