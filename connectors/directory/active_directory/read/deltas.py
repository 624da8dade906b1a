"""People who changed since a pass, by DirSync or by USN: only their ids, with deletions.

A delta's own records are not used. They hold only the attributes that changed, may come twice or late, and have three
ways to say "removed". Each person who changed is read again completely, so a replay costs only a read.
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

# The filter does not mention a person's state, since it is applied to the *present* state: a filter for enabled
# accounts never shows that somebody was disabled. Tombstones keep both classes, but not objectCategory.
USERS = "(&(objectClass=user)(!(objectClass=computer)))"
_NOBODY = "(cn=no such object, the cookie alone is wanted)"
_BATCH_BYTES = 1 << 20  # of one DirSync reply, if the server honours it
_IN_FILTER = re.compile(r"\(\s*([A-Za-z][A-Za-z0-9-]*)\s*(?::|~|<|>)?[^=()]*=")


def first_cookie(client: Client, config: ActiveDirectoryConfig, context: str, flags: int) -> bytes:
    """A cookie of this moment, without records. Take it *before* everybody is read, so that no change is missed.

    Raises PermissionDenied or Rejected if the account may not use DirSync with these flags.
    """
    answer = client.ask(_question(config, context, flags, b"", _NOBODY))
    return _read(client, answer.controls.get(lc.DIRSYNC, b""))[1]


def by_dirsync(
    client: Client, config: ActiveDirectoryConfig, context: str, flags: int, cookie: bytes
) -> tuple[tuple[bytes, ...], bytes]:
    """ObjectGUIDs of users who changed since the cookie, and the next cookie. Raises CursorExpired for a bad one."""
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
    """True if anything was written to a user after `usn`; a sign-in does not count."""
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
    """The attributes with changes that matter; DirSync reports no user for changes of others."""
    return tuple(dict.fromkeys((*attributes_of(config), "name", *names_in(config.scope.filter or ""))))


def names_in(text: str) -> list[str]:
    """The attributes that a filter asks for."""
    return _IN_FILTER.findall(text)


def _read(client: Client, value: bytes) -> tuple[bool, bytes]:
    try:
        return read_dirsync(value)
    except ValueError as error:
        raise Incomplete(
            f"{client.server} ended a DirSync reply without a cookie that can be read."
        ) from error


def _ids(entries: Iterable[Entry]) -> list[bytes]:
    return [found for entry in entries if (found := id_of(entry)) is not None]
