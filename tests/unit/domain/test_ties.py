"""The handles of one human over time: what leads from one to another, and what never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, NOW
from worker.domain.identity.ties import (
    Tie,
    TieKind,
    given_up_for,
    known_before,
    known_then,
    maybe_same,
    surely_same,
)
from worker.domain.model import AccountKey

A, B, C = "+447700900001", "+447700900002", "+447700900003"
X, Y = "55@lid", "66@lid"


def lid(number: str, account: str, at: int = 0, until: int | None = None, source: str = "phones") -> Tie:
    return Tie(
        TieKind.LID, number, account, NOW + at * DAY, None if until is None else NOW + until * DAY, source
    )


def changed(old: str, new: str, at: int = 0, until: int | None = None) -> Tie:
    return Tie(TieKind.NUMBER, old, new, NOW + at * DAY, None if until is None else NOW + until * DAY)


def named(handle: str, name: str) -> Tie:
    return Tie(TieKind.USERNAME, handle, name, NOW)


MOVED = [lid(A, X, 0, 2), lid(B, X, 2)]  # the account X went from A to B
TAKEN = [*MOVED, lid(A, Y, 3)]  # and A went to the account Y


@pytest.mark.parametrize(
    "start, ties, same",
    [
        (A, [lid(A, X)], {X: None}),
        (X, [lid(A, X)], {A: None}),
        (B, MOVED, {X: None, A: 2}),
        (X, MOVED, {A: 2, B: None}),
        (A, MOVED, {}),  # a number that was given up may be anybody's
        (A, TAKEN, {Y: None}),
        (Y, TAKEN, {A: None}),
        (B, [changed(A, B, 1)], {A: 1}),
        (A, [changed(A, B, 1)], {}),
        (C, [changed(A, B, 1), changed(B, C, 2)], {B: 2, A: 1}),
        (C, [changed(A, B, 3), changed(B, C, 2)], {B: 2}),  # B was somebody else's before the second change
        (A, [changed(A, B, 1), changed(B, A, 2)], {B: 2}),
        (B, [changed(A, B, 1, 2)], {}),
        (X, [lid(B, X), changed(A, B, 1)], {B: None, A: 1}),
        ("GB.2", [Tie(TieKind.BUSINESS_ID, A, "GB.1", NOW), changed("GB.1", "GB.2", 1)], {"GB.1": 1, A: 1}),
        ("GB.1", [named("GB.1", "ann"), named("GB.2", "ann")], {}),
        (A, [lid(A, X, 0, 1, "one"), lid(A, X, 0, 3, "two"), lid(B, X, 3)], {}),
        (X, [lid(A, X, 0, 1, "one"), lid(A, X, 0, 3, "two")], {A: 3}),
        (X, [lid(A, X, 0, 1, "one"), lid(A, X, 0, None, "two")], {A: None}),
    ],
)
def test_what_surely_was_the_same_member(start: str, ties: list[Tie], same: dict[str, int | None]) -> None:
    wanted = {one: None if days is None else NOW + days * DAY for one, days in same.items()}
    assert surely_same(start, ties) == surely_same(start, reversed(ties)) == wanted


ANN, BOB = AccountKey("corp", "ann"), AccountKey("corp", "bob")
WAS_ANNS = [replace(lid(A, X, 0, 2), person=ANN), lid(B, X, 2)]


@pytest.mark.parametrize(
    "handle, ties, who",
    [
        (B, WAS_ANNS, [ANN]),
        (X, WAS_ANNS, [ANN]),
        (A, WAS_ANNS, []),
        (B, MOVED, []),
        (Y, [*WAS_ANNS, lid(A, Y, 3)], []),
    ],
)
def test_who_an_account_was_known_to_be_goes_with_the_account(
    handle: str, ties: list[Tie], who: list[AccountKey]
) -> None:
    assert [tie.person for tie in known_then(handle, ties)] == who


@pytest.mark.parametrize(
    "number, ties, who",
    [
        (A, WAS_ANNS, [ANN]),
        (A, [*WAS_ANNS, lid(A, Y, 3)], [ANN]),
        (
            A,
            [replace(lid(A, X, 0, 1), person=ANN), replace(lid(A, Y, 1, 2), person=BOB), lid(A, X, 2)],
            [BOB],
        ),
        (B, WAS_ANNS, []),
        (A, TAKEN, []),
    ],
)
def test_who_had_a_number_before_is_known(number: str, ties: list[Tie], who: list[AccountKey]) -> None:
    assert [tie.person for tie in known_before(number, ties)] == who


def test_a_recorded_change_gives_a_number_up_until_somebody_else_has_the_new_one() -> None:
    assert given_up_for(A, [changed(A, B, 1), changed(B, C, 2)]) == {B: NOW + DAY}
    assert given_up_for(A, [changed(A, B, 1, 2)]) == {}


@pytest.mark.parametrize(
    "start, ties, since, maybe",
    [
        (A, [lid(A, X)], 1, {A, X}),
        (A, MOVED, 1, {A, X, B}),
        (A, MOVED, 2, {A}),  # since then the number has been somebody else's
        (A, TAKEN, 1, {A, X, B}),
        (A, TAKEN, 4, {A, Y}),
        (A, [changed(A, B, 1)], 0, {A, B}),
        (B, [changed(A, B, 1)], 0, {B}),
        ("GB.1", [named("GB.1", "ann"), named("GB.2", "ann")], 1, {"GB.1", "ann", "GB.2"}),
        (A, [lid(A, X, 0, None, "one"), lid(A, X, 1, None, "two")], 2, {A, X}),
    ],
)
def test_what_may_be_the_same_member(start: str, ties: list[Tie], since: int, maybe: set[str]) -> None:
    assert maybe_same([start], ties, NOW + since * DAY) == maybe


def test_business_ids_of_two_businesses_are_one_members() -> None:
    ids = [Tie(TieKind.BUSINESS_ID, A, f"GB.{n}", NOW + n * DAY, None, f"s{n}") for n in (1, 2)]
    assert maybe_same([A], ids, NOW) == {A, "GB.1", "GB.2"}


TIES = st.lists(
    st.builds(
        lambda kind, handle, other, at, span: Tie(
            kind, handle, other, NOW + at * DAY, None if span is None else NOW + (at + span) * DAY
        ),
        st.sampled_from([TieKind.LID, TieKind.BUSINESS_ID]),
        st.sampled_from([A, B, C]),
        st.sampled_from([X, Y]),
        st.integers(0, 9),
        st.none() | st.integers(1, 5),
    ),
    max_size=6,
)


@given(TIES, st.sampled_from([A, B, C, X, Y]))
def test_a_number_leads_to_accounts_only_while_it_is_shown_with_them(ties: list[Tie], start: str) -> None:
    same = surely_same(start, ties)
    assert start not in same
    if start in {A, B, C}:
        shown = {tie.other for tie in ties if tie.handle == start and tie.until is None}
        assert {one for one in same if one.endswith("@lid")} == shown


@given(TIES, st.sampled_from([A, B, C, X, Y]))
def test_what_is_the_same_now_is_so_both_ways(ties: list[Tie], start: str) -> None:
    for one, until in surely_same(start, ties).items():
        if until is None and (one in {X, Y}) != (start in {X, Y}):
            assert surely_same(one, ties).get(start, timedelta) is None
