"""Users who are read again one by one: whoever a round names, and whomever the nightly list may show as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.directory.entra.read.doubts import ENABLED, REMOVED, Doubts
from connectors.directory.entra.read.users import Page, Users
from connectors.kit.guids import guid
from connectors.kit.unshown import Unshown
from worker.ports import ConnectorError


def read_again(
    users: Users,
    changed: Mapping[str, Mapping[str, Any]],
    removed: Iterable[str],
    watched: dict[str, datetime],
    purged: set[str],
    doubts: Doubts,
    unshown: Unshown,
) -> Iterator[Mapping[str, Any]]:
    """Read each of them again: a delta may leave out unchanged values, and may be a day old.

    So may the answer: a replica may not have heard of the change. Where they differ, it is read again in `doubts`.

    Users who are back need no further looks and are taken out of `watched`. Those who are gone for good need none
    either, and are added to `purged`: they stay in `watched`, since an old record of theirs may be replayed.

    Users whom Graph fails to show are set aside in `unshown`, and are read again in the next rounds as well.
    """
    for user_id, said in changed.items():
        try:
            found = users.one(user_id)
            gone = users.deleted(user_id) if found is None else None
        except ConnectorError as error:
            unshown.set_aside(error, user_id)
            doubts.keep(user_id, said)
            continue
        if found is not None:
            watched.pop(user_id, None)
            doubts.weigh(user_id, said, found)
            yield found
        elif gone is not None:
            doubts.weigh(user_id, said, gone)
            yield gone
        elif user_id in watched:
            if not said:
                purged.add(user_id)
            yield {"id": user_id, REMOVED: {"reason": "deleted"}}
        elif isinstance(said.get(ENABLED), bool):
            doubts.keep(user_id, said)
            yield said  # a new user may not be found for some minutes; a record without that value can't be trusted
    yield from _removed_again(users, removed, watched, doubts, unshown)


def _removed_again(
    users: Users, removed: Iterable[str], watched: dict[str, datetime], doubts: Doubts, unshown: Unshown
) -> Iterator[Mapping[str, Any]]:
    for user_id in removed:
        word: dict[str, Any] = {"id": user_id, REMOVED: {"reason": "deleted"}}
        try:
            found = users.deleted(user_id) or users.one(user_id) or word
        except ConnectorError as error:
            unshown.set_aside(error, user_id)
            doubts.keep(user_id, word)
            continue
        if REMOVED not in found:
            watched.pop(user_id, None)
        doubts.weigh(user_id, word, found)
        yield found


def everybody(
    users: Users, watched: dict[str, datetime], purged: set[str], doubts: Doubts, unshown: Unshown
) -> Iterator[Page]:
    """Yield the plain list; then those who were read singly within the hour, or are known to be deleted, read again.

    The list may come from a replica that lags, so it is not believed about them. They are no more than have changed.
    Whoever was here within the hour and is not listed is in `doubts`. The rest is as in `read_again`.
    """
    lately = {**doubts.seen, **doubts.left}
    unlisted = {user_id: one.is_enabled for user_id, one in lately.items() if one.is_enabled is not None}
    changed: dict[str, Mapping[str, Any]] = {}
    removed: set[str] = set()
    for page in users.everybody():
        others = []
        for user in page.users:
            user_id = guid(str(user.get("id") or ""))
            unlisted.pop(user_id or "", None)
            if user_id is None or not (user_id in lately or user_id in watched):
                others.append(user)
            elif user_id not in lately:
                changed[user_id] = {}  # restored, which no round tells
            elif (is_enabled := lately[user_id].is_enabled) is None:
                removed.add(user_id)
            else:
                changed[user_id] = {**user, ENABLED: is_enabled}
        yield Page(tuple(others))
    for user_id, is_enabled in unlisted.items():
        doubts.keep(user_id, {ENABLED: is_enabled})
    again = read_again(users, changed, removed, watched, purged, doubts, unshown)
    yield Page(tuple(dict(user) for user in again))
