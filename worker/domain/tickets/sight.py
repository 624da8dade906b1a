"""What the latest roster shows of a ticket's member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.domain.model import Account, Coverage, Role


@dataclass(frozen=True, slots=True)
class Sight:
    """What the latest roster of a ticket's group shows of the ticket's member.

    `taken_at` is what the roster speaks of, `read_at` when it was read. `role` is None when the member is
    not listed. `active_admins` counts known people who have not left. `is_identified`: the question of who
    the member is has its answer. `is_kept_by_people`: it is a list, not what the messenger itself shows.
    `account`: what the directory has of the person whom a ticket is about; the roster is its reading then.
    """

    taken_at: datetime
    read_at: datetime
    coverage: Coverage
    is_fresh: bool
    role: Role | None = None
    active_admins: int = 0
    is_identified: bool = False
    is_kept_by_people: bool = False
    account: Account | None = None
