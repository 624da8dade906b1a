"""Loads many people into the database of a domain that is stopped: what the tests' own way is too slow for.

    /usr/bin/python3 -I ad_load.py FOLDER < people.ldif        (prints how far it is; 300 people a second)

Runs in the distribution's Python, which has Samba's bindings; knows nothing of the project.
"""

import sys
import time
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path

BATCH = 5_000  # entries to a transaction


def load(folder: Path) -> None:
    settings = import_module("samba.param").LoadParm()
    settings.load(str(folder / "etc" / "smb.conf"))
    database = import_module("samba.samdb").SamDB(
        url=str(folder / "private" / "sam.ldb"),
        session_info=import_module("samba.auth").system_session(),
        lp=settings,
    )
    entries = _entries()
    start, done = time.perf_counter(), 0
    while batch := "\n\n".join(islice(entries, BATCH)):
        database.transaction_start()
        database.add_ldif(batch + "\n\n")
        database.transaction_commit()
        done += batch.count("\n\n") + 1
        took_s = time.perf_counter() - start
        print(f"  {done:,} people loaded in {took_s:.0f} s ({done / took_s:.0f} a second)", flush=True)


def _entries() -> Iterator[str]:
    return (entry for entry in sys.stdin.read().split("\n\n") if entry.strip())


if __name__ == "__main__":
    load(Path(sys.argv[1]))
