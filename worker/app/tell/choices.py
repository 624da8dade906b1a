"""The people an assignee can choose from: for a group's next admin, or for the person behind a member."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain.identity.names import Suggestion
from worker.domain.kinds import REMOVALS
from worker.domain.model import Account, AccountKey, HandleKey, Member, Standing
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork

CANDIDATES_MAX = 8


@dataclass(frozen=True, slots=True)
class NextAdmin:
    """A person who could be the new admin: an active member who is to stay, and isn't an admin yet."""

    handle: str
    name: str
    is_same_department: bool


def candidates_for(uow: UnitOfWork, ticket: Ticket) -> tuple[NextAdmin, ...]:
    """The people who could take over: the leaver's department first, then the longest in the group."""
    leaver = uow.people.get(ticket.person) if ticket.person else None
    department = leaver.facts.department if leaver else None
    going = {one.handle for one in uow.tickets.of_group(ticket.home) if one.is_live and one.kind in REMOVALS}
    found = [
        (member, person)
        for member, _, person in uow.rosters.members(ticket.home)
        if person
        and person.standing is Standing.ACTIVE
        and not member.role.is_admin
        and member.handle not in going
    ]
    found.sort(key=lambda pair: _rank(pair[0], pair[1], department))
    return tuple(
        NextAdmin(m.handle, p.facts.display_name, _is_same(p, department)) for m, p in found[:CANDIDATES_MAX]
    )


def suggestions_for(uow: UnitOfWork, ticket: Ticket) -> tuple[Suggestion[AccountKey], ...]:
    """The people who a question's member may be, the likeliest first."""
    known = uow.identities.get(HandleKey(ticket.home.source, ticket.handle))
    return tuple(one for one in known.suggestions if uow.people.get(one.key)) if known else ()


def _rank(member: Member, person: Account, department: str | None) -> tuple[bool, float, str]:
    joined = member.joined_at.timestamp() if member.joined_at else 0.0  # they were there before we looked
    return (not _is_same(person, department), joined, member.handle)


def _is_same(person: Account, department: str | None) -> bool:
    return bool(department) and person.facts.department == department
