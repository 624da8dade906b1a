"""Slack: the channels that an app sees, and the workspace's user groups where that is wanted.

client (one request) -> mapping (pure) -> connector (rosters); acts (removing)
"""

from connectors.inventory.slack.config import SlackInventoryConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="slack",
    port=Port.INVENTORY,
    config=SlackInventoryConfig,
    build=lazily("connectors.inventory.slack.connector:SlackInventory"),
    summary="the channels and user groups of a Slack workspace",
)
