"""Ask for a read of a source before its time: an HR system's event, a directory's audit hook."""

from __future__ import annotations

from datetime import datetime

from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.ports.state.sources import WHOLE
from worker.ports.state.store import Store


def ask_for_read(store: Store, name: str, by: Actor, now: datetime) -> datetime:
    """Make the next read of a source due; return when that was first asked for. Repeated calls are one read."""
    with store.begin() as uow:
        asked_at = next(
            (one.asked_at for one in uow.sources.wanted() if (one.source, one.group_id) == (name, WHOLE)),
            None,
        )
        if asked_at is None:
            uow.sources.want(name, [WHOLE], now)
            uow.journal.append([acted(by, now, events.SOURCE_READ_ASKED, f"source:{name}")])
    return asked_at or now
