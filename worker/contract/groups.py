"""Groups: one in a list, and one with its roster."""

from __future__ import annotations

from worker.app.reads.group import WholeGroup
from worker.contract.people import NamedPersonShape
from worker.contract.shape import Instant, Shape
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import Account, Coverage, Member, Role
from worker.ports.state.groups import GroupRow


class _GroupFields(Shape):
    source: str
    id: str
    name: str
    messenger: str
    owner: str | None
    members: int
    admins: int
    coverage: Coverage
    taken_at: Instant
    read_at: Instant
    gone: bool
    warning: str


class GroupShape(_GroupFields):
    """A chat group: its size, admins and the age of what is known."""

    @classmethod
    def of(cls, group: GroupRow) -> GroupShape:
        return cls(
            source=group.key.source,
            id=group.key.group_id,
            name=group.name,
            messenger=group.messenger,
            owner=group.owner_email,
            members=group.size,
            admins=group.admins,
            coverage=group.coverage,
            taken_at=group.taken_at,
            read_at=group.read_at,
            gone=group.is_gone,
            warning=group.warning,
        )


class GroupMemberShape(Shape):
    """A member of a group, and who it is."""

    handle: str
    display_name: str
    role: Role
    link: IdentityState | None
    how: How | None
    person: NamedPersonShape | None

    @classmethod
    def of(cls, member: Member, link: Identity | None, person: Account | None) -> GroupMemberShape:
        return cls(
            handle=member.handle,
            display_name=member.display_name,
            role=member.role,
            link=link.state if link else None,
            how=link.how if link else None,
            person=NamedPersonShape.of(person.key, person.facts.display_name) if person else None,
        )


class GroupShownShape(_GroupFields):
    """A group with its roster and tickets."""

    roster: list[GroupMemberShape]
    tickets: list[str]

    @classmethod
    def of(cls, whole: WholeGroup) -> GroupShownShape:
        return cls(
            **dict(GroupShape.of(whole.group)),
            roster=[GroupMemberShape.of(*one) for one in whole.members],
            tickets=[ticket.label for ticket in whole.tickets],
        )
