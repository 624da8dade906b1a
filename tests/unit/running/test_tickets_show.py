"""`whosleft tickets show` and `plans show`, as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders import ticket
from wards_commands import configured, run
from worker.domain.tickets.ticket import Assignee, AssigneeWhy
from worker.running.wiring import load_settings, open_app

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
AT, LATER = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"
OLD = """objectGUID,displayName,mail,mobile,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512
11111111-1111-4111-8111-111111111112,Ann Sample,ann@example.org,+447700900101,514
"""
GROUPS = """Group ID,Group,Member,Phone,Role
w7,Ward 7,Dee Example,+447700900104,admin
w7,Ward 7,Ann Sample,+447700900101,member
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return configured(tmp_path, OLD, GROUPS)


@pytest.mark.parametrize(
    "act, shown",
    [
        (["ack", "T-1", "--for", "2h"], "acknowledged until"),
        (["snooze", "T-1", "--for", "1h"], "snoozed until"),
        (["waive", "T-1", "--until", "2026-12-24", "--reason", "agreed"], "waived until"),
    ],
)
def test_until_when_a_ticket_rests_is_shown(config: Path, act: list[str], shown: str) -> None:
    dee = Assignee("dee@example.org", "Dee", why=AssigneeWhy.ADMIN)
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        uow.tickets.insert([ticket(assignee=dee, opened_at=NOW, clock_from=NOW)])
    assert shown not in run(config, "tickets", "show", "T-1", "--now", AT)
    run(config, "tickets", *act, "--now", AT)
    assert shown in run(config, "tickets", "show", "T-1", "--now", LATER)


GOES_ON = "escalation: {policies: [{name: p, steps: [{after: 50%, to: assignee, until: done}]}]}\n"


@pytest.mark.parametrize(
    "more, snooze, said",
    [
        ("", [], "T-000001: no escalation until 2026-11-24 14:00."),
        (
            GOES_ON,
            [],
            "T-000001: no escalation until 2026-11-24 14:00, but for the steps that go on until it is done.",
        ),
        ("", ["20h"], "T-000001: no escalation until 2026-11-25 06:00, since it is snoozed until then."),
        (GOES_ON, ["20h"], "T-000001: no escalation until 2026-11-25 06:00, since it is snoozed until then."),
        ("", ["1h"], "T-000001: no escalation until 2026-11-24 14:00."),
    ],
)
def test_who_has_a_ticket_is_told_until_when_nothing_is_escalated(
    config: Path, more: str, snooze: list[str], said: str
) -> None:
    with config.open("a") as file:
        file.write(more)
    dee = Assignee("dee@example.org", "Dee", why=AssigneeWhy.ADMIN)
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        uow.tickets.insert([ticket(assignee=dee, opened_at=NOW, clock_from=NOW)])
    for span in snooze:
        run(config, "tickets", "snooze", "T-1", "--for", span, "--now", AT)
    assert said in " ".join(run(config, "tickets", "ack", "T-1", "--for", "4h", "--now", AT).split())


def test_the_plan_has_what_controls_would_open(config: Path) -> None:
    with config.open("a") as file:
        file.write("controls: {mode: ticket, admins: {min: 2}}\n")
    said = run(config, "plan", "--now", AT)
    assert "admins" in said, said
    run(config, "once", "all", "--now", AT)
    assert "too few active admins" in " ".join(run(config, "plans", "show", "P-2", "--now", AT).split())
    run(config, "plans", "release", "P-2", "--by", "kim", "--reason", "begin", "--now", LATER)
    assert "open" in run(config, "plan", "--now", LATER)


def test_a_plan_says_when_it_was_held_and_who_decided_it(config: Path) -> None:
    run(config, "once", "all", "--now", AT)
    assert "was held on 2026-11-24 10:00, and waits." in run(config, "plans", "show", "P-1", "--now", AT)
    run(config, "plans", "release", "P-1", "--by", "kim", "--reason", "all have left", "--now", LATER)
    said = run(config, "plans", "show", "P-1", "--now", LATER)
    assert "was held on 2026-11-24 10:00, and is released now." in said
    assert "released by kim on 2026-11-24 11:00: all have left" in said


def test_the_first_of_two_who_release_a_plan_is_not_told_that_tickets_are_opened(config: Path) -> None:
    with config.open("a") as file:
        file.write("desk: {two_approvers_from: 1}\n")
    run(config, "once", "all", "--now", AT)
    said = run(config, "plans", "release", "P-1", "--by", "kim", "--reason", "left", "--now", LATER)
    assert " ".join(said.split()) == (
        "P-000001 is held. c1: kept. The plan has a size of 1, so two have to release it: "
        "somebody else has to do the same."
    )


def test_releasing_the_plan_of_a_directory_with_another_name_says_which_plan_counts(config: Path) -> None:
    run(config, "once", "all", "--now", AT)
    config.write_text(config.read_text().replace("name: corp", "name: hr"))
    run(config, "once", "all", "--now", AT)
    old, new = (
        " ".join(
            run(config, "plans", "release", plan, "--by", "kim", "--reason", "left", "--now", LATER).split()
        )
        for plan in ("P-1", "P-2")
    )
    assert "no directory corp any more: whoever another one knows gets a ticket by that one's plan" in old
    assert "The next run of the job opens the tickets of what is released." in new
    run(config, "once", "all", "--now", LATER)
    assert "T-000001" in run(config, "tickets", "list", "--now", LATER)
