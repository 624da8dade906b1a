"""Controls in numbers: a first run of thousands, a day's share, what only reports, and what the report says."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from builders import rules
from harness import ACCOUNTABLE, Harness
from worker.app.evidence.controls_report import controls_page, controls_table
from worker.contract.controls import controls_shape
from worker.domain.controls import CATALOGUE
from worker.domain.controls.policy import ControlPolicy, DescriptionRule, NameRule, ProfileRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Group, GroupFacts
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports.state.controls import ControlReport

ASKS = ControlSwitch(Mode.TICKET)
RULES = DescriptionRule({"en": "Be kind."})
PROFILE = ProfileRule(ASKS, description=RULES)


def furnish(harness: Harness, groups: int, admins: tuple[str, ...] = ("dee",), **facts: Any) -> Harness:
    """So many groups, an admin each in turn, whose descriptions are wrong."""
    harness.hire("ann", *admins)
    facts = {"description": "hello"} | facts
    for number in range(groups):
        admin = admins[number % len(admins)]
        harness.group(f"w{number:04d}", admins=[admin], name=f"Ward {number:04d}")
        harness.wards.show(f"w{number:04d}", GroupFacts(read_at=harness.now, **facts))
    harness.settle()
    return harness


def released(harness: Harness) -> Harness:
    harness.control()
    harness.decide()
    harness.later()
    harness.control()
    return harness


def report_of(harness: Harness, control: str) -> ControlReport:
    return next(one for one in harness.app.controls.report(harness.now) if one.control == control)


@pytest.fixture
def made(found: Callable[..., Harness]) -> Callable[..., Harness]:
    def make(**policy: Any) -> Harness:
        return found(controls=ControlPolicy(**policy))

    return make


def test_five_thousand_groups_are_one_held_plan_and_then_one_message_a_person(
    made: Callable[..., Harness],
) -> None:
    admins = tuple(f"admin{number}" for number in range(40))
    harness = furnish(made(profile=(PROFILE,)), 5000, admins)
    harness.deliver()
    harness.control()
    [plan] = harness.plans()
    assert (plan.size, len(plan.cohorts)) == (5000, 1)
    assert not harness.tickets()
    harness.decide()
    harness.later()
    report = harness.control()
    assert report.counts["open"] == 5 * len(admins)
    before = len(harness.soc.sent)
    harness.deliver()
    to = Counter(message.to.address for message in harness.soc.sent[before:] if message.to.address)
    assert to == dict.fromkeys((f"{name}@corp.example" for name in admins), 1)


def test_a_person_gets_only_so_many_in_a_day_and_the_rest_later(made: Callable[..., Harness]) -> None:
    harness = furnish(made(profile=(PROFILE,), daily_max=2), 5, ("dee", "eve"))
    released(harness)
    assert Counter(one.assignee.email for one in harness.tickets() if one.assignee) == {
        "dee@corp.example": 2,
        "eve@corp.example": 2,
    }
    harness.later()
    harness.control()
    assert len(harness.tickets()) == 4
    harness.later(hours=24)
    harness.control()
    assert len(harness.tickets()) == 5


def test_everybody_together_gets_only_so_many_in_a_day(made: Callable[..., Harness]) -> None:
    harness = released(furnish(made(profile=(PROFILE,), per_day=3), 5))
    assert len(harness.tickets()) == 3
    harness.control()
    assert len(harness.tickets()) == 3
    harness.later(hours=24)
    harness.control()
    assert len(harness.tickets()) == 5


def test_what_is_reopened_counts_among_the_tickets_of_a_day(made: Callable[..., Harness]) -> None:
    harness = furnish(made(profile=(PROFILE,), daily_max=2), 4)
    released(harness)
    harness.later(hours=24)
    harness.control()
    asking = harness.app.rules
    reporting = replace(asking, controls=ControlPolicy(profile=(ProfileRule(description=RULES),)))
    harness.start(reporting)
    harness.control()
    assert {one.state for one in harness.tickets()} == {TicketState.CANCELLED}
    harness.start(asking)
    harness.later(hours=24)
    harness.control()
    harness.decide(plan=max(plan.id for plan in harness.plans()))
    for _ in range(3):
        harness.later()
        harness.control()
        assert [one.state for one in harness.tickets()].count(TicketState.OPEN) == 2
    harness.later(hours=24)
    harness.control()
    assert {one.state for one in harness.tickets()} == {TicketState.OPEN}


def test_sensitive_groups_come_first(found: Callable[..., Harness]) -> None:
    harness = found(controls=ControlPolicy(profile=(PROFILE,), daily_max=1), sensitive=("Ward 0003",))
    released(furnish(harness, 5))
    assert [one.group_name for one in harness.tickets()] == ["Ward 0003"]


def test_a_page_s_worth_of_groups_is_no_limit(
    made: Callable[..., Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.app.jobs.controls.PAGE", 2)
    monkeypatch.setattr("worker.app.reads.controls.PAGE", 2)
    harness = released(furnish(made(profile=(PROFILE,)), 5))
    assert len(harness.tickets()) == 5
    assert report_of(harness, "profile.description").counts.failed == 5


def test_names_of_several_groups_are_looked_up_once_a_run(
    made: Callable[..., Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    for job in ("controls", "verify"):
        monkeypatch.setattr(f"worker.app.jobs.{job}.PAGE", 2)
    harness = furnish(made(profile=(ProfileRule(ASKS, description=RULES, name=NameRule(".+")),)), 5)
    harness.control()
    harness.decide()
    harness.later()
    looked: list[str] = []
    sa.event.listen(harness.engine, "before_cursor_execute", lambda *what: looked.append(what[2]))
    for run in (harness.control, harness.inventory, harness.verify):
        looked.clear()
        harness.later()
        run()
        names = [
            one
            for one in looked
            if one.startswith("SELECT chat_group.source, chat_group.name, chat_group.messenger \nFROM")
        ]
        assert len(names) == (0 if run == harness.inventory else 1)
    assert len(harness.tickets()) == 5


def test_what_only_reports_writes_no_ticket_and_no_plan(made: Callable[..., Harness]) -> None:
    harness = furnish(made(profile=(ProfileRule(description=RULES),)), 3)
    report = harness.control()
    assert (report.counts["fail"], report.counts["held"]) == (3, 0)
    assert not harness.tickets()
    assert not harness.plans()
    assert [one.kind for one in report.plan.actions] == []


def test_what_is_not_shown_opens_nothing(made: Callable[..., Harness]) -> None:
    harness = furnish(made(profile=(PROFILE,)), 3, description=None)
    report = harness.control()
    assert (report.counts["unknown"], report.counts["fail"], report.counts["held"]) == (3, 0, 0)
    harness.later()
    harness.control()
    assert not harness.tickets()
    one = report_of(harness, "profile.description")
    assert dict(one.counts.unknown_why) == {"not_shown": 3}


def test_a_ticket_ends_when_its_control_is_switched_off(found: Callable[..., Harness]) -> None:
    harness = released(furnish(found(controls=ControlPolicy(profile=(PROFILE,))), 1))
    other = ControlPolicy(profile=(ProfileRule(ASKS, name=NameRule("Ward .+")),))
    harness.start(replace(harness.app.rules, controls=other))
    harness.later()
    harness.control()
    assert [one.state for one in harness.tickets()] == [TicketState.CANCELLED]


def test_a_closed_register_row_proves_nothing_of_a_profile_whose_group_is_gone(
    made: Callable[..., Harness],
) -> None:
    harness = released(furnish(made(profile=(PROFILE,)), 2))
    harness.desk.done(1, Actor("dee"), harness.now, "done")
    harness.later()
    harness.wards.remove_group("w0000")
    harness.inventory()
    harness.later()
    harness.verify()
    assert harness.ticket(1).state is TicketState.DONE
    harness.control()
    assert harness.ticket(1).state is TicketState.CANCELLED


def test_a_leaver_s_ticket_waits_for_none_of_them(made: Callable[..., Harness]) -> None:
    harness = made(profile=(PROFILE,), per_day=1, daily_max=1)
    harness.hire("ann")
    released(furnish(harness, 3))
    harness.group("w9", "ann", admins=["dee"], name="Ward 9")
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    assert len(harness.tickets(TicketKind.REMOVE_MEMBER)) == 1


@pytest.mark.parametrize("hired, values", [
    ((), (0, 0, 1)),
    (("it-security",), (1, 0, 0)),
])  # fmt: skip
def test_the_accountable_person_is_known_and_here(
    made: Callable[..., Harness], hired: tuple[str, ...], values: tuple[int, int, int]
) -> None:
    harness = made()
    harness.hire("ann")
    for name in hired:
        harness.hire(name, email=ACCOUNTABLE)
    harness.settle()
    counts = report_of(harness, "people.accountable").counts
    assert (counts.passed, counts.failed, counts.unknown) == values


def test_the_accountable_person_who_left_answers_for_nobody(made: Callable[..., Harness]) -> None:
    harness = made()
    harness.hire("boss", email=ACCOUNTABLE)
    harness.group("ward", admins=["boss"])
    harness.settle()
    harness.later()
    harness.leave("boss")
    harness.settle()
    harness.decide() if harness.plans() else None
    assert report_of(harness, "people.accountable").counts.failed == 1


def test_nobody_named_fails() -> None:
    harness = Harness(rules=rules(accountable=""))
    assert report_of(harness, "people.accountable").counts.failed == 1
    harness.close()


def test_a_report_has_every_control_in_every_form(made: Callable[..., Harness]) -> None:
    harness = released(furnish(made(profile=(PROFILE,)), 2))
    reports = harness.app.controls.report(harness.now)
    assert [one.control for one in reports] == list(CATALOGUE)
    table = controls_table(reports, "iso27001")
    rows = list(csv.DictReader(table.removeprefix("\ufeff").splitlines()))
    assert [row["id"] for row in rows] == list(CATALOGUE)
    [row] = [row for row in rows if row["id"] == "profile.description"]
    assert (row["mode"], row["subjects"], row["fail"], row["tickets_live"]) == ("ticket", "2", "2", "2")
    assert "nist80053" not in table
    page = controls_page(reports, "St Mary's <x>", harness.now, None)
    assert "St Mary&#39;s &lt;x&gt;" in page
    assert "nist80053" in page
    shape = controls_shape(reports, harness.now).model_dump(mode="json", by_alias=True)
    [one] = [one for one in shape["controls"] if one["id"] == "profile.description"]
    assert (one["pass"], one["fail"], one["seed"]) == (0, 2, ["S6", "S27"])
    assert one["cannot_prove"] == "that it is read"


def test_the_last_run_is_the_newest_and_old_days_are_not_shown(made: Callable[..., Harness]) -> None:
    harness = furnish(made(profile=(ProfileRule(description=RULES),)), 1)
    with harness.store.reading() as uow:
        assert harness.app.controls.last_run(uow, harness.now).at is None
    harness.control()
    ran_at = harness.now
    harness.later(hours=24 * 40)
    with harness.store.reading() as uow:
        last = harness.app.controls.last_run(uow, harness.now)
    assert last.at == ran_at
    assert [len(days) for days in last.days.values() if days] == [1] * len(last.days)
    harness.later(hours=24 * 3)
    with harness.store.reading() as uow:
        assert harness.app.controls.last_run(uow, harness.now).at is None


def test_a_group_in_two_registers_names_is_seen_once(made: Callable[..., Harness]) -> None:
    harness = made(profile=(ProfileRule(ASKS, name=NameRule("Ward .+", "Ward 7")),))
    harness.hire("ann", "dee")
    for number in range(2):
        harness.wards.add_group(Group(f"g{number}", "Ward 7"), [harness.member("ann")])
    harness.settle()
    assert harness.control().counts["fail"] == 2
