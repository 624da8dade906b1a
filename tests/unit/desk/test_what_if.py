"""What if: recorded days are played on a page, by settings that somebody tries out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from builders import rules
from desk_caller import Caller, desk_of
from desk_setup import services_of
from harness import Harness, company_fixture
from worker.desk.app import desk_app
from worker.desk.console import what_if

DAY = timedelta(days=1)


@company_fixture
def ward() -> Harness:
    """Ann and Ben have left two groups, and are still in them; the jobs ran for a day."""
    harness = Harness(rules=rules())
    harness.hire("ann", "ben", "dee", *(f"p{number}" for number in range(60)))
    harness.group("ward-7", "ann", *(f"p{number}" for number in range(20)), admins=["dee"], name="Ward <7>")
    harness.group("ward-8", "ann", "ben", *(f"p{number}" for number in range(20, 40)), admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann", "ben")
    for _ in range(20):
        harness.settle()
        harness.escalate()
        harness.deliver()
        harness.later()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    desk = desk_of(ward)
    desk.sign_in("sam", "viewer")
    desk.get("/what-if")
    return desk


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def asked(ward: Harness, **fields: Any) -> dict[str, Any]:
    day = f"{ward.now:%Y-%m-%d}"
    return {"asked": "1", "from": "2026-11-23", "until": day, **fields}


def counts(page: str, of: str = "tickets") -> dict[str, int]:
    [section] = re.findall(rf'<h2 id="{of}">.*?</dl>', page, re.DOTALL)
    found = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", section)
    return {name: int(number) for name, number in found if int(number)}


def test_the_form_shows_four_weeks_and_the_present_settings(desk: Caller) -> None:
    page = desk.get("/what-if").text

    assert 'name="from" value="2026-10-29"' in page
    assert 'placeholder="25"' in page
    assert 'placeholder="24"' in page
    assert "can't be replayed" not in text(page)
    assert '<a href="/what-if" aria-current="page">What if</a>' in page


def test_a_limit_that_is_off_is_empty(ward: Harness) -> None:
    limits = replace(ward.app.rules.limits, leavers_max=None, leavers_share_max=None)
    ward.start(replace(ward.app.rules, limits=limits))
    desk = desk_of(ward)
    desk.sign_in("sam", "viewer")

    page = desk.get("/what-if").text

    assert 'id="leavers_max" name="leavers_max" value="" placeholder=""' in page
    assert 'id="share" name="share" value="" placeholder=""' in page


def test_without_a_change_the_days_come_out_as_they_were(desk: Caller, ward: Harness) -> None:
    page = desk.post("/what-if", asked(ward)).text

    assert counts(page) == {"As they were": 3}
    assert "No setting is changed" in page
    assert "What can't be replayed" in unescape(page)


@pytest.mark.parametrize("fields, expected", [
    ({"leavers_max": "1"}, {"Held": 3}),
    ({"share": "1,5"}, {"As they were": 3}),
    ({"due": "48"}, {"Later": 3}),
    ({"due": "12", "due_sensitive": "2"}, {"Earlier": 3}),
    ({"leave_out": "Ward <7>\n\nother"}, {"As they were": 2, "Fewer": 1}),
    ({"leave_out": "WARD-8"}, {"As they were": 1, "Fewer": 2}),
    ({"leavers_max": "25", "due": "24"}, {"As they were": 3}),
    ({"leavers_max": "\u0661"}, {"Held": 3}),
])  # fmt: skip
def test_settings_are_tried_out(
    desk: Caller, ward: Harness, fields: dict[str, str], expected: dict[str, int]
) -> None:
    assert counts(desk.post("/what-if", asked(ward, **fields)).text) == expected


def test_what_is_different_is_in_tables(desk: Caller, ward: Harness) -> None:
    page = desk.post("/what-if", asked(ward, due="48")).text

    assert 'href="/tickets/T-000001"' in page
    assert "Ward &lt;7&gt;" in page
    assert "Would be told" in page
    assert 'value="48"' in page, "the form keeps what was asked"
    assert "Ann" not in str(desk.last and desk.last.url), "an address has no names"


def test_messages_that_only_come_later_are_counted(desk: Caller, ward: Harness) -> None:
    page = desk.post("/what-if", asked(ward, due="30")).text

    assert counts(page, "messages") == {"As they were": 3, "Later": 3}


def test_how_many_of_something_can_t_be_replayed_stands_behind_it(desk: Caller, ward: Harness) -> None:
    page = text(desk.post("/what-if", asked(ward, **{"from": "2026-11-24"})).text)

    assert "days, whole or in part, before the journal begins: nothing is known of them (1)" in page
    assert "the command whosleft replay plays more days, and most settings." in page


def test_long_tables_end(desk: Caller, ward: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(what_if, "ROWS_MAX", 1)

    page = desk.post("/what-if", asked(ward, leavers_max="1")).text

    assert "+ 2" in text(page)
    assert "not opened" not in text(page)
    assert "held" in text(page)


def test_what_was_never_opened_has_no_number(ward: Harness) -> None:
    ward.start(replace(ward.app.rules, limits=replace(ward.app.rules.limits, leavers_max=1)))
    ward.leave("p21", "p22")
    ward.settle()
    ward.later()
    desk = desk_of(ward)
    desk.sign_in("sam", "viewer")
    desk.get("/what-if")

    page = desk.post("/what-if", asked(ward, leavers_max="50")).text

    # Those of Ann and Ben, too: by the limit of today, they would have been held
    assert counts(page)["More"] == 5
    assert "P21" in page


@pytest.mark.parametrize("fields, said", [
    ({"from": "2026-11-26", "until": "2026-11-24"}, "31 at most"),
    ({"from": "2026-09-01"}, "31 at most"),
    ({"from": "2027-09-01", "until": "2027-09-02"}, "Nothing has happened on days to come"),
    ({"from": "x"}, "is no date"),
    ({"due": "soon"}, "Hours to act: 'soon' is no number from 0.01 to 2160, with two decimals at most."),
    ({"due": "0"}, "Hours to act: '0' is no number"),
    ({"due": "1,000"}, "Hours to act: '1,000' is no number"),
    ({"due_sensitive": "1e3"}, "Hours to act in sensitive groups: '1e3' is no number"),
    ({"share": "200"}, "at most (%): '200' is no number from 0.01 to 100"),
    ({"leavers_max": "1,000"}, "Leavers at once, at most: '1,000' is no whole number from 1 to 1000000,"),
    ({"leavers_max": "0.4"}, "'0.4' is no whole number"),
    ({"leavers_max": "0"}, "'0' is no whole number"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(
    desk: Caller, ward: Harness, fields: dict[str, str], said: str
) -> None:
    answer = desk.post("/what-if", asked(ward, **fields))

    assert answer.status_code == 409
    assert said in unescape(answer.text)


def test_a_play_ends_at_its_bound_of_time(ward: Harness) -> None:
    """The clock of the desk goes on by a minute each time that it is read."""
    now = [ward.now]

    def clock() -> datetime:
        now[0] += timedelta(minutes=1)
        return now[0]

    desk = desk_of(ward, app=desk_app(replace(services_of(ward), clock=clock)))
    desk.sign_in("sam", "viewer")
    desk.get("/what-if")

    answer = desk.post("/what-if", asked(ward))

    assert "takes longer than a page may" in answer.text


def test_one_play_at_a_time(desk: Caller, ward: Harness) -> None:
    with what_if._PLAYING:
        answer = desk.post("/what-if", asked(ward))

    assert "try again in a moment" in answer.text
    assert counts(desk.get(str(desk.last and desk.last.url.raw_path.decode())).text) == {"As they were": 3}


def test_whoever_is_not_signed_in_sees_nothing(ward: Harness) -> None:
    answer = desk_of(ward).get("/what-if")

    assert "Leavers at once" not in answer.text
