"""People who click in Slack: over Socket Mode or by signed calls, again and again until it is acknowledged.

Nobody clicks twice on one ticket, nor in one thread, so that each click can be told from all others by what came of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx2
from websockets.exceptions import ConnectionClosed

from fakes.slack.posting import Post
from fakes.slack.server import SlackServer
from fakes.slack.sockets import ACK_MAX_S, SocketServer
from worker.domain.messages.message import ReaderAct
from worker.ops.clock import system_now

OPERATORS = {f"op{number}@example.org": f"U0000OP0{number}" for number in range(4)}
SIGNING_SECRET = "5lack-signs-with-th1s-5lack-signs"
ACTS = (ReaderAct.ACKNOWLEDGE, ReaderAct.DONE)
RECENT = 30  # posts
RIVALS = 0.4  # how often two click on the same
AGAIN = 0.4  # how often Slack did not hear the acknowledgement
_OK = 200


@dataclass(eq=False)
class Click:
    """What somebody did once: on which ticket, as they saw it, and where they are answered."""

    user: str
    email: str
    act: ReaderAct
    label: str
    version: int
    channel: str
    thread: str
    payload: dict[str, Any]
    envelope_id: str = ""
    sent_s: float = 0.0
    is_acknowledged: bool = False

    def __str__(self) -> str:
        return f"{self.email}'s click on {self.act} of {self.label}.{self.version} in {self.channel}"


class Clicks:
    """`called` is the channel whose clicks come by calls, to any of the `addresses`."""

    def __init__(
        self, slack: SlackServer, sockets: SocketServer, called: str, addresses: Sequence[str]
    ) -> None:
        self.all: list[Click] = []
        self._slack = slack
        self._sockets = sockets
        self._called = called
        self._addresses = addresses
        self._callers = ThreadPoolExecutor(8)

    def close(self) -> None:
        self._callers.shutdown()

    def some(self, draw: Random) -> None:
        """Let somebody click on what is new, or two people on the same; or Slack repeat what it has told."""
        told = [one for one in self.all[-10:] if self.is_acknowledged(one)]
        if told and draw.random() < AGAIN:
            self.send(draw.choice(told), draw)
        places = list(self.places())
        if not places:
            return
        post, act, value = draw.choice(places)
        users = self._clickers(post, value)
        for user in draw.sample(users, min(len(users), 1 if draw.random() > RIVALS else 2)):
            self.click(user, post, act, value, draw)

    def places(self) -> Iterator[tuple[Post, ReaderAct, str]]:
        """Buttons that somebody has still to click on: the message, the act, and the button's value."""
        for post in list(self._slack.posts)[-RECENT:]:
            buttons = [
                one for block in post.body["blocks"] for one in block.get("elements", ()) if "value" in one
            ]
            for button in buttons:
                if button["action_id"] in ACTS and self._clickers(post, button["value"]):
                    yield post, ReaderAct(button["action_id"]), button["value"]

    def click(self, user: str, post: Post, act: ReaderAct, value: str, draw: Random) -> Click:
        """Click once, and send it once."""
        label, _, version = value.rpartition(".")
        payload = self._slack.click(user, post, act, value=value)
        emails = {str(one["id"]): email for email, one in self._slack.people.items()}
        click = Click(user, emails[user], act, label, int(version), post.channel_id, _thread(post), payload)
        self.all.append(click)
        self.send(click, draw)
        return click

    def repeat(self, draw: Random) -> None:
        """Send again what was not acknowledged in time, as Slack does."""
        for click in self.unacknowledged():
            if monotonic() - click.sent_s > ACK_MAX_S:
                self.send(click, draw)

    def unacknowledged(self) -> list[Click]:
        return [click for click in self.all if not self.is_acknowledged(click)]

    def is_acknowledged(self, click: Click) -> bool:
        return click.is_acknowledged or (bool(click.envelope_id) and click.envelope_id in self._sockets.acks)

    def send(self, click: Click, draw: Random) -> None:
        """Give it to somebody, who may be dead, or asleep."""
        click.sent_s = monotonic()
        if click.channel == self._called:
            click.is_acknowledged = False
            self._callers.submit(self._call, click, draw.choice(self._addresses))
            return
        again = {"retry_attempt": 1, "retry_reason": "timeout"} if click.envelope_id else {}
        with suppress(IndexError, ConnectionClosed):  # nobody is connected, or no longer
            click.envelope_id = self._sockets.send(
                "interactive", click.payload, envelope_id=click.envelope_id, **again
            )

    def _call(self, click: Click, address: str) -> None:
        body = urlencode({"payload": json.dumps(click.payload)}).encode()
        at = str(int(system_now().timestamp()))
        proof = hmac.new(SIGNING_SECRET.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={proof}",
        }
        with suppress(httpx2.HTTPError):
            answer = httpx2.post(
                f"http://{address}/slack", content=body, headers=headers, timeout=ACK_MAX_S, trust_env=False
            )
            click.is_acknowledged = click.is_acknowledged or answer.status_code == _OK

    def _clickers(self, post: Post, value: str) -> list[str]:
        """The ids of who may click there: the reader of a message of their own, or the operators."""
        label, thread = value.rpartition(".")[0], _thread(post)
        readers = ["U" + post.channel_id[1:]] if post.channel_id.startswith("D") else [*OPERATORS.values()]
        busy = {one.user for one in self.all if one.label == label or one.thread == thread}
        return [user for user in readers if user not in busy]


def _thread(post: Post) -> str:
    return str(post.body.get("thread_ts") or post.ts)
