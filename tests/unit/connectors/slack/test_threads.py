"""Messages that are kept true: changed in place, with what happened in their threads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.notify.slack.client import SlackClient
from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import AMINA, MESSAGE, TO_AMINA, context
from fakes.slack.server import TOKEN, Fault, SlackServer, rate_limited
from worker.domain.messages.message import Message, Offer, Paragraph, ReaderAct
from worker.ports import AuthFailed, BadConfig, NotDone, Rejected, Transient, Unreachable

OFFERS = tuple(Offer(act, act.value.title()) for act in ReaderAct)
TICKET = replace(MESSAGE.paragraphs[0], ticket="T-000123", version=7, offers=OFFERS)


@pytest.fixture
def soc(workspace: SlackServer) -> SlackNotifier:
    return SlackNotifier(
        SlackClient(SecretStr(TOKEN), workspace.url, timeout_s=1), "#leavers", context(), can_update=True
    )


def following(first: str, message: Message = MESSAGE, **changes: Any) -> Message:
    """A message that continues another."""
    part = replace(message.paragraphs[0], thread=first, offers=(), **changes)
    return replace(message, key="following", paragraphs=(part,))


def test_buttons_say_which_ticket_and_as_it_was_at_which_version(
    workspace: SlackServer, soc: SlackNotifier
) -> None:
    soc.send(replace(MESSAGE, paragraphs=(TICKET,)))
    actions = workspace.posts[0].body["blocks"][-1]
    assert [one["value"] for one in actions["elements"]] == ["T-000123.7"] * 5
    assert [one["action_id"] for one in actions["elements"]] == [
        "acknowledge",
        "done",
        "assign",
        "snooze",
        "waive",
    ]
    assert [one.get("style") for one in actions["elements"]] == [None, "primary", None, None, None]


def test_a_message_is_changed_in_place_and_keeps_its_key(workspace: SlackServer, soc: SlackNotifier) -> None:
    for message in (MESSAGE, TO_AMINA):
        reference = soc.send(message).reference
        soc.update(reference, replace(message, key="another", title="Verified"))
        assert soc.find(message) is not None
    assert [post.shown.startswith("Verified") for post in workspace.posts] == [True, True]
    assert [post.body["parse"] for post in workspace.posts] == ["none", "none"]
    assert workspace.called("chat.postMessage") == 2


def test_what_continues_a_message_is_in_its_thread_and_aloud_only_if_somebody_has_to_act(
    workspace: SlackServer, soc: SlackNotifier
) -> None:
    first = soc.send(MESSAGE).reference
    soc.send(following(first))
    soc.send(following(first, is_call=True))
    soc.send(replace(following(first), is_urgent=True))
    bodies = [post.body for post in workspace.posts[1:]]
    assert {body["thread_ts"] for body in bodies} == {workspace.posts[0].ts}
    assert [body["reply_broadcast"] for body in bodies] == [False, True, True]


def test_in_a_direct_message_nothing_is_aloud_in_a_thread(workspace: SlackServer, soc: SlackNotifier) -> None:
    first = soc.send(TO_AMINA).reference
    soc.send(following(first, TO_AMINA, is_call=True))
    assert workspace.posts[1].body["reply_broadcast"] is False


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("message", [MESSAGE, TO_AMINA], ids=["channel", "person"])
def test_an_earlier_attempt_is_found_in_a_thread_too(
    workspace: SlackServer, soc: SlackNotifier, message: Message, is_call: bool
) -> None:
    first = soc.send(message).reference
    reply = following(first, message, is_call=is_call)
    assert soc.find(reply) is None
    workspace.fail("chat.postMessage", Fault(drop_after=True))
    with pytest.raises(Transient):
        soc.send(reply)
    found = soc.find(reply)
    assert found is not None
    assert found.reference.endswith(workspace.posts[1].ts)


def test_what_continues_a_message_that_somebody_deleted_stands_alone_and_is_found(
    workspace: SlackServer, soc: SlackNotifier
) -> None:
    first = soc.send(MESSAGE).reference
    workspace.posts.clear()
    reply = following(first)
    sent = soc.send(reply)
    assert workspace.posts[0].body.get("thread_ts") is None
    assert soc.find(reply) == sent


def test_to_a_person_a_deleted_message_is_no_reason_to_look_them_up_again(
    workspace: SlackServer, soc: SlackNotifier
) -> None:
    first = soc.send(TO_AMINA).reference
    workspace.posts.clear()
    soc.send(following(first, TO_AMINA))
    assert workspace.called("users.lookupByEmail") == 1


def test_a_reply_is_written_below_a_message_quietly(workspace: SlackServer, soc: SlackNotifier) -> None:
    first = soc.send(MESSAGE).reference
    soc.reply(first, Message("k", MESSAGE.to, "T-000123", (Paragraph("", "Done."),)))
    body = workspace.posts[1].body
    assert (body["thread_ts"], body["reply_broadcast"]) == (workspace.posts[0].ts, False)


@pytest.mark.parametrize(
    "fault, kind",
    [
        (Fault(code="message_not_found"), Unreachable),
        (Fault(code="channel_not_found"), Unreachable),
        (Fault(code="is_inactive"), BadConfig),
        (Fault(code="is_archived"), BadConfig),
        (Fault(code="not_in_channel"), BadConfig),
        (Fault(code="edit_window_closed"), Rejected),
        (Fault(code="cant_update_message"), Rejected),
        (Fault(code="msg_too_long"), Rejected),
        (Fault(code="token_revoked"), AuthFailed),
        (rate_limited(9), NotDone),
        (Fault(drop_before=True), Transient),
    ],
)
def test_each_way_in_which_a_change_fails_says_what_to_do_next(
    workspace: SlackServer, soc: SlackNotifier, fault: Fault, kind: type[Exception]
) -> None:
    reference = soc.send(MESSAGE).reference
    workspace.fail("chat.update", fault)
    with pytest.raises(kind) as raised:
        soc.update(reference, MESSAGE)
    assert type(raised.value) is kind or kind is Unreachable


def test_only_what_belongs_to_one_thread_is_in_one_message(soc: SlackNotifier) -> None:
    parts = tuple(replace(TICKET, thread=thread) for thread in ("", "", "C/1", "C/1", "C/2"))
    taken = []
    while parts:
        taken.append(soc.takes(replace(MESSAGE, paragraphs=parts)))
        parts = parts[taken[-1] :]
    assert taken == [2, 2, 1]


def test_without_update_in_place_it_says_that_it_cannot(workspace: SlackServer) -> None:
    client = SlackClient(SecretStr(TOKEN), workspace.url)
    assert not SlackNotifier(client, "#leavers", context()).can.can_update


def test_a_crowd_of_tickets_with_buttons_and_long_names_stays_within_the_limits(
    workspace: SlackServer, soc: SlackNotifier
) -> None:
    name = ("<!channel> *W* _a_ ~r~ `d` :fire: &lt;@U0AMINA01> " * 8)[:300]
    offers = tuple(Offer(act, name) for act in ReaderAct)
    part = replace(TICKET, headline=name, text=name, facts=(("Member", name),) * 12, offers=offers)
    for parts in ((part,) * 40, (replace(part, text=name * 50, steps=(name,) * 40),)):
        message = replace(MESSAGE, to=AMINA, title=name, paragraphs=parts)
        count = soc.takes(message)
        soc.send(replace(message, paragraphs=parts[:count]))
        assert str(workspace.posts[-1].body["blocks"]).count("'acknowledge'") == count
        assert workspace.posts[-1].pings == []
