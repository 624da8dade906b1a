"""Which messengers are watched, what is said of each (their advisories, their providers), and how the feeds are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from worker.app.tell.health import FLAPS, Freshness, judged
from worker.domain.controls.control import ControlResult
from worker.domain.controls.messengers import (
    Updated,
    check_advisories,
    check_provider,
    provider_statement,
    update_statements,
)
from worker.domain.controls.policy import AdvisoryRule, ControlPolicy
from worker.domain.controls.statements import StatementRule
from worker.domain.controls.switch import ANYWHERE, Mode
from worker.domain.text.globs import fits
from worker.domain.watch.products import keys_asked
from worker.ports import Concern, Port
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class AdvisoryRules:
    """`rule`: None if nothing is watched. `paces`: how long after a read each feed is due again, by its name.

    `fresh`: how old what a feed said may be.
    """

    rule: AdvisoryRule | None = None
    paces: Mapping[str, timedelta] = field(default_factory=dict)
    fresh: Freshness = field(default_factory=lambda: Freshness(timedelta(days=31), {}))


def messengers_watched(uow: UnitOfWork, rule: AdvisoryRule) -> list[str]:
    """The messengers whose advisories matter: those named, else those of all groups."""
    wanted = uow.advisories.messengers_in_use() if rule.messengers is None else list(rule.messengers)
    where = rule.switch.where.messengers
    return [one for one in wanted if not where or fits(one, where)]


def advisory_results(uow: UnitOfWork, rules: AdvisoryRules, now: datetime) -> list[ControlResult]:
    """What is said of each messenger that is watched; nothing if none is."""
    if rules.rule is None:
        return []
    rule = rules.rule
    states = [uow.sources.get(name, Port.ADVISORIES) for name in rules.paces]
    advisories = uow.advisories.all().values()
    watched = messengers_watched(uow, rule)
    asked = update_statements(advisories, rule, watched) if rule.switch.mode is Mode.TICKET else []
    updated = [(one, _updated(uow, one, now)) for one in asked]
    return [
        check_advisories(
            messenger,
            advisories,
            rule,
            _read_at(states, messenger, rules, now),
            _together(it for one, it in updated if messenger in one.messengers),
        )
        for messenger in watched
    ]


def _updated(uow: UnitOfWork, rule: StatementRule, now: datetime) -> Updated:
    counts = uow.attestations.counts(rule, now, is_everywhere=rule.switch.where == ANYWHERE)
    return Updated(counts.subjects, counts.passed + counts.waived, counts.unknown)


def _together(parts: Iterable[Updated]) -> Updated:
    every = list(parts)
    return Updated(
        sum(one.asked for one in every), sum(one.done for one in every), max((one.unknown for one in every), default=0)
    )  # fmt: skip


def updates_asked(uow: UnitOfWork, rule: AdvisoryRule | None) -> list[StatementRule]:
    """The updates that people are asked to install, the most urgent first; none unless tickets are opened for them."""
    if rule is None or rule.switch.mode is not Mode.TICKET:
        return []
    return update_statements(uow.advisories.all().values(), rule, messengers_watched(uow, rule))


def provider_statements(uow: UnitOfWork, policy: ControlPolicy, accountable: str) -> list[StatementRule]:
    """What the accountable person can be asked of the providers of messengers in use; `accountable` is an address."""
    if policy.providers is None or not accountable:
        return []
    by_messenger = {one.messenger: one for one in policy.providers}
    return [
        provider_statement(one, by_messenger.get(one), policy.mode, accountable)
        for one in uow.advisories.messengers_in_use()
    ]


def provider_results(
    uow: UnitOfWork, policy: ControlPolicy, accountable: str, timezone: str, now: datetime
) -> dict[str, ControlResult]:
    """What is said of the provider of each messenger in use. `timezone` (IANA) is the organisation's.

    `accountable` is the address of whoever is asked; empty: nobody is.
    """
    if policy.providers is None:
        return {}
    today = now.astimezone(ZoneInfo(timezone)).date()
    by_messenger = {one.messenger: one for one in policy.providers}
    said = {
        one.subject: uow.attestations.newest(one, now)
        for one in provider_statements(uow, policy, accountable)
    }
    return {
        one: check_provider(by_messenger.get(one), today, said.get(one))
        for one in uow.advisories.messengers_in_use()
    }


def feed_concerns(store: Store, rules: AdvisoryRules, now: datetime) -> list[Concern]:
    """What is wrong with feeds for so long that somebody has to look: they can't be read, or are too old.

    No alarm about a source: whoever left is seen as well as ever.
    """
    found = []
    with store.reading() as uow:
        states = {name: uow.sources.get(name, Port.ADVISORIES) for name in rules.paces}
    for name, state in states.items():
        verdict = judged(state, rules.fresh, now)
        if verdict.is_stale or (state.trouble is not None and state.failures >= FLAPS):
            found.append(Concern(name, verdict.message, verdict.remedy))
    return found


def asked_of(state: SourceState) -> str:
    """What a feed was asked for when it was last read, as `asked_text` says it; empty if it never was."""
    return (state.cursor or "").partition(" ")[0]


def _read_at(
    states: Sequence[SourceState], messenger: str, rules: AdvisoryRules, now: datetime
) -> datetime | None:
    """The instant that all feeds are true for; None if one was never read for this messenger, or too long ago."""
    instants = [
        one.taken_at
        for one in states
        if messenger.casefold() in keys_asked(asked_of(one))
        and rules.fresh.is_fresh(one.name, one.taken_at, now)
    ]
    known = [at for at in instants if at is not None]
    return min(known, default=None) if len(known) == len(states) else None
