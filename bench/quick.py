"""make bench-quick: a small company, and its ratios of CPU against those that are kept in bench/ratios.json.

The unit is the loading of the same rows by the driver alone, in the same run. A ratio that grew beyond NOISE, twice,
fails with both numbers. `ARGS=--keep` keeps what was measured.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.core import DATABASES, Measured, in_children, part_of

SIZE = 5_000
RUNS = 2  # the better one counts; the second only where the first is too slow
NOISE = 2.0  # of one machine against another, and of a busy one against a quiet one
KEPT = Path(__file__).parent / "ratios.json"


def main() -> None:
    """Measure, print, compare, and exit 1 for a regression."""
    if "--keep" in sys.argv:
        KEPT.write_text(f"{json.dumps(_measured(), indent=2)}\n")
        return
    kept, found = json.loads(KEPT.read_text()), _measured()
    for _ in range(RUNS - 1):
        if regressions(found, kept):
            again = _measured()
            found = {what: min(ratio, again[what]) for what, ratio in found.items()}
    slower = regressions(found, kept)
    print("\n" + ("\n".join(slower) or f"No ratio grew by more than {NOISE:g} times."))
    if slower:
        sys.exit(1)


def _measured() -> dict[str, float]:
    found: dict[str, float] = {}
    for name in DATABASES:
        [run] = in_children(name, (SIZE,))
        print(f"\n{part_of(name, [run]).text()}", flush=True)
        found |= {f"{name}, {what}": ratio for what, ratio in ratios_of(run).items()}
    return found


def ratios_of(run: Measured) -> dict[str, float]:
    """What each part takes, as a multiple of what the driver alone takes to load the rows."""
    parts = {
        "loading": run.load,
        "first match": run.match,
        "full reconcile": run.reconcile,
        "leavers": run.batch,
    }
    return {what: round(one["cpu_s"] / run.raw_load["cpu_s"], 2) for what, one in parts.items()}


def regressions(found: dict[str, float], kept: dict[str, float]) -> list[str]:
    """A line for each ratio that grew beyond noise, and for each that is measured and not kept, or the other way."""
    lines = [
        f"SLOWER: {what}: {found[what]:.2f} times the loading of its rows, and {kept[what]:.2f} are kept"
        for what in found.keys() & kept.keys()
        if found[what] > NOISE * kept[what]
    ]
    lines += [
        f"Not kept or not measured: {what} (ARGS=--keep keeps it)" for what in found.keys() ^ kept.keys()
    ]
    return sorted(lines)
