"""Microsoft Teams: messages to one channel, through a workflow's address."""

from connectors.notify.teams.config import TeamsConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="teams",
    port=Port.NOTIFY,
    config=TeamsConfig,
    build=lazily("connectors.notify.teams.connector:build"),
    summary="One channel of Microsoft Teams",
)

__all__ = ["SPEC"]
