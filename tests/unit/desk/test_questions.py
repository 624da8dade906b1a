"""Who is who: what is known about a member whom nothing ties to one person, and the answers."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import QUESTIONS, Identity, IdentityState
from worker.domain.model import AccountKey, HandleKey, Member

JONAS, SKY, SHARED = "+447700900778", "+447700900779", "+447700900777"


@company_fixture
def ward() -> Harness:
    """Jonas, whose name in two groups is nearly a porter's; Sky, in one without an admin; a number of two people."""
    harness = Harness()
    harness.hire("ann", "dee", "fay")
    harness.hire("jw", display_name="Jonas Weber", title="Porter", department="Logistics")
    harness.hire("tom", "una", phones=(SHARED,))
    harness.group("ward-7", "ann", admins=["dee"], name="Ward 7")
    harness.group("desk", admins=["fay", "dee"], name="Front desk")
    harness.group("pool", "ann", name="Car pool")
    for group in ("ward-7", "desk"):
        harness.wards.add_member(group, Member(JONAS, "Jonas Webber", phone=JONAS))
    harness.wards.add_member("pool", Member(SKY, "Sky", phone=SKY))
    harness.wards.add_member("ward-7", Member(SHARED, "Porter phone", phone=SHARED))
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "operator")
    return caller


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def cards(html: str) -> dict[str, str]:
    """By the name that is shown, the card's HTML."""
    found = re.findall(r'<section class="card asked".*?</section>', html, re.DOTALL)
    return {text(re.split(r"</bdi>", one.partition("<h2")[2])[0].rpartition(">")[2]): one for one in found}


def identity(ward: Harness, handle: str) -> Identity:
    with ward.store.reading() as uow:
        found = uow.identities.get(HandleKey("wards", handle))
    assert found is not None
    return found


def ref_in(card: str) -> str:
    found = re.search(r'action="/questions/([\w-]{20,})"', card)
    assert found is not None
    return found[1]


def test_a_question_shows_the_name_the_groups_and_whom_to_ask(desk: Caller) -> None:
    shown = {name: text(card) for name, card in cards(desk.get("/questions").text).items()}

    assert set(shown) == {"Jonas Webber", "Sky", "Porter phone"}
    assert "Seen in: Front desk , Ward 7 Ask an admin: Dee , Fay" in shown["Jonas Webber"]
    assert "Seen in: Car pool These groups have no active admin whom you could ask." in shown["Sky"]


def test_why_it_is_a_question_is_said_in_the_reader_s_language(ward: Harness, desk: Caller) -> None:
    desk.language = "de"
    html = desk.get("/questions").text
    shown = {name: text(card) for name, card in cards(html).items()}

    assert "niemand im Verzeichnis hat diese Nummer oder Adresse" in shown["Sky"]
    assert "mehrere Personen haben sie: Tom, Una" in shown["Porter phone"]
    assert '<span lang="en"' not in html
    assert "gleiche Telefonnummer" in text(desk.get("/questions?view=matched").text)

    [asked] = [one for one in ward.tickets() if one.handle == SKY]
    why = desk.get(f"/tickets/{asked.label}").text
    assert "niemand im Verzeichnis hat diese Nummer oder Adresse" in text(why)


def test_what_a_person_said_is_theirs_and_that_they_said_it_is_translated(
    ward: Harness, desk: Caller
) -> None:
    card = cards(desk.get("/questions").text)["Sky"]
    desk.post(f"/questions/{ref_in(card)}", {"answer": "nobody"})
    desk.language = "de"

    assert "sam: niemand aus dem Verzeichnis" in text(desk.get("/questions?view=answered").text)
    assert ward.journal()[-1].entry.reason == "somebody from outside"
    desk.sign_in("sam", "auditor")
    assert "jemand von außerhalb" in text(desk.get("/audit").text)


def test_suggestions_say_why_and_take_one_tap(ward: Harness, desk: Caller) -> None:
    shown = cards(desk.get("/questions").text)
    assert re.search(
        r"Jonas Weber Porter, Logistics, jw@corp.example, active similar name, \d\d %",
        text(shown["Jonas Webber"]),
    )
    assert "Tom tom@corp.example, active same number or address" in text(shown["Porter phone"])

    desk.post(f"/questions/{ref_in(shown['Jonas Webber'])}", {"answer": "person", "person": "corp/jw"})

    assert identity(ward, JONAS).person == ("corp", "jw")


def test_a_suggestion_who_has_left_says_since_when(ward: Harness, desk: Caller) -> None:
    ward.leave("tom")
    ward.settle()
    shown = text(cards(desk.get("/questions").text)["Porter phone"])
    assert f"Tom tom@corp.example, left on {ward.now:%d %b %Y} same number" in shown


def test_somebody_else_is_searched_by_name(ward: Harness, desk: Caller) -> None:
    ref = ref_in(cards(desk.get("/questions").text)["Sky"])

    answer = desk.post("/questions", {"about": ref, "text": "fay"})

    first = next(iter(cards(answer.text).values()))
    assert 'value="corp/fay"' in first, "the member whom the search is about comes first"
    assert "fay" not in str(answer.url).casefold()
    desk.post("/questions", {"about": ref, "text": "no such name"})
    assert desk.last is not None
    assert "Nobody is like that" in desk.last.text


def test_several_are_answered_at_once(ward: Harness, desk: Caller) -> None:
    shown = cards(desk.get("/questions").text)
    refs = [ref_in(shown[name]) for name in ("Jonas Webber", "Sky")]

    answer = desk.post(
        "/questions/together", {"question": refs, "answer": "nobody", "reason": "agency staff"}
    )

    assert answer.status_code == 200
    assert [identity(ward, one).state for one in (JONAS, SKY)] == [IdentityState.NOBODY] * 2
    assert list(cards(answer.text)) == ["Porter phone"]
    assert [one.entry.reason for one in ward.journal() if one.entry.kind == "link.rejected"] == [
        "agency staff", "agency staff",
    ]  # fmt: skip


@pytest.mark.parametrize("fields", [{}, {"question": "TICKED"}, {"answer": "nobody"}], ids=range(3))
def test_an_answer_to_several_needs_both_ticks_and_an_answer(
    ward: Harness, desk: Caller, fields: dict[str, str]
) -> None:
    ref = ref_in(cards(desk.get("/questions").text)["Sky"])

    answer = desk.post("/questions/together", {k: v.replace("TICKED", ref) for k, v in fields.items()})

    assert answer.status_code == 409
    assert identity(ward, SKY).state is IdentityState.UNMATCHED


def test_an_answer_that_somebody_gave_meanwhile_stands(ward: Harness, desk: Caller) -> None:
    ref = ref_in(cards(desk.get("/questions").text)["Jonas Webber"])
    desk.post(f"/questions/{ref}", {"answer": "person", "person": "corp/jw"})
    desk.get("/questions")

    answer = desk.post(f"/questions/{ref}", {"answer": "nobody"})

    assert "Somebody has answered this already." in answer.text
    assert identity(ward, JONAS).state is IdentityState.LINKED


def test_answers_of_people_are_apart_from_automatic_ones(desk: Caller) -> None:
    ref = ref_in(cards(desk.get("/questions").text)["Jonas Webber"])
    desk.post(f"/questions/{ref}", {"answer": "person", "person": "corp/jw"})

    answered = cards(desk.get("/questions?view=answered").text)
    matched = cards(desk.get("/questions?view=matched").text)

    assert list(answered) == ["Jonas Webber"]
    assert "linked: Jonas Weber , answered by sam" in text(answered["Jonas Webber"])
    assert set(matched) == {"Ann", "Dee", "Fay"}


def test_who_may_only_look_has_nothing_to_press(ward: Harness) -> None:
    viewer = desk_of(ward)
    viewer.sign_in("vic", "viewer")

    shown = cards(viewer.get("/questions").text)

    assert set(shown) == {"Jonas Webber", "Sky", "Porter phone"}
    assert not any("<form" in card or "<input" in card for card in shown.values())


def test_a_member_who_is_gone_is_in_no_group(ward: Harness, desk: Caller) -> None:
    ward.wards.remove_member("pool", SKY)
    ward.later()
    ward.inventory()

    shown = cards(desk.get("/questions").text)

    assert "Sky" not in shown, "no group shows the name"
    assert any("In no group." in text(card) for card in shown.values())


@pytest.fixture
def kim(ward: Harness) -> Caller:
    """A second operator."""
    caller = desk_of(ward)
    caller.sign_in("kim", "operator")
    return caller


def answering(caller: Caller, view: str, name: str) -> tuple[str, dict[str, str]]:
    """Where a member's card sends its last form, and what that form says by itself; the page stays open."""
    card = cards(caller.get(f"/questions?view={view}").text)[name]
    form = card.rpartition("<form")[2]
    said = dict(re.findall(r'type="hidden" name="(answer|shown)" value="([^"]*)"', form))
    return f"/questions/{ref_in(card)}", said


def test_an_open_question_that_somebody_answered_meanwhile_keeps_their_answer(
    ward: Harness, desk: Caller, kim: Caller
) -> None:
    path, _ = answering(desk, "open", "Porter phone")
    kim.post(path, {"answer": "person", "person": "corp/una"})
    refused = desk.post(path, {"answer": "person", "person": "corp/tom"})
    assert refused.status_code == 409
    assert "Somebody has answered this already." in refused.text
    assert identity(ward, SHARED).person == AccountKey("corp", "una")


def test_a_correction_is_of_the_person_whom_its_page_showed(ward: Harness, desk: Caller, kim: Caller) -> None:
    ward.identifying.confirm(f"wards/{SHARED}", "tom", Actor("root"), ward.now)
    path, said = answering(desk, "answered", "Porter phone")
    answering(kim, "answered", "Porter phone")
    kim.post(path, said | {"reason": "not Tom"})
    ward.settle()
    assert desk.post(path, said | {"reason": "not Tom"}).status_code == 409
    ward.settle()
    assert identity(ward, SHARED).person == AccountKey("corp", "una")


def test_a_correction_that_two_people_send_leaves_the_question_open(
    ward: Harness, desk: Caller, kim: Caller
) -> None:
    ward.identifying.confirm(f"wards/{JONAS}", "jw", Actor("root"), ward.now)
    path, said = answering(desk, "answered", "Jonas Webber")
    answering(kim, "answered", "Jonas Webber")
    kim.post(path, said | {"reason": "not him"})
    ward.settle()
    desk.post(path, said | {"reason": "not him"})
    assert identity(ward, JONAS).state in QUESTIONS


def test_that_it_is_nobody_can_be_taken_back(ward: Harness, desk: Caller, kim: Caller) -> None:
    path, _ = answering(desk, "open", "Jonas Webber")
    desk.post(path, {"answer": "nobody"})
    assert "That is wrong: ask again</button>" in desk.get("/questions?view=answered").text
    path, said = answering(desk, "answered", "Jonas Webber")
    answering(kim, "answered", "Jonas Webber")
    desk.post(path, said | {"reason": "he is ours"})
    ward.settle()
    assert identity(ward, JONAS).state is IdentityState.UNMATCHED
    assert kim.post(path, said | {"reason": "he is ours"}).status_code == 409
    assert ward.journal()[-1].entry.reason == "he is ours"
