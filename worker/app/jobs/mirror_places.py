"""Which copies are whose: they belong to the place that they are at, whatever the tracker there is called."""

from __future__ import annotations

from collections.abc import Sequence

from worker.app.jobs.mirror_run import MirrorRun


def settle(runs: Sequence[MirrorRun]) -> None:
    """Let each tracker have the copies that are where it is, and say which ones it left. `runs`: at least one.

    Numbers mean other people's tickets elsewhere, so what was left is neither read nor written any more.
    """
    by_name = {run.name: run for run in runs}
    with runs[0].begin() as uow:
        for left in uow.mirrors.settle({run.name: run.place for run in runs}):
            run = by_name[left.tracker]
            what = (
                f"{run.name} is at {run.place} now. Copies of tickets that go on stay at {left.place} as they are "
                f"({left.copies}; listed as {left.name}). Here they are made anew, if they are not here already."
            )
            run.tell(uow, f"left:{left.place}", what)
