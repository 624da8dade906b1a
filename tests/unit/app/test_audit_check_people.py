"""What people answered and decided, and who was let in, held against the journal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from audit_checks import AS_ZOE, ROOT, SOON, Start, as_of_an_earlier_release, behind, check, problems, tamper
from builders import NOW, facts
from handles import LID, NEW
from harness import Harness
from reported import PERSONAL, report, reported_ward
from worker.app.acts.access import Access
from worker.app.acts.identifying import Identifying
from worker.app.acts.plans import Approvals
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted, logged_in
from worker.domain.evidence.journal import stamp
from worker.domain.model import Member
from worker.domain.reconcile.guard import GuardLimits
from worker.storage.sql.tables import (
    api_token,
    approval,
    cohort,
    desk_session,
    episode,
    link,
    login_link,
    objection,
)
from worker.storage.store import SqlStore

# --- identity -----------------------------------------------------------------------------------------------


def answered(company: Harness, who: str) -> Any:
    return sa.update(link).where(link.c.handle == company.number(who))


def test_answers_of_people_are_explained_and_those_made_in_sql_are_named(company: Harness) -> None:
    company.identifying.confirm(company.number("ann"), "corp/ann", Actor("sam"), company.now)
    company.identifying.reject(company.number("ben"), Actor("sam"), "another", company.now)
    company.settle()
    company.later()
    company.settle()
    found, compared = check(company)
    assert found == []
    assert compared.rows["answers"] >= 1

    (problem,) = tamper(
        company,
        answered(company, "cem").values(person_id="ann", how="confirmed", decided_by="sam"),
    )
    assert "wards/" in problem
    assert problem.endswith("no event says that somebody answered that it is corp/ann")


def test_an_answer_that_can_t_be_read_is_named(company: Harness) -> None:
    company.identifying.confirm(company.number("ann"), "corp/ann", Actor("sam"), company.now)
    (problem,) = tamper(company, answered(company, "ann").values(decided_at=sa.literal("x")))
    assert problem.startswith(f"wards/{company.number('ann')}: its row can't be read (TypeError: ")


def test_an_answer_that_was_weighed_again_is_still_that_of_whoever_gave_it(company: Harness) -> None:
    company.identifying.confirm(company.number("ann"), "corp/ann", Actor("sam"), company.now)
    with company.engine.begin() as connection:
        connection.execute(answered(company, "ann").values(is_dirty=1))
    company.later()
    company.settle()

    with company.engine.begin() as connection:
        row = connection.execute(sa.select(link).where(link.c.handle == company.number("ann"))).one()
    assert (row.is_dirty, row.decided_by) == (0, "sam")
    assert problems(company) == []


@pytest.mark.parametrize("who", ["eve", None])
def test_an_answer_that_goes_on_for_a_member_who_is_shown_otherwise_is_explained(
    company: Harness, who: str | None
) -> None:
    company.wards.add_member("ward-7", Member(NEW, "A.", phone=NEW))
    company.settle()
    if who:
        company.identifying.confirm(NEW, who, Actor("sam"), company.now)
    else:
        company.identifying.reject(NEW, Actor("sam"), "an agency nurse", company.now)
    company.settle()
    company.group("ward-8", admins=["dee"])
    company.wards.add_member(
        "ward-8", Member(LID, "A.", lid=LID)
    )  # it is another handle of the same member's
    company.wards.replace_member("ward-7", NEW, Member(NEW, "A.", phone=NEW, lid=LID))
    for _ in range(2):
        company.later()
        company.settle()
    found, compared = check(company)
    assert (found, compared.not_comparable) == ([], 0)
    assert compared.rows["answers"] == (1 if who else 2)
    assert company.kinds().count(events.LINK_CARRIED) == compared.rows["answers"]

    problem = f"no event says that somebody answered that it is corp/{who or 'eve'}"
    forged = {"state": "linked", "person_source": "corp", "person_id": who or "eve", "how": "confirmed"}
    behind(company, answered(company, "cem").values(decided_by="sam", **forged))
    assert [one.why for one in check(company)[0]] == [problem]


def test_an_answer_whose_time_an_earlier_release_forgot_is_explained_by_what_was_said(
    company: Harness,
) -> None:
    company.identifying.confirm(company.number("ann"), "corp/ann", Actor("sam"), company.now)
    later = company.now + timedelta(days=1)
    forgotten = answered(company, "ann").values(decided_by=None, decided_at=later)
    assert tamper(company, forgotten) == []
    assert check(company)[1].not_comparable == 1


def test_an_answer_at_a_stated_time_is_explained(company: Harness) -> None:
    real = company.now + timedelta(days=30)
    store = SqlStore(company.engine, recorded_by=lambda: real)
    Identifying(store).confirm(company.number("ann"), "corp/ann", Actor("sam"), company.now)
    assert company.journal()[-1].entry.at == real
    assert problems(company) == []


def test_an_event_explains_one_answer_and_not_another_with_its_author_and_instant(company: Harness) -> None:
    for who in ("ben", "cem"):
        company.identifying.reject(company.number(who), Actor("sam"), "another", company.now)
    company.settle()
    for who in ("ben", "cem"):
        company.identifying.reject(company.number(who), Actor("sam"), "from outside", company.now)
    borrowed = {"state": "nobody", "person_source": None, "person_id": None, "decided_by": "sam"}
    forged = answered(company, "ann").values(decided_at=sa.literal(_microseconds(company.now)), **borrowed)

    (problem,) = tamper(company, forged)
    assert problem.startswith("wards/")
    assert problem.endswith("no event says that somebody answered that it is nobody of the directory")


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


# --- plans --------------------------------------------------------------------------------------------------


@pytest.fixture
def held(start: Start) -> Harness:
    company = start(limits=GuardLimits(leavers_max=1))
    company.leave("ann", "ben")
    company.settle()
    return company


APPROVED, OBJECTED = (
    sa.insert(table).values(plan_id=1, cohort_id="c1", by="sam", at=NOW, reason="x")
    for table in (approval, objection)
)


@pytest.mark.parametrize("release", [True, False])
def test_plans_as_people_decided_them_are_explained(held: Harness, release: bool) -> None:
    assert problems(held) == []
    held.approvals.decide(1, [], Actor("sam"), "checked", held.now, release=release)
    held.settle()
    found, compared = check(held)
    assert (found, compared.rows["cohorts"]) == ([], 1)


@pytest.mark.parametrize(
    "statement, why",
    [
        (sa.update(cohort).values(state="released", decided_by="sam"), "no event says that it is released by sam"),
        (sa.update(cohort).values(state="rejected"), "no event says that it is rejected"),
        (APPROVED, "no event says that it is approved by sam"),
        (OBJECTED, "no event says that it is objected to by sam"),
        (sa.update(cohort).values(state="x"), "its row can't be read (ValueError: 'x' is not a valid HoldState)"),
        (sa.update(episode).values(gate="passed"), "people of it were let through, or kept back, against the decision"),
    ],
)  # fmt: skip
def test_a_plan_that_was_decided_in_sql_is_named(held: Harness, statement: Any, why: str) -> None:
    assert any(
        problem.endswith(why) and problem.startswith("P-000001") for problem in tamper(held, statement)
    )


@pytest.mark.parametrize("release", [True, False])
def test_the_words_of_two_people_on_a_large_plan_are_explained(held: Harness, release: bool) -> None:
    approvals = Approvals(held.store, two_from=1)
    for name in ("sam", "kim"):
        approvals.decide(1, [], Actor(name), "checked", held.now, release=release)
        assert problems(held) == []


@pytest.mark.parametrize(
    "release, words, said", [(True, approval, "approved"), (False, objection, "objected to")]
)
def test_a_word_that_was_given_another_account_in_sql_is_named_also_after_it_was_given_back(
    held: Harness, release: bool, words: sa.Table, said: str
) -> None:
    approvals = Approvals(held.store, two_from=1)
    approvals.decide(1, [], ROOT, "checked", held.now, release=release)
    assert tamper(held, sa.update(words).values(subject="os:eve", by="bob")) == [
        f"P-000001 c1: no event says that it is {said} by bob, who is os:eve"
    ]
    behind(held, sa.update(words).values(subject="os:eve"))
    approvals.decide(1, [], AS_ZOE, "checked", held.now, release=release)
    behind(held, sa.update(words).values(subject="os:root"))
    assert problems(held) == [
        f"P-000001 c1: by event {len(held.journal())} one person decided it, and two were asked for"
    ]


def test_a_word_of_an_earlier_release_is_compared_by_name_and_counted(held: Harness) -> None:
    Approvals(held.store, two_from=1).decide(1, [], Actor("sam"), "checked", held.now, release=True)
    assert tamper(held, sa.update(approval).values(subject="id-1")) == []
    assert check(held)[1].not_comparable == 1


def test_a_word_that_was_taken_back_for_the_other_is_none_any_more(held: Harness) -> None:
    approvals = Approvals(held.store, two_from=1)
    for release in (True, False):
        approvals.decide(1, [], ROOT, "checked", held.now, release=release)
    approvals.decide(1, [], Actor("kim", logged_in("kim")), "checked", held.now, release=False)
    assert held.kinds()[-3:] == ["plan.approved", "plan.objected", "plan.rejected"]
    assert problems(held) == []


def test_a_decision_that_was_taken_back_in_sql_is_named(held: Harness) -> None:
    held.approvals.decide(1, [], Actor("sam"), "checked", held.now, release=False)
    assert "P-000001 c1: no event says that it is held by sam" in tamper(
        held, sa.update(cohort).values(state="held")
    )


# --- who was let in -----------------------------------------------------------------------------------------


SESSION = {"id": "s", "name": "kim", "subject": "os:kim", "roles": '["viewer"]'}


@pytest.fixture
def let_in(company: Harness) -> Harness:
    access, until = Access(company.store), company.now + timedelta(hours=12)
    made = access.make_token(["tickets:read"], ROOT, company.now)
    access.make_token(["plans:read"], ROOT, company.now)
    access.revoke_token(made.token.id, ROOT, company.now + timedelta(hours=1))
    access.make_login_link("kim", ["viewer"], ROOT, company.now, timedelta(hours=1))
    data = {"roles": ["viewer"], "expires_at": stamp(until), "secret": "s"}
    with company.store.begin() as uow:
        kim = Actor("kim", logged_in("kim"), Via.CONSOLE)
        uow.journal.append([acted(kim, company.now, "desk.signed_in", "desk:console", data=data)])
    behind(
        company, sa.insert(desk_session).values(SESSION | {"created_at": company.now, "expires_at": until})
    )
    return company


def test_tokens_links_and_sessions_are_explained(let_in: Harness) -> None:
    found, compared = check(let_in)
    assert found == []
    assert (compared.rows["tokens"], compared.rows["login links"], compared.rows["sessions"]) == (2, 1, 1)


@pytest.mark.parametrize(
    "statement, why",
    [
        (sa.update(api_token).values(scopes='["plans:write"]'), "no event says that it was made, by whom, with"),
        (sa.update(api_token).values(created_by_id="os:eve"), "no event says that it was made, by whom, with"),
        (sa.update(api_token).values(hash=sa.literal("eve") + api_token.c.id), "no event says that it was made"),
        (sa.update(api_token).values(revoked_at=None), "it was ended at no time, and by the journal at 2026-"),
        (sa.update(login_link).values(roles='["approver"]'), "with this secret, for approver, as os:root"),
        (sa.update(login_link).values(subject="os:eve"), "with this secret, for viewer, as os:eve"),
        (sa.update(login_link).values(id="eve"), "kim: no event says that it was made, with this secret"),
        (sa.update(login_link).values(created_by="eve"), "kim: no event says that it was made, with this secret"),
        (sa.update(login_link).values(expires_at=SOON), "kim: no event says that it was made, with this secret"),
        (sa.update(desk_session).values(roles='["approver"]'), "session of kim: no event says that they signed in at"),
        (sa.update(desk_session).values(subject="os:eve"), "for viewer, as os:eve"),
        (sa.update(desk_session).values(id="eve"), "session of kim: no event says that they signed in at"),
        (sa.update(desk_session).values(expires_at=SOON), "session of kim: no event says that they signed in at"),
        (sa.update(api_token).values(expires_at=sa.literal("x")), ": its row can't be read (TypeError"),
    ],
)  # fmt: skip
def test_who_was_let_in_by_sql_is_named(let_in: Harness, statement: Any, why: str) -> None:
    assert any(why in problem for problem in tamper(let_in, statement))


@pytest.mark.parametrize(
    "table, values, row",
    [
        (desk_session, {"roles": "{"}, "session of kim"),
        (login_link, {"roles": "7"}, "login link of kim"),
        (login_link, {"expires_at": sa.literal("x")}, "login link of kim"),
    ],
)
def test_an_admission_that_can_t_be_read_is_named(
    let_in: Harness, table: sa.Table, values: dict[str, Any], row: str
) -> None:
    assert f"{row}: its row can't be read (" in "".join(tamper(let_in, sa.update(table).values(values)))


def test_a_login_link_of_an_earlier_release_is_explained_as_far_as_it_was_written_down(
    let_in: Harness,
) -> None:
    behind(let_in, sa.delete(desk_session))
    behind(let_in, sa.delete(api_token))
    as_of_an_earlier_release(let_in)
    found, compared = check(let_in)
    assert found == []
    assert compared.not_comparable == 1


def test_what_an_earlier_release_let_in_is_explained_but_for_its_secret(let_in: Harness) -> None:
    as_of_an_earlier_release(let_in, lacks=("secret", "account"))
    found, compared = check(let_in)
    assert (found, compared.not_comparable) == ([], 4)


def test_tokens_that_ended_with_the_key_are_explained_and_others_are_not(let_in: Harness) -> None:
    Access(let_in.store).rotate_key(ROOT, let_in.now, "a copy was lost")
    (problem,) = tamper(
        let_in, sa.update(api_token).values(revoked_at=let_in.now).where(api_token.c.revoked_at.is_(None))
    )
    assert "it was ended at" in problem

    behind(let_in, sa.update(api_token).values(revoked_at=None).where(api_token.c.revoked_at == let_in.now))
    Access(let_in.store).rotate_key(ROOT, let_in.later(), "a copy was lost", with_tokens=True)
    assert problems(let_in) == []


def test_a_report_that_makes_a_ticket_more_urgent_explains_when_it_is_due(start: Start) -> None:
    harness = reported_ward(start)
    for number in range(6):
        report(harness, words=f"spam {number}")
    harness.later(minutes=30)
    report(harness, PERSONAL, "a name")
    assert problems(harness) == []


def test_of_several_plans_about_a_leaving_the_last_one_explains_it(start: Start) -> None:
    harness = start(limits=GuardLimits(leavers_max=1))
    day = harness.now + timedelta(hours=2)
    for when, people in ((day, ("ann", "ben", "cem")), (None, ("ann", "ben")), (day, ("ann", "ben"))):
        harness.corp.put(*(facts(one, phones=(harness.number(one),), leave_at=when) for one in people))
        harness.later(hours=3)
        for job in (harness.poll, harness.inventory, harness.reconcile):
            job()
    harness.decide(plan=1, release=False)
    harness.later()
    harness.decide(plan=2, release=True)
    harness.settle()
    assert problems(harness) == []
