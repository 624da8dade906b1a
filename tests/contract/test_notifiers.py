from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from certificates import Pair, authority, issue
from connectors.kit import http as _http
from connectors.notify.console.connector import ConsoleNotifier
from connectors.notify.console.mapping import render
from connectors.notify.email.config import EmailConfig
from connectors.notify.email.connector import EmailNotifier
from connectors.notify.slack.client import SlackClient
from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import AMINA, MESSAGE, NOBODY, context
from contracts.notifier import NotifierContract, World
from contracts.remote_notifier import HttpNotifierContract, HttpWorld, RemoteNotifierContract, RemoteWorld
from fakes.notifier import FakeNotifier
from fakes.slack.server import TOKEN, Fault, SlackServer, rate_limited
from fakes.smtp.reader import as_shown, links_in
from fakes.smtp.server import PASSWORD, USER, SmtpServer
from fakes.smtp.server import Fault as SmtpFault
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
    Unreachable,
)


class FakeWorld(HttpWorld):
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


class SlackWorld(HttpWorld):
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


class EmailWorld(RemoteWorld):
    secret = PASSWORD

    def __init__(self, smtp: SmtpServer, ca_file: Path) -> None:
        smtp.known |= {AMINA.address, "soc@example.org"}
        self.smtp = smtp
        config = EmailConfig.model_validate({
            "server": "localhost", "port": smtp.port, "ca_file": str(ca_file), "channel": "soc@example.org",
            "from": "Whosleft <whosleft@example.org>",
            "auth": {"method": "password", "user": USER, "password": PASSWORD},
        })  # fmt: skip
        self.notifier: EmailNotifier = EmailNotifier(config, context(), timeout_s=0.5)

    def shown(self) -> list[str]:
        return [mail.part("text/plain") for mail in self.smtp.mails]

    def pings(self) -> list[str]:
        asked = {AMINA.address, "soc@example.org"}
        return [address for mail in self.smtp.mails for address in mail.to if address not in asked]

    def lose_next_answer(self) -> None:
        self.smtp.fail("DOT", SmtpFault(is_after=True))

    def lose_next_request(self) -> None:
        self.smtp.fail("DOT", SmtpFault())

    def revoke(self) -> None:
        self.smtp.is_revoked = True

    def failures(self) -> list[tuple[str, Callable[[], None], type[ConnectorError]]]:
        def arm(stage: str, fault: SmtpFault) -> Callable[[], None]:
            return lambda: self.smtp.fail(stage, fault)

        return [
            (f"{stage}: {fault}", arm(stage, fault), expected) for stage, fault, expected in SMTP_FAILURES
        ]


class EmailHtmlWorld(EmailWorld):
    """The same mails, in the eyes of those who see the HTML."""

    def shown(self) -> list[str]:
        return [as_shown(mail.part("text/html")) for mail in self.smtp.mails]

    def links(self) -> list[str]:
        return [link for mail in self.smtp.mails for link in links_in(mail.part("text/html"))]


SMTP_FAILURES: list[tuple[str, SmtpFault, type[ConnectorError]]] = [
    ("CONNECT", SmtpFault("421 4.3.2 too busy"), NotDone),
    ("CONNECT", SmtpFault("554 5.7.1 not from your address"), PermissionDenied),
    ("CONNECT", SmtpFault(), NotDone),
    ("EHLO", SmtpFault(), NotDone),
    ("STARTTLS", SmtpFault("454 4.7.0 TLS not available"), NotDone),
    ("STARTTLS", SmtpFault(), NotDone),
    ("AUTH", SmtpFault("454 4.7.0 Temporary authentication failure"), NotDone),
    ("AUTH", SmtpFault(f"535 5.7.8 no {PASSWORD}"), AuthFailed),
    ("AUTH", SmtpFault("550 5.7.30 Basic authentication is not supported"), AuthFailed),
    ("MAIL", SmtpFault("530 5.7.0 Authentication required"), BadConfig),
    ("MAIL", SmtpFault("550 5.1.8 no such sender"), BadConfig),
    ("MAIL", SmtpFault("552 5.3.4 too big"), Rejected),
    ("RCPT", SmtpFault("451 4.7.1 Greylisted, come back in 300 seconds"), NotDone),
    ("RCPT", SmtpFault("450 4.2.0 try later"), NotDone),
    ("RCPT", SmtpFault("550 no such user"), Unreachable),
    ("RCPT", SmtpFault("554 5.7.1 Relay access denied"), PermissionDenied),
    ("RCPT", SmtpFault(slow_s=1.0), NotDone),
    ("DATA", SmtpFault("452 4.3.1 disk full"), NotDone),
    ("DATA", SmtpFault(), NotDone),
    ("DOT", SmtpFault("451 4.3.0 queue file write error"), Transient),
    ("DOT", SmtpFault("554 5.2.252 SendAsDenied"), PermissionDenied),
    ("DOT", SmtpFault("554 5.6.0 no"), Rejected),
    ("DOT", SmtpFault(), Transient),
    ("DOT", SmtpFault(is_after=True), Transient),
    ("DOT", SmtpFault(slow_s=1.0), Transient),
]


class ConsoleWorld(World):
    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.notifier = ConsoleNotifier(context(), self.stream)

    def shown(self) -> list[str]:
        written = self.stream.getvalue()
        return written.removeprefix("To: ").split("\n\nTo: ") if written else []


class TestFake(HttpNotifierContract):
    kind = None

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()


class TestSmallFake(HttpNotifierContract):
    kind = None

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld(capacity=2)


class TestSlack(HttpNotifierContract):
    kind = "slack"

    @pytest.fixture
    def world(self) -> Iterator[SlackWorld]:
        with SlackServer() as slack:
            yield SlackWorld(slack)


@pytest.fixture(scope="session")
def mail_server_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Pair]:
    """Return the authority's certificate, and a server's."""
    folder = tmp_path_factory.mktemp("mail")
    issuer = authority(folder / "authority")
    return issuer.certificate, issue(issuer, folder / "server", "localhost")


class TestEmail(RemoteNotifierContract):
    kind = "email"
    can_find = False

    @pytest.fixture
    def world(self, mail_server_files: tuple[Path, Pair]) -> Iterator[EmailWorld]:
        with SmtpServer(mail_server_files[1]) as smtp:
            yield EmailWorld(smtp, mail_server_files[0])

    def test_the_same_message_has_the_same_id_whenever_it_is_sent(self, world: EmailWorld) -> None:
        receipts = [
            world.notifier.send(replace(MESSAGE, may_be_repeat=is_repeat)) for is_repeat in (False, True)
        ]
        first, second = (mail.content["Message-ID"] for mail in world.smtp.mails)
        assert first == second
        assert {receipt.reference for receipt in receipts} == {first}


class TestEmailAsHtml(NotifierContract):
    kind = "email"
    can_find = False

    @pytest.fixture
    def world(self, mail_server_files: tuple[Path, Pair]) -> Iterator[EmailHtmlWorld]:
        with SmtpServer(mail_server_files[1]) as smtp:
            yield EmailHtmlWorld(smtp, mail_server_files[0])


class TestConsole(NotifierContract):
    kind = "console"
    can_find = False

    @pytest.fixture
    def world(self) -> ConsoleWorld:
        return ConsoleWorld()
