"""The `escalation:` section, and its policies as values of `worker.domain.escalation.policy`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from worker.domain.escalation.calendar import (
    BusinessCalendar,
    Calendar,
    CalendarClock,
    parse_days,
    parse_hours,
    subdivisions,
)
from worker.domain.escalation.policy import Policy, Step, Target, When, Whom, parse_whom
from worker.domain.model import Evidence
from worker.domain.tickets.ticket import TicketKind
from worker.settings.fields import (
    Duration,
    Name,
    Patterns,
    Period,
    Positive,
    Text,
    Timezone,
    at_least,
    country_of_holidays,
    listed,
)
from worker.settings.problems import Wrong, did_you_mean, shown
from worker.settings.section import Section
from worker.settings.times import Day, Days, Hours, Moment

_CLOCK_REMEDY = 'Write calendar, or business: {hours: "09:00-17:30", days: mon-fri}.'


class Business(Section):
    """Opening hours; time counts only while it is open."""

    hours: Hours = Field(default=parse_hours("09:00-17:30"), description="Opening and closing time.")
    days: Days = Field(default=parse_days("mon-fri"), description="Working days.")
    country: Annotated[Text, AfterValidator(country_of_holidays)] | None = Field(
        default=None, description="Whose public holidays are closed (ISO 3166)."
    )
    subdivision: Text | None = Field(default=None, description="The part of the country, such as ENG.")
    timezone: Timezone | None = Field(default=None, description="IANA; the organisation's unless given.")
    holidays: tuple[Day, ...] = Field(default=(), description="Further days that are closed.")
    ignore_holidays: tuple[Day, ...] = Field(default=(), description="Public holidays that are worked.")

    @model_validator(mode="after")
    def _makes_a_calendar(self) -> Self:
        if self.subdivision is not None:
            self._check_subdivision(self.subdivision)
        both = set(self.holidays) & set(self.ignore_holidays)
        if both:
            raise Wrong(
                f"{min(both)} is in holidays too", "Keep it in one of the two.", at=("ignore_holidays",)
            )
        return self

    def _check_subdivision(self, subdivision: str) -> None:
        if self.country is None:
            raise Wrong("a subdivision needs its country", "Add country, such as GB.", at=("subdivision",))
        known = subdivisions(self.country)
        if subdivision not in known:
            problem = f"{shown(subdivision)} is no part of {self.country}"
            raise Wrong(problem, did_you_mean(subdivision, known) or "Delete this line.", at=("subdivision",))

    def calendar(self, timezone: str) -> BusinessCalendar:
        """The domain's calendar; `timezone` (IANA) is the organisation's, used unless the section has its own."""
        return BusinessCalendar(
            hours=self.hours,
            days=self.days,
            timezone=self.timezone or timezone,
            country=self.country,
            subdivision=self.subdivision,
            extra_holidays=frozenset(self.holidays),
            ignored_holidays=frozenset(self.ignore_holidays),
        )


class Clock(Section):
    """`calendar` (every hour counts), or business hours."""

    business: Business | None = None

    @model_validator(mode="before")
    @classmethod
    def _calendar_is_a_word(cls, value: Any) -> Any:
        if value is None or value == "calendar":
            return {}
        if value == "business":
            return {"business": {}}
        if isinstance(value, str):
            raise Wrong(f"{shown(value)} is no clock", _CLOCK_REMEDY)
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """A word or a mapping."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        mapping = dict(schema)
        schema.clear()
        schema["anyOf"] = [{"enum": ["calendar", "business"]}, mapping]
        return schema

    def calendar(self, timezone: str) -> Calendar:
        return self.business.calendar(timezone) if self.business else CalendarClock()


class PolicyWhen(Section):
    """Which tickets a policy is for; what is left out fits all."""

    kinds: Annotated[tuple[TicketKind, ...], BeforeValidator(listed)] = Field(
        default=(), description="Kinds of ticket."
    )
    sensitive: bool | None = Field(
        default=None, description="Only sensitive groups (true), or only others (false)."
    )
    evidence: Annotated[tuple[Evidence, ...], BeforeValidator(listed)] = Field(
        default=(), description="Why the person counts as a leaver."
    )
    messenger: Patterns = Field(default=(), description="Messengers, such as whatsapp.")

    def value(self) -> When:
        return When(
            kinds=frozenset(self.kinds),
            sensitive=self.sensitive,
            evidence=frozenset(self.evidence),
            messenger=frozenset(name.casefold() for name in self.messenger),
        )


def _whom(value: Any) -> Any:
    try:
        return parse_whom(value) if isinstance(value, str) else value
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        near = did_you_mean(value.strip(), [*Target])
        raise Wrong(problem, near or f"{remedy[:1].upper()}{remedy[1:]}") from None


ToTell: TypeAlias = Annotated[
    Whom,
    BeforeValidator(_whom),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [{"enum": [*Target]}, {"type": "string", "pattern": "^(channel|on_call):|@"}],
        }
    ),
]


class PolicyStep(Section):
    """One step: after so long, tell these, again so often."""

    after: Moment = Field(description="A share of the time to due (50%), a duration (2h), due, or due+4h.")
    to: Annotated[tuple[ToTell, ...], Field(min_length=1), BeforeValidator(listed)] = Field(
        description="Whom to tell: a target, channel:NAME, on_call:ROTA, or an e-mail address."
    )
    via: Annotated[tuple[Name, ...], BeforeValidator(listed)] = Field(
        default=(), description="Over which notifiers, the first choice first; empty: all, in their order."
    )
    repeat: Annotated[Duration, at_least(timedelta(minutes=1))] | None = Field(
        default=None, description="Tell them again so often, for as long as the ticket is live."
    )
    until: Literal["acknowledged", "done"] = Field(
        default="acknowledged", description="Whether it rests while somebody has acknowledged the ticket."
    )
    quiet: Literal["hold", "override"] = Field(
        default="hold", description="Whether it waits for the end of a person's quiet hours."
    )

    def value(self) -> Step:
        return Step(
            self.after, self.to, self.repeat, self.via,
            is_until_done=self.until == "done", is_day_or_night=self.quiet == "override",
        )  # fmt: skip


class PolicyEntry(Section):
    """Ordered steps over one clock."""

    name: Name
    when: PolicyWhen = Field(default_factory=PolicyWhen)
    clock: Clock = Field(default_factory=Clock)
    steps: Annotated[tuple[PolicyStep, ...], Field(min_length=1)]
    acknowledge_for: Period = Field(
        default=timedelta(hours=4), description='How long "I have it" holds the steps back.'
    )
    snooze_max: Period = Field(default=timedelta(hours=72), description="The longest snooze.")

    def value(self, timezone: str) -> Policy:
        """The domain's policy; `timezone` as in `Business.calendar`."""
        steps = tuple(step.value() for step in self.steps)
        return Policy(
            self.name,
            steps,
            self.when.value(),
            self.clock.calendar(timezone),
            self.acknowledge_for,
            self.snooze_max,
        )


class Escalation(Section):
    """Who is told what is overdue, and how much of it at once."""

    digest_window: Duration = Field(
        default=timedelta(seconds=60),
        description="Messages to one recipient in this time are one; 0s: none waits for others.",
    )
    daily_max: Positive = Field(default=20, description="Messages to one person in a day.")
    channel_max: Positive = Field(default=20, description="Messages to a channel in an hour.")
    policies: tuple[PolicyEntry, ...] = Field(
        default=(), description="The first whose `when` fits; else the built-in one."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [policy.name for policy in self.policies]
        for index, name in enumerate(names):
            if name in names[:index]:
                at = ("policies", index, "name")
                raise Wrong(f"{shown(name)} is the name of another policy", "Give it another one.", at=at)
        return self
