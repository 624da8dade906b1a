"""One group, as a page, a command and the API show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.tickets.ticket import Ticket
from worker.ports.state.groups import GroupRow, KnownMember
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class WholeGroup:
    """One group with its members, by handle, and its tickets, oldest first."""

    group: GroupRow
    members: Sequence[KnownMember]
    tickets: Sequence[Ticket]


def whole_group(uow: UnitOfWork, group: GroupRow) -> WholeGroup:
    """Read everything about one group."""
    return WholeGroup(group, uow.rosters.members(group.key), uow.tickets.of_group(group.key))
