"""The sections `rotas:`, `absences:` and `quiet_hours:`, and their values of `worker.domain.escalation`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    WithJsonSchema,
    model_validator,
)

from worker.domain.escalation.absence import Absence
from worker.domain.escalation.calendar import parse_days, parse_turn_hours
from worker.domain.escalation.feeds import FeedRules
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.rota import EVERY_DAY, FIRST_DAY, Layer, Listed, Rota
from worker.domain.escalation.spans import Span
from worker.domain.escalation.wall_clock import first_showing, last_showing, named_day
from worker.settings.fields import (
    Duration,
    Email,
    Name,
    Period,
    Text,
    Timezone,
    at_least,
    country_of_holidays,
    known_timezone,
    parsed,
)
from worker.settings.problems import Wrong, shown
from worker.settings.section import Section
from worker.settings.times import Day, Days, TimeOfDay, days_text, time_of_day

_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
FEED_EVERY_MIN = timedelta(minutes=1)
RECIPIENT = "recipient"

# --- Values ---------------------------------------------------------------------------------------------------------

_WALL_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}))?", re.ASCII)
_WALL_REMEDY = 'Write a day, or a day and a local time, such as 2026-12-24 or "2026-12-24 09:00".'


def _wall_time(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    match = _WALL_TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        day, wall = match.groups() if match else ("", None)
        return datetime.combine(named_day(day), time.fromisoformat((wall or "00:00").zfill(5)))
    except ValueError:
        raise Wrong(f"{shown(value)} is no local time", _WALL_REMEDY) from None


# A naive datetime: the zone is that of what it stands in
WallTime: TypeAlias = Annotated[
    datetime,
    BeforeValidator(_wall_time),
    PlainSerializer(lambda wall: f"{wall:%Y-%m-%d %H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["2026-12-24", "2026-12-24 09:00"]}),
]


class Handover(NamedTuple):
    """A time of day, on one weekday (Monday 0) or on any."""

    wall: time
    weekday: int | None = None


def _handover(text: str) -> Handover:
    weekday, _, clock = text.strip().rpartition(" ")
    try:
        [day] = parse_days(weekday) if weekday else [None]
        return Handover(time_of_day(clock), day)
    except ValueError:
        raise Wrong(f"{shown(text)} is no handover", 'Write it like "mon 09:00" or "18:00".') from None


def _handover_text(handover: Handover) -> str:
    day = "" if handover.weekday is None else f"{days_text(frozenset({handover.weekday}))} "
    return f"{day}{handover.wall:%H:%M}"


HandoverTime: TypeAlias = Annotated[
    Handover,
    parsed(_handover, "mon 09:00"),
    PlainSerializer(_handover_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["mon 09:00", "18:00"]}),
]


def _hours_text(hours: tuple[time, time]) -> str:
    return "-".join(f"{wall:%H:%M}" for wall in hours)


TurnHours: TypeAlias = Annotated[
    tuple[time, time],
    parsed(parse_turn_hours, "18:00-09:00"),
    PlainSerializer(_hours_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["18:00-09:00"]}),
]


def _whole_days(turn: timedelta) -> timedelta:
    if turn < _DAY or turn % _DAY:
        raise Wrong(
            "a turn is of whole days", "Write 1d, 3d or 2w; for a part of the day write a layer with hours."
        )
    return turn


Turn: TypeAlias = Annotated[Duration, AfterValidator(_whole_days)]


class HiddenAddress(SecretStr):
    """An address that may be its only secret, as calendars' are: written out where it is none, and shown nowhere."""


def _feed_address(address: HiddenAddress) -> HiddenAddress:
    parts = urlsplit(address.get_secret_value())
    if parts.scheme == "webcal":
        raise Wrong("webcal: is https: by another name", "Write https: in its place.")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Wrong("this is no address of a calendar", "Write it like https://calendar.example.org/x.ics.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise Wrong("plain http would show the calendar to the network", "Write https: in its place.")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


FeedAddress: TypeAlias = Annotated[
    HiddenAddress, AfterValidator(_feed_address), WithJsonSchema({"type": "string", "format": "uri"})
]


def _or_recipient(check: Callable[[str], str]) -> AfterValidator:
    """Check a text that is not `recipient`."""
    return AfterValidator(lambda value: value if value == RECIPIENT else check(value))


def _require_order(since: Any, until: Any) -> None:
    if until <= since:
        raise Wrong("it ends before it begins", "Write a later until.", at=("until",))


# --- rotas ------------------------------------------------------------------------------------------------------------


class RotaLayer(Section):
    """People who take turns. A later layer wins where it has somebody."""

    people: Annotated[tuple[Email, ...], Field(min_length=1)] = Field(
        description="In the order of their turns."
    )
    turn: Turn = Field(default=_WEEK, description="How long a turn is, in whole days: 1d, 1w.")
    handover: HandoverTime = Field(
        default=Handover(time(9)), description='When turns change, local time: "mon 09:00", or "18:00".'
    )
    from_: Day = Field(
        default=FIRST_DAY,
        alias="from",
        description="The first turn begins at the first handover on or after this day.",
    )
    hours: TurnHours | None = Field(
        default=None, description='The part of each day, also over midnight: "18:00-09:00"; null: all of it.'
    )
    days: Days = Field(default=EVERY_DAY, description="On which days its hours begin.")

    @model_validator(mode="after")
    def _hands_over_on_one_weekday(self) -> Self:
        if self.handover.weekday is not None and self.turn % _WEEK:
            problem = "a turn of this length does not always end on the same weekday"
            raise Wrong(problem, "Write a time alone, or turns of whole weeks.", at=("handover",))
        return self

    def value(self) -> Layer:
        return Layer(
            self.people,
            self.turn // _DAY,
            self.handover.wall,
            self.handover.weekday,
            self.from_,
            self.hours,
            self.days,
        )


class RotaOverride(Section):
    """Somebody stands in for whoever is on call. Times are local to the rota."""

    person: Email
    from_: WallTime = Field(alias="from", description="From when.")
    until: WallTime = Field(description="Until when.")
    reason: str = Field(default="", description="Why, for whoever reads it.")

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        _require_order(self.from_, self.until)
        return self

    def value(self, timezone: str) -> Span[str]:
        return Span(
            first_showing(timezone, self.from_.date(), self.from_.time()),
            last_showing(timezone, self.until.date(), self.until.time()),
            self.person,
        )


class CalendarSection(Section):
    """A calendar (iCalendar, .ics) that says who is on call."""

    url: FeedAddress | None = Field(
        default=None, description="Its address; as ${env:NAME} where it is secret."
    )
    path: Path | None = Field(default=None, description="Or its file.")
    every: Annotated[Period, at_least(FEED_EVERY_MIN)] = Field(
        default=timedelta(minutes=15), description="How often it is read."
    )
    stale_after: Period = Field(
        default=timedelta(hours=24), description="An older copy counts no more: the fallback is asked."
    )
    aliases: dict[Text, Email] = Field(
        default={}, description="Whom a name in it means, where an event has no address."
    )

    @model_validator(mode="after")
    def _is_at_one_place(self) -> Self:
        if (self.url is None) == (self.path is None):
            raise Wrong("a calendar has one place", "Write url or path, and only one of them.")
        return self

    def rules(self, timezone: str) -> FeedRules:
        """How it is read; `timezone` is the rota's."""
        return FeedRules(timezone, self.every, self.stale_after, self.aliases)


class RotaEntry(Section):
    """Who is on call, turn by turn."""

    name: Name = Field(description="For on_call:NAME in a policy.")
    timezone: Timezone | None = Field(default=None, description="IANA; the organisation's unless given.")
    layers: tuple[RotaLayer, ...] = Field(
        default=(), description="Who takes turns; a later layer wins where it has somebody."
    )
    ical: CalendarSection | None = Field(default=None, description="Or a calendar that is kept elsewhere.")
    overrides: tuple[RotaOverride, ...] = Field(default=(), description="Who stands in; before every layer.")
    fallback: Email | None = Field(
        default=None,
        description="Who is asked where nobody is on call, or the calendar is too old; null: nobody.",
    )
    gap_warning: Period = Field(default=_WEEK, description="How long before nobody is on call that is told.")

    @model_validator(mode="after")
    def _has_people(self) -> Self:
        if bool(self.layers) == (self.ical is not None):
            raise Wrong("a rota has layers, or a calendar", "Write layers or ical, and only one of them.")
        order = sorted(range(len(self.overrides)), key=lambda at: self.overrides[at].from_)
        for one, next_ in pairwise(order):
            if self.overrides[next_].from_ < self.overrides[one].until:
                problem = f"it begins before that of {self.overrides[one].person} ends: overlapping overrides"
                raise Wrong(problem, "Only one person stands in at a time.", at=("overrides", next_, "from"))
        return self

    def value(self, organisation: str) -> Rota:
        """The domain's rota; a calendar's turns come from its last good copy. `organisation` is its time zone."""
        timezone = self.timezone or organisation
        layers: tuple[Layer | Listed, ...] = tuple(layer.value() for layer in self.layers)
        overrides = tuple(one.value(timezone) for one in self.overrides)
        return Rota(self.name, timezone, layers, overrides, self.fallback)


def require_rota_names(rotas: tuple[RotaEntry, ...]) -> None:
    """Raise Wrong for a name that two rotas have."""
    seen: set[str] = set()
    for at, rota in enumerate(rotas):
        if rota.name in seen:
            where = ("rotas", at, "name")
            raise Wrong(f"{shown(rota.name)} is the name of another rota", "Give it another one.", at=where)
        seen.add(rota.name)


# --- absences ---------------------------------------------------------------------------------------------------------


class AbsenceEntry(Section):
    """Somebody is away: they are told nevertheless, and so is their deputy."""

    person: Email
    from_: WallTime = Field(alias="from", description="From this day or local time.")
    until: WallTime = Field(description="Until this one, on which they are back.")
    deputy: Email | None = Field(default=None, description="Who stands in; null: the next one of the policy.")

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        _require_order(self.from_, self.until)
        return self

    def value(self, timezone: str) -> Absence:
        return Absence(
            self.person,
            first_showing(timezone, self.from_.date(), self.from_.time()),
            last_showing(timezone, self.until.date(), self.until.time()),
            self.deputy,
        )


class Absences(Section):
    """Who is away. Times are the organisation's."""

    people: tuple[AbsenceEntry, ...] = Field(default=(), description="Who is away, from when until when.")
    automatic_replies: Name | None = Field(
        default=None, description="The directory whose mailboxes are asked for automatic replies; null: none."
    )


# --- quiet_hours --------------------------------------------------------------------------------------------------


class Exempt(Section):
    """What is told in quiet hours, too."""

    sensitive: bool = Field(default=True, description="Tickets of sensitive groups.")


class QuietSection(Section):
    """When people are not told, by their own clock: what comes then is held until its end, never dropped."""

    from_: TimeOfDay = Field(default=time(20), alias="from", description="The beginning, local time.")
    until: TimeOfDay = Field(default=time(7), description="The end, on the next day where it is earlier.")
    days: Days = Field(default=EVERY_DAY, description="On which days they begin.")
    holidays: bool = Field(default=True, description="Public holidays are quiet as a whole.")
    timezone: Annotated[Text, _or_recipient(known_timezone)] = Field(
        default=RECIPIENT, description="recipient: each one's own; else an IANA zone for all."
    )
    country: Annotated[Text, _or_recipient(country_of_holidays)] = Field(
        default=RECIPIENT, description="recipient: whose holidays, each one's own; else a country (ISO 3166)."
    )
    exempt: Exempt = Field(default_factory=Exempt)

    @model_validator(mode="after")
    def _leave_time(self) -> Self:
        if self.from_ == self.until:
            raise Wrong(
                "quiet hours of 24 h leave no time to tell anything", "Write another end.", at=("until",)
            )
        return self

    def value(self) -> QuietHours:
        return QuietHours(self.from_, self.until, self.days, self.holidays, self.exempt.sensitive)
