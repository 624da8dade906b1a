"""What controls ask for, in Chromium: on a phone, in both directions of writing, without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from chromium import DESKTOP, PHONE, Desk, faults, overflows, sign_in
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

Open = Callable[..., BrowserContext]
LANGUAGES = pytest.mark.parametrize("language", ["en", "ar"])


def one(desk: Desk, kind: TicketKind) -> Ticket:
    """Dee's ticket of a kind."""
    return next(
        ticket
        for ticket in desk.harness.tickets(kind)
        if ticket.assignee and ticket.assignee.email == "dee@corp.example"
    )


@LANGUAGES
def test_a_profile_is_mended_by_what_the_page_says(governed: Desk, open_context: Open, language: str) -> None:
    ticket = one(governed, TicketKind.FIX_PROFILE)
    page = open_context(PHONE, language).new_page()
    page.goto(governed.link(ticket.id))

    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.get_by_text("This is a work group. Leavers are removed.")).to_be_visible()
    assert not overflows(page)
    assert faults(page) == []

    page.locator("form[action$='/done'] button.main").click()

    expect(page.get_by_role("status")).to_be_visible()
    assert governed.harness.ticket(ticket.id).state is TicketState.DONE


@LANGUAGES
def test_all_that_is_due_is_answered_on_one_page_without_a_script(
    governed: Desk, open_context: Open, language: str
) -> None:
    ticket = one(governed, TicketKind.ATTEST)
    page = open_context(PHONE, language, java_script_enabled=False).new_page()
    page.goto(governed.link(ticket.id))
    expect(page.locator("section.statement")).to_have_count(2)
    for choice in page.locator("input[value='yes'], input[value='accepted']").all():
        choice.check()

    page.locator("form[action$='/statements'] button.main").click()

    expect(page.get_by_role("status")).to_be_visible()
    assert {t.state for t in governed.harness.tickets(TicketKind.ATTEST) if t.person_name == "Dee"} == {
        TicketState.VERIFIED
    }
    page.locator("form[action$='/undo'] button").click()
    expect(page.locator("section.statement")).to_have_count(2)


@LANGUAGES
@pytest.mark.parametrize("kind", [TicketKind.ATTEST, TicketKind.REVIEW_GROUP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_their_pages_are_for_everybody(
    governed: Desk, open_context: Open, language: str, kind: TicketKind, scheme: str
) -> None:
    page = open_context(PHONE, language, color_scheme=scheme).new_page()
    page.goto(governed.link(one(governed, kind).id))
    assert not overflows(page)
    assert faults(page) == []


@LANGUAGES
def test_a_review_is_answered_in_parts_without_a_script(
    governed: Desk, open_context: Open, language: str
) -> None:
    ticket = one(governed, TicketKind.REVIEW_GROUP)
    page = open_context(PHONE, language, java_script_enabled=False).new_page()
    page.goto(governed.link(ticket.id))
    rows = page.locator("form[action$='/review'] fieldset")
    count = rows.count()
    rows.first.locator("input[value='keep']").check()

    page.locator("form[action$='/review'] button.main").click()

    expect(rows).to_have_count(count - 1)
    for choice in page.locator("input[value='keep']").all():
        choice.check()
    page.locator("form[action$='/review'] button.main").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert governed.harness.ticket(ticket.id).state is TicketState.VERIFIED


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@LANGUAGES
def test_the_console_shows_controls_to_everybody(
    governed: Desk, open_context: Open, size: dict[str, int], language: str
) -> None:
    page = open_context(size, language).new_page()
    sign_in(page, governed, "viewer")
    for path in ("/controls", "/controls/profile.description", "/controls/people.policy", "/plans/P-000001"):
        page.goto(f"{governed.base}{path}")
        expect(page.locator("h1")).to_be_visible()
        assert not overflows(page), path
        assert faults(page) == [], path
    page.goto(f"{governed.base}/good-group")
    assert not overflows(page)
    assert faults(page) == []
