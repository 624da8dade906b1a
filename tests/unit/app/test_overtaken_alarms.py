"""Alarms, and the word that a plan is held, that are not so any more by the time they would go out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from letters import Found
from worker.app.tell.alarms import Alarms
from worker.domain.watch.alarms import Alarm, AlarmCause
from worker.ports import NotDone, Transient

BLIND = Alarm(AlarmCause.SOURCE, "corp")
STANDS, OVER = "Can't see: corp", "Seeing again: corp"
AWAY = NotDone("no connection")


def begins(harness: Harness) -> None:
    with harness.store.begin() as uow:
        Alarms().raised(uow, BLIND, harness.now)


def ends(harness: Harness) -> None:
    with harness.store.begin() as uow:
        assert Alarms().ended(uow, BLIND.key, harness.now)


def told(harness: Harness) -> list[str]:
    """What is told from now on within seven hours."""
    before = len(harness.soc.sent)
    for _ in range(8):
        harness.deliver()
        harness.later()
    return [part.headline for message in harness.soc.sent[before:] for part in message.paragraphs]


def tried(harness: Harness, *steps: str) -> None:
    """What happens, and what is tried after each step, a minute apart."""
    for step in steps:
        {"begins": begins, "ends": ends}[step](harness)
        harness.deliver()
        harness.later(minutes=1)


@pytest.mark.parametrize(
    "seen, while_away, in_the_end",
    [
        ("", "begins ends", []),
        ("", "begins begins", [STANDS]),
        ("", "begins begins ends", [OVER]),
        ("", "begins ends begins", [STANDS]),
        ("", "begins ends begins ends", []),
        ("begins", "begins", [STANDS]),
        ("begins", "ends", [OVER]),
        ("begins", "ends begins", []),
        ("begins", "ends begins ends", [OVER]),
        ("begins", "ends begins ends begins ends begins", []),
        ("begins ends", "begins ends", []),
    ],
)
def test_when_a_channel_is_back_it_is_told_what_is_so_and_what_it_did_not_know(
    found: Found, seen: str, while_away: str, in_the_end: list[str]
) -> None:
    harness = found()
    tried(harness, *seen.split())
    harness.soc.down = AWAY
    tried(harness, *while_away.split())
    harness.soc.down = None
    assert told(harness) == in_the_end


def test_an_alarm_that_was_told_again_before_anything_was_sent_is_told_once(found: Found) -> None:
    harness = found()
    for _ in range(3):
        begins(harness)
        harness.later(hours=4)
    assert told(harness) == [STANDS]


def test_who_may_have_seen_an_alarm_is_told_its_end_and_not_the_alarm_again(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc", can_find=False)])
    harness.soc.down = Transient("no answer.")
    tried(harness, "begins", "ends")
    harness.soc.down = None
    assert told(harness) == [OVER]


def test_an_end_that_may_have_been_seen_is_not_told_again_once_it_stands_again(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc", can_find=False)])
    tried(harness, "begins")
    harness.soc.down = Transient("no answer.")
    tried(harness, "ends", "begins")
    harness.soc.down = None
    assert told(harness) == [STANDS]


def test_what_one_channel_has_shown_counts_as_seen(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc"), FakeNotifier("mail")])
    soc, mail = harness.notifiers
    soc.down = AWAY
    tried(harness, "begins", "ends")
    soc.down = None
    told(harness)
    shown = [[part.headline for one in each.sent for part in one.paragraphs] for each in (soc, mail)]
    assert shown == [[OVER], [STANDS, OVER]]


def held(harness: Harness) -> Harness:
    """A plan is held, of which the channel was not told yet."""
    everybody = [f"p{number:02}" for number in range(40)]
    harness.hire(*everybody)
    harness.group("ward-7", *everybody[:38], admins=everybody[38:])
    harness.settle()
    harness.later()
    harness.deliver()
    harness.soc.down = AWAY
    harness.leave(*everybody[:30])
    harness.settle()
    harness.deliver()
    harness.later(minutes=20)
    return harness


@pytest.mark.parametrize("window", [timedelta(0), timedelta(hours=1)])
@pytest.mark.parametrize("is_decided, in_the_end", [(True, []), (False, ["Held: plan P-000001 for corp"])])
def test_a_plan_is_told_as_held_only_while_it_is(
    found: Found, window: timedelta, is_decided: bool, in_the_end: list[str]
) -> None:
    harness = held(found(digest_window=window))
    if is_decided:
        harness.decide(release=False)
    harness.soc.down = None
    assert told(harness) == in_the_end
