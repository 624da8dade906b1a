"""How the main pages look: each is compared with a small picture of it in `pictures/`, with some tolerance.

After a change that is meant: WHOSLEFT_REWRITE=1 pytest tests/browser/test_pictures.py, and look at the new pictures.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize

from chromium import DESKTOP, PHONE, Desk, sign_in

Open = Callable[..., BrowserContext]
FOLDER = Path(__file__).parent / "pictures"
SMALLER = 3  # times: single letters are lost, places and colours are not
DIFFERENCE_MAX = (
    0.03  # of black to white, on average; a serif font makes 0.007 to 0.026, a missing style 0.04
)
SHRUNK = """async ([picture, width]) => {
    const image = new Image();
    image.src = picture;
    await image.decode();
    const canvas = new OffscreenCanvas(width, Math.round(image.height * width / image.width));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""
DIFFERENCE = """async (pictures) => {
    const [one, other] = await Promise.all(pictures.map(async (picture) => {
        const image = new Image();
        image.src = picture;
        await image.decode();
        const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, image.width, image.height).data;
    }));
    if (one.length !== other.length) return 1;
    return one.reduce((sum, value, at) => sum + Math.abs(value - other[at]), 0) / one.length / 255;
}"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in one language and scheme, at one size."""

    path: str
    size: ViewportSize
    language: str = "en"
    scheme: str = "light"


SHOWN = {
    "now": Shown("/", DESKTOP),
    "now-phone": Shown("/", PHONE, "ar", "dark"),
    "tickets": Shown("/tickets", DESKTOP, "ar", "dark"),
    "tickets-phone": Shown("/tickets", PHONE),
    "ticket": Shown("/tickets/T-000002", DESKTOP),
    "plan": Shown("/plans/P-000001", DESKTOP),
    "groups": Shown("/groups", DESKTOP, "ar"),
    "questions": Shown("/questions", DESKTOP, "en", "dark"),
    "assignee-phone": Shown("", PHONE),
    "assignee-phone-ar": Shown("", PHONE, "ar", "dark"),
}


def _data(picture: bytes) -> str:
    return f"data:image/png;base64,{b64encode(picture).decode()}"


def _opened(shown: Shown, desk: Desk, page: Page) -> Page:
    if shown.path:
        sign_in(page, desk, "approver")
    page.goto(desk.base + shown.path if shown.path else desk.link(2))
    page.wait_for_load_state("networkidle")
    return page


def _shrunk(page: Page, size: ViewportSize) -> bytes:
    picture = page.screenshot(animations="disabled", caret="hide")
    blank = page.context.new_page()  # whose policy lets a script read the picture
    return b64decode(blank.evaluate(SHRUNK, [_data(picture), size["width"] // SMALLER]))


def _difference(page: Page, one: bytes, other: bytes) -> float:
    return float(page.context.new_page().evaluate(DIFFERENCE, [_data(one), _data(other)]))


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_looks_as_it_did(desk: Desk, open_context: Open, name: str) -> None:
    shown, kept = SHOWN[name], FOLDER / f"{name}.png"
    page = _opened(
        shown, desk, open_context(shown.size, shown.language, color_scheme=shown.scheme).new_page()
    )
    found = _shrunk(page, shown.size)
    if os.environ.get("WHOSLEFT_REWRITE"):
        kept.write_bytes(found)
    assert _difference(page, found, kept.read_bytes()) <= DIFFERENCE_MAX


def test_a_page_without_its_style_looks_different(desk: Desk, open_context: Open) -> None:
    shown, context = SHOWN["now"], open_context(DESKTOP, color_scheme="light")
    context.route("**/console.css*", lambda route: route.fulfill(body="", content_type="text/css"))
    found = _shrunk(page := _opened(shown, desk, context.new_page()), shown.size)
    assert _difference(page, found, (FOLDER / "now.png").read_bytes()) > DIFFERENCE_MAX
