"""The rules of the use cases, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from worker.app.acts.statements import StatementList
from worker.app.jobs.canary import CanaryRules
from worker.app.jobs.deliver import DeliverRules
from worker.app.jobs.directory_pass import PollRules
from worker.app.jobs.inventory import InventoryRules
from worker.app.jobs.remediate import RemediateRules
from worker.app.reads.advisories import AdvisoryRules
from worker.app.reads.rotas import RotaRules
from worker.app.tell.alarms import AlarmRules
from worker.app.tell.health import Freshness
from worker.app.tell.holding import Holding
from worker.app.tell.signed_links import SignedLinks
from worker.app.tell.teller import Teller
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.seals import NewCount
from worker.domain.groups.exported import Readers
from worker.domain.people.joiners import Placement
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.tongue import Languages
from worker.ports import Takes
from worker.running.mirroring import TrackerRules
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class AppRules:
    """The rules of the use cases: `wiring.rules_of` makes them from a configuration, tests make their own.

    `links` start with the desk's address. `has_told_links`: messages have links, too.
    """

    organisation: str
    timezone: str
    languages: Languages
    links: SignedLinks
    readers: Readers  # of what people give on a group's page
    new_count: NewCount  # of the text of a chat that is sealed
    has_told_links: bool
    leaver: LeaverPolicy
    accounts: AccountsRule
    limits: GuardLimits
    paces: Mapping[str, timedelta]  # by inventory
    takes: Mapping[str, Takes]
    fresh_directories: Freshness
    fresh_inventories: Freshness
    confirm_every: Mapping[str, timedelta]  # by declared inventory
    joiners: tuple[Placement, ...]
    sensitive: tuple[str, ...]
    tickets: TicketRules
    remediate: tuple[RemediationRule, ...]
    controls: ControlPolicy
    statement_lists: tuple[StatementList, ...]  # of other systems, which each run of the controls reads
    rotas: RotaRules
    digest_window: timedelta
    daily_max: int
    channel_max: int
    holding: Holding
    alarms: AlarmRules
    canary: CanaryRules | None
    advisory_paces: Mapping[str, timedelta]  # by feed
    fresh_advisories: Freshness
    ping_every: timedelta
    job_every: Mapping[str, timedelta]  # by job
    trackers: Mapping[str, TrackerRules]  # by tracker
    two_approvers_from: int
    erase_after: timedelta | None

    @property
    def teller(self) -> Teller:
        """The writer of messages."""
        return Teller(self.timezone, self.languages, self.links if self.has_told_links else None)

    @property
    def inventory(self) -> InventoryRules:
        return InventoryRules(self.limits, self.paces, self.takes)

    @property
    def advisories(self) -> AdvisoryRules:
        rule = next(iter(self.controls.advisories), None)
        return AdvisoryRules(rule, self.advisory_paces, self.fresh_advisories)

    @property
    def poll(self) -> PollRules:
        return PollRules(self.leaver, self.limits, self.fresh_directories, self.joiners, self.teller)

    @property
    def machines(self) -> RemediateRules:
        fresh = self.fresh_directories, self.fresh_inventories
        return RemediateRules(self.remediate, *fresh, self.takes, self.leaver, self.tickets.admins_min)

    @property
    def deliver(self) -> DeliverRules:
        limits = self.digest_window, self.daily_max, self.channel_max
        return DeliverRules(*limits, self.teller, self.tickets.policy, self.holding)


def links_of(settings: Settings) -> SignedLinks:
    """The signed links of a configuration, with its desk's address."""
    return SignedLinks(settings.desk.base, settings.desk.link_life)
