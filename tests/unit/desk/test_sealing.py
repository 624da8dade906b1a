"""Files are sealed on a ticket's page: measured as they come, dropped, and never in the temporary folder."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.types import Message

from builders import HOUR
from desk_caller import Caller, desk_of
from desk_setup import services_of
from fakes.chat_exports import android, zipped
from harness import URL, Harness, company_fixture
from one_loop import in_one_loop, portal
from worker.app.acts.access import hashed
from worker.app.acts.sealing import SealDone
from worker.desk import guarding
from worker.desk.calls import Call
from worker.desk.sealing import FIELDS_MAX, NotSealed, Sealer, SealUploads
from worker.desk.uploads import Receiving
from worker.domain.controls.seals import Seal
from worker.ports.state.access import Visitor

AT = "/tickets/T-000001"
CHAT = android("Rita: secret", "Rita: more").encode()
BROWSER = {"Origin": URL, "Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@company_fixture
def ward() -> Harness:
    """Ann has left ward 7: T-000001, which is dee's."""
    harness = Harness()
    harness.hire("ann", "ben", "cem", "dee")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "operator")
    return caller


def seals(harness: Harness) -> list[Seal]:
    with harness.store.reading() as uow:
        return uow.seals.page(0, 99)


def token(desk: Caller) -> str:
    return desk.get(AT).text.split('name="form_token" value="')[1].split('"')[0]


def give(desk: Caller, data: bytes = CHAT, name: str = "chat.txt", follow: bool = True, **fields: str) -> Any:
    """Send a file as the page's form does."""
    return desk.client.post(
        f"{AT}/seal",
        data={"form_token": token(desk), **fields},
        files={"file": (name, data, "text/plain")},
        headers=BROWSER,
        follow_redirects=follow,
    )


def raw(desk: Caller, body: bytes, kind: str = 'multipart/form-data; boundary="b"') -> Any:
    return desk.client.post(f"{AT}/seal", content=body, headers={**BROWSER, "Content-Type": kind})


def part(name: str, data: bytes, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + data + b"\r\n"


END = b"--b--\r\n"
KIND = "multipart/form-data; boundary=b"
BIG = 200 << 20


def test_a_file_is_sealed_and_the_page_shows_it(desk: Caller, ward: Harness) -> None:
    answer = give(desk, follow=False, how="by a\x07 member", to="Legal")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AT}#seals")
    [seal] = seals(ward)
    assert (seal.name, seal.sha256, seal.lines, seal.media) == (
        "chat.txt",
        sha256(CHAT).hexdigest(),
        2,
        False,
    )
    assert (seal.made_by, seal.how, [one.taker for one in seal.custody]) == ("sam", "by a member", ["Legal"])
    page = unescape(desk.get(AT).text)
    for shown in (
        seal.sha256,
        "2 messages",
        "without media",
        "Sealed file handed over to Legal",
        "by a member",
    ):
        assert shown in page
    assert "secret" not in page


def test_of_an_archive_only_what_streams_is_known(desk: Caller, ward: Harness) -> None:
    give(desk, zipped({"_chat.txt": CHAT}), "chat.zip")
    [seal] = seals(ward)
    assert (seal.media, seal.lines, seal.first_on) == (None, None, None)
    assert "messages" not in desk.get(AT).text.split('id="E-000001"')[1].split("</p>")[0]


def test_the_name_is_without_folders_and_without_what_steers(desk: Caller, ward: Harness) -> None:
    raw(desk, part("form_token", token(desk).encode()) + part("file", b"x", "C:\\ward\\a\u202etxt.exe") + END)
    assert [one.name for one in seals(ward)] == ["a�txt.exe"]


def test_the_same_file_again_is_a_hand_over_and_another_one_of_its_name_is_refused(
    desk: Caller, ward: Harness
) -> None:
    give(desk)
    give(desk, to="Legal")
    assert [len(one.custody) for one in seals(ward)] == [1]
    refused = give(desk, CHAT + b"x")
    assert refused.status_code == 409
    assert "chat.txt was changed" in refused.text
    assert sha256(CHAT).hexdigest()[:12] in refused.text
    assert len(seals(ward)) == 1


def test_no_file_is_no_seal(desk: Caller, ward: Harness) -> None:
    body = part("form_token", token(desk).encode()) + part("file", b"", "") + END
    assert "Choose a file first." in unescape(raw(desk, body).text)
    assert "is empty" in give(desk, b"").text
    assert seals(ward) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        part("how", b"x"),
        part("other", b"x", "a.txt") + END,
        part("how", b"x" * 5000) + END,
        part("how", b"x") * (FIELDS_MAX + 1) + END,
    ],
    ids=["nothing", "nonsense", "cut", "another field", "a long field", "many fields"],
)
def test_a_form_that_is_not_ours_or_not_whole_seals_nothing(desk: Caller, ward: Harness, body: bytes) -> None:
    assert "did not arrive whole" in raw(desk, body).text
    assert seals(ward) == []


def test_a_file_that_was_cut_seals_nothing(desk: Caller, ward: Harness) -> None:
    begun = part("form_token", token(desk).encode()) + part("file", CHAT, "chat.txt")
    assert "did not arrive whole" in raw(desk, begun).text
    assert "did not arrive whole" in raw(desk, begun + part("file", CHAT, "b.txt") + END).text
    assert seals(ward) == []


def test_another_kind_of_form_seals_nothing(desk: Caller, ward: Harness) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        assert raw(desk, b"file=x", kind).status_code == 403
    assert seals(ward) == []


@pytest.mark.parametrize("given", ["forged", ""])
def test_a_form_of_another_site_seals_nothing(desk: Caller, ward: Harness, given: str) -> None:
    body = part("form_token", given.encode()) + part("file", CHAT, "chat.txt") + END
    assert raw(desk, body).status_code == 403
    assert (
        raw(desk, part("file", CHAT, "chat.txt") + part("form_token", token(desk).encode()) + END).status_code
        == 403
    )
    assert raw(desk, part("form_token", given.encode()) + END).status_code == 403
    foreign = desk.client.post(f"{AT}/seal", content=body, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert seals(ward) == []


def test_who_may_only_look_sees_the_seals_and_no_form(desk: Caller, ward: Harness) -> None:
    give(desk)
    other = desk_of(ward)
    assert other.client.post(f"{AT}/seal", headers=BROWSER, follow_redirects=False).status_code in {303, 403}
    other.sign_in("eve", "viewer")
    page = other.get(AT).text
    assert seals(ward)[0].sha256 in page
    assert 'enctype="multipart/form-data"' not in page
    assert raw(other, b"").status_code == 403
    assert len(seals(ward)) == 1


@pytest.mark.parametrize("label", ["T-000099", "nonsense"])
def test_a_ticket_that_does_not_exist_has_no_seals(desk: Caller, label: str) -> None:
    answer = desk.client.post(f"/tickets/{label}/seal", content=b"", headers=BROWSER)
    assert answer.status_code == 404


def test_a_file_that_is_too_large_is_said_before_it_is_received(
    desk: Caller, ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "SEALED_MAX", 2000)
    assert "larger than 4 GB" in give(desk, b"x" * 3000).text

    of = token(desk).encode()

    def pieces() -> Iterator[bytes]:  # without a length
        yield part("form_token", of)
        yield part("file", b"x" * 3000, "big.bin")

    answer = desk.client.post(
        f"{AT}/seal",
        content=pieces(),
        headers={**BROWSER, "Content-Type": "multipart/form-data; boundary=b"},
    )
    assert "larger than 4 GB" in answer.text
    assert seals(ward) == []


def open_files(folder: Path) -> list[str]:
    """The files of a folder that this process has open, those without a name, too."""
    links = []
    for number in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.append(str(number.readlink()))
    return [one for one in links if one.startswith(f"{folder}/")]


def streamed(desk: Caller, pieces: Iterator[bytes]) -> int:
    """Send a form piece by piece; return the answer's status."""
    status: list[int] = []

    async def receive() -> Message:
        data = next(pieces, None)
        return {"type": "http.request", "body": data or b"", "more_body": data is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    portal().call(desk.app, desk.scope(f"{AT}/seal", KIND), receive, send)
    [only] = status
    return only


@pytest.mark.parametrize("ends", ["session", "time", "role"])
def test_a_file_whose_sender_is_signed_out_meanwhile_is_not_sealed(
    desk: Caller, ward: Harness, ends: str
) -> None:
    [session] = [hashed(one.value or "") for one in desk.client.cookies.jar if one.name.endswith("whosleft")]

    form_token = part("form_token", token(desk).encode())

    def body() -> Iterator[bytes]:
        yield form_token + part("file", CHAT, "chat.txt").removesuffix(b"\r\n")
        with ward.store.begin() as uow:
            if ends != "time":
                uow.access.end_session(session)
            if ends == "role":
                uow.access.add_session(session, Visitor("sam", ("auditor",)), ward.now, ward.now + HOUR)
        if ends == "time":
            ward.later(days=2)
        yield b"\r\n" + END

    assert streamed(desk, body()) == 403
    assert seals(ward) == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux shows which files are open")
def test_two_hundred_megabytes_take_a_few_in_memory_and_nothing_of_the_temporary_folder(
    desk: Caller, ward: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    head = part("form_token", token(desk).encode()) + part("file", b"", "big.bin").removesuffix(b"\r\n")
    looks: list[list[str]] = []
    piece = bytes(64 << 10)

    def body() -> Iterator[bytes]:
        yield head
        for number in range(BIG // len(piece)):
            if number % 256 == 0:
                looks.append([*map(str, tmp_path.iterdir()), *open_files(tmp_path)])
            yield piece
        yield b"\r\n" + END

    tracemalloc.start()
    try:
        status = streamed(desk, body())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert status == 303
    assert [(one.size, one.sha256) for one in seals(ward)] == [(BIG, sha256(bytes(BIG)).hexdigest())]
    assert peak < 16 << 20
    assert len(looks) > 10
    assert [one for one in looks if one] == []


def test_only_so_many_files_are_received_at_once(ward: Harness) -> None:
    def never(*_: object) -> SealDone:
        raise AssertionError

    def answered(call: Call, outcome: object) -> Response:
        del call
        return PlainTextResponse(outcome.why.value if isinstance(outcome, NotSealed) else "")

    route = SealUploads(Receiving(0)).route("/seal", lambda _: Sealer("session", never), answered)
    app = Starlette(routes=[route])
    app.state.services = services_of(ward)
    assert in_one_loop(TestClient(app, base_url=URL)).post("/seal").text == "busy"


def test_which_addresses_take_files() -> None:
    def is_upload(method: str, path: str) -> bool:
        return guarding.is_upload({"method": method, "path": path})

    assert is_upload("POST", f"{AT}/seal")
    assert is_upload("POST", "/t/token/seal")
    assert not is_upload("GET", f"{AT}/seal")
    assert not is_upload("POST", f"{AT}/act")
    assert not is_upload("POST", "/people/seal")
