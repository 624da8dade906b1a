"""Exposed member-hours, and which groups are ready to move."""

from __future__ import annotations

from worker.contract.shape import Shape
from worker.domain.controls.exposed_hours import ExposedMonth, ExposureRow, hours


class ExposureRowShape(Shape):
    """One department, messenger and sensitivity. `department`: "" if unknown, null for small ones together.

    `open`: stays that went on at the end of the month, or go on. `claimed_hours`, which end by somebody's word, are no
    part of `member_hours`. `median_h` and `p90_h` are of what was verified in the month, null if nothing was.
    `from_first_sight`: stays that count from the first sight, as the directory gives no date.
    """

    department: str | None
    messenger: str
    sensitive: bool
    member_hours: float
    claimed_hours: float
    open: int
    median_h: float | None
    p90_h: float | None
    from_first_sight: int

    @classmethod
    def of(cls, row: ExposureRow) -> ExposureRowShape:
        return cls(
            department=row.department,
            messenger=row.messenger,
            sensitive=row.is_sensitive,
            member_hours=hours(row.exposed),
            claimed_hours=hours(row.claimed),
            open=row.still_open,
            median_h=None if row.median is None else hours(row.median),
            p90_h=None if row.p90 is None else hours(row.p90),
            from_first_sight=row.first_sight,
        )


class ExposureReportShape(Shape):
    """The exposed member-hours of one month, YYYY-MM of the organisation's calendar."""

    month: str
    rows: list[ExposureRowShape]

    @classmethod
    def of(cls, one: ExposedMonth) -> ExposureReportShape:
        return cls(month=one.month.name, rows=[ExposureRowShape.of(row) for row in one.rows])
