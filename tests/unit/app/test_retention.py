"""People who left long ago are forgotten at night, and nobody else is."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import DAY, facts, key
from by_link import token_of
from harness import TWO_APPROVERS_FROM, Harness
from several_accounts import CORP, TENANT, known_twice, nights
from worker.app.acts.access import Access
from worker.app.evidence.export import Audit
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import verify_pack
from worker.app.jobs import retention
from worker.app.jobs.retention import Retention
from worker.domain.controls.statements import Assurance, AttestAnswer, Attestation, Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.mirror.outside import TrackerSaid
from worker.domain.model import AccountKey, Group, Roster
from worker.ports import Port
from worker.ports.state.leases import Lease, LeaseLost
from worker.ports.state.people import JudgedFacts
from worker.ports.state.sources import SourceState
from worker.storage.sql.tables import staged_membership, staged_person

Start = Callable[..., Harness]
AFTER = timedelta(days=365)


def run(company: Harness, after: timedelta | None = AFTER) -> int:
    report = Retention(company.store, after).run_once(company.now)
    assert report.is_ok
    return report.counts["erased"]


def night(company: Harness) -> None:
    """A nightly pass, as the scheduler runs and records it."""
    company.settle(full=True)
    run(company)
    with company.store.begin() as uow:
        uow.jobs.record(retention.NIGHTLY, company.now, is_ok=True, report={})


def is_known(company: Harness, person_id: str, source: str = "corp") -> bool:
    with company.store.begin() as uow:
        return uow.people.get(AccountKey(source, person_id)) is not None


def delete(company: Harness, *person_ids: str) -> None:
    for person_id in person_ids:
        company.corp.delete(person_id)
    company.settle()


def test_what_can_t_be_taken_back_any_more_is_forgotten_whatever_the_rule(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    token = token_of(company)
    company.assigned.done(token, company.now)
    run(company, None)
    company.assigned.undo(token, company.now)
    company.assigned.done(token, company.now)
    company.later(minutes=1)
    run(company, None)
    with company.store.begin() as uow:
        assert uow.access.undo_of(1) is None


def test_a_login_link_that_is_over_is_forgotten_whatever_the_rule(company: Harness) -> None:
    for name, life in {"over": timedelta(minutes=9), "good": timedelta(hours=2)}.items():
        Access(company.store).make_login_link(name, ["viewer"], Actor("sam"), company.now, life)
    company.later(hours=1)
    run(company, after=None)

    with company.store.reading() as uow:
        assert [getattr(one, "name", "") for one in uow.explained.login_links()] == ["good"]


@pytest.fixture
def gone(company: Harness) -> Harness:
    """Una, who was in no group, and Ann, who was taken out of hers, were deleted over a year ago."""
    delete(company, "ann", "una")
    company.drop("ward-7", "ann")
    company.settle()
    company.later(days=366)
    for person_id in ("ann", "una"):
        company.corp.erase(person_id)  # the directory forgot its deleted accounts long before
    company.settle(full=True)
    return company


def test_who_left_long_ago_is_forgotten_and_the_chain_stays_whole(gone: Harness) -> None:
    assert run(gone) == 2

    assert not is_known(gone, "ann")
    assert "Ann" not in repr(gone.ticket())
    entries = [sealed.entry for sealed in gone.journal()[-2:]]
    assert [(e.actor, e.kind, e.subject) for e in entries] == [
        ("whosleft", "person.erased", "person:corp/ann"),
        ("whosleft", "person.erased", "person:corp/una"),
    ]
    file = io.BytesIO()
    Audit(gone.store, "x", "UTC", "x").export(Selection(), file, Actor("sam"), gone.now)
    assert verify_pack(file).is_whole


def test_a_second_run_and_the_next_poll_find_nobody(gone: Harness) -> None:
    run(gone)
    gone.settle(full=True)

    assert run(gone) == 0
    assert not is_known(gone, "una")


def test_a_clock_that_is_years_ahead_for_a_night_erases_nobody(company: Harness) -> None:
    delete(company, "una")
    company.later(days=1)
    night(company)
    right = company.now
    company.later(days=900)
    night(company)
    company.now = right
    company.later(days=1)
    night(company)
    assert is_known(company, "una")


def test_after_a_long_outage_whoever_is_due_is_erased_a_night_later(company: Harness) -> None:
    delete(company, "una")
    company.later(days=1)
    night(company)
    company.later(days=900)
    assert Retention(company.store, AFTER).run_once(company.now).counts["held_by_the_clock"] == 1
    night(company)
    assert is_known(company, "una")

    company.later(days=1)
    night(company)
    assert not is_known(company, "una")


def test_nights_that_are_weeks_apart_are_no_reason_to_wait(company: Harness) -> None:
    delete(company, "una")
    night(company)
    for _ in range(24):
        company.later(days=31)
        night(company)
    assert not is_known(company, "una")


def test_without_the_rule_nobody_is_forgotten(gone: Harness) -> None:
    assert run(gone, None) == 0


def test_who_left_lately_or_is_still_listed_is_kept(company: Harness) -> None:
    company.leave("sue")
    delete(company, "una")
    company.later(days=364)
    company.settle(full=True)
    assert run(company) == 0

    company.later(days=2)
    company.settle(full=True)
    assert run(company) == 1
    assert is_known(company, "sue")


def test_who_is_still_in_a_group_is_kept(company: Harness) -> None:
    delete(company, "ann")
    company.desk.waive(1, Actor("sam"), "a guest now", company.now)
    company.later(days=400)
    company.settle(full=True)

    assert run(company) == 0


def test_another_account_that_is_still_here_keeps_all_of_a_human(found: Start) -> None:
    company = found(directories=("corp", "tenant"))
    company.hire("ben")
    company.corp.put(facts("ann", employee_id="E-1"))
    company.directories[1].put(facts("cloud-ann", employee_id="E-1", email="a@corp.example"))
    company.directories[1].put(facts("cloud-cem"))
    company.settle()
    company.later()
    delete(company, "ann")
    company.later(days=400)
    company.settle(full=True)
    assert run(company) == 0

    company.directories[1].delete("cloud-ann")
    company.settle()
    company.later(days=366)
    company.settle(full=True)
    assert run(company) == 2
    assert not is_known(company, "cloud-ann", "tenant")


def without_corp(company: Harness) -> None:
    """The directory corp is not configured any more, and a year goes by."""
    company.directories.pop(CORP)
    company.start(company.app.rules)
    nights(company)
    company.later(days=500)


def test_a_live_ticket_under_an_account_of_a_directory_that_is_configured_no_more_keeps_a_person(
    found: Start,
) -> None:
    company = known_twice(found)
    company.leave("ann")
    nights(company)
    company.directories[TENANT].delete("cloud-ann")
    nights(company)
    without_corp(company)
    assert company.ticket().is_live
    assert company.ticket().person == AccountKey("corp", "ann")
    assert run(company) == 0


def test_who_is_forgotten_is_forgotten_under_such_an_account_too(found: Start) -> None:
    company = known_twice(found)
    company.directories[TENANT].delete("cloud-ann")
    company.drop("ward-7", "ann")
    nights(company)
    without_corp(company)
    assert run(company) == 2
    assert not is_known(company, "ann")


def test_any_number_is_done_in_pages(gone: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGE", 1)
    assert run(gone) == 2


def test_a_lost_lease_forgets_nobody(gone: Harness) -> None:
    lost = Lease("retention", "somebody:1", 7, gone.now)
    with pytest.raises(LeaseLost):
        Retention(gone.store, AFTER).run_once(gone.now, lost)
    with gone.store.begin() as uow:
        assert uow.people.get(key("una")) is not None
    assert DAY < AFTER


def test_nobody_in_a_plan_of_which_a_part_waits_is_forgotten(start: Start) -> None:
    harness = start()
    crowd = [f"p{number:02d}" for number in range(TWO_APPROVERS_FROM)]
    harness.hire(*crowd)
    harness.group("hall", *crowd)
    harness.settle()
    delete(harness, *crowd)
    for person_id in crowd:
        harness.drop("hall", person_id)
    for _ in range(2):  # so many at once are believed when they are gone twice
        harness.later()
        harness.inventory()
    harness.later(days=366)

    assert (run(harness), harness.plans()[0].size) == (0, TWO_APPROVERS_FROM)
    harness.decide()
    assert run(harness) == TWO_APPROVERS_FROM


# --- what leavers said of policies ---------------------------------------------------------------------------

KEPT = StatementRule(
    Statement.POLICY, "people.policy", ControlSwitch(Mode.TICKET), "messaging", "3", keep=timedelta(days=1095)
)


def note(company: Harness, *people: AccountKey, subject: str = "messaging") -> None:
    """Somebody accepted a policy, under all of their accounts."""
    said = Attestation(
        Statement.POLICY, subject, "3", people[0], AttestAnswer.ACCEPTED, company.now, Assurance.LINK
    )
    with company.store.begin() as uow:
        uow.attestations.add(said, people)


def said_by(company: Harness) -> list[tuple[str, str]]:
    with company.store.reading() as uow:
        page = uow.attestations.page(0, 100)
    return [(one.person.person_id if one.person else "", one.subject) for one in page]


def forget(company: Harness, rule: StatementRule = KEPT) -> int:
    return Retention(company.store, None, [rule]).run_once(company.now).counts["statements_deleted"]


def test_what_a_leaver_said_of_a_policy_is_kept_as_long_as_it_says(
    company: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 1)
    for name in ("ann", "ben", "cem"):
        note(company, key(name))
    note(company, key("ann"), subject="other")
    company.later()
    company.leave("ann", "ben")
    company.settle()
    company.later(days=1095)
    assert forget(company) == 0, "not a day early"
    company.later(seconds=1)
    assert forget(company, replace(KEPT, keep=None)) == 0
    assert forget(company) == 2
    assert said_by(company) == [("cem", "messaging"), ("ann", "other")]
    entries = [one.entry for one in company.journal() if one.entry.kind == events.ATTESTATIONS_DELETED]
    assert [(one.subject, one.data["statements"]) for one in entries] == [("policy:messaging", 1)] * 2
    assert forget(company) == 0


def test_who_is_here_under_another_account_keeps_what_they_said(found: Start) -> None:
    company = found(directories=("corp", "cloud"))
    company.hire("ann", email="ann@corp.example")
    company.hire("ben", "cem")
    company.directories[1].put(facts("cloud-ann", email="ann@corp.example"))
    company.group("ward-7", "ben", "cem")
    company.settle()
    note(company, key("ann"))
    company.leave("ann")
    company.settle()
    company.later(days=1096)
    assert forget(company) == 0
    company.directories[1].disable("cloud-ann")
    company.settle()
    company.later(days=1096)
    assert forget(company) == 1
    assert said_by(company) == []


def test_what_was_said_under_an_account_of_a_directory_that_is_configured_no_more_is_deleted_too(
    found: Start,
) -> None:
    company = known_twice(found)
    note(company, key("ann"))
    company.leave("ann")
    company.directories[TENANT].disable("cloud-ann")
    nights(company)
    without_corp(company)
    assert forget(company) == 0
    company.later(days=1096)
    assert forget(company) == 1


def test_what_a_tracker_told_that_was_taken_out_since_is_forgotten_after_a_month(company: Harness) -> None:
    told = TrackerSaid("a", "T-000001", True, "ben@corp.example", "gone", company.now)
    with company.store.begin() as uow:
        uow.mirrors.keep("former", told, company.now)
    for days, kept in ((29, [told]), (2, [])):
        company.later(days=days)
        run(company, None)
        with company.store.reading() as uow:
            assert uow.mirrors.told("former", 9) == kept


def test_what_a_worker_that_died_left_staged_goes_once_its_source_is_taken_out(company: Harness) -> None:
    with company.store.begin() as uow:
        for name in ("corp", "old"):
            uow.people.stage(name, [JudgedFacts(facts("ann"), None)])
        uow.rosters.stage(
            "list", [Roster(Group("ward-7", "Ward 7", "whatsapp"), (company.member("ann"),), company.now)]
        )
        for name, port in (("old", Port.DIRECTORY), ("list", Port.INVENTORY)):
            uow.sources.put(SourceState(name, port))
            uow.sources.remove(port, {name})
    run(company, None)
    with company.engine.connect() as connection:
        assert connection.execute(sa.select(staged_person.c.source)).all() == [("corp",)]
        assert connection.execute(sa.select(staged_membership)).all() == []
