"""What a replay of recorded history found."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field

from worker.app.reads.replay import PlayedMessage, PlayedPlan, PlayedTicket, Replayed
from worker.contract.shape import Instant, Shape
from worker.domain.replay.comparing import PlayEffect
from worker.domain.replay.fates import Become, Fate, Why


class FateShape(Shape):
    """What becomes of a ticket: opened, held or absent. The instants are null unless it is opened."""

    become: Become
    opened_at: Instant | None
    due_at: Instant | None
    why: Why

    @classmethod
    def of(cls, fate: Fate) -> FateShape:
        return cls(become=fate.become, opened_at=fate.opened_at, due_at=fate.due_at, why=fate.why)


class PlayedTicketShape(Shape):
    """A ticket by both sides; one that was never opened has no number and no kind."""

    ticket: str | None
    kind: str | None
    group: str | None
    group_name: str
    person: str | None
    person_name: str
    was: FateShape
    would: FateShape

    @classmethod
    def of(cls, one: PlayedTicket) -> PlayedTicketShape:
        return cls(
            ticket=one.ticket.label if one.ticket else None,
            kind=one.ticket.kind.value if one.ticket else None,
            group="/".join(one.group) if one.group else None,
            group_name=one.group_name,
            person="/".join(one.person) if one.person else None,
            person_name=one.person_name,
            was=FateShape.of(one.was),
            would=FateShape.of(one.would),
        )


class PlayedTicketsShape(Shape):
    """The tickets that differ, by how, and how many don't."""

    same: int
    more: list[PlayedTicketShape]
    fewer: list[PlayedTicketShape]
    earlier: list[PlayedTicketShape]
    later: list[PlayedTicketShape]
    held: list[PlayedTicketShape]

    @classmethod
    def of(cls, found: Replayed) -> PlayedTicketsShape:
        def those(wanted: PlayEffect) -> list[PlayedTicketShape]:
            return [PlayedTicketShape.of(one) for one in found.tickets if one.difference is wanted]

        return cls(
            same=found.same,
            more=those(PlayEffect.MORE),
            fewer=those(PlayEffect.FEWER),
            earlier=those(PlayEffect.EARLIER),
            later=those(PlayEffect.LATER),
            held=those(PlayEffect.HELD),
        )


class PlayedMessageShape(Shape):
    """A message about a ticket: for whom, what about, when it was told, and when it would be; null: not at all."""

    ticket: str
    who: str
    what: str
    was: Instant | None
    would: Instant | None

    @classmethod
    def of(cls, one: PlayedMessage) -> PlayedMessageShape:
        told = one.told
        return cls(ticket=one.ticket.label, who=told.who, what=told.what, was=told.was, would=told.would)


class ReaderShape(Shape):
    """How often somebody was told, and would be."""

    who: str
    was: int
    would: int


class PlayedMessagesShape(Shape):
    """The messages that differ, by how, how many don't, and how often each reader is told by both sides."""

    same: int
    more: list[PlayedMessageShape]
    fewer: list[PlayedMessageShape]
    earlier: list[PlayedMessageShape]
    later: list[PlayedMessageShape]
    by_recipient: list[ReaderShape]

    @classmethod
    def of(cls, found: Replayed) -> PlayedMessagesShape:
        def those(wanted: PlayEffect) -> list[PlayedMessageShape]:
            return [PlayedMessageShape.of(one) for one in found.messages if one.told.difference is wanted]

        return cls(
            same=found.same_messages,
            more=those(PlayEffect.MORE),
            fewer=those(PlayEffect.FEWER),
            earlier=those(PlayEffect.EARLIER),
            later=those(PlayEffect.LATER),
            by_recipient=[ReaderShape(who=who, was=was, would=would) for who, was, would in found.readers],
        )


class PlayedPlanShape(Shape):
    """A plan of leavers that is held by one side alone."""

    source: str
    at: Instant
    people: int
    why: str

    @classmethod
    def of(cls, one: PlayedPlan) -> PlayedPlanShape:
        plan = one.plan
        return cls(source=plan.source, at=plan.created_at, people=plan.size, why=str(plan.why))


class PlayedPlansShape(Shape):
    """The held plans that are more, and those that are fewer."""

    more: list[PlayedPlanShape]
    fewer: list[PlayedPlanShape]


class CannotShape(Shape):
    """What can't be replayed: by a lasting name, how many where that is known, which, and why."""

    what: str
    how_many: int | None
    about: list[str]
    why: str


class PlayedConfigurationShape(Shape):
    """Whether the played configuration is the present one, and its differences from it."""

    same: bool
    changed: list[str]


class ReplayShape(Shape):
    """A replay of the time from one instant up to another (excluded)."""

    model_config = ConfigDict(extra="forbid", defer_build=True, populate_by_name=True)

    from_at: Instant = Field(alias="from")
    until: Instant
    configuration: PlayedConfigurationShape
    tickets: PlayedTicketsShape
    messages: PlayedMessagesShape
    plans: PlayedPlansShape
    cannot: list[CannotShape]

    @classmethod
    def of(cls, found: Replayed) -> Self:
        def plans(wanted: PlayEffect) -> list[PlayedPlanShape]:
            return [PlayedPlanShape.of(one) for one in found.plans if one.difference is wanted]

        return cls(
            from_at=found.begins,
            until=found.ends,
            configuration=PlayedConfigurationShape(same=not found.is_changed, changed=list(found.changed)),
            tickets=PlayedTicketsShape.of(found),
            messages=PlayedMessagesShape.of(found),
            plans=PlayedPlansShape(more=plans(PlayEffect.MORE), fewer=plans(PlayEffect.FEWER)),
            cannot=[
                CannotShape(what=one.what.value, how_many=one.how_many, about=list(one.about), why=one.why)
                for one in found.cannot
            ],
        )
