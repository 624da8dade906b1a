"""The pages about people who leave in Chromium: without a script, on a phone, in both directions of writing."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from chromium import LOOKS, PHONE, Desk, follow, looking, sign_in
from worker.domain.controls.conversations import CheckItem
from worker.domain.tickets.ticket import TicketKind

Open = Callable[..., BrowserContext]


def review(desk: Desk) -> str:
    [ticket] = desk.harness.tickets(TicketKind.REVIEW_CONVERSATIONS)
    with desk.harness.store.reading() as uow:
        return desk.links.url(uow, ticket, desk.harness.now)


def tick_off(page: Page) -> None:
    for item in CheckItem:
        page.locator(f"input[name={item.name.lower()}][value=done]").check()
    page.locator("#from").fill("2026-11-01")
    page.locator("#until").fill("2026-11-20")
    page.locator("input[name=result][value=nothing]").check()
    page.locator("#delete_on").fill("2027-01-01")


@LOOKS
def test_axe_finds_nothing_serious_and_nothing_is_cut(
    leaving: Desk, open_context: Open, language: str, scheme: str, size: ViewportSize
) -> None:
    page = open_context(size, language, color_scheme=scheme).new_page()
    with looking(page) as look:
        page.goto(review(leaving))
        look("checklist")
        follow(page, page.locator("form button.main"))
        look("in part")
        tick_off(page)
        follow(page, page.locator("form button.main"))
        look("complete")
        sign_in(page, leaving, "approver")
        page.goto(f"{leaving.base}/tickets/T-000001")
        page.locator("details.card summary").first.click()
        look("hold")
        page.locator("#reason-hold").fill("her own export")
        follow(page, page.locator("details.card[open] form button").first)
        look("held")


def test_a_checklist_is_saved_in_parts_without_a_script(leaving: Desk, open_context: Open) -> None:
    page = open_context(PHONE, java_script_enabled=False).new_page()
    page.goto(review(leaving))
    page.locator("input[name=purpose][value=done]").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#missing")).to_be_visible()
    expect(page.locator("input[name=purpose][value=done]")).to_be_checked()
    tick_off(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("The review is complete")
