"""WAHA: a self-hosted gateway to a linked phone, and that phone's WhatsApp groups.

    client (one request, one page) -> mapping (a row is a group, a member, an event) -> connector (the port)

What it shares with other gateways is in `connectors.kit`: `linked_phone` (the port) and `whatsapp` (ids, links).
"""

from connectors.inventory.waha.config import EVERY, WahaConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="waha",
    port=Port.INVENTORY,
    config=WahaConfig,
    build=lazily("connectors.inventory.waha.connector:WahaInventory"),
    summary="the WhatsApp groups of a phone that is linked to WAHA",
    every=EVERY,
)
