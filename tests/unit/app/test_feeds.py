"""Programs that follow the journal's events: what they are sent, from where on, and what happens when they are out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from fakes.notifier import FakeNotifier
from harness import URL, Harness
from worker.app.jobs.after_failure import ATTEMPTS_MAX, RETRY_FIRST
from worker.app.jobs.report import Report
from worker.app.tell.feeds import NO_DESK, WAITING_MAX
from worker.domain.evidence.journal import Entry
from worker.domain.messages.event import FeedEvent, event_in
from worker.domain.messages.message import CHANNEL, Message, Paragraph, RecipientKind, feed_of
from worker.domain.model import AccountKey
from worker.ports import ConnectorError, PermissionDenied, Rejected, Transient, Unsubscribed
from worker.ports.state.deliveries import PostState
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.tables import delivery, outbox

Found = Callable[..., Harness]


class Crash(BaseException):
    """The process dies."""


Sent = list[FeedEvent]


def siem(**wishes: object) -> FakeNotifier:
    wanted: dict[str, object] = {"events": ("ticket.*",), "reaches_people": False, "has_channel": False}
    return FakeNotifier("siem", **(wanted | wishes))  # type: ignore[arg-type]


@pytest.fixture
def ward(start: Found) -> Harness:
    """A ward, its security team's channel, and a program that follows tickets from now on."""
    harness = start(notifiers=[FakeNotifier("soc"), siem(wants_names=True)], has_links=True)
    harness.deliver()
    return harness


@pytest.fixture
def plain(start: Found) -> Harness:
    """As above, but the program can't be asked what arrived, as receivers of webhooks can't."""
    harness = start(notifiers=[FakeNotifier("soc"), siem(can_find=False)])
    harness.deliver()
    return harness


def followed(harness: Harness) -> Sent:
    events = [event_in(message) for message in harness.notifiers[-1].sent]
    assert None not in events
    return [event for event in events if event]


def happen(harness: Harness, count: int, kind: str = "ticket.opened") -> None:
    """So many events, about no ticket."""
    with harness.store.begin() as uow:
        uow.journal.append([Entry(harness.now, "whosleft", kind, f"plan:P-{at}") for at in range(count)])


def depart(harness: Harness) -> None:
    """Ann leaves; her ticket is opened."""
    harness.leave("ann")
    harness.settle()


def test_a_program_is_sent_what_happens_from_now_on(ward: Harness) -> None:
    assert followed(ward) == []
    depart(ward)
    ward.deliver()
    [opened] = followed(ward)
    entry = ward.journal()[opened.seq - 1].entry
    assert (opened.kind, opened.subject, opened.at) == ("ticket.opened", "T-000001", entry.at)
    assert (opened.source, opened.link) == (URL, f"{URL}/tickets/T-000001")
    assert opened.data == {
        "kind": "remove_member", "state": "open", "group": "wards/ward-7", "person": "corp/ann",
        "group_name": "Ward 7", "person_name": "Ann",
    }  # fmt: skip


def test_what_the_first_jobs_of_a_process_find_is_news_to_a_program(start: Found) -> None:
    """`whosleft once all` delivers last: a program that had its place only then would never be sent the first finds."""
    harness = start(notifiers=[FakeNotifier("soc"), siem()])
    harness.deliverer.begin()
    depart(harness)
    harness.deliverer.begin()  # the next process: it has its place, which stays
    harness.deliver()
    assert [event.kind for event in followed(harness)] == ["ticket.opened"]


def test_without_the_wish_for_names_it_has_ids_only_and_without_a_desk_no_link(start: Found) -> None:
    harness = start(notifiers=[siem()])
    harness.deliver()
    depart(harness)
    harness.deliver()
    [opened] = followed(harness)
    assert set(opened.data) == {"kind", "state", "group", "person"}
    assert (opened.source, opened.link) == (NO_DESK, "")


def test_only_what_fits_a_glob_is_sent_and_the_rest_is_passed_over(start: Found) -> None:
    harness = start(notifiers=[siem(events=("ticket.escalated", "person.*"))])
    harness.deliver()
    depart(harness)
    harness.later(days=3)
    harness.escalate()
    harness.deliver()
    kinds = [event.kind for event in followed(harness)]
    assert kinds[0] == "person.left"
    assert "ticket.opened" not in kinds
    escalated = followed(harness)[-1]
    assert escalated.kind == "ticket.escalated"
    assert escalated.data == {
        "kind": "remove_member", "state": "open", "group": "wards/ward-7", "person": "corp/ann", "step": "3",
    }  # fmt: skip


def test_an_event_is_sent_once_and_alone(ward: Harness) -> None:
    happen(ward, 3)
    ward.deliver()
    ward.deliver()
    assert [event.subject for event in followed(ward)] == ["P-0", "P-1", "P-2"]
    assert len({message.key for message in ward.notifiers[-1].sent}) == 3


def test_nobody_else_is_sent_events_and_a_program_is_sent_nothing_else(start: Found) -> None:
    log = FakeNotifier("terminal", is_log=True)
    harness = start(notifiers=[FakeNotifier("soc"), log, siem()])
    harness.deliver()
    depart(harness)
    harness.deliver()
    assert {message.to.kind for message in harness.notifiers[-1].sent} == {RecipientKind.FEED}
    assert {message.to.kind for message in (*harness.soc.sent, *log.sent)} <= {
        RecipientKind.PERSON, RecipientKind.CHANNEL,
    }  # fmt: skip


def test_beside_a_program_alone_the_console_still_reaches_people(start: Found) -> None:
    log = FakeNotifier("terminal", is_log=True)
    harness = start(notifiers=[log, siem()])
    depart(harness)
    harness.deliver()
    assert [message.to.kind for message in log.sent] == [RecipientKind.PERSON]


def test_people_come_first(ward: Harness) -> None:
    happen(ward, 2)
    ward.notifiers[-1].down = Transient("No answer.", remedy="Wait.")
    ward.deliver()
    ward.queue(OutMessage("a", CHANNEL, "Title", Paragraph("Headline")))
    ward.notifiers[-1].down = Crash()  # type: ignore[assignment]
    ward.later()
    with pytest.raises(Crash):
        ward.deliver()
    assert [message.title for message in ward.soc.sent] == ["Title"]


def test_what_a_program_was_sent_is_kept_nowhere_but_in_the_journal(ward: Harness) -> None:
    depart(ward)
    ward.deliver()
    assert len(followed(ward)) == 1
    with ward.engine.begin() as connection:
        kinds = connection.execute(sa.select(outbox.c.recipient_kind)).scalars().all()
    assert set(kinds) == {"person"}


def test_what_happens_to_a_ticket_withdraws_no_event_and_tells_no_program_twice(ward: Harness) -> None:
    ward.notifiers[-1].fail_next(Transient("No answer.", remedy="Wait."))
    depart(ward)
    ward.deliver()
    ward.corp.enable("ann")  # the ticket is cancelled before its first event is through
    ward.settle()
    ward.later()
    ward.deliver()
    assert [event.kind for event in followed(ward)] == ["ticket.opened", "ticket.cancelled"]
    assert {message.to.kind for message in ward.notifiers[-1].sent} == {RecipientKind.FEED}


def test_a_program_that_is_out_is_left_alone_as_a_whole_and_keeps_its_events_in_the_journal(
    ward: Harness,
) -> None:
    program = ward.notifiers[-1]
    program.down = Transient("No answer.", remedy="Wait.")
    happen(ward, WAITING_MAX + 5)
    ward.deliver()
    assert len(program.attempts) == 1
    ward.deliver()
    assert len(program.attempts) == 1
    with ward.store.begin() as uow:
        assert uow.outbox.backlog().deliveries == WAITING_MAX + 1, (
            "those that were not tried yet, and one that was"
        )
    program.down = None
    ward.now += RETRY_FIRST
    ward.deliver()
    ward.deliver()
    assert len(followed(ward)) == WAITING_MAX + 5


@pytest.mark.parametrize("error", [Transient("No answer."), PermissionDenied("401", missing="a right")])
def test_a_program_that_is_out_for_days_is_tried_every_hour_and_loses_no_event(
    start: Found, error: ConnectorError
) -> None:
    ward = start(notifiers=[FakeNotifier("soc"), siem(can_find=False)])
    ward.deliver()
    program = ward.notifiers[-1]
    program.down = error
    happen(ward, 3)
    tried = []
    for _ in range(72):
        tried.append(ward.deliver().counts["retried"])
        ward.later(hours=1)
    assert set(tried) == {1}

    program.down = None
    for _ in range(3):
        ward.deliver()
        ward.later(hours=1)
    assert sorted(event.subject for event in followed(ward)) == ["P-0", "P-1", "P-2"]


def goes_on(harness: Harness, hours: int, minutes: int = 15) -> list[Report]:
    """The worker goes on for hours."""
    reports = []
    for _ in range(hours * 60 // minutes):
        reports.append(harness.deliver())
        harness.later(minutes=minutes)
    return reports


def unreachable(reports: list[Report]) -> int:
    return sum(report.counts["unreachable"] for report in reports)


def test_an_event_that_a_program_never_takes_is_given_up_and_delays_others_by_an_hour_at_most(
    plain: Harness,
) -> None:
    ward, program = plain, plain.notifiers[-1]
    program.chokes_on = {"ticket.done"}
    happen(ward, 1, "ticket.done")
    reports = []
    for number in range(24):
        happen(ward, 1)
        reports += goes_on(ward, 1)
        assert len(followed(ward)) == number + 1
    assert unreachable(reports) == 1
    [trouble] = {trouble for report in reports for trouble in report.troubles}
    assert trouble.startswith("siem: message")
    assert f"is dead after {ATTEMPTS_MAX} attempts" in trouble
    count = len(program.attempts)
    goes_on(ward, 24)
    assert len(program.attempts) == count


def test_many_events_that_a_program_never_takes_keep_no_other_from_it(plain: Harness) -> None:
    ward = plain
    ward.notifiers[-1].chokes_on = {"ticket.done"}
    for number in range(WAITING_MAX + 5):
        happen(ward, 1)
        happen(ward, 1, "ticket.done")
        ward.deliver()
        assert len(followed(ward)) == number + 1
        ward.later(minutes=1)


def test_an_event_that_failed_while_its_program_took_others_survives_an_outage(plain: Harness) -> None:
    ward, program = plain, plain.notifiers[-1]
    program.chokes_on = {"ticket.done"}
    happen(ward, 1, "ticket.done")
    happen(ward, 1)
    goes_on(ward, 1)
    assert len(followed(ward)) == 1

    program.down = Transient("No answer.")
    happen(ward, 3)
    assert unreachable(goes_on(ward, 72)) == 0
    program.down, program.chokes_on = None, set()
    goes_on(ward, 6)
    assert len(followed(ward)) == 5


def test_what_failed_in_an_outage_is_not_given_up_before_it_was_refused_eight_times(plain: Harness) -> None:
    ward, program = plain, plain.notifiers[-1]
    program.down = Transient("No answer.")
    happen(ward, 1)
    goes_on(ward, 72)
    program.down = None
    program.fail_next(Rejected("422", remedy="Look."), times=ATTEMPTS_MAX - 1)
    assert unreachable(goes_on(ward, 20)) == 0
    assert len(followed(ward)) == 1


def test_the_wait_that_a_program_asks_for_is_not_cut_short_by_ours(ward: Harness) -> None:
    program = ward.notifiers[-1]
    program.fail_next(Transient("Busy.", remedy="Wait.", retry_after_s=3600))
    happen(ward, 1)
    ward.deliver()
    ward.later(minutes=59)
    ward.deliver()
    assert len(program.attempts) == 1
    ward.later(minutes=1)
    ward.deliver()
    assert len(followed(ward)) == 1


def test_an_event_that_is_refused_is_given_up_in_the_end_and_the_next_one_comes(ward: Harness) -> None:
    program = ward.notifiers[-1]
    program.fail_next(Rejected("Too odd.", remedy="Look."), times=ATTEMPTS_MAX)
    happen(ward, 1)
    reports = []
    for _ in range(ATTEMPTS_MAX):
        reports.append(ward.deliver())
        ward.later(hours=7)
    assert [report.counts["unreachable"] for report in reports] == [*([0] * (ATTEMPTS_MAX - 1)), 1]
    assert f"is dead after {ATTEMPTS_MAX} attempts: Too odd." in reports[-1].troubles[-1]
    happen(ward, 1, "ticket.done")
    ward.deliver()
    assert [event.kind for event in followed(ward)] == ["ticket.done"]
    with ward.store.begin() as uow:
        assert uow.tickets.unreachable() == []


def test_a_program_whose_address_is_gone_is_stopped_and_the_security_team_is_told(ward: Harness) -> None:
    program = ward.notifiers[-1]
    program.fail_next(Unsubscribed("It answered 410.", remedy="Look."))
    happen(ward, 2)
    ward.deliver()
    ward.later(days=2)
    report = ward.deliver()
    assert len(program.attempts) == 1
    assert report.troubles == (
        "siem: stopped, since its address is gone. To start it: whosleft notify test siem",
    )
    [told] = [message for message in ward.soc.sent if message.to == CHANNEL]
    assert told.title == "siem takes no more events"
    assert told.paragraphs[0].facts == (("Answer", "It answered 410."),)

    with ward.store.begin() as uow:
        uow.feeds.resume("siem")
    ward.deliver()
    assert sorted(event.subject for event in followed(ward)) == ["P-0", "P-1"]


def test_another_kind_of_notifier_by_that_name_is_sent_no_event(ward: Harness) -> None:
    program = ward.notifiers[-1]
    program.down = Transient("No answer.", remedy="Wait.")
    happen(ward, 1)
    ward.deliver()
    ward.notifiers[-1] = FakeNotifier("siem")
    ward.start(ward.app.rules)
    ward.later()
    assert ward.deliver().counts["unreachable"] == 1
    assert ward.notifiers[-1].attempts == []


def test_who_was_erased_is_not_named_by_what_still_waits(ward: Harness) -> None:
    program = ward.notifiers[-1]
    program.fail_next(Transient("No answer.", remedy="Wait."))
    depart(ward)
    ward.deliver()
    with ward.store.begin() as uow:
        uow.people.erase(AccountKey("corp", "ann"))
    ward.later()
    report = ward.deliver()
    assert followed(ward) == []
    assert len(program.attempts) == 1
    assert (report.counts["unreachable"], report.troubles) == (0, ())
    with ward.engine.begin() as connection:
        kept = connection.execute(sa.select(outbox.c.recipient_kind)).scalars().all()
        [state] = connection.execute(
            sa.select(delivery.c.state).where(delivery.c.notifier == "siem")
        ).scalars()
    assert ("feed" in kept, state) == (False, "dropped")
    with ward.store.reading() as uow:
        assert uow.deliveries.count(PostState.DEAD, ward.now) == 0
        assert uow.outbox.backlog().deliveries == 0


def test_a_message_without_an_event_has_none() -> None:
    assert event_in(Message("k", feed_of("siem"), "Title")) is None
