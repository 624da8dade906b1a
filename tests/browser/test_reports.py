"""Reports of bad messages in Chromium: without a script, on a phone, in both directions of writing."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from chromium import LOOKS, PHONE, Desk, follow, looking
from worker.domain.model import GroupKey

Open = Callable[..., BrowserContext]


def form(desk: Desk) -> str:
    url = desk.harness.app.reporting.url(GroupKey("wards", "w1"), desk.harness.now)
    assert url is not None
    return f"{desk.base}/r/{url.rpartition('/')[2]}"


def handler(desk: Desk) -> str:
    with desk.harness.store.reading() as uow:
        [ticket] = uow.tickets.of_group(GroupKey("wards", "w1"))
        return desk.links.url(uow, ticket, desk.harness.now)


def send(page: Page) -> None:
    page.locator("input[value=personal_data]").check()
    page.locator("#text").fill("A name, and what they are ill with. " * 10)
    follow(page, page.locator("form button.main"))


@LOOKS
def test_axe_finds_nothing_serious_and_nothing_is_cut(
    reporting: Desk, open_context: Open, language: str, scheme: str, size: ViewportSize
) -> None:
    page = open_context(size, language, color_scheme=scheme).new_page()
    with looking(page) as look:
        page.goto(form(reporting))
        look("form")
        send(page)
        look("receipt")
        follow(page, page.locator("main a"))
        look("outcome")
        page.goto(f"{reporting.base}/r/outcome")
        look("asked")
        page.goto(f"{reporting.base}/r/outcome/2222")
        look("unknown")
        page.goto(f"{reporting.base}/r/2222")
        look("dead")
        page.goto(handler(reporting))
        look("handler")
        page.locator("input[value=too_late]").check()
        follow(page, page.locator("form.act button.main"))
        look("settled")


def test_a_report_is_sent_and_settled_without_a_script_and_without_a_cookie(
    reporting: Desk, open_context: Open
) -> None:
    context = open_context(PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(form(reporting))
    send(page)
    receipt = page.locator(".receipt").inner_text()
    assert context.cookies() == []
    page.goto(f"{reporting.base}/r/outcome")
    page.locator("#receipt").fill(receipt)
    page.locator("form button.main").click()
    expect(page.locator("main")).to_contain_text("come again later")
    other = open_context(PHONE, java_script_enabled=False).new_page()
    other.goto(handler(reporting))
    other.get_by_label("An admin deleted it.").check()
    other.get_by_role("button", name="Save the outcome").click()
    page.reload()
    expect(page.locator("main")).to_contain_text("An admin deleted it.")
    page.get_by_role("button", name="Yes, it is settled").click()
    expect(page.locator("main")).to_contain_text("It is confirmed")
    assert context.cookies() == []
