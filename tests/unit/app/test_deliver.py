"""From the outbox to people: folding, budgets, faults, and no repeats."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from letters import ANN, Found, letter, minutes, with_ticket
from worker.app.jobs.deliver import CLAIM_LIFE, Deliver
from worker.app.jobs.delivery_pass import DELIVERIES_MAX
from worker.app.jobs.folding import ITEMS_MAX
from worker.app.jobs.observer import Silent
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import CHANNEL, Message
from worker.ports import AuthFailed, NotDone, PermissionDenied, Receipt, Transient
from worker.ports.state.outbox import Delivery, Outcome


class Crash(BaseException):
    """The process dies."""


# --- folding ----------------------------------------------------------------------------------------------


def test_messages_to_one_person_within_a_window_are_one_digest(found: Found) -> None:
    harness = found(digest_window=timedelta(seconds=60))
    harness.queue(letter("a"))
    harness.later(seconds=59)
    harness.queue(letter("b"), letter("c", person_at("ben@example.org")))
    assert harness.deliver().counts["folded"] == 0

    harness.later(seconds=1)
    harness.deliver()

    [digest] = harness.soc.sent
    assert digest.title == "2 messages from Whosleft"
    assert [part.headline for part in digest.paragraphs] == ["Headline a", "Headline b"]


def test_as_many_messages_as_one_digest_holds_are_one(found: Found) -> None:
    harness = found()
    harness.queue(*(letter(f"{number:02}") for number in range(ITEMS_MAX)))
    assert harness.deliver().counts["folded"] == ITEMS_MAX

    [digest] = harness.soc.sent
    assert len(digest.paragraphs) == ITEMS_MAX


def test_a_single_message_keeps_its_title(found: Found) -> None:
    harness = found()
    harness.queue(letter("a"))
    harness.deliver()

    assert [message.title for message in harness.soc.sent] == ["Title a"]


def test_the_last_message_of_a_day_says_so_and_the_rest_waits_for_tomorrow(found: Found) -> None:
    harness = found(daily_max=2)
    for key in "abcd":
        harness.queue(letter(key))
        harness.deliver()
        minutes(harness, 1)

    assert len(harness.soc.sent) == 2
    assert "last of 2 messages to you today" in harness.soc.sent[1].note
    assert harness.deliver().counts["held_for_tomorrow"] == 2

    harness.later(hours=12)
    harness.deliver()
    assert harness.soc.sent[2].title == "2 messages from Whosleft"


def test_a_day_whose_midnight_comes_twice_is_one_day(found: Found) -> None:
    harness = found(daily_max=1)
    harness.start(replace(harness.app.rules, timezone="America/Havana"))
    harness.now = datetime(2027, 11, 7, 4, 30, tzinfo=UTC)  # 00:30, and so it is an hour later
    harness.queue(letter("a"))
    harness.deliver()
    harness.later(hours=1)
    harness.queue(letter("b"))

    assert harness.deliver().counts["held_for_tomorrow"] == 1
    assert len(harness.soc.sent) == 1


def test_the_channel_has_no_daily_limit(found: Found) -> None:
    harness = found(daily_max=1)
    for key in "abc":
        harness.queue(letter(key, CHANNEL))
        harness.deliver()

    assert len(harness.soc.to("")) == 3


def test_the_channel_s_messages_go_over_every_notifier_that_has_one(found: Found) -> None:
    mail, chat = FakeNotifier("mail", has_channel=False), FakeNotifier("chat")
    board = FakeNotifier("board", reaches_people=False)
    harness = found(notifiers=[mail, chat, board])
    harness.queue(letter("a", CHANNEL), letter("b"))
    harness.deliver()

    assert [len(one.sent) for one in (mail, chat, board)] == [1, 1, 1]
    assert mail.sent[0].to == ANN


def test_one_pass_sends_only_so_many(found: Found) -> None:
    harness = found()
    harness.queue(*(letter(f"m{n}", person_at(f"p{n}@example.org")) for n in range(DELIVERIES_MAX + 1)))

    assert harness.deliver().counts["sent"] == DELIVERIES_MAX
    assert harness.deliver().counts["sent"] == 1


# --- faults -----------------------------------------------------------------------------------------------


def test_too_many_requests_waits_as_long_as_asked(found: Found) -> None:
    harness = found()
    harness.soc.fail_next(NotDone("429", retry_after_s=90))
    harness.queue(letter("a"))
    assert harness.deliver().counts["retried"] == 1

    harness.later(seconds=89)
    assert harness.deliver().counts["sent"] == 0
    harness.later(seconds=1)
    assert harness.deliver().counts["sent"] == 1
    assert not harness.soc.sent[0].may_be_repeat, "it was refused, so it can't have arrived"


@pytest.mark.parametrize("others, times", [((), 4), (("mail",), 2)])
def test_a_fault_is_tried_again_after_a_longer_wait_each_time_longer_still_on_the_last_channel(
    found: Found, others: tuple[str, ...], times: int
) -> None:
    harness = found(notifiers=[FakeNotifier("soc"), *map(FakeNotifier, others)])
    harness.soc.fail_next(Transient("down"), times=4)
    harness.queue(letter("a"))
    harness.deliver()
    tries = []
    for seconds in (29, 1, 30 * times - 1, 1, 30 * times**2 - 1, 1):
        harness.later(seconds=seconds)
        harness.deliver()
        tries.append(len(harness.soc.attempts))

    assert tries == [1, 2, 2, 3, 3, 4]


def test_an_unclear_delivery_is_looked_up_before_it_is_repeated(found: Found) -> None:
    harness = found()
    harness.soc.lose_next_answer()
    harness.queue(letter("a"))
    harness.deliver()
    minutes(harness, 1)

    assert harness.deliver().counts["sent"] == 1
    assert len(harness.soc.sent) == 1


def test_where_the_channel_cannot_tell_a_repeat_says_that_it_may_be_one(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc", can_find=False)])
    harness.soc.lose_next_answer()
    harness.queue(letter("a"))
    harness.deliver()
    minutes(harness, 1)
    harness.deliver()

    assert [message.may_be_repeat for message in harness.soc.sent] == [False, True]
    assert len(set(harness.soc.keys())) == 1


class Unread(FakeNotifier):
    """May not look for what it sent."""

    def find(self, message: Message) -> Receipt | None:
        raise PermissionDenied("It may not read.", missing="channels:history")


def test_where_the_channel_may_not_be_looked_into_it_is_sent_as_what_may_be_a_repeat(found: Found) -> None:
    harness = found(notifiers=[Unread("soc")])
    harness.soc.fail_next(Transient("No answer."))
    harness.queue(letter("a"))
    harness.deliver()
    minutes(harness, 1)
    harness.deliver()

    assert [message.may_be_repeat for message in harness.soc.sent] == [True]


def test_a_process_that_died_while_sending_repeats_nothing(found: Found) -> None:
    harness = found()
    harness.soc.lose_next_answer(Crash())
    harness.queue(letter("a"))
    with pytest.raises(Crash):
        harness.deliver()
    harness.later(seconds=CLAIM_LIFE.total_seconds() - 1)
    assert harness.deliver().counts["sent"] == 0, "somebody may still be at it"

    harness.later(seconds=1)
    assert harness.deliver().counts["sent"] == 1
    assert len(harness.soc.sent) == 1


def test_a_channel_that_does_not_know_us_is_trouble_and_is_tried_again(found: Found) -> None:
    harness = found()
    harness.soc.down = AuthFailed("token revoked.", remedy="Renew it.")
    harness.queue(letter("a"))

    report = harness.deliver()

    assert report.troubles == ("soc: token revoked. Renew it.",)
    harness.soc.down = None
    minutes(harness, 60)
    assert harness.deliver().counts["sent"] == 1


# --- who is told what became of it ------------------------------------------------------------------------


class Heard(Silent):
    """Is told of each attempt, and looks whether its result is stored by then."""

    def __init__(self, harness: Harness) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self._harness = harness
        harness.deliverer = Deliver(
            harness.store, harness.notifiers, harness.deliver_rules, harness.clock, "us:1", self
        )

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime, /) -> None:
        self.outcomes.append((delivery.notifier, outcome.value))
        assert began_at == self._harness.now
        with self._harness.store.begin() as uow:
            is_sent = uow.outbox.backlog()[1] == 0
        assert is_sent == (outcome in {Outcome.SENT, Outcome.UNREACHABLE})


def test_what_became_of_each_attempt_is_told_once_it_is_stored(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc"), FakeNotifier("mail")])
    soc, mail = harness.notifiers
    heard = Heard(harness)
    harness.queue(letter("a"))
    soc.down = Transient("no answer")
    harness.deliver()
    soc.down = None
    soc.unreachable.add(ANN.address)
    minutes(harness, 1)
    harness.deliver()

    assert heard.outcomes == [("soc", "retried"), ("soc", "moved"), ("mail", "sent")]

    heard.outcomes.clear()
    mail.unreachable.add(ANN.address)
    harness.queue(letter("b", number=with_ticket(harness)))
    harness.deliver()

    assert heard.outcomes == [("soc", "moved"), ("mail", "unreachable")]
