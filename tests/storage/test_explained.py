"""What a comparison with the journal reads, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import DAY, NOW, ticket
from contracts.seals import FILE, line
from worker.app.evidence.check import AuditCheck
from worker.app.evidence.unexplained import Compared
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.model import AccountKey, HandleKey
from worker.ports.state.access import ApiToken
from worker.ports.state.explained import Admission, AnsweredLink, StoredToken
from worker.storage.sql.tables import cohort, cohort_person, desk_session, episode, link, login_link, metadata
from worker.storage.sql.tables import ticket as tickets
from worker.storage.store import SqlStore

UNA = AccountKey("corp", "una")
LINK = {"source": "wards", "display_name": "x", "fingerprint": "f", "suggestions": "[]", "rejected": "[]"}
ROLES = {"name": "sam", "roles": '["viewer"]'}


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine)


def put(engine: sa.Engine, table: sa.Table, rows: Iterable[dict[str, object]]) -> None:
    assert table.metadata is metadata
    with engine.begin() as connection:
        connection.execute(sa.insert(table), list(rows))


def test_events_are_found_by_subject_by_kind_and_by_instant(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.journal.append([Entry(NOW + n * DAY, "sam", f"k{n % 2}", f"s{n % 3}") for n in range(6)])
    with store.reading() as uow:
        of = {
            subject: [one.seq for one in found]
            for subject, found in uow.explained.events_of({"s0", "s9"}).items()
        }
        assert of == {"s0": [1, 4]}
        assert [one.seq for one in uow.explained.events(["k0"], 1, 1)] == [3]
        assert [one.seq for one in uow.explained.events(["k0", "k1"], 4, 9)] == [5, 6]
        assert [one.seq for one in uow.explained.events_at(["k0"], [NOW, NOW + DAY, NOW + 2 * DAY])] == [1, 3]


def test_events_are_found_under_any_name_that_they_ever_had(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.journal.append(Entry(NOW, "sam", f"ticket.{name}", "s") for name in ("open", "opened", "done"))
    with store.reading() as uow:
        assert [one.seq for one in uow.explained.events(["ticket.opened"], 0, 9)] == [1, 2]
        assert [one.seq for one in uow.explained.events_at(["ticket.open"], [NOW])] == [1, 2]


def test_the_answers_that_people_gave_come_in_pages(store: SqlStore, engine: sa.Engine) -> None:
    linked = {
        "state": "linked",
        "person_source": "corp",
        "person_id": "una",
        "decided_at": NOW,
        "decided_by": "sam",
    }
    nothing = dict.fromkeys(("person_source", "person_id", "how", "decided_at", "decided_by"))
    put(engine, link, [
        LINK | nothing | linked | {"handle": "1", "how": "confirmed"},
        LINK | nothing | linked | {"handle": "2", "how": "phone"},
        LINK | nothing | {"handle": "3", "state": "nobody"},
    ])  # fmt: skip
    with store.reading() as uow:
        [first] = uow.explained.answers(None, 1)
        assert first == AnsweredLink(HandleKey("wards", "1"), UNA, NOW, "sam")
        assert uow.explained.answers(first.key, 9) == [
            AnsweredLink(HandleKey("wards", "3"), None, None, None)
        ]


def test_who_was_let_in_is_listed(store: SqlStore, engine: sa.Engine) -> None:
    put(
        engine,
        login_link,
        [{"id": "l", "created_by": "root", "subject": "os:sam", "expires_at": NOW} | ROLES],
    )
    put(
        engine,
        desk_session,
        [{"id": "s", "subject": "os:sam", "created_at": NOW, "expires_at": NOW + DAY} | ROLES],
    )
    token = ApiToken("k", ("tickets:read",), "root", NOW, None, None, "os:root")
    with store.begin() as uow:
        uow.access.add_token(token, "h")
    with store.reading() as uow:
        assert uow.explained.login_links() == [Admission("sam", ("viewer",), NOW, "os:sam", "l", by="root")]
        assert uow.explained.sessions() == [Admission("sam", ("viewer",), NOW + DAY, "os:sam", "s", NOW)]
        assert uow.explained.tokens() == [StoredToken(token, "h")]


@pytest.mark.parametrize(
    "state, gate, is_against",
    [
        ("held", "held", False), ("held", "passed", True), ("held", "rejected", True), ("held", "over", False),
        ("released", "passed", False), ("released", "rejected", True),
        ("rejected", "rejected", False), ("rejected", "passed", True),
    ],
)  # fmt: skip
def test_a_gate_that_is_against_what_was_decided_names_its_plan(
    store: SqlStore, engine: sa.Engine, state: str, gate: str, is_against: bool
) -> None:
    who = {"source": "corp", "person_id": "ann", "at": NOW, "evidence": "disabled"}
    put(engine, cohort, [{"plan_id": 7, "cohort_id": "c1", "cause": "x", "state": state}])
    put(engine, cohort_person, [{"plan_id": 7, "cohort_id": "c1", "name": "Ann"} | who])
    put(engine, episode, [{"kind": "left", "gate": gate, "seen_at": NOW} | who])
    with store.reading() as uow:
        assert list(uow.explained.plans_past_their_gate()) == ([7] if is_against else [])


def test_a_thousand_tickets_are_compared_page_by_page_and_the_changed_one_is_named(
    store: SqlStore, engine: sa.Engine
) -> None:
    with store.begin() as uow:
        stored = uow.tickets.insert([ticket(handle=f"h{number}") for number in range(1001)])
        uow.journal.append(
            Entry(NOW, "whosleft", "ticket.opened", f"ticket:{one.label}", data=ticket_facts(one))
            for one in stored
        )
    compared = Compared()
    assert list(AuditCheck(store).run(compared)) == []
    assert compared.rows["tickets"] == 1001

    with engine.begin() as connection:
        connection.execute(sa.update(tickets).where(tickets.c.id == 777).values(state="waived"))
        connection.execute(sa.delete(tickets).where(tickets.c.id == 3))
    assert [one.row for one in AuditCheck(store).run(Compared())] == ["T-000777", "T-000003"]


def test_the_journal_has_the_real_instant_beside_a_stated_one(engine: sa.Engine) -> None:
    real = NOW + timedelta(days=3)
    with SqlStore(engine, recorded_by=lambda: real).begin() as uow:
        uow.journal.append([Entry(NOW, "sam", "x", "y")])
        [sealed] = uow.journal.chain()
    assert (sealed.entry.at, sealed.entry.data) == (real, {"stated_at": "2026-11-24T12:00:00.000000+00:00"})


def test_the_custody_of_a_page_of_seals_is_read_at_once(engine: sa.Engine, store: SqlStore) -> None:
    with store.begin() as uow:
        for number in range(3):
            seal = uow.seals.add(replace(FILE, sha256=str(number) * 64))
            uow.seals.hand_over(uow.seals.hand_over(seal, line("Legal")), line("an archive"))
        kept = uow.seals.page(0, 9)
    sent: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *what: sent.append(what[2]))
    with store.reading() as uow:
        assert uow.explained.seals(0, 9) == kept
    assert len([one for one in sent if "FROM seal_custody" in one]) == 1
