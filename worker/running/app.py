"""Build the use cases over one store, in one place, for a configuration and for the tests."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from importlib.metadata import version

from worker.app.acts.advisories import AdvisoryActs
from worker.app.acts.assignee import Assigned
from worker.app.acts.attesting import Attesting
from worker.app.acts.census import CensusActs
from worker.app.acts.conversations import ReviewingConversations
from worker.app.acts.declared import Declaring
from worker.app.acts.handovers import TakeOver
from worker.app.acts.holds import RemovalHolds
from worker.app.acts.identifying import Identifying
from worker.app.acts.interacting import Interacting
from worker.app.acts.mirroring import MirrorActs
from worker.app.acts.pairing import Pairing
from worker.app.acts.pairs import PairActs
from worker.app.acts.plans import Approvals
from worker.app.acts.reporting import Reporting
from worker.app.acts.reviewing import Reviewing
from worker.app.acts.sealing import Sealing
from worker.app.acts.silencing import Silencing
from worker.app.acts.tickets import TicketActs
from worker.app.acts.trial import Trial
from worker.app.evidence.export import Audit
from worker.app.jobs.advisories import WatchAdvisories
from worker.app.jobs.canary import Canary
from worker.app.jobs.cases import TellCases
from worker.app.jobs.controls import RunControls
from worker.app.jobs.deliver import Deliver
from worker.app.jobs.escalate import Escalate, EscalateRules
from worker.app.jobs.faults import Faults, Look, Watching
from worker.app.jobs.handovers import TellHandovers, rotas_asked
from worker.app.jobs.inventory import TakeInventory
from worker.app.jobs.jumps import Jumps
from worker.app.jobs.mirror import Mirror
from worker.app.jobs.mirror_run import MirrorRules
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.poll import Poll
from worker.app.jobs.reconcile import Reconcile, ReconcileRules
from worker.app.jobs.remediate import Remediate
from worker.app.jobs.retention import Retention
from worker.app.jobs.switch import Switch
from worker.app.jobs.table import UseCases
from worker.app.jobs.telling_lists import TellLists
from worker.app.jobs.verify import Verify
from worker.app.jobs.watch import WatchFeeds
from worker.app.jobs.watch_itself import WatchItself
from worker.app.reads.advisories import feed_concerns
from worker.app.reads.asked import AskedRules
from worker.app.reads.away import Away, teller_named
from worker.app.reads.check import Check, Checked
from worker.app.reads.controls import ControlReads, ControlRules
from worker.app.reads.escalation import Explainer
from worker.app.reads.exposure import ExposureReads
from worker.app.reads.glance import Glance
from worker.app.reads.keeps import KeepsReads
from worker.app.reads.plans import plan_concerns
from worker.app.reads.readiness import ReadinessReads
from worker.app.reads.rotas import Rotas
from worker.app.reads.witness import Witness, Witnesses
from worker.app.tell.alarms import Alarms
from worker.app.tell.group_links import GroupLinks
from worker.app.tell.health import Freshness
from worker.app.tell.passing import Passing
from worker.app.tell.reaching import Reaching
from worker.app.tell.recipients import OnCall
from worker.app.tell.teller import Teller
from worker.app.tell.zones import ChannelZones
from worker.domain.controls.examining import Examined
from worker.domain.controls.state import GroupState
from worker.domain.controls.switch import Mode
from worker.domain.model import GroupKey
from worker.ports import Connector, Port
from worker.ports.connectors.rota_feed import RotaFeed
from worker.ports.ping import Pinger
from worker.ports.state.group_states import Lists
from worker.ports.state.store import Store, UnitOfWork
from worker.running.keeping import keep_what_is_told
from worker.running.mirroring import mirrored, texts_of
from worker.running.rules import AppRules, links_of
from worker.settings import Settings

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class App:
    """The use cases over one store, and their rules."""

    settings: Settings
    rules: AppRules
    store: Store
    poll: Poll
    inventory: TakeInventory
    reconcile: Reconcile
    controls: ControlReads
    exposure: ExposureReads
    readiness: ReadinessReads
    keeps: KeepsReads
    run_controls: RunControls
    remediate: Remediate
    verify: Verify
    escalate: Escalate
    mirror: Mirror
    deliver: Deliver
    desk: TicketActs
    identifying: Identifying
    holds: RemovalHolds
    approvals: Approvals
    pairs: PairActs
    check: Check
    explainer: Explainer
    reaching: Reaching
    silencing: Silencing
    assigned: Assigned
    attesting: Attesting
    conversations: ReviewingConversations
    reviewing: Reviewing
    reporting: Reporting
    census: CensusActs
    declaring: Declaring
    audit: Audit
    retention: Retention
    witnesses: Witnesses
    trial: Trial
    rotas: Rotas
    away: Away
    jumps: Jumps
    watch: WatchItself
    interacting: Interacting
    zones: ChannelZones
    taking_over: TakeOver
    advisories: AdvisoryActs
    copies: MirrorActs
    sealing: Sealing

    @property
    def use_cases(self) -> UseCases:
        """All parts of the app by class; the table of jobs looks its use cases up here."""
        return {type(one): one for one in (getattr(self, field.name) for field in fields(self))}


def assemble(
    settings: Settings,
    rules: AppRules,
    store: Store,
    connectors: Checked,
    clock: Clock,
    observer: Observer = SILENT,
    feeds: Sequence[RotaFeed] = (),
    pinger: Pinger | None = None,
    *,
    is_scratch: bool = False,
    since: datetime | None = None,
) -> App:
    """Build the use cases. They depend only on `rules`; `settings` are for the parts beside them.

    `is_scratch`: the store is a copy that is thrown away, so nothing is written into the lists that people keep.
    `since`: when a process began that goes on; it lets machines act by what was read since.
    """
    limits, tickets = rules.limits, rules.tickets
    reaching = Reaching(connectors.notifiers)
    teller = teller_of(rules, reaching)
    directories = tuple(one.name for one in connectors.directories)
    lists = {one.name for one in connectors.inventories if one.can.is_kept_by_people}
    pairing = Pairing(connectors.inventories)
    declared = next((one.name for one in connectors.inventories if one.can.is_declared), "")
    jumps = Jumps(store, rules.alarms.clock_jump)
    said = rules.controls.statements
    deciding = ReconcileRules(
        tickets, limits, rules.sensitive, teller, directories, rules.confirm_every, said
    )
    witnesses = _witnesses(settings, connectors)
    registers = frozenset(name for name, one in witnesses.items() if one.is_register)
    seen_as = Lists(frozenset(lists), registers)
    fresh, sensitive = rules.fresh_inventories, rules.sensitive
    abilities = {one.name: one.can for one in connectors.inventories}
    zone, known = rules.timezone, rules.advisories
    judging = ControlRules(
        rules.controls, fresh, sensitive, seen_as, zone, tickets.accountable, abilities, known
    )
    controls = ControlReads(store, judging)
    keeps = KeepsReads(controls)
    tells = any(one.switch.mode is Mode.TICKET for one in rules.controls.hand_over)
    cases = TellCases(keeps, teller, is_on=tells)
    attesting, reviewing = attesting_of(rules, store, teller), reviewing_of(rules, store, teller)
    rotas = Rotas(store, rules.rotas)
    away = Away(rules.rotas.absences, teller_named(rules.rotas.automatic_replies, connectors.directories))

    def on_call(uow: UnitOfWork, name: str, at: datetime) -> list[str]:
        return rotas.on_call(uow, name, at, clock())

    alarms = Alarms(rules.alarms, rules.timezone, rules.languages, reaching, on_call)
    asked = rotas_asked(tickets.policies, rules.alarms.to)
    handovers = TellHandovers(store, rotas, asked, away, rules.teller)
    escalating = EscalateRules(rules.holding, on_call, away, jumps, handovers)
    zones = {name: one.timezone for name, one in rules.rotas.rotas.items()}

    looks: dict[str, Look] = {
        "rota": lambda: rotas.concerns(clock()),
        "advisories": lambda: feed_concerns(store, rules.advisories, clock()),
        "plans": lambda: plan_concerns(store, rules.two_approvers_from, rules.timezone, clock()),
    }
    acts = TicketActs(store, tickets, teller)
    keep_what_is_told(connectors.trackers, connectors.inventories, store, clock)
    links = rules.links if rules.has_told_links else None
    texts = texts_of(rules.languages, rules.timezone, links, rules.holding, witnesses, clock)
    trackers = mirrored(connectors.trackers, rules.trackers)
    contents = {name: one.content for name, one in rules.trackers.items()}
    watching = _watching(rules, connectors, looks, has_ping=pinger is not None)
    return App(
        settings,
        rules,
        store,
        Poll(store, connectors.directories, replace(rules.poll, alarms=alarms), observer),
        TakeInventory(store, connectors.inventories, rules.inventory, alarms, pairing, observer),
        Reconcile(store, deciding, observer),
        controls,
        ExposureReads(store, controls),
        ReadinessReads(store, controls),
        keeps,
        RunControls(
            store, controls, tickets, teller, attesting, reviewing, cases, rules.statement_lists, observer
        ),
        Remediate(store, connectors.inventories, rules.machines, clock, since),
        Verify(
            store,
            tickets,
            rules.fresh_inventories,
            teller,
            controls,
            lists,
            TellLists(store, () if is_scratch else connectors.inventories, rules.timezone),
        ),
        Escalate(store, tickets, teller, escalating),
        Mirror(store, trackers, MirrorRules(tickets.accountable), acts, texts, clock),
        Deliver(store, connectors.notifiers, rules.deliver, clock, holder_name(), observer),
        acts,
        Identifying(store),
        RemovalHolds(store, tickets, teller),
        Approvals(store, rules.two_approvers_from),
        PairActs(store, pairing),
        Check(store, connectors, limits, rules.leaver, rules.remediate, _fresh(rules), contents),
        Explainer(tickets, rules.languages, reaching, rules.holding, on_call, away, teller.passing),
        reaching,
        Silencing(store, tickets, rules.holding.silences, [one.name for one in connectors.inventories]),
        assigned_of(rules, store, teller),
        attesting,
        ReviewingConversations(store, rules.links),
        reviewing,
        reporting_of(rules, store, controls, teller, on_call),
        census_of(rules, store, controls, teller),
        Declaring(store, group_links_of(rules), declared, rules.readers, pairing, limits),
        Audit(store, rules.organisation, rules.timezone, f"whosleft {version('whosleft')}", keeps.of),
        Retention(store, rules.erase_after, rules.controls.statements),
        witnesses,
        Trial(store, connectors.notifiers, teller),
        rotas,
        away,
        jumps,
        WatchItself(
            store,
            Faults(alarms, watching),
            Switch(store, pinger, rules.ping_every),
            Canary(store, connectors.notifiers, alarms, rules.canary, len(watching.sources)),
            WatchFeeds(store, feeds, rules.rotas.feeds),
            WatchAdvisories(store, connectors.advisory_feeds, rules.advisories, rules.teller.tongue),
            clock,
        ),
        Interacting(store, connectors.notifiers, tickets, teller, Glance(store, teller, tickets.accountable)),
        ChannelZones(store, connectors.notifiers, rules.holding.quiet),
        TakeOver(store, zones, on_call, rules.languages),
        AdvisoryActs(store),
        MirrorActs(store, [one.name for one in connectors.trackers]),
        Sealing(store, rules.links, rules.new_count),
    )


def _fresh(rules: AppRules) -> dict[Port, Freshness]:
    """How old the last data of each kind of source may be."""
    return {
        Port.DIRECTORY: rules.fresh_directories,
        Port.INVENTORY: rules.fresh_inventories,
        Port.ADVISORIES: rules.fresh_advisories,
    }


def _watching(rules: AppRules, connectors: Checked, looks: Mapping[str, Look], *, has_ping: bool) -> Watching:
    directories = {(one.name, Port.DIRECTORY): rules.fresh_directories for one in connectors.directories}
    inventories = {(one.name, Port.INVENTORY): rules.fresh_inventories for one in connectors.inventories}
    every: tuple[Connector, ...] = (
        *connectors.directories,
        *connectors.inventories,
        *connectors.notifiers,
        *connectors.advisory_feeds,
        *connectors.trackers,
    )
    return Watching(
        {**directories, **inventories},
        {name: interval for name, interval in rules.job_every.items() if name != "watch"},
        rules.limits.switched_off(),
        {**looks, **{one.name: one.concerns for one in every}},
        has_ping=has_ping,
        has_canary=rules.canary is not None,
        host=socket.gethostname(),
    )


def _witnesses(settings: Settings, connectors: Checked) -> Witnesses:
    kinds = {entry.name: entry.kind for entry in settings.inventories}
    return {one.name: Witness(kinds.get(one.name, ""), one.can) for one in connectors.inventories}


def teller_of(rules: AppRules, reaching: Reaching) -> Teller:
    """The writer of messages about tickets, who has what reaches nobody passed on."""
    return replace(rules.teller, passing=Passing(reaching, rules.languages, rules.rotas.absences))


def assigned_of(rules: AppRules, store: Store, teller: Teller) -> Assigned:
    """The assignee's use case, which always opens links."""
    return Assigned(store, rules.links, teller)


def attesting_of(rules: AppRules, store: Store, teller: Teller) -> Attesting:
    """The use case of people who are asked for statements."""
    asked = AskedRules(rules.controls, rules.timezone, rules.tickets.accountable, rules.advisories)
    policy, known, accountable = rules.controls, asked.known, rules.tickets.accountable
    return Attesting(store, rules.links, teller, policy.statements, policy.languages, known, accountable)


def reviewing_of(rules: AppRules, store: Store, teller: Teller) -> Reviewing:
    """The use case of people who review groups."""
    return Reviewing(store, rules.links, teller, rules.tickets, rules.controls, rules.accounts)


def reporting_of(
    rules: AppRules, store: Store, controls: ControlReads, teller: Teller, on_call: OnCall
) -> Reporting:
    """The use case of people who report messages, and of those who look after that."""

    def look_at(uow: UnitOfWork, key: GroupKey, now: datetime) -> GroupState | None:
        found = controls.of(uow, [key], now, frozenset()).get(key)
        return found[0] if found else None

    return Reporting(store, rules.links, teller, rules.tickets, rules.controls, look_at, on_call)


def census_of(rules: AppRules, store: Store, controls: ControlReads, teller: Teller) -> CensusActs:
    """The use case of people who decide what a named group is, and of the public form."""

    def examine(
        uow: UnitOfWork, key: GroupKey, now: datetime
    ) -> tuple[GroupState, tuple[Examined, ...]] | None:
        return controls.of(uow, [key], now, frozenset()).get(key)

    return CensusActs(store, rules.links, teller, rules.tickets, rules.controls, examine)


def group_links_of(rules: AppRules) -> GroupLinks:
    """The links by which admins declare rosters: of the same address and life as those of assignees."""
    return GroupLinks(rules.links.base, rules.links.life)


def listening_at(app: App, listen: str) -> App:
    """The same, with links to the address where its desk really listens, since the configured port may be 0."""
    if app.settings.desk.address[1] != 0:
        return app
    desk = app.settings.desk.model_copy(update={"listen": listen})
    settings = app.settings.model_copy(update={"desk": desk})
    rules = replace(app.rules, links=links_of(settings))
    declaring = app.declaring.at(group_links_of(rules))
    store, teller = app.store, teller_of(rules, app.reaching)
    return replace(
        app,
        settings=settings,
        rules=rules,
        assigned=assigned_of(rules, store, teller),
        attesting=attesting_of(rules, store, teller),
        reviewing=reviewing_of(rules, store, teller),
        reporting=app.reporting.at(rules.links),
        census=app.census.at(rules.links),
        declaring=declaring,
    )


def holder_name() -> str:
    """This process's name in leases and claims. It has a random part: in containers, host and process id may repeat."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
