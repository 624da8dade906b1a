"""Access from outside: tokens of the API, and links that sign in to the console once.

A secret is shown once, when it is made. The database keeps its SHA-256, and so does the journal, so that a secret
that was replaced in the database shows. Secrets are random, so nobody can work one out from its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from worker.app.refused import Refused
from worker.app.tell.signed_links import fresh_key
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted, stated
from worker.domain.evidence.journal import stamp
from worker.domain.reconcile.plan import instant
from worker.ports.state.access import ApiToken, Ended, Visitor
from worker.ports.state.store import Store

THINGS = (
    "tickets",
    "plans",
    "people",
    "groups",
    "sources",
    "controls",
    "attestations",
    "reports",
    "messages",
    "advisories",
    "events",
    "audit",
)
SCOPES = tuple(f"{thing}:{right}" for thing in THINGS for right in ("read", "write"))
TOKEN_LIFE = timedelta(days=90)
PREFIX = "wl"  # lets code scanners find a token that was left in code


@dataclass(frozen=True, slots=True)
class Made:
    """A new token. Its holder sends `text`, `wl_<id>_<secret>`, which is stored nowhere."""

    token: ApiToken
    text: str = field(repr=False)


class Access:
    """Lets people and programs in, and shuts them out again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make_token(
        self,
        scopes: Collection[str],
        by: Actor,
        now: datetime,
        life: timedelta = TOKEN_LIFE,
        reason: str = "",
    ) -> Made:
        """Make a token with these scopes. Raises Refused for an unknown scope, or for no scope."""
        wanted = tuple(scope for scope in SCOPES if scope in set(scopes))
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not wanted:
            said = f"There is no scope '{unknown[0]}'" if unknown else "A token needs at least one scope"
            raise Refused(f"{said}; scopes are {', '.join(SCOPES)}.")
        if life <= timedelta(0):
            raise Refused("A token that is over at once opens nothing; let it live for some days: 90d.")
        token = ApiToken(secrets.token_hex(6), wanted, by.name, now, now + life, None, by.id)
        secret = secrets.token_urlsafe(32)
        data = {
            "token": token.id,
            "scopes": list(wanted),
            "expires_at": instant(token.expires_at),
            "secret": hashed(secret),
        }
        with self._store.begin() as uow:
            uow.access.add_token(token, hashed(secret))
            uow.journal.append([acted(by, now, events.DESK_TOKEN_MADE, "desk:api", reason, data)])
        return Made(token, f"{PREFIX}_{token.id}_{secret}")

    def revoke_token(self, id_: str, by: Actor, now: datetime, reason: str = "") -> None:
        """End a token at once. A second call changes nothing. Raises Refused for an unknown token."""
        with self._store.begin() as uow:
            known = next((token for token in uow.access.tokens() if token.id == id_), None)
            if known is None:
                raise Refused(f"There is no token '{id_}'; its id is what stands between wl_ and the next _.")
            if known.revoked_at is None:
                uow.access.revoke_token(id_, now)
                data = {"token": id_}
                uow.journal.append([acted(by, now, events.DESK_TOKEN_REVOKED, "desk:api", reason, data)])

    def rotate_key(self, by: Actor, now: datetime, reason: str = "", *, with_tokens: bool = False) -> Ended:
        """Replace the key that signs links; return what ended with the old one.

        All signed links, login links and sessions end at once, in every process. Tokens are random and only their
        hashes are kept, so nobody can use them from a copy of the database: they end only `with_tokens`.
        """
        with self._store.begin() as uow:
            ended = uow.access.change_key(fresh_key(), now, with_tokens=with_tokens)
            data = asdict(ended)
            uow.journal.append([acted(by, now, events.DESK_KEY_ROTATED, "desk:console", reason, data)])
        return ended

    def token(self, text: str) -> ApiToken | None:
        """The token that somebody sent, also if it has ended; None for a text that was never a token.

        A text that is no token costs the same work as a wrong token.
        """
        prefix, _, rest = text.partition("_")
        id_, _, secret = rest.partition("_")
        with self._store.reading() as uow:
            known = uow.access.token(hashed(secret))
        is_it = known is not None and secrets.compare_digest(known.id.encode(), id_.encode())
        return known if is_it and prefix == PREFIX else None

    def make_login_link(
        self,
        name: str,
        roles: Iterable[str],
        by: Actor,
        now: datetime,
        life: timedelta,
        reason: str = "",
        *,
        is_believed: bool = False,
    ) -> str:
        """Make a link that signs `name` in once, with these roles; return its secret.

        The person who makes the link sees it, so the visitor counts as that person, unless the name `is_believed`.
        """
        visitor = Visitor(name, tuple(sorted(set(roles))), stated(name) if is_believed else by.id)
        secret = secrets.token_urlsafe(32)
        data = {
            "for": name,
            "account": visitor.id,
            "roles": list(visitor.roles),
            "expires_at": stamp(now + life),
            "secret": hashed(secret),
        }
        with self._store.begin() as uow:
            uow.access.add_login_link(hashed(secret), visitor, by.name, now + life)
            uow.journal.append([acted(by, now, events.DESK_LOGIN_LINK_MADE, "desk:console", reason, data)])
        return secret


def hashed(secret: str) -> str:
    """The hash of a secret, which is stored in its place."""
    return hashlib.sha256(secret.encode()).hexdigest()


def grants(scopes: Collection[str], wanted: str) -> bool:
    """True if these scopes include `wanted`; the right to write includes the right to read.

    `people:read`, and so `people:write`, includes `attestations:read`, as tokens from before that scope have to go on.
    """
    thing, _, right = wanted.partition(":")
    is_granted = wanted in scopes or (right == "read" and f"{thing}:write" in scopes)
    return is_granted or (wanted == "attestations:read" and grants(scopes, "people:read"))
