"""What a pass leaves behind in the tables, whatever the pages it came in and the parts in which it is applied."""

import json
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import builders
from plans_of_queries import steps_of
from worker.domain.model import AccountFacts, AccountKey, Evidence, Standing
from worker.domain.people.leaver import Judgement
from worker.domain.people.lifecycle import EventKind
from worker.ports.state.episodes import Gate
from worker.ports.state.people import Applied, JudgedFacts
from worker.storage import people_passes
from worker.storage.people_staging import SHARED
from worker.storage.sql.tables import episode, person, person_key, staged_person, staged_person_key
from worker.storage.store import SqlStore

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
MANY = 6_000
PEAK_MAX = 4_000_000  # bytes: 6,000 people, as they were and as they are, would take ten times as much


@pytest.fixture(params=[2, people_passes.AT_ONCE], ids=["in parts", "at once"])
def store(engine: sa.Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SqlStore:
    monkeypatch.setattr(people_passes, "AT_ONCE", request.param)
    return SqlStore(engine)


def facts(person_id: str, **changes: Any) -> AccountFacts:
    """Nobody has an address that the test does not state."""
    return builders.facts(person_id, **({"email": None} | changes))


def read(store: SqlStore, *pages: Iterable[AccountFacts], hours: int = 0) -> Applied:
    """A full pass in these pages, each in a transaction of its own."""
    for page in pages:
        with store.begin() as uow:
            uow.people.stage("corp", [JudgedFacts(one, None) for one in page])
    at = NINE + timedelta(hours=hours)
    with store.begin() as uow:
        return uow.people.apply_stage("corp", is_full=True, taken_at=at, now=at)


def keys(engine: sa.Engine) -> set[tuple[str, str, str]]:
    with engine.connect() as connection:
        query = sa.select(person_key.c.person_id, person_key.c.value, person_key.c.raw)
        return {tuple(row) for row in connection.execute(query.where(person_key.c.source == "corp"))}


def numbered(count: int, language: str) -> list[AccountFacts]:
    return [
        facts(f"p{n:05}", language=language, employee_id=f"E{n}", phones=(f"+4477009{n:05}",))
        for n in range(count)
    ]


def test_of_somebody_who_comes_twice_only_the_last_keys_are_kept(engine: sa.Engine, store: SqlStore) -> None:
    read(store, [facts("ann", employee_id="E1"), facts("ben")], [facts("ann", phones=("+447700900123",))])

    assert keys(engine) == {("ann", "+447700900123", "+447700900123")}


def test_variants_of_a_number_are_one_key_on_a_first_pass_and_later(
    engine: sa.Engine, store: SqlStore
) -> None:
    read(store, [facts("ann", phones=("+5511987654321", "+551187654321"))])
    first = keys(engine)
    read(store, [facts("ann", phones=("+551187654321", "+5511987654321"))], hours=1)

    assert first == {("ann", "+5511987654321", "+551187654321")}
    assert {key[:2] for key in keys(engine)} == {key[:2] for key in first}


def test_the_keys_of_whoever_changed_are_exchanged_and_of_nobody_else(
    engine: sa.Engine, store: SqlStore
) -> None:
    before = numbered(7, "en")
    read(store, before)
    after = [*before[:3], facts("p00003", email="x@corp.example"), *before[4:6]]
    gone = facts("p00006", display_name="p00006", is_deleted=True)

    applied = read(store, after[:4], [*after[4:], gone, facts("new", employee_id="N")], hours=1)

    assert applied.changed == 3
    assert [(e.kind, e.person.key.person_id) for e in applied.events if e.kind is EventKind.JOINED] == [
        (EventKind.JOINED, "new")
    ]
    expected = {(f"p{n:05}", value, raw) for n in (0, 1, 2, 4, 5, 6) for value, raw in
                ((f"e{n}", ""), (f"+4477009{n:05}", f"+4477009{n:05}"))}  # fmt: skip
    assert keys(engine) == expected | {("p00003", "x@corp.example", ""), ("new", "n", "")}


MANY_AT_ONCE = 6


def test_a_number_that_many_are_given_is_kept_beside_their_own_until_few_have_it(
    engine: sa.Engine, store: SqlStore
) -> None:
    read(store, [facts(f"p{n}", employee_id=f"E{n}") for n in range(MANY_AT_ONCE + 1)])
    first = keys(engine)
    read(store, [facts(f"p{n}", employee_id="E0") for n in range(MANY_AT_ONCE + 1)], hours=1)
    marked = {(f"p{n}", "e0", SHARED) for n in range(1, MANY_AT_ONCE + 1)}
    assert keys(engine) == first | marked

    read(store, [facts(f"p{n}", employee_id="E0", language="cy") for n in range(MANY_AT_ONCE + 1)], hours=2)
    assert keys(engine) == first | marked

    read(store, [facts("p0", employee_id="E0"), facts("p1", employee_id="E1")], hours=3)
    assert keys(engine) == first | (marked - {("p1", "e0", SHARED)})

    read(store, [facts("p2", employee_id="other")], hours=4)  # five have it now
    assert keys(engine) == first - {("p2", "e2", "")} | {("p2", "other", "")}


def test_a_number_that_many_lose_at_once_is_kept_and_one_that_few_lose_is_not(
    engine: sa.Engine, store: SqlStore
) -> None:
    count = MANY_AT_ONCE + 1
    read(store, [facts(f"p{n}", employee_id=f"E{n}", email=None) for n in range(count)])
    first = keys(engine)
    read(store, [facts(f"p{n}", email=None) for n in range(MANY_AT_ONCE)], hours=1)
    read(store, [facts(f"p{n}", email=None, language="cy") for n in range(MANY_AT_ONCE)], hours=2)
    assert keys(engine) == first | {(f"p{n}", "", SHARED) for n in range(MANY_AT_ONCE)}
    read(store, [facts(f"p{count - 1}", email=None)], hours=3)  # one of the many, though later
    assert keys(engine) == first | {(f"p{n}", "", SHARED) for n in range(count)}

    read(store, [facts(f"p{n}", employee_id=f"E{n}", email=None) for n in range(count)], hours=4)
    assert keys(engine) == first
    read(store, [facts("p0", email=None), facts(f"p{count - 1}", email=None)], hours=5)
    assert keys(engine) == first - {("p0", "e0", ""), (f"p{count - 1}", f"e{count - 1}", "")}


def test_hostile_text_spoils_no_pass(engine: sa.Engine, store: SqlStore) -> None:
    for hours, hostile in enumerate(("a\0b", "a\ud800b", "a'\";--\\u0000")):
        read(store, [facts("ann", employee_id=hostile, title=hostile), facts("ben")], hours=hours)
        read(store, [facts(f"p{hours}", employee_id=hostile)], hours=hours)

    assert {value for _, value, _ in keys(engine)} == {"a\ufffdb", "a'\";--\\u0000"}


def test_a_nul_in_a_fact_does_not_come_back_out_of_the_json(engine: sa.Engine, store: SqlStore) -> None:
    read(store, [facts("ann", title="a\0b", attributes=(("country", "G\0B"),), department="\\u0000")])
    with engine.connect() as connection:
        kept = json.loads(connection.execute(sa.select(person.c.facts)).scalar_one())

    assert (kept["title"], kept["attributes"]) == ("a\ufffdb", [["country", "G\ufffdB"]])
    assert kept["department"] == "\\u0000"


def test_nothing_is_left_staged(engine: sa.Engine, store: SqlStore) -> None:
    read(store, numbered(5, "en"))
    read(store, numbered(5, "cy"), hours=1)

    with engine.connect() as connection:
        for table in (staged_person, staged_person_key):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
        known = connection.execute(sa.select(person.c.facts)).scalars().all()
    assert all("cy" in text for text in known)


def test_a_pass_in_which_everybody_is_new_or_changed_is_applied_in_flat_memory(engine: sa.Engine) -> None:
    store = SqlStore(engine)
    for hours, language in enumerate(("en", "cy")):
        with store.begin() as uow:
            uow.people.stage("corp", [JudgedFacts(one, None) for one in numbered(MANY, language)])
        at = NINE + timedelta(hours=hours)
        tracemalloc.start()
        try:
            with store.begin() as uow:
                applied = uow.people.apply_stage("corp", is_full=True, taken_at=at, now=at)
            assert applied.changed == MANY
            assert tracemalloc.get_traced_memory()[1] < PEAK_MAX
        finally:
            tracemalloc.stop()


def test_one_person_s_other_accounts_are_looked_up_by_their_keys(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    store = SqlStore(engine)
    read(store, [facts("a"), facts("b")])

    def look() -> None:
        with store.reading() as uow:
            assert uow.people.human(AccountKey("corp", "a")) is not None

    steps = [step for plan in steps_of(engine, look, "person_key") for step in plan]
    assert "SEARCH o USING INDEX ix_person_key_kind_value (kind=? AND value=?)" in steps
    assert "SEARCH o USING INDEX ix_person_key_kind_value (kind=?)" not in steps


def test_whoever_has_an_address_is_found_without_a_look_at_everybody(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    store = SqlStore(engine)
    read(store, [facts("a", email="a@corp.example"), facts("b")])

    def look() -> None:
        with store.reading() as uow:
            assert [one.key.person_id for one in uow.people.find("A@corp.example")] == ["a"]
            assert uow.people.find("nobody@corp.example") == []

    plans = steps_of(engine, look, "person")
    assert plans
    assert not [step for plan in plans for step in plan if step in {"SCAN person", "SCAN person_key"}]


def test_who_has_a_number_is_found_by_it(engine: sa.Engine, store: SqlStore) -> None:
    number = "+447700900123"
    read(store, [facts("out", phones=(number,), is_in_scope=False), *numbered(50, "en")])

    def look() -> None:
        with store.reading() as uow:
            assert [one.person.person_id for one in uow.identities.people_with([number])[number]] == ["out"]

    look()
    if engine.dialect.name == "sqlite":
        [steps] = steps_of(engine, look, "person_key")
        assert not [step for step in steps if "SCAN" in step or "(kind=?)" in step], steps


def test_whose_number_is_nobody_s_any_more_is_found_by_it(engine: sa.Engine, store: SqlStore) -> None:
    read(store, numbered(50, "en"))

    def look() -> None:
        with store.reading() as uow:
            assert uow.people.who_left(["+447700900123", "ann@corp.example"]) == set()

    look()
    if engine.dialect.name == "sqlite":
        plans = steps_of(engine, look, "person")
        assert len(plans) == 3  # by number, address and user name
        assert not [step for plan in plans for step in plan if "SCAN" in step or "(kind=?)" in step], plans


def test_who_left_by_a_date_that_is_ahead_is_found_by_that_date(engine: sa.Engine) -> None:
    store, ahead = SqlStore(engine), NINE + timedelta(days=3)
    said = {
        "ahead": Judgement(Standing.LEFT, Evidence.LEAVE_DATE, ahead),
        "come": Judgement(Standing.LEFT, Evidence.EXPIRED, NINE),
        "disabled": Judgement(Standing.LEFT, Evidence.DISABLED),
        "leaving": Judgement(Standing.LEAVING, Evidence.LEAVE_DATE, ahead),
    }
    with store.begin() as uow:
        uow.people.stage("corp", [JudgedFacts(facts(name), judgement) for name, judgement in said.items()])
        uow.people.apply_stage("corp", is_full=True, taken_at=ahead, now=NINE)

    def look() -> None:
        with store.reading() as uow:
            assert [one.key.person_id for one in uow.people.left_too_early(NINE)] == ["ahead"]

    look()
    if engine.dialect.name == "sqlite":
        [[step, *_]] = steps_of(engine, look, "person")
        assert step == "SEARCH person USING INDEX ix_person_standing_at (standing=? AND at>?)"


def test_somebody_is_found_by_id_in_letters_of_any_size_employee_id_and_key(store: SqlStore) -> None:
    read(store, [facts("Ann-1", email="ann@corp.example", employee_id="E77"), facts("b")])
    with store.reading() as uow:
        for text in ("Ann-1", "ann-1", "ANN-1", "aNN-1", " e77 ", "corp/Ann-1", "Ann@corp.example"):
            assert [one.key.person_id for one in uow.people.find(text)] == ["Ann-1"], text
        assert uow.people.find("corp/nobody") == []


def test_somebody_is_found_by_their_address_with_the_domain_as_people_write_it(store: SqlStore) -> None:
    read(store, [facts("ann", email="ann@xn--strae-oqa.example"), facts("ben", email="ann@strasse.example")])
    with store.reading() as uow:
        assert [one.key.person_id for one in uow.people.find("Ann@straße.example")] == ["ann"]


def test_somebody_is_found_by_a_user_name_that_is_nobody_s_address(
    engine: sa.Engine, store: SqlStore
) -> None:
    read(
        store,
        [
            facts("ann", username="Ann@corp.example"),
            facts("ben", username="cy@corp.example"),
            facts("cy", email="cy@corp.example", username="CY@corp.example"),
            facts("dee", username="dee"),
        ],
    )

    def found(username: str) -> list[str]:
        with store.reading() as uow:
            return [one.key.person_id for one in uow.people.with_username(username)]

    assert (found("ann@Corp.example"), found("cy@corp.example"), found("dee")) == (["ann"], [], [])
    with engine.connect() as connection:
        names = connection.execute(sa.select(person.c.username).order_by(person.c.person_id))
        assert [*names.scalars()] == ["ann@corp.example", "cy@corp.example", None, None]

    read(store, [facts("ann", username="anna@corp.example")], hours=1)
    assert (found("ann@corp.example"), found("anna@corp.example")) == ([], ["ann"])


@pytest.mark.parametrize("gate", [Gate.INITIAL, Gate.HELD, Gate.PASSED, Gate.REJECTED])
def test_a_clock_that_is_behind_for_a_while_leaves_an_episode_at_its_gate(
    engine: sa.Engine, gate: Gate
) -> None:
    store, hour = SqlStore(engine), timedelta(hours=1)
    _read_by_date(store, NINE - hour, now=NINE)
    with engine.begin() as connection:
        connection.execute(sa.update(episode).values(gate=gate.value))
    _read_by_date(store, NINE - hour, now=NINE - 2 * hour)
    with store.begin() as uow:
        assert not uow.episodes.departures(), "nobody has left by this clock"
        uow.people.end_returned(NINE - 3 * hour, NINE - 2 * hour)
    _read_by_date(store, NINE - hour, now=NINE + hour)
    assert _gates(engine) == [gate.value]


def test_a_held_leaving_ends_once_its_date_was_ahead_for_long_enough(engine: sa.Engine) -> None:
    store, hour = SqlStore(engine), timedelta(hours=1)
    _read_by_date(store, NINE + hour, now=NINE)
    _read_by_date(store, NINE + hour, now=NINE + 2 * hour)
    with engine.begin() as connection:
        connection.execute(sa.update(episode).values(gate=Gate.HELD.value))
    _read_by_date(store, NINE + hour, now=NINE)
    for back_by, gate in ((NINE - hour, Gate.HELD), (NINE, Gate.OVER)):
        with store.begin() as uow:
            uow.people.end_returned(back_by, NINE)
        assert _gates(engine) == [gate.value]
    _read_by_date(store, NINE + hour, now=NINE + hour)
    assert _gates(engine) == [Gate.NEW.value], "its date comes for the first time"


def _read_by_date(store: SqlStore, at: datetime, *, now: datetime) -> None:
    """A read of one who is enabled until that date."""
    standing = Standing.LEFT if at <= now else Standing.LEAVING
    ann = JudgedFacts(facts("ann", leave_at=at), Judgement(standing, Evidence.LEAVE_DATE, at))
    with store.begin() as uow:
        uow.people.stage("corp", [ann])
        uow.people.apply_stage("corp", is_full=True, taken_at=now, now=now)


def _gates(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.execute(sa.select(episode.c.gate)).scalars()]
