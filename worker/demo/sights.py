"""What the teller and the ending read of the state: people, and each group once, whatever shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.app.reads.group import listed_groups
from worker.domain.groups.pairing import Difference
from worker.domain.model import Account, GroupKey
from worker.ports.state.groups import GroupOfMember, GroupRow
from worker.ports.state.store import UnitOfWork
from worker.running.app import App

PAGE = 1000


def everybody(uow: UnitOfWork) -> list[Account]:
    """All known people, in key order."""
    found: list[Account] = []
    while page := uow.people.page(found[-1].key if found else None, PAGE):
        found += page
    return found


def watched(uow: UnitOfWork) -> list[GroupRow]:
    """All groups; one that several sources show is there once, as the best of them shows it."""
    return [row for row in uow.rosters.groups() if _leads(uow, row)]


def groups_of(uow: UnitOfWork, person: Account) -> list[GroupOfMember]:
    """The groups that a person is in, each once."""
    return [found for found in uow.rosters.groups_of(person.key) if _leads(uow, found.group)]


def _leads(uow: UnitOfWork, row: GroupRow) -> bool:
    return uow.rosters.in_sources(row.key)[0].key == row.key


def differences(
    app: App, uow: UnitOfWork, groups: Sequence[GroupRow]
) -> Mapping[GroupKey, Sequence[Difference]]:
    """In what the sources of these groups differ."""
    return {one.group.key: one.differences for one in listed_groups(uow, groups, app.witnesses)}
