"""Several accounts of one person: whether the person has left, and which account speaks for them.

A person with one account has left when the account has. Pure; storage finds the people who have several.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from worker.domain.model import Account, AccountKey, Standing
from worker.domain.people.leaving import Leaving

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class AccountsRule(StrEnum):
    """When somebody whom several directories know has left: when one of them says so, or when all do."""

    EITHER = "either"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account of a person.

    `is_let_through`: the guard let its present leaving through. `joined_at` (aware UTC) is when the account
    came to its directory; None if it was there before we looked. `noticed_at` (aware UTC, by our clock) is when its
    present leaving became known; None if that was before this was kept. `was_in_scope`: it was in scope before it went
    out of it; what one that is in scope has here does not matter.
    """

    person: Account
    is_let_through: bool = False
    joined_at: datetime | None = None
    noticed_at: datetime | None = None
    was_in_scope: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A person as all of their accounts show them.

    `person` is the account that speaks for them: the one by which they left, else one that is still here.
    `leaving` is None while they are here, and while the guard holds it. `accounts` are all of them, by key.
    `formerly`: their accounts in directories that are not configured any more, which say nothing of them.
    """

    person: Account
    leaving: Leaving | None
    accounts: tuple[Account, ...]
    formerly: frozenset[AccountKey] = frozenset()


def human_of(accounts: Iterable[AccountState], rule: AccountsRule) -> Person:
    """Decide from a person's accounts (at least one) whether the person has left.

    A directory says so if each of their accounts in it has left: an old account beside a new one is a
    rehire's. Its word is the last of these leavings to become known: until then the person was here, whatever the
    directory dates it. An account that came disabled has no word beside one that was here. One that never was in
    scope says nothing beside others, whether it is enabled or not.

    | directories that say so | either                                             | all                       |
    | none                    | here                                               | here                      |
    | some                    | left, by the first word that the guard let through | here                      |
    | every one               | as above                                           | left, once all are let through |

    With `either`, a word does not count if an account came to another directory after it: that is a rehire of
    whom the first directory does not know. An account that was there before we looked is never taken for a
    rehire's. With `either`, the first word names the episode, so that the second one opens nothing new. With
    `all`, the last one to become known names it, so that a rehire who leaves again starts a new episode.

    The coming last day of somebody who is here is judged likewise: of a directory, the last of their accounts in it.
    """
    known = sorted(accounts, key=lambda account: account.person.key)
    everybody = tuple(account.person for account in known)
    known = [account for account in known if not _is_unknown(account)] or known
    people = {account.person.key: account.person for account in known}
    here = [person for person in people.values() if leaving_of(person) is None]
    words = _words(known)
    if rule is AccountsRule.ALL:
        is_said_by_all = len(words) == len({key.source for key in people})
        words = sorted(words, key=lambda word: _known_since(word.account)) if is_said_by_all else []
        are_let_through = all(word.account.is_let_through for word in words)
        words = words[-1:]
        let_through = words if are_let_through else []
    else:
        # Wrong dates could make each outdated by the other
        words = [word for word in words if not _is_outdated(word, known)] or ([] if here else words)
        let_through = [word for word in words if word.account.is_let_through]
    if not words:
        return Person(_who_leaves_next(here, rule) or min(here, key=_preference), None, everybody)
    if not let_through:
        return Person(words[0].account.person, None, everybody)
    counts = let_through[0]
    also = frozenset(word.leaving.name for word in words if word is not counts)
    leaving = replace(counts.leaving, also=also, accounts=everybody)
    return Person(people[leaving.person], leaving, everybody)


def is_reached_at(human: Person, address: str) -> bool:
    """Whether an e-mail address or number is a person's, by any of their accounts."""
    return address.casefold() in addresses_of(human)


def addresses_of(human: Person) -> frozenset[str]:
    """The e-mail addresses of a person, casefolded, and their numbers (E.164): of each of their accounts."""
    emails = (one.facts.email.casefold() for one in human.accounts if one.facts.email)
    return frozenset(emails).union(*(one.facts.phones for one in human.accounts))


def _is_unknown(account: AccountState) -> bool:
    """True for an account that never was in scope: it is as good as unknown, and nothing is concluded about it."""
    was_in_scope = account.person.facts.is_in_scope or account.was_in_scope
    return not was_in_scope and leaving_of(account.person) is None


def leaving_of(person: Account) -> Leaving | None:
    """The leaving of an account that has left."""
    if person.standing is not Standing.LEFT or person.evidence is None or person.left_at is None:
        return None
    return Leaving(person.key, person.evidence, person.left_at)


@dataclass(frozen=True, slots=True)
class _Word:
    """One directory's word that a person has left: the leaving among their accounts in it that became known last."""

    account: AccountState
    leaving: Leaving


def _words(accounts: Iterable[AccountState]) -> list[_Word]:
    """One word for each directory that says that the person has left, earliest first."""
    said: dict[str, list[_Word]] = defaultdict(list)
    here = set()
    for account in accounts:
        leaving = leaving_of(account.person)
        if leaving is None:
            here.add(account.person.key.source)
        else:
            said[account.person.key.source].append(_Word(account, leaving))
    return sorted(
        (max(words, key=_lastness) for source, words in said.items() if source not in here), key=_age
    )


def _lastness(word: _Word) -> tuple[bool, datetime, bool, datetime, AccountKey]:
    """Of leavings of which nobody knows which became known last, one that was let through is the last.

    Nobody knows when an account left that came as left: it may wait at the guard for as long as no group lists it.
    """
    account = word.account
    was_here = _was_ever_here(account)
    noticed_at = (account.noticed_at if was_here else None) or _LONG_AGO
    return was_here, noticed_at, account.is_let_through, *_age(word)


def _age(word: _Word) -> tuple[datetime, AccountKey]:
    return word.leaving.at, word.leaving.person


def _known_since(account: AccountState) -> tuple[datetime, datetime, AccountKey]:
    person = account.person
    return account.noticed_at or _LONG_AGO, person.left_at or _LONG_AGO, person.key


def _is_outdated(word: _Word, accounts: Iterable[AccountState]) -> bool:
    """True if an account came to another directory after it, and is here or was when the word became known."""
    return any(
        account.joined_at is not None
        and account.joined_at > word.leaving.at
        and account.person.key.source != word.leaving.person.source
        and _was_ever_here(account)
        and (leaving_of(account.person) is None or _known_since(account) > _known_since(word.account))
        for account in accounts
    )


def _was_ever_here(account: AccountState) -> bool:
    """False for an account that came disabled, or with a date in the past: it is no rehire's."""
    leaving = leaving_of(account.person)
    if leaving is None or account.joined_at is None:
        return True
    return (account.noticed_at or leaving.at) > account.joined_at


def _who_leaves_next(here: Sequence[Account], rule: AccountsRule) -> Account | None:
    """The account whose last day is the person's, if they have one; None if it has no address, and another has."""
    in_directory: dict[str, list[Account]] = defaultdict(list)
    for person in here:
        in_directory[person.key.source].append(person)
    last = [max(accounts, key=_last_day) for accounts in in_directory.values()]
    dated = sorted((one for one in last if one.leaves_at is not None), key=_last_day)
    if not dated or (rule is AccountsRule.ALL and len(dated) < len(last)):
        return None
    next_ = dated[-1 if rule is AccountsRule.ALL else 0]
    is_reached = next_.facts.email is not None or all(one.facts.email is None for one in here)
    return next_ if is_reached else None


def _last_day(person: Account) -> tuple[bool, datetime, AccountKey]:
    return person.leaves_at is None, person.leaves_at or _LONG_AGO, person.key


def _preference(person: Account) -> tuple[bool, bool, AccountKey]:
    return (person.standing is not Standing.ACTIVE, person.facts.email is None, person.key)
