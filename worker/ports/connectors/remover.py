"""Removers: inventories whose source lets a machine remove members, and make them admins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from worker.domain.model import Member
from worker.ports.connectors.inventory import Inventory


class Effect(StrEnum):
    """What came of an act."""

    DONE = "done"
    ASKED = "asked"  # the source took the request; whether it did it shows later
    NOT_NEEDED = "not_needed"  # it was so already
    REFUSED = "refused"  # the source said no; `said` is why


@dataclass(frozen=True, slots=True)
class ActOutcome:
    """What a source said of one act. `reference` names a request whose effect shows later."""

    effect: Effect
    said: str = ""
    reference: str = ""


class Remover(Inventory, Protocol):
    """An inventory with `can.can_remove` or `can.can_change_admin`.

    Each method makes one request for one member. Raises NotDone when it surely was not done, Transient when it may
    have been: look at the roster before it is asked again. AuthFailed, PermissionDenied and BadConfig are the source's,
    not the member's.
    """

    def remove(self, group_id: str, member: Member) -> ActOutcome:
        """Take the member out of the group."""

    def make_admin(self, group_id: str, member: Member) -> ActOutcome:
        """Make the member an admin of the group."""
