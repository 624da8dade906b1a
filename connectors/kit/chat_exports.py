"""Read a chat export in a process of its own: what it says of the group's members, or what its seal keeps of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import BinaryIO

from connectors.kit.child import Apart, Bounds, in_child
from connectors.kit.whatsapp_export.counting import ChatCount
from connectors.kit.whatsapp_export.events import Asked, Event, Export, Kind, Unread
from connectors.kit.whatsapp_export.names import group_in
from connectors.kit.whatsapp_export.standing import standing
from connectors.kit.whatsapp_export.work import GIVEN, LOOKED_INTO
from worker.domain.controls.seals import CountsText, Measured
from worker.domain.groups.exported import ChatExport, ExportFault, UnreadableExport
from worker.ports import ConnectorError

TEXT_MAX = 128 << 20  # bytes: forty thousand messages, the most that is exported, are a tenth of it
EVENTS_MAX = 20_000
# Somebody waits for the page, and a desk's container is small
BOUNDS = Bounds(memory_bytes=256 << 20, cpu_s=40, wait_s=60.0, item_bytes=16 << 20)
_APART = partial(in_child, bounds=BOUNDS)


def read_given(
    file: BinaryIO, name: str, group: str, now: datetime, *, timezone: str, apart: Apart = _APART
) -> ChatExport:
    """Read an export. Raises UnreadableExport.

    `file` has a number of the system's. `name` is the file's, and `group` the name that the group has here, for a phone
    that gave the file another. `timezone` (IANA) is that of its times.
    """
    asked = Asked(
        name if group_in(name) else f"{group}.txt", timezone, now, text_max=TEXT_MAX, events_max=EVENTS_MAX
    )
    try:
        (export,) = apart(GIVEN, file, asked.name, asked)
    except ConnectorError as error:  # its reader died of it
        raise UnreadableExport(ExportFault.NO_EXPORT) from error
    if isinstance(export, Unread):
        raise UnreadableExport(export.fault)
    if not export.is_group:
        raise UnreadableExport(ExportFault.TWO_PEOPLE)
    return _told(export, now)


def new_count(now: datetime, *, timezone: str) -> CountsText:
    """Return a counter for the text of one chat, which comes in pieces. It is linear, holds a line, and has a bound."""
    return ChatCount(now, timezone)


def looked_into(
    file: BinaryIO, measured: Measured, now: datetime, *, timezone: str, apart: Apart = _APART
) -> Measured:
    """Add to what was measured of an archive what is in it. Raises ConnectorError for one beyond the bounds.

    `file` has a number of the system's. Another file than an archive stays as it was measured.
    """
    if not measured.is_archive:
        return measured
    asked = Asked(measured.name, timezone, now, text_max=TEXT_MAX)
    (seen,) = apart(LOOKED_INTO, file, measured.name, asked)
    return measured.looked_into(seen.media, seen.counted)


def _told(export: Export, now: datetime) -> ChatExport:
    seen = standing(export.events)
    return ChatExport(
        export.group_name,
        tuple(seen.members.values()),
        tuple(seen.departed.values()),
        tuple(seen.numbers),
        _is_admin(export.events),
        export.first_at,
        min(export.last_at, now) if export.is_dated else None,
        all(event.is_whole for event in export.events),
    )


def _is_admin(events: Iterable[Event]) -> bool | None:
    told = [event.kind for event in events if event.kind in {Kind.ADMIN, Kind.NO_ADMIN}]
    return told[-1] is Kind.ADMIN if told else None
