"""What every `ports.store.Store` keeps of feeds."""

from __future__ import annotations

from builders import HOUR, NOW
from folded import claim, fold
from worker.domain.messages.message import Paragraph, feed_of
from worker.ports.state.feeds import FeedState
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store


class FeedsContract:
    """Subclasses have the fixture `store`, an empty one."""

    def test_a_feed_has_a_place_once_it_follows(self, store: Store) -> None:
        with store.begin() as uow:
            assert uow.feeds.get("siem") is None
            uow.feeds.move("siem", 7)
            uow.feeds.move("other", 1)
            uow.feeds.move("siem", 9)
        with store.begin() as uow:
            assert uow.feeds.get("siem") == FeedState(9)
            assert uow.feeds.get("other") == FeedState(1)

    def test_nothing_is_claimed_for_a_feed_that_is_stopped(self, store: Store) -> None:
        to = feed_of("siem")
        with store.begin() as uow:
            uow.feeds.move("siem", 7)
            uow.outbox.add([OutMessage("event:8:siem", to, "ticket.opened", Paragraph("ticket.opened"))], NOW)
            fold(uow, to, ["siem"], NOW, 1)
            uow.feeds.stop("siem", NOW)
            assert uow.feeds.get("siem") == FeedState(7, NOW)
            assert claim(uow, "me", NOW, HOUR) is None
            uow.feeds.resume("siem")
            claimed = claim(uow, "me", NOW, HOUR)
            assert claimed is not None
            assert claimed.to == to
