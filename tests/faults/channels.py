"""What replicas tell people over: a Slack, with clicks in both of its ways, and a mail server behind a wire.

Everybody of the wards in SLACKLESS has mail alone; the security team has two channels of Slack and an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import postfix
from connectors.notify.slack.mapping import REPEAT
from fakes.slack.server import APP_TOKEN, TOKEN, Fault, SlackServer, rate_limited
from fakes.slack.sockets import SocketServer
from fakes.tcp_proxy import TcpProxy
from faults.clicks import OPERATORS, SIGNING_SECRET
from postfix import Postfix

SOCKET, CALLED, MAIL = "soc", "hall", "mail"  # the notifiers' names
CALLED_CHANNEL = "C0HALL00001"
TEAM = "soc@example.org"  # the security team's address
SLACKLESS = range(32, 48)  # people
ASKED = 4_500  # bytes of a client over TLS: more than go before a mail's text, fewer than with it
FAULTS_OF_POSTS = (
    Fault(slow_s=2),
    Fault(drop_before=True),
    Fault(drop_after=True),
    Fault(503, is_after=True),
    Fault(503, is_after=True, headers={"Retry-After": "1"}),
    Fault(body=b"<html>", status=502),
    rate_limited(1),
)
FAULTS_OF_OTHERS = (Fault(drop_before=True), Fault(drop_after=True), Fault(500, is_after=True), Fault(500))
OTHER_METHODS = (
    "chat.postEphemeral",
    "chat.update",
    "conversations.history",
    "users.info",
    "users.lookupByEmail",
)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that arrived: the key of its delivery, and whether it says that it may be a repeat."""

    key: str
    says_repeat: bool


@dataclass(frozen=True, slots=True)
class Channels:
    """What the test can see and break of them."""

    slack: SlackServer
    sockets: SocketServer
    mail: Postfix
    wire: TcpProxy  # before the mail server
    _read: dict[Path, Mail] = field(default_factory=dict)

    def notifiers(self, listen: str) -> list[dict[str, Any]]:
        """A replica's notifiers; `listen` is where it takes Slack's calls."""
        slack = {"kind": "slack", "token": TOKEN, "api_url": self.slack.url}
        by_socket = {"mode": "socket", "app_token": APP_TOKEN, "operators": [*OPERATORS]}
        by_call = {
            "mode": "http",
            "signing_secret": SIGNING_SECRET,
            "listen": listen,
            "operators": [*OPERATORS],
        }
        user = {"method": "password", "user": f"{postfix.USER}@example.org", "password": postfix.PASSWORD}
        mail = {
            "kind": "email", "server": postfix.HOST, "port": self.wire.port, "ca_file": str(self.mail.ca_file),
            "from": f"Whosleft <{postfix.SENDER}>", "channel": TEAM, "auth": user,
        }  # fmt: skip
        return [
            {"name": SOCKET, "channel": "#leavers", "interactive": by_socket, **slack},
            {"name": CALLED, "channel": CALLED_CHANNEL, "interactive": by_call, **slack},
            {"name": MAIL, **mail},
        ]

    def mails(self) -> list[Mail]:
        """What is in the mailboxes now."""
        paths = [path for address in (TEAM, postfix.PEOPLE) for path in self.mail.places(address)]
        for path in paths:
            if path not in self._read:
                self._read[path] = _mail(path)
        return [self._read[path] for path in paths]

    def disturb(self, draw: Random) -> None:
        """Let something go wrong with one answer of Slack's, or with some; or with the mail server until `mend`."""
        what = draw.random()
        if what < 0.4:
            self.slack.fail("chat.postMessage", *draw.choices(FAULTS_OF_POSTS, k=draw.randint(1, 3)))
        elif what < 0.55:
            self.slack.fail(draw.choice(OTHER_METHODS), draw.choice(FAULTS_OF_OTHERS))
        elif what < 0.65:
            self.sockets.cut_all()
        elif what < 0.85:
            self.lose_answers_to_mail()
        elif what < 0.92:
            self.wire.cut_after(draw.randint(0, 4_000), reset=draw.random() < 0.5)
        elif what < 0.96:
            self.wire.refuse()
        else:
            self.wire.freeze()

    def lose_answers_to_mail(self) -> None:
        """Cut each conversation off when the server has taken the mail and is about to say so."""
        self.wire.lose_answers_after(ASKED)

    def mend(self) -> None:
        self.slack.mend()
        self.wire.mend()


def _mail(path: Path) -> Mail:
    found = postfix.parsed(path)
    body = found.get_body(("plain",))
    assert body is not None
    key = str(found["Message-ID"]).strip("<> ").partition("@")[0]
    return Mail(key, REPEAT in " ".join(body.get_content().split()))


@contextmanager
def running_channels(mail: Postfix, people: int) -> Iterator[Channels]:
    """So many people, some of them in a Slack of their own, and all with the mail server."""
    mail.forget()
    with ExitStack() as stack:
        slack = stack.enter_context(SlackServer())
        slack.sockets = stack.enter_context(SocketServer())
        for number in set(range(people)) - set(SLACKLESS):
            slack.add_person(f"p{number}@example.org", f"U{number:08d}")
        slack.add_person("it-security@example.org", "U99999999")
        for email, user in OPERATORS.items():
            slack.add_person(email, user)
        slack.add_channel(CALLED_CHANNEL, "hall")
        wire = stack.enter_context(TcpProxy("127.0.0.1", mail.submission))
        yield Channels(slack, slack.sockets, mail, wire)
