"""Groups by what is wrong in them: in the list, and in one sentence on a group's page; and a person's timeline."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.desk.console import groups
from worker.desk.console.paging import PLACE
from worker.desk.refs import reference
from worker.domain.model import GroupKey, Member, Role

ROW = re.compile(r'<tr role="row">\s*<th scope="row".*?</tr>', re.DOTALL)


@company_fixture
def ward() -> Harness:
    """Two leavers in ward 9, the only admin left the night duty, a stranger in the hall; ward 7 is as it should be."""
    harness = Harness()
    harness.hire("ann", "ben", "cem", "dee", "kay", "lea")
    harness.group("ward-7", "lea", admins=["dee"], name="Ward 7")
    harness.group("ward-9", "ann", "ben", "cem", admins=["dee"], name="Ward 9")
    harness.group("night", "lea", admins=["kay"], name="Night duty")
    harness.group("hall", "lea", admins=["dee"], name="Hall")
    harness.wards.add_member("hall", Member("+447700900779", "Sky", phone="+447700900779"))
    harness.settle()
    harness.later()
    harness.leave("ann", "ben", "kay")
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "viewer")
    return caller


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def rows(html: str) -> list[str]:
    return [text(row) for row in ROW.findall(html)]


def page_of(desk: Caller, name: str) -> str:
    found = re.search(rf'href="(/groups/[^"]+)"><bdi>{name}<', desk.get("/groups").text)
    assert found is not None
    return desk.get(found[1]).text


@pytest.mark.parametrize("name", ["Ward 7", "7", "Ward 7 a", "1 x y"])
def test_a_bookmark_of_a_list_by_name_is_the_first_page(desk: Caller, name: str) -> None:
    first = rows(desk.get("/groups").text)
    place = reference(desk.app.state.services.key, PLACE, (name, "wards\nward-7"))
    assert rows(desk.post("/groups", {"after": place}).text) == first


def test_the_list_has_trouble_first_and_counts_it(desk: Caller) -> None:
    assert [row.replace(" wards , WhatsApp", "") for row in rows(desk.get("/groups").text)] == [
        "Ward 9 ! 2 1 0 4 1 min",
        "Night duty ! 1 ! 0 0 2 1 min",
        "Hall 0 1 1 3 1 min",
        "Ward 7 0 1 0 2 1 min",
    ]


def test_pages_of_the_list_go_on_where_they_ended(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows(desk.get("/groups").text)
    monkeypatch.setattr(groups, "PAGE", 1)

    found = rows(desk.get("/groups").text)
    while (page := desk.next_page()) is not None:
        found += rows(page.text)

    assert found == whole


def test_leavers_of_a_plan_that_waits_count_too(ward: Harness, desk: Caller) -> None:
    temps = [f"temp{number}" for number in range(6)]
    ward.hire(*temps)
    ward.group("gate", *temps, admins=["dee"], name="Gate")
    ward.settle()
    ward.later(hours=30)
    ward.leave(*temps)
    ward.settle()
    assert [plan.size for plan in ward.plans()] == [6]

    desk.sign_in("sam", "viewer")
    assert rows(desk.get("/groups").text)[0].startswith("Gate ! 6 1 0 7")


def test_a_search_keeps_the_order(desk: Caller) -> None:
    desk.get("/groups")

    assert next(row.split(" !")[0] for row in rows(desk.post("/groups", {"text": "ward"}).text)) == "Ward 9"


def test_a_group_says_in_one_sentence_what_is_wrong(desk: Caller) -> None:
    assert "What is wrong: 2 people who have left are still in it." in text(page_of(desk, "Ward 9"))
    assert "What is wrong: one person who has left is still in it; it has no active admin." in text(
        page_of(desk, "Night duty")
    )
    assert "What is wrong: one member is not matched with a person." in text(page_of(desk, "Hall"))
    assert "Nothing is wrong with this group." in text(page_of(desk, "Ward 7"))


def test_an_old_list_and_a_group_that_is_gone_are_wrong(ward: Harness, desk: Caller) -> None:
    ward.later(days=30)
    desk.sign_in("sam", "viewer")
    assert "What is wrong: its roster is too old to prove anything." in text(page_of(desk, "Ward 7"))
    ward.wards.remove_group("ward-7")
    ward.inventory()

    assert "What is wrong: the inventory does not list it any more." in text(page_of(desk, "Ward 7"))


def test_admins_whom_a_source_does_not_show_are_not_missing(ward: Harness, desk: Caller) -> None:
    members = [Member(f"+4477009008{number:02d}", "X", Role.UNKNOWN) for number in range(2)]
    for member in members:
        ward.group("list", name="List")
        ward.wards.add_member("list", member)
    ward.later()
    ward.settle()

    with ward.store.reading() as uow:
        health = uow.overview.health(GroupKey("wards", "list"))
    assert health is not None
    assert (health.knows_roles, health.lacks_admin) == (False, False)
    assert any("not shown" in row for row in rows(desk.get("/groups").text))
    assert "no active admin" not in page_of(desk, "List")


def test_a_group_that_is_not_known_has_no_health(ward: Harness) -> None:
    with ward.store.reading() as uow:
        assert uow.overview.health(GroupKey("wards", "nowhere")) is None


def test_a_person_has_one_timeline(ward: Harness, desk: Caller) -> None:
    ward.later()
    ward.drop("ward-9", "ann")
    ward.settle()
    found = re.search(r'href="(/people/[^"]+)"><bdi>Ann<', desk.get("/people").text)
    assert found is not None

    page = desk.get(found[1]).text
    lines = [text(line) for line in re.findall(r"<li class=\"[\w-]+\">.*?</li>", page, re.DOTALL)]

    assert [re.sub(r"^.*? ago ", "", line)[:27] for line in lines] == [
        "Out of the group Ward 9 T-0", "Ticket opened Ward 9 T-0000", "Left the organisation corp",
        "First seen in the directory",
    ]  # fmt: skip
