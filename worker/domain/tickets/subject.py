"""What a ticket is about: somebody in a group, a group, one identity in a messenger, or a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.domain.model import AccountKey, GroupKey


class About(StrEnum):
    """The sort of a subject."""

    MEMBERSHIP = "membership"  # somebody in a group, or somebody who should be
    GROUP = "group"
    HANDLE = "handle"  # one identity in a messenger, in all of its groups
    PERSON = "person"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One subject; the fields of other sorts are empty. Made by the functions below.

    `source` is the inventory, or for a person the directory.
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
    return Subject(About.GROUP, group.source, group.group_id)


def one_handle(source: str, handle: str) -> Subject:
    """One identity in a messenger, in all of its groups."""
    return Subject(About.HANDLE, source, handle=handle)


def one_person(account: AccountKey) -> Subject:
    """A person, by the account that speaks for them."""
    return Subject(About.PERSON, account.source, person_id=account.person_id)
