"""Matrix: the rooms of one's own homeserver, through the administrators' API of Synapse.

client (one request) -> mapping, powers (pure) -> connector (rosters; removing and promoting)
"""

from connectors.inventory.matrix.config import MatrixConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="matrix",
    port=Port.INVENTORY,
    config=MatrixConfig,
    build=lazily("connectors.inventory.matrix.connector:MatrixInventory"),
    summary="the rooms of a Matrix homeserver (Synapse)",
)
