"""An export's events -> a group's roster. Pure.

A roster is always PARTIAL: who joined before the exporter did, and never wrote anything of it, is in no line. Roles are
UNKNOWN, since WhatsApp tells only the exporter, and only of themselves.
"""

from __future__ import annotations

from datetime import datetime

from connectors.kit.whatsapp_export.events import Export
from connectors.kit.whatsapp_export.names import group_id
from connectors.kit.whatsapp_export.standing import standing
from worker.domain.model import Coverage, Group, GroupFacts, Roster

MESSENGER = "whatsapp"


def roster_of(export: Export, now: datetime) -> Roster:
    """Return the roster of an export as it was at its newest line, but never later than `now`."""
    seen = standing(export.events)
    at = min(export.last_at, now)
    return Roster(
        Group(group_id(export.group_name), export.group_name, MESSENGER),
        tuple(seen.members.values()),
        at,
        Coverage.PARTIAL,
        export.warnings,
        GroupFacts(last_activity_at=at if export.is_dated else None, read_at=now),
        tuple(seen.departed.values()),
        tuple(seen.renumbered),
    )
