"""The dead man's switch is pinged while all is well, told at once when the worker is blind, and else not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.pinger import FakePinger
from harness import Harness
from worker.app.jobs.faults import HEARD, UNHEARD, failing_since
from worker.app.jobs.report import Report
from worker.ports import AuthFailed, Rejected, Transient
from worker.ports.state.watched import WatchMark

Start = Callable[..., Harness]
ALL = ("poll", "inventory", "reconcile", "remediate", "verify", "escalate", "deliver")


@pytest.fixture
def pinger() -> FakePinger:
    return FakePinger()


@pytest.fixture
def watched(company: Harness, pinger: FakePinger) -> Harness:
    rules = replace(company.app.rules, ping_every=timedelta(seconds=30))
    company.start(rules, pinger=pinger)
    return company


def ran(harness: Harness, *names: str, is_ok: bool = True) -> None:
    with harness.store.begin() as uow:
        for name in names or ALL:
            uow.jobs.record(name, harness.now, is_ok=is_ok, report={})


def look(harness: Harness, *, is_ok: bool = True) -> Report:
    """A minute later all jobs have run; the switch is told. Wants no clock of the database."""
    harness.later(minutes=1)
    ran(harness, is_ok=is_ok)
    return harness.watch(due_only=False)


def test_it_hears_that_all_is_well(watched: Harness, pinger: FakePinger) -> None:
    assert look(watched).counts["pinged"] == 1
    assert pinger.heard == ["well"]


def test_before_every_job_has_run_it_hears_nothing(watched: Harness, pinger: FakePinger) -> None:
    ran(watched, "poll", "reconcile", "escalate")

    assert watched.watch(due_only=False).counts["pinged"] == 0
    assert pinger.heard == []


def test_a_job_that_failed_once_is_silence_and_one_that_goes_on_failing_is_told(
    watched: Harness, pinger: FakePinger
) -> None:
    look(watched)
    look(watched, is_ok=False)
    assert pinger.heard == [
        "well",
        "the job deliver does not succeed (good last at 2026-11-24 13:01:00 UTC)",
    ], "a minute is many runs of one that is due every five seconds"
    watched.start(watched.app.rules, pinger=pinger)


def test_a_source_that_can_t_be_read_is_told_at_once(watched: Harness, pinger: FakePinger) -> None:
    look(watched)
    watched.corp.fail(AuthFailed("refused."))
    watched.poll(full=True)
    look(watched)

    assert pinger.heard == ["well", "not well: source corp"]
    watched.corp.be_honest()
    watched.poll(full=True)
    look(watched)
    assert pinger.heard[-1] == "well"


def test_the_first_word_of_being_blind_does_not_wait_for_its_time(
    watched: Harness, pinger: FakePinger
) -> None:
    watched.start(replace(watched.app.rules, ping_every=timedelta(days=9)), pinger=pinger)
    switch = watched.app.watch._switch
    assert switch.is_due(watched.now)
    look(watched)
    assert not switch.is_due(watched.now)
    watched.corp.fail(AuthFailed("refused."))
    watched.poll(full=True)
    for _ in range(2):
        watched.later(minutes=1)
        ran(watched)
        watched.watch()

    assert len(pinger.heard) == 2, "told once, and then at its time"


def test_it_is_due_at_its_time_and_if_the_clock_was_set_back(watched: Harness) -> None:
    look(watched)
    assert not watched.app.watch.is_due(watched.now + timedelta(seconds=29))
    assert watched.app.watch.is_due(watched.now + timedelta(seconds=30))
    assert watched.app.watch.is_due(watched.now - timedelta(seconds=1))


def test_without_a_switch_it_is_never_due(company: Harness) -> None:
    assert not company.app.watch.is_due(company.now)


def test_a_check_that_does_not_exist_is_an_alarm_at_once(watched: Harness, pinger: FakePinger) -> None:
    pinger.down = Rejected("It knows no such check.", remedy="Compare the address.")

    assert look(watched).troubles == ("It knows no such check. Compare the address.",)
    assert watched.titles() == ["The dead man's switch does not hear the worker"]
    pinger.down = None
    look(watched)
    assert watched.titles() == ["Over: The dead man's switch does not hear the worker"]


def test_a_switch_that_does_not_answer_is_an_alarm_after_a_while(
    watched: Harness, pinger: FakePinger
) -> None:
    look(watched)
    pinger.down = Transient("It did not answer in time.")
    for _ in range(15):
        assert look(watched).troubles
        assert watched.titles() == []
    look(watched)
    assert watched.titles() == ["The dead man's switch does not hear the worker"]
    [told] = watched.soc.sent[-1].paragraphs
    assert told.facts == (("Last good", "Tue 24 Nov 2026 13:01 GMT"),)


def test_a_check_that_refused_and_then_does_not_answer_has_not_begun_to_hear(
    watched: Harness, pinger: FakePinger
) -> None:
    pinger.down = Rejected("It knows no such check.")
    look(watched)
    assert watched.titles() == ["The dead man's switch does not hear the worker"]
    pinger.down = Transient("429")
    look(watched)
    assert (is_told(watched), watched.titles()) == (True, [])


def is_told(harness: Harness) -> bool:
    """Whether the alarm about the switch stands."""
    with harness.store.reading() as uow:
        return "ping:" in {one.key for one in uow.watched.standing()}


@pytest.mark.parametrize("ahead", ["heard", "unheard", "unheard, then heard"])
def test_after_a_clock_that_was_ahead_a_switch_that_does_not_answer_is_an_alarm_after_a_while(
    watched: Harness, pinger: FakePinger, ahead: str
) -> None:
    right, silence = watched.now, Transient("It did not answer in time.")
    watched.later(days=30)
    pinger.down = None if ahead == "heard" else silence
    look(watched)
    watched.now = right
    if ahead == "unheard, then heard":
        pinger.down = None
        look(watched)
    pinger.down = silence
    told = []
    for _ in range(16):
        look(watched)
        told.append(is_told(watched))

    assert told == [False] * 15 + [True]


def test_a_check_that_refused_by_a_clock_that_was_ahead_is_no_alarm_once_it_hears(
    watched: Harness, pinger: FakePinger
) -> None:
    right = watched.now
    watched.later(days=30)
    pinger.down = Rejected("It knows no such check.")
    look(watched)
    assert is_told(watched)
    watched.now, pinger.down = right, None
    look(watched)

    assert not is_told(watched)


def test_a_plain_check_is_left_in_silence_while_the_worker_is_blind(watched: Harness) -> None:
    plain = FakePinger(is_plain=True)
    watched.start(watched.app.rules, pinger=plain)
    watched.corp.fail(AuthFailed("refused."))
    watched.poll(full=True)

    assert look(watched).counts["pinged"] == 0
    assert plain.heard == []


def test_the_switch_that_is_taken_away_ends_its_alarm(watched: Harness, pinger: FakePinger) -> None:
    pinger.down = Rejected("It knows no such check.")
    look(watched)
    watched.titles()
    watched.start(watched.app.rules)
    look(watched)

    assert watched.titles() == ["Over: The dead man's switch does not hear the worker"]


def test_a_mark_of_an_earlier_release_that_was_heard_since_is_no_alarm(watched: Harness) -> None:
    marks = {
        name: WatchMark(name, watched.now + timedelta(minutes=at), "refused")
        for name, at in ((UNHEARD, 0), (HEARD, 1))
    }
    assert failing_since(marks, watched.now + timedelta(hours=1)) is None
    assert failing_since({UNHEARD: marks[UNHEARD]}, watched.now) == marks[UNHEARD]
