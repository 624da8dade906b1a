"""Rotas: who is on call at an instant, and where nobody is.

    overrides, then the layers from the last to the first, then the fallback: the first that has somebody is asked

A layer's people take turns by the wall clock of the rota's zone; no turn is a number of seconds. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from worker.domain.escalation.absence import Absence, absence_of, stand_in
from worker.domain.escalation.spans import Span, common, joined, left
from worker.domain.escalation.wall_clock import DAY, first_showing, last_showing, local_day

EVERY_DAY = frozenset(range(7))
FIRST_DAY = date(1970, 1, 5)  # a Monday: turns are counted from it where a layer says nothing else
OVERRIDE, FALLBACK, GAP = "override", "fallback", "gap"
# How far an on-call's turn is followed in both directions, tried in order: most turns end soon
_REACHES = (timedelta(days=15), timedelta(days=100), timedelta(days=400))


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns of whole days, in order, from the first handover on or after `starts_on`.

    Turns change at `handover`, local time; with a `weekday` (Monday 0) the first is on one. `hours` are the part of
    each day for which the layer has somebody: with an end at or before their start, until the next day. None: from one
    handover to the next. What goes over midnight belongs to the day of its start, which is what `days` (Monday 0) name.

    When clocks change: a turn begins at the first showing of its time and ends at the last, so a repeated hour has
    both people, and a skipped handover is at the change.
    """

    people: tuple[str, ...]
    turn_days: int = 7
    handover: time = time(9)
    weekday: int | None = None
    starts_on: date = FIRST_DAY
    hours: tuple[time, time] | None = None
    days: frozenset[int] = EVERY_DAY

    @property
    def first_on(self) -> date:
        """The local day of its first handover."""
        if self.weekday is None:
            return self.starts_on
        return self.starts_on + DAY * ((self.weekday - self.starts_on.weekday()) % 7)


@dataclass(frozen=True, slots=True)
class Listed:
    """A layer that somebody else worked out, such as a calendar: who, from when until when. They may overlap."""

    turns: tuple[Span[str], ...]


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call, by e-mail address. Overrides come first, then the last layer that has somebody.

    `timezone` is IANA. `fallback` is asked where nobody is; None: that is a gap. `known_until`: nothing is known of
    what comes after it, so that no gap is seen there; None: everything is.
    """

    name: str
    timezone: str
    layers: tuple[Layer | Listed, ...] = ()
    overrides: tuple[Span[str], ...] = ()
    fallback: str | None = None
    known_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody is on call from `from_at`, inclusive, until `until_at`, exclusive (aware UTC).

    `source` is `layer N` (from 1), `override`, `fallback`, or `gap`: nobody, and `person` is None.
    """

    person: str | None
    source: str
    from_at: datetime
    until_at: datetime

    @property
    def is_covered(self) -> bool:
        """Whether a layer or an override has somebody."""
        return self.source not in {FALLBACK, GAP}


class Lack(StrEnum):
    """Why a rota reaches nobody."""

    NOBODY = "nobody"  # neither a layer nor an override has somebody
    ABSENT = "absent"
    UNREACHABLE = "unreachable"  # gone, or without a channel


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on call, or only `person`, who is not there."""

    from_at: datetime
    until_at: datetime
    why: Lack
    person: str | None = None


_Who: TypeAlias = tuple[str | None, str]  # person and source


def shifts(rota: Rota, since: datetime, until: datetime) -> tuple[Shift, ...]:
    """Return who is on call in [since, until), by beginning; cut at its ends, without a hole between.

    Adjacent turns of one person in one layer are one shift. Where an hour is repeated, or a calendar names two people
    at once, shifts overlap. Takes time in proportion to the days.
    """
    free: list[Span[None]] = [Span(since, until, None)] if since < until else []
    found: list[Span[_Who]] = []
    for source, turns in _sources(rota, since, until):
        taken: list[Span[_Who]] = common(
            (Span(one.from_at, one.until_at, (one.value, source)) for one in turns), free
        )
        free = left(free, taken)
        found += taken
    nobody: _Who = (rota.fallback, FALLBACK if rota.fallback else GAP)
    found += [Span(one.from_at, one.until_at, nobody) for one in free]
    return tuple(Shift(*one.value, one.from_at, one.until_at) for one in joined(found))


def all_on_call(rota: Rota, instant: datetime) -> tuple[Shift, ...]:
    """Return the shifts at an instant, who took over last at the end: at least one, as `on_call` has it."""
    for reach in _REACHES:
        since, until = instant - reach, instant + reach
        now = tuple(one for one in shifts(rota, since, until) if one.from_at <= instant < one.until_at)
        if all(since < one.from_at and one.until_at < until for one in now):
            break
    return now


def on_call(rota: Rota, instant: datetime) -> Shift:
    """Return who is on call at an aware instant; of two, who took over last.

    Its ends are cut at 400 days from the instant.
    """
    return all_on_call(rota, instant)[-1]


def handovers(rota: Rota, since: datetime, until: datetime) -> tuple[Span[str], ...]:
    """Return the time on call of each person who takes over in (since, until], by beginning.

    Somebody takes over who was not on call just before, by whatever source: a layer, an override, a calendar, the
    fallback. Their time ends where they are on call no more, whatever the sources are; it is cut at 400 days after
    `until`. The values are e-mail addresses in lower case.
    """
    for reach in (DAY, *_REACHES):
        end = until + reach
        people = joined(
            Span(one.from_at, one.until_at, one.person.casefold())
            for one in shifts(rota, since - DAY, end)
            if one.person is not None
        )
        found = tuple(one for one in people if since < one.from_at <= until)
        if all(one.until_at < end for one in found):
            break
    return found


def gaps(
    rota: Rota,
    since: datetime,
    until: datetime,
    absences: tuple[Absence, ...] = (),
    unreachable: frozenset[str] = frozenset(),
) -> tuple[Gap, ...]:
    """Return the spans in [since, until) in which nobody of the rota is there, by beginning.

    The fallback, for which there is a reason, closes no gap. Somebody absent counts as there while a deputy, or a
    deputy's own, is there. `unreachable` are e-mail addresses in lower case. Nothing is said of the time after
    `known_until`.
    """
    end = until if rota.known_until is None else min(until, rota.known_until)
    away: list[Span[tuple[str, Lack]]] = []
    there: list[Span[None]] = []
    for shift in shifts(rota, since, end):
        if shift.person is not None and shift.is_covered:
            missing = _missing(shift, shift.person, absences, unreachable)
            away += missing
            there += left([Span(shift.from_at, shift.until_at, None)], missing)
    free = left([Span(since, end, None)] if since < end else [], there)
    known = joined(common(away, free))
    found = [Gap(one.from_at, one.until_at, one.value[1], one.value[0]) for one in known]
    found += [Gap(one.from_at, one.until_at, Lack.NOBODY) for one in left(free, known)]
    return tuple(sorted(found, key=lambda one: (one.from_at, one.until_at)))


def holes(rota: Rota) -> tuple[Gap, ...]:
    """Return the gaps that the layers' own pattern leaves in a week, once all of them have begun, by beginning.

    Overrides and the fallback close none. A calendar's layer has no pattern of its own: there are none.
    """
    layers = [one for one in rota.layers if isinstance(one, Layer)]
    if not layers or len(layers) < len(rota.layers):
        return ()
    first = max(one.first_on for one in layers) + DAY
    since, end, until = (first_showing(rota.timezone, first + days * DAY, time(0)) for days in (0, 7, 14))
    found = gaps(replace(rota, overrides=()), since, until)
    return tuple(one for one in found if since < one.from_at <= end) or found


def _missing(
    shift: Shift, person: str, absences: tuple[Absence, ...], unreachable: frozenset[str]
) -> list[Span[tuple[str, Lack]]]:
    """The parts of a shift for which its person is not there."""
    if person.casefold() in unreachable:
        return [Span(shift.from_at, shift.until_at, (person, Lack.UNREACHABLE))]
    edges = {edge for one in absences for edge in (one.from_at, one.until_at)}
    inside = {edge for edge in edges if shift.from_at < edge < shift.until_at}
    return [
        Span(since, until, (person, Lack.ABSENT))
        for since, until in pairwise(sorted({shift.from_at, *inside, shift.until_at}))
        if _is_absent(person, absences, unreachable, since)
    ]


def _is_absent(
    person: str, absences: tuple[Absence, ...], unreachable: frozenset[str], instant: datetime
) -> bool:
    """Whether somebody is away at an instant, and nobody who can be reached stands in."""
    if absence_of(absences, person, instant) is None:
        return False
    deputy = stand_in(absences, person, instant)
    return deputy is None or deputy.casefold() in unreachable


def _sources(rota: Rota, since: datetime, until: datetime) -> Iterator[tuple[str, Sequence[Span[str]]]]:
    """Who could be on call, the first to be asked first."""
    yield OVERRIDE, rota.overrides
    for number, layer in reversed(list(enumerate(rota.layers, start=1))):
        turns = layer.turns if isinstance(layer, Listed) else _turns(layer, rota.timezone, since, until)
        yield f"layer {number}", list(turns)


def _turns(layer: Layer, timezone: str, since: datetime, until: datetime) -> Iterator[Span[str]]:
    """A layer's turns in [since, until), day by day: the part of each turn within the day's hours."""
    opens, closes = layer.hours or (layer.handover, layer.handover)
    length = 0 if opens < closes else 1
    day = max(local_day(timezone, since) - 2 * DAY, layer.first_on - DAY)
    last = local_day(timezone, until)
    while day <= last:
        if day.weekday() in layer.days:
            hours = Span(
                first_showing(timezone, day, opens), last_showing(timezone, day + length * DAY, closes), None
            )
            yield from common(_turns_near(layer, timezone, day), [hours])
        day += DAY


def _turns_near(layer: Layer, timezone: str, day: date) -> Iterator[Span[str]]:
    """The turns that a span which begins on a local day, and lasts a day at most, can touch."""
    number = (day - layer.first_on).days // layer.turn_days
    for turn in range(max(number - 1, 0), number + 2):
        starts_on = layer.first_on + turn * layer.turn_days * DAY
        yield Span(
            first_showing(timezone, starts_on, layer.handover),
            last_showing(timezone, starts_on + layer.turn_days * DAY, layer.handover),
            layer.people[turn % len(layer.people)],
        )
