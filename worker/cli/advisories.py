"""advisories: vulnerabilities of the messengers in use."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    actor,
    clock_at,
    local_time,
    need_reason,
    opened,
    out,
    print_list,
    print_table,
)
from worker.contract.advisories import AdvisoryShape
from worker.domain.watch.advisories import Advisory, urgency
from worker.domain.watch.products import title_of

app = typer.Typer(no_args_is_help=True, help="Look at vulnerabilities of messengers, and dismiss them.")
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Its id: CVE-2026-12345.")]


@app.command("list")
def list_(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List them, the most urgent first; closed ones, too."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        found = sorted(uow.advisories.all().values(), key=urgency)
        when = worker.settings
    if json:
        print_list([AdvisoryShape.of(one) for one in found])
        return
    rows = [
        (one.key.id, title_of(one.key.messenger), _how_bad(one), _versions(one), one.status.value,
         local_time(one.seen_at, when))
        for one in found
    ]  # fmt: skip
    headings = ("advisory", "messenger", "how bad", "versions", "status", "seen")
    print_table("", headings, rows, "No advisory is known.")
    for notice in sorted({notice for one in found for notice in one.notices}):
        out.print(Text(notice))


@app.command()
def dismiss(
    id_: IdArgument,
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Close one for good: it does not concern us, or everybody has updated."""
    at = clock_at(now)
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        gone = worker.advisories.dismiss(id_, who, need_reason(reason), at)
    messengers = ", ".join(title_of(one.key.messenger) for one in gone)
    out.print(
        Text(
            f"{gone[0].key.id} is closed for {messengers}: it is told no more, whatever becomes known of it."
        )
    )


def _how_bad(one: Advisory) -> str:
    score = "" if one.cvss is None else f"{one.cvss:.1f}"
    return " ".join(filter(None, (score, "exploited" if one.is_exploited else "", *one.tags)))


def _versions(one: Advisory) -> str:
    return ", ".join(f"{platform} {fix.short}" for platform, fix in one.platforms.items())
