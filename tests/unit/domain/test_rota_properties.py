"""Rotas: the same as a slow, obvious reading of the wall clock, minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from slow_clock import DAY, LONG, MINUTE, SlowClock, places
from worker.domain.escalation.rota import (
    Lack,
    Layer,
    Rota,
    all_on_call,
    gaps,
    handovers,
    on_call,
    shifts,
)
from worker.domain.escalation.spans import Span

PEOPLE = ("a@example.org", "b@example.org", "c@example.org")


# --- The slow reference ---------------------------------------------------------------------------------------


def turns(layer: Layer, clock: SlowClock) -> list[tuple[datetime, datetime, str]]:
    """Each day's hours, cut by each turn."""
    opens, closes = layer.hours or (layer.handover, layer.handover)
    found = []
    for day in clock.days():
        ends_on = day if opens < closes else day + DAY
        if day.weekday() in layer.days:
            found += [
                (
                    max(clock.begins(day, opens), starts),
                    min(clock.ends(ends_on, closes), ends),
                    who,
                )
                for starts, ends, who in whole_turns(layer, clock)
            ]
    return found


def whole_turns(layer: Layer, clock: SlowClock) -> Iterator[tuple[datetime, datetime, str]]:
    days = list(clock.days())
    starts_on, number = first_handover(layer), 0
    while starts_on <= days[-1]:
        ends_on = starts_on + layer.turn_days * DAY
        if ends_on >= days[0]:
            who = layer.people[number % len(layer.people)]
            yield clock.begins(starts_on, layer.handover), clock.ends(ends_on, layer.handover), who
        starts_on, number = ends_on, number + 1


def first_handover(layer: Layer) -> date:
    day = layer.starts_on
    while layer.weekday is not None and day.weekday() != layer.weekday:
        day += DAY
    return day


def reference(rota: Rota, clock: SlowClock) -> list[set[tuple[str | None, str]]]:
    """Who is on call in each minute, and why."""
    sources = [("override", [(one.from_at, one.until_at, one.value) for one in rota.overrides])]
    for number in range(len(rota.layers), 0, -1):
        layer = rota.layers[number - 1]
        assert isinstance(layer, Layer)
        sources.append((f"layer {number}", turns(layer, clock)))
    answers: list[set[tuple[str | None, str]]] = []
    for minute in clock.minutes:
        asked = (
            {(who, why) for since, until, who in spans if since <= minute < until} for why, spans in sources
        )
        nobody: set[tuple[str | None, str]] = {
            (rota.fallback, "fallback") if rota.fallback else (None, "gap")
        }
        answers.append(next(({*found} for found in asked if found), nobody))
    return answers


# --- What is drawn ----------------------------------------------------------------------------------------------

WALLS = st.builds(time, st.sampled_from((0, 1, 2, 3, 8, 9, 12, 18, 23)), st.sampled_from((0, 15, 30, 59)))


@st.composite
def layers(draw: st.DrawFn, near: date) -> Layer:
    days = draw(st.sampled_from((1, 2, 7, 14)))
    return Layer(
        people=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4))),
        turn_days=days,
        handover=draw(WALLS),
        weekday=draw(st.none() | st.integers(0, 6)) if days % 7 == 0 else None,
        starts_on=near + draw(st.integers(-40, 3)) * DAY,
        hours=draw(st.none() | st.tuples(WALLS, WALLS)),
        days=draw(st.just(frozenset(range(7))) | st.frozensets(st.integers(0, 6), min_size=1)),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rota, datetime]:
    zone, since = draw(places())
    overrides = draw(
        st.lists(
            st.tuples(st.integers(-600, LONG * 1440), st.integers(1, 2000), st.sampled_from(PEOPLE)),
            max_size=2,
        )
    )
    rota = Rota(
        "site",
        zone,
        tuple(draw(st.lists(layers(since.date()), max_size=3))),
        tuple(Span(since + a * MINUTE, since + (a + b) * MINUTE, who) for a, b, who in overrides),
        draw(st.none() | st.just("desk@example.org")),
    )
    return rota, since


def night(zone: str, *, wall: time = time(1, 30)) -> Rota:
    return Rota("site", zone, (Layer(PEOPLE[:2], 1, wall, starts_on=date(2011, 1, 1)),))


@settings(deadline=None, max_examples=60)
@example((night("Europe/London"), datetime(2026, 10, 24, tzinfo=UTC)))
@example((night("Europe/London"), datetime(2026, 3, 28, tzinfo=UTC)))
@example((night("Africa/Casablanca", wall=time(2, 30)), datetime(2026, 2, 14, tzinfo=UTC)))
@example((night("Africa/Casablanca", wall=time(2, 30)), datetime(2026, 3, 21, tzinfo=UTC)))
@example((night("Pacific/Apia", wall=time(9)), datetime(2011, 12, 29, tzinfo=UTC)))
@example((night("Australia/Lord_Howe", wall=time(1, 45)), datetime(2026, 4, 3, tzinfo=UTC)))
@given(cases())
def test_it_is_what_the_wall_clock_says_in_each_minute(case: tuple[Rota, datetime]) -> None:
    rota, since = case
    clock = SlowClock(rota.timezone, since)
    until = since + LONG * DAY
    found = shifts(rota, since, until)
    told: list[set[tuple[str | None, str]]] = [set() for _ in clock.minutes]
    for shift in found:
        first, last = (shift.from_at - since) // MINUTE, (shift.until_at - since) // MINUTE
        for number in range(first, last):
            told[number].add((shift.person, shift.source))

    assert told == reference(rota, clock)
    assert list(found) == sorted(found, key=lambda one: (one.from_at, one.until_at))
    whole = {(one.person, one.source, one.until_at) for one in found}
    assert not [one for one in found if (one.person, one.source, one.from_at) in whole], "joined"


@settings(deadline=None, max_examples=40)
@given(cases(), st.integers(0, LONG * 1440 - 1))
def test_an_instant_has_the_shifts_that_it_lies_in(case: tuple[Rota, datetime], minute: int) -> None:
    rota, since = case
    at = since + minute * MINUTE
    around = shifts(rota, at - 30 * DAY, at + 30 * DAY)

    now = all_on_call(rota, at)

    assert {(one.person, one.source) for one in now} == {
        (one.person, one.source) for one in around if one.from_at <= at < one.until_at
    }
    assert on_call(rota, at) == now[-1]


@settings(deadline=None, max_examples=40)
@given(cases())
def test_a_gap_is_where_neither_a_layer_nor_an_override_has_somebody(case: tuple[Rota, datetime]) -> None:
    rota, since = case
    until = since + LONG * DAY
    uncovered = [one for one in shifts(rota, since, until) if not one.is_covered]

    assert [(one.from_at, one.until_at) for one in gaps(rota, since, until)] == [
        (one.from_at, one.until_at) for one in uncovered
    ]
    assert {one.why for one in gaps(rota, since, until)} <= {Lack.NOBODY}


@settings(deadline=None, max_examples=40)
@given(cases())
def test_somebody_takes_over_in_the_minute_in_which_they_are_new(case: tuple[Rota, datetime]) -> None:
    rota, since = case
    clock = SlowClock(rota.timezone, since)
    people = [{who for who, _ in answers if who is not None} for answers in reference(rota, clock)]
    begun = [
        (who, clock.minutes[number], number)
        for number in range(1, len(people))
        for who in people[number] - people[number - 1]
    ]
    until = since + LONG * DAY - MINUTE
    told = handovers(rota, since, until)

    assert sorted((one.value, one.from_at) for one in told) == sorted(one[:2] for one in begun)
    for who, from_at, number in begun:
        ends = next((n for n in range(number, len(people)) if who not in people[n]), None)
        [one] = [one for one in told if (one.value, one.from_at) == (who, from_at)]
        assert one.until_at == clock.minutes[ends] if ends is not None else one.until_at > until


@settings(deadline=None, max_examples=40)
@given(cases())
def test_handovers_of_two_spans_are_those_of_both(case: tuple[Rota, datetime]) -> None:
    rota, since = case
    middle, until = since + DAY, since + 2 * DAY
    both = (*handovers(rota, since, middle), *handovers(rota, middle, until))
    told = [(one.value, one.from_at) for one in both]

    assert told == [(one.value, one.from_at) for one in handovers(rota, since, until)]
    assert len(told) == len(set(told))
