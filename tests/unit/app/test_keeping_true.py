"""Messages that are kept true: one a ticket and conversation, changed in silence, with its history below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest
import sqlalchemy as sa

from fakes.notifier import FakeNotifier
from harness import ACCOUNTABLE, Harness
from worker.app.jobs.keeping_true import PAUSE
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.quiet import QuietHours
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL, Message, Paragraph, ReaderAct
from worker.ports import ConnectorError, NotDone, PermissionDenied, Rejected, Transient, Unreachable
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.tables import shown_message

Found = Callable[..., Harness]
DEE = "dee@corp.example"
EVE = Actor("eve@corp.example")


@pytest.fixture
def ward(start: Found) -> Harness:
    """A company in which Ben has left, and Dee was asked to remove him."""
    harness = start(notifiers=[FakeNotifier("soc", is_conversing=True)], has_links=True)
    harness.leave("ben")
    harness.settle()
    harness.deliver()
    return harness


def told(harness: Harness, number: int = 1, *, is_urgent: bool = False) -> Message:
    """The security channel is told something about the ticket; return its message."""
    key = f"news-{len(harness.soc.sent)}"
    harness.queue(OutMessage(key, CHANNEL, "News", Paragraph("News", "Text."), is_urgent, number))
    harness.deliver()
    return harness.soc.sent[-1]


def text_of(message: Message) -> str:
    return "\n".join(f"{one.headline} {one.text}" for one in message.paragraphs)


def test_the_assignee_is_offered_what_they_may_do_and_the_channel_everything(ward: Harness) -> None:
    [asked] = ward.soc.sent[0].paragraphs
    assert [one.act for one in asked.offers] == [ReaderAct.ACKNOWLEDGE, ReaderAct.DONE, ReaderAct.SNOOZE]
    assert [one.label for one in asked.offers] == ["I have it", "Done", "Snooze"]
    assert [one.act for one in told(ward).paragraphs[0].offers] == list(ReaderAct)


def test_a_message_says_how_its_ticket_stands_now_and_offers_nothing_that_is_over(ward: Harness) -> None:
    ward.later(minutes=5)
    ward.desk.done(1, Actor(DEE), ward.now, "took him out")
    assert ward.deliver().counts["updated"] == 1

    [part] = ward.soc.standing["fake/1"].paragraphs
    assert part.headline == "Marked as done: Remove Ben from Ward 7"
    assert f"{DEE} marked it as done on" in part.text
    assert (part.offers, part.steps) == ((), ())
    assert part.link
    assert len(ward.soc.sent) == 1  # nobody is notified
    assert ward.deliver().counts["updated"] == 0


def test_below_it_stands_what_happened_with_who_and_why(ward: Harness) -> None:
    ward.later(minutes=5)
    ward.desk.acknowledge(1, Actor(DEE), ward.now)
    ward.later(minutes=5)
    ward.desk.done(1, Actor(DEE), ward.now, "took him out")
    ward.deliver()

    [(reference, history)] = ward.soc.replies
    assert (reference, history.title) == ("fake/1", "T-000001")
    first, second = history.paragraphs[0].text.split("\n")
    assert first.endswith(f"{DEE} has it.")
    assert second.endswith(f"{DEE} marked it as done. took him out")

    ward.later(minutes=5)
    ward.desk.reopen(1, EVE, "he is back", ward.now)
    ward.deliver()
    assert text_of(ward.soc.replies[-1][1]).strip().endswith("It was reopened. he is back")


def test_below_a_digest_it_says_of_which_ticket(start: Found) -> None:
    harness = start(notifiers=[FakeNotifier("soc", is_conversing=True)], has_links=True)
    harness.leave("ann", "ben")
    harness.settle()
    harness.deliver()
    harness.later(minutes=5)
    for number in (1, 2):
        harness.desk.acknowledge(number, Actor(DEE), harness.now)
    harness.deliver()
    [(_, history)] = harness.soc.replies
    assert history.title == "T-000001, T-000002"
    assert [one.headline for one in history.under_title] == ["T-000001", "T-000002"]

    harness.later(minutes=5)
    harness.desk.done(2, Actor(DEE), harness.now)
    harness.deliver()
    [_, (_, history)] = harness.soc.replies
    assert (history.title, [one.headline for one in history.under_title]) == ("T-000002", [""])


def lines(harness: Harness) -> list[str]:
    """What stands below messages, without when it happened."""
    text = "\n".join(text_of(said).strip() for _, said in harness.soc.replies)
    return [line.rpartition(": ")[2] for line in text.split("\n") if line]


def test_a_line_is_there_that_a_long_run_wrote_late_by_when_it_began(ward: Harness) -> None:
    began = ward.now
    ward.later(minutes=3)
    told(ward)
    ward.desk.acknowledge(1, Actor(DEE), began)
    ward.deliver()
    assert lines(ward) == [f"{DEE} has it."] * 2, "below the message to Dee, and below the channel's"


@pytest.mark.parametrize("is_earlier_release", [False, True])
def test_and_only_once_where_somebody_acted_after_the_run_began(
    ward: Harness, *, is_earlier_release: bool
) -> None:
    ward.desk.acknowledge(1, Actor(DEE), ward.now + timedelta(seconds=20))
    if is_earlier_release:
        with ward.engine.begin() as connection:
            connection.execute(sa.update(shown_message).values(told_seq=None))
    ward.deliver()
    ward.later(minutes=5)
    ward.desk.done(1, Actor(DEE), ward.now)
    ward.deliver()
    assert lines(ward) == [f"{DEE} has it.", f"{DEE} marked it as done."]


def test_an_open_ticket_keeps_its_steps_and_says_who_has_it(ward: Harness) -> None:
    ward.later(minutes=5)
    ward.desk.acknowledge(1, Actor(DEE), ward.now)
    ward.deliver()
    [part] = ward.soc.standing["fake/1"].paragraphs
    assert "Somebody has it until" in part.text
    assert part.steps
    assert part.offers


def test_what_no_reader_sees_changes_no_message(ward: Harness) -> None:
    weighed = replace(ward.ticket(), weighed_at=ward.now, handed=3)
    with ward.store.begin() as uow:
        uow.tickets.update([weighed])
    assert ward.deliver().counts["updated"] == 0


def test_in_a_channel_news_continue_the_first_message_and_in_a_direct_message_only_if_nobody_must_act(
    ward: Harness,
) -> None:
    first = told(ward)
    assert first.paragraphs[0].thread == ""
    reference = f"fake/{len(ward.soc.sent)}"
    for is_urgent in (False, True):
        following = told(ward, is_urgent=is_urgent).paragraphs[0]
        assert (following.thread, following.is_call) == (reference, True)

    ward.later(minutes=5)
    ward.desk.assign(1, DEE, EVE, ward.now, "again")  # a call to act stands alone
    ward.deliver()
    assert ward.soc.to(DEE)[-1].paragraphs[0].thread == ""


def test_news_of_what_is_over_are_history_and_are_not_kept_true_themselves(ward: Harness) -> None:
    told(ward)
    ward.desk.waive(1, EVE, "agreed", ward.now)
    over = told(ward)
    assert over.paragraphs[0].thread
    assert over.paragraphs[0].offers == ()
    before = dict(ward.soc.standing)
    ward.later(minutes=5)
    ward.desk.reopen(1, EVE, "after all", ward.now)
    ward.deliver()
    changed = {key for key, message in ward.soc.standing.items() if before.get(key) not in (None, message)}
    assert changed == {"fake/1", "fake/2"}


def test_a_message_that_somebody_deleted_is_let_go(ward: Harness) -> None:
    ward.soc.cannot_change = Unreachable("Fake: gone.", remedy="None.")
    ward.desk.done(1, Actor(DEE), ward.now)
    ward.deliver()
    ward.soc.cannot_change = None
    assert ward.deliver().counts["updated"] == 0
    assert ward.soc.replies == []


def too_old(harness: Harness) -> None:
    """Nothing that stands there can be changed any more, and Dee has done what it asks for."""
    harness.soc.cannot_change = Rejected("Fake: too old.", remedy="None.")
    harness.desk.done(1, Actor(DEE), harness.now)
    harness.deliver()


def test_a_message_too_old_to_be_changed_is_followed_by_one_that_is_true(ward: Harness) -> None:
    too_old(ward)
    ward.deliver()
    assert "Marked as done" in text_of(ward.soc.sent[-1])

    ward.soc.cannot_change = None
    ward.later(minutes=1)
    ward.desk.reopen(1, EVE, "no", ward.now)
    ward.deliver()
    assert "fake/2" in {reference for reference, _ in ward.soc.replies}


def test_by_one_however_many_there_are_in_a_conversation(ward: Harness) -> None:
    ward.desk.assign(1, DEE, EVE, ward.now, "again")
    ward.deliver()
    assert len(ward.soc.to(DEE)) == 2
    too_old(ward)
    ward.deliver()
    assert len(ward.soc.to(DEE)) == 3


def test_it_waits_for_the_reader_s_morning_and_is_changed_if_it_is_false_by_then(start: Found) -> None:
    ward = start(notifiers=[FakeNotifier("soc", is_conversing=True)], has_links=True)
    quiet = PersonalQuiet(QuietHours(time(20), time(7)), "UTC", "GB")
    ward.start(replace(ward.app.rules, holding=Holding(quiet=quiet)))
    ward.leave("ben")
    ward.settle()
    ward.deliver()
    ward.now = ward.now.replace(hour=23)
    too_old(ward)
    ward.deliver()
    assert len(ward.soc.to(DEE)) == 1

    ward.soc.cannot_change = None
    ward.later(minutes=1)
    ward.desk.reopen(1, EVE, "no", ward.now)
    ward.later(hours=8)
    ward.deliver()
    assert text_of(ward.soc.standing["fake/2"]).startswith("Remove Ben from Ward 7")


def test_who_has_left_is_told_nothing_more_of_what_others_do(ward: Harness) -> None:
    ward.leave("dee")
    for _ in range(2):
        ward.later()
        ward.settle()
        ward.deliver()
    before, replies = len(ward.soc.to(DEE)), list(ward.soc.replies)
    ward.later()
    ward.desk.done(1, EVE, ward.now, "Dee was dismissed, so I did it")
    ward.deliver()
    too_old(ward)
    ward.deliver()
    assert len(ward.soc.to(DEE)) == before
    assert [one for one in ward.soc.replies if one not in replies and one[1].to.address == DEE] == []


@pytest.mark.parametrize("error", [
    Rejected("Fake: cant_update_message.", remedy="None."),
    PermissionDenied("Fake: ekm_access_denied.", missing="x", remedy="None."),
    Transient("Fake: internal_error.", remedy="Wait."),
])  # fmt: skip
def test_one_that_can_never_be_changed_holds_up_no_other(ward: Harness, error: ConnectorError) -> None:
    told(ward)
    ward.soc.cannot_change_one = {"fake/1": error}
    ward.soc.unreachable = {DEE}
    ward.later(minutes=5)
    ward.desk.done(1, EVE, ward.now, "took him out")
    ward.deliver()
    ward.now += PAUSE
    ward.deliver()
    assert "Marked as done" in text_of(ward.soc.standing["fake/2"])

    ward.soc.cannot_change_one = {}
    ward.now += PAUSE
    ward.deliver()
    assert ("Marked as done" in text_of(ward.soc.standing["fake/1"])) is not isinstance(error, Rejected)


def test_nor_does_it_while_another_channel_is_looked_at_as_it_rests(ward: Harness) -> None:
    told(ward)
    ward.soc.cannot_change_one = {
        "fake/1": PermissionDenied("Fake: ekm_access_denied.", missing="x", remedy="None.")
    }
    ward.notifiers.append(FakeNotifier("board", is_conversing=True))
    ward.start(ward.app.rules)
    ward.later(minutes=5)
    ward.desk.done(1, EVE, ward.now, "took him out")
    for _ in range(4):
        ward.deliver()
        ward.now += PAUSE / 2
    assert "Marked as done" in text_of(ward.soc.standing["fake/2"])


def test_a_wait_that_the_channel_asks_for_is_kept(ward: Harness) -> None:
    ward.soc.cannot_change = NotDone("Fake: busy.", remedy="Wait.", retry_after_s=300)
    ward.desk.done(1, Actor(DEE), ward.now)
    told(ward)
    ward.soc.cannot_change = None
    ward.later(seconds=299)
    assert ward.deliver().counts["updated"] == 0
    ward.later(seconds=1)
    assert ward.deliver().counts["updated"] == 1


@pytest.mark.parametrize("asked_s, waits", [
    (0, timedelta(seconds=1)), (30 * 86_400, timedelta(days=1)), (1e12, timedelta(days=1)),
])  # fmt: skip
def test_a_wait_for_changes_is_a_second_at_least_and_a_day_at_most(
    ward: Harness, asked_s: float, waits: timedelta
) -> None:
    ward.soc.cannot_change = NotDone("Fake: busy.", remedy="Wait.", retry_after_s=asked_s)
    ward.desk.done(1, Actor(DEE), ward.now)
    ward.deliver()
    ward.soc.cannot_change = None
    ward.now += waits - timedelta(microseconds=1)
    assert ward.deliver().counts["updated"] == 0
    ward.now += timedelta(microseconds=1)
    assert ward.deliver().counts["updated"] == 1


@pytest.mark.parametrize("is_loud", [False, True])
def test_a_failure_holds_up_changes_for_a_minute_and_never_what_is_new(ward: Harness, is_loud: bool) -> None:
    kind = (
        PermissionDenied("Fake: no.", missing="x", remedy="Add it.")
        if is_loud
        else Transient("Fake: ?", remedy="W.")
    )
    told(ward)
    ward.soc.cannot_change = kind
    ward.desk.done(1, Actor(DEE), ward.now)
    report = ward.deliver()
    assert (report.counts["updated"], bool(report.troubles)) == (0, is_loud)
    ward.soc.cannot_change = None
    assert ward.deliver().counts["updated"] == 0
    told(ward)
    assert ward.soc.sent[-1].title == "News"
    ward.now += PAUSE
    assert ward.deliver().counts["updated"] == 2


def test_the_accountable_person_is_offered_everything_and_another_reader_nothing(ward: Harness) -> None:
    for address, acts in ((ACCOUNTABLE, list(ReaderAct)), ("mia@corp.example", [])):
        to = replace(ward.soc.sent[0].to, address=address)
        ward.queue(OutMessage(f"to-{address}", to, "Overdue", Paragraph("Overdue"), is_urgent=True, ticket=1))
        ward.deliver()
        [part] = ward.soc.to(address)[-1].paragraphs
        assert [one.act for one in part.offers] == acts


def test_a_message_about_no_ticket_is_only_shown(ward: Harness) -> None:
    ward.queue(OutMessage("plan", CHANNEL, "Held", Paragraph("Held")))
    ward.deliver()
    assert ward.soc.sent[-1].paragraphs == (Paragraph("Held"),)
    assert ward.deliver().counts["updated"] == 0


def test_a_message_that_tells_something_else_too_stays_as_it_was_sent(ward: Harness) -> None:
    ward.queue(OutMessage("plan", CHANNEL, "Held", Paragraph("Held")))
    message = told(ward)
    reference = f"fake/{len(ward.soc.sent)}"
    assert len(message.paragraphs) == 2
    ward.later(minutes=5)
    ward.desk.done(1, Actor(DEE), ward.now)
    assert ward.deliver().counts["updated"] == 1, "the one to Dee"
    assert ward.soc.standing[reference] == message


def test_a_channel_that_only_shows_gets_no_offers(start: Found) -> None:
    harness = start()
    harness.leave("ben")
    harness.settle()
    harness.deliver()
    assert harness.soc.sent[0].paragraphs[0].offers == ()
    harness.later(minutes=5)
    harness.desk.done(1, Actor(DEE), harness.now)
    assert harness.deliver().counts["updated"] == 0
    assert harness.soc.replies == []


def test_a_notifier_that_can_be_changed_but_not_answered_offers_nothing(ward: Harness) -> None:
    ward.soc.can = replace(ward.soc.can, is_two_way=False)
    assert told(ward).paragraphs[0].offers == ()


def test_a_notifier_that_can_be_answered_but_not_changed_has_no_threads(ward: Harness) -> None:
    ward.soc.can = replace(ward.soc.can, can_update=False)
    told(ward)
    [part] = told(ward).paragraphs
    assert (part.thread, bool(part.offers)) == ("", True)
