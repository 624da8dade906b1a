"""The company whose tickets are played: people in five countries, their rotas, absences, policies and quiet hours.

It is stated once, in plain values: `settings` makes the worker's configuration of it, and the reference reads it as it
is. Amounts of time are units of five minutes (`sim.lives_clock`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sim.lives_clock import DAY, END, HOUR, Hours, Turns, instant, unit_of
from worker.settings import Settings

TICK = 3  # units from one run of the jobs to the next
DUE, DUE_SENSITIVE = 24 * HOUR, 4 * HOUR
ACKNOWLEDGED_FOR, SNOOZE_MAX = 4 * HOUR, 72 * HOUR
SECURITY = "it-security@example.org"
CHANNEL, WARDS = "", "wards"


@dataclass(frozen=True)
class Person:
    """Somebody who is told; `zone` and `country` are empty where the directory does not say."""

    name: str
    zone: str
    country: str
    lives_in: str = ""  # the zone that follows from the country alone

    @property
    def email(self) -> str:
        return f"{self.name}@example.org"


PEOPLE = (
    Person("ann", "Europe/London", "GB"),
    Person("ben", "", "GB", "Europe/London"),
    Person("cla", "Europe/Berlin", "DE"),
    Person("dan", "", "DE", "Europe/Berlin"),
    Person("eve", "America/New_York", "US"),
    Person("fay", "America/Los_Angeles", "US"),
    Person("gus", "Australia/Lord_Howe", "AU"),  # where clocks move by half an hour
    Person("hal", "Australia/Sydney", "AU"),
    Person("ivo", "America/Santiago", "CL"),  # where midnight is skipped
    Person("jan", "America/Santiago", "CL"),
    Person("kim", "", ""),
)


@dataclass(frozen=True)
class Away:
    """A person is away from one unit until another, exclusive; `deputy` stands in, or nobody."""

    person: str
    since: int
    until: int
    deputy: str | None


@dataclass(frozen=True)
class StandIn:
    """Somebody takes the place of whoever is on call."""

    person: str
    since: int
    until: int


@dataclass(frozen=True)
class Duty:
    """A rota. A later layer wins where it has somebody; before them all come those who stand in."""

    name: str
    zone: str
    layers: tuple[Turns, ...]
    fallback: str | None = None
    stand_ins: tuple[StandIn, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One step of a policy: `share` of the allowed time, and `plus`. `to` is in the configuration's words."""

    share: float
    plus: int
    to: tuple[str, ...]
    repeat: int = 0  # 0: once
    via: str = ""
    until_done: bool = False
    day_or_night: bool = False


@dataclass(frozen=True)
class Company:
    """What the worker is told, and what the reference reads."""

    zone: str  # the organisation's
    country: str
    quiet: Hours
    quiet_is_exempt: bool  # sensitive tickets are told in quiet hours, too
    hours: Hours | None  # of the calendar of ordinary tickets
    hours_zone: str
    hours_country: str
    stages: tuple[Stage, ...]
    sensitive_stages: tuple[Stage, ...]
    duties: tuple[Duty, ...]
    away: tuple[Away, ...]


_WEEKEND, _NOT_SUNDAY = frozenset({5, 6}), frozenset(range(6))

_STAGES = (
    Stage(0.5, 0, ("assignee",)),
    Stage(1.0, 0, ("assignee", "on_call:security"), repeat=20 * HOUR),
    Stage(1.0, 4 * HOUR, ("on_call:site",), via="mail"),
    Stage(1.0, 8 * HOUR, ("channel", SECURITY), repeat=36 * HOUR),
    Stage(
        1.0, 30 * HOUR, ("on_call:island", "kim@example.org"), 24 * HOUR, until_done=True, day_or_night=True
    ),
)
_SENSITIVE_STAGES = (
    Stage(0.5, 0, ("assignee",)),
    Stage(1.0, 0, ("on_call:site",)),
    Stage(1.0, HOUR, ("on_call:island", "channel:wards"), repeat=22 * HOUR, until_done=True),
    Stage(1.0, 3 * HOUR, ("accountable",), repeat=36 * HOUR),
)
_DUTIES = (
    Duty(
        "security",
        "Europe/London",
        (
            Turns(("ann@example.org", "cla@example.org", "eve@example.org"), 7, "09:00", "2026-01-05"),
            Turns(
                ("ben@example.org", "dan@example.org"),
                1,
                "18:00",
                "2026-01-01",
                Hours("18:00", "09:00", _WEEKEND),
            ),
        ),
        fallback=SECURITY,
    ),
    Duty(  # turns change at a midnight that is skipped once a year, and at night and on Sundays nobody is there
        "site",
        "America/Santiago",
        (
            Turns(
                ("ivo@example.org", "jan@example.org", "fay@example.org"),
                1,
                "00:00",
                "2026-01-01",
                Hours("06:00", "22:00", _NOT_SUNDAY),
            ),
        ),
    ),
    Duty(  # turns change in the half hour that is repeated: both are on call then
        "island",
        "Australia/Lord_Howe",
        (Turns(("gus@example.org", "hal@example.org"), 7, "01:45", "2026-01-04"),),
    ),
)
_QUIET = (
    Hours("20:00", "07:00"),
    Hours("21:30", "06:30", frozenset({0, 1, 2, 3, 6})),
    Hours("00:30", "08:00"),  # begins in an hour that is skipped in Chile
)
_ORGANISATIONS = (("Europe/London", "GB"), ("America/New_York", "US"), ("Australia/Sydney", "AU"))
_BUSINESS: tuple[tuple[Hours | None, str, str], ...] = (
    (Hours("09:00", "17:30", frozenset(range(5))), "Europe/Berlin", "DE"),
    (None, "UTC", "GB"),
    (Hours("00:00", "00:00", _NOT_SUNDAY), "America/Santiago", "CL"),
    (Hours("01:30", "12:00", frozenset(range(7))), "Australia/Lord_Howe", "AU"),
)


def company_of(seed: int) -> Company:
    """The company of a seed: calendars, zones and quiet hours take turns, absences and stand-ins are its own."""
    rng = random.Random(f"{seed}/company")
    zone, country = _ORGANISATIONS[seed % len(_ORGANISATIONS)]
    hours, hours_zone, hours_country = _BUSINESS[seed % len(_BUSINESS)]
    security, *others = _DUTIES
    return Company(
        zone,
        country,
        _QUIET[seed // 2 % len(_QUIET)],
        seed % 2 == 0,
        hours,
        hours_zone,
        hours_country,
        _STAGES,
        _SENSITIVE_STAGES,
        (replace(security, stand_ins=_stand_ins(rng, security.zone)), *others),
        _absences(rng, zone),
    )


def _at(day: int, hour: int, zone: str) -> int:
    """The unit at which the clock in a zone shows an hour of a day; no zone changes its clock at these."""
    local = (instant(0) + timedelta(days=day)).replace(tzinfo=None, hour=hour)
    return unit_of(local.replace(tzinfo=ZoneInfo(zone)))


def _stand_ins(rng: random.Random, zone: str) -> tuple[StandIn, ...]:
    found, day = [], rng.randint(5, 60)
    while day < END // DAY - 10:
        length = rng.randint(1, 5)
        person = rng.choice(PEOPLE).email
        found.append(StandIn(person, _at(day, 9, zone), _at(day + length, rng.choice((9, 17)), zone)))
        day += length + rng.randint(10, 110)
    return tuple(found)


def _absences(rng: random.Random, zone: str) -> tuple[Away, ...]:
    """About four a year for each: most have a deputy, who may be away, too."""
    found = []
    for person in PEOPLE:
        day = rng.randint(5, 90)
        while day < END // DAY - 30:
            length = rng.randint(1, 21)
            others = [one.email for one in PEOPLE if one is not person]
            deputy = rng.choice(others) if rng.random() < 0.6 else None
            found.append(Away(person.email, _at(day, 9, zone), _at(day + length, 9, zone), deputy))
            day += length + rng.randint(20, 120)
    return tuple(found)


# --- the worker's configuration -----------------------------------------------------------------------


def settings_of(company: Company) -> Settings:
    """The configuration that says the same."""
    place = {"timezone": company.zone, "default_region": company.country}
    return Settings.model_validate(
        {
            "organisation": {"name": "Everywhere", **place},
            "directories": [{"name": "corp", "kind": "file"}],
            "inventories": [{"name": "wards", "kind": "register"}],
            "notify": [
                {
                    "name": "chat",
                    "kind": "slack",
                    "token": "none",
                    "channel": "C1",
                    "channels": {WARDS: "C2"},
                },
                {"name": "mail", "kind": "console"},
            ],
            "tickets": {
                "due": {"default": _span(DUE), "sensitive": _span(DUE_SENSITIVE)},
                "accountable": SECURITY,
            },
            "rotas": [_rota(duty) for duty in company.duties],
            "absences": {"people": [_absence(one, company.zone) for one in company.away]},
            "quiet_hours": {
                "from": company.quiet.opens,
                "until": company.quiet.closes,
                "days": _days(company.quiet.days),
                "exempt": {"sensitive": company.quiet_is_exempt},
            },
            "escalation": {
                "digest_window": "0s",
                "daily_max": 10_000,
                "channel_max": 10_000,
                "policies": _policies(company),
            },
        }
    )


def _policies(company: Company) -> list[dict[str, Any]]:
    clock: Any = "calendar"
    if company.hours is not None:
        closes = "24:00" if company.hours.closes == "00:00" else company.hours.closes
        clock = {
            "business": {
                "hours": f"{company.hours.opens}-{closes}",
                "days": _days(company.hours.days),
                "timezone": company.hours_zone,
                "country": company.hours_country,
            }
        }
    ordinary = {
        "name": "ordinary",
        "when": {"sensitive": False},
        "clock": clock,
        "steps": _steps(company.stages),
    }
    sensitive = {
        "name": "sensitive",
        "when": {"sensitive": True},
        "steps": _steps(company.sensitive_stages),
    }
    held = {"acknowledge_for": _span(ACKNOWLEDGED_FOR), "snooze_max": _span(SNOOZE_MAX)}
    return [ordinary | held, sensitive | held]


def _steps(stages: tuple[Stage, ...]) -> list[dict[str, Any]]:
    return [
        {
            "after": _after(stage),
            "to": list(stage.to),
            "via": [stage.via] if stage.via else [],
            "repeat": _span(stage.repeat) if stage.repeat else None,
            "until": "done" if stage.until_done else "acknowledged",
            "quiet": "override" if stage.day_or_night else "hold",
        }
        for stage in stages
    ]


def _after(stage: Stage) -> str:
    if stage.share < 1:
        return f"{stage.share * 100:g}%"
    return f"due+{_span(stage.plus)}" if stage.plus else "due"


def _span(units: int) -> str:
    return f"{units * 5}m"


def _days(days: frozenset[int]) -> str:
    return ",".join(("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day] for day in sorted(days))


def _rota(duty: Duty) -> dict[str, Any]:
    return {
        "name": duty.name,
        "timezone": duty.zone,
        "fallback": duty.fallback,
        "layers": [
            {
                "people": list(layer.people),
                "turn": f"{layer.days}d",
                "handover": layer.handover,
                "from": layer.first,
                "hours": f"{layer.hours.opens}-{layer.hours.closes}" if layer.hours else None,
                "days": _days(layer.hours.days) if layer.hours else "mon-sun",
            }
            for layer in duty.layers
        ],
        "overrides": [
            {
                "person": one.person,
                "from": _local(one.since, duty.zone),
                "until": _local(one.until, duty.zone),
            }
            for one in duty.stand_ins
        ],
    }


def _absence(one: Away, zone: str) -> dict[str, Any]:
    return {
        "person": one.person,
        "from": _local(one.since, zone),
        "until": _local(one.until, zone),
        "deputy": one.deputy,
    }


def _local(unit: int, zone: str) -> str:
    local: datetime = instant(unit).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M}"
