"""The guard, judging recorded departures again at the instants of its recorded passes, by other limits or the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from worker.domain.model import AccountKey, Evidence, GroupKey
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import Departure, GroupLoad, GuardLimits, HeldPlan, Population, inspect
from worker.domain.replay.history import GroupPast, GuardedLeaving, History, HumanPast, LeavingKey


@dataclass(frozen=True, slots=True)
class GateRules:
    """What decides on departures: limits, which evidence counts, how long absence lasts, whose word is enough.

    `timezone` is the organisation's (IANA), for what plans say of hours. `left_out`: directories that would not be
    there. One that is gone already counts as it did.
    """

    limits: GuardLimits
    evidence: frozenset[Evidence] = frozenset(Evidence)
    absent_for: timedelta = timedelta(0)
    accounts: AccountsRule = AccountsRule.EITHER
    timezone: str = "UTC"
    left_out: frozenset[str] = frozenset()

    def counts(self, departure: Departure) -> bool:
        """Whether this is a leaving at all."""
        return departure.person.source not in self.left_out and departure.evidence in self.evidence


@dataclass(slots=True)
class GuardPlay:
    """What the guard did: when leavings passed, and which plan holds the others."""

    passed: dict[LeavingKey, datetime] = field(default_factory=dict)
    held: dict[LeavingKey, HeldPlan] = field(default_factory=dict)
    plans: list[HeldPlan] = field(default_factory=list)  # in order of time
    ignored: set[LeavingKey] = field(default_factory=set)  # not a leaving by these rules
    early: set[LeavingKey] = field(
        default_factory=set
    )  # absent, and not for long enough before the history ends


def seen_by(history: History, rules: GateRules) -> History:
    """The history with people as these rules know them: without accounts and leavings that don't count."""
    humans = {}
    for key, human in history.humans.items():
        known = [one for one in human.accounts if one.account.key.source not in rules.left_out]
        if known:
            humans[key] = HumanPast(tuple(one.with_evidence(rules.evidence) for one in known))
    return replace(history, humans=humans)


def recorded(history: History) -> GuardPlay:
    """What the guard did in fact. Its plans are without parts."""
    gate = GuardPlay()
    for one in history.judgements:
        if one.passed_at is not None:
            gate.passed[one.key] = _passed(history, one, one.passed_at)
    return gate


def _passed(history: History, one: GuardedLeaving, at: datetime) -> datetime:
    return at if one.plan is None else history.opens_at(at)


def judge_again(history: History, rules: GateRules) -> GuardPlay:
    """Judge each departure again at the pass that judged it; those before the history begins stay as they were.

    One that does not count is none, whenever it was judged.
    A departure that is held again waits for what a person decided on it then; one that was not held then waits
    without an end. One that was held and is not held now passes at once. Of people who left by being absent, the pass
    comes when they had been absent for long enough, if that is later and still known.
    """
    return _Play(history, rules).run()


class _Play:
    def __init__(self, history: History, rules: GateRules) -> None:
        self._history, self._rules = history, rules
        self._gate = GuardPlay()
        self._recent: dict[tuple[str, bool], list[datetime]] = defaultdict(list)  # by source and sort
        self._leaving: list[tuple[datetime, GuardedLeaving]] = []

    def run(self) -> GuardPlay:
        counting = []
        for one in self._history.judgements:
            if self._rules.counts(one.departure):
                counting.append(one)
            else:
                self._gate.ignored.add(one.key)
        for one in counting:
            if one.at < self._history.begins and one.passed_at is not None:
                at = _passed(self._history, one, one.passed_at)
                self._pass(one, at, is_released=one.plan is not None)
        later = [one for one in counting if one.at >= self._history.begins]
        for at, those in _by_pass(self._due(later)):
            self._judge(at, those)
        return self._gate

    def _due(self, judgements: Iterable[GuardedLeaving]) -> Iterator[tuple[datetime, GuardedLeaving]]:
        for one in judgements:
            at = one.at
            if one.departure.evidence is Evidence.ABSENT_CONFIRMED and one.missing_since is not None:
                at = max(at, one.missing_since + self._rules.absent_for)
            if at < self._history.ends:
                yield at, one
            else:
                self._gate.early.add(one.key)

    def _judge(self, at: datetime, judged: list[GuardedLeaving]) -> None:
        departures = [self._departure(one, at) for one in judged]
        source = departures[0].person.source
        sort = (source, judged[0].key.is_move)
        since = at - self._rules.limits.window
        self._recent[sort] = recent = [one for one in self._recent[sort] if one > since]
        plan = inspect(
            source,
            departures,
            Population(
                self._history.known_since(source, since, at),
                sum(one <= at for one in recent),
                includes_departures=judged[0].key.is_move,
            ),
            self._loads(departures, since, at),
            self._rules.limits,
            at,
            self._rules.timezone,
        )
        if plan is None:
            for one in judged:
                self._pass(one, at)
            return
        self._gate.plans.append(plan)
        kept = {(one.person, one.at) for part in plan.cohorts for one in part.people}
        for one in judged:
            if (one.departure.person, one.departure.at) not in kept:
                self._pass(one, at)  # left elsewhere: never held; its next pass comes within a moment
                continue
            self._gate.held[one.key] = plan
            if one.is_released and one.decided_at is not None:
                released_at = self._history.opens_at(max(at, one.decided_at))
                self._pass(one, released_at, is_released=True)

    def _departure(self, one: GuardedLeaving, at: datetime) -> Departure:
        return replace(one.departure, groups=one.groups_at(at), has_left_elsewhere=self._elsewhere(one, at))

    def _elsewhere(self, one: GuardedLeaving, at: datetime) -> bool:
        human = self._history.humans.get(one.departure.person)
        person = human and human.at(at, self._gate.passed, self._rules.accounts)
        leaving = person.leaving if person else None
        return leaving is not None and leaving.person != one.departure.person

    def _loads(self, departures: list[Departure], since: datetime, at: datetime) -> dict[GroupKey, GroupLoad]:
        self._leaving = [one for one in self._leaving if one[0] > since]
        taken = Counter(
            group
            for groups in {
                self._human(one.departure.person): one.groups_at(at)
                for passed, one in self._leaving
                if passed <= at
            }.values()
            for group in groups
        )
        return {
            group: _load(self._history.groups.get(group), group, at, taken[group])
            for one in departures
            for group in one.groups
        }

    def _human(self, person: AccountKey) -> AccountKey:
        human = self._history.humans.get(person)
        return human.accounts[0].account.key if human else person

    def _pass(self, one: GuardedLeaving, at: datetime, *, is_released: bool = False) -> None:
        self._gate.passed[one.key] = at
        if not is_released:
            self._recent[one.departure.person.source, one.key.is_move].append(at)
            self._leaving.append((at, one))


def _load(past: GroupPast | None, group: GroupKey, at: datetime, taken: int) -> GroupLoad:
    return GroupLoad(past.name, past.size.at(at), taken) if past else GroupLoad(group.group_id, 0, taken)


def _by_pass(
    due: Iterable[tuple[datetime, GuardedLeaving]],
) -> Iterator[tuple[datetime, list[GuardedLeaving]]]:
    """Departures that are judged together: at one instant, of one source and sort; as the job has them in order."""
    passes: dict[tuple[datetime, str, bool], list[GuardedLeaving]] = defaultdict(list)
    for at, one in due:
        passes[at, one.departure.person.source, one.key.is_move].append(one)
    for (at, _, _), those in sorted(passes.items(), key=lambda item: item[0]):
        yield at, sorted(those, key=lambda one: one.key)
