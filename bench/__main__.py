"""python -m bench [core|bulk|controls|ad|entra|desk|footprint|identity|costs|queueing]: every benchmark, or one."""

import sys

from bench import ad, bulk, controls, core, costs, desk, entra, footprint, identity, queueing

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
    "queueing": queueing.main,
}

if __name__ == "__main__":
    wanted = sys.argv[1:2] or list(ALL)
    if not set(wanted) <= set(ALL):
        sys.exit(f"There is no benchmark '{wanted[0]}'; there are: {', '.join(ALL)}")
    for name in wanted:
        ALL[name]()
