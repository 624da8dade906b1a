"""What the latest roster shows about a ticket's member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.domain.model import Account, Coverage, Role


@dataclass(frozen=True, slots=True)
class Sight:
    """What the latest roster of a ticket's group shows about the ticket's member.

    The roster is true for `taken_at`, and was read at `read_at`. `role` is None if the member is not listed.
    `active_admins` counts known people who have not left; `admins_leave_at`: when some of them will have.
    `is_identified`: it is settled who the member is.
    `is_kept_by_people`: the roster is a list that people keep, not what the messenger itself shows. `declared_by`: the
    marks of the person who declared it by a link. `account` is set for a ticket about a person: their account; the
    directory's pass then takes the roster's place.
    """

    taken_at: datetime
    read_at: datetime
    coverage: Coverage
    is_fresh: bool
    role: Role | None = None
    active_admins: int = 0
    is_identified: bool = False
    is_kept_by_people: bool = False
    declared_by: frozenset[str] = frozenset()
    account: Account | None = None
    admins_leave_at: tuple[datetime, ...] = ()
