"""Whether somebody's only number is a private one, which a group is shown with their consent alone. Pure.

numbers of all accounts, each with the attributes in which it stands -> a work number | private ones only | not told
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from enum import StrEnum

from worker.domain.identity.phones import canonical
from worker.domain.model import AccountFacts

_APART = re.compile(r"[\W_]+")


class Numbers(StrEnum):
    """What numbers somebody has."""

    NONE = "none"
    WORK = "work"  # one at least that is not private
    PRIVATE = "private"  # private ones only
    UNKNOWN = "unknown"  # a directory does not say where a number stands, and none surely is a work number


def numbers_of(accounts: Iterable[AccountFacts], private: Collection[str]) -> Numbers:
    """The numbers of one person, by all accounts. `private`: the attributes of private numbers, in any spelling."""
    said = _attributes(accounts)
    if not said:
        return Numbers.NONE
    if any(_is_work(names, private) for names in said.values()):
        return Numbers.WORK
    return Numbers.PRIVATE if all(said.values()) else Numbers.UNKNOWN


def private_numbers(accounts: Iterable[AccountFacts], private: Collection[str]) -> frozenset[str]:
    """The numbers that stand in private attributes alone, in the form in which numbers are compared."""
    said = _attributes(accounts)
    return frozenset(one for one, names in said.items() if names and not _is_work(names, private))


def work_numbers(accounts: Collection[AccountFacts], private: Collection[str]) -> tuple[str, ...]:
    """The numbers (E.164) that are not private, in their order."""
    said = _attributes(accounts)
    numbers = (one for account in accounts for one in account.phones)
    return tuple(one for one in numbers if _is_work(said[canonical(one)], private))


def _attributes(accounts: Iterable[AccountFacts]) -> dict[str, set[str]]:
    """The folded attributes in which each number stands, by all accounts; empty where no directory says."""
    found: dict[str, set[str]] = {}
    for account in accounts:
        for at, number in enumerate(account.phones):
            names = account.phones_in[at] if at < len(account.phones_in) else ()
            found.setdefault(canonical(number), set()).update(map(folded, names))
    return found


def _is_work(names: Collection[str], private: Collection[str]) -> bool:
    return not set(names) <= {folded(one) for one in private}


def folded(name: str) -> str:
    """An attribute's name as it is compared: files spell `otherMobile` in many ways."""
    return _APART.sub("", name).casefold()
