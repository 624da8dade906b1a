"""A group's roster, declared by its admin in Chromium on a phone, in both directions of writing, without a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from chromium import DESKTOP, PHONE, faults, hospital, overflows
from declaring import DECLARED, add_declared
from desk_setup import services_of
from harness import Harness
from worker.desk.app import desk_app
from worker.desk.guarding import LISTS_MAX
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.languages import BabelLanguages
from worker.ops.server import Limits, serving

Open = Callable[..., BrowserContext]
LANGUAGES = pytest.mark.parametrize("language", ["en", "ar"])


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[tuple[Harness, str]]:
    """A hospital with a declared inventory, and the address of ward 7's link."""
    harness = add_declared(hospital(f"sqlite:///{tmp_path / 'desk.db'}"))
    app = desk_app(services_of(harness, BabelLanguages("en")))
    with serving(app, ("127.0.0.1", 0), "desk", Limits(LISTS_MAX)) as listen:
        url = harness.app.declaring.link("ward-7", Actor("sam"), harness.now)
        yield harness, f"http://{listen}/g/{url.rpartition('/g/')[2]}"
    harness.close()


def handles(harness: Harness) -> set[str]:
    with harness.store.reading() as uow:
        return {one.member.handle for one in uow.rosters.members(GroupKey(DECLARED, "ward-7"))}


@LANGUAGES
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_roster_is_declared_on_a_phone(
    ward: tuple[Harness, str], open_context: Open, language: str, *, scripts: bool
) -> None:
    harness, url = ward
    page = open_context(PHONE, language, java_script_enabled=scripts).new_page()
    page.goto(url)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    page.locator("label.choice", has_text="Ann").locator("input").uncheck()
    page.locator("#added").fill("07700 900188")
    page.locator("button.main").click()
    expect(page.locator("main")).to_contain_text("+447700900188")
    assert handles(harness) == set()
    page.locator("button.main").click()
    page.wait_for_url(re.compile("/thanks$"))
    expect(page.get_by_role("status")).to_be_visible()
    assert "+447700900188" in handles(harness)
    assert harness.number("ann") not in handles(harness)


@LANGUAGES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_a_phone(
    ward: tuple[Harness, str], open_context: Open, language: str, scheme: str
) -> None:
    page = open_context(PHONE, language, color_scheme=scheme).new_page()
    found = {}
    page.goto(url := ward[1])
    found["group"] = faults(page), overflows(page)
    page.locator("#pasted").fill("Ann, 12345678901234567, Noor Haddad, You and 12 others")
    page.locator("button.main").click()
    found["cut"] = faults(page), overflows(page)
    page.goto(url)
    page.locator("button.main").click()
    found["check"] = faults(page), overflows(page)
    page.locator("button.main").click()
    found["thanks"] = faults(page), overflows(page)
    page.goto(f"{url}/thanks?again=1")
    found["again"] = faults(page), overflows(page)
    assert found == dict.fromkeys(found, ([], False))


def test_by_keyboard_alone(ward: tuple[Harness, str], open_context: Open) -> None:
    harness, url = ward
    page = open_context(DESKTOP).new_page()
    page.goto(url)
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('input[type=checkbox]')"):
            break
    page.keyboard.press("Space")
    page.locator("#pasted").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_be_visible()
    page.locator("button.main").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/thanks$"))
    assert handles(harness)
