"""The groups of a business number, through Meta's Groups API for WhatsApp.

client (one call = one page) -> mapping (a group's record -> a roster) -> connector (the port); calls (webhooks)
"""

from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="whatsapp_cloud",
    port=Port.INVENTORY,
    config=WhatsappCloudConfig,
    build=lazily("connectors.inventory.whatsapp_cloud.connector:WhatsappCloudInventory"),
    summary="groups that a business number made through Meta's API",
)
