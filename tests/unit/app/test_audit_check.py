"""The state held against the journal: what people and the worker did is explained, what SQL did is named."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from audit_checks import AS_ZOE, ROOT, SOON, as_of_an_earlier_release, behind, check, problems, tamper
from harness import Harness
from journals import use_earlier_names
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, Via, logged_in
from worker.domain.model import Evidence
from worker.domain.tickets.ticket import Grade
from worker.storage.sql.tables import (
    journal,
    shown_link,
    ticket,
)


@pytest.fixture
def left(company: Harness) -> Harness:
    """Ann and Ben have left: her ticket was claimed and proved, his is open."""
    company.leave("ann", "ben")
    company.settle()
    company.desk.done(1, Actor("dee"), company.now, "on her last day")
    company.later()
    company.drop("ward-7", "ann")
    company.settle()
    return company


def of(number: int) -> Any:
    return sa.update(ticket).where(ticket.c.id == number)


def test_what_people_and_the_worker_did_is_explained(left: Harness) -> None:
    left.desk.acknowledge(2, Actor("dee"), left.now)
    left.desk.assign(2, "fay@corp.example", Actor("sam"), left.now)
    left.desk.assign(2, "someone@elsewhere.example", Actor("sam"), left.now)
    left.desk.waive(2, Actor("sam"), "leaves next week", left.now, left.now + timedelta(days=7))
    found, compared = check(left)

    assert found == []
    assert compared.rows["tickets"] == 2
    assert compared.not_comparable == 0


@pytest.mark.parametrize(
    "number, values, why",
    [
        (2, {"state": "waived"}, "state is waived, and by event"),
        (2, {"state": "cancelled"}, "state is cancelled"),
        (2, {"done_by": "eve"}, "done_by is eve, and by event"),
        (1, {"done_by": "eve"}, "done_by is eve"),
        (1, {"grade": "C"}, "grade is C, and by event"),
        (1, {"verified_by": "eve"}, "verified_by is eve"),
        (2, {"assignee": json.dumps({"email": "eve@x", "name": "", "why": "", "person": None})}, "assignee is eve@x"),
        (2, {"assignee": None}, "assignee is empty"),
        (2, {"person_id": "cem"}, "person is corp/cem"),
        (2, {"group_id": "another"}, "group is wards/another"),
        (2, {"evidence": Evidence.DELETED.value}, "evidence is deleted"),
        (2, {"due_at": SOON}, "due_at is 2100"),
        (2, {"clock_from": SOON}, "clock_from is 2100"),
        (2, {"acknowledged_until": SOON}, "acknowledged_until is 2100"),
        (2, {"waived_until": SOON}, "waived_until is 2100"),
        (2, {"links_from": SOON}, "links_from is 2100"),
        (2, {"blocked_by": 1}, "blocked_by is T-000001, and by event"),
        (1, {"reopened": 3}, "reopened is 3"),
        (1, {"claimed_by": "[]"}, "claimed_by is empty, and by event 9 dee"),
        (1, {"claimed_by": '["dee", "os:eve"]'}, "claimed_by is dee, os:eve, and by event 9 dee"),
        (2, {"claimed_by": '["eve"]'}, "claimed_by is eve, and by event"),
        (2, {"handed": 9}, "handed is 9, and by event"),
    ],
)  # fmt: skip
def test_a_ticket_that_was_changed_in_sql_is_named_with_what_is_not_explained(
    left: Harness, number: int, values: dict[str, Any], why: str
) -> None:
    with left.engine.begin() as connection:
        before = connection.execute(sa.select(ticket).where(ticket.c.id == number)).one()
    (problem,) = tamper(left, of(number).values(**values))

    assert problem.startswith(f"T-{number:06d}: {why}"), before


@pytest.mark.parametrize(
    "values, why",
    [
        ({"assignee": "{}"}, "KeyError: 'person'"),
        ({"assignee": "["}, "JSONDecodeError: "),
        ({"claimed_by": "[7]"}, "AttributeError: "),
        ({"state": "gone"}, "ValueError: 'gone' is not a valid TicketState"),
        ({"due_at": sa.literal("soon")}, "TypeError: "),
        ({"due_at": sa.literal(2**62)}, "OverflowError: "),
    ],
)
def test_a_row_that_no_release_wrote_is_named_and_hides_no_other(
    left: Harness, values: dict[str, Any], why: str
) -> None:
    first, second = tamper(left, of(1).values(**values), of(2).values(state="waived"))

    assert first.startswith(f"T-000001: its row can't be read ({why}")
    assert second.startswith("T-000002: state is waived")


@pytest.mark.parametrize("values", [{"assignee_email": "eve@x"}, {"key_group": "another"}])
def test_what_a_row_says_twice_is_compared(left: Harness, values: dict[str, str]) -> None:
    [(name, value)] = values.items()
    (problem,) = tamper(left, of(2).values(values))

    assert problem.startswith(f"T-000002: {name} is {value}, and by its row ")


def test_a_ticket_that_was_put_in_or_taken_out_in_sql_is_named(left: Harness) -> None:
    copied = [column for column in ticket.c if column.name not in {"id", "episode"}]
    another = sa.insert(ticket).from_select(
        ["id", "episode", *copied],
        sa.select(sa.literal(77), sa.literal("x"), *copied).where(ticket.c.id == 2),
    )
    assert tamper(left, another, sa.delete(ticket).where(ticket.c.id == 1)) == [
        "T-000077: no event says that it was opened",
        "T-000001: it is gone, and by the journal it was opened",
    ]


def test_who_was_erased_leaves_no_difference(left: Harness) -> None:
    left.desk.done(2, Actor("dee@corp.example"), left.now)
    left.drop("ward-7", "ben")
    left.later()
    left.settle()
    gone(left, "dee")
    left.desk.erase("dee@corp.example", Actor("sam"), "asked", left.now)
    left.desk.erase("ann@corp.example", Actor("sam"), "asked", left.now)

    assert any(one.done_by == "erased" for one in left.tickets())
    assert problems(left) == []


def test_who_closed_a_copy_by_a_name_and_was_erased_leaves_no_difference(left: Harness) -> None:
    name = left.person("dee").facts.display_name
    left.desk.done(2, Actor(f"desk:{name}", f"tracker:desk/{name.casefold()}"), left.now)
    left.desk.waive(2, Actor("sam"), "is over", left.now)
    gone(left, "dee")
    left.desk.erase("dee@corp.example", Actor("sam"), "asked", left.now)

    assert (left.ticket(2).done_by, left.ticket(2).claimed_by) == ("erased", ("erased", "erased"))
    assert problems(left) == []


def test_an_address_in_the_journal_of_somebody_who_was_known_later_and_erased_is_no_difference(
    left: Harness,
) -> None:
    left.desk.done(2, Actor("ben@corp.example"), left.now)
    assert left.journal()[-1].entry.data["done_by"] == "ben@corp.example"
    left.desk.waive(2, Actor("sam"), "is over", left.now)
    left.desk.erase("ben@corp.example", Actor("sam"), "asked", left.now)

    assert left.ticket(2).done_by == "erased"
    assert problems(left) == []


def test_a_name_that_is_blank_although_nobody_was_erased_is_no_erasing(left: Harness) -> None:
    left.desk.erase("ann@corp.example", Actor("sam"), "asked", left.now)
    (problem,) = tamper(left, of(2).values(assignee=None))

    assert problem.startswith("T-000002: assignee is empty, and by event")


def test_whose_claim_was_erased_leaves_no_difference_and_whose_is_blank_otherwise_is_named(
    left: Harness,
) -> None:
    left.desk.assign(2, "dee@corp.example", Actor("sam"), left.now)
    claim_by_link(left)
    left.desk.waive(2, Actor("sam"), "is over", left.now)
    left.desk.erase("ann@corp.example", Actor("sam"), "asked", left.now)
    (problem,) = tamper(left, of(2).values(claimed_by='["dee@corp.example", "erased", "sam"]'))
    assert problem.startswith("T-000002: claimed_by is corp/dee, erased, sam, and by event")

    behind(left, of(2).values(claimed_by='["dee", "dee@corp.example", "sam"]'))
    gone(left, "dee")
    left.desk.erase("dee@corp.example", Actor("sam"), "asked", left.now)
    assert left.ticket(2).claimed_by == ("erased", "erased", "sam")
    assert problems(left) == []


def test_whose_claim_was_handed_on_before_they_were_erased_leaves_no_difference(left: Harness) -> None:
    claim_by_link(left)
    left.desk.assign(2, "fay@corp.example", Actor("sam"), left.now)
    left.desk.waive(2, Actor("sam"), "is over", left.now)
    gone(left, "dee")
    left.desk.erase("ann@corp.example", Actor("sam"), "asked", left.now)
    (problem,) = tamper(left, of(2).values(claimed_by='["dee@corp.example", "erased", "sam"]'))
    assert problem.startswith("T-000002: claimed_by is dee@corp.example, erased, sam, and by event")

    behind(left, of(2).values(claimed_by='["dee", "dee@corp.example", "sam"]'))
    left.desk.erase("dee@corp.example", Actor("sam"), "asked", left.now)
    assert left.ticket(2).claimed_by == ("erased", "erased", "sam")
    assert problems(left) == []


# --- claims and their confirmations -------------------------------------------------------------------------

UNCLAIMED = of(2).values(claimed_by="[]", done_by="ghost")


def claim_by_link(company: Harness) -> None:
    token = company.assigned.show_link(2, Actor("sam"), company.now).rpartition("/t/")[2]
    company.assigned.done(token, company.now)


def test_who_confirms_their_own_claim_after_it_was_taken_off_them_in_sql_is_named(left: Harness) -> None:
    left.desk.done(2, ROOT, left.now)
    claimed = len(left.journal())
    behind(left, UNCLAIMED)
    left.desk.done(2, AS_ZOE, left.now)

    assert left.ticket(2).grade is Grade.B
    assert problems(left) == [
        f"T-000002: by event {claimed + 1} it was confirmed by whoever claimed it by event {claimed}"
    ]


def test_the_assignee_who_confirms_what_they_claimed_by_their_link_is_named(left: Harness) -> None:
    claim_by_link(left)
    behind(left, UNCLAIMED)
    left.desk.done(2, Actor("Dee@corp.example", "https://id.example.org d-1", Via.CONSOLE), left.now)

    assert ["it was confirmed by whoever claimed it" in one for one in problems(left)] == [True]


def test_a_claim_that_was_put_in_in_sql_and_confirmed_is_named(left: Harness) -> None:
    behind(left, of(2).values(state="done", done_by="ghost", grade="C", done_at=SOON))
    left.desk.done(2, ROOT, left.now)

    assert [one.partition(" a claim ")[2] for one in problems(left)] == [
        "is confirmed, and no event says that it was made"
    ]


def test_a_grade_that_was_put_in_in_sql_and_taken_over_by_an_act_is_named(left: Harness) -> None:
    left.desk.done(2, ROOT, left.now)
    behind(left, of(2).values(grade="B"))
    left.desk.assign(2, "fay@corp.example", Actor("sam"), left.now)

    assert ["no event says that it was made" in one for one in problems(left)] == [True]


def test_a_claim_that_somebody_else_confirmed_is_explained_whatever_comes_after(left: Harness) -> None:
    left.desk.done(2, ROOT, left.now)
    left.desk.done(2, Actor("kim", logged_in("kim"), Via.COMMAND), left.now)
    left.desk.assign(2, "fay@corp.example", Actor("sam"), left.now)
    left.assigned.revoke(2, Actor("sam"), left.now)
    assert problems(left) == []


@pytest.fixture
def shown(left: Harness) -> Harness:
    """Bob was shown dee's link to T-2."""
    left.assigned.show_link(2, ROOT, left.now)
    return left


@pytest.mark.parametrize(
    "statement, why",
    [
        (sa.delete(shown_link), "they have one of T-000002"),
        (sa.update(shown_link).values(until=sa.literal(0)), "it is gone or shorter"),
        (sa.update(shown_link).values(actor_id="os:eve"), "it is gone or shorter"),
        (sa.update(shown_link).values(ticket_id=1), "it is gone or shorter"),
        (sa.update(shown_link).values(name="eve"), "shown link of eve: no event says that they have one of T-000002"),
        (sa.update(shown_link).values(at=sa.literal("x")), "its row can't be read (TypeError"),
    ],
)  # fmt: skip
def test_who_was_shown_a_link_and_is_taken_off_the_list_in_sql_is_named(
    shown: Harness, statement: Any, why: str
) -> None:
    assert any(why in problem for problem in tamper(shown, statement))


@pytest.mark.parametrize("email", ["Eve@home.example", "dee@corp.example"])
def test_who_handed_it_to_an_address_of_nobody_is_on_the_list(left: Harness, email: str) -> None:
    left.desk.assign(2, email, ROOT, left.now)
    assert check(left)[1].rows["shown links"] == (email == "Eve@home.example")
    assert len(tamper(left, sa.delete(shown_link))) == (email == "Eve@home.example")


def test_a_hand_over_that_is_refused_leaves_nothing(left: Harness) -> None:
    left.desk.waive(2, Actor("sam"), "is over", left.now)
    with pytest.raises(Refused, match="nothing to do"):
        left.desk.assign(2, "eve@home.example", ROOT, left.now)
    assert problems(left) == []


def test_who_was_shown_a_link_confirms_nothing_although_they_were_off_the_list_meanwhile(
    shown: Harness,
) -> None:
    claimed_at = shown.now + timedelta(hours=1)
    behind(shown, sa.update(shown_link).values(email="elsewhere@corp.example"))
    token = shown.assigned.show_link(2, Actor("sam"), claimed_at).rpartition("/t/")[2]
    shown.assigned.done(token, claimed_at)
    behind(shown, sa.update(shown_link).values(email="dee@corp.example"))
    shown.desk.done(2, AS_ZOE, claimed_at)

    assert shown.ticket(2).grade is Grade.B
    assert ["it was confirmed by whoever claimed it" in one for one in problems(shown)] == [True]


def test_who_was_shown_a_link_that_had_ended_by_the_claim_confirms_it(left: Harness) -> None:
    left.assigned.show_link(2, ROOT, left.now.replace(year=2020))
    claim_by_link(left)
    left.desk.done(2, AS_ZOE, left.now)

    assert left.ticket(2).grade is Grade.B
    assert problems(left) == []


def test_whose_link_was_shown_and_who_was_erased_leaves_no_difference(shown: Harness) -> None:
    shown.desk.waive(2, Actor("sam"), "is over", shown.now)
    gone(shown, "dee")
    shown.desk.erase("dee@corp.example", Actor("sam"), "asked", shown.now)
    assert check(shown)[1].rows["shown links"] == 0
    assert problems(shown) == []


def test_a_shown_link_of_an_earlier_release_is_compared_but_for_its_life(shown: Harness) -> None:
    as_of_an_earlier_release(shown, lacks=("until",))
    assert tamper(shown, sa.update(shown_link).values(until=sa.literal(0))) == []
    assert check(shown)[1].not_comparable == 1
    assert len(tamper(shown, sa.delete(shown_link))) == 1


def gone(company: Harness, who: str) -> None:
    """They have left, and nothing is to be done any more."""
    company.leave(who)
    company.settle()
    for one in company.tickets():
        if one.is_live:
            company.desk.waive(one.id, Actor("sam"), "is over", company.now)


def test_events_under_the_names_of_an_earlier_release_explain_the_same(left: Harness) -> None:
    left.desk.reopen(1, Actor("sam"), "look again", left.now)
    _, compared = check(left)
    use_earlier_names(left)

    assert {"ticket.open", "ticket.verify", "ticket.reopen"} <= set(left.kinds())
    assert check(left) == ([], compared)
    assert tamper(left, of(2).values(done_by="eve"), sa.delete(ticket).where(ticket.c.id == 1)) == [
        "T-000002: done_by is eve, and by event 6 empty",
        "T-000001: it is gone, and by the journal it was opened",
    ]


def test_events_of_an_earlier_release_are_compared_as_far_as_they_say_something(left: Harness) -> None:
    as_of_an_earlier_release(left)

    found, compared = check(left)
    assert (found, compared.not_comparable) == ([], 2)
    assert tamper(left, of(2).values(done_by="eve")) == []
    (problem,) = tamper(left, of(2).values(state="waived"))
    assert problem.startswith("T-000002: state is waived")


def test_what_an_event_of_an_earlier_release_could_not_say_is_no_difference_and_the_rest_is(
    left: Harness,
) -> None:
    as_of_an_earlier_release(left, lacks=("claimed_by", "handed"))

    found, compared = check(left)
    assert (found, compared.not_comparable) == ([], 2)
    assert tamper(left, of(1).values(claimed_by="[]", handed=3)) == []
    (problem,) = tamper(left, of(2).values(waived_until=SOON))
    assert problem.startswith("T-000002: waived_until is 2100")


@pytest.mark.parametrize("data", ["{", "[]", "7"])
def test_a_journal_with_an_event_that_can_t_be_read_is_broken_there(left: Harness, data: str) -> None:
    behind(left, sa.update(journal).where(journal.c.seq == 2).values(data=data))
    with pytest.raises(Refused, match="broken at event 2"):
        problems(left)


def test_a_journal_that_is_broken_is_compared_with_nothing(left: Harness) -> None:
    with left.engine.begin() as connection:
        connection.execute(sa.update(journal).where(journal.c.seq == 2).values(actor="eve"))
    with pytest.raises(Refused, match="broken at event 2"):
        problems(left)
