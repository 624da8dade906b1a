"""Exposed member-hours of a month, and of the months before it, as reports show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from worker.app.reads.controls import PAGE, ControlReads
from worker.app.refused import Refused
from worker.domain.controls.exposed_hours import (
    ExposedHours,
    ExposedMonth,
    Month,
    Stay,
    months_until,
)
from worker.domain.escalation.wall_clock import local_day
from worker.ports.state.store import Store, UnitOfWork

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


class ExposureReads:
    """Adds up for how long people who have left stay in groups. Writes nothing."""

    def __init__(self, store: Store, controls: ControlReads) -> None:
        self._store = store
        self._controls = controls

    def months(self, wanted: str, now: datetime, count: int = 1) -> list[ExposedMonth]:
        """The last `count` months up to a month as YYYY-MM (empty: the present one), the oldest first.

        Without earlier ones of before the records begin, of which nothing is known. Raises Refused for a text that is
        no month, and for a month that has not begun.
        """
        months = self._months(wanted, now, count)
        hours = ExposedHours(months, now)
        policy = self._controls.rules.policy
        with self._store.reading() as uow:
            stays = uow.stays.between(months[0].starts_at, months[-1].ends_at)
            hours.add(self._with_sensitivity(uow, stays, now))
            sizes = uow.stays.department_sizes(hours.departments)
            begins_at = uow.past.begins_at()
        # Of a department that everybody has left, at least the leaver is shown
        small = {name for name in hours.departments if sizes.get(name, 1) < policy.report_min}
        found = [
            ExposedMonth(
                month,
                hours.rows(month, small),
                hours.total(month),
                is_recorded=begins_at is not None and month.ends_at > begins_at,
            )
            for month in months
        ]
        return [*(one for one in found[:-1] if one.rows or one.is_recorded), found[-1]]

    def _months(self, wanted: str, now: datetime, count: int) -> list[Month]:
        timezone = self._controls.rules.timezone
        today = local_day(timezone, now)
        if wanted and not (_MONTH.fullmatch(wanted) and wanted >= "1970"):
            raise Refused(f"'{wanted}' is no month: write it like {today:%Y-%m}.")
        if wanted > f"{today:%Y-%m}":
            raise Refused(f"{wanted} has not begun: the last month is {today:%Y-%m}.")
        day = date.fromisoformat(f"{wanted}-01") if wanted else today
        return months_until(timezone, day, count)

    def _with_sensitivity(self, uow: UnitOfWork, stays: Iterable[Stay], now: datetime) -> Iterator[Stay]:
        """The same stays; what no ticket says of a group is looked up."""
        unsaid: list[Stay] = []
        for stay in stays:
            if stay.is_sensitive is None:
                unsaid.append(stay)
            else:
                yield stay
        for begin in range(0, len(unsaid), PAGE):
            yield from self._looked_up(uow, unsaid[begin : begin + PAGE], now)

    def _looked_up(self, uow: UnitOfWork, page: Sequence[Stay], now: datetime) -> Iterator[Stay]:
        rules = self._controls.rules
        groups = uow.group_states.states({stay.group for stay in page}, rules.lists)
        sensitive = {key for key, group in groups.items() if rules.seen(group, now).is_sensitive}
        return (replace(stay, is_sensitive=stay.group in sensitive) for stay in page)
