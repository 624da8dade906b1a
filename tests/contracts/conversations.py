"""What every store does with messages that are kept true, and with what people did in channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import NOW, facts, key, ticket
from contracts.unit_of_work import read_people
from worker.domain.messages.message import CHANNEL, ReaderAct, Recipient, RecipientKind
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Assignee, Ticket, TicketState
from worker.ports.connectors.conversing import Interaction
from worker.ports.state.conversations import ShownMessage
from worker.ports.state.store import Store

ANN = Recipient(RecipientKind.PERSON, "ann@example.org", "Ann", "de")
LIFE = timedelta(minutes=1)
CLICK = Interaction(
    "k1", "U1", NOW, ReaderAct.WAIVE, 7, 3, {"reason": "agreed – später"}, is_asking=True, place='{"x": 1}'
)


def stored(store: Store, count: int) -> list[Ticket]:
    with store.begin() as uow:
        return uow.tickets.insert([ticket(handle=f"+44770090{n:04}") for n in range(count)])


def changed(store: Store, one: Ticket, **changes: Any) -> Ticket:
    """Store it with changes, and read it again."""
    with store.begin() as uow:
        uow.tickets.update([replace(one, **changes)])
        found = uow.tickets.get(one.id)
    assert found is not None
    return found


def shown(reference: str, *tickets: Ticket, to: Recipient = CHANNEL, minutes: int = 0) -> ShownMessage:
    at = NOW + timedelta(minutes=minutes)
    return ShownMessage("soc", reference, to, {one.id: one.version for one in tickets}, at, at, 7)


class ConversationsContract:
    """Subclasses give the fixture `store`, over an empty database."""

    @pytest.mark.parametrize(
        "changes, more",
        [
            ({"state": TicketState.DONE, "done_at": NOW, "done_by": "Ann"}, 1),
            ({"assignee": Assignee("ann@example.org")}, 1),
            ({"acknowledged_until": NOW}, 1),
            ({"weighed_at": NOW, "handed": 2, "reason": Reason("another")}, 0),
            ({}, 0),
        ],
    )
    def test_a_ticket_s_version_counts_the_changes_that_a_reader_sees(
        self, store: Store, changes: dict[str, Any], more: int
    ) -> None:
        [one] = stored(store, 1)
        first = changed(store, one, **changes)
        again = changed(store, first)
        assert (first.version - one.version, again.version - one.version) == (more, more)

    def test_a_message_is_outdated_when_one_of_its_tickets_has_changed_until_it_is_kept_again(
        self, store: Store
    ) -> None:
        first, second, third = stored(store, 3)
        messages = [shown("b", second, third, minutes=1), shown("a", first, to=ANN)]
        with store.begin() as uow:
            for message in messages:
                uow.conversations.keep(message)
            assert uow.conversations.outdated(["soc"], NOW, 9) == []

        first, third = changed(store, first, due_at=NOW), changed(store, third, due_at=NOW)

        with store.begin() as uow:
            assert uow.conversations.outdated(["soc"], NOW, 9) == [messages[1], messages[0]]
            assert uow.conversations.outdated(["soc"], NOW, 1) == [messages[1]]
            assert uow.conversations.outdated(["mail"], NOW, 9) == []
            uow.conversations.keep(shown("b", second, third, minutes=1))
            uow.conversations.forget("soc", "a")
            assert uow.conversations.outdated(["soc"], NOW, 9) == []

    def test_a_channel_to_be_left_alone_has_no_outdated_messages_until_then(self, store: Store) -> None:
        [one] = stored(store, 1)
        with store.begin() as uow:
            uow.conversations.keep(shown("a", one))
            uow.outbox.leave_alone("soc", NOW + LIFE)
        changed(store, one, due_at=NOW)
        with store.begin() as uow:
            assert uow.conversations.outdated(["soc"], NOW, 9) == []
            assert len(uow.conversations.outdated(["soc"], NOW + LIFE, 9)) == 1

    def test_the_first_message_about_a_ticket_is_found_by_recipient(self, store: Store) -> None:
        first, second = stored(store, 2)
        with store.begin() as uow:
            for message in (
                shown("later", first, second, minutes=1),
                shown("early", first),
                shown("ann's", first, to=ANN),
            ):
                uow.conversations.keep(message)
            find = uow.conversations.first_of
            assert find("soc", CHANNEL, [first.id, second.id]) == {first.id: "early", second.id: "later"}
            assert find("soc", ANN, [first.id, second.id]) == {first.id: "ann's"}
            assert find("mail", CHANNEL, [first.id]) == {}
            assert find("soc", CHANNEL, []) == {}

    def test_an_interaction_is_kept_once_for_its_notifier_and_claimed_as_it_was(self, store: Store) -> None:
        with store.begin() as uow:
            kept = [uow.interactions.keep(name, CLICK, NOW) for name in ("soc", "soc", "ops")]
            assert kept == [True, False, True]
        with store.begin() as uow:
            first = uow.interactions.claim(NOW, LIFE)
            second = uow.interactions.claim(NOW, LIFE)
            assert uow.interactions.claim(NOW, LIFE) is None
        assert first is not None and second is not None  # noqa: PT018
        assert (first.notifier, first.interaction, first.attempts) == ("soc", CLICK, 1)
        assert second.notifier == "ops"

    def test_a_claim_ends_with_its_life_and_what_is_finished_is_never_taken_again(self, store: Store) -> None:
        glance = replace(CLICK, act=None)
        with store.begin() as uow:
            uow.interactions.keep("soc", glance, NOW)
            uow.interactions.claim(NOW, LIFE)
        with store.begin() as uow:
            again = uow.interactions.claim(NOW + LIFE, LIFE)
            assert again is not None
            assert (again.interaction, again.attempts) == (glance, 2)
            assert [uow.interactions.finish(again.id) for _ in range(2)] == [True, False]
        with store.begin() as uow:
            assert uow.interactions.claim(NOW + 2 * LIFE, LIFE) is None
            assert not uow.interactions.keep("soc", glance, NOW + LIFE)

    def test_a_claim_of_a_wrong_clock_is_over(self, store: Store) -> None:
        with store.begin() as uow:
            uow.interactions.keep("soc", CLICK, NOW)
            uow.interactions.claim(NOW + timedelta(days=40), LIFE)
            assert uow.interactions.claim(NOW, LIFE) is not None

    def test_what_was_taken_is_forgotten_after_a_day(self, store: Store) -> None:
        with store.begin() as uow:
            uow.interactions.keep("soc", CLICK, NOW)
            claimed = uow.interactions.claim(NOW, LIFE)
            assert claimed is not None
            uow.interactions.finish(claimed.id)
            uow.interactions.keep("soc", replace(CLICK, key="k2"), NOW + timedelta(days=1, seconds=1))
            assert uow.interactions.keep("soc", CLICK, NOW + timedelta(days=2))

    def test_an_erased_person_s_messages_are_kept_true_no_more(self, store: Store) -> None:
        read_people(store, facts("ann", email=ANN.address))
        [one] = stored(store, 1)
        with store.begin() as uow:
            uow.conversations.keep(shown("a", one, to=ANN))
            uow.people.erase(key("ann"))
            assert uow.conversations.first_of("soc", ANN, [one.id]) == {}
