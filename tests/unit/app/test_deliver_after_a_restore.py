"""What was in no delivery in a backup may have been sent since: it is looked up, or says that it may be a repeat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOW
from fakes.notifier import FakeNotifier
from harness import Harness
from letters import Found, letter
from worker.app.tell.addressing import person_at

WINDOW = timedelta(minutes=5)
BEN = person_at("ben@example.org")


def recorded(harness: Harness) -> None:
    """Deliver as the job does, whose runs are recorded."""
    harness.deliver()
    with harness.store.begin() as uow:
        uow.jobs.record("deliver", harness.now, is_ok=True, report={})


@pytest.fixture
def backup(found: Found) -> Harness:
    """A database in which a message waits for others."""
    harness = found(digest_window=WINDOW, notifiers=[FakeNotifier("mail", can_find=False)])
    harness.queue(letter("a"))
    recorded(harness)
    return harness


def notes(harness: Harness) -> list[bool]:
    [mail] = harness.notifiers
    assert isinstance(mail, FakeNotifier)
    return [message.may_be_repeat for message in mail.sent]


@pytest.mark.parametrize("minutes, may_be_repeat", [(12, False), (72, True)])
def test_what_waited_in_a_backup_may_be_a_repeat(
    backup: Harness, minutes: int, *, may_be_repeat: bool
) -> None:
    backup.later(minutes=minutes)
    recorded(backup)

    assert notes(backup) == [may_be_repeat]


def test_what_is_new_after_a_while_is_no_repeat(backup: Harness) -> None:
    backup.later(hours=2)
    backup.queue(letter("b", BEN))
    recorded(backup)
    backup.later(minutes=5)
    recorded(backup)

    assert notes(backup) == [True, False]


def test_what_waited_while_the_job_ran_is_no_repeat(found: Found) -> None:
    harness = found(daily_max=1, notifiers=[FakeNotifier("mail", can_find=False, capacity=1)])
    harness.queue(letter("a"), letter("b"))
    for _ in range(24):
        recorded(harness)
        harness.later(hours=1)

    assert notes(harness) == [False, False]


@pytest.mark.parametrize("hours, may_be_repeat", [(9.5, False), (10.5, True)])
def test_what_was_held_in_a_backup_is_doubted_from_an_hour_after_it_could_go(
    found: Found, hours: float, *, may_be_repeat: bool
) -> None:
    harness = found(notifiers=[FakeNotifier("mail", can_find=False)])
    harness.queue(replace(letter("a"), not_before=NOW + timedelta(hours=9)))
    recorded(harness)
    harness.later(hours=hours)
    recorded(harness)

    assert notes(harness) == [may_be_repeat]


def test_a_job_that_comes_seldom_is_no_restored_backup(found: Found) -> None:
    harness = found(digest_window=WINDOW, notifiers=[FakeNotifier("mail", can_find=False)])
    every = {**harness.app.rules.job_every, "deliver": timedelta(hours=4)}
    harness.start(replace(harness.app.rules, job_every=every))
    harness.queue(letter("a"))
    recorded(harness)
    harness.later(hours=4)
    recorded(harness)

    assert notes(harness) == [False]


def test_where_the_channel_tells_it_is_looked_up_from_when_it_was_queued(found: Found) -> None:
    harness = found(digest_window=WINDOW)
    harness.queue(letter("a"))
    recorded(harness)
    harness.later(hours=2)
    recorded(harness)

    [message] = harness.soc.sent
    assert (message.may_be_repeat, message.tried_from) == (True, NOW)
