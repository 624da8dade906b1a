"""The hash of a picture behind an address that a gateway gives."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator
from contextlib import closing

import pytest

from connectors.kit import pictures
from connectors.kit.pictures import Pictures, picture_hash
from fakes.gateways.server import Room
from fakes.graph.http import Reply
from fakes.waha.server import WahaServer
from worker.ports import Incomplete, Rejected

GROUP = "120363000000000007@g.us"
JPEG = b"\xff\xd8\xff\xe0 a ward"


@pytest.fixture
def waha() -> Iterator[WahaServer]:
    with WahaServer() as server:
        server.rooms[GROUP] = Room("Ward 7", picture=JPEG)
        yield server
        server.judged()


@pytest.fixture
def known(waha: WahaServer) -> Iterator[Pictures]:
    with closing(Pictures(waha.url, None)) as found:
        yield found


def address(waha: WahaServer) -> str:
    return waha.picture_url(GROUP) or ""


def test_the_hash_is_that_of_the_bytes(waha: WahaServer, known: Pictures) -> None:
    assert known.digest(address(waha)) == hashlib.sha256(JPEG).hexdigest()
    known.close()
    assert picture_hash(known, address(waha)) == hashlib.sha256(JPEG).hexdigest()


def test_no_address_is_no_picture(known: Pictures) -> None:
    assert picture_hash(known, "") == ""


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.org/p.jpg", "https://pps.whatsapp.net.example.org/p.jpg", "http://pps.whatsapp.net/p.jpg",
        "https://whatsapp.net/p.jpg", "http://127.0.0.1:1/p.jpg", "file:///etc/passwd", "https://[/", "p.jpg",
    ],
)  # fmt: skip
def test_nothing_else_is_asked(known: Pictures, elsewhere: str) -> None:
    with pytest.raises(Rejected, match="neither on it nor WhatsApp's"):
        known.digest(elsewhere)


def test_whatsapp_s_own_servers_are_asked(known: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with pytest.raises(Incomplete, match="did not answer"):
        known.digest("https://pps.whatsapp.net/v/t61/secret-of-the-picture.jpg?oh=1")


@pytest.mark.parametrize(
    "status, error", [(403, Rejected), (404, Rejected), (429, Incomplete), (503, Incomplete)]
)
def test_a_picture_that_is_not_given_has_no_hash(
    waha: WahaServer, known: Pictures, status: int, error: type[Exception]
) -> None:
    waha.tell("/v/pictures/", Reply(status))
    with pytest.raises(error, match=f"answered {status}"):
        known.digest(address(waha))


def test_an_answer_that_breaks_off_is_no_picture_and_its_address_is_in_no_error(
    waha: WahaServer, known: Pictures
) -> None:
    waha.tell("/v/pictures/", Reply(200, JPEG, cut_after=4))
    with pytest.raises(Incomplete) as raised:
        known.digest(address(waha))
    assert GROUP not in "".join(traceback.format_exception(raised.value))


def test_a_picture_that_is_too_large_is_not_taken(
    waha: WahaServer, known: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "BYTES_MAX", 4)
    with pytest.raises(Rejected, match="more than"):
        known.digest(address(waha))
