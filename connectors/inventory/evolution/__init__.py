"""Evolution API: a self-hosted gateway to a linked phone, and that phone's WhatsApp groups.

    client (one request) -> mapping (a row is a group, a member, an event) -> connector (the port)

What it shares with other gateways is in `connectors.kit`: `linked_phone` (the port) and `whatsapp` (ids, links).
"""

from connectors.inventory.evolution.config import EVERY, EvolutionConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="evolution",
    port=Port.INVENTORY,
    config=EvolutionConfig,
    build=lazily("connectors.inventory.evolution.connector:EvolutionInventory"),
    summary="the WhatsApp groups of a phone that is linked to Evolution API",
    every=EVERY,
)
