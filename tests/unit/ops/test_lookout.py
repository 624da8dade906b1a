"""A look for news between two polls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from fakes.use_cases import FakeApp, schedule_of
from worker.app.jobs.report import Report
from worker.ops.clock import system_now
from worker.ops.jobs import Jobs
from worker.ops.lookout import Lookout
from worker.ops.scheduler import LOOKOUT, Loop
from worker.ports.state.leases import Lease


@dataclass
class Source:
    """Shows one mark after the other, then the last one again and again."""

    name: str
    marks: list[str | None] = field(default_factory=list)

    def watermark(self) -> str | None:
        return self.marks.pop(0) if len(self.marks) > 1 else self.marks[0]


@pytest.mark.parametrize(
    "marks, seen",
    [
        (["1"], [False, False, False]),
        (["1", "2"], [False, True, True]),
        (["1", "1", "2"], [False, False, True]),
        ([None, "7"], [False, False, False]),
        (["1", None, "1"], [False, False, False]),
        (["1", None, "2"], [False, False, True]),
        (["2", "1"], [False, True, True]),
    ],
)
def test_a_mark_that_changes_is_news_until_somebody_went(marks: list[str | None], seen: list[bool]) -> None:
    lookout = Lookout({"poll": [Source("corp", marks)]})

    assert [lookout.look() == {"poll"} for _ in seen] == seen
    lookout.went("poll")
    assert not lookout.look()


def test_every_source_is_looked_at(jobs: Jobs) -> None:
    corp, export = Source("corp", ["1", "2", "2"]), Source("export", ["a", "a", "b"])
    lookout = Lookout({"poll": [corp, export], "inventory": [Source("corp", ["x", "x", "y"])]})
    lookout.look()
    assert lookout.look() == {"poll"}
    lookout.went("poll")

    assert lookout.look() == {"poll", "inventory"}


# --- in the loop --------------------------------------------------------------------------------------


@pytest.fixture
def source() -> Source:
    return Source("corp", ["1", "2"])


@pytest.fixture
def loop(jobs: Jobs, source: Source) -> Iterator[Loop]:
    loop = Loop(jobs, schedule_of(every=timedelta(hours=1)), lookout=Lookout({"poll": [source]}))
    loop.start(paused=True)
    loop.replan(system_now())
    yield loop
    loop.end()


def is_due(loop: Loop) -> bool:
    at = loop.next_run_at("poll")
    assert at is not None
    return at <= system_now()


def test_news_make_the_next_poll_due_at_once(loop: Loop) -> None:
    loop.look()
    assert not is_due(loop)
    loop.look()

    assert is_due(loop)


def test_news_of_an_inventory_make_its_next_read_due_and_no_poll(jobs: Jobs) -> None:
    loop = Loop(
        jobs,
        schedule_of(every=timedelta(hours=1)),
        lookout=Lookout({"poll": [], "inventory": [Source("wards", ["1", "2"])]}),
    )
    loop.start(paused=True)
    loop.replan(system_now())
    loop.look()
    loop.look()

    at = loop.next_run_at("inventory")
    assert at is not None
    assert at <= system_now()
    assert not is_due(loop)
    loop.end()


def test_the_same_news_make_one_poll_due(loop: Loop) -> None:
    loop.look()
    loop.look()
    loop.replan(system_now())
    loop.look()

    assert not is_due(loop)


def test_news_that_come_while_a_poll_runs_wait_for_its_end(loop: Loop, jobs: Jobs, app: FakeApp) -> None:
    loop.look()
    seen_while_running: list[bool] = []

    def looks(_lease: Lease | None) -> None:
        loop.look()
        seen_while_running.append(is_due(loop))

    app.case("poll").does = looks
    jobs.run_now("poll")
    assert seen_while_running == [False]

    loop.look()

    assert is_due(loop)


@pytest.mark.parametrize(
    "job, counts, is_due",
    [
        ("poll", {"left": 1}, True),
        ("inventory", {"added": 2}, True),
        ("poll", {"sources": 1, "unchanged": 1, "left": 0}, False),
        ("verify", {"verified": 1}, False),
    ],
)
def test_what_a_read_found_out_is_reconciled_at_once(
    loop: Loop, app: FakeApp, job: str, counts: dict[str, int], is_due: bool
) -> None:
    app.case(job).report = Report(job, counts)

    loop.run(job)

    at = loop.next_run_at("reconcile")
    assert at is not None
    assert (at <= system_now()) is is_due


def test_a_loop_that_has_ended_makes_nothing_due(jobs: Jobs) -> None:
    loop = Loop(jobs, schedule_of(every=timedelta(hours=1)))
    loop.start(paused=True)
    loop.end()

    loop.make_due("poll")


def test_with_nothing_to_look_at_nothing_is_planned(jobs: Jobs) -> None:
    loop = Loop(jobs, schedule_of(every=timedelta(hours=1)))
    loop.start(paused=True)

    assert loop.next_run_at(LOOKOUT) is None
    loop.end()
