"""Chat exports of WhatsApp as an inventory: who is known to have joined a group, and who to have gone from it.

client (files) -> connectors.kit.whatsapp_export (an `Export`, in a child process) -> mapping (a roster)
"""

from connectors.inventory.whatsapp_export.config import WhatsappExportConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="whatsapp_export",
    port=Port.INVENTORY,
    config=WhatsappExportConfig,
    build=lazily("connectors.inventory.whatsapp_export.connector:WhatsappExportInventory"),
    summary="chats that members exported from WhatsApp",
)
