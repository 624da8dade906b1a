"""Messages and events arrive on real servers: ntfy through Apprise, Alertmanager by the recipe."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import channels
from channels import PASSWORD, USER, Alertmanager, Ntfy, running_alertmanager, running_ntfy, wait_for
from connectors.notify.apprise.config import AppriseConfig
from connectors.notify.apprise.connector import AppriseNotifier
from connectors.notify.webhook.config import WebhookConfig
from connectors.notify.webhook.connector import WebhookNotifier
from contracts.messages import EVENT, MESSAGE, TO_A_FEED, context
from fakes.http_receiver import HttpReceiver
from throwaway import missing
from worker.domain.messages.event import event_paragraph
from worker.domain.messages.message import Message
from worker.ops.clock import system_now
from worker.ports import AuthFailed, Transient

DOCS = Path(__file__).parents[2] / "docs"
SECRET = f"whsec_{base64.b64encode(b'r' * 32).decode()}"


@pytest.fixture(scope="module")
def ntfy_server() -> Iterator[Ntfy]:
    try:
        with running_ntfy() as server:
            yield server
    except channels.Absent as absent:
        missing(absent)


@pytest.fixture
def collector() -> Iterator[HttpReceiver]:
    with HttpReceiver() as one:
        yield one


@pytest.fixture
def alertmanager_server(collector: HttpReceiver) -> Iterator[Alertmanager]:
    try:
        with running_alertmanager(collector.url) as server:
            yield server
    except channels.Absent as absent:
        missing(absent)


def push(server: Ntfy, topic: str, password: str = PASSWORD) -> AppriseNotifier:
    url = f"ntfy://{USER}:{password}@127.0.0.1:{server.port}/{topic}"
    config = AppriseConfig.model_validate({"url": url, "schemas": ["ntfy"], "reaches": "channel"})
    return AppriseNotifier(config, context("push"))


def test_a_message_arrives_on_ntfy_as_it_was_written(ntfy_server: Ntfy) -> None:
    arabic = replace(MESSAGE, title="إزالة أمينة من Ward 7")
    one = push(ntfy_server, "wards")
    assert one.check().ok
    one.send(arabic)
    [shown] = [line for line in ntfy_server.shown("wards") if line["event"] == "message"]
    assert shown["title"] == arabic.title
    for part in (
        "T-000123 is overdue",
        "Group: Ward 7 nights",
        "1. Open the group.",
        MESSAGE.paragraphs[0].link,
    ):
        assert str(part) in shown["message"]


def test_ntfy_refuses_a_wrong_password(ntfy_server: Ntfy) -> None:
    with pytest.raises(AuthFailed) as raised:
        push(ntfy_server, "secret", "wrong-password").send(MESSAGE)
    assert "wrong-password" not in str(raised.value)


@contextmanager
def relay(server: Alertmanager) -> Iterator[str]:
    """The recipe's relay, run as it says."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {**os.environ, "WHSEC": SECRET, "ALERTMANAGER": server.url}
    command = (sys.executable, str(DOCS / "recipes" / "alertmanager_relay.py"), f"127.0.0.1:{port}")
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _listens(port))
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def happened(kind: str, state: str = "open", seq: int = 17) -> Message:
    event = replace(
        EVENT, seq=seq, kind=kind, at=system_now(), data={"kind": "remove_member", "state": state}
    )
    return replace(TO_A_FEED, key=kind, paragraphs=(event_paragraph(event),))


def follower(url: str, secret: str = SECRET) -> WebhookNotifier:
    config = WebhookConfig.model_validate({"url": url, "secrets": [secret]})
    return WebhookNotifier(config, replace(context("alerts"), now=system_now))


def statuses(collector: HttpReceiver) -> list[str]:
    return [json.loads(taken.body)["status"] for taken in collector.taken]


def test_an_escalated_ticket_fires_in_alertmanager_and_is_resolved_when_it_is_done(
    alertmanager_server: Alertmanager, collector: HttpReceiver
) -> None:
    with relay(alertmanager_server) as url:
        one = follower(url)
        one.send(happened("ticket.opened"))
        assert alertmanager_server.alerts() == []
        one.send(happened("ticket.escalated"))
        [alert] = alertmanager_server.alerts()
        assert alert["labels"] == {
            "alertname": "WhosleftTicketOverdue", "ticket": "T-000123", "kind": "remove_member",
        }  # fmt: skip
        assert alert["annotations"] == {"summary": "T-000123 (remove_member) is escalated"}
        assert alert["generatorURL"] == EVENT.link
        wait_for(lambda: "firing" in statuses(collector))

        one.send(happened("ticket.done", "done"))
        wait_for(lambda: "resolved" in statuses(collector))
        one.send(happened("ticket.undone"))
        assert len(alertmanager_server.alerts()) == 1
        one.send(happened("ticket.blocked", "blocked"))
        wait_for(lambda: alertmanager_server.alerts() == [])
        one.send(happened("ticket.escalated", seq=16))
        assert alertmanager_server.alerts() == [], "it comes late, and the ticket is blocked since"
        one.close()


def test_the_relay_takes_nothing_from_strangers_and_says_when_alertmanager_is_down(
    alertmanager_server: Alertmanager,
) -> None:
    nobody = replace(alertmanager_server, port=9)
    with relay(nobody) as url:
        stranger = follower(url, f"whsec_{base64.b64encode(b's' * 32).decode()}")
        with pytest.raises(AuthFailed):
            stranger.send(happened("ticket.escalated"))
        stranger.close()
        one = follower(url)
        with pytest.raises(Transient):
            one.send(happened("ticket.escalated"))
        one.close()


RECIPES = dict(re.findall(r"`([A-Z]+_URL)` is `([^`]+)`", (DOCS / "recipes.md").read_text(encoding="utf-8")))
FILLED = {
    "INTEGRATION_KEY": "0" * 32, "API_KEY": "a1b2c3d4-0000-4000-8000-000000000000", "USER": "u", "PASSWORD": "p",
}  # fmt: skip


@pytest.mark.parametrize("name, url", RECIPES.items(), ids=list(RECIPES))
def test_the_url_of_each_recipe_is_one_that_apprise_can_use(name: str, url: str) -> None:
    for word, value in FILLED.items():
        url = url.replace(word, value)
    schema = url.partition(":")[0]
    config = AppriseConfig.model_validate({"url": url, "schemas": [schema], "reaches": "channel"})
    result = AppriseNotifier(config, context("pager")).check()
    assert (name, result.ok) == (name, True), result.message


def test_there_are_recipes() -> None:
    assert set(RECIPES) == {"PAGERDUTY_URL", "JSM_URL", "NTFY_URL"}
