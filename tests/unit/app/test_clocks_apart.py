"""Two machines do the watch by turns, and the clock of one is wrong: it alone tells that, and that it is over."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from fakes.pinger import FakePinger
from harness import Harness
from worker.app.jobs.table import OF_ALL
from worker.app.jobs.watch_itself import WatchItself
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.watch.alarms import AlarmCause, ToldAlarm
from worker.storage.watched import SqlWatched

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HEADLINE = "The worker's clock and the database's differ: wrong-7"


class Machines:
    """A worker on `right-1`, and one on `wrong-7` whose clock is `off`; the database's clock is the harness's."""

    def __init__(self, harness: Harness, patch: pytest.MonkeyPatch) -> None:
        self.harness, self.off = harness, timedelta(0)
        self._now = harness.now
        patch.setattr(SqlWatched, "clock", lambda _: self._now)
        self._patch, self.pinger = patch, FakePinger()
        self._workers: dict[str, WatchItself] = {}
        self.start()

    def start(self, **changes: Any) -> None:
        """Start both, by other rules."""
        for name in ("right-1", "wrong-7"):
            self._patch.setattr(socket, "gethostname", partial(str, name))
            self.harness.start(replace(self.harness.app.rules, **changes), pinger=self.pinger)
            self._workers[name] = self.harness.app.watch

    @contextmanager
    def _at(self, off: timedelta) -> Iterator[None]:
        self._now = self.harness.now
        self.harness.now += off
        yield
        self.harness.now = self._now

    def look(self, name: str, *, due_only: bool = True) -> list[str]:
        """One of them looks, and all jobs have run; return what was told."""
        with self._at(self.off if name == "wrong-7" else timedelta(0)):
            with self.harness.store.begin() as uow:
                for job in OF_ALL:
                    uow.jobs.record(job, self.harness.now, is_ok=True, report={})
            self._workers[name].run_once(self.harness.now, due_only=due_only)
        self.harness.later(minutes=1)
        return self.harness.titles()

    def by_turns(self, times: int) -> list[str]:
        return [title for _ in range(times) for name in ("wrong-7", "right-1") for title in self.look(name)]


@pytest.fixture
def machines(company: Harness, monkeypatch: pytest.MonkeyPatch) -> Machines:
    both = Machines(company, monkeypatch)
    assert both.by_turns(2) == []
    return both


@pytest.mark.parametrize("off", [MINUTE, -MINUTE, 8 * HOUR, -8 * HOUR])
def test_it_is_told_once_and_when_its_own_worker_finds_it_over(machines: Machines, off: timedelta) -> None:
    machines.off = off
    assert machines.by_turns(5) == [HEADLINE]
    assert machines.look("right-1", due_only=False) == [], "`once watch` compares no clocks, and ends nothing"

    machines.off = timedelta(0)
    assert machines.by_turns(3) == [f"Over: {HEADLINE}"]


def test_one_that_stands_is_told_again_every_few_hours(machines: Machines) -> None:
    machines.off = MINUTE
    told = machines.by_turns(130)
    assert told == [HEADLINE, HEADLINE], "260 minutes: at the beginning, and after four hours"


def test_a_machine_that_is_gone_leaves_no_alarm_for_ever(machines: Machines) -> None:
    machines.off = MINUTE
    machines.look("wrong-7")
    told = [machines.look("right-1") for _ in range(298)]
    assert not any(told)
    machines.harness.later(minutes=2)
    assert machines.look("right-1") == [f"Over: {HEADLINE}"]


def test_the_switch_hears_the_same_from_both(machines: Machines) -> None:
    machines.off = MINUTE
    machines.by_turns(2)
    assert machines.pinger.heard[-4:] == ["not well: clock wrong-7"] * 4


def test_an_alarm_of_an_earlier_release_that_names_no_machine_ends(machines: Machines) -> None:
    with machines.harness.store.begin() as uow:
        uow.watched.put(ToldAlarm(AlarmCause.CLOCK, "", machines.harness.now, machines.harness.now))
    assert machines.look("right-1") == ["Over: The worker's clock and the database's differ"]


def test_no_other_alarm_is_told_again_by_turns(machines: Machines) -> None:
    machines.start(limits=GuardLimits(leavers_max=None))
    machines.off = timedelta(hours=26)
    assert machines.by_turns(5).count("The guard's leavers_max is off") == 1
