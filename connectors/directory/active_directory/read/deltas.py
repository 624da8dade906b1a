"""Who has changed since a pass, by DirSync or by USN: ids only, deletions included.

A delta's own records are not used. They hold only the attributes that changed, may come twice or come late, and
say "removed" in three ways; whoever changed is read again whole, so that a replay costs a read and no mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.read.mapping import attributes_of, id_of
from connectors.directory.active_directory.wire import ldap_controls as lc
from connectors.directory.active_directory.wire.ber import Entry, read_dirsync
from connectors.directory.active_directory.wire.client import Client, Search
from worker.ports import CursorExpired, Incomplete, PermissionDenied, Rejected

# Says nothing of a person's state, since a filter is applied to what is there *now*: one for enabled accounts
# never shows that somebody was disabled. Both classes are kept on tombstones; objectCategory is not.
USERS = "(&(objectClass=user)(!(objectClass=computer)))"
_NOBODY = "(cn=no such object, the cookie alone is wanted)"
_BATCH_BYTES = 1 << 20  # of one DirSync reply, where the server honours it
_IN_FILTER = re.compile(r"\(\s*([A-Za-z][A-Za-z0-9-]*)\s*(?::|~|<|>)?[^=()]*=")


def first_cookie(client: Client, config: ActiveDirectoryConfig, context: str, flags: int) -> bytes:
    """A cookie of this moment, and nothing else: taken *before* everybody is read, so that no change is missed.

    Raises PermissionDenied or Rejected when the account may not use DirSync with these flags.
    """
    answer = client.ask(_question(config, context, flags, b"", _NOBODY))
    return _read(client, answer.controls.get(lc.DIRSYNC, b""))[1]


def by_dirsync(
    client: Client, config: ActiveDirectoryConfig, context: str, flags: int, cookie: bytes
) -> tuple[tuple[bytes, ...], bytes]:
    """ObjectGUIDs of who changed since the cookie, and the next cookie. Raises CursorExpired for a bad one."""
    ids: dict[bytes, None] = {}
    is_more = True
    while is_more:
        try:
            answer = client.ask(_question(config, context, flags, cookie, USERS))
        except (Rejected, PermissionDenied) as error:
            raise CursorExpired(f"{client.server} does not go on from its cookie: {error.message}") from error
        is_more, following = _read(client, answer.controls.get(lc.DIRSYNC, b""))
        if is_more and following == cookie:
            raise Incomplete(f"{client.server} says that there is more, and always the same.")
        cookie = following
        ids |= dict.fromkeys(_ids(answer.entries))
    return tuple(ids), cookie


def by_usn(client: Client, context: str, usn: int, page_size: int) -> tuple[bytes, ...]:
    """ObjectGUIDs of the users to which this controller has written after `usn`."""
    search = Search("what has changed", context, _after(usn), ("objectGUID",), controls=(lc.show_deleted(),))
    ids: dict[bytes, None] = {}
    for entries in client.pages(search, page_size):
        ids |= dict.fromkeys(_ids(entries))
    return tuple(ids)


def has_changes(client: Client, context: str, usn: int) -> bool:
    """Whether anything was written to a user after `usn`; a sign-in is not."""
    one = Search(
        "whether something has changed", context, _after(usn), ("objectGUID",),
        controls=(lc.show_deleted(), lc.paged(1)),
    )  # fmt: skip
    return bool(client.ask(one).entries)


def _after(usn: int) -> bytes:
    return lc.all_of(USERS, f"(uSNChanged>={usn + 1})")


def _question(config: ActiveDirectoryConfig, context: str, flags: int, cookie: bytes, only: str) -> Search:
    control = lc.dirsync(flags, _BATCH_BYTES, cookie)
    return Search("what has changed", context, only, watched(config), controls=(control,))


def watched(config: ActiveDirectoryConfig) -> tuple[str, ...]:
    """The attributes of which a change matters; DirSync shows nobody for any other."""
    named = _IN_FILTER.findall(config.scope.filter or "")
    return tuple(dict.fromkeys((*attributes_of(config), "name", *named)))


def _read(client: Client, value: bytes) -> tuple[bool, bytes]:
    try:
        return read_dirsync(value)
    except ValueError as error:
        raise Incomplete(
            f"{client.server} ended a DirSync reply without a cookie that can be read."
        ) from error


def _ids(entries: Iterable[Entry]) -> list[bytes]:
    return [found for entry in entries if (found := id_of(entry)) is not None]
