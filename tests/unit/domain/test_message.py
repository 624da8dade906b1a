import pytest

from worker.domain.messages.message import CHANNEL, Message, Paragraph, Recipient, RecipientKind


@pytest.mark.parametrize(
    "recipient, label",
    [
        (Recipient(RecipientKind.PERSON, "ann@corp.example", "Ann"), "Ann"),
        (Recipient(RecipientKind.PERSON, "ann@corp.example"), "ann@corp.example"),
        (CHANNEL, "channel"),
    ],
)
def test_a_recipient_is_named_by_name_address_or_kind(recipient: Recipient, label: str) -> None:
    assert recipient.label == label


def test_a_message_is_a_value_and_calm_unless_told() -> None:
    message = Message("k1", CHANNEL, "Ward 7", (Paragraph("T-000001"),))
    assert message == Message("k1", CHANNEL, "Ward 7", (Paragraph("T-000001"),))
    assert not message.is_urgent
    assert not message.may_be_repeat


def test_who_a_recipient_is_does_not_depend_on_their_language() -> None:
    german = Recipient(RecipientKind.PERSON, "ann@corp.example", "Ann", "de")
    polish = Recipient(RecipientKind.PERSON, "ann@corp.example", "Ann", "pl")
    assert german == polish
    assert len({german, polish}) == 1


def test_under_its_title_a_message_does_not_say_the_title_again() -> None:
    first, second = Paragraph("Overdue: Ward 7", "since 10:00"), Paragraph("Overdue: Ward 8")
    message = Message("k1", CHANNEL, "Overdue: Ward 7", (first, second))

    assert message.under_title == (Paragraph("", "since 10:00"), second)
