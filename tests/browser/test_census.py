"""The census in Chromium: without a script, on a phone, in both directions of writing."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from chromium import DESKTOP, LOOKS, PHONE, Desk, follow, looking, sign_in
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketKind

Open = Callable[..., BrowserContext]
LONG = "Nights and weekends of the whole second floor " * 2


def form(desk: Desk) -> str:
    url = desk.harness.app.census.url(Actor("nia"), desk.harness.now)
    return f"{desk.base}/c/{url.rpartition('/')[2]}"


def asked(desk: Desk) -> str:
    [ticket] = desk.harness.tickets(TicketKind.ATTEST)
    return desk.link(ticket.id)


def fill(page: Page, *names: str) -> None:
    for at, name in enumerate(names):
        page.locator(f"input[name^=name-][name$='-{at}']").fill(name)
        page.locator(f"select[name^=messenger-][name$='-{at}']").select_option("signal")


@LOOKS
def test_axe_finds_nothing_serious_and_nothing_is_cut(
    naming: Desk, open_context: Open, language: str, scheme: str, size: ViewportSize
) -> None:
    page = open_context(size, language, color_scheme=scheme).new_page()
    with looking(page) as look:
        page.goto(form(naming))
        look("form")
        follow(page, page.locator("form button.main"))
        look("incomplete")
        fill(page, LONG, "Ward 1 nights", "Porters")
        follow(page, page.locator("form button.main"))
        look("thanks")
        page.goto(f"{naming.base}/c/2222")
        look("dead")
        page.goto(asked(naming))
        look("asked")
        fill(page, LONG)
        follow(page, page.locator("button[name^=more-]"))
        look("more")
        page.locator("input[name^=answer-][value=accepted]").check()
        follow(page, page.locator("form button.main"))
        look("answered")
        sign_in(page, naming, "operator")
        page.goto(f"{naming.base}/census")
        page.locator("#C-000001 summary").click()
        look("named")
        page.locator("#C-000001 input[value=asked]").check()
        follow(page, page.locator("#C-000001 form button"))
        look("decided")
        follow(page, page.locator("form[action='/census/link'] button"))
        look("address")


def test_groups_are_named_and_decided_without_a_script(naming: Desk, open_context: Open) -> None:
    context = open_context(PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(form(naming))
    fill(page, "Kitchen")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("main")).to_contain_text("has arrived")
    assert context.cookies() == []
    other = open_context(PHONE, java_script_enabled=False).new_page()
    other.goto(asked(naming))
    fill(other, "Kitchen")
    other.get_by_role("button", name="Send my answers").click()
    expect(other.locator("main")).to_contain_text("Your answers are kept")
    desk = open_context(DESKTOP, java_script_enabled=False).new_page()
    sign_in(desk, naming, "operator")
    desk.goto(f"{naming.base}/census")
    expect(desk.locator("#C-000001")).to_contain_text("people: 1, by the form: 1")
    desk.locator("#C-000001 summary").click()
    desk.get_by_label("Ask somebody to put it into the register").check()
    desk.locator("#C-000001 form button").click()
    expect(desk.locator("#C-000001")).to_contain_text("asked for")
