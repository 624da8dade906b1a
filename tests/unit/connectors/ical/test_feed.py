"""A calendar over the network: unchanged, shrunk, gone, a page to sign in, and larger than it may be."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from connectors.kit.child import in_child
from connectors.kit.ical.feed import BOUNDED, IcalFeed
from connectors.kit.ical.work import BOUNDS, BYTES_MAX
from fakes.calendars.server import ANN, NINE_TO_NINE, CalendarServer, ics
from fakes.graph.http import Reply
from fakes.in_process import in_process
from worker.domain.escalation.feeds import FeedRules
from worker.domain.escalation.spans import Span
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
RULES = FeedRules("Europe/London", timedelta(minutes=15), timedelta(hours=24))
TURN = Span(datetime(2026, 11, 3, 9, tzinfo=UTC), datetime(2026, 11, 4, 9, tzinfo=UTC), "a@example.org")


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with CalendarServer(ics(ANN)) as server:
        yield server


@pytest.fixture
def feed(server: CalendarServer) -> Iterator[IcalFeed]:
    feed = IcalFeed("site", server.address, RULES, in_process, read_s=0.5)
    yield feed
    feed.close()
    feed.close()


def test_it_is_read_with_its_tag(feed: IcalFeed) -> None:
    read = feed.read(None, NOW)

    assert read is not None
    assert read.turns == (TURN,)
    assert read.known_until == NOW + timedelta(days=90)
    assert read.etag == '"1"'


def test_it_is_not_sent_twice(feed: IcalFeed, server: CalendarServer) -> None:
    assert feed.read('"1"', NOW) is None
    assert [line.status for line in server.log] == [304]

    server.put(ics(ANN.replace("a@", "b@")))
    again = feed.read('"1"', NOW)

    assert again is not None
    assert [turn.value for turn in again.turns] == ["b@example.org"]
    assert again.etag == '"2"'


REPLIES: dict[str, tuple[Reply, type[ConnectorError], str]] = {
    "a page to sign in": (
        Reply(200, b"<html>Sign in</html>", "text/html"),
        Incomplete,
        "perhaps it asks to sign in",
    ),
    "a cut answer": (Reply(200, ics(ANN), cut_after=80, is_reset=True), Transient, "broke off"),
    "half a calendar": (Reply(200, ics(ANN)[:80]), Incomplete, "no whole calendar"),
    "too large": (Reply(200, b"x" * (BYTES_MAX + 1)), Incomplete, "larger than 2 MB"),
    "too slow": (Reply(200, ics(ANN), drip_s=0.2), Transient, "did not answer in time"),
    "moved": (Reply(302, headers={"location": "https://example.org/"}), BadConfig, "answered 302"),
    "unchanged, unasked": (Reply(304), BadConfig, "answered 304"),
    "unauthorised": (Reply(401), AuthFailed, "answered 401"),
    "forbidden": (Reply(403), PermissionDenied, "answered 403"),
    "gone": (Reply(404), Rejected, "answered 404"),
    "busy": (Reply(429, headers={"retry-after": "60"}), NotDone, "answered 429"),
    "broken": (Reply(503), Transient, "answered 503"),
    "no answer": (Reply(is_dropped=True), Transient, "broke off"),
}


@pytest.mark.parametrize("name", REPLIES)
def test_whatever_else_comes_is_an_error_without_the_address(
    name: str, feed: IcalFeed, server: CalendarServer
) -> None:
    server.reply, kind, said = REPLIES[name]

    with pytest.raises(ConnectorError) as error:
        feed.read(None, NOW)

    assert type(error.value) is kind
    assert said in str(error.value)
    assert "private" not in str(error.value)
    assert str(server.port) not in str(error.value)


def test_it_is_read_again_after_an_error(feed: IcalFeed, server: CalendarServer) -> None:
    server.reply = Reply(503)
    with pytest.raises(Transient):
        feed.read(None, NOW)

    server.put(ics(ANN))

    assert feed.read(None, NOW) is not None


def test_plain_http_goes_nowhere_else() -> None:
    with pytest.raises(BadConfig, match="https"):
        IcalFeed("site", "http://192.0.2.1/site.ics", RULES, in_process).read(None, NOW)


def test_a_file_is_read_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "site.ics"
    path.write_bytes(ics(ANN))
    feed = IcalFeed("site", path, RULES, in_process)

    read = feed.read(None, NOW)

    assert read is not None
    assert read.turns == (TURN,)
    assert feed.read(read.etag, NOW) is None
    os.utime(path, (1, 1))
    assert feed.read(read.etag, NOW) is not None


def test_a_file_that_is_not_there_or_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(ics(ANN))
    below = tmp_path / "rotas"
    below.mkdir()
    (below / "link.ics").symlink_to(tmp_path / "secret")

    with pytest.raises(BadConfig, match="no such file"):
        IcalFeed("site", below / "site.ics", RULES, in_process).read(None, NOW)
    with pytest.raises(BadConfig, match="leads out"):
        IcalFeed("site", below / "link.ics", RULES, in_process).read(None, NOW)
    with pytest.raises(Transient, match="can't be opened"):
        IcalFeed("site", below / ("x" * 300), RULES, in_process).read(None, NOW)


# --- In a process of its own --------------------------------------------------------------------------------


def test_a_child_reads_it(server: CalendarServer) -> None:
    with closing(IcalFeed("site", server.address, RULES, BOUNDED)) as feed:
        read = feed.read(None, NOW)

    assert read is not None
    assert read.turns == (TURN,)


def test_a_calendar_that_never_ends_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "site.ics"
    hourly = "DTSTART:00010101T000000Z\nDTEND:00010101T000100Z\nRRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"
    path.write_bytes(ics(*[f"{hourly}\nATTENDEE:mailto:a@example.org"] * 50, f"SUMMARY:x\n{NINE_TO_NINE}"))

    quick = partial(in_child, bounds=replace(BOUNDS, cpu_s=2))

    with pytest.raises(Incomplete, match="2 seconds of processor time"):
        IcalFeed("site", path, RULES, quick).read(None, NOW)
