"""A channel that was away and is back: what waited goes out at once, and nobody is told that it still fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.notifier import FakeNotifier
from fakes.pinger import FakePinger
from harness import Harness
from letters import ANN, Found, headlines, letter, shown
from worker.app.jobs.table import OF_ALL
from worker.domain.escalation.silences import Silence
from worker.domain.messages.message import CHANNEL, Message
from worker.ports import NotDone, Receipt, Transient

AWAY = Transient("connection refused.")


def goes_on(harness: Harness, minutes: int, step: int = 1) -> None:
    """Every so many minutes all jobs run, then the watch, then delivering."""
    for _ in range(0, minutes, step):
        with harness.store.begin() as uow:
            for name in OF_ALL:
                uow.jobs.record(name, harness.now, is_ok=True, report={})
        harness.watch()
        harness.deliver()
        harness.later(minutes=step)


@pytest.mark.parametrize("away", [45, 180])
def test_after_an_outage_all_that_waited_goes_out_and_nothing_flaps(company: Harness, away: int) -> None:
    pinger = FakePinger()
    company.start(replace(company.app.rules, ping_every=timedelta(seconds=30)), pinger=pinger)
    company.leave("ann")
    company.settle()
    company.soc.down = AWAY
    goes_on(company, away, step=5)
    assert pinger.heard[-1] == "not well: channel soc"
    company.soc.down = None
    company.queue(letter("new", CHANNEL))
    goes_on(company, 2)
    told = shown(company.soc)
    assert sorted(told) == [
        "Headline new",
        "Nothing arrives over soc",
        "Over: Nothing arrives over soc",
        "Remove Ann from Ward 7",
    ]

    pinger.heard.clear()
    goes_on(company, 60)
    assert shown(company.soc) == told
    assert set(pinger.heard) == {"well"}


class Slow(FakeNotifier):
    """Each message takes a second."""

    harness: Harness

    def send(self, message: Message) -> Receipt:
        self.harness.later(seconds=1)
        return super().send(message)


def test_what_a_channel_fails_at_while_it_takes_others_uses_up_no_attempts_by_that(found: Found) -> None:
    soc = Slow("soc")
    soc.harness = harness = found(notifiers=[soc])
    soc.chokes_on.add("Title poison")
    harness.queue(letter("poison", CHANNEL))
    harness.deliver()
    for at in range(18):
        harness.queue(letter(f"m{at}", CHANNEL))
        for _ in range(4):
            harness.deliver()
            harness.later(minutes=5)

    assert len(soc.sent) == 18
    tries = [message.title for message in soc.attempts].count("Title poison")
    assert tries == 6, "as often as by its own waits alone"


def test_what_is_held_waits_on_when_its_channel_is_back(found: Found) -> None:
    harness = found()
    harness.soc.down = NotDone("no connection")
    harness.queue(letter("a"), letter("b", CHANNEL))
    for _ in range(60):
        harness.deliver()
        harness.later(minutes=1)
    with harness.store.begin() as uow:
        on = Silence("", harness.now, harness.now + timedelta(days=1), "sam", "Moving", people=(ANN.address,))
        uow.silences.add(on, harness.now)
    harness.later(minutes=112)
    harness.deliver()
    harness.later(minutes=1)
    harness.soc.down = None
    harness.queue(letter("c", CHANNEL))
    assert harness.deliver().counts["held"] == 0, "it is not even looked at"
    assert shown(harness.soc) == headlines("cb")


def test_a_channel_that_asks_to_wait_for_long_fails_until_it_takes_something(found: Found) -> None:
    harness = found()
    harness.soc.down = NotDone("429", retry_after_s=600)
    harness.queue(letter("a", CHANNEL))
    for _ in range(20):
        harness.deliver()
        harness.later(minutes=1)
    with harness.store.reading() as uow:
        assert [one.notifier for one in uow.watched.failing()] == ["soc"]
    harness.soc.down = None
    harness.deliver()
    with harness.store.reading() as uow:
        assert uow.watched.failing() == []


def test_that_a_message_failed_over_another_channel_says_nothing_of_the_one_that_it_waits_for(
    found: Found,
) -> None:
    harness = found(notifiers=[FakeNotifier("soc"), FakeNotifier("mail")])
    harness.soc.fail_next(AWAY)
    harness.queue(letter("a"))
    harness.deliver()
    harness.soc.unreachable.add(ANN.address)
    harness.later(minutes=1)
    with harness.store.begin() as uow:
        uow.outbox.leave_alone("mail", harness.now + timedelta(hours=1))
    harness.deliver()
    with harness.store.reading() as uow:
        assert uow.outbox.backlog().deliveries == 1
        assert uow.watched.failing() == []
