"""Notifiers of a Slack on loopback."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import SecretStr

from connectors.notify.slack.client import SlackClient
from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import NOW, context
from fakes.slack.server import TOKEN, SlackServer


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def notifier(
    slack: SlackServer,
    clock: Clock | None = None,
    *,
    channel: str | None = "#leavers",
    token: str = TOKEN,
    channels: dict[str, str] | None = None,
) -> SlackNotifier:
    """A new process's notifier: it remembers nothing."""
    client = SlackClient(SecretStr(token), slack.url, timeout_s=1)
    return SlackNotifier(client, channel, replace(context(), now=clock or Clock()), channels)
