"""Invariant 12, that a machine acts only where it may: checks before it does something to a member."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sim.control_checks import ControlChecks
from sim.seeing import Seeing
from worker.domain.kinds import kind_of
from worker.domain.model import GroupKey, Role
from worker.domain.tickets.ticket import TicketState


class MachineChecks:
    """`is_held`: whether a plan is held now. `fail` is told the invariant's number and what is wrong."""

    def __init__(
        self,
        world: Seeing,
        controls: ControlChecks,
        is_held: Callable[[], bool],
        now: Callable[[], datetime],
        fail: Callable[[int, str], None],
    ) -> None:
        self._world = world
        self._controls = controls
        self._is_held = is_held
        self._now = now
        self._fail = fail
        self._acted: dict[tuple[GroupKey, str], datetime] = {}

    def acts(self, deed: str, key: GroupKey, handle: str) -> None:
        """To be called before a machine does something to a member."""
        tickets = [one for one in self._world.log.tickets.values() if one.group == key and one.is_live]
        asked = [one for one in tickets if (kind_of(one).deed or "") == deed]
        if not any(one.state is TicketState.OPEN and one.handle in {"", handle} for one in asked):
            self._fail(12, f"{deed} of {handle} in {key.group_id} without an open ticket that asks for it")
        if self._is_held():
            self._fail(12, f"{deed} in {key.group_id} while a plan is held")
        if deed == "remove":
            self._controls.removes(handle, [one for one in asked if one.handle == handle])
        acted_at = self._acted.get((key, handle))
        read_at = self._world.inventories[key.source].read_at
        if acted_at is not None and (read_at is None or read_at <= acted_at):
            self._fail(12, f"{deed} of {handle} in {key.group_id} again, and nobody had looked")
        self._acted[key, handle] = self._now()
        self._leaves_one(deed, key, handle)

    def _leaves_one(self, deed: str, key: GroupKey, handle: str) -> None:
        roster = self._world.inventories[key.source].believed.get(key)
        known = {member.handle: member for member in roster.members} if roster else {}
        if deed != "remove" or handle not in known or not known[handle].role.is_admin:
            return
        if known[handle].role is Role.CREATOR:
            self._fail(12, f"a machine removes the creator of {key.group_id}")
        if sum(member.role.is_admin for member in known.values()) == 1:
            self._fail(12, f"a machine removes the last admin of {key.group_id}")
