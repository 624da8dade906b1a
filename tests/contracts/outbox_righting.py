"""What every `ports.state.store.Store` lets go that waits for the time of a wrong clock."""

from datetime import timedelta

import pytest

from builders import DAY, NOW
from contracts.unit_of_work import ANN, LIFE, letter
from folded import claim, fold, pending
from worker.ports.state.outbox import Delivery, Onward
from worker.ports.state.store import Store, UnitOfWork

AHEAD, HOUR = 40 * DAY, timedelta(hours=1)
LONGEST = DAY


def folded(uow: UnitOfWork) -> None:
    uow.outbox.add([letter("a")], NOW)
    fold(uow, ANN, ["soc"], NOW, 40)


def claimed(uow: UnitOfWork) -> Delivery:
    """A delivery of one letter, which is about to be sent."""
    folded(uow)
    one = claim(uow, "us", NOW, LIFE)
    assert one is not None
    return one


class OutboxRightingContract:
    """The part of the suite about messages, deliveries and channels after a clock was ahead."""

    def test_a_message_was_queued_just_now(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW + AHEAD)
            assert uow.outbox.waiting(NOW, NOW) == []
            uow.outbox.set_right(NOW, LONGEST)
            assert [one.to for one in uow.outbox.waiting(NOW, NOW)] == [ANN]

    @pytest.mark.parametrize(
        "by, days, is_let_go", [("quiet", 40, True), ("quiet", 5, False), ("silence:1", 40, False)]
    )
    def test_what_quiet_hours_held_is_looked_at_again(
        self, store: Store, by: str, days: int, is_let_go: bool
    ) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW)
            uow.deliveries.hold(["a"], NOW + days * DAY, by)
            uow.outbox.set_right(NOW, LONGEST)
            assert bool(pending(uow, ANN, NOW, 40)) is is_let_go

    def test_a_delivery_is_made_just_now_and_waits_as_long_as_others_from_then_on(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a")], NOW)
            fold(uow, ANN, ["soc"], NOW + AHEAD, 40)
            uow.outbox.set_right(NOW, LONGEST)
            one = claim(uow, "us", NOW, LIFE)
            assert one is not None
            assert one.created_at == NOW
            uow.outbox.retry(one, "down", NOW, NOW + 6 * HOUR, is_unclear=False)
            uow.outbox.set_right(NOW, LONGEST)
            assert claim(uow, "us", NOW + 5 * HOUR, LIFE) is None

    @pytest.mark.parametrize("ahead, is_let_go", [(AHEAD, True), (DAY, False)])
    def test_a_delivery_that_failed_waits_no_longer_than_any_does(
        self, store: Store, ahead: timedelta, is_let_go: bool
    ) -> None:
        with store.begin() as uow:
            one = claimed(uow)
            uow.outbox.put_off(one, "429", NOW, NOW + ahead)
            uow.outbox.set_right(NOW, LONGEST)
            again = claim(uow, "us", NOW, LIFE)
            assert (again is not None and again.created_at == NOW) is is_let_go

    @pytest.mark.parametrize("ahead, is_let_go", [(AHEAD, True), (30 * DAY, False)])
    def test_one_that_came_back_is_held_no_longer_than_any_silence_lasts(
        self, store: Store, ahead: timedelta, is_let_go: bool
    ) -> None:
        with store.begin() as uow:
            one = claimed(uow)
            uow.outbox.sent(one, "ref", NOW)
            uow.outbox.bounce(one, "no mailbox", Onward("mail", NOW + ahead), NOW)
            uow.outbox.set_right(NOW, LONGEST)
            assert (claim(uow, "us", NOW, LIFE) is not None) is is_let_go

    @pytest.mark.parametrize("ahead, is_over", [(AHEAD, True), (timedelta(minutes=30), False)])
    def test_a_claim_is_over_unless_clocks_may_be_so_far_apart(
        self, store: Store, ahead: timedelta, is_over: bool
    ) -> None:
        with store.begin() as uow:
            folded(uow)
            assert claim(uow, "dead", NOW + ahead, LIFE) is not None
            uow.outbox.set_right(NOW, LONGEST)
            again = claim(uow, "us", NOW, LIFE)
            assert (again is not None and again.is_unclear) is is_over

    @pytest.mark.parametrize("ahead, is_used", [(AHEAD, True), (DAY, False)])
    def test_a_channel_is_left_alone_no_longer_than_any_may_ask(
        self, store: Store, ahead: timedelta, is_used: bool
    ) -> None:
        with store.begin() as uow:
            folded(uow)
            uow.outbox.leave_alone("soc", NOW + ahead)
            uow.outbox.set_right(NOW, LONGEST)
            assert (claim(uow, "us", NOW, LIFE) is not None) is is_used

    def test_what_was_sent_ahead_counts_for_no_day_before(self, store: Store) -> None:
        with store.begin() as uow:
            one = claimed(uow)
            uow.outbox.sent(one, "ref", NOW + AHEAD)
            assert uow.outbox.deliveries([ANN], NOW) == [(0, 0)]
