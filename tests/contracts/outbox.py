"""What every `ports.state.store.Store` keeps of messages, and of their way over channels."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import NOW, ticket
from contracts.unit_of_work import ANN, LIFE, MICRO, letter
from folded import claim, fold, pending
from transactions import at_once, rolled_back
from worker.domain.messages.message import CHANNEL, feed_of
from worker.ports.state.outbox import Bundle, Claim, Delivery, Onward
from worker.ports.state.store import Store, UnitOfWork


class OutboxContract:
    def test_a_message_is_queued_once_for_its_key(self, store: Store) -> None:
        with store.begin() as uow:
            assert uow.outbox.add([letter("a"), letter("b"), letter("a")], NOW) == 2
        with store.begin() as uow:
            assert uow.outbox.add([letter("b"), letter("c")], NOW) == 1
            assert uow.outbox.backlog() == (3, 0)

    def test_a_delivery_has_what_was_queued_in_order(self, store: Store) -> None:
        fixed = replace(letter("b"), body=replace(letter("b").body, is_fixed=True, version=7))
        with store.begin() as uow:
            uow.outbox.add([letter("a"), fixed], NOW)
            assert fold(uow, ANN, ["soc"], NOW, 40) == 2
            assert fold(uow, ANN, ["soc"], NOW, 40) == 0
        with store.begin() as uow:
            delivery = claim(uow, "us", NOW, LIFE)

        assert delivery is not None
        assert (delivery.items, delivery.attempts) == ((letter("a"), fixed), 1)

    def test_a_recipient_s_language_goes_with_what_they_are_sent_and_does_not_divide_it(
        self, store: Store
    ) -> None:
        german = replace(ANN, language="de-AT")
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b", german), letter("c", CHANNEL)], NOW)
        with store.begin() as uow:
            [(channel, *_), (to, count, _)] = uow.outbox.waiting(NOW, NOW)
            fold(uow, to, ["soc"], NOW, 40)
            delivery = claim(uow, "us", NOW, LIFE)

        assert (to, to.language, count, channel.language) == (ANN, "de-AT", 2, None)
        assert delivery is not None
        assert delivery.to.language == "de-AT"
        assert [item.to.language for item in delivery.items] == [None, "de-AT"]

    def test_a_message_that_waits_gets_another_link(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b")], NOW)
            uow.outbox.relink({"a": "https://new", "gone": "https://gone"})
            [waiting] = uow.outbox.pending([ANN], NOW, 40)
        assert waiting == [
            replace(letter("a"), body=replace(letter("a").body, link="https://new")),
            letter("b"),
        ]

    def test_of_two_claims_at_once_one_wins(self, store: Store) -> None:
        for number in range(5):
            with store.begin() as uow:
                uow.outbox.add([letter(f"m{number}")], NOW)
                fold(uow, ANN, ["soc"], NOW, 40)

            def act(worker: int) -> Delivery | None:
                with store.begin() as uow:
                    return claim(uow, f"w{worker}", NOW, LIFE)

            won = [one for one in at_once(4, act) if one is not None]
            assert len(won) == 1
            assert not won[0].is_unclear
            with store.begin() as uow:
                uow.outbox.sent(won[0], "ref", NOW)

    def test_a_claim_lasts_until_its_life_is_over_and_the_next_is_unclear(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
            assert claim(uow, "us", NOW, LIFE)
        with store.begin() as uow:
            assert claim(uow, "others", NOW + LIFE - MICRO, LIFE) is None
            again = claim(uow, "others", NOW + LIFE, LIFE)

        assert again is not None
        assert (again.is_unclear, again.attempts) == (True, 2)

    @pytest.mark.parametrize(
        "waited, is_unclear", [(timedelta(minutes=50), False), (timedelta(hours=2), True)]
    )
    def test_what_waited_for_hours_may_have_been_sent_before_a_backup_was_put_back(
        self, store: Store, waited: timedelta, is_unclear: bool
    ) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
            claimed = claim(uow, "us", NOW + waited, LIFE)

        assert claimed is not None
        assert claimed.is_unclear is is_unclear

    def test_what_one_reserves_is_nobody_else_s_until_its_life_is_over(self, store: Store) -> None:
        with store.begin() as uow:
            for name in "abc":
                uow.outbox.add([letter(name)], NOW)
                fold(uow, ANN, ["soc"], NOW, 40)
            first, second = uow.outbox.reserve("us", NOW, LIFE, 2)
            [third] = uow.outbox.reserve("others", NOW, LIFE, 9)
            assert uow.outbox.reserve("us", NOW, LIFE, 1) == [first], "its own, at any time"
            assert [one.items[0].key for one in (first, second, third)] == ["a", "b", "c"]

            assert not uow.outbox.claim(Claim(first, "others", NOW + LIFE))
            assert uow.outbox.claim(Claim(first, "us", NOW + LIFE))
            assert not uow.outbox.claim(Claim(first, "us", NOW + LIFE)), "it is claimed already"
            uow.outbox.give_back("us")
            assert [one.id for one in uow.outbox.reserve("others", NOW, LIFE, 9)] == [second.id, third.id]
            later = uow.outbox.reserve("others", NOW + LIFE, LIFE, 9)
        assert [(one.id, one.is_unclear, one.attempts) for one in later] == [
            (first.id, True, 2),
            (second.id, False, 1),
            (third.id, False, 1),
        ], "only what was claimed may have been sent"

    @pytest.mark.parametrize("kind", ["person", "feed"])
    def test_one_is_marked_and_the_next_one_claimed_at_once(self, store: Store, kind: str) -> None:
        to = ANN if kind == "person" else feed_of("siem")
        with store.begin() as uow:
            for name in "abc":
                uow.outbox.add([letter(name, to)], NOW)
                fold(uow, to, ["siem"], NOW, 40)
            first, second, third = uow.outbox.reserve("us", NOW, LIFE, 3)
            assert uow.outbox.claim(Claim(first, "us", NOW + LIFE))

            assert uow.outbox.sent(first, "1", NOW, Claim(second, "us", NOW + LIFE))
            assert not uow.outbox.sent(second, "2", NOW, Claim(third, "others", NOW + LIFE)), "it is ours"
            assert uow.outbox.deliveries([to], NOW) == [(2, 1)]
            assert uow.outbox.known(["a", "b", "c"]) == ({"c"} if kind == "feed" else {"a", "b", "c"})
            assert uow.outbox.reserve("others", NOW, LIFE, 9) == []
            assert uow.outbox.reserve("us", NOW, LIFE, 9) == [third]

    def test_what_is_reserved_can_be_withdrawn_held_and_dropped(self, store: Store) -> None:
        with store.begin() as uow:
            for number, name in enumerate("abcde"):
                some = [replace(letter(f"{name}{at}"), ticket=number, is_urgent=True) for at in range(2)]
                uow.outbox.add([*some, letter(f"{name}2")], NOW)
                fold(uow, ANN, ["soc"], NOW, 40)
        changes: list[Callable[[UnitOfWork, Delivery], object]] = [
            lambda uow, _one: uow.outbox.withdraw_about([0]),
            lambda uow, _one: uow.outbox.hold_about(1, NOW + LIFE, "snoozed"),
            lambda uow, one: uow.outbox.shorten(one, 1),
            lambda uow, one: uow.deliveries.drop(f"D-{one.id:06d}"),
        ]
        for change in changes:
            with store.begin() as uow:
                [one, *_] = uow.outbox.reserve("us", NOW, LIFE, 9)
                change(uow, one)
                assert not uow.outbox.claim(Claim(one, "us", NOW + LIFE))
                [again] = uow.outbox.reserve("us", NOW, LIFE, 1)
                assert again.items != one.items
                assert uow.outbox.claim(Claim(again, "us", NOW + LIFE))

    def test_many_recipients_are_asked_about_at_once(self, store: Store) -> None:
        by_mail = replace(ANN, via=("mail",))
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b", by_mail), letter("c", CHANNEL), letter("d")], NOW)
            readers = [CHANNEL, by_mail, ANN]
            found = uow.outbox.pending(readers, NOW, 1)
            assert [[one.key for one in some] for some in found] == [["c"], ["b"], ["a"]]
            heads = uow.outbox.heads(readers, NOW)
            assert [[one.key for one in some] for some in heads] == [["c"], ["b"], ["a", "d"]]

            uow.outbox.bundle([], NOW)
            uow.outbox.bundle([Bundle(CHANNEL, ["x", "y"], ["c"]), Bundle(ANN, ["x"], ["a", "d"])], NOW)
            assert uow.outbox.deliveries(readers, NOW) == [(0, 1), (0, 1), (0, 1)]
            assert [one.bundle for one in uow.outbox.reserve("us", NOW, LIFE, 9)] == [1, 1, 3]

    def test_the_heads_of_messages_are_of_all_that_may_go_now_but_of_no_alarm(self, store: Store) -> None:
        day_or_night = replace(letter("a"), ticket=7, is_day_or_night=True)
        others = (
            letter("c", CHANNEL),
            replace(letter("d"), is_alarm=True),
            replace(letter("e"), not_before=NOW + MICRO),
            letter("f", replace(ANN, via=("mail",))),
        )
        with store.begin() as uow:
            uow.outbox.add([letter("g")], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
            uow.outbox.add([day_or_night, letter("b"), *others], NOW)
            assert uow.outbox.heads([ANN], NOW) == [[("a", 7, True, False), ("b", None, False, False)]]

    def test_a_shortened_delivery_keeps_its_beginning_and_the_rest_is_pending_again(
        self, store: Store
    ) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b"), letter("c")], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
            claimed = claim(uow, "us", NOW, LIFE)
            assert claimed is not None
            kept = uow.outbox.shorten(claimed, 1)
            uow.outbox.sent(kept, "ref", NOW)
        with store.begin() as uow:
            assert kept.items == (letter("a"),)
            assert pending(uow, ANN, NOW, 40) == [letter("b"), letter("c")]
            fold(uow, ANN, ["soc"], NOW, 40)
            rest = claim(uow, "us", NOW, LIFE)

        assert rest is not None
        assert (rest.items, rest.is_unclear, rest.key == kept.key) == (
            (letter("b"), letter("c")),
            False,
            False,
        )

    def test_what_is_taken_out_of_an_unclear_delivery_is_unclear_later_and_what_was_shown_stays_sent(
        self, store: Store
    ) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b")], NOW)
            fold(uow, ANN, ["soc", "mail"], NOW, 40)
            first = claim(uow, "us", NOW, LIFE)
            second = claim(uow, "us", NOW, LIFE)
            assert first is not None and second is not None  # noqa: PT018
            uow.outbox.retry(first, "no answer", NOW, NOW + LIFE, is_unclear=True)
            uow.outbox.shorten(second, 1)
            fold(uow, ANN, ["soc"], NOW, 40)
            rest = claim(uow, "us", NOW, LIFE)
            uow.outbox.sent(second, "ref", NOW)
            uow.outbox.shorten(first, 0)
            left = pending(uow, ANN, NOW, 40)

        assert rest is not None
        assert (rest.items, rest.is_unclear) == ((letter("b"),), True)
        assert left == []

    def test_a_channel_is_left_alone_until_the_time_and_others_go_on(self, store: Store) -> None:
        def claimed(at: datetime) -> list[str]:
            with rolled_back(store) as uow:
                return [one.notifier for _ in range(3) if (one := claim(uow, "us", at, LIFE))]

        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW)
            fold(uow, ANN, ["soc", "mail"], NOW, 40)
            for until in (NOW + LIFE, NOW + 2 * LIFE):
                uow.outbox.leave_alone("soc", until)

        assert claimed(NOW + 2 * LIFE - MICRO) == ["mail"]
        assert sorted(claimed(NOW + 2 * LIFE)) == ["mail", "soc"]

    def test_what_is_put_off_counts_as_not_tried(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
            for _ in range(3):
                delivery = claim(uow, "us", NOW, LIFE)
                assert delivery is not None
                assert (delivery.attempts, delivery.is_unclear) == (1, False)
                uow.outbox.put_off(delivery, "429", NOW, NOW)

    def test_what_is_given_up_is_unreachable_for_its_ticket_and_the_rest_waits(self, store: Store) -> None:
        with store.begin() as uow:
            [stored] = uow.tickets.insert([ticket()])
            uow.outbox.add([letter("a"), replace(letter("b"), ticket=stored.id)], NOW)
            assert uow.outbox.give_up(ANN, NOW) == 1
            assert uow.tickets.unreachable() == [stored.id]
            assert pending(uow, ANN, NOW, 40) == [letter("a")]

    def test_the_key_of_a_delivery_comes_from_what_is_in_it(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b")], NOW)
            fold(uow, ANN, ["soc", "mail"], NOW, 1)
            fold(uow, ANN, ["soc"], NOW, 1)
            keys = {one.key for _ in range(3) if (one := claim(uow, "us", NOW, LIFE))}
        with rolled_back(store) as uow:
            uow.outbox.add([letter("c")], NOW)
            fold(uow, ANN, ["soc"], NOW, 1)
            [lost] = [one.key for _ in range(1) if (one := claim(uow, "us", NOW, LIFE))]
        with store.begin() as uow:
            uow.outbox.add([letter("d")], NOW)
            fold(uow, ANN, ["soc"], NOW, 1)
            after = claim(uow, "us", NOW, LIFE)

        assert len(keys) == 3
        assert after is not None
        assert after.key not in {lost, *keys}, "not even one that is forgotten"

    def test_what_no_channel_tried_to_send_about_a_ticket_can_be_withdrawn(self, store: Store) -> None:
        about = {name: replace(letter(name), ticket=1) for name in ("tried", "folded", "waits")}
        with store.begin() as uow:
            uow.outbox.add([about["tried"]], NOW)
            fold(uow, ANN, ["chat"], NOW, 9)
            assert claim(uow, "holder", NOW, LIFE)
            uow.outbox.add([about["folded"], replace(letter("other"), ticket=2)], NOW)
            fold(uow, ANN, ["chat"], NOW, 9)
            uow.outbox.add([about["waits"]], NOW)
        with store.begin() as uow:
            assert uow.outbox.withdraw_about([1, 3]) == ["folded", "waits"]
            assert uow.outbox.told_about({1: NOW, 2: NOW}) == {1: (ANN,)}
            assert uow.outbox.told_about({1: NOW + MICRO}) == {}
            left = claim(uow, "holder", NOW, LIFE)
        assert left is not None
        assert [item.key for item in left.items] == ["other"]
        with store.begin() as uow:
            assert uow.outbox.withdraw_about([2]) == []

    def test_of_what_is_said_about_a_ticket_one_thing_or_all_but_one_can_be_withdrawn(
        self, store: Store
    ) -> None:
        keys = ("T-000001:assign:a", "T-000001:step1.0", "T-000011:assign:a", "T-000001:assigned:a")
        with store.begin() as uow:
            uow.outbox.add([replace(letter(key), ticket=11 if "11" in key else 1) for key in keys], NOW)
            assert uow.outbox.withdraw_about([1], "assign") == ["T-000001:assign:a"]
            assert uow.outbox.withdraw_about([1, 11], "cancel") == []
            assert uow.outbox.withdraw_about([1], but=("T-000001:step1.",)) == ["T-000001:assigned:a"]
            assert uow.outbox.known(keys) == {*keys[1:3]}

    def test_a_delivery_of_which_nothing_is_left_is_forgotten(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([replace(letter("one"), ticket=1)], NOW)
            fold(uow, ANN, ["chat"], NOW, 9)
            assert uow.outbox.withdraw_about([1]) == ["one"]
            assert claim(uow, "holder", NOW, LIFE) is None
            assert uow.outbox.backlog() == (0, 0)

    def test_a_clear_failure_told_nobody_and_an_unclear_one_may_have(self, store: Store) -> None:
        for is_unclear in (False, True):
            with store.begin() as uow:
                uow.outbox.add([replace(letter(f"{is_unclear}"), ticket=1)], NOW)
                fold(uow, ANN, ["chat"], NOW, 9)
                one = claim(uow, "holder", NOW, LIFE)
                assert one is not None
                uow.outbox.retry(one, "no", NOW, NOW, is_unclear=is_unclear)
                assert uow.outbox.told_about({1: NOW}) == ({1: (ANN,)} if is_unclear else {})
                assert uow.outbox.withdraw_about([1]) == ([] if is_unclear else [one.items[0].key])

    def test_it_is_unreachable_only_when_no_other_delivery_may_reach(self, store: Store) -> None:
        with store.begin() as uow:
            [stored] = uow.tickets.insert([ticket()])
            uow.outbox.add([replace(letter("a"), ticket=stored.id)], NOW)
            fold(uow, ANN, ["soc", "mail"], NOW, 40)
        numbers = []
        for _ in range(2):
            with store.begin() as uow:
                delivery = claim(uow, "us", NOW, LIFE)
                assert delivery is not None
                uow.outbox.move(delivery, None, "not here", NOW)
                numbers.append(uow.tickets.unreachable())

        assert numbers == [[], [stored.id]]

    @pytest.mark.parametrize("is_last", [False, True])
    def test_what_comes_back_never_arrived_and_goes_on_or_is_unreachable(
        self, store: Store, is_last: bool
    ) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b")], NOW)
            fold(uow, ANN, ["mail"], NOW, 40)
            sent = claim(uow, "us", NOW, LIFE)
            assert sent is not None
            assert uow.outbox.accepted(sent.key) is None  # it is on its way
            uow.outbox.sent(sent, "ref", NOW)
        with store.begin() as uow:
            assert uow.outbox.accepted("another") is None
            back = uow.outbox.accepted(sent.key)
            assert back == sent
            kept = replace(back, items=back.items[1:])
            uow.outbox.bounce(kept, "no mailbox", None if is_last else Onward("soc", NOW + LIFE), NOW)
            assert uow.outbox.accepted(sent.key) is None
            assert uow.outbox.deliveries([ANN], NOW) == [(0, 0 if is_last else 1)]
        with store.begin() as uow:
            assert claim(uow, "us", NOW, LIFE) is None
            again = claim(uow, "us", NOW + LIFE, LIFE)
            if is_last:
                assert again is None
                return
            assert again is not None
            assert (again.notifier, again.to, again.bundle) == ("soc", sent.to, sent.bundle)
            assert (again.items, again.attempts, again.is_unclear) == (sent.items[1:], 1, False)
            assert again.created_at == NOW
            assert again.key != sent.key
            assert uow.outbox.notifiers_of(again) == {"mail", "soc"}
            uow.outbox.sent(again, "ref", NOW + LIFE)
            assert uow.outbox.deliveries([ANN], NOW) == [(1, 0)]
            assert uow.deliveries.drop(f"D-{sent.id:06d}") is None
