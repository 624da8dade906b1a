"""review: the reviews of groups, campaign by campaign."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.app.refused import Refused
from worker.cli.common import (
    ConfigOption,
    JsonOption,
    NowOption,
    local_time,
    opened,
    print_facts,
    print_list,
    print_shape,
    print_table,
)
from worker.contract.reviews import CampaignShape, CampaignShownShape

app = typer.Typer(no_args_is_help=True, help="Reviews of groups.")


@app.command("list")
def list_all(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List the campaigns, the newest first."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        shapes = [
            CampaignShape.of(one, sum(count for _, count in worker.reviewing.progress(uow, one.occasion)))
            for one in uow.reviews.campaigns()
        ]
        when = worker.settings
    if json:
        print_list(shapes)
        return
    rows = [
        (
            one.occasion,
            local_time(one.started_at, when),
            local_time(one.due_at, when),
            one.groups,
            one.not_reviewed,
            one.rows.kept,
            one.rows.removed,
            one.rows.unknown,
            one.rows.open,
        )
        for one in shapes
    ]
    headings = ("campaign", "since", "due", "groups", "left", "kept", "removed", "unsure", "open")
    print_table("", headings, rows, "No group was reviewed yet.")


@app.command()
def show(
    occasion: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Such as review:2026Q4.")],
    config: ConfigOption,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Show one campaign with its groups."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        found = next((one for one in uow.reviews.campaigns() if one.occasion == occasion), None)
        if found is None:
            raise Refused(f"There is no campaign {occasion}; `whosleft review list` shows them.")
        shape = CampaignShownShape.whole(found, worker.reviewing.progress(uow, occasion))
        when = worker.settings
    if json:
        print_shape(shape)
        return
    print_facts(
        [
            ("campaign", shape.occasion),
            ("groups", f"{shape.groups}, {shape.not_reviewed} of them not reviewed"),
            ("kept and found to be a leaver within 30 days", shape.kept_then_left_30d),
            ("answered together with more than ten others", shape.in_bulk),
            (
                "seconds a row, the median",
                "not known" if shape.seconds_per_row is None else shape.seconds_per_row,
            ),
        ]
    )
    rows = [
        (one.ticket, one.name, local_time(one.due_at, when), local_time(one.completed_at, when), one.open)
        for one in shape.reviews
    ]
    print_table("", ("ticket", "group", "due", "completed", "open rows"), rows, "")
