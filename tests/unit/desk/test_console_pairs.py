"""The console on live groups: what a source can do, and what each source shows of one group."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape

import pytest

from builders import NOW
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.reads.group import whole_group
from worker.contract.groups import GroupShownShape
from worker.domain.groups.pairing import PairState
from worker.domain.model import Allowed, Fact, GroupFacts, GroupKey, RegisterFacts, RegisterStatus
from worker.ports import Capabilities

CREW = ("ann", "ben", "eve", "joe")
LEADER, FOLLOWER = GroupKey("phone", "120@g.us"), GroupKey("register", "ward-7")


@company_fixture
def two() -> Harness:
    """A register and a linked phone that show the same ward; the phone shows one member fewer."""
    harness = Harness(inventories=("register", "phone"))
    harness.hire(*CREW)
    harness.inventories[0].can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
    shows = frozenset({Fact.PICTURE, Fact.APPROVAL})
    harness.inventories[1].can = Capabilities(can_remove=True, breaks_terms=True, shows=shows)
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


def test_an_answer_that_somebody_gave_meanwhile_stays(asked: Caller, two: Harness) -> None:
    page = asked.get("/questions").text
    form = re.search(r'action="(/groups/[^"]+/pair)"', page)
    other = re.search(r'name="other" value="([^"]+)"', page)
    assert form is not None
    assert other is not None
    asked.post(form[1], {"other": other[1], "answer": "two"})
    refused = asked.post(form[1], {"other": other[1], "answer": "one"})
    assert refused.status_code == 409
    assert _state(two) == [PairState.APART]


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


FACTS = GroupFacts(
    description="Rules:\nno patient data", picture_sha256="", link_sha256="a" * 64, approval=True,
    edit=Allowed.ADMINS, write=Allowed.MEMBERS, last_activity_at=NOW - timedelta(days=3), is_archived=False,
    read_at=NOW, read_apart=((Fact.PICTURE, NOW - timedelta(days=1)),),
)  # fmt: skip
SAID = RegisterFacts(
    purpose="Hand-over of nights", data_class="patient", sensitive=True, externals_allowed=False,
    status=RegisterStatus.ACTIVE, review_due=date(2026, 12, 24), move_to="teams",
)  # fmt: skip


@pytest.fixture
def described(two: Harness, desk: Caller) -> Caller:
    register, phone = two.inventories
    register.register("ward-7", SAID)
    phone.show("120@g.us", FACTS)
    two.later()
    two.settle()
    return desk


def _rows(html: str, heading: str) -> dict[str, str]:
    part = html.partition(f"<h2>{heading}</h2>")[2].partition("</dl>")[0]
    return {
        _text(name).strip(): _text(value).strip()
        for name, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", part, re.DOTALL)
    }


def test_a_group_s_page_shows_what_its_source_shows_of_it(described: Caller) -> None:
    rows = _rows(_group(described, LEADER), "What its source shows of it")
    assert rows["Description"] == "Rules: no patient data"
    assert rows["Picture"].startswith("there is none (As of: ")
    assert rows["Join link"].startswith("the same since it was first seen: ")
    assert (rows["Approval of new members"], rows["Archived"]) == ("yes", "no")
    assert (rows["Who may edit the profile"], rows["Who may write"]) == ("admins", "all members")
    assert rows["Last activity"] == "3 d 1 h ago"
    assert "Who may add members" not in rows


def test_a_changed_link_is_said_to_be_and_nothing_of_it_is_shown(two: Harness, described: Caller) -> None:
    two.inventories[1].show("120@g.us", replace(FACTS, link_sha256="b" * 64, read_at=two.now))
    two.later()
    two.settle()
    html = _group(described, LEADER)
    assert _rows(html, "What its source shows of it")["Join link"].startswith("changed: ")
    assert "bbbb" not in html


@pytest.mark.parametrize("key", [LEADER, FOLLOWER])
def test_a_group_s_page_shows_the_register_s_columns_whoever_leads(described: Caller, key: GroupKey) -> None:
    said = _text(_group(described, key))
    assert "Register: purpose Hand-over of nights" in said
    assert "Register: sensitive yes" in said
    assert "Register: moves to teams" in said
    assert "Register: closed on" not in said


def test_a_group_of_which_nothing_is_known_shows_neither(desk: Caller) -> None:
    html = _group(desk, LEADER)
    assert "What its source shows of it" not in html
    assert "Register: " not in html


def test_a_source_s_page_says_what_it_shows_of_groups(described: Caller) -> None:
    html = described.get("/sources/phone").text
    assert re.search(r"What it shows of groups</dt><dd>Picture<br>Approval of new members</dd>", html)
    assert "What it shows of groups" not in described.get("/sources/register").text
    assert "What it shows of groups" not in described.get("/sources/corp").text


def test_the_json_of_a_group_has_null_for_what_is_not_shown(two: Harness, described: Caller) -> None:
    del described
    with two.store.reading() as uow:
        one = uow.rosters.group(LEADER)
        assert one is not None
        whole = whole_group(uow, one, two.app.witnesses)
    shown = GroupShownShape.of(whole, two.app.witnesses).model_dump(mode="json")["facts"]
    assert shown == {
        "description": "Rules:\nno patient data", "has_picture": False, "approval": True, "edit": "admins",
        "write": "members", "add": None, "last_activity_at": "2026-11-21T12:00:00Z", "is_archived": False,
    }  # fmt: skip
