"""From the outbox to people: folding, budgets, faults, other channels, and no repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import ticket
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.jobs.deliver import ATTEMPTS_MAX, CLAIM_LIFE, DELIVERIES_MAX, Deliver
from worker.app.jobs.observer import Silent
from worker.app.tell.addressing import person_at
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient
from worker.ports import AuthFailed, NotDone, Rejected, Transient
from worker.ports.state.deliveries import PostFilter, PostState
from worker.ports.state.outbox import Delivery, Outcome, OutMessage

Found = Callable[..., Harness]
ANN = person_at("Ann@example.org", "Ann")


class Crash(BaseException):
    """The process dies."""


def letter(key: str, to: Recipient = ANN, number: int | None = None) -> OutMessage:
    return OutMessage(key, to, f"Title {key}", Paragraph(f"Headline {key}", "Text."), ticket=number)


def with_ticket(harness: Harness) -> int:
    """A ticket for messages to be about."""
    with harness.store.begin() as uow:
        [stored] = uow.tickets.insert([ticket()])
    return stored.id


def state_of(harness: Harness) -> list[int]:
    with harness.store.begin() as uow:
        return uow.tickets.unreachable()


def minutes(harness: Harness, count: float) -> None:
    harness.later(minutes=count)


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


# --- what a channel shows -----------------------------------------------------------------------------------


def shown(*notifiers: FakeNotifier) -> list[str]:
    """The headlines of all that was seen, in order."""
    return [part.headline for one in notifiers for message in one.sent for part in message.paragraphs]


def headlines(keys: Iterable[str]) -> list[str]:
    return [f"Headline {key}" for key in keys]


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
    minutes(harness, 1)
    assert harness.deliver().counts["sent"] == 1


# --- other channels ---------------------------------------------------------------------------------------


def test_an_unreachable_person_is_told_over_the_next_channel(found: Found) -> None:
    mail = FakeNotifier("mail")
    harness = found(notifiers=[FakeNotifier("soc"), mail])
    harness.soc.unreachable.add(ANN.address)
    harness.queue(letter("a"))
    harness.deliver()

    assert (len(harness.soc.sent), len(mail.sent)) == (0, 1)


def test_who_is_on_no_channel_is_unreachable_for_their_ticket(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("soc"), FakeNotifier("mail")])
    number = with_ticket(harness)
    for notifier in harness.notifiers:
        notifier.unreachable.add(ANN.address)
    harness.queue(letter("a", number=number))

    report = harness.deliver()

    assert (report.counts["unreachable"], report.troubles) == (1, ())
    assert state_of(harness) == [number]


def test_what_no_ticket_would_tell_again_is_dead_after_the_last_attempt_and_said(found: Found) -> None:
    harness = found()
    harness.soc.down = Rejected("the channel is archived.", remedy="Restore it.")
    harness.queue(letter("a", CHANNEL))
    for _ in range(ATTEMPTS_MAX - 1):
        assert not any("dead" in trouble for trouble in harness.deliver().troubles)
        harness.later(hours=6)
    [trouble] = [one for one in harness.deliver().troubles if "dead" in one]
    assert "`whosleft deliveries list --state dead` shows it" in trouble
    harness.soc.down = None
    harness.later(hours=48)
    assert harness.deliver().counts["sent"] == 0

    harness.app.silencing.retry("D-000001", Actor("sam"), harness.now)
    assert harness.deliver().counts["sent"] == 1


def test_a_night_s_outage_of_the_last_channel_kills_nothing(found: Found) -> None:
    harness = found()
    harness.soc.down = NotDone("the network is down")
    harness.queue(letter("a", CHANNEL))
    for _ in range(14 * 60):
        harness.deliver()
        minutes(harness, 1)
    harness.soc.down = None
    harness.later(hours=1)
    assert harness.deliver().counts["sent"] == 1


def test_a_channel_that_is_down_for_long_is_left_for_the_next(found: Found) -> None:
    mail = FakeNotifier("mail", can_find=False)
    harness = found(notifiers=[FakeNotifier("soc"), mail])
    harness.soc.down = Transient("no answer")
    harness.queue(letter("a"))
    for _ in range(ATTEMPTS_MAX):
        harness.deliver()
        harness.later()

    [message] = mail.sent
    assert message.may_be_repeat, "nobody knows whether it arrived over the first"


def test_deliveries_of_a_channel_that_was_removed_go_over_another(found: Found) -> None:
    old, new = FakeNotifier("old"), FakeNotifier("new")
    harness = found(notifiers=[old])
    old.down = Transient("down")
    harness.queue(letter("a"))
    harness.deliver()
    minutes(harness, 1)

    after = Deliver(harness.store, [new], harness.deliver_rules, harness.clock, "us:2")

    assert after.run_once(harness.now).counts["sent"] == 1
    assert len(new.sent) == 1


def test_deliveries_of_a_channel_that_was_removed_reach_nobody_when_there_is_no_other(found: Found) -> None:
    old, board = FakeNotifier("old"), FakeNotifier("board", reaches_people=False)
    harness = found(notifiers=[old])
    number = with_ticket(harness)
    old.down = Transient("down")
    harness.queue(letter("a", number=number), letter("b", CHANNEL, number))
    harness.deliver()
    minutes(harness, 1)

    report = Deliver(harness.store, [board], harness.deliver_rules, harness.clock, "us:2").run_once(
        harness.now
    )

    assert report.counts["unreachable"] == 2
    assert state_of(harness) == [number]


# --- a log beside other channels --------------------------------------------------------------------------------


def test_a_log_gets_copies_of_everything_and_reaches_nobody(found: Found) -> None:
    terminal, soc = FakeNotifier("terminal", is_log=True), FakeNotifier("soc")
    harness = found(notifiers=[terminal, soc])
    number = with_ticket(harness)
    soc.unreachable.add(ANN.address)
    harness.queue(letter("a", number=number), letter("b", person_at("ben@example.org")), letter("c", CHANNEL))
    report = harness.deliver()

    assert sorted(shown(terminal)) == headlines("abc")
    assert sorted(shown(soc)) == headlines("bc")
    assert (report.counts["sent"], report.counts["unreachable"]) == (2, 1)
    assert state_of(harness) == [number], "so that the next step comes at once"


def test_a_log_alone_is_all_there_is(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("terminal", is_log=True)])
    harness.queue(letter("a"), letter("c", CHANNEL))

    assert harness.deliver().counts["sent"] == 2
    assert sorted(shown(harness.soc)) == headlines("ac")


def test_a_log_is_the_channel_where_no_other_has_one(found: Found) -> None:
    terminal, soc = FakeNotifier("terminal", is_log=True), FakeNotifier("soc", has_channel=False)
    harness = found(notifiers=[terminal, soc])
    harness.queue(letter("a", CHANNEL))

    assert harness.deliver().counts["sent"] == 1
    assert shown(terminal) == headlines("a")


def test_a_log_that_cannot_be_written_is_trouble_and_keeps_nothing_back(found: Found) -> None:
    terminal, soc = FakeNotifier("terminal", is_log=True), FakeNotifier("soc")
    terminal.down = Transient("closed.", remedy="Open it.")
    harness = found(notifiers=[terminal, soc])
    harness.queue(letter("a"))
    report = harness.deliver()

    assert (report.counts["sent"], report.troubles) == (1, ("terminal: closed. Open it.",))
    assert harness.deliver().troubles == ()


def test_what_was_on_its_way_over_a_log_goes_over_the_channel_that_came_beside_it(found: Found) -> None:
    terminal, soc = FakeNotifier("terminal", is_log=True), FakeNotifier("soc")
    harness = found(notifiers=[terminal])
    terminal.fail_next(NotDone("closed"))
    harness.queue(letter("a"))
    harness.deliver()
    minutes(harness, 1)

    after = Deliver(harness.store, [terminal, soc], harness.deliver_rules, harness.clock, "us:2")
    assert after.run_once(harness.now).counts["sent"] == 1
    assert shown(soc) == headlines("a")


def test_who_no_channel_could_reach_is_unreachable_at_once(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("board", reaches_people=False)])
    number = with_ticket(harness)
    harness.queue(letter("a", number=number))

    assert harness.deliver().counts["unreachable"] == 1
    assert state_of(harness) == [number]
    with harness.store.reading() as uow:
        [dead] = uow.deliveries.posts(PostFilter((PostState.DEAD,)), harness.now, 10)
    assert (dead.over, dead.error) == ("", "No notifier reaches them.")


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
