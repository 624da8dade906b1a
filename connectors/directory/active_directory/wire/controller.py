"""One domain controller as a pass finds it: its database, its USN, and what our account may see."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.directory.active_directory.config import ActiveDirectoryConfig, Mode
from connectors.directory.active_directory.read.deltas import first_cookie
from connectors.directory.active_directory.wire import ldap_controls as lc
from connectors.directory.active_directory.wire.client import Client, Search
from connectors.directory.active_directory.wire.rights import REPLICATE, how_to_replicate, trustee
from connectors.kit import dn as _dn
from connectors.kit.text import quoted
from worker.ports import BadConfig, Incomplete, PermissionDenied, Rejected

_DELETED_OBJECTS = "18E2EA80684F11D2B9AA00C04F79F805"  # its well-known GUID, MS-ADTS 6.1.1.4.2


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller. `usn` is its highestCommittedUSN at the pass's begin; -1 if it has none (no Active Directory)."""

    server: str
    naming_context: str
    invocation: str
    usn: int
    has_dirsync: bool
    says_now: datetime | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The way to read changes, and the reason for it; `cookie` is where the deltas after a full pass begin."""

    mode: Mode
    why: str
    flags: int = 0
    cookie: bytes = b""


def look_at(client: Client, config: ActiveDirectoryConfig) -> Controller:
    """Ask a controller for its identity and state. Raises ConnectorError."""
    root = client.root(
        "defaultNamingContext", "dsServiceName", "highestCommittedUSN", "supportedControl", "currentTime"
    )
    context = root.get("defaultnamingcontext", (config.base,))[0]
    if not _dn.is_at_or_under(config.base, _dn.parts(context)):
        raise BadConfig(
            f"{client.server} is a controller of {context}, and base is {config.base}.",
            remedy="Name the controllers of the domain that base lies in, or correct base.",
        )
    return Controller(
        server=client.url,
        naming_context=context,
        invocation=_invocation(client, root.get("dsservicename", ("",))[0]),
        usn=_usn(client, root.get("highestcommittedusn", ())),
        has_dirsync=lc.DIRSYNC in root.get("supportedcontrol", ()),
        says_now=_instant(root.get("currenttime", ("",))[0]),
    )


def _invocation(client: Client, service_dn: str) -> str:
    """The database's own id, else the controller's name; either is different for another controller."""
    if not service_dn:
        return ""
    search = Search("its own settings", service_dn, attributes=("invocationId",), scope="base")
    answer = client.find(search)
    values = answer.entries[0].values.get("invocationid", []) if answer and answer.entries else []
    return str(uuid.UUID(bytes_le=values[0])) if values and len(values[0]) == 16 else service_dn  # noqa: PLR2004


def _usn(client: Client, said: tuple[str, ...]) -> int:
    if not said:
        return -1
    if not re.fullmatch(r"[0-9]{1,19}", said[0]):
        raise Incomplete(
            f"{client.server} says that its highestCommittedUSN is {quoted(said[0])}.",
            remedy="Nobody's status is changed. If it stays, name the controllers, and no device before them.",
        )
    return int(said[0])


def _instant(text: str) -> datetime | None:
    """The controller's clock; None if it shows none that can be read."""
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def deleted_objects_dn(controller: Controller) -> str:
    """The container's well-known name, which works even if it was renamed."""
    return f"<WKGUID={_DELETED_OBJECTS},{controller.naming_context}>"


def sees_deleted(client: Client, controller: Controller) -> bool:
    """True if the account may read the container of deleted objects; without that, no delta shows a deletion."""
    search = Search(
        "the deleted objects", deleted_objects_dn(controller), attributes=("cn",), scope="base",
        controls=(lc.show_deleted(),),
    )  # fmt: skip
    try:
        answer = client.find(search)
    except (PermissionDenied, Rejected):
        return False
    return answer is not None and any("cn" in entry.values for entry in answer.entries)


# --- which mode -------------------------------------------------------------------------------------------


def choose(client: Client, config: ActiveDirectoryConfig, controller: Controller) -> Choice:
    """The best way that the account may use, or the configured one. Raises ConnectorError."""
    if controller.usn < 0 or config.mode is Mode.FULL:
        why = "no Active Directory, so there are no deltas" if controller.usn < 0 else "as configured"
        return Choice(Mode.FULL, why)
    if config.mode is Mode.USN:
        return Choice(Mode.USN, "as configured")
    if controller.has_dirsync:
        for flags, why in (
            (0, "the account may replicate directory changes"),
            (
                lc.DIRSYNC_OBJECT_SECURITY,
                "with object security, as the account may not replicate directory changes",
            ),
        ):
            try:
                cookie = first_cookie(client, config, controller.naming_context, flags)
            except (PermissionDenied, Rejected):
                continue
            return Choice(Mode.DIRSYNC, why, flags, cookie)
    if config.mode is Mode.DIRSYNC:
        how = how_to_replicate(controller.naming_context, trustee(client.who_am_i()))
        raise PermissionDenied(
            f"{client.server} refuses DirSync to {config.bind.user}.",
            missing=REPLICATE,
            remedy=f"As a domain administrator: {how}; or set mode: auto.",
        )
    return Choice(Mode.USN, "the server refuses DirSync")
