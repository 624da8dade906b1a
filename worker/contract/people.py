"""People: an account, and its person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field

from worker.app.reads.person import WholePerson
from worker.contract.shape import Instant, Shape
from worker.domain.evidence.journal import Sealed
from worker.domain.kinds.keeps import KeptGroup
from worker.domain.model import Account, AccountKey, Evidence, Member, Role, Standing
from worker.ports.state.groups import GroupRow


class AccountShape(Shape):
    """One of a human's accounts, as its directory has it."""

    source: str
    id: str
    standing: Standing
    evidence: Evidence | None
    left_at: Instant | None

    @classmethod
    def of(cls, account: Account) -> AccountShape:
        return cls(
            source=account.key.source,
            id=account.key.person_id,
            standing=account.standing,
            evidence=account.evidence,
            left_at=account.left_at,
        )


class PersonRefShape(Shape):
    """An account by its id alone."""

    source: str
    id: str

    @classmethod
    def of(cls, key: AccountKey) -> PersonRefShape:
        return cls(source=key.source, id=key.person_id)


class NamedPersonShape(Shape):
    """An account by its id, with its name."""

    source: str
    id: str
    name: str

    @classmethod
    def of(cls, key: AccountKey, name: str) -> NamedPersonShape:
        return cls(source=key.source, id=key.person_id, name=name)


class PersonGroupShape(Shape):
    """A group that somebody is in."""

    id: str
    name: str
    role: Role

    @classmethod
    def of(cls, group: GroupRow, member: Member) -> PersonGroupShape:
        return cls(id="/".join(group.key), name=group.name, role=member.role)


class KeptGroupShape(Shape):
    """A group that somebody who left could read."""

    source: str
    id: str
    name: str
    messenger: str


class KeptShape(Shape):
    """What somebody who left could read, and from when to when.

    `class` is empty if nothing says. `from` is null if they were in it when it was first read, or if that is not known;
    `until` is null as long as nothing shows that they are out, and where nothing shows since when they are.
    """

    group: KeptGroupShape
    data_class: str = Field(serialization_alias="class")
    from_at: Instant | None = Field(serialization_alias="from")
    until: Instant | None

    @classmethod
    def of(cls, one: KeptGroup) -> KeptShape:
        source, group_id = one.group
        group = KeptGroupShape(source=source, id=group_id, name=one.name, messenger=one.messenger)
        return cls(group=group, data_class=one.data_class, from_at=one.from_at, until=one.until_at)


class PersonHappenedShape(Shape):
    """Something that happened to a person."""

    at: Instant
    by: str
    what: str

    @classmethod
    def of(cls, sealed: Sealed) -> PersonHappenedShape:
        return cls(at=sealed.entry.at, by=sealed.entry.actor, what=sealed.entry.event)


class _PersonFields(Shape):
    source: str
    id: str
    name: str
    email: str | None
    department: str | None
    title: str | None
    employee_id: str | None
    phones: list[str]
    standing: Standing
    evidence: Evidence | None
    left_at: Instant | None


class PersonShape(_PersonFields):
    """One account with what its directory says."""

    @classmethod
    def of(cls, person: Account) -> PersonShape:
        facts = person.facts
        return cls(
            source=person.key.source,
            id=person.key.person_id,
            name=facts.display_name,
            email=facts.email,
            department=facts.department,
            title=facts.title,
            employee_id=facts.employee_id,
            phones=list(facts.phones),
            standing=person.standing,
            evidence=person.evidence,
            left_at=person.left_at,
        )


class PersonShownShape(_PersonFields):
    """An account, and the human behind it."""

    accounts: list[AccountShape]
    has_left: bool
    groups: list[PersonGroupShape]
    tickets: list[str]
    history: list[PersonHappenedShape]
    read_at: Instant | None
    keeps: list[KeptShape]

    @classmethod
    def of(
        cls, whole: WholePerson, history: Sequence[Sealed], keeps: Iterable[KeptGroup]
    ) -> PersonShownShape:
        return cls(
            **dict(PersonShape.of(whole.account)),
            accounts=[AccountShape.of(one) for one in whole.human.accounts],
            has_left=whole.human.person.standing is Standing.LEFT,
            groups=[PersonGroupShape.of(*one) for one in whole.groups],
            tickets=[ticket.label for ticket in whole.tickets],
            history=[PersonHappenedShape.of(sealed) for sealed in history],
            read_at=whole.directories[whole.account.key.source].last_success_at,
            keeps=[KeptShape.of(one) for one in keeps],
        )
