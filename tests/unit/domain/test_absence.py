"""Who is away, and who stands in."""

from datetime import UTC, datetime

from worker.domain.escalation.absence import Absence, absence_of, stand_in

ANN, BOB, CAT = "ann@example.org", "bob@example.org", "cat@example.org"


def day(number: int) -> datetime:
    return datetime(2026, 12, number, tzinfo=UTC)


def away(person: str, since: int, until: int, deputy: str | None = None) -> Absence:
    return Absence(person, day(since), day(until), deputy)


LEAVE = (away(ANN, 20, 24, BOB),)


def test_the_first_day_counts_and_the_day_of_return_does_not() -> None:
    assert [absence_of(LEAVE, ANN, day(number)) is not None for number in (19, 20, 23, 24)] == [
        False,
        True,
        True,
        False,
    ]


def test_nobody_else_is_away() -> None:
    assert absence_of(LEAVE, BOB, day(21)) is None
    assert stand_in(LEAVE, BOB, day(21)) is None


def test_upper_and_lower_case_are_alike() -> None:
    assert stand_in(LEAVE, "Ann@Example.org", day(21)) == BOB


def test_of_two_absences_the_longer_one_counts() -> None:
    both = (*LEAVE, away(ANN, 21, 28, CAT))

    assert stand_in(both, ANN, day(22)) == CAT


def test_a_deputy_who_is_away_has_a_deputy() -> None:
    assert stand_in((*LEAVE, away(BOB, 21, 22, CAT)), ANN, day(21)) == CAT


def test_without_a_deputy_nobody_stands_in() -> None:
    assert stand_in((away(ANN, 20, 24),), ANN, day(21)) is None
    assert stand_in((*LEAVE, away(BOB, 21, 22)), ANN, day(21)) is None


def test_people_who_stand_in_for_one_another_are_both_away() -> None:
    assert stand_in((*LEAVE, away(BOB, 20, 24, ANN)), ANN, day(21)) is None
