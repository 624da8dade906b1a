"""A delivery of which nothing is left to say, since another one of its bundle was looked at first, says nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.jobs.deliver import CLAIM_LIFE
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.ports import NotDone, Rejected, Transient
from worker.ports.state.deliveries import PostState

Start = Callable[..., Harness]
TO_THE_CHANNEL = (Policy("test", (Step(After(share=0.25), (Target.CHANNEL,)),)),)


class KilledError(BaseException):
    """The process ends in the middle of a delivery."""


def emptied(start: Start, error: BaseException, *, has_arrived: bool = False) -> Harness:
    """A step to a channel failed over soc, and over slack by an error; then it is over, which is told.

    `has_arrived`: over slack, which knows that it did.
    """
    soc, slack = FakeNotifier("soc"), FakeNotifier("slack", can_find=has_arrived)
    log = FakeNotifier("log", is_log=True)
    h = start(rules=rules(policies=TO_THE_CHANNEL), notifiers=[soc, slack, log])
    h.leave("ann")
    h.settle()
    h.later(hours=12)
    h.escalate()
    soc.fail_next(NotDone("away"))
    if has_arrived:
        slack.lose_next_answer(error)
    else:
        slack.fail_next(error)
    with suppress(KilledError):
        h.deliver()
    h.corp.change("ann", enabled=True)
    h.settle()
    h.later(minutes=1)
    h.deliver()
    return h


def titles(h: Harness) -> list[list[str]]:
    return [[message.title for message in one.sent] for one in h.notifiers]


def unfinished(h: Harness) -> tuple[int, int]:
    """How many deliveries are on their way, and how many are dead."""
    with h.store.reading() as uow:
        return uow.outbox.backlog().deliveries, uow.deliveries.count(PostState.DEAD, h.now)


@pytest.mark.parametrize("error", [KilledError(), Transient("no answer", remedy="Wait."), NotDone("away")])
@pytest.mark.parametrize("has_arrived", [True, False])
def test_nothing_more_is_sent_where_it_waited_or_was_claimed_when_the_worker_died(
    start: Start, *, error: BaseException, has_arrived: bool
) -> None:
    h = emptied(start, error, has_arrived=has_arrived)
    before = titles(h)
    h.later(seconds=CLAIM_LIFE.total_seconds())
    h.deliver()
    assert titles(h) == before
    assert unfinished(h) == (0, 0)


def test_that_it_arrived_is_known_and_no_log_has_an_empty_copy(start: Start) -> None:
    h = emptied(start, KilledError(), has_arrived=True)
    before = titles(h)
    h.later(seconds=CLAIM_LIFE.total_seconds())
    assert h.deliver().counts["sent"] == 1
    assert titles(h) == before


def test_it_is_not_dead_where_its_channel_does_not_answer_for_good(start: Start) -> None:
    h = emptied(start, KilledError(), has_arrived=True)
    h.notifiers[1].down = Rejected("no such channel", remedy="Make it.")
    h.later(seconds=CLAIM_LIFE.total_seconds())
    report = h.deliver()
    assert (report.counts["unreachable"], report.troubles) == (0, ())
    assert unfinished(h) == (0, 0)


def test_it_is_not_dead_where_its_channel_is_no_more(start: Start) -> None:
    h = emptied(start, KilledError())
    del h.notifiers[1]
    h.start(h.app.rules)
    h.later(seconds=CLAIM_LIFE.total_seconds())
    report = h.deliver()
    assert (report.counts["unreachable"], report.counts["sent"]) == (0, 0)
    assert unfinished(h) == (0, 0)
