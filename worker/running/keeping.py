"""What connectors are told and no read would show is stored before they acknowledge it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from worker.domain.mirror.outside import TrackerSaid
from worker.domain.model import Renumbered
from worker.ports import Inventory
from worker.ports.connectors.tracker import TellingTracker, Tracker
from worker.ports.state.store import Store


def keep_what_is_told(
    trackers: Iterable[Tracker], inventories: Iterable[Inventory], store: Store, clock: Callable[[], datetime]
) -> None:
    """Let trackers store what people said there, and inventories which numbers changed."""
    for one in trackers:
        if one.can.tells:
            telling: TellingTracker = one  # type: ignore[assignment]  # `can` says so
            telling.keep_by(partial(_said, store, clock, one.name))
    for inventory in inventories:
        inventory.keep_renumbered_by(partial(_renumbered, store, inventory.name))


def _said(store: Store, clock: Callable[[], datetime], name: str, told: TrackerSaid, /) -> None:
    with store.begin() as uow:
        uow.mirrors.keep(name, told, clock())


def _renumbered(store: Store, name: str, changes: Sequence[Renumbered], /) -> None:
    with store.begin() as uow:
        uow.rosters.renumbered(name, changes)
