"""People from Active Directory over LDAP: full passes, and deltas by DirSync or update sequence numbers.

This module holds the declaration only; README.md says what is read, how, and with which rights.
"""

from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.connector import ActiveDirectory
from worker.ports import ConnectorSpec, Port

SPEC = ConnectorSpec(
    kind="active_directory",
    port=Port.DIRECTORY,
    config=ActiveDirectoryConfig,
    build=ActiveDirectory,
    summary="A domain controller, read over LDAPS: changes within seconds, deletions included",
)
