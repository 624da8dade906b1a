"""What a directory does not show, and dates that nobody can read: nobody moves, leaves or returns by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from builders import facts
from harness import Harness
from scripted import Scripted, end, scripted
from worker.domain.model import COUNTRY, TIMEZONE, AccountFacts, Standing
from worker.domain.people.leaver import LeaverPolicy, judge_again
from worker.ports import DirectoryPage
from worker.storage import persons
from worker.storage.sql.mapping import facts_from_json

Start = Callable[..., Harness]


# --- what a source does not show --------------------------------------------------------------------------


def test_what_a_source_shows_of_nobody_stays_as_it_was_known(start: Start) -> None:
    harness = start(directory_type=Scripted)
    last_day = harness.now + timedelta(days=5)
    harness.corp.change("ann", leave_at=last_day, department="Nursing", attributes=((COUNTRY, "GB"),))
    harness.poll()
    bare = (facts("ann", department="Porters", attributes=((TIMEZONE, "Europe/London"),)), facts("zoe"))
    unshown = frozenset({"leave_at", COUNTRY})
    scripted(harness, DirectoryPage(bare, unshown=unshown), end(harness, is_full=False))
    harness.poll()

    ann = harness.person("ann")
    assert (ann.standing, ann.leaves_at) == (Standing.LEAVING, last_day)
    assert (ann.facts.department, ann.facts.country, ann.facts.timezone) == ("Porters", "GB", "Europe/London")
    assert harness.standing("zoe") is Standing.ACTIVE


def test_a_date_that_may_have_been_taken_back_is_unread_and_stays_so(start: Start) -> None:
    harness = start(directory_type=Scripted)
    harness.corp.change("ann", leave_at=harness.now + timedelta(days=2))
    harness.poll()
    for _ in range(3):
        harness.later(days=1)
        page = DirectoryPage((facts("ann"), facts("zoe")), unsure=frozenset({"leave_at"}))
        scripted(harness, page, end(harness, is_full=False))
        harness.poll()

    ann, zoe = harness.person("ann"), harness.person("zoe")
    assert (ann.standing, ann.facts.leave_at, ann.facts.unread) == (Standing.LEAVING, None, ("leave_at",))
    assert (zoe.standing, zoe.facts.unread) == (Standing.ACTIVE, ())


def test_what_is_known_is_read_only_of_those_of_whom_something_stays(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = start(directory_type=Scripted)
    harness.corp.change("ann", attributes=((COUNTRY, "GB"),))
    harness.hire("ben", department="Nursing")
    harness.poll()
    read: list[str] = []

    def noting(person_id: str, text: str) -> AccountFacts:
        read.append(person_id)
        return facts_from_json(person_id, text)

    monkeypatch.setattr(persons, "facts_from_json", noting)
    page = DirectoryPage((facts("ann"), facts("ben")), unshown=frozenset({"leave_at", COUNTRY}))
    scripted(harness, page, end(harness, is_full=False))
    harness.poll()

    assert read == ["ann"]
    assert harness.person("ann").facts.country == "GB"


# --- dates that nobody can read ---------------------------------------------------------------------------


def unread(harness: Harness, person_id: str, **changes: Any) -> None:
    harness.corp.change(person_id, leave_at=None, unread=("leave_at",), **changes)


def test_a_last_day_that_nobody_can_read_any_more_does_not_come(company: Harness) -> None:
    company.corp.change("ann", leave_at=company.now + timedelta(days=3))
    company.poll()
    unread(company, "ann")
    for _ in range(5):
        company.later(days=1)
        company.settle(full=True)

    assert (company.leavers(), company.tickets()) == ([], [])
    assert company.person("ann").leaves_at is None

    company.corp.change("ann", leave_at=company.now + timedelta(hours=2), unread=())
    company.settle()
    company.later(hours=2)
    company.settle()
    assert company.leavers() == ["ann"]


def test_a_last_day_that_nobody_can_read_brings_nobody_back(company: Harness) -> None:
    company.corp.change("ann", leave_at=company.now)
    company.settle()
    unread(company, "ann")
    company.later()
    company.settle(full=True)

    assert company.leavers() == ["ann"]
    assert [one.is_live for one in company.tickets()] == [True]

    company.corp.change("ann", unread=())
    company.later()
    company.settle()
    assert company.leavers() == []


def test_whose_last_day_nobody_can_read_has_left_by_anything_else(company: Harness) -> None:
    unread(company, "ann")
    company.poll()
    assert company.leavers() == []

    company.leave("ann")
    company.poll()
    assert company.leavers() == ["ann"]


@pytest.mark.parametrize(
    "name, policy",
    [("leave_at", LeaverPolicy(leave_date=False)), ("expires_at", LeaverPolicy(expired=False))],
)
def test_a_date_that_does_not_count_and_nobody_can_read_keeps_nobody_from_returning(
    start: Start, name: str, policy: LeaverPolicy
) -> None:
    harness = start(leaver=policy)
    harness.leave("ann")
    harness.poll()
    harness.corp.change("ann", enabled=True, unread=(name,))
    harness.poll()
    assert harness.leavers() == []


def test_a_date_that_nobody_could_read_counts_no_more_once_switched_off(company: Harness) -> None:
    company.corp.change("ann", leave_at=company.now + timedelta(days=3))
    company.poll()
    unread(company, "ann")
    company.poll()
    known = company.person("ann")
    assert known.standing is Standing.LEAVING

    again = judge_again(known, LeaverPolicy(leave_date=False), company.now)
    assert (again.standing, again.facts.unread) == (Standing.ACTIVE, ())


# --- long leave that a source shows of nobody any more -------------------------------------------------------


def test_whoever_was_on_long_leave_has_not_left_because_nobody_shows_it_any_more(start: Start) -> None:
    harness = start(directory_type=Scripted)
    harness.corp.change("ann", enabled=False, is_on_long_leave=True)
    harness.hire("ben")
    harness.poll()
    bare = (facts("ann", enabled=False), facts("ben", enabled=False), facts("zoe"))
    page = DirectoryPage(bare, unshown=frozenset({"is_on_long_leave"}))
    scripted(harness, page, end(harness, is_full=False))
    report = harness.poll()

    assert [harness.standing(one) for one in ("ann", "ben", "zoe")] == [
        Standing.ACTIVE, Standing.LEFT, Standing.ACTIVE,
    ]  # fmt: skip
    (trouble,) = report.troubles
    assert trouble.startswith(
        "corp shows long leave (attributes.long_leave) of nobody any more: 1 person whose"
    )


def test_whose_long_leave_is_over_has_left_while_others_show_theirs(start: Start) -> None:
    harness = start(directory_type=Scripted)
    harness.corp.change("ann", enabled=False, is_on_long_leave=True)
    harness.poll()
    scripted(harness, DirectoryPage((facts("ann", enabled=False),)), end(harness, is_full=False))
    report = harness.poll()

    assert (harness.standing("ann"), report.troubles) == (Standing.LEFT, ())


def test_whoever_is_back_from_a_long_leave_is_on_none_when_nobody_shows_it(start: Start) -> None:
    harness = start(directory_type=Scripted)
    harness.corp.change("ann", enabled=False, is_on_long_leave=True)
    harness.poll()
    for is_enabled in (True, False):
        page = DirectoryPage((facts("ann", enabled=is_enabled),), unshown=frozenset({"is_on_long_leave"}))
        scripted(harness, page, end(harness, is_full=False))
        harness.poll()

    assert harness.standing("ann") is Standing.LEFT


def test_who_is_missing_and_looked_up_keeps_what_the_source_shows_of_nobody(found: Start) -> None:
    harness = found(directory_type=Scripted)
    others = [f"p{number}" for number in range(20)]
    harness.hire("ann", "ben", *others)
    harness.corp.change("ann", enabled=False, is_on_long_leave=True)
    harness.poll()
    for one in ("ann", "ben"):  # as a look-up shows them
        harness.corp.change(one, enabled=False, is_on_long_leave=False)
    unshown = frozenset({"is_on_long_leave"})
    scripted(harness, DirectoryPage(tuple(map(facts, others)), unshown=unshown), end(harness, is_full=True))
    harness.poll()

    assert (harness.standing("ann"), harness.standing("ben")) == (Standing.ACTIVE, Standing.LEFT)
