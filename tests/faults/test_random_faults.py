"""Faults drawn from a seed, several at once, then rest; and again. `make faults` is the long run."""

from __future__ import annotations

from collections import Counter
from random import Random
from time import monotonic

import pytest

from faults.chaos import Chaos
from faults.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

BURST = (2, 4)  # faults before the next rest
LONG_FROM = 50  # faults; from here on somebody waits for the end, and wants to know how far it is
REST_MAX_S = 90.0


def test_whatever_happens_nothing_is_lost_doubled_or_written_late(
    fresh_world: World, faults: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = Random(seed)
    chaos = Chaos(fresh_world, draw)
    done: list[str] = []
    began_s = monotonic()
    while len(done) < faults:
        try:
            for _ in range(min(draw.randint(*BURST), faults - len(done))):
                done += [chaos.strike()]
            chaos.end()
            fresh_world.calm(REST_MAX_S)
            fresh_world.check()
        except Exception as error:
            again = f"make faults FAULTS={len(done) + 1} SEED={seed}"
            raise AssertionError(f"after {done[-BURST[1] :]} ({again}): {error}") from error
        if faults >= LONG_FROM:
            with capsys.disabled():
                tickets, at_s = len(fresh_world.effects.removals()), monotonic() - began_s
                print(f"{len(done)} of {faults} faults, {tickets} removals, {at_s:.0f} s", flush=True)  # noqa: T201
    if faults >= LONG_FROM:
        with capsys.disabled():
            print(dict(Counter(done)), fresh_world.effects.counts(), flush=True)  # noqa: T201
    assert len(fresh_world.effects.removals()) > faults / 10, "nothing was asked of the replicas"
