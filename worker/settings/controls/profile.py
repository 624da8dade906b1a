"""`controls.profile`: what a group's profile is like."""

from __future__ import annotations

import re
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    computed_field,
    field_validator,
    model_validator,
)

from worker.domain.controls.policy import (
    DescriptionRule,
    JoinRule,
    NameRule,
    PictureRule,
    ProfileRule,
    RightsRule,
)
from worker.domain.controls.profile.name import NAME_MAX
from worker.domain.controls.switch import Mode
from worker.domain.model import Allowed
from worker.settings.controls.base import ControlSection
from worker.settings.controls.texts import TextFiles
from worker.settings.fields import Text, listed
from worker.settings.files import open_regular
from worker.settings.problems import Wrong, shown
from worker.settings.section import Section

_DESCRIPTION_MAX = 2_048  # WhatsApp takes no longer one: developers.facebook.com, Groups API, read 2026-11
_PATTERN_MAX = 200
# What can take a regular expression exponential time: a repeated part that is itself repeated, or has alternatives
_NESTED = re.compile(r"([+*}]\s*|\|[^()]*)\)\s*[+*{]")


class DescriptionSection(TextFiles):
    """The rules text in a group's description."""

    match: Literal["contains", "exact"] = Field(
        default="contains",
        description="Whether it may have more than the text. Case and white space don't count.",
    )

    @model_validator(mode="after")
    def _fits_a_description(self) -> Self:
        for language, text in self.read.items():
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
                "Don't repeat a part that repeats or has alternatives; leave out (?…) and \\1.",
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
                with open_regular(base / name) as file:
                    found.append(file_digest(file, "sha256").hexdigest())
            except OSError as error:
                problem = f"{shown(name)} can't be read: {error.strerror}"
                raise Wrong(problem, "Check the path.", at=("standard", at)) from None
        self._hashes = tuple(found)
        return self

    @computed_field(repr=False)  # type: ignore[prop-decorator]
    @property
    def sha256(self) -> tuple[str, ...]:
        """The hashes of the pictures, so that a dump with others differs."""
        return self._hashes

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
