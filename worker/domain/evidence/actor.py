"""Who acts. A name is decoration: it can be chosen and changed, so by itself it makes nobody a second person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from worker.domain.evidence.journal import Entry

_ACCOUNT = "actor_id"


class Via(StrEnum):
    """The way an act came."""

    LINK = "link"  # an assignee's signed link
    CONSOLE = "console"
    API = "api"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind an act: `name` for people to read, `id` to tell people apart.

    `id` is what `signed_in`, `logged_in` or `stated` make of the account that was used, or the id of whoever made
    the token or the login link; empty where nothing but the name is known. `login` is the account at the operating
    system and the host, of a command.
    """

    name: str
    id: str = ""
    via: Via | None = None
    login: str = ""

    @property
    def marks(self) -> frozenset[str]:
        """All by which they are known: two actors who have one in common count as one person."""
        issuer, _, subject = self.id.partition(" ")  # earlier releases kept the subject without its issuer
        alone = subject if issuer.startswith("https://") else ""
        return frozenset(filter(None, (self.name.casefold(), self.id, alone)))

    def may_be(self, other: Actor) -> bool:
        """Whether both may be one person."""
        return not self.marks.isdisjoint(other.marks)


def signed_in(issuer: str, subject: str) -> str:
    """The id of whoever an identity provider knows by this subject."""
    return f"{issuer} {subject}"


def logged_in(login: str) -> str:
    """The id of an account at the operating system; the same on every host, since a pod's name says nothing."""
    return f"os:{login}"


def stated(name: str) -> str:
    """The id of somebody whose name is believed."""
    return f"by:{name.casefold()}"


def claimants(actors: Iterable[Actor]) -> tuple[str, ...]:
    """The marks of everybody who may have made a claim: none of them can confirm it."""
    return tuple(sorted(frozenset[str]().union(*(one.marks for one in actors))))


def acted(
    by: Actor, now: datetime, kind: str, subject: str, reason: str = "", data: Mapping[str, Any] | None = None
) -> Entry:
    """The journal's entry of a person's act: who they are and which way they came stand beside their name."""
    known = {_ACCOUNT: by.id, "via": by.via.value if by.via else "", "login": by.login}
    beside = {name: value for name, value in known.items() if value}
    return Entry(now, by.name, kind, subject, reason, {**(data or {}), **beside})


def actor_of(entry: Entry) -> Actor:
    """Who acted, as far as an entry tells people apart."""
    return Actor(entry.actor, account_of(entry))


def account_of(entry: Entry) -> str:
    """The `Actor.id` that an entry has; empty in those of earlier releases."""
    return str(entry.data.get(_ACCOUNT, ""))
