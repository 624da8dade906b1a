"""The whole configuration as one value, and its sections as values of the domain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from worker.app.jobs import table
from worker.app.reads.rotas import RotaRules
from worker.app.tell.alarms import AlarmRules
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import Statement
from worker.domain.escalation.policy import Named, NamedKind, Policy, Whom
from worker.domain.escalation.silences import Silence
from worker.domain.people.leaver import AbsentPolicy, LeaverPolicy
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.reconcile.rules import TicketRules
from worker.ports import Port
from worker.settings.connectors import (
    AdvisoryFeedEntry,
    ConnectorEntry,
    InventoryEntry,
    NotifierEntry,
    SourceEntry,
    TrackerEntry,
)
from worker.settings.controls import ControlsSection
from worker.settings.controls.names import require_names
from worker.settings.controls.statements import lists_of
from worker.settings.escalation import Escalation
from worker.settings.problems import Wrong, did_you_mean
from worker.settings.rotas import RECIPIENT, Absences, QuietSection, RotaEntry, require_rota_names
from worker.settings.section import Section
from worker.settings.sections import (
    Database,
    Desk,
    Fresh,
    Groups,
    Guard,
    JoinerRule,
    Leaver,
    Ops,
    Organisation,
    RemediateRule,
    Schedule,
    Tickets,
)
from worker.settings.silences import SilenceEntry
from worker.settings.watch import WatchSection


def _terminal() -> tuple[NotifierEntry, ...]:
    return (NotifierEntry(name="terminal", kind="console"),)


def _require_inventories(settings: Settings) -> None:
    """Raise Wrong for a rule that names an inventory that there is not, or a name that two rules have."""
    known = [one.name for one in settings.inventories]
    seen: set[str] = set()
    for at, rule in enumerate(settings.remediate):
        for place, name in enumerate(rule.when.inventories):
            if name not in known:
                where = ("remediate", at, "when", "inventories", place)
                raise Wrong(
                    f"{name!r} is no inventory", did_you_mean(name, known, what="Inventories"), at=where
                )
        if rule.name in seen:
            raise Wrong(
                f"{rule.name!r} is the name of two rules", "Give each its own.", at=("remediate", at, "name")
            )
        seen.add(rule.name)


def _channels(entry: NotifierEntry) -> Iterable[str]:
    """The names of a notifier's channels; none if they have another form, which its connector's model refuses."""
    found = entry.options.get("channels")
    return found if isinstance(found, dict) else ()


def _require_notifiers(settings: Settings) -> None:
    """Raise Wrong for a step over a notifier that there is not, or for a channel to tell that none has."""
    known = [one.name for one in settings.notify]
    channels = {name for one in settings.notify for name in _channels(one)}
    rotas = [one.name for one in settings.rotas]
    for at, policy in enumerate(settings.escalation.policies):
        for place, step in enumerate(policy.steps):
            here = ("escalation", "policies", at, "steps", place)
            for number, name in enumerate(step.via):
                if name not in known:
                    remedy = did_you_mean(name, known, what="Notifiers")
                    raise Wrong(f"{name!r} is no notifier", remedy, at=(*here, "via", number))
            for number, whom in enumerate(step.to):
                _require_named(whom, channels, rotas, (*here, "to", number))
    for number, whom in enumerate(settings.watch.alarms.to):
        _require_named(whom, channels, rotas, ("watch", "alarms", "to", number))
    reports = settings.controls.reports
    for number, whom in enumerate(reports.harm_to if reports else ()):
        _require_named(whom, channels, rotas, ("controls", "reports", "harm_to", number))


def _require_named(
    whom: Whom, channels: Collection[str], rotas: Collection[str], at: tuple[str | int, ...]
) -> None:
    """Raise Wrong for a channel that no notifier has, or a rota that there is not."""
    if not isinstance(whom, Named):
        return
    if whom.kind is NamedKind.CHANNEL and whom.name not in channels:
        raise Wrong(f"no notifier has a {whom}", did_you_mean(whom.name, channels, what="Channels"), at=at)
    if whom.kind is NamedKind.ON_CALL and whom.name not in rotas:
        raise Wrong(f"{whom.name!r} is no rota", did_you_mean(whom.name, rotas, what="Rotas"), at=at)


def _require_directory(settings: Settings) -> None:
    """Raise Wrong if automatic replies are to come from a directory that there is not."""
    name, known = settings.absences.automatic_replies, [one.name for one in settings.directories]
    if name is not None and name not in known:
        where = ("absences", "automatic_replies")
        raise Wrong(f"{name!r} is no directory", did_you_mean(name, known, what="Directories"), at=where)


def _require_sources(settings: Settings) -> None:
    """Raise Wrong for a silence of an inventory that there is not."""
    known = [one.name for one in settings.inventories]
    for place, silence in enumerate(settings.silences):
        for number, name in enumerate(silence.sources):
            if name not in known:
                remedy = did_you_mean(name, known, what="Inventories")
                raise Wrong(f"{name!r} is no inventory", remedy, at=("silences", place, "sources", number))


class Settings(Section):
    """The configuration of one worker; every key has a default that is safe."""

    organisation: Organisation = Field(default_factory=Organisation)
    database: Database = Field(default_factory=Database)
    directories: tuple[SourceEntry, ...] = Field(default=(), description="The authorities on people.")
    inventories: tuple[InventoryEntry, ...] = Field(default=(), description="Who is in which group.")
    leaver: Leaver = Field(default_factory=Leaver)
    groups: Groups = Field(default_factory=Groups)
    joiners: tuple[JoinerRule, ...] = Field(
        default=(), description="Who belongs where; empty: joiners are only recorded."
    )
    tickets: Tickets = Field(default_factory=Tickets)
    remediate: tuple[RemediateRule, ...] = Field(
        default=(), description="What a machine may do; empty: nobody is ever removed by a machine."
    )
    controls: ControlsSection = Field(default_factory=ControlsSection)
    guard: Guard = Field(default_factory=Guard)
    fresh: Fresh = Field(default_factory=Fresh)
    escalation: Escalation = Field(default_factory=Escalation)
    silences: tuple[SilenceEntry, ...] = Field(
        default=(), description="Tickets and people that nobody is told about for a while."
    )
    rotas: tuple[RotaEntry, ...] = Field(default=(), description="Who is on call: on_call:NAME in a policy.")
    absences: Absences = Field(default_factory=Absences)
    quiet_hours: QuietSection | None = Field(
        default=None, description="When people are not told, by their own clock; null: never."
    )
    trackers: tuple[TrackerEntry, ...] = Field(
        default=(), description="Other ticket systems, in which tickets have copies."
    )
    notify: tuple[NotifierEntry, ...] = Field(
        default_factory=_terminal, description="Channels to people; left out: one of kind console."
    )
    watch: WatchSection = Field(default_factory=WatchSection)
    schedule: Schedule = Field(default_factory=Schedule)
    desk: Desk = Field(default_factory=Desk)
    ops: Ops = Field(default_factory=Ops)
    allow_literal_secrets: bool = Field(
        default=False,
        description="For labs: take passwords and tokens that are written out, not ${env:…} or ${file:…}.",
    )
    _base_dir: Path = PrivateAttr(default=Path())

    @model_validator(mode="before")
    @classmethod
    def _database_is_looked_at(cls, value: Any) -> Any:
        """Validate the database even by default: only validation makes its relative path absolute."""
        return {**value, "database": value.get("database") or {}} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _somebody_is_told(self, info: ValidationInfo) -> Self:
        if not self.notify:
            raise Wrong(
                "nobody would be told", "Add an entry, or delete the key for the console.", at=("notify",)
            )
        _require_inventories(self)
        _require_notifiers(self)
        self.silenced()
        _require_sources(self)
        _require_directory(self)
        require_names(
            self.controls,
            frozenset(one.name for one in self.directories),
            [str(one.options.get("messenger") or "") for one in self.inventories],
        )
        require_rota_names(self.rotas)
        self._base_dir = (info.context or {}).get("base_dir", self._base_dir)
        return self

    @property
    def base_dir(self) -> Path:
        """The configuration's own folder, from which relative paths start; absolute if read from a file."""
        return self._base_dir

    def entries(self, port: Port) -> tuple[ConnectorEntry, ...]:
        every: Mapping[Port, tuple[ConnectorEntry, ...]] = {
            Port.DIRECTORY: self.directories,
            Port.INVENTORY: self.inventories,
            Port.NOTIFY: self.notify,
            Port.ADVISORIES: self.advisory_feeds,
            Port.TRACKER: self.trackers,
        }
        return every[port]

    @property
    def advisory_feeds(self) -> tuple[AdvisoryFeedEntry, ...]:
        section = self.controls.advisories
        return section.feeds if section else ()

    def leaver_policy(self) -> LeaverPolicy:
        section = self.leaver
        return LeaverPolicy(
            disabled=section.disabled,
            deleted=section.deleted,
            expired=section.expired,
            leave_date=section.leave_date,
            moved_to_leavers_ou=section.moved_to_leavers_ou,
            absent=AbsentPolicy(section.absent.passes, section.absent.over),
        )

    def silenced(self) -> tuple[Silence, ...]:
        """The silences of the configuration."""
        timezone = self.organisation.timezone
        return tuple(one.value(place, timezone) for place, one in enumerate(self.silences, start=1))

    def guard_limits(self) -> GuardLimits:
        section = self.guard
        return GuardLimits(
            leavers_max=section.leavers_max,
            leavers_share_max=section.leavers_share_max,
            group_share_max=section.group_share_max,
            shrink_share_max=section.shrink_share_max,
            share_from=section.share_from,
            window=section.window,
        )

    def policies(self) -> tuple[Policy, ...]:
        """The configured policies in order; `domain.escalation.policy.policy_for` adds the built-in one."""
        return tuple(policy.value(self.organisation.timezone) for policy in self.escalation.policies)

    def rota_rules(self) -> RotaRules:
        timezone = self.organisation.timezone
        rotas = {one.name: one.value(timezone) for one in self.rotas}
        return RotaRules(
            rotas,
            {one.name: one.ical.rules(rotas[one.name].timezone) for one in self.rotas if one.ical},
            {one.name: one.gap_warning for one in self.rotas},
            tuple(one.value(timezone) for one in self.absences.people),
            self.absences.automatic_replies,
        )

    def place_of_feed(self, rota: str) -> str | Path:
        """Where the calendar of a rota that has one is: its address, or its file."""
        [feed] = [one.ical for one in self.rotas if one.name == rota and one.ical]
        if feed.path is not None:
            return self.base_dir / feed.path
        assert feed.url is not None  # noqa: S101  one of the two, as validated
        return feed.url.get_secret_value()

    def quiet_times(self) -> PersonalQuiet | None:
        """When people are not told."""
        section, place = self.quiet_hours, self.organisation
        if section is None:
            return None
        zone, country = (None if one == RECIPIENT else one for one in (section.timezone, section.country))
        return PersonalQuiet(section.value(), place.timezone, place.default_region, zone, country)

    def ticket_rules(self) -> TicketRules:
        leaving = self.controls.leaving
        conversations = leaving.conversations if leaving else None
        hold = {"hold_max": conversations.hold_max} if conversations else {}
        return TicketRules(
            due=self.tickets.due.default,
            due_sensitive=self.tickets.due.sensitive,
            accountable=self.tickets.accountable or "",
            admins_min=self.groups.admins_min,
            policies=self.policies(),
            claim_life=self.tickets.claim_life,
            timezone=self.organisation.timezone,
            hand_over=leaving.hands_over(self.controls.mode) if leaving else None,
            **hold,
        )

    def alarm_rules(self) -> AlarmRules:
        return self.watch.alarms.value(self.tickets.accountable or "")

    def remediation_rules(self) -> tuple[RemediationRule, ...]:
        return tuple(
            RemediationRule(
                one.name,
                frozenset(one.when.inventories),
                one.when.groups,
                frozenset(one.when.kinds),
                one.per_hour,
            )
            for one in self.remediate
        )

    def control_policy(self) -> ControlPolicy:
        return self.controls.policy(self.organisation.language, self.groups.admins_min)

    def statement_lists(self) -> tuple[tuple[Statement, Path], ...]:
        """The lists of other systems that each run of the controls reads."""
        return lists_of(self.controls.training, self.controls.device, self.base_dir)

    def job_schedule(self) -> table.JobSchedule:
        section = self.schedule
        return table.JobSchedule(section.every, section.full, section.lease, self.organisation.timezone)

    def stale_after(self, name: str) -> timedelta:
        """The longest allowed age of a source's last good read. Raises KeyError if no source has this name."""
        for entries, default in (
            (self.directories, self.fresh.directory),
            (self.inventories, self.fresh.inventory),
        ):
            for entry in entries:
                if entry.name == name:
                    return entry.stale_after or default
        raise KeyError(name)
