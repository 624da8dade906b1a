"""The signed links of assignees: made from a ticket, read back to it, with no table of their own.

    ticket + assignee + now -> token -> (ticket, when it was made), or why it opens nothing

A link names a ticket and, by a keyed digest, its assignee and how often it was handed on: it ends for good when the
ticket goes to somebody else. There is nothing of a person in it. The key is kept in the database, so links survive
restarts and hold for every replica, until `whosleft desk rotate-key` makes another one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadSignature, Signer, URLSafeSerializer

from worker.domain.messages.message import Recipient
from worker.domain.model import Standing
from worker.domain.tickets.ticket import Assignee, Ticket
from worker.ports.state.store import UnitOfWork

DIGEST_LENGTH = 10
TOKEN_LENGTH_MAX = 200
TICKETS, FORMS = "ticket-link", "form"
_MILLISECOND = timedelta(milliseconds=1)


class Dead(StrEnum):
    """Why a link opens nothing."""

    FORGED = "forged"
    EXPIRED = "expired"
    REVOKED = "revoked"
    MOVED = "moved"  # the ticket is somebody else's now
    LEFT = "left"  # its assignee has left


class LinkDead(Exception):
    """The link opens nothing; `why` says which page helps, and `language` whose it is, where that is known."""

    def __init__(self, why: Dead, language: str | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.language = language


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket as a good signature names it, and whose the link was."""

    ticket: Ticket
    key: str
    digest: str
    made_ms: int

    def is_for(self, ticket: Ticket) -> bool:
        """Whether the link was given to the assignee of the ticket as it is here, since it went to them."""
        return ticket.assignee is not None and self.digest == _digest(
            self.key, ticket.assignee.email, ticket.handed
        )

    def was_for(self, ticket: Ticket) -> bool:
        """Whether the assignee had it an earlier time that the ticket was with them."""
        return ticket.assignee is not None and any(
            self.digest == _digest(self.key, ticket.assignee.email, handed) for handed in range(ticket.handed)
        )

    def reaches(self, ticket: Ticket) -> bool:
        """Whether it leads on to a ticket of the same assignee: not if links to that were made dead since."""
        return ticket.links_from is None or self.made_ms > _to_ms(ticket.links_from)

    def token(self, ticket: Ticket) -> str:
        """What opens a ticket of the same assignee. It is as old as the link itself, which nothing makes younger."""
        return _signed(self.key, [ticket.id, self.made_ms, _digest_of(self.key, ticket)])


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """`base` is the address that links start with, without a slash at its end; `life` is how long they work."""

    base: str
    life: timedelta

    def url(self, uow: UnitOfWork, ticket: Ticket, now: datetime) -> str:
        """The assignee's link. Raises ValueError for a ticket without an assignee."""
        return f"{self.base}/t/{self.token(uow, ticket, now)}"

    def told(self, uow: UnitOfWork, ticket: Ticket, to: Recipient, now: datetime) -> str:
        """What a message about a ticket links to: for its assignee their own page, for others the console."""
        if ticket.assignee is not None and to.address == ticket.assignee.email.casefold():
            return self.url(uow, ticket, now)
        return self.console(f"/tickets/{ticket.label}")

    def console(self, path: str) -> str:
        """A page of the console, which asks to sign in."""
        return f"{self.base}{path}"

    def token(self, uow: UnitOfWork, ticket: Ticket, now: datetime) -> str:
        """The part of the link that opens it."""
        key = signing_key(uow)
        return _signed(key, [ticket.id, _to_ms(_made_at(ticket, now)), _digest_of(key, ticket)])

    def until(self, ticket: Ticket, now: datetime) -> datetime:
        """Until when a link works that is made now."""
        return _made_at(ticket, now) + self.life

    def read(self, uow: UnitOfWork, token: str, now: datetime) -> Opened:
        """What a link names, whoever's the ticket is now. Raises LinkDead for all that has nothing to do with that."""
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
        """The ticket that a link opens, whatever its state. Raises LinkDead."""
        return self.opened(uow, token, now).ticket

    def opened(self, uow: UnitOfWork, token: str, now: datetime) -> Opened:
        """As `read`, for its ticket's assignee alone. Raises LinkDead."""
        opened = self.read(uow, token, now)
        if not opened.is_for(opened.ticket):
            raise LinkDead(Dead.REVOKED if opened.was_for(opened.ticket) else Dead.MOVED)
        check_is_here(uow, opened.ticket)
        return opened


def check_is_here(uow: UnitOfWork, ticket: Ticket) -> None:
    """Raises LinkDead for an assignee who has left, as soon as a directory says so."""
    assignee = ticket.assignee or Assignee("")
    human = uow.people.human(assignee.person) if assignee.person else None
    people = [human.person] if human else uow.people.find(assignee.email)
    if people and all(one.standing is Standing.LEFT for one in people):
        raise LinkDead(Dead.LEFT, people[0].facts.language)


def signing_key(uow: UnitOfWork) -> str:
    """The key of links and forms; made at the first use."""
    return uow.access.key(fresh_key())


def fresh_key() -> str:
    """A key that nobody has."""
    return secrets.token_hex(32)


def _signed(key: str, payload: list[int | str]) -> str:
    return str(URLSafeSerializer(key, salt=TICKETS).dumps(payload))


def _payload(key: str, token: str) -> tuple[int, int, str]:
    if len(token) > TOKEN_LENGTH_MAX:
        raise LinkDead(Dead.FORGED)
    try:
        number, made_ms, digest = URLSafeSerializer(key, salt=TICKETS).loads(token)
    except BadSignature:  # and whatever else is no token of ours
        raise LinkDead(Dead.FORGED) from None
    return number, made_ms, digest


def _digest_of(key: str, ticket: Ticket) -> str:
    if ticket.assignee is None:
        raise ValueError(f"{ticket.label} is nobody's: there is nobody to give a link to.")
    return _digest(key, ticket.assignee.email, ticket.handed)


def _digest(key: str, email: str, handed: int) -> str:
    whose = f"{email.casefold()}\n{handed}" if handed else email.casefold()  # as before there was a count
    return Signer(key, salt="assignee").get_signature(whose).decode()[:DIGEST_LENGTH]


def _made_at(ticket: Ticket, now: datetime) -> datetime:
    return max(now, ticket.links_from + _MILLISECOND) if ticket.links_from else now


def _to_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _from_ms(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)
