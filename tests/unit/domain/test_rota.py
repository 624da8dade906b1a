"""Who is on call: turns, overrides, what happens when clocks change, and gaps."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.domain.escalation.absence import Absence
from worker.domain.escalation.rota import (
    Gap,
    Lack,
    Layer,
    Listed,
    Rota,
    Shift,
    all_on_call,
    gaps,
    handovers,
    holes,
    on_call,
    shifts,
)
from worker.domain.escalation.spans import Span

LONDON = "Europe/London"
ANN, BOB, CAT, NED = (f"{name}@example.org" for name in ("ann", "bob", "cat", "ned"))
DESK = "it-security@example.org"
WEEKS = Layer((ANN, BOB), 7, time(9), weekday=0, starts_on=date(2026, 11, 2))
NIGHTS = Layer((NED,), 1, time(18), hours=(time(18), time(9)), days=frozenset({5, 6}))
DAY = timedelta(days=1)


def at(text: str, zone: str = LONDON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def rota(*layers: Layer | Listed, fallback: str | None = DESK, overrides: tuple[Span[str], ...] = ()) -> Rota:
    return Rota("security", LONDON, layers, overrides, fallback)


def test_turns_are_counted_from_the_first_day() -> None:
    people = [on_call(rota(WEEKS), at("2026-11-03 12:00") + number * 7 * DAY).person for number in range(4)]

    assert people == [ANN, BOB, ANN, BOB]


def test_a_turn_ends_where_the_next_begins() -> None:
    assert on_call(rota(WEEKS), at("2026-11-09 08:59")).person == ANN
    assert on_call(rota(WEEKS), at("2026-11-09 09:00")) == Shift(
        BOB, "layer 1", at("2026-11-09 09:00"), at("2026-11-16 09:00")
    )


def test_before_its_first_handover_a_layer_has_nobody() -> None:
    thursday = Layer((ANN,), 7, time(9), weekday=0, starts_on=date(2026, 11, 5))

    assert on_call(rota(thursday), at("2026-11-09 08:59")).source == "fallback"
    assert on_call(rota(thursday), at("2026-11-09 09:00")).person == ANN


def test_without_a_weekday_the_first_day_itself_hands_over() -> None:
    layer = Layer((ANN, BOB), 7, time(9), starts_on=date(2026, 11, 5))

    assert on_call(rota(layer), at("2026-11-05 09:00")).person == ANN
    assert on_call(rota(layer), at("2026-11-12 09:00")).person == BOB


def test_a_later_layer_wins_where_it_has_somebody() -> None:
    found = shifts(rota(WEEKS, NIGHTS), at("2026-11-06 12:00"), at("2026-11-09 12:00"))

    assert found == (
        Shift(ANN, "layer 1", at("2026-11-06 12:00"), at("2026-11-07 18:00")),
        Shift(NED, "layer 2", at("2026-11-07 18:00"), at("2026-11-08 09:00")),
        Shift(ANN, "layer 1", at("2026-11-08 09:00"), at("2026-11-08 18:00")),
        Shift(NED, "layer 2", at("2026-11-08 18:00"), at("2026-11-09 09:00")),
        Shift(BOB, "layer 1", at("2026-11-09 09:00"), at("2026-11-09 12:00")),
    )


def test_a_shift_over_midnight_belongs_to_the_day_of_its_start() -> None:
    assert on_call(rota(NIGHTS), at("2026-11-09 03:00")).person == NED, "Sunday's night"
    assert on_call(rota(NIGHTS), at("2026-11-07 03:00")).person == DESK, "Friday's"


def test_an_override_comes_before_every_layer() -> None:
    leave = Span(at("2026-12-24 09:00"), at("2026-12-26 09:00"), CAT)
    security = rota(WEEKS, NIGHTS, overrides=(leave,))

    assert on_call(security, at("2026-12-25 12:00")) == Shift(CAT, "override", leave.from_at, leave.until_at)
    assert on_call(security, at("2026-12-26 09:00")).person == BOB


def test_where_nobody_is_there_is_a_fallback_or_a_gap() -> None:
    noon = at("2026-11-03 12:00")

    assert (on_call(rota(NIGHTS), noon).person, on_call(rota(NIGHTS), noon).source) == (DESK, "fallback")
    assert on_call(rota(NIGHTS, fallback=None), noon) == Shift(
        None, "gap", at("2026-11-02 09:00"), at("2026-11-07 18:00")
    )


def test_a_rota_without_an_end_is_cut_far_away() -> None:
    always = on_call(rota(Layer((ANN,))), at("2026-11-03 12:00"))

    assert always.person == ANN
    assert always.until_at - always.from_at == timedelta(days=800)


def test_an_empty_span_has_no_shifts() -> None:
    noon = at("2026-11-03 12:00")

    assert shifts(rota(WEEKS), noon, noon) == ()
    assert gaps(rota(WEEKS), noon, noon - DAY) == ()


# --- When clocks change -------------------------------------------------------------------------------------

NIGHTLY = Layer((ANN, BOB), 1, time(1, 30), starts_on=date(2026, 10, 24))


def test_a_repeated_hour_has_both_people() -> None:
    back = shifts(rota(NIGHTLY), at("2026-10-24 12:00"), at("2026-10-26 00:00"))

    assert [(one.person, one.from_at.astimezone(UTC), one.until_at.astimezone(UTC)) for one in back] == [
        (ANN, at("2026-10-24 12:00"), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (BOB, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), at("2026-10-26 00:00")),
    ]


def test_in_a_repeated_hour_the_one_who_takes_over_is_asked() -> None:
    between = datetime(2026, 10, 25, 1, tzinfo=UTC)

    assert [one.person for one in all_on_call(rota(NIGHTLY), between)] == [ANN, BOB]
    assert on_call(rota(NIGHTLY), between).person == BOB


def test_a_skipped_handover_is_at_the_change() -> None:
    layer = Layer((ANN, BOB), 1, time(1, 30), starts_on=date(2026, 3, 28))
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)

    forward = shifts(rota(layer), at("2026-03-28 12:00"), at("2026-03-29 12:00"))

    assert [(one.person, one.until_at) for one in forward] == [(ANN, change), (BOB, at("2026-03-29 12:00"))]


# --- Listed turns -----------------------------------------------------------------------------------------------

FIRST = Span(at("2026-11-02 09:00"), at("2026-11-04 09:00"), ANN)
SECOND = Span(at("2026-11-03 09:00"), at("2026-11-05 09:00"), BOB)
LISTED = rota(Listed((FIRST, SECOND)))


def test_a_calendar_may_name_two_at_once() -> None:
    assert [one.person for one in all_on_call(LISTED, at("2026-11-03 12:00"))] == [ANN, BOB]
    assert [one.person for one in all_on_call(LISTED, at("2026-11-04 12:00"))] == [BOB]


def test_nothing_is_said_of_what_a_calendar_does_not_reach() -> None:
    known = Rota("site", LONDON, LISTED.layers, (), DESK, known_until=at("2026-11-06 09:00"))
    since, until = at("2026-11-04 09:00"), at("2026-11-20 09:00")

    assert gaps(known, since, until) == (Gap(at("2026-11-05 09:00"), at("2026-11-06 09:00"), Lack.NOBODY),)


# --- Gaps and handovers -----------------------------------------------------------------------------------------


def test_somebody_away_without_a_deputy_is_a_gap() -> None:
    leave = Absence("Ann@example.org", at("2026-11-04 00:00"), at("2026-11-05 00:00"))
    stood_in = Absence(BOB, at("2026-11-10 00:00"), at("2026-11-11 00:00"), CAT)
    somebody_else = Absence(CAT, at("2026-11-04 00:00"), at("2026-11-05 00:00"))

    found = gaps(
        rota(WEEKS), at("2026-11-02 09:00"), at("2026-11-16 09:00"), (leave, stood_in, somebody_else)
    )

    assert found == (Gap(leave.from_at, leave.until_at, Lack.ABSENT, ANN),)


def test_a_deputy_who_is_away_closes_a_gap_only_with_one_of_their_own() -> None:
    since, until = at("2026-11-02 09:00"), at("2026-11-07 09:00")
    leave = Absence(ANN, at("2026-11-03 00:00"), at("2026-11-06 00:00"), CAT)
    theirs = Absence(CAT.upper(), at("2026-11-04 00:00"), at("2026-11-05 00:00"))

    found = gaps(rota(WEEKS), since, until, (leave, theirs))

    assert found == (Gap(theirs.from_at, theirs.until_at, Lack.ABSENT, ANN),)
    assert gaps(rota(WEEKS), since, until, (leave, replace(theirs, deputy=NED))) == ()


def test_a_deputy_who_cannot_be_reached_closes_no_gap() -> None:
    leave = Absence(ANN, at("2026-11-03 00:00"), at("2026-11-06 00:00"), CAT.upper())

    found = gaps(
        rota(WEEKS), at("2026-11-02 09:00"), at("2026-11-07 09:00"), (leave,), unreachable=frozenset({CAT})
    )

    assert found == (Gap(leave.from_at, leave.until_at, Lack.ABSENT, ANN),)


def test_somebody_who_cannot_be_reached_is_a_gap() -> None:
    found = gaps(rota(WEEKS), at("2026-11-02 09:00"), at("2026-11-16 09:00"), unreachable=frozenset({ANN}))

    assert found == (Gap(at("2026-11-02 09:00"), at("2026-11-09 09:00"), Lack.UNREACHABLE, ANN),)


def test_of_two_one_who_is_there_is_enough() -> None:
    found = gaps(LISTED, FIRST.from_at, SECOND.until_at, unreachable=frozenset({ANN}))

    assert found == (Gap(FIRST.from_at, SECOND.from_at, Lack.UNREACHABLE, ANN),)


def test_gaps_of_a_pattern_come_in_order() -> None:
    found = gaps(rota(NIGHTS), at("2026-11-07 12:00"), at("2026-11-08 20:00"), unreachable=frozenset({NED}))

    assert [one.why for one in found] == [Lack.NOBODY, Lack.UNREACHABLE, Lack.NOBODY, Lack.UNREACHABLE]


def test_a_handover_is_where_somebody_new_begins() -> None:
    told = handovers(rota(WEEKS, NIGHTS), at("2026-11-07 12:00"), at("2026-11-09 09:00"))

    assert told == (
        Span(at("2026-11-07 18:00"), at("2026-11-08 09:00"), NED),
        Span(at("2026-11-08 09:00"), at("2026-11-08 18:00"), ANN),
        Span(at("2026-11-08 18:00"), at("2026-11-09 09:00"), NED),
        Span(at("2026-11-09 09:00"), at("2026-11-14 18:00"), BOB),
    )


def test_who_goes_on_in_another_layer_hands_over_to_nobody() -> None:
    same = Span(at("2026-11-03 09:00"), at("2026-11-04 09:00"), ANN.upper())

    assert handovers(rota(WEEKS, overrides=(same,)), at("2026-11-03 00:00"), at("2026-11-05 00:00")) == ()


def test_the_fallback_takes_over_and_a_gap_does_not() -> None:
    since, until = at("2026-11-08 12:00"), at("2026-11-09 12:00")
    weekend = Span(at("2026-11-09 09:00"), at("2026-11-14 18:00"), DESK)

    assert handovers(rota(NIGHTS), since, until)[-1] == weekend
    assert [one.value for one in handovers(rota(NIGHTS, fallback=None), since, until)] == [NED]


def test_who_takes_over_for_good_does_so_for_400_days() -> None:
    last = Layer((CAT,), 7, time(9), starts_on=date(2026, 11, 4))
    until = at("2026-11-04 10:00")

    assert handovers(rota(last), until - DAY, until) == (
        Span(at("2026-11-04 09:00"), until + 400 * DAY, CAT),
    )


def test_an_override_hands_over_twice() -> None:
    leave = Span(at("2026-11-04 12:00"), at("2026-11-05 12:00"), CAT)
    told = handovers(rota(WEEKS, overrides=(leave,)), at("2026-11-04 00:00"), at("2026-11-06 00:00"))

    assert [(one.value, one.from_at) for one in told] == [(CAT, leave.from_at), (ANN, leave.until_at)]


def test_holes_are_those_of_a_week_in_which_all_layers_have_begun() -> None:
    stands_in = Span(at("2026-11-01"), at("2027-11-01"), CAT)
    night = Gap(at("2026-11-09 09:00"), at("2026-11-14 18:00"), Lack.NOBODY)
    day = Gap(at("2026-11-08 09:00"), at("2026-11-08 18:00"), Lack.NOBODY)
    nights = replace(NIGHTS, starts_on=date(2026, 11, 6))

    assert holes(rota(nights, overrides=(stands_in,))) == (day, night)
    assert holes(rota(WEEKS, nights)) == ()
    assert holes(rota(nights, Listed(()))) == holes(rota()) == ()
