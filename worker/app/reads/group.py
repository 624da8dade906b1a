"""One group, as a page, a command and the API show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from worker.domain.identity.matching import Identity
from worker.domain.model import Account, Member
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import UnitOfWork

Known: TypeAlias = tuple[Member, Identity | None, Account | None]  # a member, and who it is


@dataclass(frozen=True, slots=True)
class WholeGroup:
    """One group with its members, by handle, and its tickets, oldest first."""

    group: GroupRow
    members: Sequence[Known]
    tickets: Sequence[Ticket]


def whole_group(uow: UnitOfWork, group: GroupRow) -> WholeGroup:
    """Read everything about one group."""
    return WholeGroup(group, uow.rosters.members(group.key), uow.tickets.of_group(group.key))
