"""Slack: messages to people and to one channel, through a workspace app's bot token."""

from connectors.notify.slack.config import SlackConfig
from connectors.notify.slack.connector import build
from worker.ports import ConnectorSpec, Port

SPEC = ConnectorSpec(
    kind="slack",
    port=Port.NOTIFY,
    config=SlackConfig,
    build=build,
    summary="Slack direct messages and one channel",
)

__all__ = ["SPEC"]
