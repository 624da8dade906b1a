"""What a channel accepted and what came back: the next channel, or the next step, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from builders import NOW, ticket
from fakes.notifier import FakeNotifier
from harness import Harness
from letters import ANN, Found, letter, minutes, state_of, with_ticket
from worker.app.jobs.bouncing import LOOK_EVERY, PAUSE
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.silences import Silence
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL, Recipient
from worker.domain.tickets.ticket import TicketState, ticket_label
from worker.ports import Returned, Transient
from worker.ports.state.deliveries import PostFilter, PostState
from worker.ports.state.outbox import OutMessage

NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "Europe/London", "GB", "Europe/London")


class Crash(BaseException):
    """The process ends here."""


def mail_and_soc(found: Found) -> tuple[Harness, FakeNotifier, FakeNotifier]:
    """A harness with mail that hears of returns before another channel."""
    harness = found(notifiers=[FakeNotifier("mail", hears_returns=True), FakeNotifier("soc")])
    mail, soc = harness.notifiers
    return harness, mail, soc


def posts(harness: Harness) -> list[tuple[str, PostState, str]]:
    """Over what, how it stands and why, the oldest first."""
    with harness.store.reading() as uow:
        found = uow.deliveries.posts(PostFilter(), harness.now, 10)
    return [(one.over, one.state, one.error) for one in reversed(found)]


def look(harness: Harness) -> int:
    """The next run in which the notifiers are asked; how many deliveries came back."""
    harness.later(seconds=LOOK_EVERY.total_seconds())
    return harness.deliver().counts["bounced"]


def test_what_comes_back_goes_out_over_the_next_channel_and_both_are_in_the_list(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    harness.queue(letter("a"), letter("b"))
    harness.deliver()
    [sent] = mail.sent
    mail.bounce(sent, "No such mailbox.")

    assert look(harness) == 1
    assert posts(harness) == [
        ("mail", PostState.BOUNCED, "No such mailbox."),
        ("soc", PostState.WAITING, ""),
    ]
    harness.deliver()

    [again] = soc.sent
    assert again.paragraphs == sent.paragraphs
    assert not again.may_be_repeat
    assert posts(harness)[1] == ("soc", PostState.SENT, "")
    assert len(mail.sent) == 1


def test_the_ticket_says_that_it_came_back_and_when_it_was_not_sent(found: Found) -> None:
    harness, mail, _ = mail_and_soc(found)
    number = with_ticket(harness)
    harness.queue(letter("a", number=number))
    harness.deliver()
    mail.bounce(mail.sent[0])
    look(harness)

    with harness.store.reading() as uow:
        about = uow.deliveries.about(number, harness.now, 10)
        assert uow.outbox.told_about({number: NOW}) == {}
    assert [(one.post.over, one.post.state, one.sent_at) for one in about] == [
        ("mail", PostState.BOUNCED, None),
        ("soc", PostState.WAITING, None),
    ]


def test_on_the_last_channel_it_is_dead_and_the_ticket_s_next_step_comes(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("mail", hears_returns=True)])
    number = with_ticket(harness)
    harness.queue(letter("a", number=number))
    harness.deliver()
    harness.soc.bounce(harness.soc.sent[0], "No such mailbox.")

    assert look(harness) == 1
    assert posts(harness) == [("mail", PostState.DEAD, "No such mailbox.")]
    assert state_of(harness) == [number]

    harness.app.silencing.retry("D-000001", Actor("sam"), harness.now)
    assert harness.deliver().counts["sent"] == 1


def test_a_report_counts_once_however_often_it_comes(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    harness.queue(letter("a"))
    harness.deliver()
    for _ in range(3):
        mail.bounce(mail.sent[0])

    assert look(harness) == 1
    assert not mail.returns
    mail.bounce(mail.sent[0])
    assert look(harness) == 0
    assert (len(mail.sent), len(soc.sent)) == (1, 1)


def test_a_process_that_dies_before_the_report_is_acknowledged_does_nothing_twice(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    harness.queue(letter("a"), letter("b"))
    harness.deliver()
    mail.bounce(mail.sent[0])
    report = mail.returns[0]
    mail.returns.append(Crash())
    harness.later(minutes=1)
    with pytest.raises(Crash):
        harness.deliver()
    mail.returns.appendleft(report)  # committed, and not acknowledged

    assert look(harness) == 0
    assert (len(soc.sent), list(mail.returns)) == (1, [])


def test_a_report_is_acknowledged_only_after_what_follows_from_it_is_stored(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness, mail, soc = mail_and_soc(found)
    harness.queue(letter("a"))
    harness.deliver()
    mail.bounce(mail.sent[0])
    harness.later(minutes=1)
    bouncing = harness.deliverer._bouncing

    def dies(*_given: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(bouncing._reaching, "next_over", dies)
        with pytest.raises(Crash):
            harness.deliver()

    assert posts(harness) == [("mail", PostState.SENT, "")]
    assert len(mail.returns) == 1
    assert look(harness) == 1
    harness.deliver()
    assert len(soc.sent) == 1


@pytest.mark.parametrize("forged", ["another key", "another recipient", "another channel"])
def test_a_report_about_what_was_never_sent_so_changes_nothing(found: Found, forged: str) -> None:
    harness, mail, soc = mail_and_soc(found)
    if forged == "another channel":
        mail.unreachable.add(ANN.address)
    harness.queue(letter("a"))
    harness.deliver()
    key = "whosleft-000000000000000000000000" if forged == "another key" else [*mail.sent, *soc.sent][0].key
    to = "ben@example.org" if forged == "another recipient" else ANN.address
    before = posts(harness)
    mail.returns.append(Returned(key, frozenset({to}), "forged"))

    assert look(harness) == 0
    assert posts(harness) == before
    assert not mail.returns


def test_what_the_security_team_s_channel_sends_back_is_dead_and_said(found: Found) -> None:
    harness, mail, _ = mail_and_soc(found)
    mail_only = replace(letter("a", CHANNEL), to=replace(CHANNEL, via=("mail",)))
    harness.queue(mail_only)
    harness.deliver()
    mail.bounce(mail.sent[0])
    harness.later(minutes=1)

    [trouble] = harness.deliver().troubles

    assert "mail: message whosleft-" in trouble
    assert "`whosleft deliveries list --state dead` shows it" in trouble
    assert posts(harness) == [("mail", PostState.DEAD, "Fake: no such mailbox.")]


def test_what_another_notifier_showed_in_the_channel_stays_told(found: Found) -> None:
    harness, mail, _ = mail_and_soc(found)
    number = with_ticket(harness)
    harness.queue(letter("a", CHANNEL, number))
    harness.deliver()
    mail.bounce(mail.sent[0])

    assert look(harness) == 1
    assert state_of(harness) == []
    assert [state for _, state, _ in posts(harness)] == [PostState.DEAD, PostState.SENT]


# --- what is done, and what is held ------------------------------------------------------------------------


def call(key: str, number: int, to: Recipient = ANN) -> OutMessage:
    return replace(letter(key, to, number), key=f"{ticket_label(number)}:step1.0:{key}", is_urgent=True)


def done(harness: Harness, number: int) -> None:
    with harness.store.begin() as uow:
        one = uow.tickets.many([number])[number]
        uow.tickets.update([replace(one, state=TicketState.DONE)])


def test_nobody_is_called_for_what_was_done_meanwhile(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    with harness.store.begin() as uow:
        first, second = (one.id for one in uow.tickets.insert([ticket(), ticket(handle="b")]))
    harness.queue(call("a", first), call("b", second), letter("c", number=first))
    harness.deliver()
    done(harness, first)
    mail.bounce(mail.sent[0])
    look(harness)
    harness.deliver()

    assert [part.headline for part in soc.sent[0].paragraphs] == ["Headline b", "Headline c"]
    with harness.store.reading() as uow:
        over = [one.post.over for one in uow.deliveries.about(first, harness.now, 10)]
    assert over == ["mail", "soc", "mail"]  # of the last message, then of the call


def test_an_alarm_of_harm_goes_on_though_its_ticket_is_done(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    number = with_ticket(harness)
    harness.queue(replace(call("a", number), key=f"{ticket_label(number)}:harm:a"))
    harness.deliver()
    done(harness, number)
    mail.bounce(mail.sent[0])
    look(harness)
    harness.deliver()
    assert len(soc.sent) == 1


def test_if_all_of_it_was_done_it_came_back_and_that_is_all(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    number = with_ticket(harness)
    harness.queue(call("a", number))
    harness.deliver()
    done(harness, number)
    mail.bounce(mail.sent[0])

    assert look(harness) == 1
    harness.deliver()
    assert posts(harness) == [("mail", PostState.BOUNCED, "Fake: no such mailbox.")]
    assert soc.sent == []


def test_what_waits_for_the_next_channel_can_be_taken_back(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    number = with_ticket(harness)
    harness.queue(letter("a", number=number))
    harness.deliver()
    mail.bounce(mail.sent[0])
    look(harness)
    with harness.store.begin() as uow:
        assert uow.outbox.withdraw_about([number]) == ["a"]

    harness.deliver()
    assert soc.sent == []


@pytest.mark.parametrize(
    "message, waits_h",
    [
        (letter("a"), 12),
        (replace(letter("a"), is_day_or_night=True), 0),
        (replace(letter("a"), is_alarm=True), 0),
    ],
)
def test_a_report_that_comes_at_night_wakes_nobody_whom_a_message_would_not(
    found: Found, message: OutMessage, waits_h: int
) -> None:
    harness, mail, soc = mail_and_soc(found)
    harness.start(replace(harness.app.rules, holding=Holding(quiet=NIGHT)))
    harness.queue(message)
    harness.deliver()
    harness.later(hours=10)  # 22:00 in London
    mail.bounce(mail.sent[0])
    look(harness)
    harness.deliver()
    assert bool(soc.sent) is (waits_h == 0)

    harness.later(hours=waits_h)
    harness.deliver()
    assert len(soc.sent) == 1


def test_what_is_silenced_for_longer_keeps_back_nothing_else(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    number = with_ticket(harness)
    harness.queue(letter("a", number=number), letter("b"))
    harness.deliver()
    until = harness.now + timedelta(days=3)
    silence = Silence("S-1", harness.now, until, "sam", "a drill", groups=("*",))
    harness.start(replace(harness.app.rules, holding=Holding((silence,))))
    mail.bounce(mail.sent[0])
    look(harness)
    harness.deliver()
    assert len(soc.sent) == 1


def test_what_comes_back_goes_on_though_its_notifier_is_called_otherwise_now(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    harness.queue(letter("a"))
    harness.deliver()
    renamed = FakeNotifier("post", hears_returns=True)  # the same mailbox
    harness.notifiers[0] = renamed
    harness.start(harness.app.rules)
    renamed.bounce(mail.sent[0], "No such mailbox.")

    assert look(harness) == 1
    harness.deliver()
    assert len(soc.sent) == 1
    assert not renamed.sent, "which would come back again"


# --- when it is asked --------------------------------------------------------------------------------------


def test_it_is_asked_once_a_minute_and_only_where_it_can_be(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    for _ in range(4):
        harness.deliver()
        minutes(harness, 0.5)
    assert (mail.looks, soc.looks) == (2, 0)


def test_a_mailbox_that_cannot_be_read_is_trouble_and_is_left_alone_for_a_while(found: Found) -> None:
    harness, mail, soc = mail_and_soc(found)
    harness.queue(letter("a"))
    harness.deliver()
    mail.bounce(mail.sent[0])
    mail.returns.append(Transient("the mailbox does not answer.", remedy="Look there."))
    harness.later(minutes=1)

    report = harness.deliver()
    assert report.troubles == ("mail: the mailbox does not answer. Look there.",)
    assert report.counts["bounced"] == 1  # before it broke off
    mail.returns.append(Returned("k", frozenset(), "why"))
    harness.later(seconds=PAUSE.total_seconds() - 1)
    harness.deliver()
    assert len(mail.returns) == 1
    harness.later(seconds=1)
    harness.deliver()
    assert not mail.returns
    assert len(soc.sent) == 1
