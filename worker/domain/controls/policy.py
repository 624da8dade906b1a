"""The organisation's rules for its groups and messengers, a value for each section of `controls:`.

What is None or empty is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from worker.domain.controls.reports import DUE, Tier
from worker.domain.controls.reviewing import QUARTERLY, SOON, ReviewRule
from worker.domain.controls.state import GroupState
from worker.domain.controls.statements import StatementRule
from worker.domain.controls.switch import REPORTED, ControlSwitch, Mode
from worker.domain.escalation.policy import Target, Whom
from worker.domain.model import Allowed
from worker.domain.text.globs import fits


class _Ruled:
    """A rule that its switch's place decides on."""

    __slots__ = ()
    switch: ControlSwitch

    def asks(self, control: str) -> bool:  # noqa: ARG002  a rule of several controls may leave some out
        """Whether a control goes by it."""
        return True

    def governs(self, group: GroupState) -> bool:
        """Whether it is for this group."""
        return self.switch.where.fits(
            group.key, group.name, group.department, group.messenger, is_sensitive=group.is_sensitive
        )


@dataclass(frozen=True, slots=True)
class RegisterRule(_Ruled):
    """`required`: columns that a row must fill. `roster_max_age`: of the newest complete roster."""

    switch: ControlSwitch = REPORTED
    required: tuple[str, ...] = ("owner_email", "purpose", "data_class")
    roster_max_age: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ClassRule(_Ruled):
    """A class of data, and the messengers in which it may be.

    `groups`: globs of the groups that belong to it where the register does not say. `is_sensitive`: they are sensitive.
    `move_to`: the messenger in which its groups should go on.
    """

    switch: ControlSwitch
    name: str
    messengers: tuple[str, ...]
    groups: tuple[str, ...] = ()
    is_sensitive: bool = False
    move_to: str = ""

    def governs(self, group: GroupState) -> bool:
        return _Ruled.governs(self, group) and self.has(group)

    def has(self, group: GroupState) -> bool:
        """Whether a group is of this class, wherever it is: the register's word comes first."""
        said = group.row.facts.data_class if group.row else None
        return self.has_known(group.key.group_id, group.name, said or "")

    def has_known(self, group_id: str, name: str, said: str) -> bool:
        """As `has`, by all that is asked of a group. `said`: its class in the register; empty if none is said."""
        if said:
            return said.casefold() == self.name.casefold()
        return fits(group_id, self.groups) or fits(name, self.groups)


@dataclass(frozen=True, slots=True)
class DormantRule(_Ruled):
    """A group without activity for so long is dormant."""

    switch: ControlSwitch = REPORTED
    after: timedelta = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class AdminsRule(_Ruled):
    """How many active admins a group has to have, and who they may be. `departments`: globs; empty: any.

    `has_externals`: whether people who are not in the directory may be admins. `lead`: so long before their last day
    they may not.
    """

    switch: ControlSwitch = REPORTED
    min: int = 2
    max: int = 4
    departments: tuple[str, ...] = ()
    has_externals: bool = False
    lead: timedelta = SOON


@dataclass(frozen=True, slots=True)
class DescriptionRule:
    """The rules text that a description has to have, in one of the languages."""

    texts: Mapping[str, str]
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class NameRule:
    """A regular expression that the whole name fits, and a name that does."""

    pattern: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class PictureRule:
    """`standard`: SHA-256 of the pictures that a group may have; empty: any."""

    is_required: bool = True
    standard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinRule:
    """`has_approval`: an admin approves who joins. `has_new_link`: the join link is reset after a removal."""

    has_approval: bool = False
    has_new_link: bool = False


@dataclass(frozen=True, slots=True)
class RightsRule:
    """Who in a group may do something: admins alone, or everybody. None: either is right."""

    edit: Allowed | None = None
    write: Allowed | None = None
    add: Allowed | None = None


@dataclass(frozen=True, slots=True)
class ReviewSection(_Ruled):
    """How the groups of a rule are reviewed."""

    switch: ControlSwitch = REPORTED
    review: ReviewRule = QUARTERLY


@dataclass(frozen=True, slots=True)
class ReportsRule(_Ruled):
    """How reports of bad messages are handled. Times are of a ticket's policy; `harm_to` is told of harm at once.

    `whistleblowing_url`: the organisation's own channel, which the form is not; empty: none is named.
    """

    switch: ControlSwitch = REPORTED
    tiers: Mapping[Tier, timedelta] = field(default_factory=lambda: DUE)
    harm_to: tuple[Whom, ...] = (Target.ACCOUNTABLE, Target.CHANNEL)
    whistleblowing_url: str = ""

    def time_for(self, tier: Tier, *, is_sensitive: bool) -> timedelta:
        """How long a report may wait; the switch's times are the longest that any may."""
        longest = (self.switch.sensitive_due if is_sensitive else None) or self.switch.due
        return self.tiers[tier] if longest is None else min(self.tiers[tier], longest)


@dataclass(frozen=True, slots=True)
class ProfileRule(_Ruled):
    """What a group's profile has to be like; of several rules, the first that fits a group counts."""

    switch: ControlSwitch = REPORTED
    description: DescriptionRule | None = None
    name: NameRule | None = None
    picture: PictureRule | None = None
    join: JoinRule | None = None
    rights: RightsRule | None = None

    def asks(self, control: str) -> bool:
        """Whether it has the part that a control is named after, such as `profile.name`."""
        return getattr(self, control.partition(".")[2]) is not None


@dataclass(frozen=True, slots=True)
class AdvisoryRule:
    """Which advisories matter. `messengers`: those to watch; None: those in use.

    `severity_from`: what scores so high (CVSS) is urgent; what is exploited is, in any case. `has_systems`: the systems
    of phones are watched, too. `update_due`: the time to update.
    """

    switch: ControlSwitch = REPORTED
    messengers: tuple[str, ...] | None = None
    severity_from: float = 7.0
    has_systems: bool = False
    update_due: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ProviderRule:
    """What is recorded of the agreement with a messenger's provider. "": nothing; None: nobody has looked."""

    messenger: str
    switch: ControlSwitch = REPORTED
    contract: str = ""
    dpa: str = ""
    breach_notice: str = ""
    backup: str = ""
    checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class HandOverRule(_Ruled):
    """How long before an admin's last day a group has another one. `admins_min`: so many active admins it needs."""

    switch: ControlSwitch = REPORTED
    lead: timedelta = SOON
    admins_min: int = 1


@dataclass(frozen=True, slots=True)
class ConversationsRule:
    """Whose work conversations are reviewed before the last day. `departments`: globs; empty: everybody's.

    `to`: the address of the role that reviews them; `before`: so long before the last day. `policy_ref` and `dpia_ref`
    are the documents that allow it.
    """

    switch: ControlSwitch
    to: str
    before: timedelta
    departments: tuple[str, ...]
    policy_ref: str
    dpia_ref: str

    def fits(self, department: str | None) -> bool:
        """Whether it is for a person of this department."""
        return not self.departments or fits(department or "", self.departments)


@dataclass(frozen=True, slots=True)
class ControlPolicy:
    """All rules. `daily_max`: tickets of controls that are opened or reopened for one person in a day; `per_day`: for
    everybody together.

    `mode`: of what no section is about. `report_min`: smaller departments are shown together. `accounts`: by messenger,
    the directories in which everybody has an account there.
    """

    daily_max: int = 5
    per_day: int = 2000
    report_min: int = 5
    mode: Mode = Mode.REPORT
    register: tuple[RegisterRule, ...] = ()
    classes: tuple[ClassRule, ...] = ()
    dormant: tuple[DormantRule, ...] = ()
    admins: tuple[AdminsRule, ...] = ()
    profile: tuple[ProfileRule, ...] = field(default=())
    review: tuple[ReviewSection, ...] = ()
    statements: tuple[StatementRule, ...] = ()
    advisories: tuple[AdvisoryRule, ...] = ()  # one, or none
    providers: tuple[ProviderRule, ...] | None = None
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reports: tuple[ReportsRule, ...] = ()
    hand_over: tuple[HandOverRule, ...] = ()  # one, or none
    conversations: tuple[ConversationsRule, ...] = ()  # one, or none
    languages: tuple[str, ...] = ("en",)  # of texts to paste, where the reader's own has none

    def class_of(self, group: GroupState) -> str:
        """The class of data of a group: what the register says, else the first class that has it; else empty."""
        said = group.row.facts.data_class if group.row else None
        return said or next((rule.name for rule in self.classes if rule.has(group)), "")
