"""A Slack on loopback, with the people who act in the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import AMINA, MESSAGE
from fakes.slack.server import SlackServer
from slack_calls import TICKET, Caller, Desk, built
from slack_notifiers import Clock
from worker.ports import Noted

Fixture = Callable[..., SlackServer]


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a machine without a proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace(no_proxy: None) -> Iterator[SlackServer]:
    """A workspace with Amina, who is a member, Sam, who is an operator, and people who may do nothing."""
    with SlackServer() as slack:
        slack.add_person("amina.yusuf@example.org", "U0AMINA01", real_name="Amina Yusuf")
        slack.add_person("sam@example.org", "U0SAM0001", real_name="Sam Roe")
        slack.add_person("guest@example.org", "U0GUEST01", is_restricted=True)
        slack.add_person("visitor@example.org", "U0GUEST02", is_ultra_restricted=True)
        slack.add_person("bot@example.org", "U0BOT0001", is_bot=True)
        slack.add_person("gone@example.org", "U0GONE001", deleted=True)
        slack.add_person("nomail@example.org", "U0NOMAIL1", profile={})
        slack.strangers["U0OTHER01"] = {
            "id": "U0OTHER01", "team_id": "T0OTHER", "is_stranger": True, "profile": {"email": "sam@example.org"},
        }  # fmt: skip
        slack.strangers["U0OTHER02"] = {
            "id": "U0OTHER02", "team_id": "T0OTHER", "profile": {"email": "sam@example.org"},
        }  # fmt: skip
        yield slack


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.add_person(AMINA.address, "U0AMINA01")
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notes() -> list[Noted]:
    return []


@pytest.fixture
def soc(workspace: SlackServer, notes: list[Noted]) -> SlackNotifier:
    return built(workspace, notes)


@pytest.fixture
def desk(soc: SlackNotifier) -> Iterator[Desk]:
    desk = Desk()
    with soc.listen(desk.keep):
        yield desk


@pytest.fixture
def caller(soc: SlackNotifier, desk: Desk) -> Caller:
    return Caller(soc)


@pytest.fixture
def posted(workspace: SlackServer, soc: SlackNotifier) -> Any:
    soc.send(replace(MESSAGE, paragraphs=(TICKET,)))
    return workspace.posts[0]
