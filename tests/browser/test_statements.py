"""What one person is asked to say in Chromium: updates, providers and consent, without a script and on a phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from chromium import LOOKS, PHONE, Desk, follow, looking
from worker.domain.tickets.ticket import TicketKind, TicketState

Open = Callable[..., BrowserContext]


def link(desk: Desk, person: str) -> str:
    ticket = next(
        one
        for one in desk.harness.tickets(TicketKind.ATTEST)
        if one.person and one.person.person_id == person
    )
    with desk.harness.store.reading() as uow:
        return desk.links.url(uow, ticket, desk.harness.now)


def send(page: Page) -> None:
    follow(page, page.locator("form button.main"))


@LOOKS
def test_updates_and_providers_are_readable_before_and_after_an_answer(
    updating: Desk, open_context: Open, language: str, scheme: str, size: ViewportSize
) -> None:
    page = open_context(size, language, color_scheme=scheme).new_page()
    with looking(page) as look:
        page.goto(link(updating, "ann"))
        look("update")
        send(page)
        expect(page.get_by_role("alert")).to_be_visible()
        look("an answer is missing")
        page.goto(link(updating, "dee"))
        look("update and provider")


@LOOKS
def test_consent_is_readable_when_asked_and_when_kept(
    consenting: Desk, open_context: Open, language: str, scheme: str, size: ViewportSize
) -> None:
    page = open_context(size, language, color_scheme=scheme).new_page()
    with looking(page) as look:
        page.goto(link(consenting, "zoe"))
        look("asked")
        page.locator("input[value=accepted]").check()
        send(page)
        consenting.harness.later(days=1)
        page.goto(link(consenting, "zoe"))
        look("kept")
    expect(page.locator("button[value=declined]")).to_be_visible()


def test_an_update_is_answered_by_keyboard_without_a_script(updating: Desk, open_context: Open) -> None:
    page = open_context(PHONE, java_script_enabled=False).new_page()
    page.goto(link(updating, "ann"))
    page.locator("input[name$='whatsapp.ios'][value=yes]").focus()
    page.keyboard.press("Space")
    page.locator("input[name$='whatsapp.any'][value=elsewhere]").focus()
    page.keyboard.press("Space")
    page.locator("input[name^='answer-'][value=accepted]").focus()
    page.keyboard.press("Space")
    page.locator("form button.main").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    [ann] = [
        one
        for one in updating.harness.tickets(TicketKind.ATTEST)
        if one.person and one.person.person_id == "ann"
    ]
    assert ann.state is TicketState.VERIFIED
