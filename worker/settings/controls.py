"""The `controls:` section: what the organisation asks of its groups, as values of `worker.domain.controls.policy`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from worker.domain.controls.policy import (
    AdminsRule,
    ClassRule,
    ControlPolicy,
    DescriptionRule,
    DormantRule,
    JoinRule,
    NameRule,
    PictureRule,
    ProfileRule,
    RegisterRule,
    RightsRule,
)
from worker.domain.controls.profile.name import NAME_MAX
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.model import Allowed, RegisterFacts
from worker.settings.fields import Count, Language, Patterns, Period, Positive, Text, listed, one_of
from worker.settings.problems import Wrong, shown
from worker.settings.section import Section

REGISTER_COLUMNS = ("owner_email", *(field.name for field in fields(RegisterFacts)))
_TEXT_MAX = 100_000  # characters of a text file
_DESCRIPTION_MAX = 2_048  # WhatsApp takes no longer one: developers.facebook.com, Groups API, read 2026-11
_PATTERN_MAX = 200
# What can take a regular expression exponential time: a repeated part that is itself repeated
_NESTED = re.compile(r"[+*}]\s*\)\s*[+*{]")


class ControlWhen(Section):
    """Which groups a rule is for; what is left out fits all."""

    groups: Patterns = Field(default=(), description="Groups by id, name or glob.")
    sensitive: bool | None = Field(
        default=None, description="Only sensitive groups (true), or only others (false)."
    )
    departments: Patterns = Field(default=(), description="Departments that own the group, by the register.")
    messenger: Patterns = Field(default=(), description="Messengers, such as whatsapp.")

    def value(self) -> Where:
        return Where(self.groups, self.sensitive, self.departments, self.messenger)


class ControlSection(Section):
    """What every control takes."""

    mode: Literal["report", "ticket"] | None = Field(
        default=None,
        description="report: shows what fails; ticket: asks people, too. null: as controls.mode.",
    )
    when: ControlWhen = Field(default_factory=ControlWhen)
    due: Period | None = Field(default=None, description="Time for its tickets; null: the control's own.")
    sensitive_due: Period | None = Field(default=None, description="The same where the group is sensitive.")

    def switch(self, mode: Mode) -> ControlSwitch:
        return ControlSwitch(
            Mode(self.mode) if self.mode else mode, self.when.value(), self.due, self.sensitive_due
        )


def read_text(name: str, info: ValidationInfo) -> str:
    """The text of a file beside the configuration. Raises Wrong."""
    base: Path = (info.context or {}).get("base_dir", Path())
    path = base / name
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Wrong(f"{shown(name)} can't be read: {error.strerror}", "Check the path.") from None
    except UnicodeDecodeError:
        raise Wrong(f"{shown(name)} is no UTF-8 text", "Save it as UTF-8.") from None
    if len(text) > _TEXT_MAX:
        raise Wrong(f"{shown(name)} is too long", f"Write {_TEXT_MAX} characters at most.")
    if not text.strip():
        raise Wrong(f"{shown(name)} is empty", "Write the text into it.")
    return text.strip()


class TextFiles(Section):
    """A text in several languages, each in a file beside the configuration."""

    texts: dict[Language, Text] = Field(description="Language: file.")
    _read: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("texts")
    @classmethod
    def _has_a_language(cls, texts: dict[str, str]) -> dict[str, str]:
        if not texts:
            raise Wrong("no language is given", "Write for example {en: rules.en.txt}.")
        return texts

    @model_validator(mode="after")
    def _can_be_read(self, info: ValidationInfo) -> Self:
        for language, name in self.texts.items():
            try:
                self._read[language] = read_text(name, info)
            except Wrong as wrong:
                raise Wrong(wrong.message, wrong.remedy, at=("texts", language)) from None
        return self

    @property
    def read(self) -> Mapping[str, str]:
        """The texts by language, as they were when the configuration was read."""
        return self._read


class DescriptionSection(TextFiles):
    """The rules text in a group's description."""

    match: Literal["contains", "exact"] = Field(
        default="contains",
        description="Whether it may have more than the text. Case and white space don't count.",
    )

    @model_validator(mode="after")
    def _fits_a_description(self) -> Self:
        for language, text in self._read.items():
            if len(text) > _DESCRIPTION_MAX:
                raise Wrong(
                    f"{len(text)} characters are too long for a description",
                    f"Write {_DESCRIPTION_MAX} at most.",
                    at=("texts", language),
                )
        return self

    def value(self) -> DescriptionRule:
        return DescriptionRule(self.read, self.match == "exact")


class NameSection(Section):
    """How groups are called."""

    pattern: Text = Field(description="A regular expression that the whole name fits.")
    example: str = Field(default="", description="A name that fits, for people.")

    @field_validator("pattern")
    @classmethod
    def _is_a_safe_pattern(cls, pattern: str) -> str:
        if len(pattern) > _PATTERN_MAX:
            raise Wrong(f"{len(pattern)} characters are too many", f"Write {_PATTERN_MAX} at most.")
        try:
            re.compile(pattern)
        except re.error as error:
            raise Wrong(
                f"this is no regular expression: {error}", 'Write it like "(Ward|Dept) .+".'
            ) from None
        if _NESTED.search(pattern) or re.search(r"\\[1-9]|\(\?", pattern):
            raise Wrong(
                "this expression can take very long",
                "Don't repeat a part that repeats; leave out (?…) and \\1.",
            )
        return pattern

    @model_validator(mode="after")
    def _example_fits(self) -> Self:
        if self.example and not re.fullmatch(self.pattern, self.example[:NAME_MAX]):
            raise Wrong(
                f"{shown(self.example)} doesn't fit the pattern", "Write a name that does.", at=("example",)
            )
        return self

    def value(self) -> NameRule:
        return NameRule(self.pattern, self.example)


class PictureSection(Section):
    """A group's picture."""

    required: bool = Field(default=True, description="Whether a group has to have one.")
    standard: Annotated[tuple[Text, ...], BeforeValidator(listed)] = Field(
        default=(),
        description="The pictures that it may have: files, as the messenger gives them out. Empty: any.",
    )
    _hashes: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _can_be_read(self, info: ValidationInfo) -> Self:
        base = (info.context or {}).get("base_dir", Path())
        found = []
        for at, name in enumerate(self.standard):
            try:
                found.append(sha256((base / name).read_bytes()).hexdigest())
            except OSError as error:
                problem = f"{shown(name)} can't be read: {error.strerror}"
                raise Wrong(problem, "Check the path.", at=("standard", at)) from None
        self._hashes = tuple(found)
        return self

    def value(self) -> PictureRule:
        return PictureRule(self.required, self._hashes)


class JoinSection(Section):
    """How people come into a group."""

    approval: bool = Field(default=False, description="Whether an admin has to approve who joins.")
    new_link_after_removal: bool = Field(
        default=False, description="Whether the join link has to be reset after somebody was removed."
    )

    def value(self) -> JoinRule:
        return JoinRule(self.approval, self.new_link_after_removal)


_Who: TypeAlias = Literal["admins", "members"] | None


class RightsSection(Section):
    """Who may do what in a group; null: either."""

    edit: _Who = Field(default=None, description="Change its name, picture and description.")
    write: _Who = Field(default=None, description="Write.")
    add: _Who = Field(default=None, description="Add members.")

    def value(self) -> RightsRule:
        edit, write, add = (Allowed(one) if one else None for one in (self.edit, self.write, self.add))
        return RightsRule(edit, write, add)


class RegisterControls(ControlSection):
    """What the register has to say of each group."""

    required: Annotated[tuple[str, ...], BeforeValidator(listed)] = Field(
        default=("owner_email", "purpose", "data_class"), description="Columns that each row fills."
    )
    roster_max_age: Period = Field(
        default=timedelta(days=90), description="The newest complete list of a group's members is no older."
    )

    @field_validator("required")
    @classmethod
    def _are_columns(cls, required: tuple[str, ...]) -> tuple[str, ...]:
        for column in required:
            one_of(column, REGISTER_COLUMNS, "column of a register")
        return required

    def value(self, mode: Mode) -> RegisterRule:
        return RegisterRule(self.switch(mode), self.required, self.roster_max_age)


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

    def value(self, mode: Mode) -> AdminsRule:
        return AdminsRule(self.switch(mode), self.min, self.max, self.departments, self.externals)


class ProfileEntry(ControlSection):
    """What a group's profile is like."""

    description: DescriptionSection | None = None
    name: NameSection | None = None
    picture: PictureSection | None = None
    join: JoinSection | None = None
    rights: RightsSection | None = None

    def value(self, mode: Mode) -> ProfileRule:
        return ProfileRule(
            self.switch(mode),
            self.description.value() if self.description else None,
            self.name.value() if self.name else None,
            self.picture.value() if self.picture else None,
            self.join.value() if self.join else None,
            self.rights.value() if self.rights else None,
        )


def _entries(value: Any) -> Any:
    """Let `{}` or one mapping stand for a list of one."""
    return [value] if isinstance(value, dict) else value


class ControlsSection(Section):
    """What is asked of groups beyond leavers; a section that is absent is off."""

    mode: Literal["report", "ticket"] = Field(default="report", description="For sections that don't say.")
    daily_max: Positive = Field(default=5, description="New tickets of controls for one person in a day.")
    per_day: Positive = Field(default=2000, description="The same for everybody together.")
    report_min: Positive = Field(default=5, description="Smaller departments are shown together.")
    registered: RegisterControls | None = Field(default=None, alias="register")
    classes: tuple[ClassEntry, ...] = Field(default=(), description="Classes of data.")
    dormant: DormantControls | None = None
    admins: AdminsControls | None = None
    profile: Annotated[tuple[ProfileEntry, ...], BeforeValidator(_entries)] = Field(
        default=(), description="What profiles are like; the first that fits a group counts."
    )

    def policy(self, language: str) -> ControlPolicy:
        """As the domain's value; `language` is the organisation's, for texts to paste."""
        mode = Mode(self.mode)

        def of(section: Any) -> tuple[Any, ...]:
            return () if section is None else (section.value(mode),)

        def every(entries: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(one.value(mode) for one in entries)

        return ControlPolicy(
            daily_max=self.daily_max,
            per_day=self.per_day,
            report_min=self.report_min,
            register=of(self.registered),
            classes=every(self.classes),
            dormant=of(self.dormant),
            admins=of(self.admins),
            profile=every(self.profile),
            languages=(language, "en"),
        )
