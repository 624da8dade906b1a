"""What a ticket is about: somebody in a group, a group, one identity in a messenger, or a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.domain.model import AccountKey, GroupKey


class About(StrEnum):
    """The sorts of subjects."""

    MEMBERSHIP = "membership"  # somebody in a group, or somebody who should be
    GROUP = "group"
    HANDLE = "handle"  # one identity in a messenger, in all of its groups
    PERSON = "person"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One subject; what does not belong to its sort is empty. Made by the functions below.

    `source` is the inventory's, and of a person the directory's.
    """

    about: About
    source: str
    group_id: str = ""
    handle: str = ""
    person_id: str = ""


def membership(group: GroupKey, handle: str) -> Subject:
    """Somebody in a group."""
    return Subject(About.MEMBERSHIP, group.source, group.group_id, handle)


def whole_group(group: GroupKey) -> Subject:
    """A group."""
    return Subject(About.GROUP, group.source, group.group_id)


def one_handle(source: str, handle: str) -> Subject:
    """An identity in a messenger, whichever groups it is in."""
    return Subject(About.HANDLE, source, handle=handle)


def one_person(account: AccountKey) -> Subject:
    """A person, by the account that speaks for them."""
    return Subject(About.PERSON, account.source, person_id=account.person_id)
