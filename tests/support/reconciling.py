"""Members and tickets for tests of reconciling a group."""

from datetime import datetime
from typing import Any

from builders import (
    HOUR,
    NOW,
    key,
    leaver,
    person,
    rules,
    ticket,
    view,
)
from worker.domain.groups.case import GroupView
from worker.domain.model import Role
from worker.domain.reconcile.engine import reconcile_group
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, TicketKind, TicketState

ANN, BOB, CEM = "+447700900001", "+447700900002", "+447700900003"
ADMIN, CREATOR, MEMBER, UNKNOWN = Role.ADMIN, Role.CREATOR, Role.MEMBER, Role.UNKNOWN
OPEN, BLOCKED, DONE, VERIFIED, CANCELLED, WAIVED = TicketState
REMOVE, REASSIGN = TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN
CREATOR_LEAVES, IDENTIFY, ADD = (
    TicketKind.CREATOR_MUST_LEAVE,
    TicketKind.IDENTIFY_MEMBER,
    TicketKind.ADD_MEMBER,
)
LEAVER, SOLE_ADMIN = view(leaver()), view(leaver(), ANN, ADMIN)
NEW_ADMIN = view(person("bob"), BOB, ADMIN)
BEFORE, AFTER = NOW - HOUR, NOW + HOUR
BOBS = Assignee("bob@corp.example", "Bob", AssigneeWhy.ADMIN, key("bob"))


def plan(seen: GroupView, now: datetime = NOW, **changes: Any) -> list[Action]:
    return list(reconcile_group(seen, rules(**changes), now))


def shown(actions: list[Action]) -> list[tuple[ActionKind, TicketKind, TicketState]]:
    return [(action.kind, action.ticket.kind, action.ticket.state) for action in actions]


WAITING = ticket(state=BLOCKED, member_role=ADMIN, blocked_by=9)
REASSIGNMENT = ticket(REASSIGN, id=9, state=OPEN)
