"""Which rows a review shows, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, key, person
from worker.domain.controls.reviewing import (
    LastAnswer,
    Review,
    ReviewMember,
    ReviewRule,
    RowAnswer,
    RowReason,
    occasion,
    open_rows,
    period,
    rows_of,
)
from worker.domain.identity.matching import IdentityState
from worker.domain.model import Evidence, Standing

BEFORE = NOW - timedelta(days=90)
REVIEW = Review(1, "review:2026Q4", 2, "seed", is_full=False, started_at=NOW, due_at=NOW, before_at=BEFORE)
LEAVES = replace(
    person("ann", Standing.LEAVING, department="Nursing", leave_at=NOW), evidence=Evidence.LEAVE_DATE
)
KEPT = LastAnswer(RowAnswer.KEEP, BEFORE, "dee", "Nursing", key("ann"))


def member(name: str, **changes: object) -> ReviewMember:
    """Somebody whom nothing is new about."""
    known = ReviewMember(
        name, name, False, IdentityState.LINKED, person(name, department="Nursing"), (person(name),),
        BEFORE - timedelta(days=1), replace(KEPT, person=key(name)),
    )  # fmt: skip
    return replace(known, **changes)  # type: ignore[arg-type]


def drawing(sample: int) -> ReviewRule:
    return ReviewRule(sample=sample)


def why(one: ReviewMember, review: Review = REVIEW) -> tuple[RowReason, ...]:
    rows = rows_of(review, [one, member("eve", last=None)], drawing(0), ())
    return next((row.reasons for row in rows.shown if row.member.handle == one.handle), ())


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"first_seen_at": NOW - timedelta(days=1)}, RowReason.JOINED),
        ({"state": IdentityState.UNMATCHED, "person": None}, RowReason.UNKNOWN),
        ({"state": IdentityState.NOBODY, "person": None}, RowReason.EXTERNAL),
        ({"person": person("ann", department="Theatre")}, RowReason.MOVED),
        ({"person": LEAVES}, RowReason.LEAVING),
        ({"last": None}, RowReason.NEVER),
        ({"is_admin": True}, RowReason.ADMIN),
        ({"last": replace(KEPT, answer=RowAnswer.UNSURE)}, RowReason.UNSURE),
        ({"last": replace(KEPT, answer=RowAnswer.REMOVE)}, RowReason.REMOVE),
    ],
)
def test_a_row_is_shown_for_a_reason(changes: dict[str, object], reason: RowReason) -> None:
    assert why(member("ann")) == ()
    assert why(member("ann", **changes)) == (reason,)


@pytest.mark.parametrize("was, now", [("", "Nursing"), ("Nursing", None), ("Nursing", ""), ("", None)])
def test_nobody_moved_whose_department_was_or_is_not_known(was: str, now: str | None) -> None:
    one = member("ann", person=person("ann", department=now), last=replace(KEPT, department=was))
    assert why(one) == ()


def test_what_was_said_of_somebody_else_under_the_handle_is_not_of_this_person() -> None:
    bob = person("bob", department="Theatre")
    assert why(member("ann", person=bob, accounts=(bob,))) == (RowReason.NEVER,)
    other_account = person("ann-2", department="Theatre")
    assert why(member("ann", person=other_account, accounts=(other_account, person("ann")))) == (
        RowReason.MOVED,
    )


@pytest.mark.parametrize("changes", [{"person": None, "accounts": ()}, {"last": replace(KEPT, person=None)}])
def test_who_it_was_or_is_need_not_be_known(changes: dict[str, object]) -> None:
    """A row whose person was erased since, and one whose handle is nobody's any more."""
    assert why(member("ann", **changes)) == ()


def test_a_full_review_shows_everybody() -> None:
    assert why(member("ann"), replace(REVIEW, is_full=True)) == (RowReason.ALL,)


def test_a_review_of_some_rows_shows_them_alone() -> None:
    rows = rows_of(
        replace(REVIEW, only=frozenset({"ann"})),
        [member("ann"), member("ben", last=None)],
        drawing(5),
        {key("ben")},
    )
    assert [row.member.handle for row in rows.shown] == ["ann"]
    assert rows.own == ()


def test_a_review_of_some_rows_does_not_ask_whose_they_are_either() -> None:
    rows = rows_of(replace(REVIEW, only=frozenset({"ann"})), [member("ann")], drawing(5), {key("ann")})
    assert rows.shown == ()
    assert [row.member.handle for row in rows.own] == ["ann"]


def test_nobody_answers_for_their_own_row() -> None:
    rows = rows_of(
        REVIEW, [member("ann", is_admin=True), member("ben", is_admin=True)], drawing(0), {key("ann")}
    )
    assert [row.member.handle for row in rows.shown] == ["ben"]
    assert [row.member.handle for row in rows.own] == ["ann"]


def test_the_sample_is_the_same_for_the_same_seed_and_not_for_another() -> None:
    everybody = [member(f"m{number}") for number in range(40)]

    def drawn(seed: str) -> list[str]:
        found = rows_of(replace(REVIEW, seed=seed), everybody, drawing(5), ())
        assert len(found.unchanged) == 35
        assert {row.reasons for row in found.shown} == {(RowReason.SAMPLE,)}
        return [row.member.handle for row in found.shown]

    assert drawn("a") == drawn("a")
    assert drawn("a") != drawn("b")


def test_a_review_has_a_row_for_its_reviewer_unless_they_are_alone() -> None:
    ann, ben, eve = member("ann"), member("ben"), member("eve")
    [row] = rows_of(REVIEW, [ben, eve], drawing(0), ()).shown
    assert row.reasons == (RowReason.SAMPLE,)
    rows = rows_of(REVIEW, [replace(ann, is_admin=True), ben], drawing(0), {key("ann")})
    assert [one.member.handle for one in (*rows.shown, *rows.own)] == ["ben", "ann"]
    assert rows.unchanged == ()
    assert rows_of(REVIEW, [ann], drawing(1), {key("ann")}).shown == ()


def test_rows_with_an_answer_are_not_open() -> None:
    rows = rows_of(REVIEW, [member("ann", last=None), member("ben", last=None)], drawing(0), ())
    assert [row.member.handle for row in open_rows(rows, {"ann": RowAnswer.KEEP})] == ["ben"]


@given(st.lists(st.sampled_from("abcdefgh"), unique=True), st.booleans(), st.integers(0, 5))
def test_each_member_is_in_exactly_one_part_whatever_the_order(
    names: list[str], is_full: bool, sample: int
) -> None:
    review = replace(REVIEW, is_full=is_full)
    members = [member(name, is_admin=name in "ab") for name in names]
    rows = rows_of(review, members, drawing(sample), {key("a")})
    parts = [*(row.member.handle for row in rows.shown), *(one.handle for one in rows.unchanged)]
    parts += [row.member.handle for row in rows.own]
    assert sorted(parts) == sorted(names)
    turned = rows_of(review, members[::-1], drawing(sample), {key("a")})
    assert turned.shown == rows.shown


@pytest.mark.parametrize(
    "every, name",
    [
        (timedelta(days=365), "2026"),
        (timedelta(days=90), "2026Q4"),
        (timedelta(days=30), "2026-11"),
        (timedelta(days=7), "2026W48"),
    ],
)
def test_periods_have_the_names_that_people_use(every: timedelta, name: str) -> None:
    assert period(date(2026, 11, 24), every) == name


@pytest.mark.parametrize(
    "last, name",
    [
        (None, "review:2026Q4"),
        (date(2026, 9, 25), "review:2026Q4"),
        (date(2026, 10, 1), "review:2026-12-30"),
    ],
)
def test_a_second_review_in_one_period_has_the_day_since_which_it_is_due(
    last: date | None, name: str
) -> None:
    """So it has a ticket of its own, and what was answered in the first stays."""
    assert occasion(date(2026, 12, 31), timedelta(days=90), last) == name
