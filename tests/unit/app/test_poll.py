"""What a read of the directories may change, and what it must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import facts
from fakes.directory import FakeDirectory
from harness import Harness
from scripted import Scripted, end, scripted
from worker.domain.model import Evidence, Standing
from worker.ports import (
    AuthFailed,
    DirectoryPage,
    Malformed,
)

Start = Callable[..., Harness]


# --- passes that are believed -----------------------------------------------------------------------------


def test_a_first_pass_records_everybody_and_tells_of_nobody(company: Harness) -> None:
    assert company.leavers() == []
    [first] = [sealed.entry for sealed in company.journal() if sealed.entry.kind == "source.first_read"]
    assert first.data == {"people": 20, "already_left": 0}
    assert "person.joined" not in company.kinds()


def test_a_disabled_account_is_a_leaver_and_an_enabled_one_a_return(company: Harness) -> None:
    company.leave("ann")
    assert company.poll().counts["left"] == 1
    assert (company.standing("ann"), company.person("ann").evidence) == (Standing.LEFT, Evidence.DISABLED)

    company.later()
    company.corp.enable("ann")
    assert company.poll().counts["returned"] == 1
    assert company.standing("ann") is Standing.ACTIVE
    assert [kind for kind in company.kinds() if kind.startswith("person.")] == [
        "person.left",
        "person.returned",
    ]


def test_an_unchanged_directory_changes_nothing(company: Harness) -> None:
    assert company.poll().counts["unchanged"] == 1
    assert company.source().taken_at == company.now


def test_files_that_are_ready_are_read_one_after_another(start: Start) -> None:
    harness = start(directory_type=Scripted)
    gone = DirectoryPage((facts("ann", enabled=False),))
    back = DirectoryPage((facts("ann"),))
    scripted(harness, gone, end(harness, is_full=False, has_more=True))
    scripted(harness, back, end(harness, is_full=False))

    counts = harness.poll().counts

    assert (counts["left"], counts["returned"]) == (1, 1)
    assert harness.standing("ann") is Standing.ACTIVE


# --- passes that prove nothing ----------------------------------------------------------------------------


def test_an_empty_read_changes_nobody(company: Harness) -> None:
    company.corp.answer_empty()

    report = company.poll(full=True)

    assert "lists nobody" in report.troubles[0]
    assert company.leavers() == []
    assert company.source().trouble


def test_a_cut_read_changes_nobody(company: Harness) -> None:
    company.leave("ann")
    company.corp.cut_after(1)

    assert not company.poll(full=True).is_ok
    assert company.leavers() == []

    company.corp.be_honest()
    company.poll()
    assert company.leavers() == ["ann"], "the cursor stood still, so nothing was lost"


def test_a_read_without_an_end_changes_nobody(start: Start) -> None:
    harness = start(directory_type=Scripted)
    scripted(harness, DirectoryPage((facts("ann", enabled=False),)))

    [trouble] = harness.poll().troubles

    assert "without proof" in trouble
    assert harness.leavers() == []


def test_a_read_that_goes_on_after_its_end_changes_nobody(start: Start) -> None:
    harness = start(directory_type=Scripted)
    page = DirectoryPage((facts("ann", enabled=False),))
    scripted(harness, page, end(harness, is_full=False), page)

    [trouble] = harness.poll().troubles

    assert "went on" in trouble
    assert harness.leavers() == []


def test_a_read_of_fewer_records_than_the_source_says_changes_nobody(start: Start) -> None:
    harness = start(directory_type=Scripted, can_look_up=False)
    everybody = DirectoryPage((*harness.corp.people()[1:], facts("ann", enabled=False)))
    scripted(harness, everybody, end(harness, total=21))

    [trouble] = harness.poll().troubles

    assert "21 records and gave 20" in trouble
    assert harness.leavers() == []


def test_too_many_records_that_cannot_be_read_spoil_a_pass_and_one_does_not(start: Start) -> None:
    harness = start(directory_type=Scripted)
    bad = Malformed("no id", record_id="line 7")
    everybody = harness.corp.people()
    scripted(harness, DirectoryPage(everybody, (bad, bad)), end(harness))
    [trouble] = harness.poll().troubles
    assert "2 of 22 records" in trouble
    assert "whosleft check names the first of them. Mend it where it comes from, and poll again." in trouble

    scripted(harness, DirectoryPage(everybody, (bad,), unreadable_phones=3), end(harness, total=21))
    assert harness.poll().is_ok
    assert harness.source().counts == {
        "changed": 0,
        "malformed": 1,
        "unreadable_phones": 3,
        "unseen": 0,
        "in_scope": len(everybody),
        "enabled": len(everybody),
    }


def test_a_directory_s_counts_say_how_many_its_last_full_pass_gave(company: Harness) -> None:
    people = len(company.corp.people())
    company.corp.put(facts("scanner", is_in_scope=False))
    company.leave("ann")
    company.poll()
    counts = company.source().counts
    assert (counts["in_scope"], counts["enabled"]) == (people, people), "a delta names only who changed"

    company.later()
    company.poll(full=True)
    counts = company.source().counts
    assert (counts["in_scope"], counts["enabled"]) == (people, people - 1)


def test_a_fault_of_a_connector_is_a_failure_of_its_directory_alone(start: Start) -> None:
    harness = start()
    tenant = FakeDirectory("tenant", now=harness.clock)
    tenant.put(facts("zoe"))
    harness.directories.append(tenant)
    harness.start(harness.app.rules)
    harness.corp.fail(KeyError("a shape that nobody foresaw"))  # type: ignore[arg-type]

    report = harness.poll()

    assert [trouble.partition(" ended")[0] for trouble in report.troubles] == [
        "corp: A fault of the connector of corp"
    ]
    assert harness.person("zoe", "tenant").standing is Standing.ACTIVE


@pytest.mark.parametrize("said", ["corp does not know us.", "corp: corp does not know us."])
def test_one_source_that_fails_does_not_stop_the_others(start: Start, said: str) -> None:
    harness = start()
    tenant = FakeDirectory("tenant", now=harness.clock)
    tenant.put(facts("zoe"))
    harness.directories.append(tenant)
    harness.start(harness.app.rules)
    harness.corp.fail(AuthFailed(said, remedy="Renew the password."))

    report = harness.poll()

    assert report.troubles == ("corp: corp does not know us. Renew the password.",)
    assert harness.person("zoe", "tenant").standing is Standing.ACTIVE


# --- shrunken reads ---------------------------------------------------------------------------------------


def test_a_shrunken_read_is_refused_and_held_once(company: Harness) -> None:
    company.corp.shrink_to(0.5)

    for _ in range(2):
        assert "10 are missing at once" in company.poll(full=True).troubles[0]
        company.later()

    [plan] = company.plans()
    assert [len(cohort.people) for cohort in plan.cohorts] == [10]
    assert company.leavers() == []
    assert company.kinds().count("plan.held") == 1


def test_nobody_stays_staged_of_a_read_that_was_refused(company: Harness) -> None:
    company.corp.shrink_to(0.5)
    assert not company.poll(full=True).is_ok
    with company.store.reading() as uow:
        assert uow.people.staged("corp").records == 0


def test_a_release_lets_the_same_shrunken_pass_through(start: Start) -> None:
    harness = start()
    gone = [one.person_id for one in harness.corp.people()[10:]]
    for person_id in gone:
        harness.corp.erase(person_id)
    harness.poll(full=True)
    harness.decide()
    harness.later()

    assert harness.poll(full=True).is_ok
    assert harness.leavers() == gone, "each of them was looked up"


def test_a_release_of_more_than_can_be_named_lets_all_of_them_through(start: Start) -> None:
    harness = start()
    many = [f"p{number:04d}" for number in range(1300)]
    harness.corp.put(*(facts(person_id) for person_id in many))
    harness.poll()
    for person_id in many:
        harness.corp.erase(person_id)
    harness.poll(full=True)
    [plan] = harness.plans()
    assert plan.cohorts[0].people[0].name == "P0000"
    harness.decide()
    harness.later()

    assert harness.poll(full=True).is_ok
    assert len(harness.leavers()) == 1300


def test_a_shrunken_read_that_was_rejected_is_not_asked_about_again(company: Harness) -> None:
    company.corp.shrink_to(0.5)
    company.poll(full=True)
    company.decide(release=False)
    company.later()

    report = company.poll(full=True)
    assert len(company.plans()) == 1
    assert "The plan about them was rejected" in report.troubles[0], "there is none to release"

    company.corp.shrink_to(0.4)
    company.poll(full=True)
    assert len(company.plans()) == 2, "others are missing too now"


@pytest.mark.parametrize("has_delta", [True, False])
def test_a_rejection_is_over_once_its_people_were_listed_again(start: Start, has_delta: bool) -> None:
    """The first was a fault of the source, and is mended; the second is true, and must be there to be released."""
    harness = start(has_delta=has_delta)
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.decide(release=False)
    [first] = harness.plans()
    gone = sorted(one.person.person_id for one in first.cohorts[0].people)
    harness.later()
    assert not harness.poll(full=True).is_ok
    assert len(harness.plans()) == 1

    harness.corp.be_honest()
    harness.later()
    assert harness.poll(full=has_delta).is_ok, "a file that is as it was before is not read again"
    harness.later(days=30)
    for person_id in gone:
        harness.corp.erase(person_id)
    assert not harness.poll(full=True).is_ok
    harness.decide(plan=2)
    harness.later()

    assert harness.poll(full=True).is_ok
    assert harness.leavers() == gone


@pytest.mark.parametrize("has_delta", [True, False])
def test_a_release_is_used_up_once_its_people_were_listed_again(start: Start, has_delta: bool) -> None:
    """They were missing for a while, as was said; the next time it is a fault of the source."""
    harness = start(has_delta=has_delta, can_look_up=False)
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.decide()
    for _ in range(2):
        harness.later(hours=2)
        assert harness.poll(full=True).is_ok, "as was released, for as long as it lasts"

    harness.corp.be_honest()
    harness.later()
    assert harness.poll(full=True).is_ok
    harness.later()
    harness.corp.shrink_to(0.5)

    assert not harness.poll(full=True).is_ok
    assert len(harness.plans()) == 2
    assert harness.leavers() == []


def test_a_release_does_not_come_back_with_some_of_its_people(start: Start) -> None:
    """A few of them are missed again, as may be, and the next read lacks many more: that is asked about."""
    harness = start(can_look_up=False)
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.decide()
    harness.later()
    assert harness.poll(full=True).is_ok
    harness.corp.be_honest()
    harness.later()
    assert harness.poll(full=True).is_ok

    harness.later(days=30)
    harness.corp.shrink_to(0.85)
    assert harness.poll(full=True).is_ok, "three of twenty"
    harness.later()
    harness.corp.shrink_to(0.65)

    assert not harness.poll(full=True).is_ok, "seven of twenty"
    assert len(harness.plans()) == 2


def test_a_plan_that_waits_does_not_stand_for_others_who_are_missing(start: Start) -> None:
    """The first was a fault of the source, and is mended; the second is true, and must be there to be released."""
    harness = start()
    others = [f"a{number:02d}" for number in range(20)]
    harness.corp.put(*(facts(person_id) for person_id in others))
    harness.poll()
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.corp.be_honest()
    for person_id in others:
        harness.corp.erase(person_id)

    for _ in range(2):
        harness.later()
        assert not harness.poll(full=True).is_ok
    second, first = ({one.person.person_id for one in plan.cohorts[0].people} for plan in harness.plans())
    assert (second, len(first), first & second) == (set(others), 20, set())

    harness.decide(plan=2)
    harness.later()
    assert harness.poll(full=True).is_ok
    assert harness.leavers() == others


@pytest.mark.parametrize("full", [False, True])
def test_a_second_poll_changes_nothing(company: Harness, full: bool) -> None:
    company.leave("ann")
    company.poll()
    company.later()

    assert company.poll(full=full).counts["left"] == 0
    assert company.kinds().count("person.left") == 1
