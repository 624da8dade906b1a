"""What people do in ten years: when tickets open, who has them, what is done about each, and what is silenced.

Many tickets open near the edges of calendars, where mistakes are made: within three days of a change of clocks, or of a
public holiday, of one of the countries. Instants are units (`sim.lives_clock`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from sim.lives_clock import DAY, END, HOUR, is_holiday, wall
from sim.lives_company import PEOPLE, SNOOZE_MAX

GROUPS = tuple(f"Ward {number}" for number in range(1, 9))
LENGTHS = (DAY, 3 * DAY, 8 * DAY)  # how long a life is at most
SILENCED, SILENCE_MAX = 0.25, 6 * DAY  # how many lives bring a silence, and how long it is at most
_ENDING = END - 40 * DAY  # what opens until then is over at the end
_NEAR = 3 * DAY


@dataclass(frozen=True)
class Deed:
    """What somebody does about a ticket; `span` is how long they want peace, 0: as long as the policy says."""

    at: int
    what: str  # acknowledge, snooze, done, waive, reopen
    span: int = 0


@dataclass(frozen=True)
class Plan:
    """One ticket's life. The last deed ends it."""

    number: int
    opens: int
    group: str
    assignee: int  # the place in PEOPLE
    is_sensitive: bool
    deeds: tuple[Deed, ...]


@dataclass(frozen=True)
class Quieting:
    """A silence of a group, or of a reader by address, and when somebody ends it before its time."""

    name: str
    is_group: bool
    since: int
    until: int
    ended: int | None


@dataclass(frozen=True)
class Plans:
    lives: tuple[Plan, ...]
    quieting: tuple[Quieting, ...]


def plan_of(seed: int, lives: int) -> Plans:
    """What is done in the world of a seed."""
    rng = random.Random(f"{seed}/lives")
    opened = tuple(_life(rng, number) for number in range(lives))
    silenced = (life for life in opened if rng.random() < SILENCED)
    return Plans(opened, tuple(_quieting(rng, life) for life in silenced))


def _life(rng: random.Random, number: int) -> Plan:
    opens = _opening(rng)
    return Plan(
        number,
        opens,
        rng.choice(GROUPS),
        rng.randrange(len(PEOPLE)),
        rng.random() < 0.3,
        tuple(_deeds(rng, opens)),
    )


def _opening(rng: random.Random) -> int:
    chance = rng.random()
    if chance < 0.4:
        return rng.choice(_changes()) + rng.randint(-_NEAR, HOUR)
    if chance < 0.65:
        return rng.choice(_holidays()) + rng.randint(-_NEAR, DAY)
    return rng.randint(DAY, _ENDING)


@cache
def _changes() -> tuple[int, ...]:
    """The units near which a clock changes, of every zone."""
    zones = [wall(one.zone) for one in PEOPLE if one.zone]
    days = range(4 * DAY, _ENDING, DAY)
    return tuple(
        day
        for zone in zones
        for day in days
        if zone.reading(day + DAY) - zone.reading(day) != DAY * 5  # minutes
    )


@cache
def _holidays() -> tuple[int, ...]:
    countries = sorted({one.country for one in PEOPLE if one.country})
    days = range(4, _ENDING // DAY)
    return tuple(day * DAY for country in countries for day in days if is_holiday(country, day))


def _deeds(rng: random.Random, opens: int) -> list[Deed]:
    """A few in any order that a ticket allows; at the end it is done, or waived."""
    deeds: list[Deed] = []
    at, last, state = opens, opens + rng.randint(2 * HOUR, rng.choice(LENGTHS)), "open"
    while True:
        at += _gap(rng)
        if at >= last and state == "open":
            deeds.append(Deed(at, rng.choice(("done", "waive"))))
            return deeds
        if at >= last:
            return deeds
        what = rng.choice(("acknowledge", "snooze", "done", "waive")) if state == "open" else "reopen"
        span = _span(rng) if what == "snooze" or rng.random() < 0.5 else 0
        deeds.append(Deed(at, what, span))
        state = what if what in {"done", "waive"} else "open"


def _gap(rng: random.Random) -> int:
    """Until the next deed: minutes or days."""
    return 1 + int(rng.expovariate(1 / rng.choice((2 * HOUR, 10 * HOUR, 2 * DAY))))


def _span(rng: random.Random) -> int:
    return rng.randint(1, rng.choice((3 * HOUR, 12 * HOUR, SNOOZE_MAX)))


def _quieting(rng: random.Random, life: Plan) -> Quieting:
    """A silence of its group or of its assignee, in its first days."""
    since = life.opens + rng.randint(0, 2 * DAY)
    until = since + rng.randint(1, SILENCE_MAX)
    ended = rng.randint(since + 1, until) if rng.random() < 0.5 else until
    is_group = rng.random() < 0.5
    name = life.group if is_group else PEOPLE[life.assignee].email
    return Quieting(name, is_group, since, until, ended if ended < until else None)
