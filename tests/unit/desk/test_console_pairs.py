"""The console on live groups: what a source can do, and what each source shows of one group."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.model import GroupKey
from worker.ports import Capabilities

CREW = ("ann", "ben", "eve", "joe")
LEADER, FOLLOWER = GroupKey("phone", "120@g.us"), GroupKey("register", "ward-7")


@company_fixture
def two() -> Harness:
    """A register and a linked phone that show the same ward; the phone shows one member fewer."""
    harness = Harness(inventories=("register", "phone"))
    harness.hire(*CREW)
    harness.inventories[0].can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
    harness.inventories[1].can = Capabilities(can_remove=True)
    harness.group("ward-7", *CREW[:-1], admins=["joe"], at=0, name="Ward 7")
    harness.group("120@g.us", *CREW[1:-1], admins=["joe"], at=1, name="Ward 7")
    harness.start(harness.app.rules)
    harness.settle()
    return harness


@pytest.fixture
def desk(two: Harness) -> Caller:
    caller = desk_of(two)
    caller.sign_in("sam", "viewer")
    return caller


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def _group(desk: Caller, key: GroupKey) -> str:
    """The page of this group, found as people find it."""
    for path in re.findall(r'href="(/groups/[^"?]+)"', desk.get("/groups").text):
        page = desk.get(path)
        if f'href="/sources/{key.source}"' in page.text.partition("</dl>")[0]:
            return page.text
    raise AssertionError(f"no page shows {key}")


@pytest.mark.parametrize("key", [LEADER, FOLLOWER])
def test_each_source_of_a_group_is_shown_and_the_one_that_leads_comes_first(
    desk: Caller, key: GroupKey
) -> None:
    html = _group(desk, key)

    shown = _text(html).partition("What each source shows")[2]
    assert re.search(r"phone Ward 7 full 3 .* register Ward 7 full 4 ", shown), shown
    assert "Not all of its sources list the same members." in _text(html)
    other = html.partition("What each source shows")[2].partition("</table>")[0]
    assert len(re.findall(r'href="/groups/', other)) == 1


def test_a_group_of_one_source_has_no_such_table(two: Harness, desk: Caller) -> None:
    two.group("hall", *CREW[:2], admins=["joe"], at=1, name="Hall")
    two.later()
    two.settle()
    path = re.findall(r'href="(/groups/[^"?]+)">\s*<bdi>Hall', desk.get("/groups").text)[0]

    shown = _text(desk.get(path).text)

    assert "What each source shows" not in shown
    assert "No register has this group." in shown


def test_a_source_s_page_says_what_it_can_do(desk: Caller) -> None:
    phone, register = _text(desk.get("/sources/phone").text), _text(desk.get("/sources/register").text)

    assert "sees who is an admin can remove members" in phone
    assert "grade B at best" not in phone
    assert "sees every group sees who is an admin is kept by people: proves with grade B at best" in register
    assert "What it can do" not in _text(desk.get("/sources/corp").text)
