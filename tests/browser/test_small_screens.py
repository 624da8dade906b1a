"""Small screens, long names, fingers and patience: nothing runs off the page, and an old page says that it is old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from chromium import PHONE, Desk, overflows, sign_in
from worker.domain.tickets.ticket import TicketState

Open = Callable[..., BrowserContext]
NARROW: ViewportSize = {"width": 320, "height": 640}  # a small phone, or a large screen at 400 %
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnungsentwurfsfassung"
CONSOLE = ("/", "/tickets", "/groups", "/people", "/questions", "/plans", "/plans/P-000001",
           "/plans/P-000001/release", "/sources", "/sources/corp", "/policies?ticket=T-000001", "/charts", "/what-if",
           "/controls", "/controls/profile.description", "/audit")  # fmt: skip
LOW = """() => [...document.querySelectorAll("button, select, summary, textarea, nav a, a.button, label.choice, input")]
  .filter((one) => one.checkVisibility() && !one.closest(".skip") && !one.matches("label input, .hidden"))
  .filter((one) => one.getBoundingClientRect().height < 43.9)
  .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 20)}`)"""
NO_CARDS = "[...document.querySelectorAll('table:not(.cards)')].map((one) => one.outerHTML.slice(0, 80))"
WIDER = """() => [...document.querySelectorAll(".scroll:has(.cards), .cards tr")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture
def long(desk: Desk) -> Desk:
    """Somebody with an endless name left a group with another one and two hundred members."""
    harness = desk.harness
    members = [f"member{number:03d}" for number in range(200)]
    harness.hire(*members)
    harness.hire("zed", display_name=LONG, email=f"{'z' * 60}@corp.example")
    harness.hire("ara", display_name="محمد عبد الله")
    harness.group("long", "zed", "ara", *members, admins=["dee"], name=f"{LONG} {LONG}")
    harness.settle()
    harness.leave("zed", "ara")
    harness.later()
    harness.settle()
    return desk


def _opened(page: Page) -> Page:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return page


def _first(page: Page, name: str) -> str:
    """Where a list leads for this name."""
    return page.locator("tbody a", has_text=name).first.get_attribute("href") or ""


def _of(desk: Desk, person: str) -> int:
    return next(
        t.id for t in desk.harness.tickets()
        if t.person and t.person.person_id == person and t.state is TicketState.OPEN
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ar", "de"])
def test_nothing_runs_off_an_assignee_s_page_or_the_sign_in_and_all_of_it_is_large_enough_to_tap(
    long: Desk, open_context: Open, language: str
) -> None:
    page = open_context(NARROW, language).new_page()
    found = {}
    links = [long.link(number) for number in (1, 2, _of(long, "zed"), _of(long, "ara"))]
    for link in (*links, *(link.replace("/t/", "/me/") for link in links), f"{long.base}/login"):
        page.goto(link)
        found[link] = (overflows(_opened(page)), page.evaluate(LOW))

    assert {link: each for link, each in found.items() if each != (False, [])} == {}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_runs_off_the_console_and_all_of_it_is_large_enough_to_tap(
    long: Desk, open_context: Open, language: str
) -> None:
    page = open_context(NARROW, language).new_page()
    sign_in(page, long, "approver", "auditor", name=f"{'s' * 60}@example.org")  # whom the audit's list names
    paths = [*CONSOLE, f"/tickets/T-{_of(long, 'zed'):06d}"]
    for listed, name in (("/groups", LONG), ("/people", LONG)):
        page.goto(f"{long.base}{listed}")
        paths.append(_first(page, name))
    found = {}
    for path in paths:
        page.goto(f"{long.base}{path}")
        found[path] = (overflows(_opened(page)), page.evaluate(LOW))

    assert {path: each for path, each in found.items() if each != (False, [])} == {}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_number_is_read_from_left_to_right_in_every_language(
    desk: Desk, open_context: Open, language: str
) -> None:
    page = open_context(NARROW, language).new_page()
    page.goto(desk.link(1))

    is_ltr = page.evaluate("""() => {
      const number = [...document.querySelectorAll("bdi")].find((one) => one.textContent.startsWith("+44")).firstChild;
      const range = document.createRange();
      const left = (at) => {
        range.setStart(number, at); range.setEnd(number, at + 1); return range.getBoundingClientRect().left; };
      return left(0) < left(1) && left(1) < left(2); }""")

    assert is_ltr


# --- what renews itself ----------------------------------------------------------------------------------------------


RENEWED = "htmx.ajax('GET', '/', {target: '#live', select: '#live', swap: 'outerHTML'})"


def _renew(page: Page) -> None:
    page.evaluate(RENEWED)


def test_the_focus_stays_where_it_is_when_a_page_renews_itself(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    page.locator(".figures a", has_text="waiting for approval").focus()
    page.evaluate("document.getElementById('live').dataset.before = 'yes'")

    _renew(page)

    expect(page.locator("#live[data-before]")).to_have_count(0)
    expect(page.locator(".figures a", has_text="waiting for approval")).to_be_focused()


def test_the_focus_stays_on_the_tick_of_a_ticket(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/tickets")
    page.get_by_label("T-000002").focus()
    page.evaluate("document.getElementById('live').dataset.before = 'yes'")

    page.evaluate(RENEWED.replace("'/'", "'/tickets'"))

    expect(page.locator("#live[data-before]")).to_have_count(0)
    expect(page.get_by_label("T-000002")).to_be_focused()


def test_a_page_that_can_t_be_renewed_says_so_until_it_can(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    said = page.locator("#old")
    expect(said).to_be_hidden()
    page.route(f"{desk.base}/", lambda route: route.fulfill(status=409))

    _renew(page)
    expect(said).to_be_visible()
    page.unroute(f"{desk.base}/")
    _renew(page)

    expect(said).to_be_hidden()


def test_a_page_left_open_after_its_session_does_not_go_on_showing_what_is_old(
    desk: Desk, open_context: Open
) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    desk.harness.now += timedelta(hours=12)

    page.evaluate(f"void {RENEWED}")  # the page may be gone before an answer

    page.wait_for_url(f"{desk.base}/login")


def test_arrow_keys_pass_languages_without_leaving_the_page(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    page.goto(desk.link(1))
    page.evaluate("document.body.dataset.same = 'yes'")

    page.locator("#language").select_option("de")

    assert page.evaluate("document.body.dataset.same") == "yes"
    page.locator("form.language button").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_rows_are_cards_on_a_phone_and_still_rows_for_who_hears_them(
    long: Desk, open_context: Open, language: str
) -> None:
    page = open_context(PHONE, language).new_page()
    sign_in(page, long, "operator")
    wide, rows = {}, {}
    page.goto(f"{long.base}/groups")
    group = _first(page, LONG)
    page.goto(f"{long.base}/people")
    person = _first(page, LONG)
    for path in (
        "/",
        "/exposed",
        "/tickets",
        "/groups",
        group,
        "/people",
        person,
        "/plans",
        "/plans/P-000001",
        "/plans/P-000001/release",
        "/messages",
        "/policies",
        "/sources",
        "/sources/corp",
        "/charts",
    ):
        page.goto(long.base + path)
        _opened(page)
        wide[path] = page.evaluate(WIDER) + page.evaluate(NO_CARDS)
        rows[path] = (
            page.locator(".cards").get_by_role("row").count() == page.locator(".cards tr").count() > 1
        )
    assert {path: found for path, found in wide.items() if found} == {}
    assert all(rows.values()), rows
