"""The page by which whoever takes over a rota says so: one large button on a phone, and nothing else."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from builders import NOW
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from on_duty import ANN, BEFORE, BEN, CEM, DAY, SITE, TURNS, link_of, on_duty, told
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.rota import Rota
from worker.domain.escalation.spans import Span
from worker.domain.model import AccountKey
from worker.languages import LANGUAGES

HOUR = timedelta(hours=1)


@company_fixture
def duty() -> Harness:
    """Ann has taken over from ben at nine in New York, and cem stands in for her."""
    harness = Harness()
    harness.hire("ann", "ben", "cem")
    harness.settle()
    on_duty(harness, SITE, absences=(Absence(ANN, NOW - DAY, NOW + 2 * DAY, CEM),))
    harness.later(minutes=30)
    told(harness)
    return harness


@pytest.fixture
def phone(duty: Harness) -> Caller:
    return desk_of(duty)


def text(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def state(harness: Harness) -> tuple[int, int]:
    """How many entries the journal has, and how many have taken over."""
    entries = len(harness.journal())
    with harness.store.reading() as uow:
        return entries, sum(one.taken_at is not None for one in uow.handovers.all())


def test_the_page_says_until_when_and_has_one_large_button(phone: Caller, duty: Harness) -> None:
    page = phone.get(link_of(duty, ANN))
    said = text(page.text)

    assert page.status_code == 200
    assert ("You are on call for site" in said, "25 Nov 2026" in said, "EST" in said) == (True, True, True)
    assert re.findall(r'<button class="main">(.*?)</button>', page.text) == ["Take over"]
    assert page.headers["cache-control"] == "no-store"


def test_opening_it_changes_nothing_however_often(phone: Caller, duty: Harness) -> None:
    before = state(duty)
    for _ in range(3):
        assert phone.get(link_of(duty, ANN)).status_code == 200
        phone.client.head(link_of(duty, ANN))
    phone.client.follow_redirects = False
    assert phone.get(f"{link_of(duty, ANN)}/take").status_code == 405

    assert state(duty) == before


def test_one_tap_takes_over_and_the_page_says_who_did_until_when(phone: Caller, duty: Harness) -> None:
    at, (entries, _) = link_of(duty, ANN), state(duty)
    phone.get(at)
    page = phone.post(f"{at}/take")
    said = text(page.text)

    assert ("Taken over by Ann" in said, "25 Nov 2026" in said, 'class="main"' in page.text) == (
        True,
        True,
        False,
    )
    assert state(duty) == (entries + 1, 1)
    phone.post(f"{at}/take")
    assert state(duty) == (entries + 1, 1), "a second tap changes nothing"


def test_a_deputy_s_page_says_for_whom_and_shows_who_has_taken_over(phone: Caller, duty: Harness) -> None:
    assert "You stand in for Ann, on call for site" in text(phone.get(link_of(duty, CEM)).text)
    phone.post(f"{link_of(duty, CEM)}/take")

    assert "Taken over by Cem" in text(phone.get(link_of(duty, ANN)).text)


@pytest.mark.parametrize("token", ["forged", "", "other"])
def test_a_form_that_is_not_of_this_page_changes_nothing(phone: Caller, duty: Harness, token: str) -> None:
    before = state(duty)
    if token == "other":
        found = re.search(r'name="form_token" value="([^"]+)"', phone.get(link_of(duty, CEM)).text)
        assert found
        token = found[1]
    page = phone.post(f"{link_of(duty, ANN)}/take", token=token)

    assert "out of date" in text(page.text)
    assert state(duty) == before


def test_another_site_s_form_is_refused(phone: Caller, duty: Harness) -> None:
    before = state(duty)
    at = link_of(duty, ANN)
    phone.get(at)
    foreign: dict[str, Any] = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    page = phone.post(f"{at}/take", **foreign)

    assert (page.status_code, state(duty)) == (403, before)


@pytest.mark.parametrize("after", ["", "/take"])
def test_forged_old_and_others_links_are_plain_pages(phone: Caller, duty: Harness, after: str) -> None:
    at, before = link_of(duty, ANN), state(duty)
    form = re.search(r'name="form_token" value="([^"]+)"', phone.get(at).text)
    assert form

    def said(path: str) -> tuple[int, str]:
        page = phone.post(path + after, token=form[1]) if after and path == at else phone.get(path)
        return page.status_code, text(page.text)

    for changed in ("/h/nothing", at[:-5] + ("a" if at[-5] != "a" else "b") + at[-4:], f"/h/{'x' * 500}"):
        status, page = said(changed)
        assert (status, "does not work" in page, "reminder" in page) == (404, True, False)
    swapped = Span(duty.now, duty.now + HOUR, BEN)
    on_duty(duty, Rota("site", SITE.timezone, (BEFORE, TURNS), (swapped,)))
    phone.app = desk_of(duty).app
    phone.client = desk_of(duty).client
    status, page = said(at)
    assert (status, "somebody else now" in page) == (410, True)
    duty.later(days=1)
    status, page = said(at)
    assert (status, "too old" in page, "nothing left to do" in page) == (410, True, True)
    assert state(duty) == before


def test_a_link_whose_row_was_erased_is_a_plain_page(phone: Caller, duty: Harness) -> None:
    at = link_of(duty, CEM)
    with duty.store.begin() as uow:
        uow.people.erase(AccountKey("corp", "cem"))
    page = phone.get(at)

    assert (page.status_code, "nothing left to do" in text(page.text)) == (410, True)


def test_who_has_left_reads_so_in_their_language(phone: Caller, duty: Harness) -> None:
    duty.hire("ann", language="de")
    duty.leave("ann")
    duty.poll()
    phone.client.headers.pop("accept-language", None)
    page = phone.get(link_of(duty, ANN))

    assert (page.status_code, 'lang="de"' in page.text) == (410, True)


def test_wrong_tokens_are_counted_and_a_right_one_is_never_refused(phone: Caller, duty: Harness) -> None:
    statuses = [phone.get("/h/wrong").status_code for _ in range(31)]

    assert (set(statuses[:30]), statuses[30]) == ({404}, 429)
    assert phone.get(link_of(duty, ANN)).status_code == 200


def test_no_address_has_a_name(duty: Harness) -> None:
    assert not re.search("ann|site|corp", link_of(duty, ANN), re.IGNORECASE)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_it_is_read_in_every_language(phone: Caller, duty: Harness, language: str) -> None:
    phone.language = language
    page = phone.get(link_of(duty, ANN)).text
    direction = "rtl" if language in {"ar", "ur"} else "ltr"

    assert f'<html lang="{language}" dir="{direction}">' in page
    assert ("You are on call" in page) is (language == "en")
    phone.post(f"{link_of(duty, ANN)}/take")
    assert phone.last is not None
    name = "\u2068Ann\u2069" if direction == "rtl" else "Ann"
    assert name in re.findall(r'role="status">(.*?)</p>', phone.last.text)[-1]


def test_a_link_with_a_mark_behind_it_opens_too(phone: Caller, duty: Harness) -> None:
    assert phone.get(f"{link_of(duty, ANN)}.").status_code == 200
