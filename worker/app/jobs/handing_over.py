"""Groups whose admins are so near to their last day that they hand over; once a person allowed these tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from worker.domain.controls.group.hand_over import CONTROL
from worker.domain.controls.switch import Where
from worker.domain.groups.case import GroupView
from worker.domain.reconcile.rules import HandOver
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import UnitOfWork


class HandingOver:
    """Finds groups whose admins are near to their last day. Without a `rule`, nobody hands over before that day."""

    def __init__(self, rule: HandOver | None) -> None:
        self._rule = rule
        self._until: datetime | None = None  # last days up to then were looked at

    def mark(self, uow: UnitOfWork, now: datetime, *, full: bool) -> datetime | None:
        """Mark the groups of admins whose last day came near since the last time; with `full`, of all of them.

        Returns the instant up to which last days were looked at; None if nobody looked. Give it to `note_marked` once
        the transaction is committed.
        """
        if self._rule is None or not self._is_allowed(uow):
            return None
        after = now if full or self._until is None else self._until
        until = now + self._rule.lead
        uow.rosters.mark_handing_over_dirty(after, until, now)
        return until

    def note_marked(self, until: datetime | None) -> None:
        """Have the next `mark` begin at this instant. Call it after the commit: a rollback takes the marks back."""
        self._until = until or self._until

    def seen(self, uow: UnitOfWork, views: Sequence[GroupView], now: datetime) -> list[GroupView]:
        """Return the groups with the admins who hand over.

        With none where the rule is not for the group, or a person rejected its ticket.
        """
        if self._rule is None or not self._is_allowed(uow):
            return list(views)
        until = now + self._rule.lead
        refused = {
            key for control, key in uow.controls.rejected([v.key for v in views]) if control == CONTROL.id
        }
        where = self._rule.where
        asked = {view.key for view in views if is_in(view, where, is_sensitive=view.is_sensitive)} - refused
        return [_with_leaving_admins(view, until) if view.key in asked else view for view in views]

    def _is_allowed(self, uow: UnitOfWork) -> bool:
        return CONTROL.id in uow.controls.allowed()


def is_in(group: GroupView | GroupRow, where: Where, *, is_sensitive: bool) -> bool:
    """Whether a group is one of those that a rule is for."""
    department = (group.registered.owner_department if group.registered else None) or ""
    return where.fits(group.key, group.name, department, group.messenger, is_sensitive=is_sensitive)


def _with_leaving_admins(view: GroupView, until: datetime) -> GroupView:
    people = [one.person for one in view.members if one.member.role.is_admin and one.person]
    soon = frozenset(one.key for one in people if one.leaves_at is not None and one.leaves_at <= until)
    return replace(view, handing_over=soon) if soon else view
