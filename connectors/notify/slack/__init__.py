"""Slack: messages to people and channels that are kept true, and people who act in them, through a workspace's app.

client (sending), talk (who acts), sockets or signed (what comes in) -> mapping, views (pure) -> connector (the port)
"""

from connectors.notify.slack.config import SlackConfig
from connectors.notify.slack.notes import NOTES
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="slack",
    port=Port.NOTIFY,
    config=SlackConfig,
    build=lazily("connectors.notify.slack.connector:build"),
    summary="Slack: direct messages, channels, buttons",
    notes=NOTES,
)

__all__ = ["SPEC"]
