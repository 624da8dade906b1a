"""Check: every connector's reach, rights and freshness, and the result of its last read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from worker.app.reads.blind import blind_spot
from worker.app.reads.unreached import Unreached, unreached
from worker.app.tell.health import Freshness, SourceHealth, judged
from worker.app.tell.reaching import Reaching
from worker.domain.mirror.copy import Content
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.people.lifecycle import is_too_malformed, is_too_shrunken
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.tickets.ticket import LIVE
from worker.ports import CheckResult, Directory, Inventory, Notifier, Port, Reach
from worker.ports.connectors.advisory_feed import AdvisoryFeed
from worker.ports.connectors.tracker import PUBLIC, PUBLIC_REMEDY, Tracker, is_public
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store

PAGE = 1000  # tickets that are read at once


class Checked(Protocol):
    """The connectors to check."""

    @property
    def directories(self) -> Sequence[Directory]: ...
    @property
    def inventories(self) -> Sequence[Inventory]: ...
    @property
    def notifiers(self) -> Sequence[Notifier]: ...
    @property
    def advisory_feeds(self) -> Sequence[AdvisoryFeed]: ...
    @property
    def trackers(self) -> Sequence[Tracker]: ...


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """One connector as `check` shows it."""

    name: str
    port: Port
    kind: str
    ok: bool
    message: str
    remedy: str
    stale: bool
    last_success_at: datetime | None
    counts: dict[str, int]
    details: dict[str, str]


class Check:
    """Looks at every connector; reads only."""

    def __init__(
        self,
        store: Store,
        connectors: Checked,
        limits: GuardLimits,
        leaver: LeaverPolicy,
        remediate: Sequence[RemediationRule],
        fresh: Mapping[Port, Freshness],
        contents: Mapping[str, Content],
    ) -> None:
        self._store = store
        self._connectors = connectors
        self._limits = limits
        self._leaver = leaver
        self._remediate = remediate
        self._fresh = fresh
        self._contents = contents

    def run_once(self, kinds: dict[str, str], now: datetime) -> list[SourceCheck]:
        """Check everything, in the configuration's order. `kinds`: connector kind by configured name.

        A source is red if it can't be read now, if its last read failed or proved nothing, or if its last data is
        too old.
        """
        return [
            self._merged(name, port, kinds.get(name, ""), result, now)
            for name, port, result in self._results()
        ]

    def unreached(self) -> Unreached:
        """The group admins whom no notifier reaches."""
        with self._store.reading() as uow:
            return unreached(uow, Reaching(self._connectors.notifiers).over)

    def warnings(self) -> tuple[str, ...]:
        """Further warnings.

        Limits of the guard that are switched off, rules for machines in sources that can do nothing, tickets of
        inventories that were removed, and copies whose status the configuration does not name.
        """
        off = (
            f"the guard's {name} is off: nothing of that kind is held, however much it is"
            for name in self._limits.switched_off()
        )
        idle = (
            f"the rule {rule.name} of remediate does nothing in {inventory.name}: its source can do none of these "
            "kinds there. People do them, as without the rule"
            for rule in self._remediate
            for inventory in self._connectors.inventories
            if inventory.name in rule.inventories and rule.is_idle_in(inventory.can)
        )
        removed = (
            f"the inventory {name} is not configured any more, and {count} of its groups' tickets are live: the next "
            "run cancels those about groups that it showed last and no other inventory shows. Name it as before to "
            "keep them, or waive what stays: nothing shows whether it is done"
            for name, count in sorted(self._left_behind().items())
        )
        return (*off, *idle, *removed, *self._unnamed())

    def _unnamed(self) -> Iterator[str]:
        trackers = {one.name for one in self._connectors.trackers}
        with self._store.reading() as uow:
            found = [one for one in uow.mirrors.unnamed() if one.tracker in trackers]
        for tracker, status, count in found:
            copies = "1 copy has" if count == 1 else f"{count} copies have"
            yield (
                f"{tracker}: {copies} the status {status}, which is not named under its states: nothing follows from "
                "it. Name it there"
            )

    def _left_behind(self) -> Counter[str]:
        """By inventory that is not configured any more, the live tickets about its groups."""
        configured = {one.name for one in self._connectors.inventories}
        found, after = Counter[str](), 0
        with self._store.reading() as uow:
            removed = {one.name for one in uow.sources.all() if one.port is Port.INVENTORY} - configured
            while removed and (page := uow.tickets.page(sorted(LIVE), after, PAGE)):
                found.update(one.group.source for one in page if one.group and one.group.source in removed)
                after = page[-1].id
        return found

    def _results(self) -> Iterator[tuple[str, Port, CheckResult]]:
        for directory in self._connectors.directories:
            yield directory.name, Port.DIRECTORY, directory.check()
        for inventory in self._connectors.inventories:
            yield inventory.name, Port.INVENTORY, inventory.check()
        for notifier in self._connectors.notifiers:
            yield notifier.name, Port.NOTIFY, self._reaching(notifier)
        for feed in self._connectors.advisory_feeds:
            yield feed.name, Port.ADVISORIES, feed.check()
        for tracker in self._connectors.trackers:
            yield tracker.name, Port.TRACKER, self._shown_to(tracker)

    def _shown_to(self, tracker: Tracker) -> CheckResult:
        """What a tracker's own check found; red if everybody could read copies with names."""
        result = tracker.check()
        if result.ok and self._contents.get(tracker.name) is Content.FULL and is_public(result):
            return replace(result, ok=False, message=f"{result.message}. {PUBLIC}", remedy=PUBLIC_REMEDY)
        return result

    def _reaching(self, notifier: Notifier) -> CheckResult:
        """What a notifier's own check found, with whom it has no address of, if it is there for people."""
        result = notifier.check()
        if not notifier.can.reaches & {Reach.EMAIL, Reach.PHONE}:
            return result
        with self._store.reading() as uow:
            missed = unreached(uow, notifier.can.reach)
        return (
            replace(result, details={**result.details, "does_not_reach": missed.said})
            if missed.said
            else result
        )

    def _merged(self, name: str, port: Port, kind: str, result: CheckResult, now: datetime) -> SourceCheck:
        with self._store.reading() as uow:
            state = uow.sources.get(name, port)
            known = uow.people.staged(name).known if port is Port.DIRECTORY else 0
        result = self._believable(state, known, self._seeing(result))
        stored = judged(state, self._fresh.get(port, self._fresh[Port.DIRECTORY]), now)
        ok, message, remedy = result.ok, result.message, result.remedy
        if ok and stored.health is SourceHealth.FAILED:
            ok, message, remedy = False, stored.message, stored.remedy
        elif ok and stored.health is SourceHealth.STALE:
            ok, message, remedy = False, f"{message}; {stored.message}", stored.remedy
        return SourceCheck(
            name, port, kind, ok, message, remedy, stored.is_stale, state.last_success_at, dict(result.counts),
            dict(result.details),
        )  # fmt: skip

    def _seeing(self, result: CheckResult) -> CheckResult:
        """Turn the result red if the source lacks what the leaver rules need; the next poll would refuse it."""
        blind = blind_spot(result.unshown, self._leaver)
        if not result.ok or blind is None:
            return result
        return replace(result, ok=False, message=f"{result.message}. {blind.message}", remedy=blind.remedy)

    def _believable(self, state: SourceState, known: int, result: CheckResult) -> CheckResult:
        """Turn the result red where the next read would not be believed.

        A directory's count is compared with the people known, as the next poll does.

        Disabled records of people who are known to have left stand for nobody: as many as the last full pass had.
        """
        if result.ok and state.port is Port.INVENTORY:
            return _intelligible(result)
        people = result.counts.get("people")
        limits = self._limits
        if not result.ok or people is None or not known or state.port is not Port.DIRECTORY:
            return result
        of_leavers = min(state.counts.get("in_scope", 0) - known, result.counts.get("disabled", 0))
        missing = known - (people - max(of_leavers, 0))
        if not is_too_shrunken(missing, known, limits.shrink_share_max, limits.share_from):
            return result
        message = f"{result.message}, but {known} were known before: {missing} are missing at once"
        remedy = "Nobody's status is changed by this. Mend the source, or see: whosleft plans list"
        return CheckResult(
            ok=False, message=message, remedy=remedy, counts=result.counts, details=result.details
        )


def _intelligible(result: CheckResult) -> CheckResult:
    """Turn an inventory's result red if too many of its rows can't be understood, as the next read will report."""
    malformed, members = result.counts.get("malformed", 0), result.counts.get("members", 0)
    if not is_too_malformed(malformed, members):
        return result
    message = f"{result.message.removesuffix('.')}, but {malformed} of {malformed + members} rows can't be understood"
    return replace(
        result,
        ok=False,
        message=message,
        remedy="They prove nobody to be out. Mend the source, or update it.",
    )
