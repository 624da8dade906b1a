"""That somebody still works here is told by no ticket again: it reaches the security team, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from fakes.notifier import FakeNotifier
from harness import Harness
from mirrored import ME, NURSE, settled, ward
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.answers import Answer
from worker.ports.state.outbox import OutMessage

__all__ = ["ward"]

Start = Callable[..., Harness]


def dispute(harness: Harness) -> None:
    token = harness.link().rpartition("/")[2]
    harness.assigned.answer(token, Answer.STILL_WORKS_HERE, "at her desk", harness.now)


def told_to_the_channel(harness: Harness) -> list[str]:
    for _ in range(6):
        harness.later(minutes=20)
        harness.deliver()
    return [part.headline for message in harness.soc.to("") for part in message.paragraphs]


def disputed(harness: Harness) -> int:
    return sum(headline.startswith("Disputed: ") for headline in told_to_the_channel(harness))


def news(*keys: str, number: int | None = None) -> list[OutMessage]:
    return [OutMessage(key, CHANNEL, "News", Paragraph(f"News {key}"), ticket=number) for key in keys]


def test_it_is_not_summed_up_where_the_channel_is_full(start: Start) -> None:
    harness = start(notifiers=[FakeNotifier("soc", capacity=10)])
    harness.start(replace(harness.app.rules, channel_max=1))
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.queue(*news(*(f"k{number}" for number in range(30)), number=1))
    dispute(harness)

    told = told_to_the_channel(harness)
    assert [headline for headline in told if headline.startswith("Disputed: ")]
    assert "And 30 more messages" in told


def test_it_is_told_though_the_copy_is_closed_before(ward: Harness) -> None:
    tracker = settled(ward)
    ward.start(replace(ward.app.rules, digest_window=timedelta(minutes=10)))
    dispute(ward)
    ward.later(minutes=2)
    tracker.put(CopyStanding.DONE, by=NURSE)
    assert ward.mirror().counts["claimed"] == 1

    assert disputed(ward) == 1


def test_it_is_told_though_the_removal_is_held_before(ward: Harness) -> None:
    ward.start(replace(ward.app.rules, digest_window=timedelta(minutes=10)))
    dispute(ward)
    ward.later(minutes=2)
    ward.app.holds.hold(1, ME, "she exports it first", ward.now + timedelta(hours=24), ward.now)

    assert disputed(ward) == 1
