"""Rights that the account may lack, and the commands that grant them.

dsacls: Microsoft's "Dsacls" reference; the right to replicate is the control access right DS-Replication-Get-
Changes (MS-ADTS 5.1.3.2.1). README.md says which right is good for what.
"""

from __future__ import annotations

from collections.abc import Iterable

DELETED_OBJECTS = "List Contents and Read on the container of deleted objects"
REPLICATE = "Replicating Directory Changes"


def trustee(account: str) -> str:
    r"""Our name as dsacls takes it, from the server's (u:CORP\svc): no DN, as bind.user may be."""
    return account.removeprefix("u:") if account.startswith("u:") else r"DOMAIN\account"


def how_to_see_deleted(naming_context: str, user: str) -> str:
    """The commands for an administrator of the domain that make deletions visible."""
    container = f'"CN=Deleted Objects,{naming_context}"'
    return (
        "Without it a deletion is never seen. As a domain administrator: "
        f'dsacls {container} /takeownership and then dsacls {container} /G "{user}:LCRP"'
    )


def how_to_read(attribute: str, places: Iterable[str], user: str) -> str:
    """The commands that let the account read an attribute of users below these DNs."""
    commands = (f'dsacls "{place}" /I:S /G "{user}:RP;{attribute};user"' for place in places)
    return f"As a domain administrator: {' and then '.join(commands)} (a denial goes before it: lift that first)."


def how_to_replicate(naming_context: str, user: str) -> str:
    """The command that grants DirSync for all objects, despite their own permissions; not needed for people."""
    return f'dsacls "{naming_context}" /G "{user}:CA;{REPLICATE}"'
