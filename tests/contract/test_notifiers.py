from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from connectors.kit import http as _http
from connectors.notify.console.connector import ConsoleNotifier
from connectors.notify.console.mapping import render
from connectors.notify.slack.client import SlackClient
from connectors.notify.slack.connector import SlackNotifier
from contracts.notifier import (
    AMINA,
    NOBODY,
    NotifierContract,
    RemoteNotifierContract,
    RemoteWorld,
    World,
    context,
)
from fakes.notifier import FakeNotifier
from fakes.slack.server import TOKEN, Fault, SlackServer, rate_limited
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)


class FakeWorld(RemoteWorld):
    secret = "not one"

    def __init__(self, capacity: int = 50) -> None:
        self.notifier: FakeNotifier = FakeNotifier("soc", capacity=capacity)
        self.notifier.unreachable.add(NOBODY.address)

    def shown(self) -> list[str]:
        return [render(message, 80) for message in self.notifier.sent]

    def lose_next_answer(self) -> None:
        self.notifier.lose_next_answer()

    def lose_next_request(self) -> None:
        self.notifier.fail_next(Transient("Fake: no answer.", remedy="Wait."))

    def limit_next(self, retry_after_s: int) -> None:
        self.notifier.fail_next(NotDone("Fake: busy.", remedy="Wait.", retry_after_s=retry_after_s))

    def answer_next(self, status: int) -> None:
        self.notifier.fail_next(_http.failure("Fake", status, "", None))

    def revoke(self) -> None:
        self.notifier.down = AuthFailed("Fake: token revoked.", remedy="Get another.")

    def failures(self) -> list[tuple[str, Callable[[], None], type[ConnectorError]]]:
        error = Rejected("Fake: no.", remedy="Shorten it.")
        return [("refused", lambda: self.notifier.fail_next(error), Rejected)]


class SlackWorld(RemoteWorld):
    secret = TOKEN

    def __init__(self, slack: SlackServer) -> None:
        slack.add_person(AMINA.address, "U0AMINA01")
        self.slack = slack
        client = SlackClient(SecretStr(TOKEN), slack.url, timeout_s=1)
        self.notifier: SlackNotifier = SlackNotifier(client, "#leavers", context())

    def shown(self) -> list[str]:
        return [post.shown for post in self.slack.posts]

    def links(self) -> list[str]:
        return [link for post in self.slack.posts for link in post.links]

    def pings(self) -> list[str]:
        return [ping for post in self.slack.posts for ping in post.pings]

    def lose_next_answer(self) -> None:
        self.slack.fail("chat.postMessage", Fault(drop_after=True))

    def lose_next_request(self) -> None:
        self.slack.fail("chat.postMessage", Fault(drop_before=True))

    def limit_next(self, retry_after_s: int) -> None:
        self.slack.fail("chat.postMessage", rate_limited(retry_after_s))

    def answer_next(self, status: int) -> None:
        self.slack.fail("chat.postMessage", Fault(status, body=b"<html>"))

    def revoke(self) -> None:
        self.slack.is_revoked = True

    def failures(self) -> list[tuple[str, Callable[[], None], type[ConnectorError]]]:
        def arm(fault: Fault) -> Callable[[], None]:
            return lambda: self.slack.fail("chat.postMessage", fault)

        page = Fault(body=b"<html>Bearer " + TOKEN.encode() + b" is not welcome</html>")
        faults: list[tuple[str, Fault, type[ConnectorError]]] = [
            ("invalid_auth", Fault(code="invalid_auth"), AuthFailed),
            ("missing_scope", Fault(code="missing_scope", extra={"needed": "chat:write"}), PermissionDenied),
            ("not_in_channel", Fault(code="not_in_channel"), BadConfig),
            ("msg_too_long", Fault(code="msg_too_long"), Rejected),
            ("a code of next year", Fault(code="moon_too_full"), Rejected),
            ("HTTP 500", Fault(500), Transient),
            ("HTTP 500, but it was posted", Fault(500, is_after=True), Transient),
            ("HTTP 503 with a page", replace(page, status=503), Transient),
            ("HTTP 200 with a page", page, Transient),
            ("HTTP 407 with a page", replace(page, status=407), Transient),
            ("HTTP 404 with a page", replace(page, status=404), BadConfig),
            ("no JSON object", Fault(body=b'["ok"]'), Transient),
            ("an empty answer", Fault(body=b""), Transient),
            ("a code that is a text", Fault(code=f"no {TOKEN}"), Transient),
            ("too late", Fault(slow_s=1.5), Transient),
        ]
        return [(name, arm(fault), expected) for name, fault, expected in faults]


class ConsoleWorld(World):
    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.notifier = ConsoleNotifier(context(), self.stream)

    def shown(self) -> list[str]:
        written = self.stream.getvalue()
        return written.removeprefix("To: ").split("\n\nTo: ") if written else []


class TestFake(RemoteNotifierContract):
    kind = None

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()


class TestSmallFake(RemoteNotifierContract):
    kind = None

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld(capacity=2)


class TestSlack(RemoteNotifierContract):
    kind = "slack"

    @pytest.fixture
    def world(self) -> Iterator[SlackWorld]:
        with SlackServer() as slack:
            yield SlackWorld(slack)


class TestConsole(NotifierContract):
    kind = "console"
    can_find = False

    @pytest.fixture
    def world(self) -> ConsoleWorld:
        return ConsoleWorld()
