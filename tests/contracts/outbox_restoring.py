"""What every `ports.state.store.Store` makes of messages if it may be a backup that was put back."""

from contextlib import suppress
from datetime import datetime, timedelta

from builders import NOW
from contracts.unit_of_work import ANN, LIFE, letter
from folded import claim, fold
from worker.domain.messages.message import Recipient, feed_of
from worker.ports.state.store import Store

HOUR, MICRO = timedelta(hours=1), timedelta(microseconds=1)


class PutBackError(Exception):
    """The database is as it was before."""


def seen_outside(store: Store, to: Recipient, queued_at: datetime, notifier: str = "soc") -> str:
    """The key that a channel sees of a message whose number is given again after a restore."""
    found = ""
    with suppress(PutBackError), store.begin() as uow:
        uow.outbox.add([letter("plan:1", to)], queued_at)
        fold(uow, to, [notifier], NOW, 40)
        [one] = uow.outbox.reserve("us", NOW, LIFE, 9)
        found = one.key
        raise PutBackError
    return found


class OutboxRestoringContract:
    """The part of the suite about messages after a restore."""

    def test_two_messages_with_one_key_are_two_outside(self, store: Store) -> None:
        first = seen_outside(store, ANN, NOW - HOUR)

        assert first == seen_outside(store, ANN, NOW - HOUR), "it is looked up by its key"
        assert first != seen_outside(store, ANN, NOW - HOUR + MICRO)
        assert first != seen_outside(store, ANN, NOW - HOUR, "mail")

    def test_an_event_is_known_by_its_key_whenever_it_is_queued(self, store: Store) -> None:
        siem = feed_of("siem")

        assert seen_outside(store, siem, NOW - HOUR) == seen_outside(store, siem, NOW)

    def test_what_may_have_been_seen_is_looked_for_from_when_it_was_queued(self, store: Store) -> None:
        """In a new delivery, too: the one in which it was tried is shortened."""
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b")], NOW - HOUR)
            fold(uow, ANN, ["soc"], NOW, 40)
            assert claim(uow, "us", NOW, LIFE)
        with store.begin() as uow:
            again = claim(uow, "us", NOW + LIFE, LIFE)
            assert again is not None
            uow.outbox.sent(uow.outbox.shorten(again, 1), "ref", NOW + LIFE)
        with store.begin() as uow:
            fold(uow, ANN, ["soc"], NOW + LIFE, 40)
            rest = claim(uow, "us", NOW + LIFE, LIFE)

        assert rest is not None
        assert (rest.is_unclear, rest.created_at) == (True, NOW - HOUR)
