"""One way to read everybody, in a process of its own: python -m bench.ad_read WAY < where.json

Connecting and signing in count, imports don't. Prints entries, seconds of wall and processor, and peak memory.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.ad_where import Where, config_of, directory_of
from bench.measure import peak_mib, timed
from connectors.directory.active_directory.wire.client import Search, open_client
from connectors.directory.active_directory.wire.ldap_controls import extended_dn
from worker.ports import DirectoryPage, PassEnd


def raw(where: Where, *, is_extended: bool = True) -> int:
    """Pages of undecoded values, as `client` gives them; DNs with their GUIDs, as managers are known by, or plain."""
    client = open_client(config_of(where), Path(), [where["url"]])
    try:
        search = Search(
            "everybody", where["base"], where["filter"], tuple(where["attributes"]),
            controls=(extended_dn(),) if is_extended else (),
        )  # fmt: skip
        return sum(len(page) for page in client.pages(search, where["page_size"]))
    finally:
        client.close()


def facts(where: Where) -> int:
    entries = 0
    end = None
    for item in directory_of(where).changes(None):
        if isinstance(item, DirectoryPage):
            assert (item.malformed, item.unreadable_phones) == ((), 0)
            entries += len(item.records)
        end = item
    assert isinstance(end, PassEnd)
    assert end.is_full
    return entries


def prepared(way: str, where: Where) -> Callable[[], int]:
    """What is to be timed; imports and an empty database come before it."""
    if way == "into_database":
        from bench.ad_poll import Polled  # noqa: PLC0415  the others need no database, nor its memory

        return Polled(where).read_everybody
    if way == "facts":
        return partial(facts, where)
    return partial(raw, where, is_extended=way != "plain")


def main() -> None:
    where: Where = json.load(sys.stdin)
    entries, found = timed(prepared(sys.argv[1], where))
    print(json.dumps({**found, "entries": entries, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
