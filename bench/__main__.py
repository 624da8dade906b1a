"""python -m bench [NAME]: every benchmark, or one; `quick` compares a small company with what is kept."""

import sys

from bench import (
    ad,
    bulk,
    controls,
    core,
    costs,
    desk,
    entra,
    footprint,
    identity,
    journal,
    outbox,
    queueing,
    quick,
    replay,
    trackers,
)
from bench.peers import compare as peers

ALL = {
    "core": core.main,
    "bulk": bulk.main,
    "controls": controls.main,
    "ad": ad.main,
    "entra": entra.main,
    "desk": desk.main,
    "footprint": footprint.main,
    "identity": identity.main,
    "costs": costs.main,
    "outbox": outbox.main,
    "peers": peers.main,
    "queueing": queueing.main,
    "replay": replay.main,
    "trackers": trackers.main,
    "journal": journal.main,
}

QUICK = {"quick": quick.main}  # part of core, and no benchmark of its own

if __name__ == "__main__":
    wanted = sys.argv[1:2] or list(ALL)
    known = ALL | QUICK
    if not set(wanted) <= set(known):
        sys.exit(f"There is no benchmark '{wanted[0]}'; there are: {', '.join(known)}")
    for name in wanted:
        known[name]()
