"""python -m bench: every benchmark, together in some 25 minutes; or one, as large as its document says.

python -m bench                 all, each in a process of its own and at a size of its own
python -m bench NAME [ARGS]     one; `quick` compares a small company with what is kept
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

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

ALL: dict[str, Callable[[], None]] = {
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
# Where a benchmark takes long as its document says: what it is given in a run of all. It then writes no figures
SMALLER = {
    "bulk": "100000",
    "controls": "2000",
    "ad": "3000",
    "entra": "5000",
    "desk": "10000",
    "footprint": "10000",
    "identity": "10000",
    "outbox": "300",
    "peers": "10000",
    "replay": "20000 120",
    "journal": "200000 200000",
}

QUICK = {"quick": quick.main}  # part of core, and no benchmark of its own


def main() -> None:
    """Run one benchmark, or all; exit 1 if one of all fails, after the others."""
    if not sys.argv[1:]:
        sys.exit(_all())
    known, name = ALL | QUICK, sys.argv[1]
    if name not in known:
        sys.exit(f"There is no benchmark '{name}'; there are: {', '.join(known)}")
    known[name]()


def _all() -> int:
    ends: list[tuple[str, float, int]] = []
    for name in ALL:
        command = [sys.executable, "-m", "bench", name, *SMALLER.get(name, "").split()]
        print(f"\n=== {' '.join(command[3:])}", flush=True)
        began = perf_counter()
        code = subprocess.run(command, check=False).returncode
        ends.append((name, perf_counter() - began, code))
    print()
    for name, seconds, code in ends:
        print(f"{name:12}{seconds:6.0f} s{'' if code == 0 else '  failed, or missed an aim'}")
    print(f"{'all':12}{sum(seconds for _, seconds, _ in ends):6.0f} s")
    return max(code != 0 for _, _, code in ends)


if __name__ == "__main__":
    main()
