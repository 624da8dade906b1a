"""People from Active Directory over LDAP: full passes, and deltas by DirSync or update sequence numbers.

This module holds the declaration only; README.md says what is read, how, and with which rights.
"""

from connectors.directory.active_directory.config import ActiveDirectoryConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="active_directory",
    port=Port.DIRECTORY,
    config=ActiveDirectoryConfig,
    build=lazily("connectors.directory.active_directory.connector:ActiveDirectory"),
    summary="A domain controller, read over LDAPS: changes within seconds, deletions included",
)
