"""What every `ports.state.store.Store` makes of messages if it may be a backup that was put back."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

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

    @pytest.mark.parametrize(
        "last_run, every, doubted",
        [
            (None, HOUR, set()),  # no job is known to have run
            (-2 * HOUR, HOUR, set()),  # its interval, and an hour more
            (-2 * HOUR - MICRO, HOUR, {"old", "held once"}),
            (HOUR, HOUR, set()),  # by a wrong clock
        ],
    )
    def test_what_could_go_long_ago_is_doubted_if_nothing_is_known_since(
        self, store: Store, last_run: timedelta | None, every: timedelta, doubted: set[str]
    ) -> None:
        with store.begin() as uow:
            held = [
                replace(letter("held once"), not_before=NOW - HOUR),
                replace(letter("held"), not_before=NOW - HOUR + MICRO),
            ]
            uow.outbox.add([letter("old"), *held], NOW - HOUR)
            uow.outbox.add([letter("new")], NOW - HOUR + MICRO)
            if last_run is not None:
                uow.jobs.record("deliver", NOW + last_run, is_ok=True, report={})
            uow.outbox.doubt(NOW, every)
            [heads] = uow.outbox.heads([ANN], NOW)
            assert {head.key for head in heads if head.is_unclear} == doubted
            fold(uow, ANN, ["soc"], NOW, 40)
            due = claim(uow, "us", NOW, LIFE)
        assert due is not None
        assert (due.is_unclear, due.created_at) == (bool(doubted), NOW - HOUR if doubted else NOW)
