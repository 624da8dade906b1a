"""The `controls:` section: what is asked of groups and messengers beyond leavers. A part that is absent is off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.switch import Mode
from worker.settings.controls.advisories import AdvisoriesControls
from worker.settings.controls.groups import (
    AdminsControls,
    ClassEntry,
    DormantControls,
    RegisterControls,
    ReviewControls,
)
from worker.settings.controls.leaving import LeavingControls
from worker.settings.controls.profile import ProfileEntry
from worker.settings.controls.providers import ProviderEntry
from worker.settings.controls.reports import ReportsControls
from worker.settings.controls.statements import (
    AcceptedPolicy,
    ConsentControls,
    DeviceControls,
    DutiesControls,
    TrainingControls,
)
from worker.settings.fields import Positive, Text
from worker.settings.problems import Wrong
from worker.settings.section import Section


def _entries(value: Any) -> Any:
    """Let `{}` or one mapping stand for a list of one."""
    return [value] if isinstance(value, dict) else value


class ControlsSection(Section):
    """What is asked of groups beyond leavers; a section that is absent is off."""

    mode: Literal["report", "ticket"] = Field(default="report", description="For sections that don't say.")
    daily_max: Positive = Field(default=5, description="New tickets of controls for one person in a day.")
    per_day: Positive = Field(default=2000, description="The same for everybody together.")
    report_min: Positive = Field(default=5, description="Smaller departments are shown together.")
    accounts: dict[Text, tuple[Text, ...]] = Field(
        default={}, description="By messenger: directories in which everybody has an account there."
    )
    registered: RegisterControls | None = Field(default=None, alias="register")
    classes: tuple[ClassEntry, ...] = Field(default=(), description="Classes of data.")
    dormant: DormantControls | None = None
    review: ReviewControls | None = None
    admins: AdminsControls | None = None
    profile: Annotated[tuple[ProfileEntry, ...], BeforeValidator(_entries)] = Field(
        default=(), description="What profiles are like; the first that fits a group counts."
    )
    advisories: AdvisoriesControls | None = None
    providers: dict[Text, ProviderEntry] | None = Field(
        default=None, description="What is agreed with each messenger's provider, by messenger."
    )
    policies: Annotated[tuple[AcceptedPolicy, ...], BeforeValidator(_entries)] = Field(
        default=(), description="Policies that people accept."
    )
    duties: DutiesControls | None = None
    training: TrainingControls | None = None
    device: DeviceControls | None = None
    consent: ConsentControls | None = None
    reports: ReportsControls | None = None
    leaving: LeavingControls | None = None

    @model_validator(mode="after")
    def _policies_differ(self) -> Self:
        ids = [one.id for one in self.policies]
        for at, name in enumerate(ids):
            if name in ids[:at]:
                raise Wrong(
                    f"{name!r} is the id of two policies", "Give each its own.", at=("policies", at, "id")
                )
        return self

    def policy(self, language: str, admins_min: int) -> ControlPolicy:
        """As the domain's value; `language` is the organisation's, for texts to paste.

        `admins_min`: so many active admins a group needs.
        """
        mode = Mode(self.mode)

        lead = (self.leaving or LeavingControls()).hand_over.lead

        def of(section: Any, *more: Any) -> tuple[Any, ...]:
            return () if section is None else (section.value(mode, *more),)

        def every(entries: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(one.value(mode) for one in entries)

        return ControlPolicy(
            daily_max=self.daily_max,
            per_day=self.per_day,
            report_min=self.report_min,
            mode=mode,
            accounts=self.accounts,
            register=of(self.registered),
            classes=every(self.classes),
            dormant=of(self.dormant),
            review=of(self.review, lead),
            admins=of(self.admins, lead),
            profile=every(self.profile),
            statements=(
                *of(self.duties),
                *every(self.policies),
                *of(self.training),
                *of(self.device),
                *of(self.consent),
                *((self.registered.census_rule(mode),) if self.registered else ()),
            ),
            advisories=of(self.advisories),
            providers=None
            if self.providers is None
            else tuple(one.rule(messenger, mode) for messenger, one in self.providers.items()),
            reports=of(self.reports),
            hand_over=self.leaving.hand_over_rules(mode, admins_min) if self.leaving else (),
            conversations=self.leaving.conversations_rules(mode) if self.leaving else (),
            languages=(language, "en"),
        )
