"""The nightly pass's queries about live tickets and early leavings: each looks up what they name, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from worker.domain.people.persons import AccountsRule
from worker.storage.candidates.assignees import (
    answered_for_by_others,
    left_assignees,
    readdressed_assignees,
    with_former_accountable,
)
from worker.storage.candidates.tickets import tickets_without_reason, waivers_over
from worker.storage.leavers import OVERTAKEN
from worker.storage.waiting import early_departures

BY_ADDRESS, BY_KEY, BY_ACCOUNT = "ix_person_email", "ix_person_key_kind_value", "sqlite_autoindex_person_1"
BY_PERSON = "ix_link_person"


@pytest.mark.parametrize("rule", AccountsRule)
def test_people_are_looked_up_by_their_tickets(engine: sa.Engine, rule: AccountsRule) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    of_reason = (BY_ADDRESS, BY_KEY)
    queries = (
        (tickets_without_reason(rule), of_reason),
        (left_assignees(), (BY_ADDRESS,)),
        (readdressed_assignees(), (BY_ACCOUNT,)),
        (early_departures(in_several=False), (BY_PERSON,)),
        (early_departures(in_several=True), (BY_PERSON,)),
    )
    for query, indexes in queries:
        text = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
        with engine.connect() as connection:
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
        read_whole = ("(source=?)", "(standing=?)", "(kind=?)")
        assert {step for step in steps if step.startswith("SCAN") or step.endswith(read_whole)} <= {
            *(
                "SCAN removed",
                "SCAN assignee",
            ),  # the people of live removals, and those who have open tickets
        }
        assert any(index in step for step in steps for index in indexes)


# Whether the account is in a group; besides, whether one that it is joined with is, and whether others share the key
@pytest.mark.parametrize("in_several, looked_up", [(False, 1), (True, 3)])
def test_postgresql_joins_no_links_to_whoever_came_as_left(
    engine: sa.Engine, *, in_several: bool, looked_up: int
) -> None:
    """By statistics of before the first match it would join them by the directory alone, for a quarter of an hour."""
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite plans by its indexes alone")
    query = early_departures(in_several=in_several)
    text = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        steps = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {text}")]
    assert sum(step.strip().startswith("SubPlan") for step in steps) == looked_up


def test_who_answers_is_noted_for_live_tickets_alone(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    for query in (answered_for_by_others("new@corp.example"), with_former_accountable("new@corp.example")):
        text = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
        with engine.connect() as connection:
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
        assert not [step for step in steps if step.startswith("SCAN")]
        assert "ix_ticket_state" in steps[0] or "ix_ticket_due" in steps[0]


def test_waivers_that_ended_are_found_by_their_ends(engine: sa.Engine) -> None:
    """Each reconcile asks, so what it costs must not grow with the waivers that there are."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    now = datetime(2026, 5, 4, 9, tzinfo=UTC)
    query = waivers_over().params(since=now - timedelta(days=1), now=now)
    text = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert "ix_ticket_waived_until (waived_until>? AND waived_until<?)" in steps[0]


def test_lists_that_overtake_a_proof_are_found_by_the_leavers_in_them(engine: sa.Engine) -> None:
    """Each read asks, so what it costs must not grow with what was ever proven."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    text = str(OVERTAKEN.params(of="wards").compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert "ix_membership_leaver" in steps[0]
    assert not [step for step in steps if step.startswith("SCAN")]
