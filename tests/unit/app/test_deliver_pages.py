"""Folding and sending by the page: what changes while a page is under way, and what a death leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from fakes.interleaved import Interleaved
from fakes.notifier import FakeNotifier
from harness import Harness
from letters import Found, letter, with_ticket
from worker.app.jobs.deliver import CLAIM_LIFE, PAGE, PAGE_TIME, RESERVED_LIFE, Deliver
from worker.app.jobs.folding import RECIPIENTS_MAX
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import Message, Recipient
from worker.ports import NotDone, Receipt


class Crash(BaseException):
    """The process dies."""


class Watched(FakeNotifier):
    """Does something once, when it has sent a message."""

    deed: Callable[[], object] | None = None

    def send(self, message: Message) -> Receipt:
        receipt = super().send(message)
        deed, self.deed = self.deed, None
        if deed:
            deed()
        return receipt


def reader(number: int) -> Recipient:
    return person_at(f"p{number:03}@example.org")


def queue(harness: Harness, count: int) -> None:
    harness.queue(*(letter(f"m{number}", reader(number)) for number in range(count)))


def another(harness: Harness) -> Deliver:
    """Another process with the same database."""
    return Deliver(harness.store, harness.notifiers, harness.deliver_rules, harness.clock, "another")


@pytest.fixture
def watched(found: Found) -> tuple[Harness, Watched]:
    soc = Watched("soc")
    return found(notifiers=[soc]), soc


def test_what_is_withdrawn_while_its_page_is_under_way_is_not_sent(watched: tuple[Harness, Watched]) -> None:
    harness, soc = watched
    number = with_ticket(harness)
    harness.queue(letter("a", reader(1)), letter("b", reader(2), number), letter("c", reader(3)))

    def withdraw() -> None:
        with harness.store.begin() as uow:
            assert uow.outbox.withdraw_about([number]) == ["b"]

    soc.deed = withdraw

    assert harness.deliver().counts["sent"] == 2
    assert [message.title for message in soc.sent] == ["Title a", "Title c"]


def test_a_channel_that_asks_to_wait_in_the_middle_of_a_page_is_left_alone(
    watched: tuple[Harness, Watched],
) -> None:
    harness, soc = watched
    queue(harness, 3)
    soc.deed = lambda: soc.fail_next(NotDone("429", retry_after_s=90))

    assert harness.deliver().counts["sent"] == 1
    assert len(soc.attempts) == 2

    harness.later(seconds=90)
    assert harness.deliver().counts["sent"] == 2


def test_after_a_moment_it_is_asked_anew_which_channels_may_be_used(watched: tuple[Harness, Watched]) -> None:
    harness, soc = watched
    queue(harness, 3)

    def elsewhere() -> None:
        with harness.store.begin() as uow:
            uow.outbox.leave_alone("soc", harness.now + timedelta(hours=1))
        harness.later(seconds=PAGE_TIME.total_seconds())

    soc.deed = elsewhere

    assert harness.deliver().counts["sent"] == 1


def test_two_who_send_at_the_same_time_send_each_message_once(watched: tuple[Harness, Watched]) -> None:
    harness, soc = watched
    queue(harness, PAGE + 5)
    sent = []
    soc.deed = lambda: sent.append(another(harness).run_once(harness.now).counts["sent"])

    assert (harness.deliver().counts["sent"], sent) == (PAGE, [5])
    assert len(soc.sent) == len({message.title for message in soc.sent}) == PAGE + 5


def test_of_a_page_whose_holder_died_only_the_one_under_way_may_be_a_repeat(found: Found) -> None:
    soc = FakeNotifier("soc", can_find=False)
    harness = found(notifiers=[soc])
    queue(harness, 3)
    soc.lose_next_answer(Crash())
    with pytest.raises(Crash):
        harness.deliver()
    heir = another(harness)
    assert heir.run_once(harness.now).counts["sent"] == 0, "they are reserved"

    harness.later(seconds=RESERVED_LIFE.total_seconds())
    assert heir.run_once(harness.now).counts["sent"] == 2
    harness.later(seconds=CLAIM_LIFE.total_seconds())
    assert heir.run_once(harness.now).counts["sent"] == 1
    assert [(message.title, message.may_be_repeat) for message in soc.sent] == [
        ("Title m0", False),
        ("Title m1", False),
        ("Title m2", False),
        ("Title m0", True),
    ]


def test_a_process_that_ends_marks_what_it_sends_and_gives_back_the_rest(
    watched: tuple[Harness, Watched],
) -> None:
    harness, soc = watched
    queue(harness, PAGE + 1)
    stop = Event()
    harness.deliverer.is_stopping = stop.is_set
    soc.deed = stop.set

    assert harness.deliver().counts["sent"] == 1
    assert another(harness).run_once(harness.now).counts["sent"] == PAGE, "it waits for nothing"
    assert len(soc.sent) == len({message.title for message in soc.sent}) == PAGE + 1


def test_what_ends_a_wait_in_the_middle_of_a_page_gives_back_the_rest(found: Found) -> None:
    soc, stop = Watched("soc"), Event()
    harness = found(notifiers=[soc])
    queue(harness, 3)
    harness.deliverer.is_stopping = stop.is_set

    def end() -> None:
        stop.set()
        raise Crash

    soc.deed = end
    with pytest.raises(Crash):
        harness.deliver()

    assert another(harness).run_once(harness.now).counts["sent"] == 2


def test_of_several_messages_in_a_page_the_day_s_last_says_so(found: Found) -> None:
    harness = found(daily_max=2, notifiers=[FakeNotifier("soc", capacity=1)])
    harness.queue(letter("a"), letter("b"), letter("c"))
    harness.deliver()

    assert [bool(message.note) for message in harness.soc.sent] == [False, True]


def test_folding_is_committed_by_the_page(found: Found) -> None:
    harness = found()
    queue(harness, RECIPIENTS_MAX + 1)

    def die() -> None:
        raise Crash

    store = Interleaved(harness.store, 3, die)  # the first one finds who waits
    dying = Deliver(store, harness.notifiers, harness.deliver_rules, harness.clock, "us")
    with pytest.raises(Crash):
        dying.run_once(harness.now)

    with harness.store.begin() as uow:
        assert uow.outbox.backlog() == (1, RECIPIENTS_MAX)
    assert harness.deliver().counts["folded"] == 1
    assert harness.deliver().counts["sent"] + len(harness.soc.sent) >= RECIPIENTS_MAX


def test_alarms_are_folded_apart_from_what_else_there_is(found: Found) -> None:
    harness = found()
    harness.queue(letter("a"), replace(letter("b"), is_alarm=True), replace(letter("c"), is_alarm=True))
    harness.deliver()

    assert [len(message.paragraphs) for message in harness.soc.sent] == [2, 1]
