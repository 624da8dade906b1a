"""Where a browser shows the channel that a message went to."""

import pytest

from fakes.notifier import FakeNotifier
from worker.app.tell.reaching import Reaching
from worker.domain.messages.message import Recipient, RecipientKind

PAGE = "https://chat.example/open?channel={channel}"


@pytest.mark.parametrize(
    "notifier, kind, reference, page",
    [
        ("chat", RecipientKind.CHANNEL, "C0 1/17.5", "https://chat.example/open?channel=C0%201"),
        ("chat", RecipientKind.PERSON, "D01/17.5", ""),
        ("chat", RecipientKind.CHANNEL, "", ""),
        ("mail", RecipientKind.CHANNEL, "<1@example.org>", ""),
        ("gone", RecipientKind.CHANNEL, "C01/17.5", ""),
    ],
)
def test_a_channel_has_a_page_if_its_notifier_knows_one(
    notifier: str, kind: RecipientKind, reference: str, page: str
) -> None:
    reaching = Reaching([FakeNotifier("chat", channel_page=PAGE), FakeNotifier("mail")])
    assert reaching.page_of(notifier, Recipient(kind), reference) == page
