"""Replies of a domain controller, and what they are decoded to."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.directory.active_directory.wire.ber import Entry, Message, Replies, decode, is_entry
from fakes.ldap.wire import done, entry, reference

DN = "CN=Zoë O'Brien,OU=People,DC=corp,DC=example"
SAMPLE = entry(7, DN, {"cn": [b"Zo\xc3\xab"], "objectGUID": [bytes(range(16))], "mobile": []})
PAGE = (
    SAMPLE + reference(7, "ldap://other.corp.example/DC=x") + done(7, controls=[("1.2.3", True, b"\x30\x00")])
)


def taken(replies: Replies) -> Iterator[tuple[int, Message]]:
    for data in replies.take():
        seems_one = is_entry(data)
        found = decode(data)
        assert seems_one is isinstance(found[1], Entry)
        yield found


def read(data: bytes) -> list[tuple[int, Message]]:
    replies = Replies()
    replies.feed(data)
    return list(taken(replies))
