"""Controls in the console: what each says of all groups, what fails one, and what they say of one group."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.desk.console import controls
from worker.domain.controls.policy import (
    AdminsRule,
    ControlPolicy,
    DescriptionRule,
    ProfileRule,
    RegisterRule,
    RightsRule,
)
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Allowed, Group, GroupFacts, RegisterFacts

RULES = "Be kind."
ASKS = ControlSwitch(Mode.TICKET)
POLICY = ControlPolicy(
    report_min=2,
    register=(RegisterRule(required=("purpose", "data_class")),),
    admins=(AdminsRule(),),
    profile=(ProfileRule(ASKS, DescriptionRule({"en": RULES}), rights=RightsRule(edit=Allowed.ADMINS)),),
)
NAMES = ("ward-1", "ward-2", "ward-3", "lab")


def _facts(harness: Harness, **facts: object) -> GroupFacts:
    return GroupFacts(read_at=harness.now, **facts)  # type: ignore[arg-type]


@company_fixture
def wards() -> Harness:
    """Three wards of a department and a lab of another: a description is wrong in all, and one ward is sensitive."""
    harness = Harness(controls=POLICY, registers=("list",), sensitive=("Ward 3",))
    harness.hire("ann", "ben", "dee")
    for name in NAMES:
        harness.group(name, "ann", "ben", admins=["dee"])
        harness.wards.show(name, _facts(harness, description="hello"))
        group = Group(f"r-{name}", name.replace("-", " ").capitalize())
        said = RegisterFacts(owner_department="Surgery" if "ward" in name else "Lab", purpose="rotas")
        harness.inventories[1].add_group(group, [harness.member("ann")])
        harness.inventories[1].register(group.group_id, said)
    harness.wards.show("lab", _facts(harness, description="hello", edit=Allowed.MEMBERS))
    harness.settle()
    harness.control()
    harness.decide()
    harness.later()
    harness.control()
    return harness


@company_fixture
def bare() -> Harness:
    """No control is on."""
    harness = Harness()
    harness.hire("ann")
    harness.group("ward-1", admins=["ann"])
    harness.settle()
    harness.control()
    return harness


@pytest.fixture
def desk(wards: Harness) -> Caller:
    caller = desk_of(wards)
    caller.sign_in("sam", "viewer")
    return caller


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def rows(html: str) -> list[str]:
    return [text(row) for row in re.findall(r'<tr role="row">\s*<th scope="row".*?</tr>', html, re.DOTALL)]


def row_of(html: str, start: str) -> str:
    return next(row for row in rows(html) if row.startswith(start))


def test_the_list_counts_each_value_by_itself(desk: Caller) -> None:
    page = desk.get("/controls").text
    assert row_of(page, "Its description has the rules") == (
        "Its description has the rules opens tickets 0 ! 4 0 0 4 –"
    )
    assert row_of(page, "The right people may change it").endswith("opens tickets 0 ! 1 3 0 1 –")
    assert row_of(page, "Its row in the register is complete").endswith("only reports 0 ! 4 0 0 0 –")
    assert "Last checked: 1 min ago" in text(page)
    assert 'href="/controls" aria-current="page"' in page


def test_what_is_off_is_only_named(desk: Caller) -> None:
    page = text(desk.get("/controls").text)
    assert re.search(r"Switched off: \d+", page)
    assert "Somebody needs the group group.dormant" in page


def test_before_the_first_run_nothing_is_claimed(bare: Harness) -> None:
    caller = desk_of(bare)
    caller.sign_in("sam", "viewer")
    for path in ("/controls", "/controls/group.dormant"):
        page = text(caller.get(path).text)
        assert "No control was checked in the last weeks." in page
        assert "Nothing fails" not in page


def test_one_control_says_what_is_wrong_where_the_sensitive_first(desk: Caller) -> None:
    page = desk.get("/controls/profile.description").text
    names = [re.sub(r" !.*", "", row) for row in rows(page)]
    assert names == ["Ward 3", "Lab", "Ward 1", "Ward 2"]
    assert row_of(page, "Ward 3").startswith(
        "Ward 3 ! fails sensitive The description doesn't have the rules. Surgery"
    )
    assert "A pass does not prove: that it is read." in text(page)


def test_each_failure_leads_to_its_group_and_ticket(desk: Caller, wards: Harness) -> None:
    page = desk.get("/controls/profile.description").text
    labels = set(re.findall(r'href="/tickets/(T-\d+)"', page))
    assert labels == {ticket.label for ticket in wards.tickets()}
    [path] = re.findall(r'href="(/groups/[^"]+)"><bdi>Lab<', page)
    assert "The permissions are: all members change the profile." in text(desk.get(path).text)


def test_small_departments_are_shown_together(desk: Caller) -> None:
    page = text(desk.get("/controls/profile.description").text)
    assert "Surgery : 3 Smaller departments, and without one: 1" in page
    assert "a smaller one" in page
    assert "Lab :" not in page


def test_what_cannot_be_told_has_a_part_of_its_own_with_the_reason(desk: Caller) -> None:
    page = text(desk.get("/controls/profile.rights").text)
    assert "What can't be told It is neither passed nor failed, and nobody is asked about it." in page
    assert "no source shows it: 3" in page


def test_words_of_columns_are_for_people(desk: Caller) -> None:
    page = text(desk.get("/controls/group.complete").text)
    assert "The group's row in the register lacks: class of data." in page
    assert "data_class" not in page


def test_pages_go_on_where_they_ended(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows(desk.get("/controls/profile.description").text)
    monkeypatch.setattr(controls, "PAGE", 1)
    found = rows(desk.get("/controls/profile.description").text)
    while (page := desk.next_page()) is not None:
        found += rows(page.text)
    assert found == whole


def test_a_waived_failure_stays_and_says_so(desk: Caller, wards: Harness) -> None:
    ticket = next(one for one in wards.tickets() if one.group_name == "Ward 1")
    wards.desk.waive(ticket.id, Actor("sam"), "closes next week", wards.now)
    wards.later()
    wards.control()
    assert "≈ waived" in row_of(desk.get("/controls/profile.description").text, "Ward 1")
    assert row_of(desk.get("/controls").text, "Its description").startswith(
        "Its description has the rules opens tickets 0 ! 3 0 1 3"
    )


def test_the_trend_compares_with_an_earlier_day(desk: Caller, wards: Harness) -> None:
    wards.later(hours=24 * 8)
    for name in NAMES[:2]:
        wards.wards.show(name, _facts(wards, description=RULES))
    wards.inventory()
    wards.control()
    desk.sign_in("sam", "viewer")
    page = desk.get("/controls").text
    assert row_of(page, "Its description").endswith("−2 since 24 Nov 2026")
    assert '<polyline points="0.0,2.0 100.0,12.0"/>' in page
    weeks = rows(desk.get("/controls/profile.description").text)[-2:]
    assert weeks == ["02 Dec 2026 2 2 0 0", "24 Nov 2026 0 4 0 0"]


def test_an_unknown_control_is_missing(desk: Caller) -> None:
    assert desk.get("/controls/profile.smell").status_code == 404


def test_a_control_that_tickets_tell_of_leads_to_them(desk: Caller) -> None:
    page = text(desk.get("/controls/people.accountable").text)
    assert "no directory has the address: 1" in page


def test_a_group_says_what_controls_say_of_it_now(desk: Caller) -> None:
    page = desk.get("/controls/profile.description").text
    [path] = re.findall(r'href="(/groups/[^"]+)"><bdi>Ward 3<', page)
    said = text(desk.get(path).text)
    assert (
        "! fails Its description has the rules : The description doesn't have the rules. ( 1 h ago )" in said
    )
    assert (
        "? can't be told The right people may change it, write and add members : no source shows it" in said
    )
    assert "controls pass." in said
    assert "Register: department of the owner Surgery" in said
    assert "Nothing is wrong with this group." not in said
