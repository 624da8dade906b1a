"""People from Entra ID through Microsoft Graph: delta rounds, a nightly list, and notifications if wanted.

This module holds the declaration only; README.md says what is read, how, and with which permissions.
"""

from connectors.directory.entra.config import EntraConfig
from connectors.kit.graph.notes import NOTES
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="entra",
    port=Port.DIRECTORY,
    config=EntraConfig,
    build=lazily("connectors.directory.entra.connector:EntraDirectory"),
    summary="An Entra ID tenant, read through Microsoft Graph",
    notes=NOTES,
)
