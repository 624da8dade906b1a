"""What every `ports.state.store.Store` does with messages of a delivery that are not true any more."""

from dataclasses import replace

import pytest

from builders import NOW, ticket
from contracts.unit_of_work import ANN, LIFE, letter
from folded import claim, fold
from worker.ports.state.store import Store, UnitOfWork


class OutboxDroppingContract:
    """The part of the suite about messages that are dropped on their way, or left out."""

    def test_what_is_over_a_channel_that_is_left_out_is_not_reserved(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW)
            fold(uow, ANN, ["soc", "mail", "board"], NOW, 40)
            uow.outbox.leave_alone("board", NOW + LIFE)
        with store.begin() as uow:
            found = uow.outbox.reserve("us", NOW, LIFE, 9, {"mail"})
            assert [one.notifier for one in found] == ["soc"]

    def test_what_is_dropped_of_a_delivery_is_not_sent_and_counts_as_told_if_it_may_have_been(
        self, store: Store
    ) -> None:
        with store.begin() as uow:
            [about] = uow.tickets.insert([ticket(opened_at=NOW)])
            uow.outbox.add([replace(letter(key), ticket=about.id) for key in "abc"], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
        with store.begin() as uow:
            delivery = claim(uow, "us", NOW, LIFE)
            assert delivery is not None
            left = uow.outbox.drop(delivery, {"b"})
            assert left is not None
            assert [item.key for item in left.items] == ["a", "c"]
            uow.outbox.retry(left, "no answer", NOW, NOW, is_unclear=True)
        with store.begin() as uow:
            again = claim(uow, "us", NOW, LIFE)
            assert again is not None
            assert [item.key for item in again.items] == ["a", "c"]
            assert uow.outbox.drop(again, {"a", "c"}) is None
            assert uow.outbox.told_about({about.id: NOW}) == {about.id: (ANN,)}
        with store.begin() as uow:
            assert claim(uow, "us", NOW, LIFE) is None
            assert uow.outbox.backlog() == (0, 0)

    def test_what_another_channel_has_shown_can_be_dropped_and_counts_as_told(self, store: Store) -> None:
        with store.begin() as uow:
            [about] = uow.tickets.insert([ticket(opened_at=NOW)])
            uow.outbox.add([replace(letter(key), ticket=about.id) for key in "ab"], NOW)
            fold(uow, ANN, ["soc", "mail"], NOW, 40)
        with store.begin() as uow:
            first, second = claim(uow, "us", NOW, LIFE), claim(uow, "us", NOW, LIFE)
            assert first is not None
            assert second is not None
            uow.outbox.sent(first, "1", NOW)
            left = uow.outbox.drop(second, {"a"})
            assert left is not None
            uow.outbox.put_off(left, "", NOW, NOW)
        with store.begin() as uow:
            again = claim(uow, "us", NOW, LIFE)
            assert again is not None
            assert [item.key for item in again.items] == ["b"]
            assert uow.outbox.told_about({about.id: NOW}) == {about.id: (ANN,)}

    @pytest.mark.parametrize("is_unclear", [False, True])
    def test_where_nothing_is_left_nothing_goes_out_over_the_other_channels_either(
        self, store: Store, is_unclear: bool
    ) -> None:
        with store.begin() as uow:
            [about] = uow.tickets.insert([ticket(opened_at=NOW)])
            uow.outbox.add([replace(letter("a"), ticket=about.id)], NOW)
            fold(uow, ANN, ["soc", "mail"], NOW, 40)
            fold_another(uow)
        with store.begin() as uow:
            first, second = claim(uow, "us", NOW, LIFE), claim(uow, "us", NOW, LIFE)
            assert first is not None
            assert second is not None
            uow.outbox.retry(first, "no answer", NOW, NOW, is_unclear=is_unclear)
            assert uow.outbox.drop(second, {"a"}) is None
            assert uow.outbox.told_about({about.id: NOW}) == ({about.id: (ANN,)} if is_unclear else {})
        with store.begin() as uow:
            assert [one.items[0].key for one in uow.outbox.reserve("us", NOW, LIFE, 9)] == ["b"]


def fold_another(uow: UnitOfWork) -> None:
    uow.outbox.add([letter("b")], NOW)
    fold(uow, ANN, ["soc"], NOW, 40)
