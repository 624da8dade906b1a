"""The desk's state besides tickets: its key, undo data, sessions, login links and API tokens.

Only the SHA-256 of a secret is kept, as lower-case hexadecimal digits. Instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from worker.domain.evidence.actor import stated
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.ticket import Ticket

VISITS_KEPT = timedelta(days=90)
LOGIN_LINK_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Undo:
    """The change by the last act on a ticket through its signed link; it can be taken back before `until`.

    `messages` are the keys of the outbox's messages that wait until then.
    """

    before: Ticket
    after: Ticket
    by: str
    until: datetime
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A person (`name`, `actor_id`) who may have a signed link that belongs to the assignee with the address `email`.

    `until` is when that link ends, if links work for as long as they did when it was shown; None for a person who chose
    an address that no directory has, since it may be their own.
    """

    email: str
    ticket: int
    name: str
    actor_id: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupLink:
    """A link by which one person may declare who is in one group, before `until` and unless it was revoked.

    `made_by` are the marks of whoever made it, who may use it. One that a ticket's link led to has that `ticket`, and
    how often it was `handed` on by then: it ends with the links of that ticket.
    """

    id: str
    group: GroupKey
    person: AccountKey
    made_at: datetime
    until: datetime
    revoked_at: datetime | None = None
    made_by: tuple[str, ...] = ()
    ticket: int | None = None
    handed: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How many links, sessions and tokens ended with the key, by sort."""

    assignees_links: int
    group_links: int
    login_links: int
    sessions: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is signed in to the console, or can sign in by a login link. `id` is their `Actor.id`."""

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
        """The `Actor.id` for the token's acts; for a token of an earlier release, it is made from its maker's name."""
        return self.created_by_id or stated(self.created_by)

    def is_good(self, now: datetime) -> bool:
        """True if it works at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Visit(NamedTuple):
    """When somebody looked at the console last, and when the visit before this one had ended, if there was one."""

    last_at: datetime
    before_at: datetime | None = None


class AccessState(Protocol):
    """Small tables, each looked up by its key."""

    def key(self, fresh: str) -> str:
        """The key that signs links: the stored one; if there is none, store `fresh` and return it."""

    def change_key(self, fresh: str, now: datetime, *, with_tokens: bool) -> Ended:
        """Replace the key by `fresh`; end sessions and login links, and `with_tokens` the tokens that still work.

        Signed links to live tickets end because the key changed; they are counted, too.
        """

    def keep_shown(self, one: Shown) -> None:
        """Remember a person who was shown a link; of several times, keep when the last was, and the latest end."""

    def shown_links(self, email: str, since: datetime) -> Sequence[Shown]:
        """The people who may have a link of the assignee with this address (case-blind) from after then, by time."""

    def add_group_link(self, link: GroupLink) -> None:
        """Keep a link; forget those that had ended before it was made."""

    def group_link(self, id_: str) -> GroupLink | None:
        """The link with this id, even if it has ended; None if it is not known."""

    def revoke_group_links(self, group: GroupKey, now: datetime) -> int:
        """End the links to a group that still work; return how many. Idempotent."""

    def keep_undo(self, undo: Undo) -> None:
        """Remember what an act changed; it replaces the ticket's earlier one."""

    def undo_of(self, number: int) -> Undo | None:
        """The undo data of one ticket, even if it is too late to use it."""

    def forget_undo(self, number: int) -> None:
        """Forget the undo data of a ticket, because it was used."""

    def forget_undos(self, before: datetime) -> None:
        """Forget all undo data that it was too late to use by then."""

    def forget_admissions(self, before: datetime) -> None:
        """Forget all login links and sessions that were over by then."""

    def add_session(self, id_: str, visitor: Visitor, now: datetime, expires_at: datetime) -> None:
        """Sign a person in; forget sessions that are over."""

    def session(self, id_: str, now: datetime) -> Visitor | None:
        """The person who is signed in with this session; None if it is over or unknown, or began over an hour ahead."""

    def sessions(self, now: datetime) -> Mapping[str, Visitor]:
        """Everybody who is signed in, by session, as `session` returns them."""

    def end_session(self, id_: str) -> None:
        """Sign out; idempotent."""

    def visit(self, who: str) -> Visit | None:
        """Return when a person looked at the console; None if they never did, or if it is too long ago to be kept."""

    def keep_visit(self, who: str, visit: Visit) -> None:
        """Store when a person looked, and forget everybody who has not looked for `VISITS_KEPT`."""

    def add_login_link(self, id_: str, visitor: Visitor, by: str, expires_at: datetime) -> None:
        """Keep a link that signs in once."""

    def use_login_link(self, id_: str, now: datetime) -> Visitor | None:
        """Use a link, once and before it expires; return the person whom it signs in. One conditional UPDATE.

        None for one that is over, used or unknown, or that would last over an hour longer than `LOGIN_LINK_LIFE`.
        """

    def add_token(self, token: ApiToken, hash_: str) -> None:
        """Keep a new token."""

    def token(self, hash_: str) -> ApiToken | None:
        """The token with this secret's hash, even if it has ended."""

    def tokens(self) -> Sequence[ApiToken]:
        """All tokens, newest first."""

    def revoke_token(self, id_: str, now: datetime) -> bool:
        """End a token; return False if there is none with this id. Idempotent."""
