"""What a channel shows of many messages, and channels that ask to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.notifier import FakeNotifier
from letters import ANN, Found, headlines, letter, shown, with_ticket
from worker.app.jobs.after_failure import ATTEMPTS_MAX
from worker.app.jobs.deliver import Deliver
from worker.app.jobs.delivery_pass import DELIVERIES_MAX
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import CHANNEL, Message
from worker.ports import NotDone, Transient

# --- what a channel shows -----------------------------------------------------------------------------------


def test_in_a_mass_event_each_message_is_shown_once_and_none_counts_as_sent_that_was_not(
    found: Found,
) -> None:
    harness = found(notifiers=[FakeNotifier("soc", capacity=12)])
    keys = [f"m{number:02}" for number in range(80)]
    harness.queue(*(letter(key, CHANNEL) for key in keys))

    assert harness.deliver().counts["folded"] == 80

    assert shown(harness.soc) == headlines(keys)
    assert [len(message.paragraphs) for message in harness.soc.sent] == [12] * 6 + [8]


def test_of_several_channels_the_smallest_says_how_much_is_in_a_message(found: Found) -> None:
    large, small = FakeNotifier("large", capacity=9), FakeNotifier("small", capacity=2)
    harness = found(notifiers=[large, small])
    harness.queue(*(letter(key, CHANNEL) for key in "abcde"))
    harness.deliver()

    assert shown(large) == shown(small) == headlines("abcde")


def test_what_two_messages_say_of_a_ticket_in_the_same_words_is_shown_once_and_both_count_as_sent(
    found: Found,
) -> None:
    harness = found(notifiers=[FakeNotifier("soc", capacity=2)])
    about = letter("a", number=with_ticket(harness))
    harness.queue(about, replace(about, key="again"), letter("b"), letter("c"))

    assert harness.deliver().counts["folded"] == 4
    assert shown(harness.soc) == headlines("abc")
    assert [len(message.paragraphs) for message in harness.soc.sent] == [2, 1]


def test_news_about_no_ticket_are_shown_as_often_as_they_came(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc", capacity=1)])
    harness.queue(letter("a"), replace(letter("a"), key="again"))
    harness.deliver()
    assert shown(harness.soc) == headlines("aa")


def test_what_does_not_fit_waits_for_the_next_message_of_the_day_or_tomorrow_s_first(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc", capacity=3)], daily_max=2)
    harness.queue(*(letter(key) for key in "abcdefgh"))

    assert harness.deliver().counts["held_for_tomorrow"] == 2
    assert shown(harness.soc) == headlines("abcdef")
    first, last = harness.soc.sent
    assert (first.note, "last of 2 messages to you today" in last.note) == ("", True)

    harness.later(hours=12)
    harness.deliver()
    assert shown(harness.soc) == headlines("abcdefgh")
    assert harness.soc.sent[2].note == ""


def test_a_last_message_that_comes_a_day_late_does_not_say_that_it_is_today_s_last(found: Found) -> None:
    harness = found(daily_max=2)
    harness.queue(letter("a"))
    harness.deliver()
    harness.soc.down = Transient("down")
    harness.queue(letter("b"))
    harness.deliver()
    harness.soc.down = None
    harness.later(hours=12)
    harness.queue(letter("c"))
    for _ in range(2):
        harness.deliver()

    assert [message.title for message in harness.soc.sent] == ["Title a", "Title b", "Title c"]
    assert [bool(message.note) for message in harness.soc.sent] == [False, False, True]


def test_what_a_smaller_channel_does_not_show_comes_in_its_next_message(found: Found) -> None:
    mail = FakeNotifier("mail", capacity=2)
    harness = found(notifiers=[FakeNotifier("soc", capacity=5), mail])
    harness.soc.unreachable.add(ANN.address)
    harness.queue(*(letter(key) for key in "abcde"))
    for _ in range(3):
        harness.deliver()

    assert shown(mail) == headlines("abcde")
    assert not any(message.may_be_repeat for message in mail.sent)


def test_what_a_larger_channel_may_have_shown_says_so_in_each_message_of_the_smaller(found: Found) -> None:
    mail = FakeNotifier("mail", capacity=2, can_find=False)
    harness = found(notifiers=[FakeNotifier("soc", capacity=5), mail])
    harness.soc.lose_next_answer()
    harness.queue(*(letter(key) for key in "abc"))
    harness.deliver()
    harness.soc.unreachable.add(ANN.address)
    harness.soc.can = replace(harness.soc.can, can_find=False)
    for _ in range(3):
        harness.later()
        harness.deliver()

    assert shown(harness.soc) == shown(mail) == headlines("abc")
    assert [message.may_be_repeat for message in mail.sent] == [True, True]


def test_a_channel_that_shows_less_than_it_did_shows_the_rest_later(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc", capacity=5)])
    harness.soc.fail_next(NotDone("busy"))
    harness.queue(*(letter(key, CHANNEL) for key in "abcde"))
    harness.deliver()
    harness.soc.capacity = 2
    for _ in range(3):
        harness.later()
        harness.deliver()

    assert shown(harness.soc) == headlines("abcde")


def test_a_channel_that_can_not_say_how_much_it_shows_holds_up_no_other_and_shows_one_at_a_time(
    found: Found,
) -> None:
    class Faulty(FakeNotifier):
        def takes(self, message: Message) -> int:
            if len(message.paragraphs) > 1:
                raise KeyError("a shape that nobody foresaw")
            return 1

    faulty, mail = Faulty("soc"), FakeNotifier("mail")
    harness = found(notifiers=[faulty, mail])
    harness.queue(*(letter(key, CHANNEL) for key in "abc"))
    harness.deliver()

    assert shown(faulty) == shown(mail) == headlines("abc")
    assert {len(message.paragraphs) for message in faulty.sent} == {1}


# --- a channel that asks to wait -----------------------------------------------------------------------------


def test_a_channel_that_asks_to_wait_is_tried_once_and_then_left_alone_by_all_until_then(
    found: Found,
) -> None:
    mail = FakeNotifier("mail", reaches_people=False)
    harness = found(notifiers=[FakeNotifier("soc", capacity=1), mail])
    harness.soc.down = NotDone("429", retry_after_s=30)
    harness.queue(*(letter(f"m{number}", person_at(f"p{number}@example.org")) for number in range(49)))
    harness.queue(letter("c", CHANNEL))
    harness.deliver()
    assert (len(harness.soc.attempts), len(mail.sent)) == (1, 1), "other channels go on"

    harness.soc.down = None
    harness.later(seconds=29)
    another = Deliver(harness.store, harness.notifiers, harness.deliver_rules, harness.clock, "us:2")
    assert another.run_once(harness.now).counts["sent"] == 0

    harness.later(seconds=1)
    assert harness.deliver().counts["sent"] == 50
    assert not any(message.may_be_repeat for message in harness.soc.sent)


def test_an_asked_wait_is_no_attempt(found: Found) -> None:
    mail = FakeNotifier("mail")
    harness = found(notifiers=[FakeNotifier("soc"), mail])
    harness.soc.down = NotDone("429", retry_after_s=30)
    harness.queue(letter("a"))
    for _ in range(3 * ATTEMPTS_MAX):
        report = harness.deliver()
        harness.later()
    assert (report.counts["retried"], report.troubles, mail.sent) == (1, (), [])

    harness.soc.down = None
    harness.deliver()
    assert [message.may_be_repeat for message in harness.soc.sent] == [False]


def test_trouble_that_asks_to_wait_is_waited_for_and_looked_up(found: Found) -> None:
    harness = found()
    harness.soc.lose_next_answer(Transient("503", retry_after_s=300))
    harness.queue(letter("a"))
    harness.deliver()
    harness.queue(letter("b", CHANNEL))
    harness.later(seconds=299)
    assert harness.deliver().counts["sent"] == 0

    harness.later(seconds=1)
    harness.deliver()
    assert shown(harness.soc) == headlines("ab")


def test_trouble_that_asks_to_wait_for_ever_is_left_for_the_next_channel(found: Found) -> None:
    mail = FakeNotifier("mail")
    harness = found(notifiers=[FakeNotifier("soc"), mail])
    harness.soc.down = Transient("503", retry_after_s=60)
    harness.queue(letter("a"))
    for _ in range(ATTEMPTS_MAX):
        harness.deliver()
        harness.later()

    assert [message.may_be_repeat for message in mail.sent] == [True]


@pytest.mark.parametrize("asked_s, waits", [(0, timedelta(seconds=1)), (float("inf"), timedelta(days=1))])
def test_a_wait_is_a_second_at_least_and_a_day_at_most(
    found: Found, asked_s: float, waits: timedelta
) -> None:
    harness = found()
    harness.soc.fail_next(NotDone("429", retry_after_s=asked_s), times=DELIVERIES_MAX)
    harness.queue(letter("a"))
    harness.deliver()
    assert len(harness.soc.attempts) == 1

    harness.now += waits - timedelta(microseconds=1)
    harness.deliver()
    assert len(harness.soc.attempts) == 1
    harness.now += timedelta(microseconds=1)
    harness.deliver()
    assert len(harness.soc.attempts) == 2


def test_what_waited_for_a_channel_for_hours_is_no_repeat(found: Found) -> None:
    harness = found()
    harness.soc.fail_next(NotDone("429", retry_after_s=3 * 3600))
    harness.queue(letter("a"))
    harness.deliver()
    harness.queue(letter("b", CHANNEL))
    harness.deliver()
    harness.later(hours=3)
    harness.deliver()

    assert [message.may_be_repeat for message in harness.soc.sent] == [False, False]
