"""What the desk keeps besides tickets: its key, what can be taken back, sessions, login links and API tokens.

Of a secret only its SHA-256 is kept, as lower-case hexadecimal digits. Instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from worker.domain.ticket import Ticket


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
class Visitor:
    """Somebody who is signed in to the console, or may be by a login link.

    `subject` is by what the identity provider knows them; empty where none was asked.
    """

    name: str
    roles: tuple[str, ...]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token of the API; the secret itself is shown once, when it is made."""

    id: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class DeskState(Protocol):
    """Small tables, each looked up by its key."""

    def key(self, fresh: str) -> str:
        """The key that links are signed with: the one there is, else `fresh`, which is kept from then on."""

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
