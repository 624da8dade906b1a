"""One thing that is wrong now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from worker.domain.groups.case import MemberView
from worker.domain.model import Account
from worker.domain.people.leaving import Leaving
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import TicketKey


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `needs_admin` says that acting on it must wait for a new admin.

    `accountable`: the e-mail address of whoever answers for it in place of the accountable person; empty: nobody else.
    `details`: what its ticket keeps of it, beside what the leaving says.
    """

    key: TicketKey
    why: Reason
    view: MemberView | None = None
    leaving: Leaving | None = None
    person: Account | None = None
    needs_admin: bool = False
    accountable: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
