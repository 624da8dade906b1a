"""Reviews: campaigns, and the reviews of one."""

from __future__ import annotations

from collections.abc import Iterable

from worker.contract.shape import Instant, Shape
from worker.domain.tickets.ticket import ticket_label
from worker.ports.state.reviews import Campaign, CampaignGroup


class ReviewRowsShape(Shape):
    """Rows of a campaign: those that were shown, by answer, and those without one."""

    shown: int
    kept: int
    removed: int
    unknown: int
    open: int


class CampaignShape(Shape):
    """The reviews of one occasion. `not_reviewed`: groups whose review is not completed.

    `in_bulk`: rows answered together with more than ten others. `seconds_per_row` is the median, as far as it is known.
    """

    occasion: str
    started_at: Instant
    due_at: Instant
    groups: int
    rows: ReviewRowsShape
    not_reviewed: int
    kept_then_left_30d: int
    in_bulk: int
    seconds_per_row: int | None

    @classmethod
    def of(cls, one: Campaign, open_rows: int) -> CampaignShape:
        answered = one.kept + one.removed + one.unsure
        return cls(
            occasion=one.occasion,
            started_at=one.started_at,
            due_at=one.due_at,
            groups=one.groups,
            rows=ReviewRowsShape(
                shown=answered + open_rows,
                kept=one.kept,
                removed=one.removed,
                unknown=one.unsure,
                open=open_rows,
            ),
            not_reviewed=one.not_reviewed,
            kept_then_left_30d=one.kept_then_left,
            in_bulk=one.in_bulk,
            seconds_per_row=one.median_s,
        )


class ReviewShape(Shape):
    """One review of a campaign."""

    ticket: str
    source: str
    group: str
    name: str
    due_at: Instant
    completed_at: Instant | None
    open: int


class CampaignShownShape(CampaignShape):
    """A campaign with its reviews."""

    reviews: list[ReviewShape]

    @classmethod
    def whole(cls, one: Campaign, groups: Iterable[tuple[CampaignGroup, int]]) -> CampaignShownShape:
        """`groups`: each review with the number of rows without an answer."""
        listed = list(groups)
        return cls(
            **dict(CampaignShape.of(one, sum(count for _, count in listed))),
            reviews=[
                ReviewShape(
                    ticket=ticket_label(group.ticket),
                    source=group.group.source,
                    group=group.group.group_id,
                    name=group.name,
                    due_at=group.due_at,
                    completed_at=group.completed_at,
                    open=count,
                )
                for group, count in listed
            ],
        )
