"""What configured inventories are as witnesses: for lists and pages, which ask none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from worker.domain.groups.capabilities import Capabilities
from worker.domain.tickets.ticket import Grade


@dataclass(frozen=True, slots=True)
class Witness:
    """A configured inventory: its connector's kind, and what it can see and do."""

    kind: str
    can: Capabilities

    @property
    def grade(self) -> Grade:
        """The grade that it proves with at best."""
        return Grade.B if self.can.is_kept_by_people else Grade.A

    @property
    def is_register(self) -> bool:
        """Whether people keep all of its groups in it."""
        return self.can.is_kept_by_people and self.can.sees_all_groups


FORMER = Witness("", Capabilities(is_kept_by_people=True))  # of a source that is not configured any more

Witnesses: TypeAlias = Mapping[str, Witness]  # by the inventory's name
