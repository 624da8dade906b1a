"""Trying a notifier: what is sent to whom, and that a stopped feed goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.refused import Refused
from worker.domain.messages.event import event_in
from worker.domain.messages.message import CHANNEL, feed_of
from worker.ports import AuthFailed

Found = Callable[..., Harness]


def tried(harness: Harness, name: str, to: str = "") -> str:
    return harness.app.trial.run(name, to, harness.now).reference


def test_a_test_message_goes_to_the_channel_and_says_what_it_is(found: Found) -> None:
    harness = found()
    assert tried(harness, "soc") == "fake/1"
    [message] = harness.soc.sent
    assert (message.to, message.title) == (CHANNEL, "A test message from Whosleft")
    assert message.paragraphs[0].text == "This is a test. Nothing has happened, and there is nothing to do."


def test_or_to_a_person(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("sms", reaches_phones=True)])
    tried(harness, "sms", "Ann@example.org")
    tried(harness, "sms", "+447700900123")
    assert [message.to.email or message.to.number for message in harness.soc.sent] == [
        "ann@example.org", "+447700900123",
    ]  # fmt: skip


def test_what_cannot_be_reached_is_refused(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("mail", has_channel=False)])
    with pytest.raises(Refused, match=r"There is no notifier 'soc'; there are: mail\."):
        tried(harness, "soc")
    with pytest.raises(Refused, match=r"mail has no channel; name a person: --to ADDRESS"):
        tried(harness, "mail")
    with pytest.raises(Refused, match=r"mail has no way to \+447700900123\."):
        tried(harness, "mail", "+447700900123")
    with pytest.raises(Refused, match="there are: none"):
        tried(found(notifiers=[]), "soc")


def test_a_feed_gets_a_test_event_and_goes_on_if_it_was_stopped(found: Found) -> None:
    harness = found(notifiers=[FakeNotifier("siem", events=("ticket.*",))])
    harness.deliver()
    with harness.store.begin() as uow:
        uow.feeds.stop("siem", harness.now)
    harness.soc.down = AuthFailed("No.", remedy="Look.")
    with pytest.raises(AuthFailed):
        tried(harness, "siem")
    with harness.store.begin() as uow:
        assert uow.feeds.get("siem").stopped_at == harness.now  # type: ignore[union-attr]

    harness.soc.down = None
    tried(harness, "siem")

    [message] = harness.soc.sent
    event = event_in(message)
    assert event is not None
    assert (message.to, event.kind, event.seq, event.subject) == (
        feed_of("siem"), "notify.tested", 0, "siem",
    )  # fmt: skip
    with harness.store.begin() as uow:
        assert uow.feeds.get("siem").stopped_at is None  # type: ignore[union-attr]
