"""The catalogue of exploited vulnerabilities: rows with blanks, fields that lack, documents that prove nothing."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.advisories.kev import FILE, SPEC, mapping
from connectors.advisories.kev.connector import KevFeed, KevFile
from connectors.advisories.nvd import FILE as NVD_FILE
from contracts.inventory import NOW, context
from fakes.advisories.server import KevServer, catalogue, kev_row
from fakes.graph.http import Reply
from worker.domain.watch.matching import MatchedBy, NamedProduct
from worker.ports import BadConfig, ConnectorError, ConnectorSpec, Incomplete, PermissionDenied, Transient

CVE = "CVE-2026-10001"


@pytest.fixture
def feed(kev: KevServer) -> Iterator[KevFeed]:
    built = SPEC.build(SPEC.config.model_validate({"url": kev.address}), context())
    assert isinstance(built, KevFeed)
    yield built
    built.close()


def test_a_row_is_a_record_without_blanks_and_without_versions() -> None:
    record = mapping.record(kev_row(f"{CVE} ", "Meta Platforms ", " WhatsApp "))

    assert record.id == CVE
    assert record.products == (NamedProduct(MatchedBy.WORDS, "Meta Platforms", "WhatsApp"),)
    assert record.title == "WhatsApp Invented Vulnerability"
    assert record.is_exploited
    assert record.exploited_on == date(2026, 11, 20)
    assert record.cvss is None
    assert record.url.endswith(CVE)


def test_optional_fields_may_lack() -> None:
    bare = {key: value for key, value in kev_row(CVE).items() if key != "shortDescription"}

    assert mapping.record(bare).text == ""


@pytest.mark.parametrize(
    "row",
    [
        {},
        kev_row("CVE-26-1"),
        kev_row(CVE, dateAdded="20 November"),
        {**kev_row(CVE), "product": 7},
        {**kev_row(CVE), "cveID": None},
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        mapping.record(row)


def test_one_such_row_is_left_out_and_counted(kev: KevServer, feed: KevFeed) -> None:
    kev.document = catalogue(kev_row(CVE), {"cveID": "?"})

    read = feed.read(None, ())

    assert ([one.id for one in read.records], read.malformed) == ([CVE], 1)
    assert read.is_whole


DOCUMENTS: dict[str, Any] = {
    "rows that are missing": catalogue(kev_row(CVE), count=2),
    "no rows": catalogue(),
    "another document": {"items": []},
    "a list": [],
    "rows of another form": catalogue(*[{"id": n} for n in range(5)]),
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_that_proves_nothing(kev: KevServer, feed: KevFeed, document: Any) -> None:
    kev.document = document

    with pytest.raises(Incomplete):
        feed.read(None, ())


def test_a_document_without_rows_is_called_so(kev: KevServer, feed: KevFeed) -> None:
    kev.document = catalogue()
    with pytest.raises(Incomplete) as raised:
        feed.read(None, ())
    assert raised.value.message == "the KEV catalogue has no rows."


REPLIES: dict[str, tuple[Reply, type[ConnectorError]]] = {
    "a page": (Reply(200, b"<html>Access denied</html>", "text/html"), Incomplete),
    "half of it": (Reply(200, b'{"vulnerabilities"', cut_after=9, is_reset=True), Transient),
    "moved": (Reply(302, headers={"location": "https://example.org/"}), BadConfig),
    "unchanged, unasked": (Reply(304), BadConfig),
    "forbidden": (Reply(403), PermissionDenied),
    "broken": (Reply(503), Transient),
}


@pytest.mark.parametrize("reply, error", REPLIES.values(), ids=REPLIES.keys())
def test_what_comes_in_place_of_it(
    kev: KevServer, feed: KevFeed, reply: Reply, error: type[ConnectorError]
) -> None:
    kev.answer_with(reply)

    with pytest.raises(error) as raised:
        feed.read(None, ())
    assert raised.value.message.startswith("the KEV catalogue")


def test_too_large_a_document_is_not_read(feed: KevFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kit.documents.BYTES_MAX", 100)

    with pytest.raises(Incomplete, match="more than"):
        feed.read(None, ())


@pytest.mark.parametrize("url", ["http://example.org/kev.json", "ftp://example.org/kev.json", "kev.json"])
def test_only_https_leaves_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match=r"web address|plain http"):
        SPEC.config.model_validate({"url": url})


# --- as a file ------------------------------------------------------------------------------------------------


def brought(folder: Path, *rows: Any) -> KevFile:
    (folder / "kev.json").write_text(json.dumps(catalogue(*rows)), encoding="utf-8")
    built = FILE.build(FILE.config.model_validate({"path": "kev.json"}), context(folder))
    assert isinstance(built, KevFile)
    return built


def test_a_file_is_as_old_as_when_it_was_put_there(tmp_path: Path) -> None:
    feed = brought(tmp_path, kev_row(CVE))
    put_at = datetime(2026, 10, 1, tzinfo=UTC)
    os.utime(tmp_path / "kev.json", (put_at.timestamp(), put_at.timestamp()))

    read = feed.read(None, ())

    assert read.taken_at == put_at
    assert feed.read(read.cursor, ()).taken_at == put_at, "looking at it makes it no younger"


def test_a_file_from_the_future_counts_as_of_now(tmp_path: Path) -> None:
    feed = brought(tmp_path, kev_row(CVE))
    later = NOW.timestamp() + 999_999
    os.utime(tmp_path / "kev.json", (later, later))

    assert feed.read(None, ()).taken_at == NOW


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    feed = brought(tmp_path, kev_row(CVE))
    (tmp_path / "kev.json").unlink()

    with pytest.raises(BadConfig, match="no such file"):
        feed.read(None, ())


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    brought(outside, kev_row(CVE))
    feed = brought(inside, kev_row(CVE))
    (inside / "kev.json").unlink()
    (inside / "kev.json").symlink_to(outside / "kev.json")

    with pytest.raises(BadConfig, match="leads out"):
        feed.read(None, ())


def test_a_file_that_can_t_be_opened_is_tried_again(tmp_path: Path) -> None:
    feed = brought(tmp_path, kev_row(CVE))
    (tmp_path / "kev.json").unlink()
    (tmp_path / "kev.json").symlink_to("kev.json")  # a link to itself

    with pytest.raises(Transient, match="can't be opened"):
        feed.read(None, ())


@pytest.mark.parametrize("kind", [FILE, NVD_FILE], ids=["kev", "nvd"])
def test_a_hostile_file_takes_no_memory_of_the_worker(tmp_path: Path, kind: ConnectorSpec) -> None:
    (tmp_path / "kev.json").write_bytes(b'{"vulnerabilities":[' + b"{}," * (20 << 20) + b"{}]}")
    feed = kind.build(kind.config.model_validate({"path": "kev.json"}), context(tmp_path))

    tracemalloc.start()
    with pytest.raises(Incomplete, match="takes more than 512 MB of memory"):
        feed.read(None, ())
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1 << 22
