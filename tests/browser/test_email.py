"""The HTML of a mail in a mail program's eyes: Chromium, light and dark, on a phone, in every language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from chromium import PHONE, faults, overflows
from connectors.notify.email.layout import laid_out
from mails import LINK, late_ticket
from worker.languages import LANGUAGES

RTL = {"ar", "ur"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_is_readable_by_everybody_and_asks_nobody_for_anything(
    open_context: Callable[..., BrowserContext], language: str, scheme: str
) -> None:
    page = open_context(PHONE, color_scheme=scheme).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(laid_out(late_ticket(language), language).html)

    assert faults(page) == []
    assert not overflows(page)
    assert asked == []
    html = page.locator("html")
    assert html.get_attribute("lang") == language
    assert html.get_attribute("dir") == ("rtl" if language in RTL else "ltr")
    assert page.locator("body > table").get_attribute("dir") == html.get_attribute("dir")
    assert page.locator("a").get_attribute("href") == LINK
    assert page.locator("body").inner_text().count("whosleft.example.org") == 1


def test_a_mail_follows_the_reader_s_colours(open_context: Callable[..., BrowserContext]) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = open_context(PHONE, color_scheme=scheme).new_page()
        page.set_content(laid_out(late_ticket("en"), "en").html)
        colours[scheme] = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert colours == {"light": "rgb(31, 36, 41)", "dark": "rgb(230, 233, 236)"}


def test_without_its_style_sheet_and_attributes_of_html_and_body_a_mail_is_whole(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context(PHONE).new_page()
    page.set_content(laid_out(late_ticket("ar"), "ar").html)
    inner = page.evaluate("document.body.innerHTML")
    page.set_content(f"<div>{inner}</div>")  # as Gmail shows it

    assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(31, 36, 41)"
    assert not overflows(page)
