"""Removers: inventories whose source lets a machine remove members, and make them admins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from worker.domain.model import Member
from worker.ports.connectors.inventory import Inventory

Confirm: TypeAlias = Callable[[], None]


def as_decided() -> None:
    """Confirm an act whatever has happened since it was decided on."""


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

    `confirm` is called right before that request, after whatever is asked or waited for until then: meanwhile somebody
    may be back. What it raises is passed on, and the request is not made.
    """

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Take the member out of the group."""

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Make the member an admin of the group."""
