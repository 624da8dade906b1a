"""Slack's channels, user groups and accounts -> what the ports want. Pure.

Slack shows channel managers to Enterprise alone. Elsewhere nobody knows who rules a channel: its `creator` is only who
made it. Deactivated accounts can't sign in, so they are no members; neither are bots.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.kit.text import cut, one_line
from worker.domain.identity.phones import to_e164
from worker.domain.model import Coverage, Group, GroupFacts, Member, Role, Roster
from worker.domain.text.mail_domains import foldable
from worker.ports import Incomplete, Malformed

MESSENGER = "slack"
SLACKBOT = "USLACKBOT"
_GROUP = re.compile(r"S[A-Z0-9]+")
_ID_MAX = 64
_AGAIN = "Nothing is changed by it; it is read again."
_SEPARATOR = "\n"


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel or a user group. `count` is None where Slack does not say how many are in it."""

    group_id: str
    name: str
    description: str | None
    is_archived: bool | None
    count: int | None = None
    is_member: bool = False  # the app
    is_private: bool = False
    is_general: bool = False

    @property
    def is_user_group(self) -> bool:
        """Whether it is a user group, and no channel."""
        return is_user_group(self.group_id)


@dataclass(frozen=True, slots=True)
class Person:
    """An account. `is_counted` is false for bots and deactivated accounts; `problem` says what can't be understood.

    `is_deactivated`: it is no bot, and may be activated again.
    """

    name: str = ""
    phone: str | None = None
    email: str | None = None
    is_counted: bool = True
    is_deactivated: bool = False
    problem: str = ""


def is_user_group(group_id: str) -> bool:
    """Whether an id is that of a user group."""
    return bool(_GROUP.fullmatch(group_id))


def rows_of(page: Any, key: str) -> list[Any]:
    """Read the rows of a page. Raises Incomplete."""
    rows = page.get(key) if isinstance(page, dict) else None
    if not isinstance(rows, list):
        raise Incomplete(f"Slack answered without {key!r}.", remedy=_AGAIN)
    return rows


def cursor_of(page: Mapping[str, Any]) -> str:
    """Read where the next page begins; "" on the last. Raises Incomplete."""
    more = page.get("response_metadata", {})
    cursor = more.get("next_cursor", "") if isinstance(more, dict) else None
    if not isinstance(cursor, str):
        raise Incomplete("Slack answered with a cursor that is none.", remedy=_AGAIN)
    return cursor


def channel_of(row: Any) -> Listed:
    """Read a channel. Raises Incomplete for one without an id: what is missing would look as if it were gone."""
    channel_id = _id(row, "channel")
    topics = [_value(row.get(key)) for key in ("purpose", "topic")]
    said = _SEPARATOR.join(dict.fromkeys(text for text in topics if text))
    count = row.get("num_members")
    return Listed(
        channel_id,
        _text(row, "name") or channel_id,
        None if all(text is None for text in topics) else said,
        row.get("is_archived") if isinstance(row.get("is_archived"), bool) else None,
        count if isinstance(count, int) and not isinstance(count, bool) else None,
        is_member=row.get("is_member") is True,
        is_private=row.get("is_private") is True,
        is_general=row.get("is_general") is True,
    )


def group_of(row: Any) -> Listed:
    """Read a user group. Raises Incomplete for one without an id."""
    group_id = _id(row, "user group")
    description = row.get("description")
    count = row.get("user_count")
    return Listed(
        group_id,
        _text(row, "name") or group_id,
        html.unescape(description) if isinstance(description, str) else None,
        bool(row.get("date_delete")),
        int(count) if str(count).isdecimal() else None,
    )


def user_ids_of(page: Any, key: str) -> list[str]:
    """Read the ids of accounts. Raises Incomplete if one is none."""
    found = rows_of(page, key)
    if not all(isinstance(one, str) and one for one in found):
        raise Incomplete("Slack listed a member whose id is none.", remedy=_AGAIN)
    return found


def person_of(row: Any, region: str) -> tuple[str, Person]:
    """Read an account; return it with its id. Raises Incomplete for one without an id."""
    user_id = _id(row, "account")
    is_bot = row.get("is_bot") is True or user_id == SLACKBOT
    if is_bot or row.get("deleted") is True:
        return user_id, Person(is_counted=False, is_deactivated=not is_bot)
    profile = row.get("profile")
    if not isinstance(profile, dict):
        return user_id, Person(problem="it has no profile")
    phone, email = _text(profile, "phone"), _text(profile, "email")
    names = (
        _text(profile, "real_name"),
        _text(row, "real_name"),
        _text(profile, "display_name"),
        _text(row, "name"),
    )
    return user_id, Person(
        name=next((name for name in names if name), ""),
        phone=to_e164(phone, region) if phone else None,
        email=foldable(email) or None,
    )


def managers_of(page: Any) -> Iterable[tuple[str, str]]:
    """Read who was given a role in what: (channel, account); others are the workspace's. Raises Incomplete."""
    for row in rows_of(page, "role_assignments"):
        channel_id, user_id = _text(row, "entity_id"), _text(row, "user_id")
        if channel_id and user_id:
            yield channel_id, user_id


def roster_of(
    listed: Listed,
    user_ids: Collection[str],
    managers: Collection[str] | None,
    person: Callable[[str], Person | None],
    taken_at: datetime,
) -> tuple[Roster, list[Malformed]]:
    """Make a roster. `managers` is None where Slack does not show them, and a person whom it fails to show."""
    members: list[Member] = []
    problems: list[Malformed] = []
    hidden: list[str] = []
    for user_id in user_ids:
        known = person(user_id)
        if known is None:
            hidden.append(user_id)
        elif known.problem:
            problems.append(_malformed(user_id, known.problem))
        elif known.is_counted:
            members.append(_member(user_id, known, _role(user_id, managers)))
    group = Group(listed.group_id, listed.name, MESSENGER)
    facts = GroupFacts(description=listed.description, is_archived=listed.is_archived, read_at=taken_at)
    is_short = listed.count is not None and len(user_ids) < listed.count
    warnings = [f"Slack counts {listed.count} members, and shows {len(user_ids)}"] if is_short else []
    warnings += [f"Slack fails to show the account {user_id}" for user_id in hidden]
    coverage = Coverage.PARTIAL if problems or warnings else Coverage.FULL
    return Roster(group, tuple(members), taken_at, coverage, tuple(warnings), facts), problems


def _role(user_id: str, managers: Collection[str] | None) -> Role:
    if managers is None:
        return Role.UNKNOWN
    return Role.ADMIN if user_id in managers else Role.MEMBER


def _member(user_id: str, known: Person, role: Role) -> Member:
    return Member(
        handle=user_id,
        display_name=known.name,
        role=role,
        phone=known.phone,
        native_id=user_id,
        email=known.email,
    )


def _id(row: Any, what: str) -> str:
    found = _text(row, "id")
    if not found:
        raise Incomplete(f"Slack listed a {what} without an id.", remedy=_AGAIN)
    return found


def _value(found: Any) -> str | None:
    """Return a topic or a purpose; None where the row has none of it."""
    value = found.get("value") if isinstance(found, dict) else None
    return html.unescape(value).strip() if isinstance(value, str) else None


def _text(found: Any, key: str) -> str:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _malformed(record_id: str, what: str) -> Malformed:
    named = cut(one_line(record_id), _ID_MAX)
    return Malformed(
        f"Slack's record of {named} can't be understood: {what}.", record_id=named, remedy=_AGAIN
    )
