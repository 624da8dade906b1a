"""What every `ports.state.store.Store` does with messages of a delivery that are not true any more."""

from dataclasses import replace

import pytest

from builders import NOW, ticket
from contracts.unit_of_work import ANN, LIFE, letter
from folded import claim, fold
from worker.ports.state.outbox import Claim
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
    def test_where_nothing_is_left_the_delivery_over_another_channel_has_nothing_to_say(
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
            found = {one.items: one for one in uow.outbox.reserve("us", NOW, LIFE, 9)}
            empty = found.pop(())
            assert [item.key for (item,) in found] == ["b"]
            assert empty.is_unclear is is_unclear
            assert uow.outbox.drop(empty, ()) is None
        with store.begin() as uow:
            assert uow.outbox.backlog() == (0, 1)

    def test_a_message_may_reach_somebody_until_it_is_known_to_reach_nobody(self, store: Store) -> None:
        with store.begin() as uow:
            [about] = uow.tickets.insert([ticket(opened_at=NOW)])
            uow.outbox.add([replace(letter("T:step1.1_:a"), ticket=about.id)], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
            begins = ("T:step1.1_:", "T:step1.", "T:step1.1%", "T:step1.1", "T:step1.11:")
            assert [uow.outbox.may_reach(about.id, one) for one in begins] == [True, True, False, True, False]
            assert not uow.outbox.may_reach(about.id + 1, begins[0])
        with store.begin() as uow:
            own = claim(uow, "us", NOW, LIFE)
            assert own is not None
            uow.outbox.move(own, None, "no address", NOW)
            assert not uow.outbox.may_reach(about.id, begins[0])

    def test_what_is_told_beside_a_delivery_arrived_or_is_on_its_way_over_its_channel(
        self, store: Store
    ) -> None:
        with store.begin() as uow:
            [about] = uow.tickets.insert([ticket(opened_at=NOW)])
            for key, channel in (("own", "soc"), ("sent", "mail"), ("soc", "soc"), ("mail", "mail")):
                uow.outbox.add([replace(letter(key), ticket=about.id)], NOW)
                fold(uow, ANN, [channel], NOW, 40)
            fold_another(uow)
            uow.outbox.add([replace(letter("unfolded"), ticket=about.id)], NOW)
        with store.begin() as uow:
            own, sent = claim(uow, "us", NOW, LIFE), claim(uow, "us", NOW, LIFE)
            assert own is not None
            assert sent is not None
            uow.outbox.sent(sent, "1", NOW)
            assert uow.outbox.beside(own, [about.id]) == {"sent", "soc"}

    def test_what_goes_instead_is_due_and_has_made_as_many_attempts(self, store: Store) -> None:
        later = NOW + 2 * LIFE
        with store.begin() as uow:
            for key in "ab":
                uow.outbox.add([letter(key)], NOW)
                fold(uow, ANN, ["soc", "mail"], NOW, 40)
        with store.begin() as uow:
            for one in uow.outbox.reserve("us", NOW, LIFE, 9):
                is_older = one.items[0].key == "a"
                tried = replace(one, attempts=(3 if one.notifier == "soc" else 2) if is_older else 1)
                assert uow.outbox.claim(Claim(tried, "us", NOW + LIFE))
                uow.outbox.retry(tried, "no", NOW, NOW + LIFE if is_older else later, is_unclear=False)
        with store.begin() as uow:
            older = claim(uow, "us", NOW + LIFE, LIFE)
            assert older is not None
            assert (older.items[0].key, older.notifier, older.attempts) == ("a", "soc", 4)
            uow.outbox.drop(older, {"a"})
            uow.outbox.go_instead(older, {"b"}, NOW + LIFE)
        with store.begin() as uow:
            [due] = [one for one in uow.outbox.reserve("us", NOW + LIFE, LIFE, 9) if one.items]
            assert (due.items[0].key, due.notifier, due.attempts) == ("b", "soc", 4)
            found = [one for one in uow.outbox.reserve("us", later, LIFE, 9) if one.items]
            assert {(one.notifier, one.attempts) for one in found} == {("soc", 4), ("mail", 3)}


def fold_another(uow: UnitOfWork) -> None:
    uow.outbox.add([letter("b")], NOW)
    fold(uow, ANN, ["soc"], NOW, 40)
