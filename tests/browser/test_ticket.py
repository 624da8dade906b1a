"""The life of a ticket in Chromium: from the link on a phone to the proof, in both directions of writing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from chromium import DESKTOP, PHONE, Desk, faults, follow, overflows, sign_in
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketKind, TicketState

Open = Callable[..., BrowserContext]
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
LANGUAGES = pytest.mark.parametrize("language", ["en", "ar"])


def _removal(desk: Desk, group: str = "ward-7") -> int:
    return next(t.id for t in desk.harness.tickets(TicketKind.REMOVE_MEMBER) if t.home.group_id == group)


def _done(page: Page) -> None:
    follow(page, page.locator("form[action$='/done'] button.main"))


@SIZES
@LANGUAGES
def test_from_link_to_verified(desk: Desk, open_context: Open, size: ViewportSize, language: str) -> None:
    number = _removal(desk)
    page = open_context(size, language).new_page()
    page.goto(desk.link(number))
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("h1")).to_contain_text("Ann")
    expect(page.locator(".drawing")).to_be_visible()
    assert not overflows(page)

    _done(page)

    expect(page.get_by_role("status")).to_be_visible()
    assert desk.harness.ticket(number).state is TicketState.DONE
    desk.harness.later()
    desk.harness.drop("ward-7", "ann")
    desk.harness.settle()
    page.reload()
    expect(page.locator("button.main")).to_have_count(0)
    console = open_context(size, language).new_page()
    sign_in(console, desk, "viewer")
    console.goto(f"{desk.base}/tickets/T-{number:06d}")
    expect(console.locator(".badge.verified")).to_be_visible()
    assert not overflows(console)


@LANGUAGES
def test_done_is_taken_back(desk: Desk, open_context: Open, language: str) -> None:
    number = _removal(desk)
    page = open_context(PHONE, language).new_page()
    page.goto(desk.link(number))
    _done(page)

    page.locator("form[action$='/undo'] button").click()

    expect(page.locator("form[action$='/done'] button.main")).to_be_visible()
    assert desk.harness.ticket(number).state is TicketState.OPEN


def test_by_keyboard_alone(desk: Desk, open_context: Open) -> None:
    number = _removal(desk)
    page = open_context(DESKTOP).new_page()
    page.goto(desk.link(number))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('summary')"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("the night shift knows")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_be_visible()
    assert "not my group: the night shift knows" in desk.harness.ticket(number).reason


def test_without_javascript(desk: Desk, open_context: Open) -> None:
    number = _removal(desk)
    context = open_context(PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(desk.link(number))
    page.locator(".cannot summary").click()
    page.locator("input[value='still_works_here']").check()
    page.locator(".cannot button").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.locator("form[action$='/undo'] button").click()
    page.locator("select[name='to']").select_option("de")
    page.locator("form.language button").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    _done(page)

    expect(page.get_by_role("status")).to_be_visible()
    assert desk.harness.ticket(number).state is TicketState.DONE


def test_a_new_admin_is_chosen(desk: Desk, open_context: Open) -> None:
    [ticket] = desk.harness.tickets(TicketKind.REASSIGN_ADMIN)
    page = open_context(PHONE).new_page()
    page.goto(desk.link(ticket.id))

    page.get_by_label("Ida").check()
    _done(page)

    expect(page.get_by_role("status")).to_be_visible()
    assert desk.harness.ticket(ticket.id).reason.endswith("made Ida an admin")


def test_one_s_own_tickets_are_ticked_off_together(desk: Desk, open_context: Open) -> None:
    page = open_context(PHONE).new_page()
    page.goto(desk.link(_removal(desk)))
    page.locator("a.more").click()
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    boxes = page.locator("input[name='ticket']")
    assert not boxes.first.is_visible(), "what was not opened can't be ticked"
    for card in page.locator("details.card:has(input)").all():
        card.locator("summary").click()
        card.locator("input").check()
    assert not overflows(page)

    page.locator("form[action$='/done'] button.main").click()

    expect(page.get_by_role("status")).to_be_visible()
    done = [t.home.group_id for t in desk.harness.tickets() if t.state is TicketState.DONE]
    assert done == ["ward-7", "ward-8"]


@LANGUAGES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(desk: Desk, open_context: Open, language: str, scheme: str) -> None:
    page = open_context(PHONE, language, color_scheme=scheme).new_page()
    link = desk.link(_removal(desk))
    found: dict[str, list[str]] = {}
    for ticket in desk.harness.tickets():
        if ticket.assignee and ticket.state is TicketState.OPEN:
            page.goto(desk.link(ticket.id))
            page.locator(".cannot summary").click()
            found[ticket.kind.value] = faults(page)
    page.goto(link.replace("/t/", "/me/"))
    page.locator("details.card summary").first.click()
    found["mine"] = faults(page)
    page.goto(link)
    _done(page)
    found["done"] = faults(page)
    page.goto(f"{desk.base}/t/wrong")
    found["dead"] = faults(page)
    page.goto(f"{desk.base}/login")
    found["login"] = faults(page)

    assert {name: each for name, each in found.items() if each} == {}


def test_an_open_page_shows_what_happened_elsewhere_and_takes_nothing_that_was_begun(
    desk: Desk, open_context: Open
) -> None:
    """On a phone that is looked at again, and in the console; one browser for both."""
    number = _removal(desk)
    context = open_context(PHONE)
    phone, other, console = context.new_page(), context.new_page(), context.new_page()
    phone.goto(desk.link(number))
    other.goto(desk.link(number))
    other.locator("details.cannot summary").click()
    other.locator("#words").fill("she is on leave")
    sign_in(console, desk, "operator")
    console.goto(f"{desk.base}/tickets/T-{number:06d}")
    console.locator("#reason").fill("half a reason")

    desk.harness.desk.done(number, Actor("kim"), desk.harness.now)
    for page in (phone, other, console):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(phone.locator("form.act")).to_have_count(0)
    expect(phone.locator(".notice.good")).to_contain_text("It is marked as done.")
    expect(other.locator("#changed")).to_be_visible()
    expect(other.locator("#words")).to_have_value("she is on leave")
    expect(console.locator("#state .badge.done")).to_be_visible()
    expect(console.locator("#reason")).to_have_value("half a reason")
    expect(console.locator("#reason")).to_be_focused()


def _look_again(page: Page) -> None:
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_page_that_was_left_open_has_all_of_a_ticket_that_is_open_again(
    desk: Desk, open_context: Open
) -> None:
    number = _removal(desk)
    page = open_context(PHONE).new_page()
    page.goto(desk.link(number))
    _done(page)
    desk.harness.later()
    desk.harness.settle()
    assert desk.harness.ticket(number).state is TicketState.OPEN

    _look_again(page)

    expect(page.locator("form[action$='/done'] button.main")).to_be_visible()
    expect(page.locator("button[data-copy]").first).to_be_visible()


def test_what_was_opened_to_be_read_stays_open_and_a_page_that_is_new_does_not_say_that_it_is_old(
    desk: Desk, open_context: Open
) -> None:
    page = open_context(PHONE).new_page()
    page.goto(desk.link(_removal(desk)).replace("/t/", "/me/"))
    page.locator("details.card summary").last.click()
    desk.harness.desk.done(_removal(desk), Actor("kim"), desk.harness.now)

    _look_again(page)
    expect(page.locator("#changed")).to_be_visible()
    expect(page.locator("details.card[open]")).to_have_count(1)
    cards = page.locator("details.card").count()
    page.locator("details.card summary").last.click()
    _look_again(page)

    expect(page.locator("details.card")).to_have_count(cards - 1)
    expect(page.locator("#changed")).to_be_hidden()


def test_a_page_does_not_say_that_it_is_old_when_what_happened_elsewhere_is_taken_back(
    desk: Desk, open_context: Open
) -> None:
    number = _removal(desk)
    context = open_context(PHONE)
    page, other = context.new_page(), context.new_page()
    page.goto(desk.link(number))
    page.locator("details.cannot summary").click()
    other.goto(desk.link(number))
    _done(other)
    _look_again(page)
    expect(page.locator("#changed")).to_be_visible()

    follow(other, other.locator("form[action$='/undo'] button"))
    _look_again(page)
    expect(page.locator("#changed")).to_be_hidden()
    expect(page.locator("details.cannot[open]")).to_have_count(1)
