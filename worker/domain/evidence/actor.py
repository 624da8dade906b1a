"""The person who acts. A name can be chosen and changed, so a new name alone proves no second person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from worker.domain.evidence.journal import Entry

_ACCOUNT = "actor_id"
ANYBODY = "?"  # a mark of whoever claimed by an account that nobody knows


class Via(StrEnum):
    """The way an act came."""

    LINK = "link"  # an assignee's signed link
    CONSOLE = "console"
    API = "api"
    COMMAND = "command"
    RULE = "rule"  # a machine, as a rule allowed it
    CHANNEL = "channel"  # where a message is read
    TRACKER = "tracker"  # in the copy of a ticket


# Whoever claimed in such a way is known by an e-mail address, and by no account at an identity provider
BY_ADDRESS = frozenset({Via.LINK, Via.CHANNEL, Via.TRACKER})


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind an act: `name` is for people to read, `id` tells people apart.

    `id` comes from `signed_in`, `logged_in` or `stated`, or it is the id of the person who made the token or the
    login link. It is empty if only the name is known. `login` is set for a command: the operating system's account,
    and the host. `known_as` are further names and addresses that they may have, folded; nobody vouches for them.
    `lacks_address` is true for a visitor whose provider vouches for no e-mail address.
    """

    name: str
    id: str = ""
    via: Via | None = None
    login: str = ""
    known_as: frozenset[str] = frozenset()
    lacks_address: bool = False

    @property
    def marks(self) -> frozenset[str]:
        """Everything that identifies them. Two actors with a mark in common count as one person."""
        alone = self.id.partition(" ")[2] if is_signed_in(self.id) else ""  # as earlier releases kept it
        return frozenset(filter(None, (self.name.casefold(), self.id, alone))) | self.known_as

    def may_be(self, other: Actor) -> bool:
        """True if both may be one person."""
        return not self.marks.isdisjoint(other.marks)


SYSTEM = Actor("whosleft")  # the worker itself


def signed_in(issuer: str, subject: str) -> str:
    """The id of a person who signed in at an identity provider; `subject` is its stable id for them."""
    return f"{issuer} {subject}"


def is_signed_in(id_: str) -> bool:
    """True for the id of a person who signed in at an identity provider."""
    return " " in id_ and id_.startswith("https://")


def logged_in(login: str) -> str:
    """The id of an operating system's account. It leaves out the host, since a pod's name identifies nobody."""
    return f"os:{login}"


def stated(name: str) -> str:
    """The id of a person who only stated a name."""
    return f"by:{name.casefold()}"


def claimants(actors: Iterable[Actor], *, is_known: bool = True) -> tuple[str, ...]:
    """The marks of every person who may have made a claim. None of them can confirm it.

    If it isn't known whose account made it, it may be anybody's, and nobody can.
    """
    marks = frozenset[str]().union(*(one.marks for one in actors))
    return tuple(sorted(marks if is_known else marks | {ANYBODY}))


def acted(
    by: Actor, now: datetime, kind: str, subject: str, reason: str = "", data: Mapping[str, Any] | None = None
) -> Entry:
    """Make the journal's entry of a person's act. `data` also gets their id, their login and the way they came."""
    known = {_ACCOUNT: by.id, "via": by.via.value if by.via else "", "login": by.login}
    beside = {name: value for name, value in known.items() if value}
    return Entry(now, by.name, kind, subject, reason, {**(data or {}), **beside})


def actor_of(entry: Entry) -> Actor:
    """The actor of an entry: name and id."""
    return Actor(entry.actor, account_of(entry))


def account_of(entry: Entry) -> str:
    """The `Actor.id` of an entry; empty in entries of earlier releases."""
    return str(entry.data.get(_ACCOUNT, ""))
