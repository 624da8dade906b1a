"""The page on which somebody answers what they are asked for: the texts in full, their language, one button."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest

from builders import NOW, rules
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.controls.others import CONSENT, DEVICE, POLICY
from worker.domain.controls.policy import AdvisoryRule, ControlPolicy, ProviderRule
from worker.domain.controls.statements import COMPLETE, ItemAnswer, Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.domain.watch.advisories import Advisory, AdvisoryKey, FeedWord
from worker.domain.watch.matching import MatchedBy
from worker.domain.watch.versions import Fix

ASKS = ControlSwitch(Mode.TICKET)
TEXT = "# Messaging\n\nBe **kind**.\n\n- <script>alert(1)</script>\n- [x](javascript:alert(1))"
RULE = StatementRule(
    Statement.POLICY,
    POLICY.id,
    ASKS,
    "messaging",
    "3",
    title={"en": "Messaging", "de": "Nachrichten"},
    texts={"en": TEXT, "de": "# Nachrichten\n\nSei freundlich."},
    changed={"en": "Section 4: photos"},
)
PHONE = StatementRule(Statement.DEVICE, DEVICE.id, ASKS, "", "1", items=("screen_lock", "not_shared"))


@company_fixture
def ward() -> Harness:
    """Ann (German) and Ben (French) are asked for a policy and about their phones."""
    harness = Harness(controls=ControlPolicy(statements=(RULE, PHONE)))
    harness.hire("ann", language="de")
    harness.hire("ben", language="fr")
    harness.hire("dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def path(ward: Harness, person: str) -> str:
    number = next(
        one.id for one in ward.tickets() if one.person and one.person.person_id == person and one.is_live
    )
    return ward.link(number).partition(".org")[2]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_all_that_is_due_is_on_one_page_in_the_readers_language(ward: Harness, desk: Caller) -> None:
    page = desk.get(path(ward, "ann")).text
    assert '<html lang="de"' in page
    assert "Sei freundlich." in page
    assert page.count('<section class="card statement"') == 2


def test_a_text_in_another_language_is_said_to_be_one(ward: Harness, desk: Caller) -> None:
    page = desk.get(path(ward, "ben")).text
    assert '<html lang="fr"' in page
    assert '<div class="text" lang="en"' in page
    assert "English" in page


@pytest.mark.parametrize("stated", ["de_AT", "DE", "nl, de;q=0.8, en;q=0.5"])
def test_the_directory_s_spelling_of_a_language_makes_no_difference(
    ward: Harness, desk: Caller, stated: str
) -> None:
    ward.hire("ann", language=stated)
    ward.poll()
    page = desk.get(path(ward, "ann")).text
    assert '<html lang="de' in page
    assert "Sei freundlich." in page
    assert "<bdi>Nachrichten</bdi></h2>" in page
    assert "in Ihrer Sprache" not in page


def test_the_text_is_shown_in_full_and_harmless(ward: Harness, desk: Caller) -> None:
    page = desk.get(path(ward, "dee")).text
    assert "<strong>kind</strong>" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page
    assert "Section 4: photos" in text(page)
    assert "You answer as Dee." in text(page)


def test_answers_are_kept_together_and_can_be_taken_back(ward: Harness, desk: Caller) -> None:
    here = path(ward, "dee")
    page = desk.get(here).text
    numbers = re.findall(r'name="answer-(\d+)" value="accepted"', page)
    hash_ = re.findall(r'name="text-(\d+)" value="(\w+)"', page)
    form = {f"answer-{number}": "accepted" for number in numbers}
    form |= {f"text-{number}": value for number, value in hash_}
    form |= dict.fromkeys(re.findall(r'name="(item-\d+-\w+)" value="yes"', page), "yes")
    after = desk.post(f"{here}/statements", form).text
    assert "Your answers are kept" in after
    assert {ward.ticket(int(number)).state for number in numbers} == {TicketState.VERIFIED}
    undone = desk.post(f"{here}/undo", {}).text
    assert undone.count('<section class="card statement"') == 2


def test_an_answer_with_a_part_missing_keeps_nothing(ward: Harness, desk: Caller) -> None:
    here = path(ward, "dee")
    page = desk.get(here).text
    numbers = re.findall(r'name="answer-(\d+)" value="accepted"', page)
    after = desk.post(f"{here}/statements", {f"answer-{number}": "accepted" for number in numbers}).text
    assert "an answer is missing" in after
    assert desk.post(f"{here}/statements", {}).text.count("an answer is missing") == 1
    assert desk.post(f"{here}/statements", {f"answer-{numbers[0]}": "maybe"}).text.count("is missing") == 1
    assert {ward.ticket(int(number)).state for number in numbers} == {TicketState.OPEN}


def whole_form(page: str) -> dict[str, str]:
    form = dict(re.findall(r'name="(text-\d+)" value="(\w+)"', page))
    form |= dict.fromkeys(re.findall(r'name="(item-[\w-]+)"', page), "yes")
    return form | dict.fromkeys(re.findall(r'name="(answer-\d+)"', page), "accepted")


def test_a_form_that_comes_after_its_tickets_are_cancelled_is_out_of_date(
    ward: Harness, desk: Caller
) -> None:
    here = path(ward, "dee")
    form = whole_form(desk.get(here).text)
    ward.drop("ward-7", "dee")
    ward.settle()
    ward.control()
    after = desk.post(f"{here}/statements", form)
    assert after.status_code == 200
    assert "Nothing was changed: this page was out of date." in after.text
    assert "an answer is missing" not in after.text


def test_a_form_that_is_sent_twice_is_thanked_for(ward: Harness, desk: Caller) -> None:
    here = path(ward, "dee")
    form = whole_form(desk.get(here).text)
    for _ in range(2):
        after = desk.post(f"{here}/statements", form)
        assert after.status_code == 200
        assert "Your answers are kept" in after.text
        assert 'role="alert"' not in after.text
    with ward.store.reading() as uow:
        assert len(uow.attestations.page(0, 10)) == 2


def test_what_was_answered_stays_while_something_is_missing(ward: Harness, desk: Caller) -> None:
    here = path(ward, "dee")
    page = desk.get(here).text
    policy = re.findall(r'name="answer-(\d+)" value="exception"', page)[0]
    phone = next(one for one in re.findall(r'name="answer-(\d+)" value="accepted"', page) if one != policy)
    form = {f"text-{number}": value for number, value in re.findall(r'name="text-(\d+)" value="(\w+)"', page)}
    form |= {f"answer-{policy}": "accepted", f"answer-{phone}": "accepted", f"item-{phone}-screen_lock": "no"}
    form |= {f"words-{phone}": "it is <old>"}

    after = desk.post(f"{here}/statements", form)

    assert after.status_code == 422
    assert "an answer is missing" in after.text
    assert re.findall(r'name="([\w-]+)" value="(\w+)" checked', after.text) == [
        (f"answer-{policy}", "accepted"),
        (f"item-{phone}-screen_lock", "no"),
        (f"answer-{phone}", "accepted"),
    ]
    assert "it is &lt;old&gt;</textarea>" in after.text
    changed = desk.post(f"{here}/statements", form | {f"text-{policy}": "0" * 64}).text
    assert f'name="answer-{policy}" value="accepted">' in changed, "nobody has read the new text yet"


def test_who_asks_for_an_exception_is_thanked_and_the_accountable_person_can_t_answer(
    ward: Harness, desk: Caller
) -> None:
    here = path(ward, "dee")
    page = desk.get(here).text
    number = int(re.findall(r'name="answer-(\d+)" value="exception"', page)[0])
    form = {f"text-{n}": value for n, value in re.findall(r'name="text-(\d+)" value="(\w+)"', page)}
    after = desk.post(f"{here}/statements", form | {f"answer-{number}": "exception"})
    assert after.status_code == 200
    assert "Your answers are kept" in after.text
    assert "your phone" in text(after.text).lower(), "what else is due"

    page = desk.get(desk.ticket(number)).text
    assert "Dee asks for an exception" in text(page)
    assert "Waive the ticket with a reason and an end, or hand it back to them." in text(page)
    assert "You answer as" not in page
    assert "<form" not in page.partition("<footer")[0]
    assert f'href="/tickets/{ward.ticket(number).label}"' in page


NUMBERED = {"ios": Fix("2.26.1"), "any": Fix("2.25", is_newer=True)}
CVE = Advisory(
    AdvisoryKey("CVE-2026-1000", "whatsapp"), NOW, {"nvd": FeedWord(MatchedBy.CPE, NUMBERED, cvss=9.8)}
)


@pytest.fixture
def app() -> Iterator[Harness]:
    """Ann is asked to update, and Dee, too, and to look at the provider."""
    provider = ProviderRule("whatsapp", ASKS, contract="C-7 <b>")
    controls = ControlPolicy(advisories=(AdvisoryRule(ASKS),), providers=(provider,))
    harness = Harness(controls=controls, rules=replace(rules(), accountable="dee@corp.example"))
    with harness.store.begin() as uow:
        uow.advisories.put([CVE])
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", messenger="whatsapp", admins=["dee"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    yield harness
    harness.close()


def test_an_update_asks_for_each_platform_in_plain_words(app: Harness) -> None:
    desk, here = desk_of(app), path(app, "ann")
    page = desk.get(here).text
    said = text(page)
    assert "Update of WhatsApp" in said
    assert "closes a security hole (CVE-2026-1000)" in said
    assert "WhatsApp, iOS I have version 2.26.1 or newer I can't update it there I don't use it there" in said
    assert "WhatsApp, All platforms I have a version newer than 2.25" in said
    [(number, mark)] = re.findall(r'name="text-(\d+)" value="(\w+)"', page)
    form = {f"answer-{number}": "accepted", f"text-{number}": mark, f"item-{number}-whatsapp.ios": "yes"}
    assert "an answer is missing" in desk.post(f"{here}/statements", form).text
    form[f"item-{number}-whatsapp.any"] = "no"
    assert "an answer is missing" in desk.post(f"{here}/statements", form).text
    form[f"item-{number}-whatsapp.any"] = "elsewhere"
    assert "Your answers are kept" in desk.post(f"{here}/statements", form).text
    assert app.ticket(int(number)).state is TicketState.VERIFIED


def test_a_provider_page_has_what_is_recorded_and_two_answers(app: Harness) -> None:
    desk, here = desk_of(app), path(app, "dee")
    page = desk.get(here).text
    said = text(page)
    assert "Contract C-7 <b>" in said
    assert "C-7 <b>" not in page
    assert said.count("Nothing is recorded") == 3
    [number] = [one.id for one in app.tickets() if one.occasion.startswith("provider:")]
    [mark] = re.findall(rf'name="text-{number}" value="(\w+)"', page)
    form = {f"answer-{number}": "missing", f"text-{number}": mark}
    assert "an answer is missing" in desk.post(f"{here}/statements", form).text
    assert (
        "an answer is missing"
        in desk.post(f"{here}/statements", form | {f"answer-{number}": "declined"}).text
    )
    assert (
        "Your answers are kept"
        in desk.post(f"{here}/statements", form | {f"words-{number}": "no backup"}).text
    )
    undone = desk.post(f"{here}/undo", {}).text
    assert "I looked at all four, and they are right" in undone
    desk.post(f"{here}/statements", form | {f"answer-{number}": "accepted"})
    with app.store.reading() as uow:
        [one] = uow.attestations.page(0, 9)
    assert (dict(one.items), one.is_pass) == ({COMPLETE: ItemAnswer.YES}, True)


def test_the_link_of_another_opens_nothing_of_hers(ward: Harness, desk: Caller) -> None:
    here = path(ward, "ben")
    page = desk.get(path(ward, "ann")).text
    [number] = set(re.findall(r'name="answer-(\d+)" value="exception"', page))
    desk.get(here)
    desk.post(f"{here}/statements", {f"answer-{number}": "declined"})
    assert ward.ticket(int(number)).state is TicketState.OPEN


def test_without_a_rule_there_is_nothing_left_to_do(ward: Harness) -> None:
    here = path(ward, "dee")
    policy = replace(ward.app.rules.controls, statements=())
    ward.start(replace(ward.app.rules, controls=policy))
    assert "nothing left to do" in text(desk_of(ward).get(here).text)


# --- consent --------------------------------------------------------------------------------------


@pytest.fixture
def asked() -> Iterator[Harness]:
    """Zoe, whose only number is private, is about to be added to a ward."""
    rule = StatementRule(Statement.CONSENT, CONSENT.id, ASKS, "", "1", is_gate=True, private=("otherMobile",))
    joiners = (Placement((("department", ("Nursing",)),), ("Ward*",)),)
    harness = Harness(controls=ControlPolicy(statements=(rule,)), joiners=joiners)
    harness.hire("dee")
    harness.group("ward-7", admins=["dee"])
    harness.settle()
    harness.hire("zoe", department="Nursing", phones_in=(("otherMobile",),))
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    yield harness
    harness.close()


def consent_path(harness: Harness) -> str:
    [ticket] = harness.tickets(TicketKind.ATTEST)
    return harness.link(ticket.id).partition(".org")[2]


def answer_named(page: str, value: str) -> str:
    [name] = set(re.findall(rf'name="(answer-\d+)" value="{value}"', page))
    return str(name)


def test_refusing_costs_nothing_and_the_page_says_so(asked: Harness) -> None:
    desk, here = desk_of(asked), consent_path(asked)
    page = desk.get(here).text
    assert "You are free to refuse, and it costs you nothing" in text(page)
    assert "the only number of yours that is known is a private one" in text(page)
    assert "exception" not in page
    after = desk.post(f"{here}/statements", {answer_named(page, "declined"): "declined"}).text
    assert "Your answers are kept" in after
    assert "I take it back" not in after  # there is an undo for a minute


def test_consent_is_taken_back_and_given_again_by_the_same_link(asked: Harness) -> None:
    desk, here = desk_of(asked), consent_path(asked)
    page = desk.get(here).text
    desk.post(f"{here}/statements", {answer_named(page, "accepted"): "accepted"})
    asked.later(days=3)
    page = desk.get(here).text
    assert "There is nothing left to do here" in page
    assert "You can take that back at any time" in text(page)
    after = desk.post(f"{here}/statements", {answer_named(page, "declined"): "declined"}).text
    assert "may not see your private number" in text(after)
    asked.later()
    back = desk.post(f"{here}/statements", {answer_named(after, "accepted"): "accepted"}).text
    assert "I take it back" in back


def test_the_same_answer_again_changes_nothing(asked: Harness) -> None:
    desk, here = desk_of(asked), consent_path(asked)
    page = desk.get(here).text
    name = answer_named(page, "accepted")
    desk.post(f"{here}/statements", {name: "accepted"})
    asked.later(days=3)
    again = desk.post(f"{here}/statements", {name: "accepted"})
    assert again.status_code == 200, "a slow line sends a form twice, and its answer is kept"
    assert "Nothing was sent" not in again.text
    with asked.store.reading() as uow:
        assert len(uow.attestations.page(0, 10)) == 1


def test_the_console_does_not_offer_to_mark_a_statement_as_done(ward: Harness, desk: Caller) -> None:
    number = next(one.id for one in ward.tickets(TicketKind.ATTEST) if one.is_live)
    desk.sign_in("sam", "operator")
    page = desk.get(f"/tickets/T-{number:06d}").text
    offered = re.findall(r'name="act" value="(\w+)" required', page)
    assert offered == ["acknowledge", "snooze", "assign", "waive"]
