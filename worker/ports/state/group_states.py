"""The states of groups as controls see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.controls.state import GroupState, RegisterRow
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Lists:
    """The inventories that people keep, and those of them that are registers of all groups."""

    kept_by_people: frozenset[str] = frozenset()
    registers: frozenset[str] = frozenset()


class NameInUse(NamedTuple):
    """A name that several groups of a messenger have: without case and outer white space."""

    folded: str
    messenger: str


class GroupStates(Protocol):
    """What is known of groups, with their admins, their rows in a register and their tickets."""

    def names_in_use(self, lists: Lists) -> frozenset[NameInUse]:
        """The names that more than one governed group of a messenger has.

        A register's row with the very name and messenger of a group that a messenger shows is that group's own row.
        """

    def groups(
        self, after: GroupKey | None, limit: int, lists: Lists, in_use: frozenset[NameInUse]
    ) -> list[GroupState]:
        """Governed groups by key: not gone, and not shown better by another source."""

    def states(
        self, keys: Collection[GroupKey], lists: Lists, in_use: frozenset[NameInUse] = frozenset()
    ) -> dict[GroupKey, GroupState]:
        """The states of these groups, gone ones too; unknown ones are left out."""

    def admin_addresses(self, group: GroupKey) -> frozenset[str]:
        """See `GroupState`; empty for a group that no source has."""

    def register_at(self, lists: Lists) -> datetime | None:
        """The instant of the newest complete register; None: there is none."""

    def register_rows(self, keys: Collection[GroupKey]) -> dict[GroupKey, RegisterRow]:
        """What registers say in these rows, which are groups of their own."""

    def left_behind(self) -> list[GroupKey]:
        """Groups that are not governed any more and have live tickets of controls."""

    def tickets_of(self, keys: Collection[GroupKey]) -> dict[GroupKey, list[Ticket]]:
        """The tickets of controls in each of these groups, live or over, oldest first; without any: left out."""
