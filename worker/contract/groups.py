"""Groups: one in a list, and one with its roster."""

from __future__ import annotations

from worker.app.reads.group import ListedGroup, WholeGroup
from worker.app.reads.witness import FORMER, Witnesses
from worker.contract.people import NamedPersonShape
from worker.contract.shape import Instant, Shape
from worker.domain.groups.pairing import Difference, Pair, PairState
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import Account, Allowed, Coverage, GroupFacts, Member, Role
from worker.domain.tickets.ticket import Grade
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
    differences: list[Difference]


class GroupShape(_GroupFields):
    """A chat group: its size, admins and the age of what is known."""

    @classmethod
    def of(cls, listed: ListedGroup) -> GroupShape:
        group = listed.group
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
            differences=list(listed.differences),
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
            how=link.how if link and link.person else None,
            person=NamedPersonShape.of(person.key, person.facts.display_name) if person else None,
        )


class PairShape(Shape):
    """Two groups of two sources, and whether they are one. `a` is in the source that is the weaker witness."""

    a: str
    b: str
    state: PairState
    why: str

    @classmethod
    def of(cls, pair: Pair) -> PairShape:
        return cls(a="/".join(pair.a), b="/".join(pair.b), state=pair.state, why=pair.why)


class GroupFactsShape(Shape):
    """What a source shows of a group besides its members; null: it does not show it. An empty text: there is none."""

    description: str | None
    has_picture: bool | None
    approval: bool | None
    edit: Allowed | None
    write: Allowed | None
    add: Allowed | None
    last_activity_at: Instant | None
    is_archived: bool | None

    @classmethod
    def of(cls, facts: GroupFacts) -> GroupFactsShape:
        return cls(
            description=facts.description,
            has_picture=None if facts.picture_sha256 is None else bool(facts.picture_sha256),
            approval=facts.approval,
            edit=facts.edit,
            write=facts.write,
            add=facts.add,
            last_activity_at=facts.last_activity_at,
            is_archived=facts.is_archived,
        )


class GroupSourceShape(Shape):
    """The group as one source shows it. `shows`: whether it still does. `grade`: that of its proofs at best."""

    source: str
    kind: str
    id: str
    name: str
    shows: bool
    members: int
    coverage: Coverage
    taken_at: Instant
    grade: Grade

    @classmethod
    def of(cls, group: GroupRow, witnesses: Witnesses) -> GroupSourceShape:
        known = witnesses.get(group.key.source, FORMER)
        return cls(
            source=group.key.source, kind=known.kind, id=group.key.group_id, name=group.name,
            shows=not group.is_gone, members=group.size, coverage=group.coverage, taken_at=group.taken_at,
            grade=known.grade,
        )  # fmt: skip


class GroupShownShape(_GroupFields):
    """A group with its roster, tickets, and what its source shows of it. `sources`: all that have it.

    `report_url`: the form by which anybody reports a message in it; null while `controls.reports` is off.
    """

    facts: GroupFactsShape
    sources: list[GroupSourceShape]
    roster: list[GroupMemberShape]
    tickets: list[str]
    report_url: str | None

    @classmethod
    def of(cls, whole: WholeGroup, witnesses: Witnesses, report_url: str | None = None) -> GroupShownShape:
        return cls(
            **dict(GroupShape.of(ListedGroup(whole.group, whole.differences))),
            facts=GroupFactsShape.of(whole.group.facts),
            sources=[GroupSourceShape.of(one, witnesses) for one in whole.in_sources],
            roster=[GroupMemberShape.of(*one) for one in whole.members],
            tickets=[ticket.label for ticket in whole.tickets],
            report_url=report_url,
        )
