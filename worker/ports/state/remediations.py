"""What machines did for tickets: each act is written down before it is done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from worker.domain.kinds.kind import Deed
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Ticket, TicketKind


class ActState(StrEnum):
    """How far an act is. The first two are not settled: the next roster shows what came of them."""

    BEGUN = "begun"  # written down; it may have been done
    ASKED = "asked"  # the source took the request
    DONE = "done"
    REFUSED = "refused"  # the source said no; people do it
    NOT_DONE = "not_done"  # surely, as the source said, or was never asked: it may be tried again
    OVER = "over"  # a later roster does not show it; it may be tried again, some times


UNSETTLED = (ActState.BEGUN, ActState.ASKED)


@dataclass(frozen=True, slots=True)
class MachineAct:
    """One act for a ticket; `attempt` counts from 1. `said` is what the source said of it."""

    ticket: int
    attempt: int
    rule: str
    deed: Deed
    group: GroupKey
    handle: str
    state: ActState
    begun_at: datetime
    said: str = ""


class Remediations(Protocol):
    """The acts of machines."""

    def put(self, act: MachineAct) -> None:
        """Insert it, or store its new state."""

    def unsettled(self) -> list[MachineAct]:
        """The acts of which nobody knows yet whether they were done, oldest first."""

    def of_ticket(self, number: int) -> list[MachineAct]:
        """The acts for one ticket, in order."""

    def count(self, rule: str, since: datetime) -> int:
        """How many acts a rule allowed since an instant, without those that are not done or over."""

    def waiting(
        self, kinds: Collection[TicketKind], sources: Collection[str], after: int, limit: int
    ) -> list[Ticket]:
        """Open tickets of these kinds and inventories by id, without any that has an act unsettled or refused."""
