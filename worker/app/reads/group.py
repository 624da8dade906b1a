"""One group, as a page, a command and the API show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from worker.app.reads.witness import Witnesses
from worker.domain.groups.pairing import Difference
from worker.domain.model import Fact, GroupFacts, RegisterFacts
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.groups import GroupRow, KnownMember
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class WholeGroup:
    """One group with its members, by handle, and its tickets, oldest first."""

    group: GroupRow
    members: Sequence[KnownMember]
    tickets: Sequence[Ticket]
    differences: Sequence[Difference] = ()
    in_sources: Sequence[GroupRow] = ()  # the group in every source that shows it, the one that leads first


def whole_group(uow: UnitOfWork, group: GroupRow, witnesses: Witnesses) -> WholeGroup:
    """Read everything about one group."""
    tickets = uow.tickets.of_group(group.key)
    [listed] = listed_groups(uow, [group], witnesses)
    return WholeGroup(
        group,
        uow.rosters.members(group.key),
        tickets,
        listed.differences,
        uow.rosters.in_sources(group.key),
    )


def shown_facts(facts: GroupFacts) -> list[Fact]:
    """Which facts of a group are known."""
    return [fact for fact in Fact if getattr(facts, fact) is not None]


def said_facts(said: RegisterFacts | None) -> list[str]:
    """Of what a register says something, by the names of the fields."""
    return [f.name for f in fields(RegisterFacts) if said is not None and getattr(said, f.name) is not None]


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group, and in what its sources differ."""

    group: GroupRow
    differences: Sequence[Difference] = ()


def listed_groups(uow: UnitOfWork, groups: Sequence[GroupRow], witnesses: Witnesses) -> list[ListedGroup]:
    """Read what lists show of each group, in few queries."""
    registers = [name for name, one in witnesses.items() if one.is_register]
    live = [name for name, one in witnesses.items() if not one.can.is_kept_by_people]
    found = uow.rosters.differences([group.key for group in groups], registers, live)
    return [ListedGroup(group, found.get(group.key, ())) for group in groups]
