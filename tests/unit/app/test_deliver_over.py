"""Over which notifier a message goes: by its recipient's addresses, and by the choice of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from builders import ticket
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient, RecipientKind
from worker.domain.messages.overtaken import passed_key
from worker.domain.tickets.ticket import Assignee, TicketState
from worker.ports import NotDone, Rejected
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


def test_a_choice_of_notifiers_that_are_no_more_is_replaced(three: Harness) -> None:
    """It waited, over a night say, and the chat was replaced by another meanwhile."""
    three.queue(letter("a", replace(ANN, via=("pager",))))
    three.deliver()
    assert sent(three) == {"chat": ["Title a"], "mail": [], "sms": []}


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


# --- too many at once ---------------------------------------------------------------------------------------


def tickets(harness: Harness, count: int) -> list[int]:
    with harness.store.begin() as uow:
        made = [replace(ticket(), occasion=str(number)) for number in range(count)]
        return [stored.id for stored in uow.tickets.insert(made)]


def test_a_channel_gets_so_many_messages_an_hour_and_the_rest_as_one_line_for_each_cause(
    found: Found,
) -> None:
    harness = found(notifiers=[FakeNotifier("chat", capacity=10)])
    harness.start(replace(harness.app.rules, channel_max=3))
    numbers = tickets(harness, 5000)
    harness.queue(*(letter(f"k{number}", CHANNEL, number) for number in numbers))
    harness.queue(letter("plan", CHANNEL))
    harness.deliver()

    sizes = [len(message.paragraphs) for message in harness.soc.sent]
    assert sizes == [10, 10, 2]
    plan, summary = harness.soc.sent[-1].paragraphs
    assert plan.headline == "Headline plan", "what no ticket tells again is never summed up"
    assert summary.headline == "And 4,980 more messages"
    first = ", ".join(f"T-{number:06}" for number in range(21, 31))
    assert summary.facts == (("remove member", f"4,980 pieces of news ({first}, … +4,970)"),)
    harness.queue(letter("later", CHANNEL))
    harness.later(minutes=59)
    assert harness.deliver().counts["sent"] == 0
    harness.later(minutes=2)
    assert harness.deliver().counts["sent"] == 1


def test_what_is_to_be_passed_on_and_what_is_over_are_never_summed_up(found: Found) -> None:
    harness = found(daily_max=1, has_links=True)
    numbers = tickets(harness, 60)
    with harness.store.begin() as uow:
        first, second = (uow.tickets.many(numbers[:2])[one] for one in numbers[:2])
        open_one = replace(first, assignee=Assignee(NURSE.address))
        uow.tickets.update([open_one, replace(second, state=TicketState.CANCELLED)])
    wa_me = Paragraph("Please pass this on to Bea", link="https://wa.me/447700900123", is_fixed=True)
    own = Paragraph("Remove Cem", link="https://desk.example.org/tickets/T-000060")
    harness.queue(
        OutMessage(
            passed_key("T-000001:open:x", NURSE.address), ANN, wa_me.headline, wa_me, ticket=numbers[0]
        ),
        letter("T-000002:cancel:x:person:ann", ANN, numbers[1]),
        *(OutMessage(f"a{one}", ANN, own.headline, own, ticket=one) for one in numbers[2:]),
    )
    harness.deliver()

    said = harness.soc.sent[0].paragraphs
    assert [part.headline for part in said[:2]] == [wa_me.headline, "Headline T-000002:cancel:x:person:ann"]
    assert said[2].headline == "And 58 more messages"
    assert harness.app.rules.links.console("/tickets") == said[2].link, (
        "not one of the 58, nor what is passed on"
    )


def test_a_person_gets_no_more_than_a_day_s_messages_whatever_happens(found: Found) -> None:
    harness = found(daily_max=2, has_links=True)
    numbers = tickets(harness, 1000)
    urgent = [replace(letter(f"k{number}", ANN, number), is_urgent=True) for number in numbers[:300]]
    for message in urgent:
        assert message.body.link is None
    signed = harness.app.rules.links.console("/t/one")
    linked = [replace(one, body=replace(one.body, link=signed)) for one in urgent]
    harness.queue(*linked, *(letter(f"k{number}", ANN, number) for number in numbers[300:]))
    harness.deliver()

    first, last = harness.soc.sent
    assert len(first.paragraphs) == 40
    assert [part.headline for part in last.paragraphs] == ["And 960 more messages"]
    [urgent_ones, news] = [value for _, value in last.paragraphs[0].facts]
    assert urgent_ones.startswith("260 escalations (T-000041, T-000042, ")
    assert news.startswith("700 pieces of news (T-000301, ")
    assert last.paragraphs[0].link == harness.app.rules.links.console("/me/one"), "all of theirs"
    assert "last of 2 messages" in last.note
    harness.later(hours=24)
    assert harness.deliver().counts["sent"] == 0


def test_several_messages_about_one_ticket_name_it_once(found: Found) -> None:
    harness = found(daily_max=1)
    one, other = tickets(harness, 2)
    harness.queue(*(letter(f"k{number}", ANN, one if number else other) for number in range(60)))
    harness.deliver()
    [summary] = harness.soc.sent[0].paragraphs
    assert summary.facts == (("remove member", "60 pieces of news (T-000001, T-000002)"),)


def test_what_no_ticket_would_tell_again_waits_for_the_next_hour(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("chat", capacity=10)])
    harness.start(replace(harness.app.rules, channel_max=1))
    harness.queue(*(letter(f"k{number}", CHANNEL) for number in range(15)))
    harness.deliver()
    harness.later(minutes=61)
    harness.deliver()
    assert [len(message.paragraphs) for message in harness.soc.sent] == [10, 5]


@pytest.mark.parametrize("to, most", [(ANN, 3), (CHANNEL, 4)], ids=["person", "channel"])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_most_that_a_recipient_gets_is_shared_by_their_messages_over_several_notifiers(
    found: Found, to: Recipient, most: int, count: int
) -> None:
    harness = found(notifiers=[FakeNotifier("chat", capacity=1)], daily_max=3)
    harness.start(replace(harness.app.rules, channel_max=4))
    choices = [("chat", *("sms",) * number) for number in range(count)]
    harness.queue(*(letter(f"{via}{n}", replace(to, via=via)) for via in choices for n in range(30)))
    assert harness.deliver().counts["sent"] == most


def test_what_one_choice_does_not_need_is_the_other_s(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("chat", capacity=1)], daily_max=5)
    number = tickets(harness, 1)[0]
    harness.queue(letter("a", ANN), *(letter(f"b{n}", replace(ANN, via=("chat",)), number) for n in range(4)))
    harness.deliver()
    assert sorted(sent(harness)["chat"]) == ["Title a", "Title b0", "Title b1", "Title b2", "Title b3"]


@pytest.mark.parametrize("is_mail_down", [False, True])
def test_what_a_channel_gets_over_two_notifiers_is_one_message_of_its_hour(
    found: Found, is_mail_down: bool
) -> None:
    chat, mail = (FakeNotifier(name, capacity=1) for name in ("chat", "mail"))
    harness = found(notifiers=[chat, mail])
    harness.start(replace(harness.app.rules, channel_max=4))
    mail.down = NotDone("away") if is_mail_down else None
    for number in range(6):
        harness.queue(letter(f"m{number}", CHANNEL))
        harness.deliver()
        harness.later(minutes=5)
    assert len(chat.sent) == 4
