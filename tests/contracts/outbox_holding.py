"""What every `ports.state.store.Store` says of deliveries that are held."""

from dataclasses import replace

import pytest

from builders import NOW, ticket
from contracts.unit_of_work import ANN, LIFE, letter
from folded import claim, fold, pending
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.deliveries import PostFilter, PostState
from worker.ports.state.store import Store, UnitOfWork


class OutboxHoldingContract:
    """The part of the suite about what is on its way and may not go out yet."""

    @pytest.mark.parametrize("is_ended", [False, True])
    def test_a_delivery_that_is_put_off_is_held_with_its_messages_until_then_or_their_release(
        self, store: Store, is_ended: bool
    ) -> None:
        def listed(uow: UnitOfWork) -> tuple[PostState, str]:
            [post] = uow.deliveries.posts(PostFilter(), NOW, 9)
            [state] = [state for state in PostState if uow.deliveries.count(state, NOW)]
            assert uow.deliveries.posts(PostFilter((state,)), NOW, 9) == [post]
            assert state is post.state
            return post.state, post.held_by

        with store.begin() as uow:
            uow.outbox.add([letter("a"), letter("b")], NOW)
            fold(uow, ANN, ["soc"], NOW, 40)
            delivery = claim(uow, "us", NOW, LIFE)
            assert delivery is not None
            uow.deliveries.hold(["a"], NOW + LIFE, "quiet")
            uow.deliveries.hold(["b"], NOW + 2 * LIFE, "silence:S-1")
            uow.outbox.put_off(delivery, "", NOW, NOW + LIFE)
            assert listed(uow) == (PostState.HELD, "quiet"), "what lets it go first"
            assert claim(uow, "us", NOW, LIFE) is None
            uow.deliveries.release("silence:S-2", NOW)
            if is_ended:
                uow.deliveries.release_all(NOW)
                assert listed(uow) == (PostState.WAITING, "")
            again = claim(uow, "us", NOW if is_ended else NOW + LIFE, LIFE)
        assert again is not None
        assert (again.id, again.attempts) == (delivery.id, 1), "the attempt did not count"

    @pytest.mark.parametrize("by", ["acknowledged", "snoozed", "silence:S-1", "quiet"])
    @pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.DONE])
    @pytest.mark.parametrize("rests", [True, False])
    def test_a_rest_holds_the_calls_about_an_open_ticket_while_it_rests(
        self, store: Store, by: str, state: TicketState, *, rests: bool
    ) -> None:
        until = NOW + LIFE
        with store.begin() as uow:
            [one] = uow.tickets.insert(
                [replace(ticket(), state=state, snoozed_until=until if rests else None)]
            )
            uow.outbox.add([replace(letter("a"), ticket=one.id, is_urgent=True)], NOW)
            uow.outbox.hold_about(one.id, until, by)
            uow.outbox.end_rests(NOW)
            is_let_go = bool(pending(uow, ANN, NOW, 40))
        assert is_let_go is (not rests and state is TicketState.OPEN and by in {"acknowledged", "snoozed"})
