"""A file is sealed on a ticket's page in a browser: without scripts too, on a phone, and from right to left."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from chromium import PHONE, Desk, faults, overflows, sign_in
from fakes.chat_exports import android

Open = Callable[..., BrowserContext]
CHAT = android("Rita: secret", "Rita: more").encode()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_file_is_sealed_and_handed_over(
    desk: Desk, open_context: Open, tmp_path: Path, language: str, *, scripts: bool
) -> None:
    file = tmp_path / ("a-long-name-without-a-space" * 4 + ".txt")
    file.write_bytes(CHAT + language.encode() + bytes([65 + scripts]))
    page = open_context(PHONE, language, java_script_enabled=scripts).new_page()
    sign_in(page, desk, "operator")
    page.goto(f"{desk.base}/tickets/T-000001")
    page.locator("details", has=page.locator("#seal-file")).locator("summary").click()
    page.locator("#seal-to").fill("Legal")
    page.locator("#seal-file").set_input_files(file)
    page.locator("form[action$='/seal'] button").click()
    expect(page.locator("#sealed")).to_contain_text(sha256(file.read_bytes()).hexdigest())
    expect(page.locator("#sealed")).to_contain_text("Legal")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    assert not overflows(page)
    if scripts:
        assert faults(page) == []
