"""Slack: messages to people and to one channel, through a workspace app's bot token."""

from connectors.notify.slack.config import SlackConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="slack",
    port=Port.NOTIFY,
    config=SlackConfig,
    build=lazily("connectors.notify.slack.connector:build"),
    summary="Slack direct messages and one channel",
)

__all__ = ["SPEC"]
