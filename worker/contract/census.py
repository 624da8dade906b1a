"""The census: groups that people named."""

from __future__ import annotations

from worker.app.reads.census import CandidateShown
from worker.contract.shape import Instant, Shape
from worker.domain.controls.census import CandidateDecision, KnownName


class KnownNameShape(Shape):
    """A group that an inventory or a register has."""

    source: str
    id: str
    name: str
    messenger: str

    @classmethod
    def of(cls, one: KnownName) -> KnownNameShape:
        return cls(source=one.group.source, id=one.group.group_id, name=one.name, messenger=one.messenger)


class CensusCandidateShape(Shape):
    """A group that was named, once for each name and messenger; an empty messenger: nobody said which.

    `named_by` counts people, `anonymous` the answers of the public form. `same` are groups with this name, `alike`
    those that look like it. `group` is the one that it is, as somebody decided. `admins`: who the admin is, in the
    words of those who named it.
    """

    id: str
    name: str
    messenger: str
    decision: CandidateDecision
    known: bool
    named_by: int
    anonymous: int
    named_at: Instant
    last_named_at: Instant
    admins: list[str]
    members: int | None
    same: list[KnownNameShape]
    alike: list[KnownNameShape]
    group: str | None
    ticket: str | None
    decided_at: Instant | None
    decided_by: str | None

    @classmethod
    def of(cls, shown: CandidateShown) -> CensusCandidateShape:
        one = shown.candidate
        return cls(
            id=one.label,
            name=one.name,
            messenger=one.messenger,
            decision=one.decision,
            known=shown.is_known,
            named_by=one.named_by,
            anonymous=one.anonymous,
            named_at=one.named_at,
            last_named_at=one.last_named_at,
            admins=list(one.admins),
            members=one.members,
            same=[KnownNameShape.of(known) for known in shown.match.same],
            alike=[KnownNameShape.of(known) for known in shown.match.alike],
            group="/".join(one.group) if one.group else None,
            ticket=shown.ticket.label if shown.ticket else None,
            decided_at=one.decided_at,
            decided_by=one.decided_by or None,
        )
