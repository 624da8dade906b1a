"""Files are sealed under a ticket: once for each content, handed over by name, and refused if they were changed."""

from __future__ import annotations

from datetime import date

import pytest

from harness import Harness
from worker.app.acts.sealing import SealDone
from worker.app.reads.ticket import whole_ticket
from worker.app.refused import Refused
from worker.contract.seals import SealShape
from worker.domain.controls.seals import Measured
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.journal import Sealed
from worker.domain.reconcile.plan import instant

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
        assert whole_ticket(uow, ticket, ward.now, ward.app.rules.holding).seals == [done.seal]
