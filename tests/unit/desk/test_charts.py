"""The charts' figures: from the first data on, to the week that is not over, each leading to its tickets."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.evidence.actor import Actor


@company_fixture
def ward() -> Harness:
    """Read for the first time on Tuesday, 24 November 2026. Ann left then, and was out a day later; ben left after."""
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.later(hours=24)
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.wards.remove_member("ward-7", harness.number("ann"))
    harness.later(hours=1)
    harness.settle()
    harness.later(hours=24 * 7)
    harness.leave("ben")
    harness.settle()
    return harness


@company_fixture
def unread() -> Harness:
    """No source was read yet."""
    return Harness()


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "viewer")
    return caller


def rows(html: str) -> list[list[list[str]]]:
    """The cells of each table's rows as text."""
    tables = re.findall(r"<tbody.*?</tbody>", html, re.DOTALL)
    return [
        [
            [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
            for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        ]
        for table in tables
    ]


def follow(desk: Caller, page: str, label: str) -> str:
    """The list behind the last figure with this label."""
    *_, path = re.findall(rf'data-label="{label}"[^>]*><a href="([^"]+)"', page)
    return desk.get(unescape(path)).text


@pytest.mark.parametrize("weeks", ["4", "13", "26", "nonsense"])
def test_they_begin_when_something_was_first_read(desk: Caller, weeks: str) -> None:
    exposure, counts, times = rows(desk.get(f"/charts?weeks={weeks}").text)
    assert [row[0] for row in counts] == ["23 Nov 2026", "30 Nov 2026, so far"]
    assert [row[0] for row in times] == [row[0] for row in counts]
    assert exposure[0] == ["24 Nov 2026", "1"]
    assert exposure[-1] == ["02 Dec 2026, so far", "1"]
    assert len(exposure) == 9


def test_before_anything_was_read_they_are_as_long_as_was_asked(unread: Harness) -> None:
    desk = desk_of(unread)
    desk.sign_in("sam", "viewer")
    exposure, counts, _ = rows(desk.get("/charts?weeks=4").text)
    assert len(counts) == 5
    assert len(exposure) == 30
    assert {row[1] for row in exposure} == {"0"}


def test_a_week_leads_to_the_tickets_that_it_counts(desk: Caller) -> None:
    page = desk.get("/charts").text
    opened = follow(desk, page, "opened")
    assert "T-000002" in opened
    assert "T-000001" not in opened
    assert "opened: 30 Nov 2026 – 06 Dec 2026</a>" in opened
    verified = follow(desk, page, "verified")
    assert "T-000001" in verified
    assert "T-000002" not in verified
    assert "T-000001" in follow(desk, page, "median")


def test_the_period_of_a_list_is_kept_by_a_search_and_taken_off_by_its_chip(desk: Caller) -> None:
    page = follow(desk, desk.get("/charts").text, "opened")
    period = re.search(r'name="opened" value="([^"]+)"', page)
    assert period is not None
    fields = {"opened": period[1], "view": "removals", "state": "all"}
    assert "T-000001" not in desk.post("/tickets", {**fields, "text": "ward"}).text
    chip = re.search(r'<li><a href="([^"]+)" aria-current="true">opened:', page)
    assert chip is not None
    assert "T-000001" in desk.get(unescape(chip[1])).text


@pytest.mark.parametrize(
    "period",
    ["2026-11-24T00:00:00+00:00/", "nonsense", "/2026-11-24", "2026-11-24/x", "0001-01-01T00:00:00+00:00/"],
)
def test_a_period_may_go_on_and_what_is_none_limits_nothing(desk: Caller, period: str) -> None:
    desk.get("/tickets")
    page = desk.post("/tickets", {"state": "all", "opened": period}).text
    assert "T-000001" in page
    assert ("since Tue 24 Nov" in page) == period.startswith("2026-11-24T")


def test_times_count_from_the_leaving_and_stand_beside_what_is_due(desk: Caller) -> None:
    page = desk.get("/charts").text
    *_, times = rows(page)
    assert times == [["23 Nov 2026", "1 d 1 h", "1 d 1 h"], ["30 Nov 2026, so far", "–", "–"]]
    assert 'data-value="25.0"' in page
    assert 'data-due="24.0"' in page
    assert "A ticket is due 1 d after it is opened" in page
