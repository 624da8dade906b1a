"""The console on live groups: what a source can do, and what each source shows of one group."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.reads.group import whole_group
from worker.contract.groups import GroupShownShape
from worker.domain.groups.pairing import PairState
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
    harness.inventories[1].can = Capabilities(can_remove=True, breaks_terms=True)
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
    assert "Not all of its sources show the same members." in _text(html)
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
    assert "breaks the messenger’s terms of service" in phone
    assert "terms of service" not in register
    assert "sees every group sees who is an admin is kept by people: proves with grade B at best" in register
    assert "What it can do" not in _text(desk.get("/sources/corp").text)


@pytest.fixture
def asked(two: Harness) -> Caller:
    """An operator before the question whether two sources show one group."""
    two.group("nights", *CREW[:-1], admins=["joe"], at=0, name="Nights")
    two.group("121@g.us", *CREW[:-1], admins=["joe"], at=1, name="The <owls>")
    two.later()
    two.settle()
    caller = desk_of(two)
    caller.sign_in("sam", "operator")
    return caller


def _state(two: Harness) -> list[PairState]:
    with two.store.reading() as uow:
        return [pair.state for pair in uow.pairs.all() if pair.b.group_id == "121@g.us"]


@pytest.mark.parametrize(
    "answer, state, kind",
    [("one", PairState.CONFIRMED, "group.paired"), ("two", PairState.APART, "group.unpaired")],
)
def test_whether_two_sources_show_one_group_is_answered(
    asked: Caller, two: Harness, answer: str, state: PairState, kind: str
) -> None:
    page = asked.get("/questions")
    form = re.search(r'action="(/groups/[^"]+/pair)"', page.text)
    other = re.search(r'name="other" value="([^"]+)"', page.text)
    assert form is not None
    assert other is not None
    assert "One group or two?" in page.text
    assert "The &lt;owls&gt;" in page.text
    assert _state(two) == [PairState.SUGGESTED]

    done = asked.post(form[1], {"other": other[1], "answer": answer})

    assert done.status_code == 200
    assert "One group or two?" not in done.text
    assert _state(two) == [state]
    with two.store.reading() as uow:
        last = uow.journal.of("group:register/nights")[-1]
    assert (last.entry.kind, last.entry.actor) == (kind, "sam")


@pytest.mark.parametrize(
    "fields, status", [({"answer": "x"}, 409), ({"answer": "one", "other": "AAAA"}, 404)]
)
def test_an_answer_that_is_none_changes_nothing(
    asked: Caller, two: Harness, fields: dict[str, str], status: int
) -> None:
    page = asked.get("/questions")
    form = re.search(r'action="(/groups/[^"]+/pair)"', page.text)
    other = re.search(r'name="other" value="([^"]+)"', page.text)
    assert form is not None
    assert other is not None

    assert asked.post(form[1], {"other": other[1], **fields}).status_code == status

    assert _state(two) == [PairState.SUGGESTED]


def test_a_viewer_sees_the_question_and_no_form(asked: Caller, two: Harness) -> None:
    viewer = desk_of(two)
    viewer.sign_in("kim", "viewer")

    page = viewer.get("/questions").text

    assert "One group or two?" in page
    assert "/pair" not in page


def test_nobody_is_asked_about_a_group_that_has_its_pair(asked: Caller, two: Harness) -> None:
    two.group("122@g.us", *CREW[:-1], admins=["joe"], at=1, name="Bats")
    two.later()
    two.settle()
    page = asked.get("/questions").text
    assert "Ward 7" not in page, "it has its pair since before"
    assert len(re.findall(r'action="/groups/[^"]+/pair"', page)) == 2

    form = re.findall(r'action="(/groups/[^"]+/pair)"', page)[0]
    other = re.findall(r'name="other" value="([^"]+)"', page)[0]
    done = asked.post(form, {"other": other, "answer": "one"}).text

    assert "/pair" not in done


def test_a_group_in_the_interface_has_the_word_of_each_source(two: Harness) -> None:
    with two.store.reading() as uow:
        group = uow.rosters.group(FOLLOWER)
        assert group is not None
        shape = GroupShownShape.of(whole_group(uow, group, two.app.witnesses), two.app.witnesses)
    assert [(one.source, one.id, one.shows, one.members, one.grade) for one in shape.sources] == [
        ("phone", "120@g.us", True, 3, "A"),
        ("register", "ward-7", True, 4, "B"),
    ]
