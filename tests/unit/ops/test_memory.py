"""What is free goes back to the system, whenever the last job has ended."""

import ctypes
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.use_cases import FakeApp, schedule_of
from worker.ops.jobs import Jobs
from worker.ops.memory import give_back
from worker.ops.scheduler import Loop

PIECE = 4_000  # bytes: too large for Python's own allocator, too small for a mapping of its own
PIECES = 20_000
MIB = 1 << 20


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc keeps what is free")
def test_what_lies_free_between_values_that_stay_goes_back_to_the_system() -> None:
    pieces = [bytes([n % 256]) * PIECE for n in range(PIECES)]
    kept = pieces[::100]
    del pieces
    before = resident()

    give_back()

    assert before - resident() > 20 * MIB
    assert all(len(piece) == PIECE for piece in kept)


def test_the_loop_rests_when_the_last_job_has_ended(app: FakeApp, jobs: Jobs) -> None:
    rests: list[tuple[str, ...]] = []
    loop = Loop(jobs, schedule_of(every=timedelta(minutes=1)), rests=lambda: rests.append(jobs.running))
    app.case("poll").does = lambda _lease: loop.run("escalate")

    loop.run("poll")

    assert rests == [()], "not while poll runs, which ran escalate"
