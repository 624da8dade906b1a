"""Tickets: one in a list, one with its history, and when its policy's steps come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from worker.app.reads.escalation import ComingStep, ExplainedEscalation, ToldOne
from worker.app.reads.ticket import (
    ListedTicket,
    WholeTicket,
)
from worker.app.reads.witness import FORMER, Witnesses
from worker.contract.copies import CopyShape
from worker.contract.people import AccountShape
from worker.contract.seals import SealShape
from worker.contract.shape import Data, Instant, Shape
from worker.domain.escalation.policy import Taken, Whom
from worker.domain.evidence.journal import Sealed
from worker.domain.messages.paragraphs import told_line
from worker.domain.model import Account, Evidence, Role
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, Grade, Ticket, TicketKind, TicketState, ticket_label
from worker.ports.state.tickets import SeenIn


class TicketGroupShape(Shape):
    """The group that a ticket is about."""

    source: str
    id: str
    name: str
    messenger: str

    @classmethod
    def of(cls, ticket: Ticket) -> TicketGroupShape | None:
        group = ticket.group
        if group is None:
            return None
        return cls(source=group.source, id=group.group_id, name=ticket.group_name, messenger=ticket.messenger)


class TicketMemberShape(Shape):
    """The member that a ticket is about, as the messenger shows them."""

    handle: str
    display_name: str
    role: Role | None

    @classmethod
    def of(cls, ticket: Ticket) -> TicketMemberShape | None:
        if not ticket.handle:
            return None
        return cls(handle=ticket.handle, display_name=ticket.member_name, role=ticket.member_role)


class _TicketPersonFields(Shape):
    source: str
    id: str
    name: str
    evidence: Evidence | None
    left_at: Instant | None


class TicketPersonShape(_TicketPersonFields):
    """The person that a ticket is about, and why."""

    @classmethod
    def of(cls, ticket: Ticket) -> TicketPersonShape | None:
        if ticket.person is None:
            return None
        return cls(
            source=ticket.person.source,
            id=ticket.person.person_id,
            name=ticket.person_name,
            evidence=ticket.evidence,
            left_at=ticket.left_at,
        )


class TicketPersonShownShape(_TicketPersonFields):
    """With every account of the same human."""

    accounts: list[AccountShape]

    @classmethod
    def of(cls, ticket: Ticket, accounts: Sequence[Account]) -> TicketPersonShownShape | None:
        person = TicketPersonShape.of(ticket)
        if person is None:
            return None
        return cls(**dict(person), accounts=[AccountShape.of(one) for one in accounts])


class TicketAssigneeShape(Shape):
    """Who should do it, and why they. `phone` is of somebody who has no e-mail address."""

    name: str
    email: str
    phone: str | None
    why: str

    @classmethod
    def of(cls, assignee: Assignee) -> TicketAssigneeShape:
        has_email = "@" in assignee.email
        return cls(
            name=assignee.name,
            email=assignee.email if has_email else "",
            phone=None if has_email else assignee.email or None,
            why=assignee.said,
        )


class TakenStepShape(Shape):
    """An escalation step that was taken; (step, repeat) is unique."""

    step: int
    repeat: int
    at: Instant
    to: list[str]

    @classmethod
    def of(cls, taken: Taken, to: Sequence[str]) -> TakenStepShape:
        return cls(step=taken.step, repeat=taken.repeat, at=taken.at, to=list(to))


class TicketHappenedShape(Shape):
    """Something that happened to a ticket."""

    at: Instant
    by: str
    what: str
    reason: str
    data: Data

    @classmethod
    def of(cls, sealed: Sealed) -> TicketHappenedShape:
        entry = sealed.entry
        return cls(at=entry.at, by=entry.actor, what=entry.event, reason=entry.reason, data=dict(entry.data))


class TicketSubjectShape(Shape):
    """What a ticket is about, by ids; each that it is not about is null."""

    about: About
    source: str
    group: str | None
    handle: str | None
    person: str | None

    @classmethod
    def of(cls, ticket: Ticket) -> TicketSubjectShape:
        subject = ticket.subject
        return cls(
            about=ticket.about,
            source=subject.source,
            group=subject.group_id or None,
            handle=subject.handle or None,
            person=subject.person_id or None,
        )


class TicketSourceShape(Shape):
    """What one source shows of the ticket's member: true, false, or null where it can't tell. `grade`: its proof's."""

    source: str
    kind: str
    shows: bool | None
    taken_at: Instant
    grade: Grade

    @classmethod
    def of(cls, seen: SeenIn, witnesses: Witnesses) -> TicketSourceShape:
        known = witnesses.get(seen.source, FORMER)
        return cls(
            source=seen.source, kind=known.kind, shows=seen.shows, taken_at=seen.taken_at, grade=known.grade
        )


class RemediatedShape(Shape):
    """The rule by which a machine made the claim, and when."""

    rule: str
    at: Instant

    @classmethod
    def of(cls, ticket: Ticket) -> RemediatedShape | None:
        if ticket.remediated_by is None or ticket.remediated_at is None:
            return None
        return cls(rule=ticket.remediated_by, at=ticket.remediated_at)


class _TicketFields(Shape):
    id: str
    kind: TicketKind
    state: TicketState
    blocked_by: str | None
    group: TicketGroupShape | None
    member: TicketMemberShape | None
    person: TicketPersonShape | TicketPersonShownShape | None
    assignee: TicketAssigneeShape | None
    opened_at: Instant
    due_at: Instant
    done_at: Instant | None
    done_by: str | None
    verified_at: Instant | None
    verified_by: str | None
    grade: Grade | None
    escalations: list[TakenStepShape]
    reopened: int
    reason: str
    subject: TicketSubjectShape
    occasion: str
    sources: list[TicketSourceShape]
    remediated_by: RemediatedShape | None
    acknowledged_until: Instant | None
    snoozed_until: Instant | None
    held_until: Instant | None
    waived_until: Instant | None
    silenced_by: str | None
    mirrors: list[CopyShape]
    details: Data


class TicketShape(_TicketFields):
    """A unit of human work."""

    person: TicketPersonShape | None

    @classmethod
    def of(cls, listed: ListedTicket, witnesses: Witnesses) -> TicketShape:
        ticket, steps = listed.ticket, listed.steps
        return cls(
            id=ticket.label,
            kind=ticket.kind,
            state=ticket.state,
            blocked_by=None if ticket.blocked_by is None else ticket_label(ticket.blocked_by),
            group=TicketGroupShape.of(ticket),
            member=TicketMemberShape.of(ticket),
            person=TicketPersonShape.of(ticket),
            assignee=TicketAssigneeShape.of(ticket.assignee) if ticket.assignee else None,
            opened_at=ticket.opened_at,
            due_at=ticket.due_at,
            done_at=ticket.done_at,
            done_by=ticket.done_by,
            verified_at=ticket.verified_at,
            verified_by=ticket.verified_by,
            grade=ticket.grade,
            escalations=[TakenStepShape.of(taken, to) for taken, _, to in steps],
            reopened=ticket.reopened,
            reason=ticket.reason,
            subject=TicketSubjectShape.of(ticket),
            occasion=ticket.occasion,
            sources=[TicketSourceShape.of(seen, witnesses) for seen in listed.seen_in],
            remediated_by=RemediatedShape.of(ticket),
            acknowledged_until=ticket.acknowledged_until,
            snoozed_until=ticket.snoozed_until,
            held_until=ticket.held_until,
            waived_until=ticket.waived_until,
            silenced_by=listed.silenced_by,
            mirrors=[CopyShape.of(one) for one in listed.copies],
            details=dict(ticket.details),
        )


class TicketShownShape(_TicketFields):
    """A ticket with its history and the seals of its files.

    `link_known_to`: who may have the assignee's link, besides the assignee.
    """

    person: TicketPersonShownShape | None
    link_known_to: list[str]
    history: list[TicketHappenedShape]
    seals: list[SealShape]

    @classmethod
    def of(cls, whole: WholeTicket, witnesses: Witnesses) -> TicketShownShape:
        listed = ListedTicket(whole.ticket, whole.steps, whole.seen_in, whole.silenced_by, whole.copies)
        fields = dict(TicketShape.of(listed, witnesses))
        return cls(
            **fields | {"person": TicketPersonShownShape.of(whole.ticket, whole.accounts)},
            link_known_to=list(whole.link_known_to),
            history=[TicketHappenedShape.of(sealed) for sealed in whole.history],
            seals=[SealShape.of(one) for one in whole.seals],
        )


class LinkShape(Shape):
    """The assignee's signed link: whoever has it can act in their name."""

    url: Annotated[str, Field(json_schema_extra={"format": "uri"})]


class DeadLinkShape(Shape):
    """No link: those that were given out open nothing any more."""

    url: None = None


class ToldShape(Shape):
    """Whom one target of a step means now, by name or address; nobody, where there is none to be reached."""

    target: str
    people: list[str]

    @classmethod
    def of(cls, whom: Whom, names: Sequence[str]) -> ToldShape:
        return cls(target=str(whom), people=list(names))


class ToldOneShape(Shape):
    """One recipient of a step: over which notifier, and until when the message would wait.

    `why` says what it would wait for, that no notifier reaches them, and whom they pass it on to.
    """

    address: str
    name: str
    over: str | None
    held_until: Instant | None
    why: str

    @classmethod
    def of(cls, one: ToldOne) -> ToldOneShape:
        passes_on = f"passes it on to {one.passes_on_to}" if one.passes_on_to else ""
        return cls(
            address=one.to.address or one.to.kind.value,
            name=one.to.name,
            over=one.over or None,
            held_until=one.held_until,
            why=", ".join(filter(None, [one.why, passes_on])),
        )


class ComingStepShape(Shape):
    """A step of a policy. `at` is when it comes by the policy; one that was taken may have been late."""

    step: int
    at: Instant
    what: str
    told: list[ToldShape]
    repeat: int
    to: list[ToldOneShape]
    state: Literal["taken", "to come"]

    @classmethod
    def of(cls, step: ComingStep) -> ComingStepShape:
        coming = step.coming
        return cls(
            step=coming.step,
            at=coming.at,
            what=f"step {coming.step}: {told_line(step.named, coming.repeat)}",
            told=[ToldShape.of(*one) for one in step.named],
            repeat=coming.number,
            to=[ToldOneShape.of(one) for one in step.everybody],
            state="taken" if coming.is_taken else "to come",
        )


class EscalationShape(Shape):
    """A ticket's policy."""

    ticket: str
    policy: str
    due_at: Instant
    steps: list[ComingStepShape]

    @classmethod
    def of(cls, explained: ExplainedEscalation) -> EscalationShape:
        return cls(
            ticket=explained.ticket.label,
            policy=explained.policy,
            due_at=explained.ticket.due_at,
            steps=[ComingStepShape.of(step) for step in explained.steps],
        )
