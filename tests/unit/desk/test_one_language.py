"""A page has one language: beside names, commands and what a program said, it has no English for an Arab reader."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from builders import HOUR, rules
from console_ward import console_ward, text_of
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.escalation.policy import After, Policy, Step, Target

PAGES = (
    "/", "/exposed", "/tickets", "/tickets/T-000002", "/groups", "/people", "/questions", "/plans", "/plans/P-000001",
    "/plans/P-000001/release", "/sources", "/sources/corp", "/sources/wards", "/policies", "/policies?ticket=T-2",
    "/what-if", "/messages", "/silences", "/charts", "/controls", "/controls/people.leaver", "/audit", "/unreached",
    "/census",
)  # fmt: skip
NAMES = {"Whosleft", "WhatsApp", "CSV"}
VOID = {"meta", "link", "input", "br", "hr", "img", "wbr", "path", "circle", "line", "rect"}
FOREIGN = {"bdi", "code", "kbd", "script", "style", "option", "title"}  # what is no sentence of ours
STEPS = (
    Step(After(), (Target.ASSIGNEE,)),
    Step(After(share=0.5), (Target.ASSIGNEE,), repeat=24 * HOUR),
    Step(After(plus=2 * HOUR), (Target.ASSIGNEE,)),
    Step(After(share=1.0), (Target.ADMINS,)),
    Step(After(share=1.0, plus=4 * HOUR), (Target.CHANNEL,)),
)


class Sentences(HTMLParser):
    """The texts of a page outside of names, code, and what is marked as another language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._around: list[bool] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            is_other = tag in FOREIGN or (tag != "html" and "lang" in dict(attrs))
            self._around.append(is_other)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._around.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._around):
            self.texts.append(data)


def said(html: str) -> str:
    text = " ".join(Sentences(html).texts)
    while re.search("\u2068[^\u2068\u2069]*\u2069", text):  # names within sentences are isolated
        text = re.sub("\u2068[^\u2068\u2069]*\u2069", "", text)
    return text


@company_fixture
def ward() -> Harness:
    return console_ward()


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "approver", "auditor")
    return caller


def test_the_menu_of_the_account_says_roles_in_the_reader_s_language(desk: Caller) -> None:
    desk.language = "de"
    menu = desk.get("/").text.partition('class="account"')[2].partition("</p>")[0]
    assert "Freigebender, Auditor" in menu


@pytest.mark.parametrize("path", PAGES)
def test_no_english_stands_in_a_page_of_another_language(desk: Caller, path: str) -> None:
    desk.language = "ar"
    page = desk.get(path)

    assert page.status_code == 200
    assert set(re.findall(r"[A-Za-z]{3,}", said(page.text))) <= NAMES


def test_a_source_s_counts_have_words(desk: Caller) -> None:
    desk.language = "de"

    assert "im Geltungsbereich: 42" in text_of(desk.get("/sources").text)
    assert "unlesbare Telefonnummern" in text_of(desk.get("/sources/corp").text)


@company_fixture
def with_a_policy() -> Harness:
    return Harness(rules=rules(policies=(Policy("wards", STEPS),)))


def test_a_policy_s_steps_are_sentences(with_a_policy: Harness) -> None:
    desk = desk_of(with_a_policy)
    desk.sign_in("sam", "viewer")
    page = text_of(desk.get("/policies").text)
    desk.language = "de"

    for words in (
        "at once", "after 50% of the time until it is due", "1 d", "2 h after it is opened", "when it is due",
        "4 h after it is due",
    ):  # fmt: skip
        assert words in page
    assert "4 Std. nach der Fälligkeit" in text_of(desk.get("/policies").text).replace("\u2068", "").replace(
        "\u2069", ""
    )


@pytest.mark.parametrize("path, form", [
    ("/plans/P-000001/decide", {"verdict": "release"}),
    ("/plans/P-000001/decide", {"verdict": "release", "which": "all"}),
    ("/questions/together", {}),
    ("/tickets/together", {}),
    ("/silences/new", {}),
    ("/audit/export", {"from": "2026-11-24", "to": "2026-11-23"}),
])  # fmt: skip
def test_what_is_refused_is_said_in_the_reader_s_language(
    desk: Caller, path: str, form: dict[str, str]
) -> None:
    desk.sign_in("kim", "approver", "operator", "auditor")
    desk.language = "ar"
    desk.get("/plans/P-000001")

    page = desk.post(path, form)

    assert page.status_code == 409
    assert '<span lang="en"' not in page.text
    assert set(re.findall(r"[A-Za-z]{3,}", said(page.text))) <= NAMES
