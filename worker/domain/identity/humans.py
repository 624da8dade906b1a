"""Group accounts by the person behind them: by immutable id, by employee id, and last by e-mail address.

keys that few accounts have -> same immutable id -> same employee id -> same address; but for strangers
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from worker.domain.identity.names import are_unlike
from worker.domain.model import AccountFacts, AccountKey

JOIN_KEY_SHARED_MAX = 5  # a key that more accounts share ("N/A", a team mailbox) joins none of them
NAME_SHARED_MAX = 50  # a name that more accounts share ("Unknown User") tells nobody apart
_ORDER = {"immutable": 0, "employee": 1, "email": 2}
_Part: TypeAlias = frozenset[AccountKey]
_Keys: TypeAlias = Mapping[AccountKey, AbstractSet[str]]


def join_keys(facts: AccountFacts) -> frozenset[str]:
    """The keys that join accounts of one person: employee id, immutable id, e-mail; each as `kind:value`."""
    pairs = (("employee", facts.employee_id), ("immutable", facts.immutable_id), ("email", facts.email))
    return frozenset(f"{kind}:{value.strip().casefold()}" for kind, value in pairs if value and value.strip())


def humans_among(accounts: Mapping[AccountKey, frozenset[str]]) -> list[frozenset[AccountKey]]:
    """Group accounts, given with the keys that may join them, by person; each account is in exactly one group.

    No key joins two who may not be one; who may be either of two such is joined to neither by it. Which two are one:

    - by an immutable id: any two of two directories; of one directory, if they are no strangers (`_are_strangers`) and
      don't have two employee ids: scripts copy it from account to account.
    - by an employee id: any two of one directory; of two, if they are no strangers: directories of two companies give
      the same numbers to different people.
    - by an e-mail address, which is tried last: any two who are no strangers, since addresses pass to others. And it
      joins only if all who have it together have no two accounts of one directory from different groups, and no two
      employee ids: colleagues share mailboxes.

    Names (`name:` and the name as it is written) and phone numbers (`phone:`) join nobody; they tell strangers apart.
    """
    humans = {person: frozenset({person}) for person in accounts}
    holders: dict[str, list[AccountKey]] = defaultdict(list)
    for person, keys in accounts.items():
        for key in keys:
            if _kind(key) in _ORDER:
                holders[key].append(person)
    for key, having in sorted(holders.items(), key=lambda item: (_ORDER[_kind(item[0])], item)):
        parts = {humans[person] for person in having}
        for whole in _wholes(key, parts, accounts):
            humans |= dict.fromkeys(whole, whole)
    return sorted(set(humans.values()), key=min)


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _wholes(key: str, parts: Collection[_Part], accounts: _Keys) -> list[_Part]:
    """What such a key makes of the parts that have it."""

    def may_be_one(one: _Part, other: _Part) -> bool:
        keys, others = _all_keys(one, accounts), _all_keys(other, accounts)
        if _kind(key) != "immutable":
            return not _are_strangers(keys, others, key)
        if not _share_directory(one, other):
            return True
        return not _have_two_numbers(keys, others) and not _are_strangers(keys, others, key)

    if len(parts) == 1 or (_kind(key) == "email" and not _are_one_in_each(parts, accounts)):
        return []
    if _kind(key) == "employee":
        parts = [_union(group) for group in _groups(parts, _share_directory)]
    wholes = []
    for group in _groups(parts, may_be_one):
        is_one = all(may_be_one(one, other) for one in group for other in group)
        wholes += [_union(group)] if is_one else group
    return wholes


def _are_one_in_each(parts: Iterable[_Part], accounts: _Keys) -> bool:
    """True if these have no two accounts of one directory from different parts, and no two employee ids."""
    sources = [source for part in parts for source in _sources(part)]
    numbers = {number for part in parts for number in _numbers(_all_keys(part, accounts))}
    return len(sources) == len(set(sources)) and len(numbers) <= 1


def _are_strangers(keys: AbstractSet[str], others: AbstractSet[str], shared: str) -> bool:
    """True if two have names without a word in common, and no address, phone number or immutable id but `shared`."""
    if any(_kind(key) not in {"employee", "name"} for key in (keys & others) - {shared}):
        return False
    return are_unlike(_names(keys), _names(others))


def _have_two_numbers(keys: AbstractSet[str], others: AbstractSet[str]) -> bool:
    ours, theirs = _numbers(keys), _numbers(others)
    return bool(ours and theirs) and not ours & theirs


def _numbers(keys: AbstractSet[str]) -> set[str]:
    return {key for key in keys if _kind(key) == "employee"}


def _names(keys: AbstractSet[str]) -> list[str]:
    return [key.partition(":")[2] for key in keys if _kind(key) == "name"]


def _all_keys(part: _Part, accounts: _Keys) -> AbstractSet[str]:
    return {key for one in part for key in accounts[one]}


def _sources(part: _Part) -> set[str]:
    return {person.source for person in part}


def _share_directory(one: _Part, other: _Part) -> bool:
    return bool(_sources(one) & _sources(other))


def _union(parts: Iterable[_Part]) -> _Part:
    return frozenset[AccountKey]().union(*parts)


def _groups(parts: Iterable[_Part], are_together: Callable[[_Part, _Part], bool]) -> list[list[_Part]]:
    """Parts that belong together, each with the next."""
    groups: list[list[_Part]] = []
    for part in sorted(parts, key=min):
        near = [group for group in groups if any(are_together(part, one) for one in group)]
        groups = [group for group in groups if group not in near]
        groups.append([part, *(one for group in near for one in group)])
    return groups
