"""One way to read everybody, in a process of its own: python -m bench.entra_read round|list < where.json

Connecting and signing in count, imports don't. Prints entries, seconds of wall and processor, and peak memory.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measure import peak_mib, timed
from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.connector import EntraDirectory
from connectors.directory.entra.read.cursor import Cursor
from worker.ports import ConnectorContext, DirectoryPage, PassEnd

Where = dict[str, Any]  # as Lab.where, and select
NOWHERE = Cursor("", datetime.now(UTC), "").dump()  # a list needs a cursor to hand on, and doesn't follow it


def directory_of(where: Where) -> EntraDirectory:
    context = ConnectorContext("tenant", Path(), "GB", "UTC", "en", lambda: datetime.now(UTC))
    return EntraDirectory(EntraConfig.model_validate(where["options"]), context)


def read(directory: EntraDirectory, cursor: str | None, *, full: bool = False) -> tuple[int, PassEnd]:
    """How many people a pass told of, none of them kept, and its end."""
    entries = 0
    end = None
    for item in directory.changes(cursor, full=full):
        if isinstance(item, DirectoryPage):
            assert (item.malformed, item.unreadable_phones) == ((), 0)
            entries += len(item.records)
        end = item
    assert isinstance(end, PassEnd)
    return entries, end


def main() -> None:
    where: Where = json.load(sys.stdin)
    directory = directory_of(where)
    is_list = sys.argv[1] == "list"
    (entries, end), found = timed(lambda: read(directory, NOWHERE if is_list else None, full=is_list))
    directory.close()
    assert end.is_full
    print(json.dumps({**found, "entries": entries, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
