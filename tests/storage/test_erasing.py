"""An erased person's name goes however it was written, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from builders import DAY, NOW, facts, key, ticket
from contracts.bad_messages import bad
from contracts.seals import FILE, line
from contracts.unit_of_work import ANN, LIFE, letter, read_people
from folded import fold
from worker.domain.controls.census import CandidateDecision, CensusMention, CensusRow
from worker.domain.controls.reports import ReportOutcome
from worker.domain.escalation.silences import Silence
from worker.domain.messages.message import Paragraph, ReaderAct
from worker.domain.mirror.copy import Copy
from worker.domain.mirror.decide import Say
from worker.domain.mirror.outside import TrackerSaid
from worker.domain.tickets.ticket import TicketState
from worker.ports import Port
from worker.ports.connectors.conversing import Interaction
from worker.ports.state.outbox import Claim
from worker.ports.state.sources import SourceState
from worker.storage.sql.tables import chat_group, group_link, outbox
from worker.storage.store import SqlStore

SPELLINGS = (
    "élodie@corp.example",
    "Élodie@corp.example",
    "ÉLODIE@CORP.EXAMPLE",
    "ÉLODIE@corp.example",
    "éLODIe@corp.example",
)


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    store = SqlStore(engine)
    read_people(store, facts("É-7", display_name="Élodie Sample", email="Élodie@corp.example"))
    return store


@pytest.mark.parametrize("written", [*SPELLINGS, "É-7", "é-7", "corp/É-7"])
def test_whoever_handled_a_file_is_erased_in_any_capitals(store: SqlStore, written: str) -> None:
    with store.begin() as uow:
        seal = uow.seals.add(FILE)
        uow.seals.hand_over(seal, line("an office", giver=written))
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        [kept] = uow.seals.of_ticket(7)
    assert (kept.made_by, [one.giver for one in kept.custody]) == ("sam", ["erased"])


@pytest.mark.parametrize("written", [*SPELLINGS, "É-7", "corp/É-7"])
def test_whoever_made_a_seal_or_decided_in_a_census_is_erased_in_any_capitals(
    store: SqlStore, written: str
) -> None:
    with store.begin() as uow:
        uow.seals.add(replace(FILE, made_by=written))
        uow.census.note([CensusRow("Ward 9")], CensusMention(NOW, key("ben"), ticket=1))
        uow.census.decide(1, CandidateDecision.NOT_A_GROUP, None, written, NOW)
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        assert [one.made_by for one in uow.seals.of_ticket(7)] == ["erased"]
        assert [one.decided_by for one in uow.census.candidates()] == ["erased"]


@pytest.mark.parametrize(
    "written", [*SPELLINGS, "ask ÉLODIE SAMPLE", "élodie sample, nights", "éLODIe  sAmple"]
)
def test_whoever_a_census_names_as_an_admin_is_erased_in_any_capitals(store: SqlStore, written: str) -> None:
    with store.begin() as uow:
        uow.census.note([CensusRow("Ward 9", admin=written)], CensusMention(NOW, key("ben"), ticket=1))
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        [ward] = uow.census.candidates()
    assert [one.admin for one in ward.mentions] == [""]


@pytest.mark.parametrize("written", ["ask éLODIe sAmple", "Élodie Sample again", "of ÉLODIE@CORP.EXAMPLE"])
def test_what_somebody_wrote_of_them_is_erased_in_any_capitals(store: SqlStore, written: str) -> None:
    with store.begin() as uow:
        seal = uow.seals.add(replace(FILE, name=written, how=written))
        uow.seals.hand_over(seal, line(written))
        report = uow.bad_messages.add(bad("AAAA", words=written))
        uow.bad_messages.under(report, 1)
        uow.bad_messages.settle(1, ReportOutcome.TOO_LATE, written, NOW)
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        [kept] = uow.seals.of_ticket(7)
        [reported] = uow.bad_messages.of_ticket(1, 9)
    assert (kept.name, kept.how, [one.taker for one in kept.custody]) == ("erased", "erased", ["erased"])
    assert (reported.words, reported.outcome_words) == (None, "")


@pytest.mark.parametrize(
    "name, written, is_erased",
    [
        ("An", "It was planned: an-other link", True),  # a word of its own
        ("An", "It was planned by another ward", False),
        ("An", "an_2 wrote it", True),
        ("An Sample", "An Samples phone", True),
        ("王小明", "是王小明写的", True),  # no spaces there
        ("Élodie Sample", "of Élodie Sample", False),  # whose name somebody else has
        ("Élodie Sample", "of Élodie Sample, twin@corp.example", True),
    ],
)
def test_a_report_is_kept_that_does_not_name_them_or_may_mean_somebody_else(
    store: SqlStore, name: str, written: str, is_erased: bool
) -> None:
    here = facts("É-7", display_name="Élodie Sample", email="Élodie@corp.example")
    read_people(store, here, facts("twin", display_name=name))
    with store.begin() as uow:
        report = uow.bad_messages.add(bad("AAAA", words=written))
        uow.bad_messages.under(report, 1)
        uow.bad_messages.settle(1, ReportOutcome.TOO_LATE, written, NOW)
        uow.people.erase(key("twin"))
    with store.reading() as uow:
        [kept] = uow.bad_messages.of_ticket(1, 9)
    assert (kept.words, kept.outcome_words) == ((None, "") if is_erased else (written, written))


@pytest.mark.parametrize("written", SPELLINGS)
def test_whoever_closed_a_ticket_is_erased_in_any_capitals(store: SqlStore, written: str) -> None:
    with store.begin() as uow:
        [one] = uow.tickets.insert([replace(ticket(), id=0, done_by=written)])
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        assert uow.tickets.many([one.id])[one.id].done_by == "erased"


@pytest.mark.parametrize("written", [*SPELLINGS, "É-7", "corp/É-7"])
def test_whoever_was_told_nothing_for_a_while_or_wanted_it_so_is_erased_in_any_capitals(
    store: SqlStore, written: str
) -> None:
    quiet = Silence("", NOW, NOW + DAY, written, "she moves house", people=(written, "ben@corp.example"))
    with store.begin() as uow:
        uow.silences.add(quiet, NOW)
        uow.silences.add(replace(quiet, by="sam", reason="as ÉLODIE sample asked", people=(written,)), NOW)
        uow.silences.add(replace(quiet, by="sam", people=(), groups=("ward-7",)), NOW)
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        of_group, of_her, of_both = uow.silences.all()
    assert (of_both.people, of_both.by, of_both.reason) == (
        ("erased", "ben@corp.example"),
        "erased",
        "she moves house",
    )
    assert (of_her.people, of_her.by, of_her.reason) == (("erased",), "sam", "erased")
    assert (of_group.people, of_group.groups) == ((), ("ward-7",))


@pytest.mark.parametrize("wanted", ["É-7", "corp/É-7", "élodie@CORP.example", "ÉLODIE@CORP.EXAMPLE"])
def test_a_person_is_found_by_what_is_stored_of_them(store: SqlStore, wanted: str) -> None:
    with store.reading() as uow:
        assert [one.key for one in uow.people.find(wanted)] == [key("É-7")]


@pytest.mark.parametrize("written", SPELLINGS)
def test_whoever_had_a_copy_in_a_tracker_is_erased_in_any_capitals(store: SqlStore, written: str) -> None:
    said = f"Tracker has 0 enabled accounts with the address {written}, not one account."
    with store.begin() as uow:
        [one] = uow.tickets.insert([replace(ticket(), id=0)])
        stays = f"{Say.STAYS}:{written.casefold()}"
        theirs = Copy(
            "desk", one.id, "id", "there", assignee=written, given=written, noted=stays, problem=said
        )
        others = Copy(
            "two",
            one.id,
            "id",
            "there",
            assignee="ben@corp.example",
            given="ben",
            noted="waits:0",
            problem="503",
        )
        uow.mirrors.put(theirs)
        uow.mirrors.put(others)
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        kept = uow.mirrors.of([one.id])[one.id]
    assert kept == [replace(theirs, assignee="", given="", noted="", problem=""), others]


def test_whoever_a_tracker_shows_by_name_alone_is_erased_from_copies_and_claims(store: SqlStore) -> None:
    with store.begin() as uow:
        claim = replace(
            ticket(), id=0, state=TicketState.DONE, done_at=NOW, done_by="desk:Élodie SAMPLE",
            claimed_by=("?", "desk:élodie sample", "tracker:desk/élodie sample"),
        )  # fmt: skip
        [one] = uow.tickets.insert([claim])
        stays = f"{Say.STAYS}:élodie sample"
        theirs = Copy("desk", one.id, "id", "there", assignee="Élodie Sample", noted=stays)
        uow.mirrors.put(theirs)
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        [kept] = uow.tickets.many([one.id]).values()
        assert uow.mirrors.of([one.id])[one.id] == [replace(theirs, assignee="", noted="")]
    assert (kept.done_by, kept.claimed_by) == ("erased", ("?", "erased", "erased"))


def test_a_name_in_a_tracker_that_somebody_else_has_too_is_left(store: SqlStore) -> None:
    read_people(store, facts("É-7", display_name="Élodie"), facts("É-8", display_name="Élodie"))
    with store.begin() as uow:
        claim = replace(ticket(), id=0, state=TicketState.DONE, done_at=NOW, done_by="desk:Élodie")
        [one] = uow.tickets.insert([claim])
        theirs = Copy("desk", one.id, "id", "there", assignee="Élodie")
        uow.mirrors.put(theirs)
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        [kept] = uow.tickets.many([one.id]).values()
        assert kept.done_by == "desk:Élodie"
        assert uow.mirrors.of([one.id])[one.id] == [theirs]


def test_a_name_of_blanks_is_nobodys(store: SqlStore) -> None:
    read_people(store, facts("É-7", display_name=" "))
    with store.begin() as uow:
        claim = replace(
            ticket(), id=0, state=TicketState.DONE, done_at=NOW, done_by="sam", claimed_by=("sam",)
        )
        [one] = uow.tickets.insert([claim])
        uow.people.erase(key("É-7"))
    with store.reading() as uow:
        [kept] = uow.tickets.many([one.id]).values()
    assert (kept.done_by, kept.claimed_by) == ("sam", ("sam",))


@pytest.mark.parametrize("written", [*SPELLINGS, "É-7"])
def test_whoever_may_have_declared_a_roster_or_made_its_link_is_erased_in_any_capitals(
    engine: sa.Engine, store: SqlStore, written: str
) -> None:
    marks, of = json.dumps([written, "sam"], ensure_ascii=False), {"source": "declared", "group_id": "1"}
    group = {"name": "Ward 7", "messenger": "whatsapp", "coverage": "full", "taken_at": NOW, "read_at": NOW}
    made = {"id": "x", "person_source": "corp", "person_id": "dee", "made_at": NOW, "until": NOW + DAY}
    with engine.begin() as connection:
        connection.execute(sa.insert(chat_group).values(**of, **group, first_seen_at=NOW, declared_by=marks))
        connection.execute(sa.insert(group_link).values(**of, **made, made_by=marks))
    with store.begin() as uow:
        uow.people.erase(key("É-7"))
    with engine.connect() as connection:
        kept = [connection.scalar(sa.select(one)) for one in (chat_group.c.declared_by, group_link.c.made_by)]
    assert [json.loads(one or "") for one in kept] == [["erased", "sam"], ["erased", "sam"]]


def test_what_was_reserved_before_is_not_sent_with_the_name(store: SqlStore) -> None:
    with store.begin() as uow:
        [about] = uow.tickets.insert([ticket(person=key("É-7"))])
        uow.outbox.add([replace(letter("a"), ticket=about.id, title="Remove Élodie")], NOW)
        fold(uow, ANN, ["soc"], NOW, 9)
        [read] = uow.outbox.reserve("us", NOW, LIFE, 9)
        uow.people.erase(key("É-7"))

        assert not uow.outbox.claim(Claim(read, "us", NOW + LIFE))
        [anew] = uow.outbox.reserve("us", NOW, LIFE, 9)
    assert (read.items[0].title, anew.items[0].title) == ("Remove Élodie", "erased")


@pytest.mark.parametrize("written", ["Élodie LÉVÊQUE", "ÉLODIE Lévêque", "élodie lévêque"])
@pytest.mark.parametrize("is_title", [False, True])
def test_what_was_sent_about_somebody_is_erased_in_any_capitals(
    engine: sa.Engine, store: SqlStore, written: str, is_title: bool
) -> None:
    said = f"Remove {written} from the group"
    one = replace(letter("a"), title=said) if is_title else replace(letter("a"), body=Paragraph(said))
    read_people(store, facts("É-8", display_name="Élodie Lévêque"))
    with store.begin() as uow:
        uow.outbox.add([one, letter("b")], NOW)
        fold(uow, ANN, ["soc"], NOW, 9)
        [read] = uow.outbox.reserve("us", NOW, LIFE, 9)
        uow.outbox.sent(read, "ref", NOW)
        uow.people.erase(key("É-8"))
    with engine.connect() as connection:
        kept = {row.key: row.title for row in connection.execute(sa.select(outbox.c.key, outbox.c.title))}
        bodies = connection.execute(sa.select(outbox.c.body)).scalars().all()
    assert (kept["a"], kept["b"]) == ("erased", letter("b").title)
    assert not any("lévêque" in body.casefold() for body in bodies)


@pytest.mark.parametrize("written", [*SPELLINGS, "éLODIe sAmple", "É-7"])
def test_what_a_tracker_told_and_nobody_has_used_yet_is_nobody_s_word_then(
    store: SqlStore, written: str
) -> None:
    others = TrackerSaid("a", "T-000001", True, "ben@corp.example", "gone", NOW)
    theirs = replace(others, call_id="b", by=written, note="ask Élodie Sample")
    with store.begin() as uow:
        for told in (others, theirs):
            uow.mirrors.keep("desk", told, NOW)
        uow.people.erase(key("É-7"))
        assert uow.mirrors.told("desk", 9) == [others, replace(theirs, by="", note="")]


def test_a_reason_given_in_a_channel_that_names_them_is_erased_before_it_is_taken(store: SqlStore) -> None:
    given = [{"reason": "ÉLODIE sample has it"}, {"reason": "gone"}, {}]
    acts = [Interaction(str(n), "U1", NOW, ReaderAct.DONE, 1, given=each) for n, each in enumerate(given)]
    with store.begin() as uow:
        for one in acts:
            uow.interactions.keep("slack", one, NOW)
        uow.people.erase(key("É-7"))
        taken = [uow.interactions.claim(NOW, DAY) for _ in acts]
    assert [one and one.interaction for one in taken] == [
        replace(acts[0], given={"reason": "erased"}),
        *acts[1:],
    ]


@pytest.mark.parametrize("is_removed", [False, True])
def test_whoever_owned_a_group_of_which_no_source_tells_any_more_is_erased_from_it(
    engine: sa.Engine, store: SqlStore, *, is_removed: bool
) -> None:
    group = {"name": "Ward 7", "messenger": "whatsapp", "coverage": "full", "taken_at": NOW, "read_at": NOW}
    row = {"source": "wards", **group, "first_seen_at": NOW, "is_gone": 1 - is_removed}
    rows = [{**row, "group_id": one, "owner_email": one} for one in (*SPELLINGS, "ben@corp.example")]
    in_sight = {**row, "source": "other", "is_gone": 0, "group_id": "x", "owner_email": SPELLINGS[0]}
    with engine.begin() as connection:
        connection.execute(sa.insert(chat_group), [*rows, in_sight])
    with store.begin() as uow:
        uow.sources.put(SourceState("wards", Port.INVENTORY))
        uow.sources.remove(Port.INVENTORY, {"wards"} if is_removed else set())
        uow.people.erase(key("É-7"))
    with engine.connect() as connection:
        g = chat_group.c
        kept = connection.execute(
            sa.select(g.group_id, g.owner_email).where(g.owner_email.is_not(None))
        ).all()
    assert set(kept) == {("ben@corp.example", "ben@corp.example"), ("x", SPELLINGS[0])}
