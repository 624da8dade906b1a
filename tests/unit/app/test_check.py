"""Red when something cannot be read, failed last time, is too old, or has shrunk; and each has a remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import NOW
from fakes.notifier import FakeNotifier
from harness import Harness
from remediated import begin
from worker.app.jobs.report import Report
from worker.app.reads.check import SourceCheck
from worker.domain.groups.capabilities import Capabilities
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.tickets.ticket import TicketKind
from worker.ports import AuthFailed, CheckResult, Port, Unshown

Start = Callable[..., Harness]


def looked(harness: Harness) -> dict[str, SourceCheck]:
    return {one.name: one for one in harness.checker.run_once({"corp": "file"}, harness.now)}


def test_everything_is_green_in_the_configuration_s_order(company: Harness) -> None:
    found = looked(company)

    assert list(found) == ["corp", "wards", "soc"]
    assert all(one.ok and not one.stale for one in found.values())
    corp = found["corp"]
    assert (corp.port, corp.kind, corp.counts) == (Port.DIRECTORY, "file", {"people": 20, "disabled": 0})
    assert corp.last_success_at == NOW


NOT_SHOWN = Unshown("enabled", "people.csv has no column Enabled", "Export the column Enabled as well.")


def test_a_directory_that_shows_nobody_s_disabling_is_refused_while_the_rule_is_on(found: Start) -> None:
    harness = found()
    harness.hire("ann")
    harness.corp.unshown = (NOT_SHOWN,)

    corp = looked(harness)["corp"]
    [trouble] = harness.poll().troubles

    assert not corp.ok
    assert "people.csv has no column Enabled: nobody could ever be seen to leave" in corp.message
    assert corp.remedy.startswith("Export the column Enabled as well. Or set leaver.disabled: false")
    assert "people.csv has no column Enabled: nobody could ever be seen to leave" in trouble
    assert corp.remedy in trouble
    assert harness.source().cursor is None


def test_a_directory_that_shows_nobody_s_disabling_will_do_where_that_is_no_rule(found: Start) -> None:
    harness = found(leaver=LeaverPolicy(disabled=False))
    harness.hire("ann")
    harness.corp.unshown = (NOT_SHOWN,)

    assert harness.poll().troubles == ()
    assert looked(harness)["corp"].ok


@pytest.mark.parametrize("malformed, is_ok", [(1, True), (45, False)])
def test_an_inventory_of_which_much_cannot_be_understood_is_red(
    company: Harness, monkeypatch: pytest.MonkeyPatch, *, malformed: int, is_ok: bool
) -> None:
    result = CheckResult(ok=True, message="It is there.", counts={"members": 0, "malformed": malformed})
    monkeypatch.setattr(company.wards, "check", lambda: result)
    wards = looked(company)["wards"]

    assert wards.ok is is_ok
    if not is_ok:
        assert wards.message == "It is there, but 45 of 45 rows can't be understood"
        assert wards.remedy


def test_another_fact_that_is_not_shown_is_no_trouble(company: Harness) -> None:
    company.corp.unshown = (Unshown("title", "no column", "Export it."),)

    assert company.poll(full=True).troubles == ()
    assert looked(company)["corp"].ok


def test_admins_without_an_address_are_counted_for_each_notifier_that_is_there_for_people(
    start: Start,
) -> None:
    notifiers = [FakeNotifier("mail"), FakeNotifier("flow", reaches_people=False)]
    harness = start(notifiers=notifiers)
    harness.hire("sol", email=None)
    harness.group("ward-8", "ann", admins=["sol", "dee"])
    harness.group("ward-9", "ann", admins=["sol"])
    harness.settle()

    missed = harness.checker.unreached()

    assert (missed.admins, [one.facts.display_name for one in missed.people]) == (2, ["Sol"])
    assert looked(harness)["mail"].details == {"does_not_reach": "1 of 2 group admins"}
    assert looked(harness)["flow"].details == {}

    harness.leave("sol")
    harness.settle()
    assert harness.checker.unreached().said == ""
    assert looked(harness)["mail"].details == {}


def test_what_was_never_read_is_not_stale(found: Start) -> None:
    harness = found()
    harness.hire("ann")

    assert all(one.ok for one in looked(harness).values())


def test_a_connector_that_cannot_be_reached_is_red_with_its_own_remedy(company: Harness) -> None:
    company.soc.down = AuthFailed("token revoked", remedy="Renew it.")

    assert (looked(company)["soc"].ok, looked(company)["soc"].remedy) == (False, "Renew it.")


def test_a_source_stays_red_from_a_failed_read_until_a_good_one(company: Harness) -> None:
    company.corp.fail(AuthFailed("bind refused."), times=1)
    company.poll(full=True)

    red = looked(company)["corp"]
    assert (red.ok, red.message, red.remedy) == (False, "the last read failed: bind refused.", "Poll again.")

    company.poll()
    assert looked(company)["corp"].ok


def test_a_source_whose_last_word_is_too_old_is_red_and_stale(company: Harness) -> None:
    company.later(hours=24)

    corp, wards = looked(company)["corp"], looked(company)["wards"]
    assert (corp.ok, corp.stale) == (False, True)
    assert "too old to prove anything" in corp.message
    assert "stale_after" in corp.remedy
    assert wards.ok, "an inventory may be a week old"


def test_a_directory_that_shrank_is_red_before_it_is_polled(company: Harness) -> None:
    for one in company.corp.people()[10:]:
        company.corp.erase(one.person_id)

    red = looked(company)["corp"]
    assert not red.ok
    assert "20 were known before: 10 are missing at once" in red.message

    company.corp.erase("ann")
    company.hire(*(f"n{number}" for number in range(7)))
    assert looked(company)["corp"].ok, "four are missing: no storm"


def test_disabled_records_of_leavers_hide_nobody_who_is_missing(company: Harness) -> None:
    company.hire(*(f"old{number}" for number in range(10)))
    company.poll()
    company.later()
    company.leave(*(f"old{number}" for number in range(10)))
    company.poll(full=True)
    assert looked(company)["corp"].ok

    here = [one.person_id for one in company.corp.people() if one.enabled]
    for one in here[10:]:
        company.corp.erase(one)

    red = looked(company)["corp"]
    assert not red.ok
    assert "20 were known before: 10 are missing at once" in red.message


def test_limits_that_are_off_are_warned_of(found: Start) -> None:
    assert found().checker.warnings() == ()
    off = found(limits=GuardLimits(leavers_max=None))
    assert off.checker.warnings() == (
        "the guard's leavers_max is off: nothing of that kind is held, however much it is",
    )


@pytest.mark.parametrize(
    "can, kind, is_idle",
    [
        (Capabilities(), TicketKind.REMOVE_MEMBER, True),
        (Capabilities(can_remove=True), TicketKind.REMOVE_MEMBER, False),
        (Capabilities(can_remove=True), TicketKind.REASSIGN_ADMIN, True),
        (Capabilities(can_change_admin=True), TicketKind.REASSIGN_ADMIN, False),
    ],
)
def test_a_rule_for_machines_that_no_source_can_carry_out_is_warned_of(
    company: Harness, can: Capabilities, kind: TicketKind, is_idle: bool
) -> None:
    rule = RemediationRule("rooms", frozenset({"wards", "phones"}), ("*",), frozenset({kind}), 20)
    begin(company, rule, can=can)

    assert [one.partition(":")[0] for one in company.checker.warnings()] == [
        "the rule rooms of remediate does nothing in wards"
    ] * is_idle


def test_tickets_of_an_inventory_that_was_renamed_are_warned_of(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    assert company.checker.warnings() == ()
    company.inventories.clear()
    company.start(company.app.rules)
    [warning] = company.checker.warnings()
    assert warning.startswith(
        "the inventory wards is not configured any more, and 1 of its groups' tickets are live"
    )


def test_a_notifier_has_no_age(company: Harness) -> None:
    company.notifiers.append(FakeNotifier("mail"))
    company.start(company.app.rules)
    company.now += timedelta(days=400)

    mail = looked(company)["mail"]
    assert (mail.ok, mail.port, mail.stale) == (True, Port.NOTIFY, False)


def test_a_report_is_well_unless_something_is_in_trouble() -> None:
    assert Report("poll").is_ok
    assert not Report("poll", troubles=("corp: down",)).is_ok
