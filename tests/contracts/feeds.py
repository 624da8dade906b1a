"""What every `ports.store.Store` keeps of feeds."""

from __future__ import annotations

import pytest

from builders import HOUR, NOW
from contracts.unit_of_work import LIFE, MICRO, letter
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

    @pytest.mark.parametrize("is_own, attempts", [(True, 2), (False, 1)])
    def test_an_event_that_failed_is_no_longer_untried_and_counts_its_own_faults(
        self, store: Store, is_own: bool, attempts: int
    ) -> None:
        feed, other = feed_of("siem"), feed_of("other")
        with store.begin() as uow:
            for name, to in (("a", feed), ("b", feed), ("c", feed), ("d", other)):
                uow.outbox.add([letter(name, to)], NOW)
                fold(uow, to, [to.address], NOW, 40)
            assert (uow.outbox.untried(feed), uow.outbox.untried(other)) == (3, 1)
            first = claim(uow, "us", NOW, LIFE)
            second = claim(uow, "us", NOW, LIFE)
            assert first is not None and second is not None  # noqa: PT018
            uow.outbox.fail_event(first, "no answer", NOW, NOW, is_own=is_own, is_unclear=True)
            assert uow.outbox.untried(feed) == 2
            uow.outbox.sent(second, "ref", NOW)
            assert uow.outbox.untried(feed) == 1
            [*others, last] = uow.outbox.reserve("us", NOW, LIFE, 9)
            assert not any(one.is_unclear for one in others if one.id != first.id)
            [again] = [one for one in (*others, last) if one.id == first.id]
            assert (again.attempts, again.is_unclear, again is last) == (attempts, True, is_own)

    def test_whether_a_feed_took_others_is_asked_since_an_event_failed_last(self, store: Store) -> None:
        feed, other = feed_of("siem"), feed_of("other")
        with store.begin() as uow:
            for name, to in (("a", feed), ("b", feed), ("c", other)):
                uow.outbox.add([letter(name, to)], NOW)
                fold(uow, to, [to.address], NOW, 40)
            first, second, third = uow.outbox.reserve("us", NOW, LIFE, 9)
            uow.outbox.sent(third, "ref", NOW)
            assert not uow.outbox.others_arrived(first, NOW + LIFE), "another program's"
            uow.outbox.sent(second, "ref", NOW + 2 * MICRO)
            assert uow.outbox.others_arrived(first, NOW + LIFE)
            assert not uow.outbox.others_arrived(first, NOW), "a clock was wrong"
            for at, is_so in ((NOW + MICRO, True), (NOW + 3 * MICRO, False)):
                uow.outbox.fail_event(first, "no", at, NOW + LIFE, is_own=True, is_unclear=False)
                assert uow.outbox.others_arrived(first, NOW + LIFE) is is_so
