"""What the check of the journal finds in a company, also after somebody wrote into its database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from harness import Harness
from journals import reseal
from worker.app.evidence.check import AuditCheck
from worker.app.evidence.unexplained import Compared, Unexplained
from worker.domain.evidence.actor import Actor, Via, logged_in
from worker.domain.evidence.journal import Entry

Start = Callable[..., Harness]

ROOT, AS_ZOE = (Actor(name, logged_in("root"), Via.COMMAND) for name in ("bob", "zoe"))
SOON = sa.literal(4_102_444_800_000_000)  # microseconds; in the year 2100


def check(company: Harness) -> tuple[list[Unexplained], Compared]:
    compared = Compared()
    return list(AuditCheck(company.store).run(compared)), compared


def problems(company: Harness) -> list[str]:
    return [f"{one.row}: {one.why}" for one in check(company)[0]]


def tamper(company: Harness, *statements: Any) -> list[str]:
    """What is found after these statements went into the database behind our back."""
    assert problems(company) == []
    with company.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    return problems(company)


def behind(company: Harness, statement: Any) -> None:
    with company.engine.begin() as connection:
        connection.execute(statement)


def as_of_an_earlier_release(company: Harness, lacks: Collection[str] = ()) -> None:
    """The journal as a release wrote it that kept of tickets the state alone, or all but what it `lacks`."""

    def before(entry: Entry) -> Entry:
        if entry.kind.startswith("ticket.") and "state" in entry.data:
            kept = entry.data.keys() - lacks if lacks else {"state"}
            return replace(entry, data={name: entry.data[name] for name in kept})
        if lacks:
            return replace(entry, data={name: entry.data[name] for name in entry.data.keys() - lacks})
        if entry.kind == "desk.login_link_made":
            return replace(entry, data={name: entry.data[name] for name in ("for", "roles")})
        return entry

    reseal(company, before)
