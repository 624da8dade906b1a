"""A test message a day goes over the real channel and is looked for; on Mondays a report says how the week was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.jobs.canary import CanaryRules
from worker.app.tell.alarms import AlarmRules
from worker.domain.escalation.silences import Silence
from worker.domain.messages.message import Message
from worker.ports import AuthFailed, PermissionDenied, Receipt, Transient

Start = Callable[..., Harness]
SAM = "sam@corp.example"
JOBS = ("poll", "inventory", "reconcile", "remediate", "verify", "escalate", "deliver")
TEST = "Daily test message"


class Forgetful(FakeNotifier):
    """A channel that takes messages and does not have them; `trouble` is its answer when it is asked."""

    trouble: Transient | PermissionDenied | None = None

    def find(self, message: Message) -> Receipt | None:
        del message
        if self.trouble is not None:
            raise self.trouble
        return None


def canaried(start: Start, *notifiers: FakeNotifier, **changes: Any) -> Harness:
    """A company whose test message goes out at nine (London), and the time is 13:00 on a Tuesday."""
    harness = start(notifiers=notifiers or None)
    rules = replace(harness.app.rules, canary=CanaryRules(SAM, time(9)), **changes)
    harness.start(rules)
    return harness


def look(harness: Harness) -> list[str]:
    """Every job has run; look once, and say what was told."""
    with harness.store.begin() as uow:
        for name in JOBS:
            uow.jobs.record(name, harness.now, is_ok=True, report={})
    harness.watch(due_only=False)
    return harness.titles()


def on(harness: Harness, day: int, hour: int, minute: int = 0) -> None:
    """Go to an instant of November (UTC), and read everything."""
    harness.now = datetime(2026, 11, day, hour, minute, tzinfo=harness.now.tzinfo)
    harness.poll()
    harness.inventory()


def test_it_is_sent_once_a_day_and_found(start: Start) -> None:
    harness = canaried(start)

    assert look(harness) == [TEST], "of the day whose time is over"
    assert [one.to.address for one in harness.soc.sent] == [SAM]
    assert look(harness) == []
    on(harness, 25, 8, 59)
    assert look(harness) == []
    on(harness, 25, 9)
    assert look(harness) == [TEST]
    harness.later(hours=1)
    assert look(harness) == []


def test_one_that_is_not_found_is_an_alarm_until_the_next_is(start: Start) -> None:
    soc = Forgetful("soc")
    harness = canaried(start, soc)
    look(harness)
    harness.later(minutes=14)
    assert look(harness) == []
    harness.later(minutes=1)
    assert look(harness) == ["The daily test message was not found"]

    soc.can = replace(soc.can, can_find=False)
    assert look(harness) == ["Over: The daily test message was not found"], "what can't tell is believed"


def test_a_channel_that_can_t_be_asked_is_asked_again(start: Start) -> None:
    soc = Forgetful("soc")
    soc.trouble = Transient("It is down.")
    harness = canaried(start, soc)
    look(harness)

    assert harness.watch(due_only=False).troubles == (
        "soc: the daily test message can't be looked for: It is down.",
    )


def test_where_the_channel_may_not_be_looked_into_that_it_was_sent_is_enough(start: Start) -> None:
    soc = Forgetful("soc")
    soc.trouble = PermissionDenied("It may not read.", missing="channels:history")
    harness = canaried(start, soc)
    harness.watch(due_only=False)
    harness.deliver()
    harness.later(minutes=1)
    said = [trouble for _ in range(30) for trouble in _a_minute(harness)]
    assert said == ["soc: the daily test message can't be looked for: It may not read."]
    assert "The daily test message was not found" not in [
        one.headline for message in soc.sent for one in message.paragraphs
    ]


def _a_minute(harness: Harness) -> tuple[str, ...]:
    """The troubles of the watch in the next minute."""
    troubles = harness.watch(due_only=False).troubles
    harness.deliver()
    harness.later(minutes=1)
    return troubles


def test_one_that_was_never_sent_is_an_alarm_and_does_not_pile_up(start: Start) -> None:
    harness = canaried(start, FakeNotifier("soc", reaches_people=False))
    look(harness)
    harness.later(minutes=20)
    assert look(harness) == ["Messages are late", "The daily test message was not found"]
    on(harness, 25, 10)
    look(harness)
    with harness.store.reading() as uow:
        assert uow.outbox.backlog() == (1, 0)


def test_the_channel_it_went_over_may_be_gone(start: Start) -> None:
    harness = canaried(start)
    look(harness)
    harness.notifiers = [FakeNotifier("mail")]
    harness.start(harness.app.rules)
    harness.later(minutes=15)

    assert look(harness) == ["The daily test message was not found"]


def test_nothing_holds_it(start: Start) -> None:
    harness = canaried(start)
    silence = Silence("config-1", harness.now, harness.now + timedelta(days=1), "sam", "x", people=(SAM,))
    rules = harness.app.rules
    harness.start(replace(rules, holding=replace(rules.holding, silences=(silence,)), daily_max=1))

    assert look(harness) == [TEST]


def test_a_clock_that_was_set_back_sends_none_again(start: Start) -> None:
    harness = canaried(start)
    look(harness)
    harness.now -= timedelta(days=2)

    assert look(harness) == []


def test_after_a_clock_that_was_weeks_ahead_it_goes_on_daily_and_the_report_weekly(start: Start) -> None:
    harness = canaried(start)
    look(harness)
    harness.now += timedelta(days=40)
    look(harness)
    on(harness, 25, 10)

    assert TEST in look(harness)
    on(harness, 30, 10)
    assert sorted(look(harness)) == ["All is well", TEST]


def test_a_day_and_a_week_that_such_a_clock_told_of_are_told_of_when_they_come(start: Start) -> None:
    harness = canaried(start)
    look(harness)
    on(harness, 30, 10)
    assert sorted(look(harness)) == ["All is well", TEST]
    on(harness, 25, 10)
    look(harness)
    on(harness, 26, 10)
    assert look(harness) == [TEST]

    on(harness, 30, 10)
    assert [sorted(look(harness)) for _ in range(2)] == [["All is well", TEST], []]
    sent = [one.key for one in harness.soc.sent if one.paragraphs[0].headline == TEST]
    assert len(set(sent)) == len(sent) == 5
    harness.later(minutes=20)
    assert look(harness) == [], "the new one is found"


# --- the report -------------------------------------------------------------------------------------------


def test_on_monday_it_says_that_all_is_well_with_counts(start: Start) -> None:
    harness = canaried(start)
    look(harness)
    harness.leave("ann")
    harness.settle()
    for day in (25, 26, 27, 28, 29):
        on(harness, day, 10)
        assert TEST in look(harness)
    on(harness, 30, 9)
    harness.deliver()
    assert sorted(look(harness)) == ["All is well", TEST]
    [report] = [
        one for message in harness.soc.sent for one in message.paragraphs if one.headline == "All is well"
    ]
    assert dict(report.facts) == {
        "Sources": "2",
        "Removals asked for in seven days": "1",
        "Removals proved in seven days": "0",
        "Open tickets": "1",
        "The oldest of them": "T-000001, Tue 24 Nov 2026 13:00 GMT",
    }
    assert look(harness) == []


def test_it_says_what_is_not_well(start: Start) -> None:
    harness = canaried(start, alarms=AlarmRules(repeat=timedelta(days=9)))
    on(harness, 30, 9)
    harness.corp.fail(AuthFailed("refused."))
    harness.poll(full=True)
    harness.deliver()

    assert sorted(look(harness)) == [TEST, "Not all is well"]
    [report] = [one for one in harness.soc.sent[-1].paragraphs + harness.soc.sent[-2].paragraphs if one.steps]
    assert report.steps == ("Can't see: corp",)


def test_a_monday_without_a_worker_is_made_up_for(start: Start) -> None:
    harness = canaried(start)
    look(harness)
    on(harness, 26, 9)
    assert look(harness) == [TEST]
    harness.now = datetime(2026, 12, 2, 9, tzinfo=harness.now.tzinfo)
    harness.poll()
    harness.inventory()

    assert sorted(look(harness)) == ["All is well", TEST]


@pytest.mark.parametrize("due_only", [True, False])
def test_without_one_there_is_neither(company: Harness, due_only: bool) -> None:
    assert company.watch(due_only=due_only).counts["sent"] == 0
