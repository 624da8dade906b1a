"""GOWA (go-whatsapp-web-multidevice): a self-hosted gateway to a linked phone, and that phone's WhatsApp groups.

    client (one request) -> mapping (a row is a group, a member, an event) -> connector (the port)

What it shares with other gateways is in `connectors.kit`: `linked_phone` (the port) and `whatsapp` (ids, links).
"""

from connectors.inventory.gowa.config import EVERY, GowaConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="gowa",
    port=Port.INVENTORY,
    config=GowaConfig,
    build=lazily("connectors.inventory.gowa.connector:GowaInventory"),
    summary="the WhatsApp groups of a phone that is linked to GOWA",
    every=EVERY,
)
