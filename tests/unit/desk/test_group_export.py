"""A chat's export on the page of a group's link: a phone gives the file, sees what it says, and only ticks change."""

from __future__ import annotations

import html
import os
import re
from datetime import timedelta
from threading import Semaphore
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message

from declaring import add_declared
from desk_caller import Caller, desk_of
from desk_setup import services_of
from fakes.chat_exports import android, ios, system, zipped
from harness import URL, Harness, company_fixture
from one_loop import portal
from worker.desk.calls import Call
from worker.desk.guarding import FILE_MAX
from worker.desk.uploads import RECEIVED_AT_ONCE_MAX, Receiving, Uploads, given_file
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.languages import LANGUAGES

NAME = "WhatsApp Chat with Ward 7.txt"
NEW = "+447700900188"
ROW = re.compile(r'<input type="checkbox" name="(here|number|came)" value="([^"]*)"( checked)?>')


@company_fixture
def ward() -> Harness:
    """Ward 7 of a register, whose admin is dee."""
    harness = Harness()
    harness.hire("ann", "ben", "cem", "dee")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    add_declared(harness)
    harness.settle()
    harness.later()
    return harness


@pytest.fixture
def phone(ward: Harness) -> Caller:
    return desk_of(ward)


def path(harness: Harness) -> str:
    return "/g/" + harness.app.declaring.link("ward-7", Actor("sam"), harness.now).rpartition("/g/")[2]


def text(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def chat(harness: Harness, *lines: str) -> bytes:
    at = harness.now - timedelta(days=3)
    return android("Dee added Ben", *lines, at=f"{at:%d/%m/%Y, %H:%M}").encode()


def give(phone: Caller, at: str, data: bytes, name: str = NAME, token: str | None = None) -> Any:
    """Send a file as the page's form does."""
    found = re.findall(r'name="form_token" value="([^"]+)"', phone.get(at).text)[-1]
    return phone.client.post(
        f"{at}/export",
        data={"form_token": found if token is None else token},
        files={"export": (name, data, "text/plain")},
        headers={"Origin": URL, "Sec-Fetch-Site": "same-origin", "Accept-Language": phone.language},
    )


def ticks(page: str) -> dict[str, list[str]]:
    """The fields that a browser would send."""
    found: dict[str, list[str]] = {"here": [], "number": [], "came": []}
    for name, value, checked in ROW.findall(page):
        found[name] += [html.unescape(value)] * bool(checked)
    return found


def hidden(page: str) -> dict[str, list[str]]:
    form = re.findall(r'<form method="post" action="[^"]*/(?:check|count)".*?</form>', page, re.DOTALL)[-1]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def members(harness: Harness) -> dict[str, str | None]:
    with harness.store.reading() as uow:
        found = uow.rosters.members(GroupKey("said", "ward-7"))
    return {one.member.handle: one.member.phone for one in found}


def test_a_file_is_ticks_then_shown_once_more_and_then_it_counts(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    sent = chat(
        ward,
        f"Dee removed {ward.number('ann')}",
        "Dee added Noor, RN",
        f"Cem changed to {NEW}",
        "Dee: secret",
    )
    page = give(phone, at, sent)
    shown = text(page.text)
    assert page.status_code == 200
    assert "1 person has gone · 1 person came · 1 new number" in shown
    assert "The export goes from 21 Nov 2026 to 21 Nov 2026." in shown
    assert "removed on 21 Nov 2026" in shown
    assert "secret" not in page.text
    chosen = ticks(page.text)
    assert (len(chosen["here"]), chosen["came"], members(ward)) == (3, ["|Noor, RN"], {})

    checked = phone.post(
        f"{at}/check", hidden(page.text) | chosen, token=hidden(page.text)["form_token"][0]
    ).text
    assert "Cem +447700900188 new number" in text(checked)
    sent_on = hidden(checked)
    thanks = phone.post(f"{at}/count", sent_on, token=sent_on["form_token"][0])
    assert thanks.url.path.endswith("/thanks")
    assert members(ward) == {
        ward.number("ben"): ward.number("ben"),
        NEW: NEW,
        ward.number("dee"): ward.number("dee"),
        "name:noor, rn": None,
    }


def test_an_archive_of_ios_is_read_too(phone: Caller, ward: Harness) -> None:
    day = f"[{ward.now - timedelta(days=1):%d/%m/%Y}, 10:15:02]"
    text_ = ios(system("Ward 7", "Ben left"), system("Ward 7", "You're now an admin"), at=day)
    page = give(phone, path(ward), zipped({"_chat.txt": text_}), "WhatsApp Chat - Ward 7.zip")
    assert "left on 23 Nov 2026" in text(page.text)
    assert "became an admin" in text(page.text)


def test_what_is_not_sure_is_said(phone: Caller, ward: Harness) -> None:
    lines = "Zoe left", "Ben, Ann, and 3 others left", "You're no longer an admin"
    page = text(
        give(phone, path(ward), android("Dee: x", *lines, at="03/04/2026, 10:15").encode(), "Other.txt").text
    )
    for words in (
        "The export is of the group Other.",
        "read in two ways",
        "is no admin any more",
        "without their names",
        "nobody in the list has their name or number",
    ):
        assert words in page
    old = text(give(phone, path(ward), android("Dee added Ben", at="13/03/2026, 10:15").encode()).text)
    assert "ends before the list was made" in old
    assert "nobody in this list has gone" in old


@pytest.mark.parametrize(
    "data, why",
    [
        (b"", "Choose a file first"),
        (b"\x89PNG no export", "is no export of a chat"),
        (android("Dee: a", "Ben: b").encode(), "a chat of two people"),
        (android("Dee left", at="13/13/1448, 10:15").encode(), "Gregorian calendar"),
        (zipped({"_chat.txt": android("Dee left") + "x" * (129 << 20)}), "too large"),
    ],
)
def test_a_file_that_can_t_be_read_says_what_to_do(
    phone: Caller, ward: Harness, data: bytes, why: str
) -> None:
    page = give(phone, path(ward), data)
    assert why in text(page.text)
    assert "<details" in page.text
    assert " open" in page.text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_refusals_and_ticks_are_in_every_language(phone: Caller, ward: Harness, language: str) -> None:
    at, phone.language = path(ward), language
    pages = [give(phone, at, chat(ward, "Ann left", "Zoe left")).text, give(phone, at, b"no").text]
    assert all(f'<html lang="{language}"' in page for page in pages)
    if language != "en":
        assert not [page for page in pages if "The export" in page or "Read the file" in page]


def test_a_link_that_opens_nothing_receives_no_file(phone: Caller, ward: Harness) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert phone.client.post("/g/nothing/export", content=b"--x", headers=headers).status_code == 404
    at = path(ward)
    ward.later(days=31)
    assert phone.client.post(f"{at}/export", content=b"--x", headers=headers).status_code == 410


def test_a_form_that_is_not_ours_reads_nothing(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    assert "out of date" in text(give(phone, at, chat(ward), token="wrong").text)
    assert "out of date" in text(phone.post(f"{at}/export", {"export": "x"}).text)
    foreign = phone.client.post(
        f"{at}/export", files={"export": (NAME, b"x")}, headers={"Origin": "https://else"}
    )
    assert foreign.status_code == 403
    broken = {"Content-Type": "multipart/form-data"}
    assert phone.client.post(f"{at}/export", content=b"x", headers=broken).status_code == 400


def test_a_file_that_is_too_large_is_refused_before_it_comes(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    answer = phone.client.post(f"{at}/export", headers={"Content-Length": str(FILE_MAX + 1)})
    assert "This file is too large" in text(answer.text)


def test_only_so_many_files_are_received_at_once(ward: Harness) -> None:
    found = Uploads(Receiving(0)).route(
        "/g/x/export", lambda _: None, _named, lambda _: PlainTextResponse("busy")
    )
    client = TestClient(_app(ward, found))
    assert client.post("/g/x/export", files={"export": (NAME, b"x")}).text == "busy"


def test_files_of_all_pages_count_together(ward: Harness, phone: Caller) -> None:
    at = path(ward)
    ward.leave("ann")
    ward.settle()
    phone.sign_in("sam", "operator")
    over, is_waiting = portal().call(anyio.Event), Semaphore(0)

    async def receive() -> Message:
        is_waiting.release()
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Nobody is there any more."""

    scope = phone.scope("/tickets/T-000001/seal", "multipart/form-data; boundary=b")
    others = []
    for _ in range(RECEIVED_AT_ONCE_MAX):  # one by one: a database in memory has one connection
        others.append(portal().start_task_soon(phone.app, dict(scope), receive, send))
        assert is_waiting.acquire(timeout=10)
    busy = give(phone, at, chat(ward))
    portal().call(over.set)
    for one in others:
        one.result(10)

    assert "Others are sending files" in text(busy.text)
    assert "Others are sending files" not in text(give(phone, at, chat(ward)).text)


def test_a_large_file_is_on_no_path_and_gone_afterwards(ward: Harness) -> None:
    seen: list[int] = []

    def handler(call: Call) -> PlainTextResponse:
        file = given_file(call, "export")
        assert file is not None
        seen.append(os.fstat(file.file.fileno()).st_nlink)
        seen.append(file.file.fileno())
        return PlainTextResponse(str(file.size))

    route = Uploads(Receiving()).route("/g/x/export", lambda _: None, handler, _named)
    client = TestClient(_app(ward, route))
    assert client.post("/g/x/export", files={"export": (NAME, bytes(3 << 20))}).text == str(3 << 20)
    assert seen[0] == 0
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(seen[1])


def _named(call: Call) -> PlainTextResponse:
    return PlainTextResponse(call.path("name"))


def _app(harness: Harness, route: Any) -> Any:
    app = Starlette(routes=[route])
    app.state.services = services_of(harness)
    return app


def test_nothing_of_a_file_is_in_the_journal_or_an_address(phone: Caller, ward: Harness) -> None:
    before = len(ward.journal())
    at = path(ward)
    page = give(phone, at, chat(ward, "Zoe left"))
    assert len(ward.journal()) == before + 1  # the link that was made
    assert "Zoe" not in str(page.url)
