"""The data of one row of a register, before groups are put together: plain values.

`mapping` makes them from a table, `groups` makes rosters of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.inventory.register.meaning.cells import Seen
from worker.domain.model import NOTHING_SAID, RegisterFacts, Role


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell or row that can't be understood. `spoils`: because of it, the group may lack somebody."""

    place: str
    what: str
    remedy: str
    spoils: bool = False


@dataclass(frozen=True, slots=True)
class Showing:
    """A member as seen at one place, with the day of joining as the cell has it."""

    seen: Seen
    place: str
    joined: date | datetime | None = None


@dataclass(slots=True)
class Row:
    """The data of one row, the `at`-th of its table. Empty `group_id` and `group_name` are filled from rows above."""

    table: int
    at: int
    place: str
    group_id: str = ""
    group_name: str = ""
    messenger: str = ""
    owner_email: str | None = None
    link_sha256: str | None = None
    as_of: date | datetime | None = None
    said: RegisterFacts = NOTHING_SAID
    members: list[Showing] = field(default_factory=list)
    named: list[tuple[str, Role, str]] = field(default_factory=list)  # (cell text, role, place)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_group_broken: bool = False

    @property
    def has_group(self) -> bool:
        """True if the row says which group it is about."""
        return bool(self.group_id or self.group_name)
