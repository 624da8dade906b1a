"""What every feed of advisories keeps to. An adapter's test subclasses the suite and builds its world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

import pytest

from worker.domain.watch.products import products_of
from worker.ports import Incomplete
from worker.ports.connectors.advisory_feed import AdvisoryFeed

KNOWN, OTHER = "CVE-2026-10001", "CVE-2026-10002"
WHATSAPP = products_of(["whatsapp"], has_systems=False)


class FeedWorld(Protocol):
    """A feed with one record, KNOWN, of WhatsApp."""

    feed: AdvisoryFeed

    def add(self) -> None:
        """Publish OTHER, too."""

    def cut(self) -> None:
        """Answer with half a document from now on."""


class AdvisoryFeedContract:
    """`kind` is the connector's; None: a fake."""

    kind: ClassVar[str | None] = None
    forgets: ClassVar[bool] = False  # it can't tell that nothing changed

    def world(self) -> AbstractContextManager[FeedWorld]:
        raise NotImplementedError

    @pytest.fixture
    def it(self) -> Iterator[FeedWorld]:
        with self.world() as world:
            yield world
            world.feed.close()
            world.feed.close()

    def test_it_says_what_is_published(self, it: FeedWorld) -> None:
        read = it.feed.read(None, WHATSAPP)

        assert [one.id for one in read.records] == [KNOWN]
        assert read.taken_at.tzinfo is not None
        assert not read.is_unchanged

    def test_what_did_not_change_is_not_read_again(self, it: FeedWorld) -> None:
        first = it.feed.read(None, WHATSAPP)
        again = it.feed.read(first.cursor, WHATSAPP)

        if not self.forgets:
            assert again.is_unchanged
            assert (again.records, again.is_whole, again.cursor) == ((), False, first.cursor)

    def test_what_is_new_comes_with_the_next_read(self, it: FeedWorld) -> None:
        first = it.feed.read(None, WHATSAPP)
        it.add()
        again = it.feed.read(first.cursor, WHATSAPP)

        assert OTHER in [one.id for one in again.records]
        assert again.cursor != first.cursor or self.forgets

    def test_half_a_document_proves_nothing(self, it: FeedWorld) -> None:
        it.cut()

        with pytest.raises(Incomplete) as raised:
            it.feed.read(None, WHATSAPP)
        assert raised.value.remedy

    def test_check_says_how_it_is_and_never_raises(self, it: FeedWorld) -> None:
        good = it.feed.check()
        it.cut()
        bad = it.feed.check()

        assert good.ok, good.message
        assert not bad.ok
        assert bad.remedy
