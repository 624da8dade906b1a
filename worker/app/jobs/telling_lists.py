"""Write into the lists that people keep on which day their rows were verified, where that is on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from worker.ports import ConnectorError, InUse, Inventory
from worker.ports.connectors.kept_list import KeptList, ProvenRow
from worker.ports.state.kept_lists import ProvenIn
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store


class TellLists:
    """Gives each list the days of what was verified since it was last told. A list that fails is told the next time."""

    def __init__(self, store: Store, inventories: Sequence[Inventory], timezone: str) -> None:
        self._store = store
        self._lists = [cast("KeptList", one) for one in inventories if one.can.takes_days]
        self._zone = ZoneInfo(timezone)

    def run(self, now: datetime, lease: Lease | None, counts: dict[str, int]) -> list[str]:
        """Tell the lists; return their troubles. `now` is aware UTC.

        A list that somebody has open or has just changed is no trouble, and is told when it is closed.
        """
        troubles = []
        for one in self._lists:
            with self._store.reading() as uow:
                proven = uow.kept_lists.proven(one.name, now)
            if not proven:
                continue
            try:
                rows = one.write_back([self._row(each) for each in proven])
            except InUse:
                counts["lists_waiting"] = counts.get("lists_waiting", 0) + 1
            except ConnectorError as error:
                troubles.append(f"{one.name}: {error}")
            else:
                counts["days_written"] = counts.get("days_written", 0) + rows
                with self._store.begin(lease) as uow:
                    uow.kept_lists.told(one.name, now)
        return troubles

    def _row(self, proven: ProvenIn) -> ProvenRow:
        return ProvenRow(proven.group_id, proven.handles, proven.at.astimezone(self._zone).date())
