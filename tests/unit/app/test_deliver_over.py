"""Over which notifier a message goes: by its recipient's addresses, and by the choice of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from builders import ticket
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.tell.teller import person_at
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient, RecipientKind
from worker.ports import Rejected
from worker.ports.state.outbox import OutMessage

Found = Callable[..., Harness]
ANN = person_at("ann@example.org", "Ann")
NURSE = Recipient(RecipientKind.PERSON, "+447700900123", "Bea")
WARDS = Recipient(RecipientKind.CHANNEL, "wards")


def letter(key: str, to: Recipient, number: int | None = None) -> OutMessage:
    return OutMessage(key, to, f"Title {key}", Paragraph(f"Headline {key}", "Text."), ticket=number)


@pytest.fixture
def three(found: Found) -> Harness:
    """Chat and mail for people by e-mail address, and text messages for phones."""
    chat = FakeNotifier("chat", channels=("wards",))
    mail = FakeNotifier("mail", has_channel=False)
    sms = FakeNotifier("sms", reaches_people=False, reaches_phones=True, has_channel=False)
    return found(notifiers=[chat, mail, sms])


def sent(harness: Harness) -> dict[str, list[str]]:
    return {one.name: [message.title for message in one.sent] for one in harness.notifiers}


def test_who_has_a_number_only_is_reached_by_phone(three: Harness) -> None:
    three.queue(letter("a", NURSE))
    three.deliver()
    assert sent(three) == {"chat": [], "mail": [], "sms": ["Title a"]}
    assert three.notifiers[2].sent[0].to.number == "+447700900123"


def test_a_choice_comes_before_the_order_of_the_configuration(three: Harness) -> None:
    three.queue(letter("a", replace(ANN, phone="+447700900124", via=("sms", "mail"))))
    three.deliver()
    assert sent(three) == {"chat": [], "mail": [], "sms": ["Title a"]}


def test_of_a_choice_the_next_one_is_tried(three: Harness) -> None:
    three.notifiers[2].fail_next(Rejected("No.", remedy="Look."))
    three.queue(letter("a", replace(ANN, phone="+447700900124", via=("sms", "mail"))))
    three.deliver()
    assert sent(three) == {"chat": [], "mail": ["Title a"], "sms": []}
    assert three.notifiers[1].sent[0].to.number == "+447700900124"


def test_a_choice_that_reaches_nobody_is_not_replaced(three: Harness) -> None:
    with three.store.begin() as uow:
        [stored] = uow.tickets.insert([ticket()])
    three.queue(letter("a", replace(ANN, via=("sms", "pager")), stored.id))
    assert three.deliver().counts["unreachable"] == 1
    with three.store.begin() as uow:
        assert uow.tickets.unreachable() == [stored.id]


def test_messages_by_different_choices_are_not_folded_into_one(three: Harness) -> None:
    three.queue(letter("a", ANN), letter("b", replace(ANN, via=("mail",))), letter("c", ANN))
    three.deliver()
    assert sent(three) == {"chat": ["2 messages from Whosleft"], "mail": ["Title b"], "sms": []}


def test_a_channel_with_a_name_is_written_to_by_whoever_has_it(three: Harness) -> None:
    three.queue(letter("a", WARDS), letter("b", CHANNEL), letter("c", replace(CHANNEL, via=("sms",))))
    three.deliver()
    assert [message.to.address for message in three.notifiers[0].sent] == ["", "", "wards"]
    assert sent(three)["sms"] == []


def test_a_message_names_the_ticket_of_each_part(three: Harness) -> None:
    with three.store.begin() as uow:
        [stored] = uow.tickets.insert([ticket()])
    three.queue(letter("a", ANN, stored.id), letter("b", ANN))
    three.deliver()
    assert [part.ticket for part in three.notifiers[0].sent[0].paragraphs] == ["T-000001", ""]
