"""`controls.policies`, `duties`, `training`, `device` and `consent`: what people are asked to say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from worker.domain.controls.others import CONSENT, DEVICE, DUTIES, POLICY, TRAINING
from worker.domain.controls.statements import DEVICE_ITEMS, Statement, StatementRule
from worker.domain.controls.switch import Mode
from worker.settings.controls.base import ControlSection
from worker.settings.controls.texts import TextFiles
from worker.settings.fields import Keeping, Language, Name, Period, Text, listed, one_of
from worker.settings.problems import Wrong

_HEADING = re.compile(r"\A#+\s*(.+?)\s*#*\s*(?:\n|\Z)")


class VersionedTexts(TextFiles):
    """A text that people accept, in several languages, with its version."""

    version: Text = Field(description="Another text needs another version.")
    texts: dict[Language, Text] = Field(description="Language: a file beside this one, in Markdown.")

    @property
    def titles(self) -> Mapping[str, str]:
        """The first heading of each text."""
        found = {language: _HEADING.match(text) for language, text in self.read.items()}
        return {language: match[1] for language, match in found.items() if match}


class AcceptedPolicy(VersionedTexts, ControlSection):
    """A policy that people accept."""

    id: Name = Field(description="Lasting: it is part of every acceptance.")
    material: bool = Field(default=True, description="Whether this version asks everybody again.")
    changed: dict[Language, str] = Field(
        default_factory=dict, description="Language: what is new, in a sentence."
    )
    who: Literal["members", "admins"] = Field(default="members", description="Of the groups that it is for.")
    joiner_due: Period = Field(default=timedelta(days=7), description="Time for joiners, from the first day.")
    due: Period | None = Field(default=timedelta(days=14), description="Time for everybody else.")
    every: Period | None = Field(
        default=timedelta(days=365), description="Asked again after so long; null: never."
    )
    typed_name: bool = Field(default=False, description="Whether initials are typed.")

    gate_add_member: bool = Field(
        default=False, description="Whether nobody is added to a group before they accepted."
    )
    keep: Keeping = Field(
        default=timedelta(days=3 * 365),
        description="So long after somebody left, what they said of it is deleted; y: 365 days.",
    )

    @model_validator(mode="after")
    def _gates_members(self) -> Self:
        if self.gate_add_member and self.who == "admins":
            raise Wrong(
                "nobody would be asked: who is added to a group is no admin yet",
                "Write who: members, or gate_add_member: false.",
                at=("gate_add_member",),
            )
        return self

    def value(self, mode: Mode) -> StatementRule:
        return StatementRule(
            Statement.POLICY,
            POLICY.id,
            self.switch(mode),
            self.id,
            self.version,
            title=self.titles,
            texts=self.read,
            changed=self.changed,
            is_material=self.material,
            every=self.every,
            due=self.due or timedelta(days=14),
            sensitive_due=self.sensitive_due,
            joiner_due=self.joiner_due,
            only_admins=self.who == "admins",
            has_typed_name=self.typed_name,
            is_gate=self.gate_add_member,
            keep=self.keep,
        )


class DutiesControls(VersionedTexts, ControlSection):
    """The duties that admins accept for each of their groups."""

    every: Period | None = Field(
        default=timedelta(days=365), description="Asked again after so long; null: never."
    )
    due: Period | None = Field(default=timedelta(days=14), description="Time to answer.")

    def value(self, mode: Mode) -> StatementRule:
        return StatementRule(
            Statement.DUTIES,
            DUTIES.id,
            self.switch(mode),
            "",
            self.version,
            texts=self.read,
            every=self.every,
            due=self.due or timedelta(days=14),
            sensitive_due=self.sensitive_due,
            only_admins=True,
            for_each_group=True,
        )


class TrainingControls(ControlSection):
    """A training that people did, by the learning platform's list."""

    course: Text = Field(description="As the list names it.")
    file: Text | None = Field(
        default=None, description="The list: CSV with email or employee_id, course, completed_on."
    )
    valid: Period = Field(default=timedelta(days=365), description="How long it counts.")
    due: Period | None = Field(default=timedelta(days=30), description="Time to do it.")

    def value(self, mode: Mode) -> StatementRule:
        return StatementRule(
            Statement.TRAINING,
            TRAINING.id,
            self.switch(mode),
            self.course,
            "1",
            every=self.valid,
            due=self.due or timedelta(days=30),
            sensitive_due=self.sensitive_due,
        )


class DeviceControls(ControlSection):
    """What people say of the phone that they use for work."""

    version: Text = Field(default="1", description="Another list of items needs another version.")
    items: Annotated[tuple[str, ...], BeforeValidator(listed)] = Field(
        default=tuple(DEVICE_ITEMS), description="What is asked."
    )
    every: Period = Field(default=timedelta(days=180), description="Asked again after so long.")
    due: Period | None = Field(default=timedelta(days=14), description="Time to answer.")
    mdm_file: Text | None = Field(
        default=None, description="A list of the device management, which counts more."
    )

    @field_validator("items")
    @classmethod
    def _are_items(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        if not items:
            raise Wrong("nothing is asked", "Name at least one item, or delete the section.")
        for item in items:
            one_of(item, DEVICE_ITEMS, "item")
        return items

    def value(self, mode: Mode) -> StatementRule:
        return StatementRule(
            Statement.DEVICE,
            DEVICE.id,
            self.switch(mode),
            "",
            self.version,
            every=self.every,
            due=self.due or timedelta(days=14),
            sensitive_due=self.sensitive_due,
            items=self.items,
        )


class ConsentControls(ControlSection):
    """The consent of people before a group is shown their private number."""

    for_: Literal["private_numbers"] = Field(
        default="private_numbers", alias="for", description="What needs consent."
    )
    private: Annotated[tuple[Text, ...], BeforeValidator(listed)] = Field(
        default=("otherMobile",),
        description="The directories' attributes with private numbers, of those that attributes.phones names.",
    )
    gate_add_member: bool = Field(
        default=True, description="Whether nobody is added before they consented, if asked for it."
    )
    every: Period | None = Field(default=None, description="Asked again after so long; null: never.")
    due: Period | None = Field(default=timedelta(days=14), description="Time to answer.")

    @field_validator("private")
    @classmethod
    def _are_some(cls, private: tuple[str, ...]) -> tuple[str, ...]:
        if not private:
            raise Wrong("no number would be private", "Name an attribute, or delete the section.")
        return private

    def value(self, mode: Mode) -> StatementRule:
        return StatementRule(
            Statement.CONSENT,
            CONSENT.id,
            self.switch(mode),
            "",
            "1",
            every=self.every,
            due=self.due or timedelta(days=14),
            sensitive_due=self.sensitive_due,
            is_gate=self.gate_add_member,
            private=self.private,
        )


def lists_of(
    training: TrainingControls | None, device: DeviceControls | None, base: Path
) -> tuple[tuple[Statement, Path], ...]:
    """The lists of other systems that each run of the controls reads."""
    found = [(Statement.TRAINING, training.file if training else None)]
    found.append((Statement.DEVICE, device.mdm_file if device else None))
    return tuple((statement, base / name) for statement, name in found if name)
