"""What comes byte by byte, each before a read would be given up, is waited for no longer than what doesn't come."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from pydantic import SecretStr

from connectors.kit.http import new_client
from connectors.notify.email.config import EmailConfig
from connectors.notify.email.connector import EmailNotifier
from connectors.notify.slack.client import SlackClient
from contracts.messages import AMINA, TO_AMINA, context
from fakes.http_receiver import HttpReceiver
from fakes.imap import ImapServer
from fakes.slack.server import TOKEN, SlackServer
from fakes.smtp.server import PASSWORD, USER, SmtpServer
from fakes.tcp_proxy import TcpProxy
from worker.ports import NotDone, Transient

LIMIT_S = 0.4
BYTE_S = 0.02  # a head of a hundred bytes takes two seconds


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def before(stack: ExitStack, port: int) -> TcpProxy:
    return stack.enter_context(TcpProxy("127.0.0.1", port))


@contextmanager
def client() -> Iterator[httpx2.Client]:
    with new_client(LIMIT_S, ssl.create_default_context()) as client:
        yield client


def test_a_head_is(stack: ExitStack) -> None:
    server = stack.enter_context(HttpReceiver())
    wire = before(stack, server.port)
    url = "http://{}:{}/hook".format(*wire.address)
    with client() as asking:
        assert asking.post(url).status_code == 200
        wire.trickle(BYTE_S)
        with pytest.raises(httpx2.ReadTimeout):
            asking.post(url)
        wire.mend()
        assert asking.post(url).status_code == 200


def test_a_head_by_a_proxy_is(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = stack.enter_context(HttpReceiver(path="http://other.invalid/hook"))
    wire = before(stack, proxy.port)
    monkeypatch.setenv("http_proxy", "http://{}:{}".format(*wire.address))
    with client() as asking:
        assert asking.post("http://other.invalid/hook").status_code == 200
        wire.trickle(BYTE_S)
        with pytest.raises(httpx2.ReadTimeout):
            asking.post("http://other.invalid/hook")


def test_each_request_on_a_connection_has_a_time_of_its_own(stack: ExitStack) -> None:
    server = stack.enter_context(HttpReceiver())
    wire = before(stack, server.port)
    wire.delay(LIMIT_S / 2)
    with client() as asking:
        for _ in range(3):
            assert asking.post("http://{}:{}/hook".format(*wire.address)).status_code == 200


def test_slacks_is(stack: ExitStack) -> None:
    slack = stack.enter_context(SlackServer())
    wire = before(stack, int(slack.base.rpartition(":")[2]))
    wire.trickle(BYTE_S)
    web = SlackClient(SecretStr(TOKEN), "http://{}:{}/api/".format(*wire.address), timeout_s=1)
    with pytest.raises(Transient, match="no answer"):
        web.identity()


def mail_over(smtp: tuple[str, int], imap: tuple[str, int] | None = None) -> EmailNotifier:
    auth = {"method": "password", "user": USER, "password": PASSWORD}
    bounces = {"server": imap[0], "port": imap[1], "tls": "none", "auth": auth} if imap else None
    config = {
        "server": smtp[0], "port": smtp[1], "from": "Whosleft <whosleft@example.org>", "tls": "none",
        "auth": {"method": "none"}, "bounces": bounces,
    }  # fmt: skip
    return EmailNotifier(EmailConfig.model_validate(config), context(), timeout_s=LIMIT_S)


def test_a_mail_servers_is(stack: ExitStack) -> None:
    server = stack.enter_context(SmtpServer(None))
    server.known.add(AMINA.address)
    wire = before(stack, server.port)
    wire.trickle(BYTE_S)
    with pytest.raises(NotDone, match="not whole in time"):
        mail_over(wire.address).send(TO_AMINA)
    assert not server.mails


def test_a_mailboxs_is(stack: ExitStack) -> None:
    server = stack.enter_context(ImapServer(None, is_implicit=False))
    wire = before(stack, server.port)
    wire.trickle(BYTE_S)
    with pytest.raises(NotDone, match="not whole in time"):
        list(mail_over(("127.0.0.1", 1), wire.address).returned())
