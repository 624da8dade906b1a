"""Quiet hours and silences hold what is on its way, too: before it is tried again, and before the next channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from letters import ANN, headlines, letter, shown
from silenced import DEE, SAM, late_company, posts, silence
from worker.app.tell.addressing import person_at
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.quiet import QuietHours
from worker.domain.messages.message import CHANNEL
from worker.ports import NotDone, Transient
from worker.ports.state.deliveries import PostFilter, PostState

Start = Callable[..., Harness]
NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "UTC", "GB")
LOST = Transient("Fake: no answer.", remedy="Wait.")
AWAY = NotDone("Fake: not now.")


def in_the_evening(start: Start, *notifiers: FakeNotifier) -> Harness:
    """It is ten to eight, and quiet from eight on."""
    h = start(notifiers=notifiers)
    h.start(replace(h.app.rules, holding=Holding(quiet=NIGHT)))
    h.now = h.now.replace(hour=19, minute=50, second=0, microsecond=0)
    return h


def until_eight(h: Harness) -> None:
    """The channel is away until then."""
    h.soc.down = AWAY
    for _ in range(10):
        h.deliver()
        h.later(minutes=1)
    h.soc.down = None


def through_the_night(h: Harness, *seen: FakeNotifier) -> None:
    """Until seven; nobody is told anything."""
    while h.now.hour != 7:
        h.deliver()
        assert not [one.sent for one in seen or (h.soc,) if one.sent], f"told at {h.now:%H:%M}"
        h.later(minutes=10)


def test_what_a_channel_could_not_take_in_the_evening_is_sent_in_the_morning(start: Start) -> None:
    h = in_the_evening(start, FakeNotifier("soc"))
    h.queue(letter("a"))
    until_eight(h)
    tries = len(h.soc.attempts)

    through_the_night(h)
    assert len(h.soc.attempts) == tries, "nor was it tried"
    h.deliver()
    assert len(h.soc.sent) == 1


def test_meanwhile_it_is_listed_as_held_until_then_and_its_attempts_count_on(start: Start) -> None:
    h = in_the_evening(start, FakeNotifier("soc"))
    h.queue(letter("a"))
    until_eight(h)
    h.later(minutes=5)
    assert h.deliver().counts["held"] == 1

    [held] = posts(h, PostState.HELD)
    assert (held.over, held.held_by, held.attempts) == ("soc", "quiet", len(h.soc.attempts))
    assert held.held_until == h.now.replace(hour=7, minute=0) + timedelta(days=1)
    assert posts(h, *PostState) == [held]
    assert posts(h, PostState.WAITING) == []
    with h.store.reading() as uow:
        assert uow.deliveries.count(PostState.HELD, h.now) == 1
        assert uow.deliveries.count(PostState.WAITING, h.now) == 0
    through_the_night(h)
    assert [one.state for one in posts(h, *PostState)] == [PostState.WAITING]


def test_a_channel_that_never_takes_it_is_given_up_in_spite_of_the_nights(start: Start) -> None:
    h = in_the_evening(start, FakeNotifier("soc"))
    h.queue(letter("a"))
    h.soc.down = AWAY
    for _ in range(48):
        h.deliver()
        h.later(hours=1)
    assert len(h.soc.attempts) == 8
    assert [one.state for one in posts(h, *PostState)] == [PostState.DEAD]


def test_the_next_channel_is_not_tried_at_night_when_the_first_is_given_up(start: Start) -> None:
    mail, sms = FakeNotifier("mail"), FakeNotifier("sms", reaches_phones=True)
    h = in_the_evening(start, mail, sms)
    h.queue(letter("a"))
    mail.down = LOST

    through_the_night(h, mail, sms)
    assert not sms.attempts
    h.deliver()
    assert len(sms.sent) == 1, "it goes on where it was"


def test_what_is_for_day_or_night_is_tried_again_and_what_waits_is_taken_out_of_it(start: Start) -> None:
    h = in_the_evening(start, FakeNotifier("soc"))
    h.queue(letter("a"), replace(letter("b"), is_day_or_night=True))
    until_eight(h)
    h.later(minutes=5)
    h.deliver()
    assert shown(h.soc) == headlines("b")
    [held] = posts(h, PostState.HELD)
    assert held.id.startswith("M-")

    h.later(hours=12)
    h.deliver()
    assert shown(h.soc) == headlines("ba")


def test_an_alarm_is_tried_again_at_night(start: Start) -> None:
    h = in_the_evening(start, FakeNotifier("soc"))
    h.queue(replace(letter("a"), is_alarm=True))
    until_eight(h)
    h.later(minutes=5)
    h.deliver()
    assert len(h.soc.sent) == 1


@pytest.mark.parametrize("has_arrived", [True, False])
def test_what_may_have_arrived_is_looked_for_at_night_and_not_sent(start: Start, has_arrived: bool) -> None:
    h = in_the_evening(start, FakeNotifier("soc"))
    h.queue(letter("a"))
    h.later(minutes=9.75)
    if has_arrived:
        h.soc.lose_next_answer()
    else:
        h.soc.fail_next(LOST)
    h.deliver()
    h.later(minutes=5)
    h.deliver()
    assert len(h.soc.attempts) == 1
    assert [one.state for one in posts(h, *PostState)] == [PostState.SENT if has_arrived else PostState.HELD]

    h.later(hours=12)
    h.deliver()
    assert len(h.soc.sent) == 1
    assert len(h.soc.attempts) == (1 if has_arrived else 2)


# --- silences ----------------------------------------------------------------------------------------------


def called(start: Start) -> Harness:
    """Dee is called to act, and the channel is away."""
    h = late_company(start)
    h.soc.sent.clear()
    h.later(hours=12)
    h.soc.down = AWAY
    h.escalate()
    h.deliver()
    h.soc.down = None
    return h


def test_a_silence_holds_what_still_waits_for_its_channel_and_counts_it(start: Start) -> None:
    h = called(start)
    made = silence(h, 4, groups=("Ward 7",))
    h.later(minutes=5)
    h.deliver()
    assert h.soc.sent == []
    [held] = posts(h, PostState.HELD)
    assert (held.held_by, held.held_until) == (f"silence:{made.id}", made.until_at)
    with h.store.reading() as uow:
        assert [one.fired for one in h.app.silencing.all(uow)] == [1]
        [told, *_] = uow.deliveries.about(1, h.now, 9)
    assert told.post == held

    h.later(hours=4)
    h.deliver()
    assert len(h.soc.to(DEE)) == 1


def test_it_goes_out_when_the_silence_is_ended(start: Start) -> None:
    h = called(start)
    made = silence(h, 40, groups=("Ward 7",))
    h.later(minutes=5)
    h.deliver()
    h.app.silencing.end(made.id, SAM, h.now)
    assert [one.state for one in posts(h, PostState.HELD, PostState.WAITING)] == [PostState.WAITING]
    h.deliver()
    assert len(h.soc.to(DEE)) == 1


def test_or_when_the_worker_starts_and_the_night_is_not_quiet_any_more(start: Start) -> None:
    h = in_the_evening(start, FakeNotifier("soc"))
    h.queue(letter("a"))
    until_eight(h)
    h.later(minutes=5)
    h.deliver()
    h.start(replace(h.app.rules, holding=Holding()))
    h.escalate()
    h.deliver()
    assert len(h.soc.sent) == 1


def test_a_call_whose_ticket_is_closed_while_it_is_held_on_its_way_is_named(start: Start) -> None:
    h = called(start)
    silence(h, 4, groups=("Ward 7",))
    h.later(minutes=5)
    h.deliver()
    h.desk.waive(1, SAM, "Agreed with the ward", h.now)
    assert posts(h, PostState.HELD, PostState.WAITING) == []

    h.later(hours=4)
    h.queue(letter("a", person_at(DEE)))
    h.deliver()
    [told] = h.soc.to(DEE)
    assert [part.headline for part in told.paragraphs] == ["Headline a", "Closed before you were told"]


def test_what_one_notifier_has_shown_in_the_channel_is_told_and_goes_on_over_the_other(start: Start) -> None:
    one, other = FakeNotifier("soc"), FakeNotifier("chat")
    h = start(notifiers=[one, other])
    h.leave("ann")
    h.settle()
    h.deliver()
    h.queue(letter("a", CHANNEL, h.ticket().id), letter("b", CHANNEL))
    other.fail_next(AWAY)
    h.deliver()
    silence(h, 4, groups=("*",))
    h.later(minutes=5)
    h.deliver()
    assert shown(other)[-2:] == shown(one)[-2:] == headlines("ab")


def test_a_program_is_sent_its_events_in_spite_of_a_silence(start: Start) -> None:
    feed = FakeNotifier("siem", events=["ticket.*"], reaches_people=False, has_channel=False)
    h = start(notifiers=[FakeNotifier("soc"), feed])
    h.deliver()
    feed.down = AWAY
    h.leave("ann")
    h.settle()
    h.deliver()
    feed.down = None
    silence(h, 40, groups=("*",))
    h.later(hours=2)
    h.deliver()
    assert feed.sent, "it is history, and wakes nobody"


def test_what_came_back_goes_out_without_what_is_silenced_meanwhile(start: Start) -> None:
    mail, sms = FakeNotifier("mail", hears_returns=True), FakeNotifier("sms", reaches_phones=True)
    h = start(notifiers=[mail, sms])
    h.leave("ann")
    h.settle()
    h.deliver()
    h.queue(letter("a", ANN, h.ticket().id), letter("b"))
    h.deliver()
    [sent] = mail.to(ANN.address)
    made = silence(h, 40, groups=("*",))
    mail.bounce(sent)
    h.later(minutes=2)
    h.deliver()
    h.deliver()
    assert shown(sms) == headlines("b")

    h.app.silencing.end(made.id, SAM, h.now)
    h.deliver()
    assert shown(mail)[-1:] == headlines("a")


def test_all_that_came_back_in_a_silence_goes_out_when_it_is_ended(start: Start) -> None:
    mail, sms = FakeNotifier("mail", hears_returns=True), FakeNotifier("sms", reaches_phones=True)
    h = start(notifiers=[mail, sms])
    h.leave("ann")
    h.settle()
    h.deliver()
    [sent] = mail.to(DEE)
    made = silence(h, 40, groups=("*",))
    mail.bounce(sent)
    h.later(minutes=2)
    h.deliver()
    h.deliver()
    with h.store.reading() as uow:
        states = [one.state for one in uow.deliveries.posts(PostFilter(), h.now, 9) if one.to.address == DEE]
    assert (states, sms.sent) == ([PostState.HELD, PostState.BOUNCED], [])

    h.app.silencing.end(made.id, SAM, h.now)
    h.deliver()
    assert len(sms.to(DEE)) == 1
