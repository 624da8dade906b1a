"""The configured sources, as a page and the API show them: from the stored results, without asking any source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from worker.app.tell.health import Freshness, Judged, judged
from worker.ports.connectors.base import Port
from worker.ports.state.sources import SourceState
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class JudgedSource:
    """One source: what is known about its reads, and what that means. `kind` is its connector's."""

    kind: str
    state: SourceState
    judged: Judged


def judged_sources(
    uow: UnitOfWork,
    configured: Iterable[tuple[str, Port, str]],
    fresh_directories: Freshness,
    fresh_inventories: Freshness,
    now: datetime,
) -> list[JudgedSource]:
    """Every source of `configured` (name, port, kind), in this order."""
    known = {(state.name, state.port): state for state in uow.sources.all()}
    found = []
    for name, port, kind in configured:
        state = known.get((name, port)) or SourceState(name, port)
        fresh = fresh_inventories if port is Port.INVENTORY else fresh_directories
        found.append(JudgedSource(kind, state, judged(state, fresh, now)))
    return found
