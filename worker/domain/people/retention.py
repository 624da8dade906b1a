"""The people whom the retention rule may forget. Pure."""

from __future__ import annotations

from datetime import datetime

from worker.domain.model import Account, Evidence, Standing
from worker.domain.people.persons import Person

_GONE = frozenset({Evidence.DELETED, Evidence.ABSENT_CONFIRMED})


def has_left_before(human: Person, before: datetime) -> bool:
    """True if every account of a person left before that instant (aware UTC)."""
    return all(_left_before(account, before) for account in human.accounts)


def is_forgettable(human: Person, before: datetime) -> bool:
    """True if every account of a person left before that instant (aware UTC) and is gone from its directory.

    A listed account would come back with the next read that changed. An old account beside one that is still
    here is a rehire's, and groups may know them by it.
    """
    return all(_is_over(account, before) for account in human.accounts)


def _is_over(account: Account, before: datetime) -> bool:
    is_gone = account.facts.is_deleted or account.evidence in _GONE
    return _left_before(account, before) and is_gone


def _left_before(account: Account, before: datetime) -> bool:
    return account.standing is Standing.LEFT and account.left_at is not None and account.left_at < before
