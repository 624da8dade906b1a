"""Messages go over the next channel where one reaches nobody, and a log is beside all of them."""

from __future__ import annotations

import pytest

from fakes.notifier import FakeNotifier
from letters import ANN, Found, headlines, letter, minutes, shown, state_of, with_ticket
from worker.app.jobs.after_failure import ATTEMPTS_MAX
from worker.app.jobs.deliver import Deliver
from worker.app.tell.addressing import person_at
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL
from worker.ports import NotDone, Rejected, Transient
from worker.ports.state.deliveries import PostFilter, PostState

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


def test_deliveries_of_a_channel_that_was_removed_reach_nobody_whom_no_other_reaches(found: Found) -> None:
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

    assert report.counts["unreachable"] == 1, "a person"
    assert state_of(harness) == [number]
    assert shown(board) == headlines("b"), "it has the security team's channel"


@pytest.mark.parametrize("is_renamed", [True, False])
def test_a_message_to_a_channel_goes_over_the_notifier_that_has_it_now_and_never_twice_over_one(
    found: Found, is_renamed: bool
) -> None:
    old, board, new = FakeNotifier("old"), FakeNotifier("board"), FakeNotifier("new")
    harness = found(notifiers=[old, board])
    old.down = Transient("down")
    harness.queue(letter("a", CHANNEL))
    harness.deliver()
    minutes(harness, 5)
    there = [board, new] if is_renamed else [board]

    Deliver(harness.store, there, harness.deliver_rules, harness.clock, "us:2").run_once(harness.now)

    assert shown(board) == headlines("a"), "it had it before"
    assert shown(new) == (headlines("a") if is_renamed else [])


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
