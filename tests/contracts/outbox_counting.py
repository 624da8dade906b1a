"""How every `ports.state.store.Store` counts what somebody was told."""

from dataclasses import replace

from builders import NOW, ticket
from contracts.unit_of_work import ANN, LIFE, MICRO, letter
from folded import claim, fold
from worker.domain.messages.message import CHANNEL
from worker.domain.messages.paragraphs import Cause
from worker.domain.tickets.ticket import TicketKind
from worker.ports.state.store import Store


class OutboxCountingContract:
    """The part of the suite about the limits of messages in a day and in an hour."""

    def test_deliveries_are_counted_by_when_they_arrived(self, store: Store) -> None:
        with store.begin() as uow:
            for key in "abc":
                uow.outbox.add([letter(key)], NOW)
                fold(uow, ANN, ["soc"], NOW, 40)
            for at in (NOW, NOW + LIFE):
                delivery = claim(uow, "us", at, LIFE)
                assert delivery is not None
                uow.outbox.sent(delivery, "ref", at)

            assert uow.outbox.deliveries([ANN], NOW) == [(2, 1)]
            assert uow.outbox.deliveries([ANN], NOW + MICRO) == [(1, 1)]
            assert uow.outbox.deliveries([CHANNEL], NOW) == [(0, 0)]

    def test_what_goes_out_over_two_notifiers_is_one_message(self, store: Store) -> None:
        with store.begin() as uow:
            uow.outbox.add([letter("a", CHANNEL)], NOW)
            fold(uow, CHANNEL, ["soc", "mail"], NOW, 40)
            assert uow.outbox.deliveries([CHANNEL], NOW) == [(0, 1)]
            first, second = uow.outbox.reserve("us", NOW, LIFE, 9)
            uow.outbox.sent(first, "1", NOW)
            assert uow.outbox.deliveries([CHANNEL], NOW) == [(1, 0)]
            assert uow.outbox.deliveries([CHANNEL], NOW + MICRO) == [(0, 1)], "it arrived before"
            uow.outbox.sent(second, "2", NOW)
            assert uow.outbox.deliveries([CHANNEL], NOW) == [(1, 0)]

    def test_what_is_summed_up_names_the_first_tickets_of_each_cause(self, store: Store) -> None:
        with store.begin() as uow:
            stored = uow.tickets.insert([replace(ticket(), occasion=str(one)) for one in range(12)])
            numbers = [one.id for one in stored]
            calm = [replace(letter(f"a{one}"), ticket=one) for one in reversed(numbers)]
            again = [replace(letter(f"b{one}"), ticket=one) for one in numbers[:5]]
            urgent = [replace(letter(f"c{numbers[3]}"), ticket=numbers[3], is_urgent=True)]
            uow.outbox.add([*calm, *again, *urgent, letter("none")], NOW)
            kind = TicketKind.REMOVE_MEMBER
            assert uow.deliveries.sum_up(ANN, NOW) == [
                Cause(kind, True, 1, 1, (numbers[3],)),
                Cause(kind, False, 17, 12, tuple(numbers[:10])),
            ]
            assert uow.deliveries.sum_up(ANN, NOW) == []
