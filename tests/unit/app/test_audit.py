"""Evidence packs of a company: who and what is in them, and that erasing leaves them whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from builders import facts, key
from exported import EVERYTHING, SAM, export, left
from harness import Harness
from journals import use_earlier_names
from packs import forged, members_of
from several_accounts import CORP, TENANT, known_twice, nights
from worker.app.evidence.export import TicketNumbers
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import verify_pack
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.evidence.pack import What
from worker.domain.evidence.pack_lines import Hidden
from worker.domain.model import AccountKey, Group
from worker.domain.reconcile.guard import GuardLimits

__all__ = ["left"]

Start = Callable[..., Harness]


def test_everything_is_in_a_pack_of_everything(left: Harness) -> None:
    pack = export(left)

    assert pack.verdict.problems == ()
    assert pack.kinds == left.kinds()
    assert pack.tickets == ["T-000001", "T-000002"]
    assert pack.exported.journal.full == pack.exported.journal.count == len(pack.events)


def test_a_pack_of_more_events_than_its_report_shows_has_them_all(
    left: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.app.evidence.export.EVENTS_MAX", 2)

    pack = export(left)

    assert pack.verdict.problems == ()
    assert pack.kinds == left.kinds()
    assert pack.files["report.html"].partition('id="events"')[2].count('<tr><th scope="row">') == 2


@pytest.mark.parametrize("page", [1, 3, 1000])
@pytest.mark.parametrize("selection", [EVERYTHING, Selection(person="ann"), Selection(group="ward-8")])
def test_the_journal_of_a_pack_is_to_the_byte_its_entries_as_plain_json(
    left: Harness, monkeypatch: pytest.MonkeyPatch, selection: Selection, page: int
) -> None:
    monkeypatch.setattr("worker.app.evidence.export.PAGE", page)
    with left.store.begin() as uow:
        uow.journal.append(
            [Entry(left.now, "Zoë\u202e", "x", "person:corp/ann", 'a "b"\n', {"é": [1, None]})]
        )

    pack = export(left, selection)

    shown = {event["seq"] for event in pack.events}
    assert members_of(pack.content)["journal.jsonl"] == b"".join(
        _as_json(one, is_shown=one.seq in shown) for one in left.journal()
    )
    assert pack.verdict.is_whole


def _as_json(one: Sealed, *, is_shown: bool) -> bytes:
    entry, value = one.entry, {"hash": one.hash, "seq": one.seq}
    if is_shown:
        value |= {
            "actor": entry.actor, "at": entry.at.isoformat(timespec="microseconds"), "data": entry.data,
            "kind": entry.kind, "previous": one.previous, "reason": entry.reason, "subject": entry.subject,
        }  # fmt: skip
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{text}\n".replace("\u202e", "\\u202e").encode()


def test_a_pack_shows_the_names_that_were_sealed(left: Harness) -> None:
    use_earlier_names(left)
    pack = export(left)

    assert pack.verdict.problems == ()
    assert pack.kinds[-2:] == ["ticket.verify", "audit.exported"]


def test_a_person_s_pack_has_what_is_about_them_and_of_all_else_the_hash(left: Harness) -> None:
    pack = export(left, Selection(person="ann@corp.example"))

    assert pack.verdict.problems == ()
    assert pack.kinds == ["person.left", "ticket.opened", "ticket.done", "ticket.verified", "audit.exported"]
    assert pack.tickets == ["T-000001"]
    assert "corp/eve" not in pack.files["journal.jsonl"]
    assert len(pack.files["journal.jsonl"].splitlines()) == pack.exported.journal.count
    assert "St Mary&#39;s: evidence about Ann (person corp/ann)" in pack.files["report.html"]


def test_a_person_s_pack_has_the_plans_that_name_them_and_their_links(start: Start) -> None:
    company = start(limits=GuardLimits(leavers_max=1))
    company.leave("ann", "ben")
    company.settle()
    company.decide(plan=1)
    company.settle()
    company.identifying.reject(company.number("ann"), Actor("sam"), "another Ann", company.now)

    kinds = export(company, Selection(person="corp/ann")).kinds

    assert kinds == [
        "person.left",
        "plan.held",
        "plan.released",
        "ticket.opened",
        "link.rejected",
        "audit.exported",
    ]
    assert "plan.held" not in export(company, Selection(person="una")).kinds


def test_all_accounts_of_a_human_are_one_pack(found: Start) -> None:
    company = found(directories=("corp", "tenant"))
    company.hire("ann", "ben", employee_id=None)
    company.corp.put(facts("ann", employee_id="E-1", phones=(company.number("ann"),)))
    company.directories[1].put(facts("cloud-ann", employee_id="E-1", email="a@corp.example"))
    company.group("ward-7", "ann", admins=["ben"])
    company.settle()
    company.directories[1].disable("cloud-ann")
    company.later()
    company.settle()

    pack = export(company, Selection(person="ann"))

    assert pack.verdict.manifest is not None
    assert pack.verdict.manifest.covered.ids == ("corp/ann", "tenant/cloud-ann")
    assert pack.kinds == ["person.left", "ticket.opened", "audit.exported"]


def test_a_pack_has_what_was_done_for_an_account_of_a_directory_that_is_configured_no_more(
    found: Start,
) -> None:
    company = known_twice(found)
    company.leave("ann")
    nights(company)
    company.drop("ward-7", "ann")
    company.directories[TENANT].disable("cloud-ann")
    nights(company)
    assert company.ticket().person == AccountKey("corp", "ann")
    company.directories.pop(CORP)
    company.start(company.app.rules)
    nights(company)
    assert "T-000001" in export(company, Selection(person="tenant/cloud-ann")).tickets


def test_a_group_s_pack_has_its_readings_its_tickets_and_its_source(left: Harness) -> None:
    pack = export(left, Selection(group="Ward 7"))

    assert pack.verdict.problems == ()
    assert pack.tickets == ["T-000001"]
    assert {event["subject"] for event in pack.events} == {"group:wards/ward-7", "ticket:T-000001"}
    assert "evidence about Ward 7 (group wards/ward-7)" in pack.files["report.html"]


def test_a_period_s_pack_has_its_days_and_the_tickets_of_then(left: Harness) -> None:
    left.later(days=1)
    left.drop("ward-8", "eve")
    left.settle()
    day = left.now.date()

    pack = export(left, Selection(from_on=day, to_on=day))

    assert pack.verdict.problems == ()
    assert pack.kinds == ["group.roster_changed", "ticket.verified", "audit.exported"]
    assert pack.tickets == ["T-000002"]
    assert export(left, Selection(to_on=day - timedelta(days=1))).tickets == ["T-000001", "T-000002"]


def test_an_empty_journal_gives_a_whole_pack(found: Start) -> None:
    pack = export(found())

    assert pack.verdict.problems == ()
    assert (pack.kinds, pack.tickets) == (["audit.exported"], [])
    assert "Nothing was read yet." in pack.files["report.html"]
    assert "No events." in pack.files["report.html"]


@pytest.mark.parametrize(
    "selection, subject",
    [
        (EVERYTHING, "audit:pack"),
        (Selection(person="ann"), "person:corp/ann"),
        (Selection(group="ward-7"), "group:wards/ward-7"),
    ],
)
def test_taking_a_pack_out_is_an_act_in_the_journal(
    left: Harness, selection: Selection, subject: str
) -> None:
    pack = export(left, selection)

    entry = left.journal()[-1].entry
    assert (entry.kind, entry.actor, entry.subject) == ("audit.exported", "sam", subject)
    assert entry.data.items() >= {"actor_id": SAM.id, "via": "command", "login": SAM.login}.items()
    assert pack.exported.digest == pack.verdict.digest
    assert pack.exported.journal.count == len(left.journal())
    assert pack.events[-1]["data"] == entry.data
    assert export(left, selection).verdict.is_whole


@pytest.mark.parametrize(
    "selection, message",
    [
        (Selection(person="nobody"), "Nobody known has the id"),
        (Selection(person="corp/nobody"), "Nobody known has the id"),
        (Selection(group="nowhere"), "There is no group 'nowhere'"),
        (Selection(group="ward"), "several groups; say which: wards/a, wards/b"),
        (Selection(person=""), "Nobody known has the id"),
        (Selection(group=""), "There is no group ''"),
        (Selection(person="ann", group="ward-7"), "only one of them"),
    ],
)
def test_a_selection_that_names_nobody_or_several_is_refused(
    company: Harness, selection: Selection, message: str
) -> None:
    company.wards.add_group(Group("a", "Ward"), [])
    company.wards.add_group(Group("b", "Ward"), [])
    company.settle()
    before = company.kinds()

    with pytest.raises(Refused, match=message):
        export(company, selection)
    assert company.kinds() == before


def test_a_period_that_ends_before_it_begins_is_refused(company: Harness) -> None:
    day = company.now.date()
    with pytest.raises(Refused, match="can't end on"):
        export(company, Selection(from_on=day, to_on=day - timedelta(days=1)))


def test_the_tickets_of_a_pack_come_in_order_however_far_apart_they_are() -> None:
    numbers = TicketNumbers()
    for number in (1_000_001, 3, 499, 500, 3):
        numbers.add(number)

    assert list(numbers.blocks()) == [(0, {3, 499}), (500, {500}), (1_000_000, {1_000_001})]


# --- erasing ------------------------------------------------------------------------------------------------


def test_who_was_erased_has_a_whole_pack_without_their_name(left: Harness) -> None:
    number = left.number("ann")
    left.desk.erase("ann@corp.example", Actor("sam"), "asked to be", left.now)

    pack = export(left, Selection(person="corp/ann"))

    assert pack.verdict.problems == ()
    assert pack.kinds[-2:] == ["person.erased", "audit.exported"]
    for text in pack.files.values():
        assert number not in text
        assert "Ann" not in text
    assert export(left).verdict.is_whole
    with left.store.begin() as uow:
        assert uow.people.get(key()) is None


def test_a_pack_from_before_and_one_from_after_erasing_agree_on_what_both_have(left: Harness) -> None:
    before = export(left)
    left.desk.erase("ann@corp.example", Actor("sam"), "asked to be", left.now)
    after = export(left)

    assert after.files["journal.jsonl"].startswith(before.files["journal.jsonl"])


# --- a forger who makes everything fit --------------------------------------------------------------------------

SELECTIONS = {
    "everything": EVERYTHING,
    "person": Selection(person="ann"),
    "group": Selection(group="ward-8"),
    "period": Selection(from_on=date(2026, 11, 24), to_on=date(2026, 11, 24)),
}


@pytest.mark.parametrize("kind", SELECTIONS)
def test_every_event_of_every_kind_of_pack_that_is_rewritten_is_found_by_the_head(
    left: Harness, kind: str
) -> None:
    left.later(days=1)
    left.drop("ward-8", "eve")
    left.settle()
    pack = export(left, SELECTIONS[kind])
    head = pack.exported.journal.hash
    assert verify_pack(io.BytesIO(pack.content), head).is_whole
    assert len(pack.events) > 2

    for event in pack.events[:-1]:

        def rewrite(lines: list[Sealed | Hidden], number: int = event["seq"]) -> list[Sealed | Hidden]:
            one = lines[number - 1]
            assert isinstance(one, Sealed)
            return [*lines[: number - 1], replace(one, entry=replace(one.entry, actor="x")), *lines[number:]]

        anew = forged(pack.content, rewrite)
        assert verify_pack(io.BytesIO(anew)).is_whole
        assert not verify_pack(io.BytesIO(anew), head).is_whole


def test_an_honest_later_pack_has_the_head_of_an_earlier_one_in_its_chain(left: Harness) -> None:
    earlier = export(left, Selection(person="ann"))
    left.later(days=1)
    left.drop("ward-8", "eve")
    left.settle()
    later = export(left, Selection(group="ward-8"))

    verdict = verify_pack(io.BytesIO(later.content), earlier.exported.journal.hash)

    assert verdict.problems == ()
    assert verdict.kept_at == earlier.exported.journal.count < later.exported.journal.count


def test_the_alternatives_are_counted() -> None:
    assert (Selection().kinds, Selection(person="a", group="b").kinds) == (0, 2)
    assert What("person") is What.PERSON
