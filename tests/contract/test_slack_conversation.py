"""Slack from end to end: people are asked, click, and see what came of it, over a connection that we open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.notify.slack import SPEC
from contracts.messages import context
from fakes.slack.posting import Post
from fakes.slack.server import APP_TOKEN, TOKEN, SlackServer
from fakes.slack.sockets import SocketServer
from harness import ACCOUNTABLE, Harness
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.tickets.ticket import TicketState
from worker.ops.attending import attended
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.engine import open_engine

DEE, BOSS, GUEST = "U0DEE0001", "U0BOSS001", "U0GUEST01"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as slack, SocketServer() as sockets:
        slack.sockets = sockets
        slack.add_person("dee@corp.example", DEE, real_name="Dee")
        slack.add_person("eve@corp.example", "U0EVE0001", real_name="Eve")
        slack.add_person(ACCOUNTABLE, BOSS, real_name="Boss")
        slack.add_person("guest@corp.example", GUEST, is_restricted=True)
        yield slack


@pytest.fixture
def ward(slack: SlackServer, tmp_path: Path) -> Iterator[Harness]:
    """A company in which Ben has left, Dee is asked to remove him, and clicks are taken."""
    engine: sa.Engine = open_engine(f"sqlite:///{tmp_path}/whosleft.db")
    config = SPEC.config.model_validate({
        "token": TOKEN, "channel": "#leavers", "api_url": slack.url,
        "interactive": {"mode": "socket", "app_token": APP_TOKEN},
    })  # fmt: skip
    soc = SPEC.build(config, replace(context(), now=lambda: harness.now))
    harness = Harness(notifiers=[soc], engine=engine, has_links=True)
    harness.hire("ann", "ben", "dee", "eve")
    harness.group("ward-7", "ann", "ben", admins=["dee"], name="Ward 7 <!channel> *nights*")
    harness.settle()
    harness.later()
    harness.leave("ben")
    harness.settle()
    harness.deliver()
    assert slack.sockets is not None
    with attended(harness.app.interacting, harness.clock):
        slack.sockets.wait_for(2)
        yield harness
    engine.dispose()


def until(is_so: Callable[[], Any]) -> Any:
    for _ in range(500):
        if found := is_so():
            return found
        threading.Event().wait(0.02)
    raise AssertionError("it never was so")


def press(slack: SlackServer, user: str, post: Post, act: str) -> None:
    """Click, and have it acknowledged."""
    assert slack.sockets is not None
    payload = slack.click(user, post, act)
    assert slack.sockets.ack(slack.sockets.send("interactive", payload)) == {}


def whispered(slack: SlackServer, count: int = 1) -> str:
    until(lambda: len(slack.whispers) >= count)
    return slack.whispers[-1].shown


def in_channel(ward: Harness, slack: SlackServer, *, is_urgent: bool = False) -> Post:
    key = f"news-{len(slack.posts)}"
    ward.queue(OutMessage(key, CHANNEL, "News", Paragraph("News"), is_urgent, 1))
    ward.deliver()
    return slack.posts[-1]


def test_a_click_on_done_is_a_claim_and_the_message_says_so_with_its_history_below(
    ward: Harness, slack: SlackServer
) -> None:
    [asked] = slack.posts
    assert (asked.channel_id, asked.pings) == ("D0DEE0001", [])
    ward.later(minutes=5)

    press(slack, DEE, asked, "done")

    assert "dee@corp.example marked it as done" in whispered(slack)
    assert ward.ticket().state is TicketState.DONE
    ward.deliver()
    changed, history = slack.posts
    assert changed.ts == asked.ts
    assert changed.shown.startswith("Marked as done: Remove Ben from Ward 7")
    assert "acknowledge" not in str(changed.body["blocks"])
    assert history.body["thread_ts"] == asked.ts
    assert "marked it as done" in history.shown


def test_a_click_on_what_has_changed_says_what_happened_meanwhile(ward: Harness, slack: SlackServer) -> None:
    [asked] = slack.posts
    news = in_channel(ward, slack)
    press(slack, BOSS, news, "done")
    whispered(slack)
    press(slack, DEE, asked, "done")
    assert "This has changed meanwhile." in whispered(slack, 2)
    assert ward.kinds().count("ticket.done") == 1


def test_who_may_not_is_told_and_nothing_happens(ward: Harness, slack: SlackServer) -> None:
    news = in_channel(ward, slack)
    press(slack, GUEST, news, "done")
    assert "Only people of this workspace" in whispered(slack)
    press(slack, "U0EVE0001", news, "done")
    assert "Only Dee" in whispered(slack, 2)
    assert ward.ticket().state is TicketState.OPEN


def test_waiving_asks_for_a_reason_in_a_form(ward: Harness, slack: SlackServer) -> None:
    news = in_channel(ward, slack)
    press(slack, BOSS, news, "waive")
    view = until(lambda: next((one for one in slack.views.values() if "Why?" in one.shown), None))
    assert (view.title, "Remove Ben" in view.shown) == ("Waive", True)
    assert slack.sockets is not None
    sent = slack.sockets.send("interactive", slack.submit(view, "agreed with HR"))
    slack.acknowledged(view, slack.sockets.ack(sent))
    assert "waived for good" in whispered(slack)
    assert ward.ticket().reason == f"{ACCOUNTABLE}: agreed with HR"


def test_reassigning_asks_for_a_person_who_is_told_anew(ward: Harness, slack: SlackServer) -> None:
    press(slack, BOSS, in_channel(ward, slack), "assign")
    view = until(lambda: next((one for one in slack.views.values() if "from now on" in one.shown), None))
    assert slack.sockets is not None
    sent = slack.sockets.send("interactive", slack.submit(view, "U0EVE0001"))
    slack.acknowledged(view, slack.sockets.ack(sent))
    whispered(slack)
    ward.deliver()
    assert "D0EVE0001" in {post.channel_id for post in slack.posts}


def test_a_command_and_the_home_show_one_s_own_tickets(ward: Harness, slack: SlackServer) -> None:
    assert slack.sockets is not None
    slack.sockets.send("slash_commands", slack.command(DEE))
    assert "1 open ticket is with you" in whispered(slack)
    slack.sockets.send("events_api", slack.open_home(BOSS))
    home = until(lambda: slack.homes.get(BOSS))
    assert "The situation" in str(home)


def test_an_escalation_is_a_new_message_and_in_the_channel_it_is_in_the_thread_and_aloud(
    ward: Harness, slack: SlackServer
) -> None:
    first = in_channel(ward, slack)
    escalated = in_channel(ward, slack, is_urgent=True)
    assert (escalated.body["thread_ts"], escalated.body["reply_broadcast"]) == (first.ts, True)
    ward.later(hours=25)
    ward.escalate()
    ward.deliver()
    direct = [post for post in slack.posts if post.channel_id == "D0DEE0001"]
    assert len(direct) == 2
    assert "thread_ts" not in direct[1].body
