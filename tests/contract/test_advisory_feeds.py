"""Every feed of advisories keeps to its port."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors import registry
from contracts.advisory_feed import KNOWN, OTHER, AdvisoryFeedContract, FeedWorld
from contracts.inventory import NOW, context
from fakes.advisories.server import (
    KevServer,
    NvdServer,
    catalogue,
    configured,
    cpe,
    cve_row,
    kev_row,
    page_of,
)
from fakes.advisory_feed import FakeAdvisoryFeed
from fakes.graph.http import Reply
from worker.domain.watch.matching import AdvisoryRecord
from worker.ports import Incomplete, Port
from worker.ports.connectors.advisory_feed import AdvisoryFeed

DATA = os.environ.get("WHOSLEFT_CONTRACT_DATA")
FOLDER = Path(DATA) / "advisories" if DATA else None
WHATSAPP = "cpe:2.3:a:whatsapp:whatsapp:*:*:*:*:*:iphone_os:*:*"


def built(kind: str, keys: dict[str, Any], base: Path = Path()) -> AdvisoryFeed:
    spec = registry.spec(Port.ADVISORIES, kind)
    feed: AdvisoryFeed = spec.build(
        spec.config.model_validate(keys), replace(context(base), sleep=lambda _wait_s: None)
    )
    return feed


def nvd_row(cve: str) -> dict[str, Any]:
    found = configured([cpe(WHATSAPP, versionEndExcluding="2.26.1")])
    return cve_row(cve, vulnStatus="Analyzed", configurations=found)


class FakeWorld:
    def __init__(self) -> None:
        self._fake = FakeAdvisoryFeed(now=lambda: NOW)
        self._fake.put(AdvisoryRecord(KNOWN))
        self.feed: AdvisoryFeed = self._fake

    def add(self) -> None:
        self._fake.put(AdvisoryRecord(KNOWN), AdvisoryRecord(OTHER))

    def cut(self) -> None:
        self._fake.error = Incomplete("cut", remedy="It is read again.")


class TestFake(AdvisoryFeedContract):
    @contextmanager
    def world(self) -> Iterator[FeedWorld]:
        yield FakeWorld()


class KevWorld:
    def __init__(self, server: KevServer) -> None:
        self.server = server
        self.feed = built("kev", {"url": server.address})

    def add(self) -> None:
        self.server.put(kev_row(KNOWN), kev_row(OTHER))

    def cut(self) -> None:
        self.server.answer_with(*[Reply(200, b'{"vulnerabilities": [{"cveID": "CVE-')] * 9)


class TestKev(AdvisoryFeedContract):
    kind = "kev"

    @contextmanager
    def world(self) -> Iterator[FeedWorld]:
        with KevServer(FOLDER) as server:
            yield KevWorld(server)


class NvdWorld:
    def __init__(self, server: NvdServer) -> None:
        self.server = server
        server.rows = [nvd_row(KNOWN)]
        self.feed = built("nvd", {"url": server.address})

    def add(self) -> None:
        self.server.rows.append(nvd_row(OTHER))

    def cut(self) -> None:
        self.server.answer_with(*[Reply(200, b'{"totalResults": 1, "vulnerabilities": [')] * 9)


class TestNvd(AdvisoryFeedContract):
    kind = "nvd"
    forgets = True  # it is asked for what was modified since, and answers

    @contextmanager
    def world(self) -> Iterator[FeedWorld]:
        with NvdServer(FOLDER) as server:
            yield NvdWorld(server)


class FileWorld:
    def __init__(self, folder: Path, kind: str) -> None:
        self.path = folder / "feed.json"
        self._is_kev = kind == "kev_file"
        self._write(KNOWN)
        self.feed = built(kind, {"path": "feed.json"}, folder)

    def _write(self, *ids: str) -> None:
        rows = [kev_row(one) if self._is_kev else nvd_row(one) for one in ids]
        document = catalogue(*rows) if self._is_kev else page_of(rows)
        self.path.write_text(json.dumps(document), encoding="utf-8")

    def add(self) -> None:
        self._write(KNOWN, OTHER)

    def cut(self) -> None:
        self.path.write_text(self.path.read_text(encoding="utf-8")[:-9], encoding="utf-8")


class TestKevFile(AdvisoryFeedContract):
    kind = "kev_file"

    @contextmanager
    def world(self) -> Iterator[FeedWorld]:
        with TemporaryDirectory() as folder:
            yield FileWorld(Path(folder), "kev_file")


class TestNvdFile(AdvisoryFeedContract):
    kind = "nvd_file"

    @contextmanager
    def world(self) -> Iterator[FeedWorld]:
        with TemporaryDirectory() as folder:
            yield FileWorld(Path(folder), "nvd_file")
