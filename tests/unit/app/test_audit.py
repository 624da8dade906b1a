"""Evidence packs of a company: who and what is in them, and that erasing leaves them whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from builders import facts, key
from harness import Harness
from journals import use_earlier_names
from packs import forged, members_of
from worker.app.evidence import export as audit
from worker.app.evidence.export import Audit, Exported, TicketNumbers
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import PackVerdict, verify_pack
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, Via
from worker.domain.evidence.journal import GENESIS, Entry, Sealed, write
from worker.domain.evidence.pack import Hidden, What
from worker.domain.model import Group
from worker.domain.reconcile.guard import GuardLimits
from worker.ports.state.journal import Head
from worker.storage.journal import SqlJournal
from worker.storage.sql.tables import journal

Start = Callable[..., Harness]
SAM = Actor("sam", "os:sam", Via.COMMAND, "sam on desk-3")
EVERYTHING = Selection()


class Pack:
    """What came of an export."""

    def __init__(self, exported: Exported, content: bytes) -> None:
        self.exported = exported
        self.content = content
        self.files = {name: text.decode("utf-8-sig") for name, text in members_of(content).items()}

    @property
    def verdict(self) -> PackVerdict:
        return verify_pack(io.BytesIO(self.content))

    @property
    def events(self) -> list[dict[str, Any]]:
        """Those that are there in full."""
        lines = map(json.loads, self.files["journal.jsonl"].splitlines())
        return [line for line in lines if "kind" in line]

    @property
    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    @property
    def tickets(self) -> list[str]:
        return [line.partition(",")[0].strip('"') for line in self.files["tickets.csv"].splitlines()[1:]]


def export(company: Harness, selection: Selection = EVERYTHING) -> Pack:
    file = io.BytesIO()
    made = Audit(company.store, "St Mary's", "Europe/London", "whosleft 1.2.3").export(
        selection, file, SAM, company.now
    )
    return Pack(made, file.getvalue())


@pytest.fixture
def left(company: Harness) -> Harness:
    """Ann was taken out of the ward's group, and Eve is still in another."""
    company.group("ward-8", "eve", "fay", admins=["dee"])
    company.leave("ann", "eve")
    company.settle()
    company.desk.done(1, Actor("dee"), company.now, "on her last day")
    company.later()
    company.drop("ward-7", "ann")
    company.settle()
    return company


def test_everything_is_in_a_pack_of_everything(left: Harness) -> None:
    pack = export(left)

    assert pack.verdict.problems == ()
    assert pack.kinds == left.kinds()
    assert pack.tickets == ["T-000001", "T-000002"]
    assert pack.exported.journal.full == pack.exported.journal.count == len(pack.events)


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
    company.desk.reject_link(company.number("ann"), Actor("sam"), "another Ann", company.now)

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


# --- a journal that was tampered with -----------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 2, 1000])
@pytest.mark.parametrize(
    "tamper, seq",
    [
        (sa.update(journal).where(journal.c.seq == 3).values(actor="somebody"), 3),
        (sa.delete(journal).where(journal.c.seq == 3), 3),
        (sa.update(journal).where(journal.c.seq == 1).values(reason="x"), 1),
        (sa.delete(journal).where(journal.c.seq.in_([1, 2])), 1),
    ],
)
def test_a_broken_journal_gives_no_pack_but_the_place(
    left: Harness, monkeypatch: pytest.MonkeyPatch, page: int, tamper: Any, seq: int
) -> None:
    monkeypatch.setattr(audit, "PAGE", page)
    assert export(left).verdict.is_whole
    with left.engine.begin() as connection:
        connection.execute(tamper)

    with pytest.raises(Refused, match=f"broken at event {seq}:"):
        export(left)


def test_a_journal_that_is_cut_while_it_is_read_gives_no_pack(
    left: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)
    cut = sa.delete(journal).where(journal.c.seq > 2)

    class Cutting(io.BytesIO):
        def write(self, content: Any) -> int:
            with left.engine.begin() as connection:
                connection.execute(cut)
            return super().write(content)

    with pytest.raises(Refused, match="broken at event 3"):
        Audit(left.store, "x", "UTC", "x").export(EVERYTHING, Cutting(), SAM, left.now)


def _sealed_anew(connection: sa.Connection) -> None:
    """Say of every event that somebody else did it, and seal the whole chain anew."""
    rows = list(SqlJournal(connection).chain())
    previous = GENESIS
    for one in rows:
        anew = write(replace(one.entry, actor="somebody"), one.seq, previous)
        changed = {"actor": anew.actor, "previous": anew.previous, "hash": anew.hash}
        connection.execute(sa.update(journal).where(journal.c.seq == one.seq).values(changed))
        previous = anew.hash


def _hidden_changed(connection: sa.Connection) -> None:
    connection.execute(sa.update(journal).where(journal.c.seq == 1).values(hash="f" * 64))


def _hidden_missing(connection: sa.Connection) -> None:
    connection.execute(sa.delete(journal).where(journal.c.seq == 2))


@pytest.mark.parametrize(
    "is_export_written_down, tamper, where",
    [
        (False, _sealed_anew, "broken at event"),  # read for the report
        (True, _sealed_anew, "broken at event"),  # read for the lines
        (True, _hidden_changed, "broken at event"),
        (True, _hidden_missing, "broken at event 2:"),
    ],
)
def test_what_was_changed_since_it_was_checked_gives_no_pack(
    left: Harness,
    monkeypatch: pytest.MonkeyPatch,
    is_export_written_down: bool,
    tamper: Callable[[sa.Connection], None],
    where: str,
) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)

    class Tampering(io.BytesIO):
        was_tampered = False

        def write(self, content: Any) -> int:
            is_time = not self.was_tampered and ("audit.exported" in left.kinds()) is is_export_written_down
            if is_time:
                self.was_tampered = True
                with left.engine.begin() as connection:
                    tamper(connection)
            return super().write(content)

    with pytest.raises(Refused, match=where):
        Audit(left.store, "x", "UTC", "x").export(Selection(person="ann"), Tampering(), SAM, left.now)


def test_data_as_earlier_releases_stored_it_is_as_it_was_sealed(left: Harness) -> None:
    now = export(left).files["journal.jsonl"]
    with left.engine.begin() as connection:
        for seq, data in connection.execute(sa.select(journal.c.seq, journal.c.data)).all():
            spaced = json.dumps(json.loads(data), sort_keys=True, ensure_ascii=False)
            connection.execute(sa.update(journal).where(journal.c.seq == seq).values(data=spaced))

    pack = export(left)
    assert pack.verdict.is_whole
    assert pack.files["journal.jsonl"].startswith(now)


def test_the_tickets_of_a_pack_come_in_order_however_far_apart_they_are() -> None:
    numbers = TicketNumbers()
    for number in (1_000_001, 3, 499, 500, 3):
        numbers.add(number)

    assert list(numbers.blocks()) == [(0, {3, 499}), (500, {500}), (1_000_000, {1_000_001})]


def test_a_head_that_is_not_the_last_entry_s_gives_no_pack(left: Harness) -> None:
    with left.store.begin() as uow:
        head = Head(uow.journal.head().seq, "f" * 64)

    with pytest.raises(Refused, match=f"broken at event {head.seq}"):
        list(audit._checked_pages(left.store, head))


@pytest.mark.parametrize("selection", [EVERYTHING, Selection(group="ward-7")])
def test_what_is_added_meanwhile_is_in_the_journal_of_the_pack_and_the_pack_is_whole(
    left: Harness, selection: Selection
) -> None:
    class Busy(io.BytesIO):
        def write(self, content: Any) -> int:
            with left.store.begin() as uow:
                uow.journal.append([Entry(left.now, "w", "x", "source:corp")])
            return super().write(content)

    file = Busy()
    before = len(left.journal())
    made = Audit(left.store, "x", "UTC", "x").export(selection, file, SAM, left.now)

    assert verify_pack(file).is_whole
    assert made.journal.count > before + 1
    shown = [kind for kind in Pack(made, file.getvalue()).kinds if kind == "x"]
    assert bool(shown) is (selection == EVERYTHING)


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
