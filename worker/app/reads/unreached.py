"""Group admins whom no message reaches: others have to pass on what they are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from worker.app.tell.addressing import known_person
from worker.domain.messages.message import Recipient
from worker.domain.model import Account
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class Unreached:
    """How many admins there are, and those among them who are not reached, by name."""

    admins: int
    people: tuple[Account, ...]

    @property
    def said(self) -> str:
        """`14 of 212 group admins`; empty if everybody is reached."""
        return f"{len(self.people)} of {self.admins} group admins" if self.people else ""


def unreached(uow: UnitOfWork, is_reached: Callable[[Recipient], object]) -> Unreached:
    """The admins without an address by which they are reached. Reads all admins, in one query."""
    admins = uow.overview.admins()
    missed = (one for one in admins if not any(is_reached(to) for to in known_person(one)))
    return Unreached(len(admins), tuple(missed))
