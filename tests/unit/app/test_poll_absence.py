"""Who is missing has left only after enough passes and hours, or once a look-up says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from builders import key
from harness import Harness
from scripted import Scripted, end, scripted
from worker.app.jobs.report import Report
from worker.domain.model import Evidence
from worker.ports import (
    DirectoryPage,
    Malformed,
    PassEnd,
    Transient,
)

Start = Callable[..., Harness]


def test_absence_counts_only_after_enough_passes_and_enough_hours(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False)
    harness.corp.erase("ann")
    left = []
    for hours in (0, 1, 1, 45.9, 0.1):
        harness.later(hours=hours)
        left.append(harness.poll(full=True).counts["left"])

    assert left == [0, 0, 0, 0, 1], "three passes are not enough, 47.9 hours neither"
    assert harness.person("ann").evidence is Evidence.ABSENT_CONFIRMED


def test_hours_without_passes_prove_no_absence(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False)
    harness.corp.erase("ann")
    harness.poll()
    harness.later(hours=72)

    assert harness.poll(full=True).counts["left"] == 0, "the second pass only"


def test_an_unchanged_file_with_a_newer_date_is_another_pass_without_the_missing(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False)
    harness.corp.erase("ann")
    harness.poll()
    left = []
    for _ in range(2):
        harness.later(hours=24)
        left.append(harness.poll().counts["left"])

    assert left == [0, 1]
    assert harness.kinds().count("person.left") == 1


def test_an_unchanged_file_with_the_same_date_is_no_other_pass(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False, directory_type=Scripted)
    harness.corp.erase("ann")
    harness.poll()
    same = end(harness, is_unchanged=True)
    for _ in range(5):
        scripted(harness, same)
        harness.later(hours=24)
        harness.poll()

    assert harness.leavers() == []


def test_one_file_that_is_read_again_is_one_pass_without_the_missing(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False, directory_type=Scripted)
    others = tuple(one for one in harness.corp.people() if one.person_id != "ann")
    file = (DirectoryPage(others), end(harness))
    scripted(harness, *file)
    harness.poll()
    left = []
    for days, same in ((1, True), (1, True), (1, False), (1, True), (1, False)):
        harness.later(days=days)
        file = file if same else (DirectoryPage(others), end(harness))
        scripted(harness, *file)
        left.append(harness.poll(full=True).counts["left"])

    assert left == [0, 0, 0, 0, 1], "three files"


def test_a_file_dated_before_the_one_that_listed_somebody_does_not_say_since_when_they_are_missing(
    start: Start,
) -> None:
    """Its clock is a year behind, and runs too fast."""
    harness = start(can_look_up=False, has_delta=False, directory_type=Scripted)
    others = tuple(one for one in harness.corp.people() if one.person_id != "ann")
    for days in (0, 2, 4, 6):
        harness.later()
        at = harness.now - timedelta(days=365 - days)
        scripted(harness, DirectoryPage(others), PassEnd("next", is_full=True, taken_at=at))
        harness.poll(full=True)

    assert harness.leavers() == []


def test_being_listed_again_starts_the_count_anew(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False)
    ann = harness.corp.people()[0]
    harness.corp.erase("ann")
    harness.poll()
    harness.later(hours=24)
    harness.poll()
    harness.corp.put(ann)
    harness.poll()
    harness.corp.erase("ann")
    harness.later(hours=24)
    harness.poll()

    assert harness.leavers() == []


def test_whose_record_is_set_aside_is_listed_and_not_missing(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False, directory_type=Scripted)
    others = tuple(one for one in harness.corp.people() if one.person_id != "ann")
    bad = Malformed("a date like no other", record_id="ann")
    for _ in range(5):
        harness.later(hours=24)
        report = scripted_poll(harness, DirectoryPage(others, (bad,)), end(harness, total=len(others) + 1))

    assert (report.troubles, report.counts["changed"]) == ((), 0)
    assert (harness.leavers(), harness.source().counts["malformed"]) == ([], 1)


def test_records_that_are_set_aside_do_not_stand_for_those_who_are_missing(start: Start) -> None:
    harness = start(can_look_up=False, has_delta=False, directory_type=Scripted)
    others = tuple(one for one in harness.corp.people() if one.person_id != "ann")
    bad = Malformed("a date like no other", record_id="ann")

    report = scripted_poll(harness, DirectoryPage(others, (bad,)), end(harness, total=len(others) + 2))

    assert "21 records and gave 19" in report.troubles[0]


def scripted_poll(harness: Harness, *items: DirectoryPage | PassEnd) -> Report:
    scripted(harness, *items)
    return harness.poll(full=True)


def test_a_look_up_confirms_absence_at_once(company: Harness) -> None:
    company.corp.erase("ann")

    assert company.poll(full=True).counts["left"] == 1
    assert company.person("ann").evidence is Evidence.ABSENT_CONFIRMED


def test_who_is_missing_and_is_found_by_a_look_up_stays(company: Harness) -> None:
    company.corp.shrink_to(0.95)

    assert company.poll(full=True).counts["left"] == 0
    assert company.leavers() == []


def test_a_look_up_that_fails_proves_nothing(start: Start) -> None:
    harness = start()
    harness.corp.erase("ann")
    harness.corp.fail(Transient("busy"), after_pages=0, times=None)

    assert not harness.poll(full=True).is_ok
    assert harness.leavers() == []


def test_who_is_erased_while_the_source_is_asked_about_them_stays_forgotten(start: Start) -> None:
    harness = start(directory_type=Scripted)
    harness.corp.erase("una")
    corp = harness.corp
    assert isinstance(corp, Scripted)

    def erase() -> None:
        with harness.store.begin() as uow:
            uow.people.erase(key("una"))

    corp.asked = erase
    assert harness.poll(full=True).is_ok
    with harness.store.begin() as uow:
        assert uow.people.get(key("una")) is None


# --- dates ------------------------------------------------------------------------------------------------
