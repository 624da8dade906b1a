"""The rights that an account may lack, and the commands that grant them.

dsacls: Microsoft's "Dsacls" reference; the right to replicate is the control access right DS-Replication-Get-
Changes (MS-ADTS 5.1.3.2.1). README.md says which right is good for what.
"""

from __future__ import annotations

DELETED_OBJECTS = "List Contents and Read on the container of deleted objects"
REPLICATE = "Replicating Directory Changes"


def how_to_see_deleted(naming_context: str, user: str) -> str:
    """What an administrator of the domain has to run so that deletions are seen."""
    container = f'"CN=Deleted Objects,{naming_context}"'
    return (
        "Without it a deletion is never seen. As a domain administrator: "
        f'dsacls {container} /takeownership and then dsacls {container} /G "{user}:LCRP"'
    )


def how_to_replicate(naming_context: str, user: str) -> str:
    """What grants DirSync over everything, whatever single objects say; not needed for people."""
    return f'dsacls "{naming_context}" /G "{user}:CA;{REPLICATE}"'
