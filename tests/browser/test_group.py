"""A group's roster, declared by its admin in Chromium on a phone, in both directions of writing, without a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import Engine

from chromium import DESKTOP, PHONE, faults, follow, hospital, overflows
from declaring import DECLARED, add_declared
from desk_setup import services_of
from fakes.chat_exports import android
from harness import Harness
from worker.desk.app import desk_app
from worker.desk.guarding import FILE_MAX, LISTS_MAX, is_upload
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.languages import BabelLanguages
from worker.ops.server import Limits, serving

Open = Callable[..., BrowserContext]
LANGUAGES = pytest.mark.parametrize("language", ["en", "ar"])


@pytest.fixture
def ward(database: Engine) -> Iterator[tuple[Harness, str]]:
    """A hospital with a declared inventory, and the address of ward 7's link."""
    harness = add_declared(hospital(database))
    app = desk_app(services_of(harness, BabelLanguages("en")))
    with serving(app, ("127.0.0.1", 0), "desk", Limits(LISTS_MAX, is_upload=is_upload)) as listen:
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
    follow(page, page.locator("button.main"))
    found["cut"] = faults(page), overflows(page)
    page.goto(url)
    follow(page, page.locator("button.main"))
    found["check"] = faults(page), overflows(page)
    follow(page, page.locator("button.main"))
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


def export_of(harness: Harness, folder: Path) -> Path:
    """A chat's export as a phone saves it: two are gone, one of them by another name, and two came."""
    at = harness.now - timedelta(days=2)
    lines = (
        f"Dee removed {harness.number('ann')}",
        "Zoe left",
        "Dee added Noor Haddad",
        "+44 7700 900188 joined using this group's invite link",
        "Dee: good morning",
    )
    path = folder / "WhatsApp Chat with Ward 7.txt"
    path.write_text(android(*lines, at=f"{at:%d/%m/%Y, %H:%M}"), encoding="utf-8")
    return path


@LANGUAGES
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_chat_s_export_is_given_by_the_phone_s_choice_of_files(
    ward: tuple[Harness, str], open_context: Open, tmp_path: Path, language: str, *, scripts: bool
) -> None:
    harness, url = ward
    page = open_context(PHONE, language, java_script_enabled=scripts).new_page()
    page.goto(url)
    page.locator("details > summary").click()
    page.locator("#export").set_input_files(export_of(harness, tmp_path))
    page.locator("details button").click()
    page.wait_for_url(re.compile("/export$"))
    expect(page.locator("label.choice", has_text="Ann").locator("input")).not_to_be_checked()
    expect(page.locator("label.choice", has_text="Noor Haddad").locator("input")).to_be_checked()
    assert handles(harness) == set()
    page.locator("button.main").click()
    page.locator("button.main").click()
    page.wait_for_url(re.compile("/thanks$"))
    assert {"+447700900188", "name:noor haddad"} <= handles(harness)
    assert harness.number("ann") not in handles(harness)


@LANGUAGES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_an_export_either(
    ward: tuple[Harness, str], open_context: Open, tmp_path: Path, language: str, scheme: str
) -> None:
    harness, url = ward
    page = open_context(PHONE, language, color_scheme=scheme).new_page()
    found = {}
    page.goto(f"{url}?refused=no_export")
    found["refused"] = faults(page), overflows(page)
    page.locator("#export").set_input_files(export_of(harness, tmp_path))
    page.locator("details button").click()
    page.wait_for_url(re.compile("/export$"))
    found["ticks"] = faults(page), overflows(page)
    assert found == dict.fromkeys(found, ([], False))


def test_a_file_that_is_too_large_says_so_in_the_browser(
    ward: tuple[Harness, str], open_context: Open, tmp_path: Path
) -> None:
    _, url = ward
    path = tmp_path / "chat.zip"
    with path.open("wb") as file:
        file.truncate(FILE_MAX + 1)
    page = open_context(PHONE).new_page()
    page.goto(f"{url}?refused=no_file")
    page.locator("#export").set_input_files(path)
    page.locator("details button").click()
    expect(page.get_by_role("alert")).to_contain_text("too large")


def test_an_export_is_given_by_keyboard(
    ward: tuple[Harness, str], open_context: Open, tmp_path: Path
) -> None:
    harness, url = ward
    page = open_context(DESKTOP).new_page()
    # Without a listener, Chromium is asked for its chooser only as the key is pressed, which may overtake it
    page.on("filechooser", lambda _: None)
    page.goto(url)
    page.locator("button.main").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "export"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(export_of(harness, tmp_path))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/export$"))
    expect(page.get_by_role("status")).to_be_visible()
