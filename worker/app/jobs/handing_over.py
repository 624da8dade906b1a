"""Groups whose admins are so near to their last day that they hand over; once a person allowed these tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from worker.domain.controls.group.hand_over import CONTROL
from worker.domain.groups.case import GroupView
from worker.domain.reconcile.rules import HandOver
from worker.ports.state.store import UnitOfWork


class HandingOver:
    """Finds them. `rule` None: nobody hands over before the last day."""

    def __init__(self, rule: HandOver | None) -> None:
        self._rule = rule
        self._until: datetime | None = None  # last days up to then were looked at

    def mark(self, uow: UnitOfWork, now: datetime, *, full: bool) -> datetime | None:
        """Mark the groups of admins whose last day came near since the last time; with `full`, of all of them.

        Returns until when last days were looked at, for `note_marked` once that is committed; None: nobody looked.
        """
        if self._rule is None or not self._is_allowed(uow):
            return None
        after = now if full or self._until is None else self._until
        until = now + self._rule.lead
        uow.rosters.mark_handing_over_dirty(after, until, now)
        return until

    def note_marked(self, until: datetime | None) -> None:
        """Look from then on the next time. Before the commit it would skip what was rolled back."""
        self._until = until or self._until

    def seen(self, uow: UnitOfWork, views: Sequence[GroupView], now: datetime) -> list[GroupView]:
        """The groups, with the admins who hand over; none where a person rejected the group's ticket."""
        if self._rule is None or not self._is_allowed(uow):
            return list(views)
        until = now + self._rule.lead
        refused = {
            key for control, key in uow.controls.rejected([v.key for v in views]) if control == CONTROL.id
        }
        return [view if view.key in refused else _with_leaving_admins(view, until) for view in views]

    def _is_allowed(self, uow: UnitOfWork) -> bool:
        return CONTROL.id in uow.controls.allowed()


def _with_leaving_admins(view: GroupView, until: datetime) -> GroupView:
    people = [one.person for one in view.members if one.member.role.is_admin and one.person]
    soon = frozenset(one.key for one in people if one.leaves_at is not None and one.leaves_at <= until)
    return replace(view, handing_over=soon) if soon else view
