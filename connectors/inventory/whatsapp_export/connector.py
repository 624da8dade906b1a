"""Chat exports behind the inventory port: every read opens the files anew.

One export is one group; of two exports of a group, the newer counts. An export that can't be read is set aside, so that
it doesn't hide the others; if none can be read, that is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from connectors.inventory.whatsapp_export.client import list_files, open_export
from connectors.inventory.whatsapp_export.config import WhatsappExportConfig
from connectors.inventory.whatsapp_export.mapping import roster_of
from connectors.kit.child import Apart, apart_for, plain
from connectors.kit.text import named
from connectors.kit.whatsapp_export.events import Asked, Export
from connectors.kit.whatsapp_export.work import WORK
from worker.domain.model import Fact, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Malformed,
    Passive,
    PermissionDenied,
    SnapshotEnd,
    Transient,
)

SHOWN_MAX = 5  # files that `check` says something of
ROSTERED_MAX = 500_000  # members and leavers of all groups together: some 300 MB


@dataclass(slots=True)
class _Found:
    """All exports, as far as they were read."""

    rosters: dict[str, Roster] = field(default_factory=dict)
    unread: list[tuple[str, ConnectorError]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    newest_at: datetime | None = None
    files: int = 0
    events: int = 0


class WhatsappExportInventory(Passive):
    """An inventory of exports in a folder. It shows who came and who went, and never all of a group."""

    can = Capabilities(
        sees_roles=False,
        sees_join_times=True,
        is_kept_by_people=True,
        shows=frozenset({Fact.LAST_ACTIVITY}),
    )

    def __init__(
        self, config: WhatsappExportConfig, context: ConnectorContext, apart: Apart | None = None
    ) -> None:
        self._config = config
        self._context = context
        self._apart = apart or apart_for(context)

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    def changes(
        self, _cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield the rosters in order of their group ids, then the end with the exports that can't be read.

        All exports are read first, since any may be the newest of its group: the rosters are kept, never the chats.
        Raises Transient and PermissionDenied for a folder or a file that can't be opened, and the first export's
        error if none can be read.
        """
        found = self._read()
        if found.unread and len(found.unread) == found.files:
            raise found.unread[0][1]
        total = 0
        for group_id in sorted(found.rosters):
            if groups is None or group_id in groups:
                total += 1
                yield found.rosters[group_id]
        yield SnapshotEnd(
            found.newest_at or self._context.now(),
            total,
            tuple(Malformed(e.message, record_id=name, remedy=e.remedy) for name, e in found.unread),
            is_full=groups is None,
        )

    def check(self) -> CheckResult:
        """Read all exports and count; red for a file that can't be read, and for no file.

        Never raises ConnectorError.
        """
        try:
            found = self._read()
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or _EXPORT)
        counts = {
            "files": found.files,
            "groups": len(found.rosters),
            "members": sum(len(roster.members) for roster in found.rosters.values()),
            "departed": sum(len(roster.departed) for roster in found.rosters.values()),
            "events": found.events,
        }
        details = {"notes": plain("; ".join(found.notes[:SHOWN_MAX]))} if found.notes else {}
        said = ", ".join(f"{number} {noun}" for noun, number in counts.items())
        if found.unread:
            shown = " ".join(error.message for _name, error in found.unread[:SHOWN_MAX])
            message = plain(f"{said}; {len(found.unread)} files can't be read. {shown}")
            remedy = found.unread[0][1].remedy or _EXPORT
            return CheckResult(ok=False, message=message, remedy=remedy, counts=counts, details=details)
        if not found.files:
            message = (
                f"The folder {named(self._config.path)} has no export: nothing that ends with .txt or .zip."
            )
            return CheckResult(ok=False, message=message, remedy=_EXPORT, counts=counts)
        return CheckResult(
            ok=True, message=f"{named(self._config.path)}: {said}", counts=counts, details=details
        )

    def _read(self) -> _Found:
        found = _Found()
        for path in list_files(self._context.base_dir / self._config.path):
            found.files += 1
            try:
                export = self._export(path)
            except (Transient, PermissionDenied):
                raise
            except ConnectorError as error:
                found.unread.append((named(path), error))
            else:
                self._take(found, named(path), export)
        return found

    def _export(self, path: Path) -> Export:
        context = self._context
        asked = Asked(named(path), context.timezone, context.now())
        with open_export(path) as file:
            (export,) = self._apart(WORK, file, asked.name, asked)
        return export

    def _take(self, found: _Found, name: str, export: Export) -> None:
        roster = roster_of(export, self._context.now())
        found.newest_at = max(found.newest_at or roster.taken_at, roster.taken_at)
        found.notes += [f"{name}: {warning}" for warning in export.warnings]
        if not export.is_group:
            found.notes.append(f"{name}: it is a chat of two people, not of a group")
            return
        if not self._context.takes(roster.group.group_id, roster.group.name):
            return
        found.events += len(export.events)
        group_id = roster.group.group_id
        other = found.rosters.get(group_id)
        if other is not None:
            found.notes.append(f"{name}: it is a second export of a group, of which the newer counts")
        if other is None or other.taken_at <= roster.taken_at:
            found.rosters[group_id] = roster


_EXPORT = "In WhatsApp: the group's name, Export chat, Without media. Put the file there."
