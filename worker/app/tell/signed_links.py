"""The signed links of assignees: made from a ticket, read back to it, with no table of their own.

    ticket + assignee + now -> token -> (ticket, when it was made), or why it opens nothing

A link names a ticket and has a keyed digest of its assignee and of how often it was handed on or its links were ended.
So it ends for good when the ticket goes to somebody else, and it has no personal data. The key is in the database, so
links survive restarts and work on every replica, until `whosleft desk rotate-key` makes another key.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadSignature, Signer, URLSafeSerializer

from worker.app.tell.addressing import have_left
from worker.app.tell.passing import link_within, with_link_within
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.messages.overtaken import is_for_assignee, is_passed_on
from worker.domain.tickets.ticket import Assignee, Ticket
from worker.ports.state.access import Shown
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

DIGEST_LENGTH = 10
TOKEN_LENGTH_MAX = 200
TICKETS, FORMS = "ticket-link", "form"
_PAGE = "/t/"
_MINE = "/me/"
_MILLISECOND = timedelta(milliseconds=1)


class Dead(StrEnum):
    """Why a link opens nothing."""

    FORGED = "forged"
    EXPIRED = "expired"
    REVOKED = "revoked"
    MOVED = "moved"  # the ticket has another assignee now
    LEFT = "left"  # its assignee has left


class LinkDead(Exception):
    """The link opens nothing. `why` decides which page is shown; `language` is the assignee's, if known."""

    def __init__(self, why: Dead, language: str | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.language = language


@dataclass(frozen=True, slots=True)
class Opened:
    """The ticket of a link with a valid signature, and the digest of its assignee."""

    ticket: Ticket
    key: str
    digest: str
    made_ms: int

    def is_for(self, ticket: Ticket) -> bool:
        """True if the link was made for this ticket's assignee, since the ticket last went to them."""
        return ticket.assignee is not None and self.digest == _digest(
            self.key, ticket.assignee.email, ticket.handed
        )

    def was_for(self, ticket: Ticket) -> bool:
        """True if the link was made for the assignee at an earlier time when they had the ticket."""
        return ticket.assignee is not None and any(
            self.digest == _digest(self.key, ticket.assignee.email, handed) for handed in range(ticket.handed)
        )

    def reaches(self, ticket: Ticket) -> bool:
        """True if the link may open another ticket of the assignee: unless that ticket's links were ended since."""
        return ticket.links_from is None or self.made_ms > _to_ms(ticket.links_from)

    def token(self, ticket: Ticket) -> str:
        """The token for another ticket of the same assignee. It is as old as this link, so it ends with it."""
        return _signed(self.key, [ticket.id, self.made_ms, _digest_of(self.key, ticket)])


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """Makes and reads links. `base` is their start, without a slash at its end; `life` is how long they work."""

    base: str
    life: timedelta

    def url(self, uow: UnitOfWork, ticket: Ticket, now: datetime) -> str:
        """The assignee's link. Raises ValueError for a ticket without an assignee."""
        return f"{self.base}{_PAGE}{self.token(uow, ticket, now)}"

    def told(self, uow: UnitOfWork, ticket: Ticket, to: Recipient, now: datetime) -> str:
        """The link in a message about a ticket: to the assignee's page for the assignee, else to the console."""
        if ticket.assignee is not None and to.address == ticket.assignee.email.casefold():
            return self.url(uow, ticket, now)
        return self.console(f"/tickets/{ticket.label}")

    def renewed(
        self,
        uow: UnitOfWork,
        waiting: Collection[tuple[Recipient, OutMessage]],
        tickets: Mapping[int, Ticket],
        now: datetime,
    ) -> dict[str, str]:
        """New links for messages whose assignee's link opens nothing any more, or will not for long, by key.

        Of what is passed on, the assignee's link within the text is made anew.
        """
        signed = [
            one for one in waiting if one[0].kind is RecipientKind.PERSON and _PAGE in _own_link(one[1])
        ]
        if not signed:
            return {}
        key, soon = signing_key(uow), now + self.life / 2
        found = ((to, message, tickets.get(message.ticket or 0)) for to, message in signed)
        return {
            message.key: self._anew(uow, ticket, to, message, now)
            for to, message, ticket in found
            if ticket is not None
            and _is_known(message, ticket)
            and not self._works(key, _own_link(message), ticket, soon)
        }

    def _anew(
        self, uow: UnitOfWork, ticket: Ticket, to: Recipient, message: OutMessage, now: datetime
    ) -> str:
        if is_passed_on(message.key):
            return with_link_within(_link(message), self.url(uow, ticket, now))
        return self.told(uow, ticket, to, now)

    def _works(self, key: str, link: str, ticket: Ticket, at: datetime) -> bool:
        base, _, token = link.rpartition(_PAGE)
        try:
            _, made_ms, digest = _payload(key, token)
        except LinkDead:
            return False
        opened = Opened(ticket, key, digest, made_ms)
        is_young = at < _from_ms(made_ms) + self.life
        return base == self.base and is_young and opened.is_for(ticket) and opened.reaches(ticket)

    def of_many(self, links: Iterable[str | None]) -> str:
        """One link in place of those in several messages to one reader: to all of theirs, by the first signed one.

        Else the console's list of tickets.
        """
        page = f"{self.base}{_PAGE}"
        signed = next((one for one in links if one and one.startswith(page)), None)
        return f"{self.base}{_MINE}{signed.removeprefix(page)}" if signed else self.console("/tickets")

    def console(self, path: str) -> str:
        """The address of a page of the console, which asks to sign in."""
        return f"{self.base}{path}"

    def token(self, uow: UnitOfWork, ticket: Ticket, now: datetime) -> str:
        """The token: the last part of the link."""
        key = signing_key(uow)
        return _signed(key, [ticket.id, _to_ms(_made_at(ticket, now)), _digest_of(key, ticket)])

    def until(self, ticket: Ticket, now: datetime) -> datetime:
        """The instant at which a link made now ends."""
        return _made_at(ticket, now) + self.life

    def shown_to(self, uow: UnitOfWork, email: str, now: datetime) -> Sequence[Shown]:
        """The people, besides the assignee with this address, who may have a link of theirs that works, by time."""
        return uow.access.shown_links(email, now - self.life)

    def read(self, uow: UnitOfWork, token: str, now: datetime) -> Opened:
        """Read a link, whether or not the ticket still has the same assignee.

        Raises LinkDead if it is forged, expired or revoked.
        """
        key = signing_key(uow)
        number, made_ms, digest = _payload(key, token)
        ticket = uow.tickets.get(number)
        if ticket is None:
            raise LinkDead(Dead.FORGED)
        if now >= _from_ms(made_ms) + self.life:
            raise LinkDead(Dead.EXPIRED)
        if ticket.links_from is not None and made_ms <= _to_ms(ticket.links_from):
            raise LinkDead(Dead.REVOKED)
        return Opened(ticket, key, digest, made_ms)

    def ticket(self, uow: UnitOfWork, token: str, now: datetime) -> Ticket:
        """The ticket that a link opens, in any state. Raises LinkDead."""
        return self.opened(uow, token, now).ticket

    def opened(self, uow: UnitOfWork, token: str, now: datetime) -> Opened:
        """As `read`, but raises LinkDead also if the ticket has another assignee, or the assignee has left."""
        opened = self.read(uow, token, now)
        if not opened.is_for(opened.ticket):
            raise LinkDead(Dead.REVOKED if opened.was_for(opened.ticket) else Dead.MOVED)
        check_is_here(uow, opened.ticket)
        return opened


def check_is_here(uow: UnitOfWork, ticket: Ticket) -> None:
    """Raise LinkDead if the assignee has left, as soon as a directory says so."""
    assignee = ticket.assignee or Assignee("")
    known = uow.people.get(assignee.person) if assignee.person else None
    people = [known] if known else uow.people.find(assignee.email)
    if have_left(uow, people):
        raise LinkDead(Dead.LEFT, people[0].facts.language)


def signing_key(uow: UnitOfWork) -> str:
    """The key that signs links and forms; it is made at the first use."""
    return uow.access.key(fresh_key())


def fresh_key() -> str:
    """Make a random key."""
    return secrets.token_hex(32)


def _signed(key: str, payload: list[int | str]) -> str:
    return str(URLSafeSerializer(key, salt=TICKETS).dumps(payload))


def _payload(key: str, token: str) -> tuple[int, int, str]:
    if len(token) > TOKEN_LENGTH_MAX:
        raise LinkDead(Dead.FORGED)
    try:
        number, made_ms, digest = URLSafeSerializer(key, salt=TICKETS).loads(token)
    except BadSignature:  # also raised for any other text that is no token
        raise LinkDead(Dead.FORGED) from None
    return number, made_ms, digest


def _digest_of(key: str, ticket: Ticket) -> str:
    if ticket.assignee is None:
        raise ValueError(f"{ticket.label} is nobody's: there is nobody to give a link to.")
    return _digest(key, ticket.assignee.email, ticket.handed)


def _digest(key: str, email: str, handed: int) -> str:
    whose = f"{email.casefold()}\n{handed}" if handed else email.casefold()  # as in releases without a count
    return Signer(key, salt="assignee").get_signature(whose).decode()[:DIGEST_LENGTH]


def _link(message: OutMessage) -> str:
    return message.body.link or ""


def _own_link(message: OutMessage) -> str:
    """The assignee's link in a message: its own, or the one within what is passed on."""
    return link_within(_link(message)) if is_passed_on(message.key) else _link(message)


def _is_known(message: OutMessage, ticket: Ticket) -> bool:
    """False of what may be passed on to somebody else than the assignee: no new link is put into that."""
    return not is_passed_on(message.key) or is_for_assignee(message.key, ticket)


def _made_at(ticket: Ticket, now: datetime) -> datetime:
    return max(now, ticket.links_from + _MILLISECOND) if ticket.links_from else now


def _to_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _from_ms(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)
