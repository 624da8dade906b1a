"""Files are sealed under a ticket: once for each content, handed over by name, and refused if they were changed."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from builders import NOW
from harness import Harness
from worker.app.acts.sealing import SealDone
from worker.app.evidence.check import AuditCheck
from worker.app.evidence.unexplained import Compared
from worker.app.reads.ticket import whole_ticket
from worker.app.refused import Refused
from worker.contract.seals import SealShape
from worker.domain.controls.seals import Measured, Seal
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.evidence.journal import Sealed
from worker.domain.model import AccountKey
from worker.domain.reconcile.plan import instant
from worker.storage.sql.tables import seal as table
from worker.storage.sql.tables import seal_custody as custody

CHAT = b"13/03/2026, 10:15 - Rita: secret\n02/11/2026, 08:00 - Amina: more\n"
NAME = "/home/sam/WhatsApp Chat with Amina.txt"


@pytest.fixture
def ward(company: Harness) -> Harness:
    """Ann has left: T-000001."""
    company.leave("ann")
    company.settle()
    return company


def measured(harness: Harness, data: bytes = CHAT, name: str = NAME) -> Measured:
    measuring = harness.app.sealing.measuring(name, harness.now)
    measuring.take(data)
    return measuring.end()


def seal(harness: Harness, data: bytes = CHAT, name: str = NAME, by: str = "sam", **said: str) -> SealDone:
    return harness.app.sealing.seal(1, measured(harness, data, name), Actor(by), harness.now, **said)


def told(harness: Harness) -> list[Sealed]:
    with harness.store.reading() as uow:
        return [one for one in uow.journal.of("ticket:T-000001") if one.entry.event.startswith("evidence")]


def test_a_seal_is_kept_and_is_one_event_with_the_hash(ward: Harness) -> None:
    done = seal(ward, how="chat export by a\nremaining member")
    assert done.is_new
    assert SealShape.of(done.seal).model_dump(mode="json", by_alias=True) == {
        "id": "E-000001",
        "ticket": "T-000001",
        "name": "WhatsApp Chat with Amina.txt",
        "size": len(CHAT),
        "sha256": done.seal.sha256,
        "media": False,
        "lines": 2,
        "first_on": "2026-03-13",
        "last_on": "2026-11-02",
        "made_by": "sam",
        "made_at": instant(ward.now),
        "how": "chat export by a remaining member",
        "custody": [],
    }
    [one] = told(ward)
    assert (one.entry.event, one.entry.actor, one.entry.reason) == ("evidence.sealed", "sam", done.seal.how)
    assert one.entry.data["sha256"] == done.seal.sha256
    assert "Amina" not in str(one.entry.data)
    assert (done.seal.first_on, done.seal.last_on) == (date(2026, 3, 13), date(2026, 11, 2))


def test_nothing_that_was_written_is_kept(ward: Harness) -> None:
    seal(ward)
    with ward.engine.connect() as connection:
        everything = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "E-000001" in everything
    assert "secret" not in everything


def test_sealed_again_it_is_as_it_was(ward: Harness) -> None:
    first = seal(ward)
    again = seal(ward, name="copy.txt", by="kim", how="another way")
    assert (again.is_new, again.seal) == (False, first.seal)
    assert len(told(ward)) == 1


def test_whoever_hands_it_over_hashes_it_again(ward: Harness) -> None:
    seal(ward)
    ward.later(hours=2)
    done = seal(ward, by="kim", to="Legal,\n room 4")
    [line] = done.seal.custody
    assert (line.at, line.giver, line.taker, line.sha256) == (
        ward.now,
        "kim",
        "Legal, room 4",
        done.seal.sha256,
    )
    assert SealShape.of(done.seal).model_dump(mode="json", by_alias=True)["custody"][0].keys() == {
        "at",
        "from",
        "to",
        "sha256",
    }
    _, handed = told(ward)
    assert (handed.entry.event, handed.entry.actor) == ("evidence.handed_over", "kim")
    assert handed.entry.data == {"seal": "E-000001", "sha256": done.seal.sha256, "to": "Legal, room 4"}
    with ward.store.reading() as uow:
        assert uow.seals.of_ticket(1) == [done.seal]


def test_it_can_be_sealed_and_handed_over_at_once(ward: Harness) -> None:
    assert [one.taker for one in seal(ward, to="Legal").seal.custody] == ["Legal"]
    assert [one.entry.event for one in told(ward)] == ["evidence.sealed", "evidence.handed_over"]


def test_a_file_that_was_changed_is_refused_with_both_hashes(ward: Harness) -> None:
    first = seal(ward).seal
    changed = CHAT + b"x"
    with pytest.raises(Refused, match="was changed") as refused:
        seal(ward, changed)
    now = measured(ward, changed).sha256
    assert first.sha256[:12] in str(refused.value)
    assert now[:12] in str(refused.value)
    assert len(told(ward)) == 1
    assert seal(ward, changed, name="another.txt").seal.label == "E-000002"


def test_a_file_with_the_contents_of_another_sealed_one_was_changed(ward: Harness) -> None:
    other = CHAT + b"x"
    seal(ward)
    seal(ward, other, name="another.txt")
    with pytest.raises(Refused, match=r"Amina\.txt was changed"):
        seal(ward, other, to="Legal")
    assert [one.entry.event for one in told(ward)] == ["evidence.sealed"] * 2


@pytest.mark.parametrize(
    "number, data, why", [(99, CHAT, "There is no ticket T-000099"), (1, b"", "is empty")]
)
def test_what_cannot_be_sealed_is_refused(ward: Harness, number: int, data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        ward.app.sealing.seal(number, measured(ward, data), Actor("sam"), ward.now)


def test_a_ticket_is_shown_with_its_seals(ward: Harness) -> None:
    done = seal(ward)
    with ward.store.reading() as uow:
        ticket = uow.tickets.get(1)
        assert ticket is not None
        assert whole_ticket(uow, ticket, ward.now, ward.app.rules.holding, ward.links).seals == [done.seal]


# --- against the journal ----------------------------------------------------------------------------------


def problems(harness: Harness) -> list[str]:
    return [f"{one.row}: {one.why}" for one in AuditCheck(harness.store).run(Compared())]


def tamper(harness: Harness, statement: sa.Executable) -> list[str]:
    assert problems(harness) == []
    with harness.engine.begin() as connection:
        connection.execute(statement)
    return problems(harness)


@pytest.fixture
def handed(ward: Harness) -> Harness:
    """A file that was sealed for ann's ticket, and handed over twice."""
    seal(ward, how="by a member")
    for to in ("Legal", "an archive"):
        ward.later()
        seal(ward, to=to)
    return ward


def test_what_was_sealed_and_handed_over_is_explained(handed: Harness) -> None:
    compared = Compared()
    assert list(AuditCheck(handed.store).run(compared)) == []
    assert compared.rows["seals"] == 1


@pytest.mark.parametrize(
    "column, value",
    [
        ("sha256", "0" * 64),
        ("size", 1),
        ("name", "another.txt"),
        ("media", None),
        ("lines", 3),
        ("first_on", "2026-03-14"),
        ("last_on", None),
        ("made_by", "kim"),
        ("made_at", NOW),
        ("how", "by somebody else"),
    ],
)
def test_a_seal_that_was_changed_in_sql_is_named(handed: Harness, column: str, value: object) -> None:
    found = tamper(handed, sa.update(table).values({column: value}))
    assert all(one.startswith("E-000001: its ") for one in found)
    is_in_name = "name_sha256" if column == "name" else column
    assert any(is_in_name in one for one in found)


def test_a_hand_over_that_was_changed_put_in_or_taken_out_is_named(handed: Harness) -> None:
    second = custody.c.number == 2
    changed = tamper(handed, sa.update(custody).where(second).values(taker="nobody"))
    assert changed == ["E-000001: its hand-over 2 is not the one of the journal"]
    with handed.engine.begin() as connection:
        connection.execute(sa.delete(custody).where(second))
    assert problems(handed) == ["E-000001: it has 1 hand-overs, and by the journal 2"]


def test_a_seal_of_another_ticket_and_one_that_is_gone_are_named(handed: Harness) -> None:
    no_event = "E-000001: no event says that it was made for its ticket"
    assert tamper(handed, sa.update(table).values(ticket_id=2)) == [no_event]
    with handed.engine.begin() as connection:
        connection.execute(sa.delete(table))
    assert problems(handed) == ["E-000001: it is gone, and by the journal it was made"]


def test_rows_that_cannot_be_read_are_named(handed: Harness) -> None:
    unreadable = sa.text("UPDATE seal_custody SET at = 'x' WHERE number = 1")
    assert tamper(handed, unreadable) == ["E-000001: it has 1 hand-overs, and by the journal 2"]
    with handed.engine.begin() as connection:
        connection.execute(sa.text("UPDATE seal SET first_on = 'x'"))
    [found] = problems(handed)
    assert found.startswith("E-000001: its row can't be read")


def erase(harness: Harness, person: str) -> list[Seal]:
    with harness.store.begin() as uow:
        uow.people.erase(AccountKey("corp", person))
        entry = acted(Actor("sam"), harness.now, events.PERSON_ERASED, f"person:corp/{person}")
        uow.journal.append([entry])
        return uow.seals.page(0, 9)


def test_an_erased_person_is_in_no_seal_any_more_and_the_journal_still_explains_it(ward: Harness) -> None:
    seal(ward, b"one", "of her ticket.txt", by="dee")
    seal(ward, b"two", "three.txt", by="ben@corp.example", how="Ben did it", to="Ben of Ward 7")
    seal(ward, b"two", "three.txt", by="corp/ben", to="Legal")
    first, second = erase(ward, "ben")
    assert (first.name, first.made_by, second.name) == ("of her ticket.txt", "dee", "three.txt")
    assert (second.how, second.made_by) == ("erased", "erased")
    assert [(one.giver, one.taker) for one in second.custody] == [("erased", "erased"), ("erased", "Legal")]
    assert [one.name for one in erase(ward, "ann")] == ["erased", "erased"]
    assert problems(ward) == []


def test_a_name_that_is_blank_although_nobody_was_erased_is_named(handed: Harness) -> None:
    [found] = tamper(handed, sa.update(table).values(name="erased"))
    assert "name_sha256" in found
