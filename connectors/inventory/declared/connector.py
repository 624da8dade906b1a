"""Declared rosters behind the inventory port: there is nothing to read, so a read says nothing of any group."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from connectors.inventory.declared.config import DeclaredConfig
from worker.domain.model import Roster
from worker.ports import Capabilities, CheckResult, ConnectorContext, Passive, SnapshotEnd


class DeclaredInventory(Passive):
    """An inventory that the desk writes: each roster is what an admin of the group declared."""

    can = Capabilities(is_kept_by_people=True, is_declared=True)

    def __init__(self, config: DeclaredConfig, context: ConnectorContext) -> None:
        self._config = config
        self._context = context

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    def changes(
        self, _cursor: str | None, _groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield an end alone: it is not full, so it says nothing of the groups that were declared."""
        yield SnapshotEnd(self._context.now(), 0, is_full=False)

    def check(self) -> CheckResult:
        """Be green: there is nothing to reach."""
        return CheckResult(ok=True, message="rosters come by links: whosleft groups link GROUP")
