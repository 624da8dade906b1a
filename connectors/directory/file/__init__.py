"""People from an export file: Active Directory CSV, ldifde LDIF, or the Entra "Download users" CSV.

This module holds the declaration only; README.md says what is read and how.
"""

from connectors.directory.file.config import FileConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="file",
    port=Port.DIRECTORY,
    config=FileConfig,
    build=lazily("connectors.directory.file.connector:FileDirectory"),
    summary="An export file, or a folder of dated ones: Active Directory CSV, LDIF, Entra CSV",
)
