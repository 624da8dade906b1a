"""Exposed member-hours, and which groups are ready to move."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from worker.contract.shape import Instant, Shape
from worker.domain.controls.exposed_hours import ExposedMonth, ExposureRow, hours
from worker.domain.controls.readiness import Readiness
from worker.domain.controls.state import GroupState


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


class MovingGroupShape(Shape):
    """A group that may move."""

    source: str
    id: str
    name: str
    messenger: str

    @classmethod
    def of(cls, group: GroupState) -> MovingGroupShape:
        return cls(source=group.key.source, id=group.key.group_id, name=group.name, messenger=group.messenger)


class ReadinessShape(Shape):
    """Whether one group can move. `verdict`: ready, needs accounts (n), has externals (n) or keep (why).

    `with_account` is the share of its members, without externals and leavers, of whom an account on the target is
    known; null if the members are not known. `class` is empty if unknown, `goal` if nothing says where it is to go.
    `creator_gone`: whether its creator has left; null if that is not shown. `bots`: members who look like bots or
    bridges. `without_channel`: people in it of whom no directory has an address.
    """

    group: MovingGroupShape
    verdict: str
    with_account: float | None
    externals: int
    last_activity_at: Instant | None
    data_class: str = Field(serialization_alias="class")
    reasons: list[str]
    members: int
    sensitive: bool
    admins: int
    open_tickets: int
    goal: str
    creator_gone: bool | None
    bots: int
    without_channel: int

    @classmethod
    def of(cls, one: Readiness) -> ReadinessShape:
        group = one.group
        return cls(
            group=MovingGroupShape.of(group),
            verdict=one.said,
            with_account=one.share,
            externals=one.counts.externals,
            last_activity_at=group.facts.last_activity_at,
            data_class=one.data_class,
            reasons=list(one.reasons),
            members=group.size,
            sensitive=group.is_sensitive,
            admins=sum(admin.is_active for admin in group.admins),
            open_tickets=one.counts.open_tickets,
            goal=one.goal,
            creator_gone=one.counts.has_creator_left,
            bots=one.counts.bots,
            without_channel=one.counts.without_channel,
        )


class ReadinessReportShape(Shape):
    """All groups that are not on the target, a messenger's key."""

    target: str
    groups: list[ReadinessShape]

    @classmethod
    def of(cls, target: str, found: Iterable[Readiness]) -> ReadinessReportShape:
        return cls(target=target, groups=[ReadinessShape.of(one) for one in found])
