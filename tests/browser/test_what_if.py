"""Recorded days are played without JavaScript, on a phone, in both directions of reading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, ViewportSize, expect

from chromium import Desk, looking, overflows, sign_in

Open = Callable[..., BrowserContext]
NARROW: ViewportSize = {"width": 320, "height": 640}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_days_are_played_on_a_phone_without_javascript(desk: Desk, open_context: Open, language: str) -> None:
    page = open_context(NARROW, language, java_script_enabled=False).new_page()
    sign_in(page, desk, "viewer")
    page.goto(f"{desk.base}/what-if")
    page.locator("#from").fill(f"{desk.harness.now - timedelta(days=20):%Y-%m-%d}")
    page.locator("#due").fill("72")
    page.locator("button.main").click()

    expect(page.locator("#tickets")).to_be_visible()
    expect(page.locator("tbody tr").first).to_contain_text("T-0000")
    expect(page.locator("#due")).to_have_value("72")
    assert not overflows(page)


def test_axe_finds_nothing_serious_in_what_came_out(desk: Desk, open_context: Open) -> None:
    page = open_context().new_page()
    sign_in(page, desk, "viewer")
    page.goto(f"{desk.base}/what-if")
    page.locator("#leavers_max").fill("1")
    page.locator("button.main").click()
    expect(page.locator("#tickets")).to_be_visible()

    with looking(page) as look:
        look("/what-if")
