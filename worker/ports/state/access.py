"""What the desk keeps besides tickets: its key, what can be taken back, sessions, login links and API tokens.

Of a secret only its SHA-256 is kept, as lower-case hexadecimal digits. Instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from worker.domain.evidence.actor import stated
from worker.domain.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Undo:
    """What the last act on a ticket by its link changed; it can be taken back before `until`.

    `messages` are the keys of the outbox's messages that wait for that instant.
    """

    before: Ticket
    after: Ticket
    by: str
    until: datetime
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody besides the assignee with this e-mail address who may have their link to a ticket.

    `until` is when that link ends; None for whoever chose an address that no directory has, which may be their own.
    """

    email: str
    ticket: int
    name: str
    actor_id: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended with the key: how much of each there was."""

    assignees_links: int
    login_links: int
    sessions: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in to the console, or may be by a login link. `id` is their `Actor.id`."""

    name: str
    roles: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token of the API; the secret itself is shown once, when it is made."""

    id: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    created_by_id: str = ""

    @property
    def maker(self) -> str:
        """The `Actor.id` that its acts count for; of a token of an earlier release, by its maker's name."""
        return self.created_by_id or stated(self.created_by)

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class AccessState(Protocol):
    """Small tables, each looked up by its key."""

    def key(self, fresh: str) -> str:
        """The key that links are signed with: the one there is, else `fresh`, which is kept from then on."""

    def change_key(self, fresh: str, now: datetime, *, with_tokens: bool) -> Ended:
        """Put `fresh` in the key's place, and end sessions, login links and, if asked, tokens that are still good.

        Links of assignees to live tickets end by themselves, and are counted.
        """

    def keep_shown(self, one: Shown) -> None:
        """Remember who was shown a link; of several times the one whose link works longest."""

    def shown_links(self, email: str, now: datetime) -> Sequence[Shown]:
        """Who may have a link that still works of the assignee with this address (case-blind), by time."""

    def keep_undo(self, undo: Undo) -> None:
        """Remember what an act changed, in place of the ticket's earlier one."""

    def undo_of(self, number: int) -> Undo | None:
        """What can be taken back of one ticket, whether or not it still may."""

    def forget_undo(self, number: int) -> None:
        """It was taken back."""

    def add_session(self, id_: str, visitor: Visitor, now: datetime, expires_at: datetime) -> None:
        """Sign somebody in; sessions that are over are forgotten."""

    def session(self, id_: str, now: datetime) -> Visitor | None:
        """Who is signed in with this session; None when it is over or never was."""

    def end_session(self, id_: str) -> None:
        """Sign out; idempotent."""

    def add_login_link(self, id_: str, visitor: Visitor, by: str, expires_at: datetime) -> None:
        """Keep a link that signs in once."""

    def use_login_link(self, id_: str, now: datetime) -> Visitor | None:
        """Whom the link signs in: once, and before it expires. One conditional UPDATE."""

    def add_token(self, token: ApiToken, hash_: str) -> None:
        """Keep a new token."""

    def token(self, hash_: str) -> ApiToken | None:
        """The token with this secret, good or not."""

    def tokens(self) -> Sequence[ApiToken]:
        """All of them, newest first."""

    def revoke_token(self, id_: str, now: datetime) -> bool:
        """End it; False when there is none with this id. Idempotent."""
