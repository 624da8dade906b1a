"""Controls of groups as a whole: register, classes of data, dormant ones, admins."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from worker.domain.controls.others import CENSUS
from worker.domain.controls.policy import AdminsRule, ClassRule, DormantRule, RegisterRule, ReviewSection
from worker.domain.controls.reviewing import ReviewRule
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ANYWHERE, Mode
from worker.domain.model import RegisterFacts
from worker.settings.controls.base import ControlSection
from worker.settings.fields import Count, Patterns, Period, Positive, Text, listed, one_of
from worker.settings.problems import Wrong
from worker.settings.section import Section

_CENSUS_AT_MOST = timedelta(days=30)
REGISTER_COLUMNS = ("owner_email", *(field.name for field in fields(RegisterFacts)))


class CensusSection(Section):
    """The census: people are asked which work groups there are."""

    every: Period = Field(default=timedelta(days=365), description="Asked again after so long; 30d or more.")
    ask: Literal["managers"] = Field(
        default="managers", description="Whoever has people under them in the directory."
    )
    due: Period = Field(default=timedelta(days=14), description="Time to answer.")

    @field_validator("every")
    @classmethod
    def _is_bearable(cls, every: timedelta) -> timedelta:
        if every < _CENSUS_AT_MOST:
            raise Wrong("people would be asked more than once in 30 days", "Write 30d or more.")
        return every


class RegisterControls(ControlSection):
    """What the register has to say of each group."""

    required: Annotated[tuple[str, ...], BeforeValidator(listed)] = Field(
        default=("owner_email", "purpose", "data_class"), description="Columns that each row fills."
    )
    roster_max_age: Period = Field(
        default=timedelta(days=90), description="The newest complete list of a group's members is no older."
    )
    census: CensusSection = Field(default_factory=CensusSection)

    @field_validator("required")
    @classmethod
    def _are_columns(cls, required: tuple[str, ...]) -> tuple[str, ...]:
        for column in required:
            one_of(column, REGISTER_COLUMNS, "column of a register")
        return required

    def value(self, mode: Mode) -> RegisterRule:
        return RegisterRule(self.switch(mode), self.required, self.roster_max_age)

    def census_rule(self, mode: Mode) -> StatementRule:
        """The rule of the census. The section's `when` and times are about groups, and not about managers."""
        return StatementRule(
            Statement.CENSUS,
            CENSUS.id,
            replace(self.switch(mode), where=ANYWHERE, due=None, sensitive_due=None),
            "",
            "1",
            every=self.census.every,
            due=self.census.due,
        )


class ClassEntry(ControlSection):
    """A class of data, and where it may be."""

    name: Text = Field(description="As the register's column for the data class says it.")
    groups: Patterns = Field(
        default=(), description="Groups that belong to it where the register doesn't say."
    )
    sensitive: bool = Field(default=False, description="Whether its groups are sensitive.")
    messengers: Patterns = Field(description="The messengers in which it may be.")
    move_to: str = Field(default="", description="The messenger in which its groups should go on.")

    def value(self, mode: Mode) -> ClassRule:
        return ClassRule(
            self.switch(mode), self.name, self.messengers, self.groups, self.sensitive, self.move_to
        )


class DormantControls(ControlSection):
    """Groups that nobody needs any more."""

    after: Period = Field(default=timedelta(days=180), description="Without activity for so long.")

    def value(self, mode: Mode) -> DormantRule:
        return DormantRule(self.switch(mode), self.after)


class AdminsControls(ControlSection):
    """How many admins a group has, and who they may be. groups.admins_min goes on blocking removals."""

    min: Count = Field(default=2, description="So many active admins at least.")
    max: Positive = Field(default=4, description="So many admins at most.")
    departments: Patterns = Field(default=(), description="Departments that admins may be of; empty: any.")
    externals: bool = Field(default=False, description="Whether people outside the directory may be admins.")

    @model_validator(mode="after")
    def _min_is_below_max(self) -> Self:
        if self.min > self.max:
            raise Wrong(f"{self.min} is more than max, {self.max}", "Write a smaller number.", at=("min",))
        return self

    def value(self, mode: Mode, lead: timedelta) -> AdminsRule:
        """As the domain's value; `lead`: so long before a last day somebody is about to leave."""
        return AdminsRule(self.switch(mode), self.min, self.max, self.departments, self.externals, lead)


class ReviewControls(ControlSection):
    """How often somebody who knows a group says who belongs in it."""

    every: Period = Field(default=timedelta(days=90), description="Each group is reviewed so often.")
    sensitive_every: Period = Field(default=timedelta(days=30), description="The same for sensitive groups.")
    full_every: Positive = Field(default=4, description="One of so many reviews shows everybody.")
    sample: Count = Field(default=5, description="So many members of whom nothing changed are drawn.")
    due: Period | None = Field(default=timedelta(days=14), description="Time for a review.")
    remind: Annotated[tuple[Period, ...], BeforeValidator(listed)] = Field(
        default=(timedelta(days=7), timedelta(days=3), timedelta(days=1)),
        description="So long before it is due, whoever has rows left is told.",
    )
    no_response: Literal["keep"] = Field(
        default="keep",
        description="Whoever has no answer stays, and counts as not reviewed; there is no other way.",
    )

    def value(self, mode: Mode, lead: timedelta) -> ReviewSection:
        """As the domain's value; `lead`: so long before a last day somebody is about to leave."""
        rule = ReviewRule(
            self.every,
            self.sensitive_every,
            self.full_every,
            self.sample,
            self.remind,
            lead,
        )
        return ReviewSection(self.switch(mode), rule)
