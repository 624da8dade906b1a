"""Microsoft Teams through Graph: teams, their private and shared channels, and group chats where that is wanted.

client (one request) -> mapping (pure) -> connector (rosters); acts (removing and promoting)
"""

from connectors.inventory.teams.config import TeamsConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="teams",
    port=Port.INVENTORY,
    config=TeamsConfig,
    build=lazily("connectors.inventory.teams.connector:TeamsInventory"),
    summary="the teams, channels and group chats of Microsoft Teams",
)
