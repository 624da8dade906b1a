"""The whole worker in memory: real use cases and storage on SQLite, fakes for everything outside.

    harness.hire("ann"); harness.group("ward-7", "ann", admins=["ann"]); harness.settle(); harness.tickets()

Time stands still until `later`. People get invented numbers (Ofcom's drama range), one each.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW, facts
from builders import rules as ticket_rules
from fakes.advisory_feed import FakeAdvisoryFeed
from fakes.directory import FakeDirectory
from fakes.inventory import FakeInventory
from fakes.notifier import FakeNotifier
from fakes.tracker import FakeTracker
from memory import make_tables, memory_engine, twin_of
from worker.app.jobs.report import Report
from worker.app.reads.check import Checked
from worker.domain.controls.policy import ControlPolicy
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.journal import Sealed
from worker.domain.model import Account, AccountKey, Group, Member, Role, Standing
from worker.domain.people.joiners import Placement
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits, HeldPlan
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.tongue import ENGLISH_ONLY, Languages
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports import Directory, Inventory, Port
from worker.ports.ping import Pinger
from worker.ports.state.outbox import OutMessage
from worker.ports.state.sources import SourceState
from worker.running.app import assemble
from worker.running.connecting import Connectors
from worker.running.rules import AppRules
from worker.running.wiring import rules_of
from worker.settings import Settings
from worker.storage.store import SqlStore

TIMEZONE = "Europe/London"
ORGANISATION = "St Mary's"
URL = "https://whosleft.example.org"
TWO_APPROVERS_FROM = 50
ACCOUNTABLE = "it-security@example.org"


class Harness:
    """One company with its worker. `corp`, `wards` and `soc` are the first directory, inventory, notifier."""

    def __init__(
        self,
        *,
        directories: Iterable[str] = ("corp",),
        directory_type: type[FakeDirectory] = FakeDirectory,
        inventories: Iterable[str] = ("wards",),
        inventory_type: type[FakeInventory] = FakeInventory,
        are_lists: bool = False,
        registers: Iterable[str] = (),
        notifiers: Sequence[FakeNotifier] | None = None,
        can_look_up: bool = True,
        has_delta: bool = True,
        limits: GuardLimits | None = None,
        joiners: tuple[Placement, ...] = (),
        sensitive: tuple[str, ...] = (),
        controls: ControlPolicy | None = None,
        rules: TicketRules | None = None,
        digest_window: timedelta = timedelta(0),
        daily_max: int = 20,
        accounts: AccountsRule = AccountsRule.EITHER,
        languages: Languages = ENGLISH_ONLY,
        engine: sa.Engine | None = None,
        has_links: bool = False,
        leaver: LeaverPolicy = LeaverPolicy(),  # noqa: B008  it is frozen
    ) -> None:
        self.now = NOW
        self.engine = engine or memory_engine()
        if engine is not None:
            make_tables(engine)
        self.store = SqlStore(self.engine, accounts)
        self.directories = [
            directory_type(name, now=self.clock, can_look_up=can_look_up, has_delta=has_delta)
            for name in directories
        ]
        self.inventories = [
            inventory_type(name, now=self.clock, is_kept_by_people=are_lists) for name in inventories
        ]
        self.inventories += [
            inventory_type(name, now=self.clock, is_kept_by_people=True) for name in registers
        ]
        self.notifiers = [FakeNotifier("soc")] if notifiers is None else list(notifiers)
        self.advisory_feeds: list[FakeAdvisoryFeed] = []
        self.trackers: list[FakeTracker] = []
        self.corp, self.wards = self.directories[0], self.inventories[0]
        self._numbers: dict[str, str] = {}
        self.settings = _settings(self.directories, self.inventories)
        self.start(
            replace(
                rules_of(self.settings),
                languages=languages,
                has_told_links=has_links,
                leaver=leaver,
                limits=limits or GuardLimits(),
                joiners=joiners,
                sensitive=sensitive,
                controls=controls or ControlPolicy(),
                tickets=rules or ticket_rules(),
                digest_window=digest_window,
                daily_max=daily_max,
            )
        )

    def start(
        self,
        rules: AppRules,
        connectors: Checked | None = None,
        pinger: Pinger | None = None,
        since: datetime | None = None,
    ) -> None:
        """A process: new use cases, by these rules, over the database as it is and the harness's own connectors."""
        own = Connectors(
            tuple(self.directories),
            tuple(self.inventories),
            tuple(self.notifiers),
            advisory_feeds=tuple(self.advisory_feeds),
            trackers=tuple(self.trackers),
        ).guarded()
        app = self.app = assemble(
            self.settings, rules, self.store, connectors or own, self.clock, pinger=pinger, since=since
        )
        self.rules, self.links, self.deliver_rules = rules.tickets, rules.links, rules.deliver
        self.poller, self.taker, self.reconciler = app.poll, app.inventory, app.reconcile
        self.verifier, self.escalator, self.deliverer = app.verify, app.escalate, app.deliver
        self.desk, self.assigned, self.approvals, self.checker, self.identifying = (
            app.desk,
            app.assigned,
            app.approvals,
            app.check,
            app.identifying,
        )

    def close(self) -> None:
        self.engine.dispose()

    def twin(self) -> Harness:
        """Another company in memory, as this one is now; what happens to one does not happen to the other."""
        return copy.deepcopy(self, {id(self.engine): twin_of(self.engine)})

    # --- the world -------------------------------------------------------------------------------

    def clock(self) -> datetime:
        return self.now

    def later(self, **spans: float) -> datetime:
        """Let time pass; an hour unless told otherwise."""
        self.now += timedelta(**spans) if spans else timedelta(hours=1)
        return self.now

    @property
    def soc(self) -> FakeNotifier:
        return self.notifiers[0]

    def number(self, person_id: str) -> str:
        """Somebody's phone, which is their handle in every group too."""
        return self._numbers.setdefault(person_id, f"+447700900{len(self._numbers):03d}")

    def hire(self, *person_ids: str, **changes: Any) -> None:
        for person_id in person_ids:
            self.corp.put(facts(person_id, **({"phones": (self.number(person_id),)} | changes)))

    def leave(self, *person_ids: str) -> None:
        for person_id in person_ids:
            self.corp.disable(person_id)

    def member(self, person_id: str, role: Role = Role.MEMBER) -> Member:
        handle = self.number(person_id)
        return Member(handle, person_id.capitalize(), role, phone=handle)

    def group(
        self, group_id: str, *person_ids: str, admins: Iterable[str] = (), at: int = 0, **changes: Any
    ) -> None:
        """A group of people in the inventory number `at`."""
        members = [self.member(one, Role.ADMIN) for one in admins]
        members += [self.member(one) for one in person_ids]
        name = changes.pop("name", group_id.replace("-", " ").capitalize())
        self.inventories[at].add_group(Group(group_id, name, **changes), members)

    def drop(self, group_id: str, person_id: str) -> None:
        self.wards.remove_member(group_id, self.number(person_id))

    def link(self, number: int = 1) -> str:
        """The address that a ticket's assignee is sent."""
        with self.store.begin() as uow:
            ticket = uow.tickets.get(number)
            assert ticket is not None
            return self.links.url(uow, ticket, self.now)

    # --- jobs ------------------------------------------------------------------------------------

    def poll(self, *, full: bool = False) -> Report:
        return self.poller.run_once(self.now, full=full)

    def inventory(self) -> Report:
        return self.taker.run_once(self.now)

    def reconcile(self, *, full: bool = False) -> Report:
        return self.reconciler.run_once(self.now, full=full)

    def control(self) -> Report:
        return self.app.run_controls.run_once(self.now)

    def mirror(self) -> Report:
        return self.app.mirror.run_once(self.now)

    def remediate(self) -> Report:
        return self.app.remediate.run_once(self.now)

    def verify(self) -> Report:
        return self.verifier.run_once(self.now)

    def escalate(self) -> Report:
        return self.escalator.run_once(self.now)

    def deliver(self) -> Report:
        return self.deliverer.run_once(self.now)

    def watch(self, *, due_only: bool = True) -> Report:
        return self.app.watch.run_once(self.now, due_only=due_only)

    def settle(self, *, full: bool = False) -> None:
        """Everything up to verification, as `once all` does it; nothing may be in trouble."""
        reports = [self.poll(full=full), self.inventory(), self.reconcile(full=full), self.verify()]
        reports.append(self.reconcile())
        assert not [trouble for report in reports for trouble in report.troubles]

    def decide(self, *cohorts: str, plan: int = 1, release: bool = True) -> HeldPlan:
        """What people decide about a plan; a large one is released by two of them."""
        decided = self.approvals.decide(
            plan, cohorts, Actor("sam"), "asked the ward", self.now, release=release
        )
        if release and decided.size >= TWO_APPROVERS_FROM:
            return self.approvals.decide(plan, cohorts, Actor("kim"), "so did I", self.now, release=True)
        return decided

    # --- what came of it -------------------------------------------------------------------------

    def person(self, person_id: str, source: str = "corp") -> Account:
        with self.store.begin() as uow:
            found = uow.people.get(AccountKey(source, person_id))
        assert found is not None
        return found

    def standing(self, person_id: str) -> Standing:
        return self.person(person_id).standing

    def leavers(self) -> list[str]:
        with self.store.begin() as uow:
            people = uow.people.page(None, 10_000)
        return [one.key.person_id for one in people if one.standing is Standing.LEFT]

    def tickets(self, *kinds: TicketKind) -> list[Ticket]:
        with self.store.begin() as uow:
            tickets = uow.tickets.page(list(TicketState), 0, 1000)
        return [ticket for ticket in tickets if not kinds or ticket.kind in kinds]

    def ticket(self, number: int = 1) -> Ticket:
        with self.store.begin() as uow:
            found = uow.tickets.get(number)
        assert found is not None
        return found

    def plans(self) -> list[HeldPlan]:
        with self.store.begin() as uow:
            return uow.episodes.plans()

    def source(self, name: str = "corp", port: Port = Port.DIRECTORY) -> SourceState:
        with self.store.begin() as uow:
            return uow.sources.get(name, port)

    def journal(self) -> list[Sealed]:
        with self.store.begin() as uow:
            return list(uow.journal.chain())

    def kinds(self) -> list[str]:
        return [sealed.entry.kind for sealed in self.journal()]

    def queue(self, *messages: OutMessage) -> None:
        with self.store.begin() as uow:
            uow.outbox.add(messages, self.now)

    def titles(self) -> list[str]:
        """Deliver everything, and say what was told since the last time."""
        before = len(self.soc.sent)
        self.deliver()
        return [paragraph.headline for message in self.soc.sent[before:] for paragraph in message.paragraphs]


def _settings(directories: Iterable[Directory], inventories: Iterable[Inventory]) -> Settings:
    """A configuration with these sources; what tests vary of its rules is stated beside it."""
    return Settings.model_validate(
        {
            "organisation": {"name": ORGANISATION, "timezone": TIMEZONE},
            "directories": [{"name": one.name, "kind": "fake"} for one in directories],
            "inventories": [{"name": one.name, "kind": "register"} for one in inventories],
            "desk": {"url": URL, "two_approvers_from": TWO_APPROVERS_FROM},
        }
    )


def once(furnish: Callable[[], Harness]) -> Callable[[], Harness]:
    """What furnishes a company does so once in a test process; each call gives a twin of it."""
    first = functools.cache(furnish)
    return functools.wraps(furnish)(lambda: first().twin())


def company_fixture(furnish: Callable[[], Harness]) -> Any:
    """A fixture of what furnishes a company: `once`, and each test has a twin that is closed after it."""
    make = once(furnish)

    @pytest.fixture(name=furnish.__name__)
    def company() -> Iterator[Harness]:
        harness = make()
        yield harness
        harness.close()

    return company
