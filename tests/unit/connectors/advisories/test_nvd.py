"""NVD: windows, pages, the key, throttling, and what is asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from connectors.advisories.nvd import SPEC
from connectors.advisories.nvd.client import WINDOW_MAX, windows
from connectors.advisories.nvd.connector import NvdFeed, questions
from contracts.inventory import NOW, context
from fakes.advisories.server import KEY, NvdServer, cve_row, page_of
from fakes.graph.http import Reply
from worker.domain.watch.products import products_of
from worker.ports import Incomplete, Rejected, Transient

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WHATSAPP = products_of(["whatsapp"], has_systems=False)


def asked(nvd: NvdServer) -> list[tuple[datetime, datetime]]:
    """The windows that were asked for, in order."""
    found = [
        (line.query["lastmodstartdate"], line.query["lastmodenddate"])
        for line in nvd.log
        if line.status == 200
    ]
    return [(datetime.fromisoformat(one), datetime.fromisoformat(other)) for one, other in found]


def test_it_is_asked_by_cpe_and_by_name() -> None:
    assert [*questions(WHATSAPP)] == [
        {"virtualMatchString": "cpe:2.3:a:whatsapp:*"},
        {"keywordSearch": "WhatsApp"},
    ]
    assert [*questions(products_of(["teams"], has_systems=False))] == [
        {"virtualMatchString": "cpe:2.3:a:microsoft:teams"},
        {"keywordSearch": "Microsoft Teams", "keywordExactMatch": ""},
    ]


def test_of_systems_only_what_is_exploited_is_asked_for() -> None:
    assert [*questions(products_of([], has_systems=True))] == [
        {"virtualMatchString": "cpe:2.3:o:apple:iphone_os", "hasKev": ""},
        {"virtualMatchString": "cpe:2.3:o:apple:ipados", "hasKev": ""},
        {"virtualMatchString": "cpe:2.3:o:google:android", "hasKev": ""},
    ]


def test_a_flag_is_sent_without_a_value(nvd: NvdServer, feed: NvdFeed) -> None:
    feed.read(None, products_of([], has_systems=True))

    assert "hasKev&" in nvd.log[0].request.target
    assert "hasKev=" not in nvd.log[0].request.target


def test_the_key_goes_into_a_header(nvd: NvdServer, feed: NvdFeed) -> None:
    nvd.key = KEY
    feed.read(None, WHATSAPP)

    assert all(line.headers["apikey"] == KEY for line in nvd.log)
    assert not any(KEY in line.request.target for line in nvd.log)


def test_a_wrong_key_is_told_without_the_key(nvd: NvdServer, feed: NvdFeed) -> None:
    nvd.key = "another"

    with pytest.raises(Rejected) as raised:
        feed.read(None, WHATSAPP)
    assert KEY not in str(raised.value)


def test_the_first_read_looks_back_120_days(nvd: NvdServer, feed: NvdFeed) -> None:
    feed.read(None, WHATSAPP)

    assert asked(nvd) == [(NOW - WINDOW_MAX, NOW)] * 2


def test_later_reads_go_on_from_the_last_with_an_overlap(nvd: NvdServer, feed: NvdFeed) -> None:
    feed.read((NOW - DAY).isoformat(), WHATSAPP)

    assert asked(nvd) == [(NOW - DAY - HOUR, NOW)] * 2


def test_a_gap_of_121_days_is_two_windows(nvd: NvdServer, feed: NvdFeed) -> None:
    since = NOW - 121 * DAY
    feed.read(since.isoformat(), WHATSAPP)

    first, second, *_ = asked(nvd)
    assert first == (since - HOUR, since - HOUR + WINDOW_MAX)
    assert second == (first[1], NOW)


@pytest.mark.parametrize("cursor", ["", "yesterday", (NOW + DAY).isoformat(), (NOW - 999 * DAY).isoformat()])
def test_a_cursor_that_makes_no_sense_is_none(nvd: NvdServer, feed: NvdFeed, cursor: str) -> None:
    feed.read(cursor, WHATSAPP)

    assert asked(nvd)[0] == (NOW - WINDOW_MAX, NOW)


def test_windows_meet_without_a_gap() -> None:
    found = [*windows(NOW - 500 * DAY, NOW)]

    assert (found[0][0], found[-1][1]) == (NOW - 500 * DAY, NOW)
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert [*windows(NOW, NOW)] == []


def test_page_by_page(nvd: NvdServer, feed: NvdFeed, slept: list[float]) -> None:
    nvd.rows = [cve_row(f"CVE-2026-1000{n}") for n in range(5)]
    nvd.page_max = 2

    read = feed.read(None, WHATSAPP)

    assert [one.id for one in read.records] == [f"CVE-2026-1000{n}" for n in range(5)], "each once"
    assert [line.query["startindex"] for line in nvd.log[:3]] == ["0", "2", "4"]
    assert slept == [6.0] * (len(nvd.log) - 1), "before each request but the first"


def test_a_list_that_never_ends_is_given_up(
    nvd: NvdServer, feed: NvdFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.advisories.nvd.client.PAGES_MAX", 3)
    nvd.rows = [cve_row(f"CVE-2026-1000{n}") for n in range(5)]
    nvd.page_max = 1

    with pytest.raises(Incomplete, match="more than 3 pages"):
        feed.read(None, WHATSAPP)


def test_pages_that_end_too_early_prove_nothing(nvd: NvdServer, feed: NvdFeed) -> None:
    short = {**page_of([]), "totalResults": 3}
    nvd.answer_with(Reply(200, json.dumps(short).encode()))

    with pytest.raises(Incomplete, match="has 3 records, and sent 0"):
        feed.read(None, WHATSAPP)


@pytest.mark.parametrize("total", [None, "3", True, -1])
def test_a_page_without_a_number_proves_nothing(nvd: NvdServer, feed: NvdFeed, total: Any) -> None:
    nvd.answer_with(Reply(200, json.dumps({**page_of([]), "totalResults": total}).encode()))

    with pytest.raises(Incomplete, match="how many"):
        feed.read(None, WHATSAPP)


@pytest.mark.parametrize("status", [403, 503])
def test_throttling_is_waited_out(nvd: NvdServer, feed: NvdFeed, slept: list[float], status: int) -> None:
    nvd.rows = [cve_row("CVE-2026-10001")]
    nvd.answer_with(Reply(status, b""), Reply(status, b""))

    assert len(feed.read(None, WHATSAPP).records) == 1
    assert sum(slept) > 12, "the pauses, and more each time"


def test_one_that_goes_on_throttling_is_given_up_for_now(nvd: NvdServer, feed: NvdFeed) -> None:
    nvd.answer_with(*[Reply(403, b"")] * 9)

    with pytest.raises(Transient, match="too often"):
        feed.read(None, WHATSAPP)
    assert len(nvd.log) == 4


def test_a_cut_body_proves_nothing(nvd: NvdServer, feed: NvdFeed) -> None:
    whole = json.dumps(page_of([cve_row("CVE-2026-10001")])).encode()
    nvd.answer_with(*[Reply(200, whole, cut_after=60, is_reset=True)] * 4)

    with pytest.raises(Transient):
        feed.read(None, WHATSAPP)


def test_rows_without_an_id_count_as_malformed(nvd: NvdServer, feed: NvdFeed) -> None:
    document = page_of([cve_row("CVE-2026-10001"), {"cve": {}}, "?"])
    nvd.answer_with(Reply(200, json.dumps(document).encode()))

    with pytest.raises(Incomplete, match="2 of 3 records"):
        feed.read(None, WHATSAPP)


def test_check_asks_for_one_record(nvd: NvdServer, feed: NvdFeed) -> None:
    nvd.rows = [cve_row("CVE-2026-10001"), cve_row("CVE-2026-10002")]

    assert feed.check().message == "2 records in a day"
    assert nvd.log[0].query["resultsperpage"] == "1"


def test_check_says_what_is_wrong(nvd: NvdServer, feed: NvdFeed) -> None:
    nvd.answer_with(*[Reply(503, b"")] * 4)

    result = feed.check()
    assert not result.ok
    assert "503" in result.message


def test_without_a_key_nothing_is_sent(nvd: NvdServer) -> None:
    built = SPEC.build(
        SPEC.config.model_validate({"url": nvd.address}), replace(context(), sleep=lambda _wait_s: None)
    )
    built.read(None, WHATSAPP)
    built.close()

    assert not any("apikey" in line.headers for line in nvd.log)


@pytest.mark.parametrize("keys", [{"api_key": " "}, {"url": "http://example.org/"}, {"url": "?"}])
def test_settings_that_can_t_work_are_refused(keys: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"empty|plain http|web address"):
        SPEC.config.model_validate(keys)
