"""Users who are read again one by one: whoever a round names, and whomever the nightly list may show as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.directory.entra.read.doubts import ENABLED, REMOVED, Doubts
from connectors.directory.entra.read.users import Page, Users
from connectors.kit.guids import guid


def read_again(
    users: Users,
    changed: Mapping[str, Mapping[str, Any]],
    removed: Iterable[str],
    watched: dict[str, datetime],
    purged: set[str],
    doubts: Doubts,
) -> Iterator[Mapping[str, Any]]:
    """Read each of them again: a delta may leave out unchanged values, and may be a day old.

    So may the answer: a replica may not have heard of the change. Where they differ, it is read again in `doubts`.

    Users who are back need no further looks and are taken out of `watched`. Those who are gone for good need none
    either, and are added to `purged`: they stay in `watched`, since an old record of theirs may be replayed.
    """
    for user_id, said in changed.items():
        found = users.one(user_id)
        if found is not None:
            watched.pop(user_id, None)
            doubts.weigh(user_id, said, found)
            yield found
        elif (gone := users.deleted(user_id)) is not None:
            doubts.weigh(user_id, said, gone)
            yield gone
        elif user_id in watched:
            if not said:
                purged.add(user_id)
            yield {"id": user_id, REMOVED: {"reason": "deleted"}}
        elif isinstance(said.get(ENABLED), bool):
            yield said  # a new user may not be found for some minutes; a record without that value can't be trusted
    for user_id in removed:
        word: dict[str, Any] = {"id": user_id, REMOVED: {"reason": "deleted"}}
        found = users.deleted(user_id) or users.one(user_id) or word
        if REMOVED not in found:
            watched.pop(user_id, None)
        doubts.weigh(user_id, word, found)
        yield found


def everybody(users: Users, watched: dict[str, datetime], purged: set[str], doubts: Doubts) -> Iterator[Page]:
    """Yield the plain list; then those who were read singly within the hour, or are known to be deleted, read again.

    The list may come from a replica that lags, so it is not believed about them. They are no more than have changed.
    The rest is as in `read_again`.
    """
    lately = {**doubts.seen, **doubts.left}
    changed: dict[str, Mapping[str, Any]] = {}
    removed: set[str] = set()
    for page in users.everybody():
        others = []
        for user in page.users:
            user_id = guid(str(user.get("id") or ""))
            if user_id is None or not (user_id in lately or user_id in watched):
                others.append(user)
            elif user_id not in lately:
                changed[user_id] = {}  # restored, which no round tells
            elif (is_enabled := lately[user_id].is_enabled) is None:
                removed.add(user_id)
            else:
                changed[user_id] = {**user, ENABLED: is_enabled}
        yield Page(tuple(others))
    yield Page(tuple(dict(user) for user in read_again(users, changed, removed, watched, purged, doubts)))
