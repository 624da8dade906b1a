"""Whoever used the console, the API or the commands is erased as their user, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from builders import DAY, HOUR, NOW, facts, key
from contracts.unit_of_work import read_people
from worker.app.acts.access import Access
from worker.app.acts.plans import Approvals
from worker.app.evidence.check import AuditCheck
from worker.app.evidence.unexplained import Compared
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted, signed_in, stated
from worker.domain.evidence.journal import Entry, stamp
from worker.domain.groups.pairing import Pair, PairState
from worker.domain.model import Evidence, GroupKey
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan
from worker.domain.text.reason import Reason
from worker.domain.watch.advisories import Advisory, AdvisoryKey, Dismissal
from worker.ports.state.access import Shown, Visit, Visitor
from worker.ports.state.saved_lists import SavedList
from worker.storage.sql.tables import (
    api_token,
    cohort,
    desk_session,
    journal,
    login_link,
    metadata,
    review_answer,
    shown_link,
)
from worker.storage.store import SqlStore

SAM = Actor("sam", "os:sam")
THEIRS = (
    Actor("ÉLODIE@corp.example", signed_in("https://id.example.org", "7"), Via.CONSOLE),
    Actor("élodie@CORP.example", stated("élodie@CORP.example"), Via.COMMAND),
    Actor("Élodie Sample", "os:É-7", Via.COMMAND),
    Actor("corp/É-7", "https://id.example.org 7"),
)
OTHERS = (
    Actor("emil@corp.example", signed_in("https://id.example.org", "8"), Via.CONSOLE),
    Actor("É-77", "os:E-7"),
)
REASON = "as Élodie SAMPLE asked"


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    store = SqlStore(engine)
    here = facts("É-7", display_name="Élodie Sample", email="Élodie@corp.example")
    read_people(store, here, facts("emil", display_name="Emil Sample", email="emil@corp.example"))
    return store


def use(store: SqlStore, by: Actor, number: int = 1) -> None:
    """What there is of somebody who did all that one can do."""
    access, approvals = Access(store), Approvals(store, two_from=2)
    access.make_token(["tickets:read"], by, NOW)
    access.make_login_link(by.name, ["viewer"], SAM, NOW, HOUR)
    access.make_login_link("kim", ["viewer"], by, NOW, HOUR)
    parts = [
        Cohort(one, Reason(one), (Departure(key(f"{one}{number}"), NOW, Evidence.DELETED),)) for one in "abc"
    ]
    with store.begin() as uow:
        plan = uow.episodes.hold(HeldPlan("corp", Reason("many"), NOW, tuple(parts)))
        held = {"cohorts": ["a", "b", "c"]}
        uow.journal.append([Entry(NOW, "whosleft", events.PLAN_HELD, f"plan:{plan.label}", data=held)])
    for cohorts, who, release in (
        ("a", by, True), ("a", SAM, True), ("b", SAM, False), ("b", by, False), ("c", by, True),
    ):  # fmt: skip
        approvals.decide(plan.id, cohorts, who, REASON, NOW, release=release)
    shown = {"to": "", "until": stamp(NOW + DAY)}
    seen = {"roles": ["viewer"], "expires_at": stamp(NOW + HOUR), "secret": f"s{number}"}
    with store.begin() as uow:
        uow.access.keep_shown(Shown("dee@corp.example", 7, by.name, by.id, NOW, NOW + DAY))
        uow.access.add_session(f"s{number}", Visitor(by.name, ("viewer",), by.id), NOW, NOW + HOUR)
        uow.journal.append(
            [
                acted(by, NOW, events.TICKET_LINK_SHOWN, "ticket:T-000007", data=shown),
                acted(by, NOW, events.DESK_SIGNED_IN, "desk:console", data=seen),
            ]
        )
        uow.access.keep_visit(by.name, Visit(NOW))
        uow.saved_lists.put(by.name, SavedList("mine", {"state": "open"}), NOW)
        gone = Dismissal(by.name, NOW, REASON)
        uow.advisories.put([Advisory(AdvisoryKey("CVE-2026-1", "signal"), NOW, dismissal=gone)])
        groups = GroupKey("wards", "a"), GroupKey("rooms", "b")
        uow.pairs.put(Pair(*groups, PairState.CONFIRMED, Reason("as they said"), NOW, by.name))


def left_of(engine: sa.Engine, *needles: str) -> list[tuple[str, str, str]]:
    """What still names them, but for the journal."""
    found = []
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)) if table is not journal else ():
                found += [
                    (table.name, name, value)
                    for name, value in row._mapping.items()
                    if isinstance(value, str) and any(one in value.casefold() for one in needles)
                ]
    return found


def unexplained(store: SqlStore) -> list[str]:
    return [f"{one.row}: {one.why}" for one in AuditCheck(store).run(Compared())]


@pytest.mark.parametrize("by", THEIRS)
def test_who_acted_is_in_no_row_any_more_and_the_journal_explains_all_that_stays(
    engine: sa.Engine, store: SqlStore, by: Actor
) -> None:
    use(store, by)
    before = unexplained(store)
    assert left_of(engine, by.name.casefold())
    with store.begin() as uow:
        uow.people.erase(key("É-7"))
        uow.journal.append([Entry(NOW, "sam", events.PERSON_ERASED, "person:corp/É-7")])

    assert left_of(engine, "élodie", "é-7", by.name.casefold()) == []
    assert (before, unexplained(store)) == ([], [])
    with store.reading() as uow:
        [plan] = [uow.episodes.plan(1)]
        assert plan is not None
        assert [one.decided_by for one in plan.cohorts] == ["sam", "erased", ""]
        assert uow.access.session("s1", NOW) is None
        assert [one.created_by for one in uow.access.tokens()] == ["erased"]


@pytest.mark.parametrize("by", OTHERS)
def test_what_others_did_stays(engine: sa.Engine, store: SqlStore, by: Actor) -> None:
    use(store, by)
    read_people(store, facts("É-8", display_name="Emil Sample", email="É-77@corp.example"))
    before = left_of(engine, by.name.casefold())
    with store.begin() as uow:
        uow.people.erase(key("É-7"))

    after = left_of(engine, by.name.casefold())
    assert after == before


def test_a_row_that_names_nobody_although_nobody_was_erased_since_is_named(
    engine: sa.Engine, store: SqlStore
) -> None:
    with store.begin() as uow:
        uow.journal.append([Entry(NOW, "sam", events.PERSON_ERASED, "person:corp/É-7")])
    use(store, OTHERS[0])
    with engine.begin() as connection:
        connection.execute(sa.update(cohort).values(decided_by="erased"))
        connection.execute(sa.update(api_token).values(created_by="erased", created_by_id="erased"))
        connection.execute(sa.delete(shown_link))

    assert [one.partition(":")[2] for one in unexplained(store)] == [
        " no event says that it is released by erased",
        " no event says that it is rejected by erased",
        " it is gone or shorter, and by event 11 they have one of T-000007",
        " no event says that it was made, by whom, with this secret and these scopes",
    ]


def test_an_answer_in_a_review_is_nobodys_then(engine: sa.Engine, store: SqlStore) -> None:
    row = {
        "ticket_id": 1, "source": "wards", "group_id": "a", "answer": "keep", "why": "", "at": NOW, "taken_at": NOW,
        "batch": 1,
    }  # fmt: skip
    by = {"+447700900001": "Élodie@corp.example", "+447700900002": "emil@corp.example"}
    with engine.begin() as connection:
        rows = [{**row, "handle": handle, "by": who} for handle, who in by.items()]
        connection.execute(sa.insert(review_answer), rows)
    with store.begin() as uow:
        uow.people.erase(key("É-7"))
    with engine.connect() as connection:
        kept = connection.execute(sa.select(review_answer.c.by).order_by(review_answer.c.handle))
        assert kept.scalars().all() == ["erased", "emil@corp.example"]


def test_login_links_and_sessions_that_are_over_are_forgotten(engine: sa.Engine, store: SqlStore) -> None:
    sam = Visitor("sam", ("viewer",))
    with store.begin() as uow:
        for name, until in (("over", NOW), ("good", NOW + HOUR)):
            uow.access.add_login_link(name, sam, "root", until)
            uow.access.add_session(name, sam, NOW - DAY, until)
        uow.access.forget_admissions(NOW)
    with engine.connect() as connection:
        assert [connection.scalars(sa.select(one.c.id)).all() for one in (login_link, desk_session)] == [
            ["good"],
            ["good"],
        ]
