"""Declared rosters: groups whose admins say on the desk, by a link, who is in them. Nothing is read.

The desk writes what they say (`worker.app.acts.declared`); this is the source that it belongs to.
"""

from connectors.inventory.declared.config import DeclaredConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="declared",
    port=Port.INVENTORY,
    config=DeclaredConfig,
    build=lazily("connectors.inventory.declared.connector:DeclaredInventory"),
    summary="rosters that admins of groups declare by a link",
    fresh_for=lambda config: config.confirm_every,
    confirm_every=lambda config: config.confirm_every,
)
