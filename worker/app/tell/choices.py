"""The people an assignee can choose from: for a group's next admin, or for the person behind a member."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from worker.app.tell.addressing import still_here
from worker.domain.identity.names import normalise
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


@dataclass(frozen=True, slots=True)
class LikelyPerson:
    """A person who a member may be, and what tells them from the others.

    `left_at` is set if they have left. The department is given to those who share a name, the address to those who
    share that, too, and have both left or are both here; else it is empty.
    """

    key: AccountKey
    name: str
    left_at: datetime | None = None
    department: str = ""
    email: str = ""


def candidates_for(uow: UnitOfWork, ticket: Ticket) -> tuple[NextAdmin, ...]:
    """The people who could take over: the leaver's department first, then the longest in the group."""
    leaver = uow.people.get(ticket.person) if ticket.person else None
    department = leaver.facts.department if leaver else None
    going = {one.handle for one in uow.tickets.of_group(ticket.home) if one.is_live and one.kind in REMOVALS}
    active = {
        member: person
        for member, _, person in uow.rosters.members(ticket.home)
        if person
        and person.standing is Standing.ACTIVE
        and not member.role.is_admin
        and member.handle not in going
    }
    here = {one.key for one in still_here(uow, list(active.values()))}
    found = [(member, person) for member, person in active.items() if person.key in here]
    found.sort(key=lambda pair: _rank(pair[0], pair[1], department))
    return tuple(
        NextAdmin(m.handle, p.facts.display_name, _is_same(p, department)) for m, p in found[:CANDIDATES_MAX]
    )


def suggestions_for(uow: UnitOfWork, ticket: Ticket) -> tuple[LikelyPerson, ...]:
    """The people who a question's member may be, the likeliest first."""
    known = uow.identities.get(HandleKey(ticket.home.source, ticket.handle))
    found = [
        (one.name, person)
        for one in (known.suggestions if known else ())
        if (person := uow.people.get(one.key))
    ]
    names = Counter(normalise(name) for name, _ in found)
    looks = Counter(_look(name, person) for name, person in found)
    return tuple(
        LikelyPerson(
            person.key,
            name,
            person.left_at if person.standing is Standing.LEFT else None,
            person.facts.department or "" if names[normalise(name)] > 1 else "",
            person.facts.email or "" if looks[_look(name, person)] > 1 else "",
        )
        for name, person in found
    )


def _look(name: str, person: Account) -> tuple[str, bool, str | None]:
    """How a person is told from others without an address."""
    return normalise(name), person.standing is Standing.LEFT, person.facts.department


def _rank(member: Member, person: Account, department: str | None) -> tuple[bool, float, str]:
    joined = member.joined_at.timestamp() if member.joined_at else 0.0  # they were there before we looked
    return (not _is_same(person, department), joined, member.handle)


def _is_same(person: Account, department: str | None) -> bool:
    return bool(department) and person.facts.department == department
