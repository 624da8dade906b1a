"""What comes of reports of bad messages, what is counted of them, and what is deleted."""

from __future__ import annotations

import pytest

from harness import ACCOUNTABLE, Harness
from reported import ADMIN, HARM, PERSONAL, Start, handled, lose_the_group, report, reported_ward, settle, to
from worker.app.refused import Refused
from worker.domain.controls.reports import DAILY_MAX, ReportOutcome
from worker.domain.controls.switch import Mode
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import AccountKey
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState


@pytest.fixture
def ward(start: Start) -> Harness:
    return reported_ward(start)


# --- what came of it ------------------------------------------------------------------------------------------


def test_an_outcome_is_the_handlers_word_until_the_reporter_confirms_it(ward: Harness) -> None:
    kept = report(ward, words="x")
    assert ward.app.reporting.by_receipt(kept.receipt).outcome is None  # type: ignore[union-attr]
    with pytest.raises(Refused, match="nothing to confirm"):
        ward.app.reporting.confirm(kept.receipt, ward.now)
    after = settle(ward, ReportOutcome.DELETED_BY_AUTHOR)
    assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
    with pytest.raises(Refused, match="already"):
        settle(ward)
    parted = f"{kept.receipt[:4]}-{kept.receipt[4:8]} {kept.receipt[8:].lower()}"
    confirmed = ward.app.reporting.confirm(parted, ward.now)
    assert confirmed.outcome is ReportOutcome.DELETED_BY_AUTHOR
    assert confirmed.outcome_words == "a line"
    assert confirmed.grade is Grade.B
    assert handled(ward)[0].grade is Grade.B
    assert ward.app.reporting.confirm(kept.receipt, ward.now).grade is Grade.B
    assert ward.kinds().count(events.REPORT_CONFIRMED) == 1
    with pytest.raises(Refused):
        ward.app.reporting.confirm("2222", ward.now)


def test_the_page_is_in_the_language_of_the_accountable_person(ward: Harness) -> None:
    ward.hire("nia", email=ACCOUNTABLE, language="tr")
    ward.poll()
    report(ward, HARM)
    link = ward.link(handled(ward)[0].id).rpartition("/")[2]
    assert ward.app.reporting.look(link, ward.now).language == "tr"


def test_whoever_sends_the_words_that_they_read_is_not_the_reporter(ward: Harness) -> None:
    """As the handler may do it."""
    report(ward, words="x", once="form-1")
    settle(ward)
    again = report(ward, words="x", once="form-2")
    with pytest.raises(Refused, match="nothing to confirm"):
        ward.app.reporting.confirm(again.receipt, ward.now)
    assert handled(ward)[0].grade is Grade.C


def test_no_receipt_confirms_what_came_of_several_reports(ward: Harness) -> None:
    for number in range(DAILY_MAX):
        report(ward, words=f"text {number}")
    one = report(ward, words="the first of the shared ticket")
    other = report(ward, words="its second, as the handler may send it")
    assert one.ticket == other.ticket
    after = settle(ward, at=DAILY_MAX)
    for kept in (one, other):
        found = ward.app.reporting.by_receipt(kept.receipt)
        assert found is not None
        assert (found.outcome, found.is_among_others) == (ReportOutcome.TOO_LATE, True)
        with pytest.raises(Refused, match="nothing to confirm"):
            ward.app.reporting.confirm(kept.receipt, ward.now)
    assert ward.ticket(after.id).grade is Grade.C
    assert ward.desk.done(after.id, Actor("sam"), ward.now).grade is Grade.B


def test_an_outcome_is_not_of_a_report_that_came_in_since_the_page_was_shown(ward: Harness) -> None:
    for number in range(DAILY_MAX + 1):
        report(ward, words=f"text {number}")
    shared = next(one for one in handled(ward) if one.details["shared"])
    link = ward.link(shared.id).rpartition("/")[2]
    read = ward.app.reporting.look(link, ward.now).newest
    late = report(ward, PERSONAL, words="a list of patients")
    assert late.ticket == shared.id
    with pytest.raises(Refused, match="Read it first"):
        ward.app.reporting.settle(link, ReportOutcome.TOO_LATE, "", read, ward.now)
    assert ward.app.reporting.by_receipt(late.receipt).outcome is None  # type: ignore[union-attr]
    read = ward.app.reporting.look(link, ward.now).newest
    after = ward.app.reporting.settle(link, ReportOutcome.TOO_LATE, "", read, ward.now)
    assert after.state is TicketState.VERIFIED


def test_a_second_person_confirms_and_the_handler_cannot(ward: Harness) -> None:
    report(ward)
    with pytest.raises(Refused, match="only whoever is asked"):
        ward.desk.done(1, Actor("sam"), ward.now)
    settle(ward)
    with pytest.raises(Refused, match="may be you"):
        ward.desk.done(1, Actor(ADMIN), ward.now)
    assert ward.desk.done(1, Actor("sam"), ward.now).grade is Grade.B
    assert ward.desk.done(1, Actor("kim"), ward.now).grade is Grade.B


def test_an_outcome_can_be_taken_back_for_a_minute(ward: Harness) -> None:
    kept = report(ward)
    settle(ward)
    link = ward.link(1).rpartition("/")[2]
    assert ward.app.reporting.look(link, ward.now).undo_until is not None
    ward.assigned.undo(link, ward.now)
    assert handled(ward)[0].state is TicketState.OPEN
    assert ward.app.reporting.by_receipt(kept.receipt).outcome is None  # type: ignore[union-attr]
    settle(ward)
    ward.later(minutes=2)
    assert ward.app.reporting.look(link, ward.now).undo_until is None
    with pytest.raises(Refused):
        ward.assigned.undo(link, ward.now)


def test_a_report_that_is_reopened_waits_for_an_outcome_again(ward: Harness) -> None:
    kept = report(ward)
    settle(ward)
    ward.desk.reopen(1, Actor("sam"), "it is still there", ward.now)
    assert ward.app.reporting.by_receipt(kept.receipt).outcome is None  # type: ignore[union-attr]
    with pytest.raises(Refused, match="page"):
        ward.assigned.done(ward.link(1).rpartition("/")[2], ward.now)


def test_no_job_ends_a_report_and_no_report_acts(ward: Harness) -> None:
    report(ward, HARM)
    ward.later(days=3)
    ward.wards.remove_member("ward-7", ward.number("ann"))
    ward.settle(full=True)
    ward.control()
    ward.later(days=20)
    ward.settle(full=True)
    ward.control()
    assert [one.state for one in handled(ward)] == [TicketState.OPEN]
    assert not ward.tickets(TicketKind.REMOVE_MEMBER)


def test_a_report_outlives_its_group(ward: Harness) -> None:
    report(ward)
    lose_the_group(ward)
    ward.control()
    assert [one.state for one in handled(ward)] == [TicketState.OPEN]


def test_when_the_handler_leaves_somebody_else_has_it(ward: Harness) -> None:
    report(ward)
    ward.leave("dee")
    ward.later()
    ward.settle()
    ward.later()
    ward.settle()
    ward.control()
    assert to(handled(ward)[0]) == ACCOUNTABLE


# --- what is counted, and what is forgotten -------------------------------------------------------------------


def counted(harness: Harness) -> tuple[int, int, int, int, dict[str, int]]:
    [one] = [row for row in harness.app.controls.report(harness.now) if row.control == "content.report"]
    assert one.mode is Mode.TICKET
    return (
        one.counts.subjects,
        one.counts.passed,
        one.counts.failed,
        one.counts.waived,
        dict(one.counts.grades),
    )


def test_the_control_counts_reports(ward: Harness) -> None:
    kept = [report(ward, words=str(number)) for number in range(8)]
    assert counted(ward) == (8, 0, 8, 0, {})
    settle(ward)
    settle(ward, at=1)
    settle(ward, at=5)
    ward.desk.waive(handled(ward)[2].id, Actor("sam"), "a test", ward.now)
    ward.app.reporting.confirm(kept[0].receipt, ward.now)
    assert counted(ward) == (8, 5, 2, 1, {"B": 1, "C": 4})
    with ward.store.reading() as uow:
        assert uow.controls.ticket_counts(ward.now)["content.report"].live == 2
        assert [(one.name, one.reports) for one in uow.bad_messages.repeated()] == [("Ward 7", 8)]


def test_the_control_is_off_without_the_section(start: Start) -> None:
    harness = start()
    [one] = [row for row in harness.app.controls.report(harness.now) if row.control == "content.report"]
    assert one.mode is None


def test_texts_are_deleted_thirty_days_after_the_outcome(ward: Harness) -> None:
    settled, waiting, waived = (report(ward, words=f"text {number}") for number in range(3))
    ward.desk.waive(handled(ward)[2].id, Actor("sam"), "a test", ward.now)
    settle(ward)

    def texts() -> list[str | None]:
        found = [ward.app.reporting.by_receipt(one.receipt) for one in (settled, waiting, waived)]
        return [one.words for one in found if one]

    ward.later(days=30)
    ward.app.retention.run_once(ward.now)
    assert texts() == ["text 0", "text 1", "text 2"]
    ward.later(minutes=1)
    ward.app.retention.run_once(ward.now)
    ward.app.retention.run_once(ward.now)
    assert texts() == [None, "text 1", None]
    assert ward.kinds().count(events.REPORT_TEXTS_DELETED) == 1
    after = ward.app.reporting.by_receipt(settled.receipt)
    assert after is not None
    assert (after.outcome, after.outcome_words) == (ReportOutcome.TOO_LATE, "")


def test_erasing_somebody_deletes_what_names_them(ward: Harness) -> None:
    named = report(ward, words="Ann wrote it")
    other = report(ward, words="somebody wrote it")
    with ward.store.begin() as uow:
        uow.people.erase(AccountKey("corp", "ann"))
    found = [ward.app.reporting.by_receipt(one.receipt) for one in (named, other)]
    assert [one.words for one in found if one] == [None, "somebody wrote it"]


def test_the_journal_has_no_words(ward: Harness) -> None:
    report(ward, HARM, "SECRET-WORDS")
    settle(ward)
    entries = repr(ward.journal())
    assert "SECRET-WORDS" not in entries
    assert ward.kinds().count(events.REPORT_RECEIVED) == 1
