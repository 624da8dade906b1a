"""An earlier attempt to send a message is found, or it is said that nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.notify.slack.client import hashed
from contracts.messages import MESSAGE, TO_AMINA
from fakes.slack.server import Fault, SlackServer, rate_limited
from fakes.slack.workspace import Channel
from slack_notifiers import Clock, notifier
from worker.ports import PermissionDenied, Transient


@pytest.mark.parametrize("message", [MESSAGE, TO_AMINA], ids=["channel", "person"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(drop_after=True),
        Fault(500, is_after=True),
        Fault(slow_s=1.5),
        Fault(body=b'{"ok": true}', is_after=True),
    ],
)
def test_after_a_restart_an_unclear_attempt_is_found(
    slack: SlackServer, message: object, fault: Fault
) -> None:
    wanted = TO_AMINA if message is TO_AMINA else MESSAGE
    slack.fail("chat.postMessage", fault)
    with pytest.raises(Transient):
        notifier(slack).send(wanted)
    found = notifier(slack).find(wanted)
    assert found is not None
    assert found.reference == f"{slack.posts[0].channel_id}/{slack.posts[0].ts}"


def test_an_attempt_is_found_among_hundreds_of_newer_messages(slack: SlackServer) -> None:
    soc = notifier(slack)
    first = soc.send(MESSAGE)
    for number in range(250):
        soc.send(replace(MESSAGE, key=f"newer-{number}", paragraphs=()))
    assert soc.find(MESSAGE) == first
    assert slack.called("conversations.history") == 3


def test_a_search_begins_a_minute_before_the_first_attempt(slack: SlackServer, clock: Clock) -> None:
    soc = notifier(slack)
    soc.send(MESSAGE)
    sent_at = datetime.fromtimestamp(float(slack.posts[0].ts), UTC)
    assert soc.find(replace(MESSAGE, tried_from=sent_at + timedelta(seconds=59))) is not None
    assert soc.find(replace(MESSAGE, tried_from=sent_at + timedelta(seconds=61))) is None


def test_the_search_ends_after_a_thousand_messages(slack: SlackServer) -> None:
    soc = notifier(slack)
    soc.send(MESSAGE)
    slack.posts += [replace(slack.posts[0], body={}, ts=f"{1_795_100_000 + n}.000100") for n in range(1000)]
    assert soc.find(MESSAGE) is None
    assert slack.called("conversations.history") == 10


def test_an_attempt_of_the_release_before_is_found_by_the_key_itself(slack: SlackServer) -> None:
    soc = notifier(slack)
    soc.send(MESSAGE)
    (post,) = slack.posts
    metadata = {"event_type": "whosleft_message", "event_payload": {"key": MESSAGE.key}}
    slack.posts = [replace(post, body={**post.body, "metadata": metadata})]
    assert soc.find(MESSAGE) is not None


def test_the_same_key_to_somebody_else_is_another_message(slack: SlackServer) -> None:
    soc = notifier(slack)
    soc.send(MESSAGE)
    assert soc.find(TO_AMINA) is None


def test_a_named_channel_is_found_on_a_later_page(slack: SlackServer) -> None:
    slack.channels = {
        f"C0OTHER{n:04}": Channel(f"C0OTHER{n:04}", f"other-{n}") for n in range(5)
    } | slack.channels
    slack.page_size = 2
    soc = notifier(slack)
    soc.send(MESSAGE)
    fresh = notifier(slack)
    assert fresh.find(MESSAGE) is not None
    assert slack.called("users.conversations") == 3
    fresh.find(MESSAGE)
    assert slack.called("users.conversations") == 3  # remembered


@pytest.mark.parametrize("scope", ["channels:history", "channels:read", "groups:read"])
def test_where_it_may_not_read_it_says_so(slack: SlackServer, scope: str) -> None:
    notifier(slack).send(MESSAGE)
    slack.scopes.discard(scope)
    with pytest.raises(PermissionDenied):
        notifier(slack).find(MESSAGE)


@pytest.mark.parametrize("method", ["users.conversations", "conversations.history"])
def test_a_search_without_an_answer_is_tried_again(slack: SlackServer, method: str) -> None:
    slack.fail(method, rate_limited(7))
    with pytest.raises(Transient) as raised:
        notifier(slack).find(MESSAGE)
    assert raised.value.retry_after_s == 7


def test_other_apps_messages_are_not_mistaken_for_ours(slack: SlackServer) -> None:
    soc = notifier(slack)
    soc.send(MESSAGE)
    (post,) = slack.posts
    slack.posts = [
        replace(
            post,
            body={
                **post.body,
                "metadata": {"event_type": "else", "event_payload": {"key": hashed(MESSAGE.key)}},
            },
        )
    ]
    assert soc.find(MESSAGE) is None
