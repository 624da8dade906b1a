"""Feeds: journal -> one message for each event that a program follows.

Each notifier that follows events has a place in the journal. It starts at the present, and moves in one transaction
with the messages that it is given. Delivery then goes the ordinary way, one event a message. No more than a few that
were not tried yet wait at once, so that a program that is out of order leaves its events in the journal and holds up
nobody. Those that failed take no place, so that events that it can't take hold up no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from worker.app.tell.teller import Teller
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.messages.event import FeedEvent, event_paragraph
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient, feed_of
from worker.domain.tickets.ticket import Ticket, ticket_number
from worker.ports import Notifier, Unsubscribed
from worker.ports.state.feeds import FeedState
from worker.ports.state.outbox import Bundle, OutMessage
from worker.ports.state.store import UnitOfWork

PAGE = 1000  # entries that one pass looks at for one feed
WAITING_MAX = 50  # events of one feed that wait for their first attempt
NO_DESK = "urn:whosleft"  # the source of events of an installation without a desk's address
_SHOWN = (
    "kind",
    "state",
    "group",
    "person",
    "step",
)  # of an entry and its ticket: no address, and nothing typed


class Followers:
    """Queues events for the notifiers that follow some."""

    def __init__(self, notifiers: Iterable[Notifier], teller: Teller) -> None:
        self._followers = [one for one in notifiers if one.can.events]
        self._teller = teller

    def are_new(self, uow: UnitOfWork) -> bool:
        """Whether one of them has no place yet."""
        return any(uow.feeds.get(one.name) is None for one in self._followers)

    def begin(self, uow: UnitOfWork) -> None:
        """Let each feed that is new start at the present, before anything is found. Idempotent."""
        for one in self._followers:
            _place(uow, one)

    def queue(self, uow: UnitOfWork, now: datetime) -> list[str]:
        """Queue what has happened since the last time; return a sentence for each feed that is stopped."""
        troubles = []
        for one in self._followers:
            place = _place(uow, one)
            if place.stopped_at is not None:
                troubles.append(
                    f"{one.name}: stopped, since its address is gone. To start it: whosleft notify test {one.name}"
                )
            else:
                self._follow(uow, one, place.seq, now)
        return troubles

    def stop(self, uow: UnitOfWork, notifier: str, error: Unsubscribed, now: datetime) -> None:
        """Send a feed nothing more, and tell the security team."""
        uow.feeds.stop(notifier, now)
        tongue = self._teller.tongue
        title = tongue.say("{name} takes no more events", name=notifier)
        text = tongue.say(
            "Its address is gone, so nothing more is sent to it. Events wait until this succeeds: {command}",
            command=f"whosleft notify test {notifier}",
        )
        body = Paragraph(title, text, facts=((tongue.say("Answer"), error.message),))
        uow.outbox.add([OutMessage(f"feed:{notifier}:{now.isoformat()}", CHANNEL, title, body)], now)

    def test_event(self, notifier: str, now: datetime) -> Paragraph:
        """An event that says only that somebody tries the feed. It is in no journal: its `seq` is 0."""
        return event_paragraph(FeedEvent(0, "notify.tested", now, self._source, notifier))

    def _follow(self, uow: UnitOfWork, one: Notifier, after: int, now: datetime) -> None:
        to, seq, new = feed_of(one.name), after, list[OutMessage]()
        waiting = uow.outbox.untried(to)
        for sealed in uow.journal.page(after, PAGE):
            if _follows(one, sealed.entry):
                if waiting + len(new) >= WAITING_MAX:
                    break
                new.append(self._message(uow, one, to, sealed))
            seq = sealed.seq
        uow.outbox.add(new, now)
        uow.outbox.bundle([Bundle(to, [one.name], [message.key]) for message in new], now)
        if seq != after:
            uow.feeds.move(one.name, seq)

    def _message(self, uow: UnitOfWork, one: Notifier, to: Recipient, sealed: Sealed) -> OutMessage:
        ticket = _ticket_of(uow, sealed.entry)
        event = self._event(sealed, ticket, wants_names=one.can.wants_names)
        key = f"event:{sealed.seq}:{one.name}"
        number = None if ticket is None else ticket.id
        return OutMessage(key, to, event.kind, event_paragraph(event), ticket=number)

    def _event(self, sealed: Sealed, ticket: Ticket | None, *, wants_names: bool) -> FeedEvent:
        entry, links = sealed.entry, self._teller.links
        _, _, subject = entry.subject.partition(":")
        data, link = _shown(entry.data), ""
        if ticket is not None:
            data = _shown(ticket_facts(ticket)) | data
            data |= _names(ticket) if wants_names else {}
            link = links.console(f"/tickets/{ticket.label}") if links else ""
        return FeedEvent(sealed.seq, entry.event, entry.at, self._source, subject, link, data)

    @property
    def _source(self) -> str:
        return self._teller.links.base if self._teller.links else NO_DESK


def _place(uow: UnitOfWork, one: Notifier) -> FeedState:
    """Where a feed is; a new one is at the end of the journal from now on."""
    known = uow.feeds.get(one.name)
    if known is not None:
        return known
    new = FeedState(uow.journal.head().seq)
    uow.feeds.move(one.name, new.seq)
    return new


def _follows(one: Notifier, entry: Entry) -> bool:
    return any(fnmatchcase(entry.event, pattern) for pattern in one.can.events)


def _shown(facts: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(facts[name]) for name in _SHOWN if facts.get(name)}


def _ticket_of(uow: UnitOfWork, entry: Entry) -> Ticket | None:
    about, _, label = entry.subject.partition(":")
    return uow.tickets.get(ticket_number(label)) if about == "ticket" else None


def _names(ticket: Ticket) -> dict[str, str]:
    """The names as they are when the event is queued. Erasing somebody erases them from what waits, too."""
    names = {"group_name": ticket.group_name, "person_name": ticket.person_name or ticket.member_name}
    return {name: text for name, text in names.items() if text}
