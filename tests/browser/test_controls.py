"""Controls in Chromium: every page of theirs, in both directions of writing, light and dark, wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, ViewportSize, expect
from sqlalchemy import Engine

from chromium import LOOKS, PHONE, Desk, looking, sign_in
from good_group import RULES, policy
from harness import Harness
from worker.domain.model import GroupFacts
from worker.domain.tickets.ticket import TicketKind

Open = Callable[..., BrowserContext]
HELD = "/plans/P-000001"


@pytest.fixture
def desk(database: Engine, serve: Callable[[Harness], Desk]) -> Desk:
    """Five groups without the rules; the first run of one control was released, that of the others is held."""
    harness = Harness(controls=policy(), engine=database, sensitive=("Ward 3",))
    harness.hire("ann", "dee")
    for number in range(5):
        harness.group(f"w{number}", "ann", admins=["dee"], name=f"Ward {number} {'nights ' * number}")
        harness.wards.show(f"w{number}", GroupFacts(read_at=harness.now, description="hello"))
    harness.settle()
    harness.control()
    harness.decide("profile.description")
    harness.later(hours=24)
    harness.control()
    return serve(harness)


def link(desk: Desk) -> str:
    with desk.harness.store.reading() as uow:
        [ticket] = [
            one for one in desk.harness.tickets(TicketKind.FIX_PROFILE) if one.group_name.strip() == "Ward 0"
        ]
        return desk.links.url(uow, ticket, desk.harness.now)


@LOOKS
def test_axe_finds_nothing_serious_and_nothing_is_cut(
    desk: Desk, open_context: Open, language: str, scheme: str, size: ViewportSize
) -> None:
    page = open_context(size, language, color_scheme=scheme).new_page()
    sign_in(page, desk, "approver")
    page.goto(f"{desk.base}/controls/profile.description")
    group = page.locator("tbody a[href^='/groups/']").first.get_attribute("href")
    with looking(page) as look:
        for path in (
            "/controls",
            "/controls/profile.description",
            HELD,
            "/plans",
            group or "",
            "/good-group",
        ):
            page.goto(desk.base + path)
            look(path)
        page.goto(link(desk))
        look("ticket")


def test_bars_differ_by_more_than_colour(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    page.goto(f"{desk.base}/controls")
    fills = page.evaluate(
        "[...document.querySelectorAll('.key rect')].map((one) => getComputedStyle(one).fill)"
    )
    assert len(set(fills)) == 4
    assert any("p-failed" in fill for fill in fills)


def test_from_the_list_to_a_group_s_ticket_by_keyboard_without_a_script(
    desk: Desk, open_context: Open
) -> None:
    page = open_context(java_script_enabled=False).new_page()
    sign_in(page, desk, "viewer")
    page.goto(f"{desk.base}/controls")
    page.get_by_role("link", name="Its description has the rules").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("profile.description")
    page.locator("tbody a[href^='/tickets/']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/tickets/T-"))
    expect(page.locator("main")).to_contain_text(RULES)


def test_the_text_to_paste_is_copied_by_a_tap(desk: Desk, open_context: Open) -> None:
    context = open_context(PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(link(desk))
    page.get_by_role("button", name="Copy the text").tap()
    assert page.evaluate("navigator.clipboard.readText()") == RULES
