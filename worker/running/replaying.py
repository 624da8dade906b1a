"""What of a configuration a replay plays, and which changed settings it does not."""

from __future__ import annotations

import re
from contextlib import closing

from worker.app.jobs.observer import SILENT, Observer
from worker.app.reads.replay import ChangedRules, Replay
from worker.app.reads.replay_side import ReplayRules
from worker.domain.model import Evidence
from worker.domain.people.persons import AccountsRule
from worker.domain.replay.gate import GateRules
from worker.running.app import App, Clock
from worker.running.reloading import differences
from worker.running.wiring import build_app, build_connectors
from worker.settings import Settings

# Of the differences of two configurations, by their beginning. The time zone is half played: steps and plans go by it,
# and last days end as it is recorded
_PLAYED = re.compile(
    r"guard\.(?!shrink)|leaver\.(?!absent\.passes|erase_after)|groups\.sensitive|tickets\.(due|accountable)"
    r"|escalation\.policies|silences|rotas|absences\.people|quiet_hours|notify"
    r"|inventories\[[^\]]*\]\.(groups|exclude)"
)
_BESIDE = re.compile(
    r"organisation\.(name|language)|database|groups\.admins_max|watch|desk|ops|allow_"
    r"|schedule\.(?!(poll|inventory|reconcile|escalate|full)$)"
)
# By the whole line. Without an evidence, too, somebody may have left later by another one, which was not kept
_WIDENS = re.compile(
    r"leaver\.(disabled|deleted|expired|leave_date|moved_to_leavers_ou):|leaver\.accounts: all"
    r"|inventories\[[^\]]*\]\.(groups|exclude)"
)
_COMES = re.compile(r"(directories|inventories)\[[^\]]*\]\.name: not set")  # by the whole line, too
READERS = ("rotas", "absences", "notify")  # the sections that say whom a target means, and who is reached


def replay_of(app: App, observer: Observer = SILENT) -> Replay:
    """The replay of an app's state, by its own configuration unless it is given another."""
    every = app.settings.schedule.every["escalate"]
    return Replay(app.store, rules_for_replay(app), every, observer.progressed)


def rules_for_replay(
    app: App, *, has_same_readers: bool = True, left_out: frozenset[str] = frozenset()
) -> ReplayRules:
    """What a replay plays of an app's rules. `left_out`: directories that the present configuration has besides."""
    rules, settings = app.rules, app.settings
    gate = GateRules(
        rules.limits,
        frozenset(filter(rules.leaver.counts, Evidence)),
        rules.leaver.absent.over,
        rules.accounts,
        rules.timezone,
        left_out,
    )
    # The explainer asks no mailbox: who was away on a past day is not kept there
    return ReplayRules(
        gate,
        rules.takes,
        rules.sensitive,
        app.explainer,
        rules.controls.classes,
        settings.quiet_times(),
        rules.holding.silences,
        has_same_readers,
    )


def _directories(settings: Settings) -> frozenset[str]:
    return frozenset(one.name for one in settings.directories)


def _of_whole_sources(before: Settings, after: Settings) -> tuple[str, ...]:
    """How lines begin about directories and inventories that only one configuration has: these are played as a whole.

    The order of those that both have is not played, so it leaves the list's own line.
    """
    found = []
    for section in ("directories", "inventories"):
        was, will = ([one.name for one in getattr(each, section)] for each in (before, after))
        found += [f"{section}[{name}]." for name in {*was} ^ {*will}]
        if [name for name in was if name in will] == [name for name in will if name in was]:
            found.append(f"{section}:")
    return tuple(found)


def changed_by(app: App, settings: Settings, clock: Clock) -> ChangedRules:
    """Another configuration over an app's state, with what differs from the app's own. Nothing is read or sent."""
    lines = differences(app.settings, settings)
    keys = {line.partition(":")[0]: line for line in lines}
    left_out = _directories(app.settings) - _directories(settings)
    # Where all of them have to say so, whoever was still there would have left
    needed = left_out if app.rules.accounts is AccountsRule.ALL else frozenset()
    taken_out = {f"directories[{name}].name" for name in needed}
    of_readers = any(key.startswith(READERS) for key in keys)
    with closing(build_connectors(settings, clock)) as connectors:
        other = build_app(settings, app.store, connectors, clock)
    # Who would have been absent for long enough sooner, or at all, is not recorded
    is_sooner = other.rules.leaver.absent.over < app.rules.leaver.absent.over
    unplayed = {"leaver.absent.over"} if is_sooner else set()
    whole = _of_whole_sources(app.settings, settings)
    parts = {key: line for key, line in keys.items() if not line.startswith(whole)}
    return ChangedRules(
        rules_for_replay(other, has_same_readers=not of_readers, left_out=left_out),
        tuple(lines),
        tuple(
            line
            for key, line in parts.items()
            if key in unplayed or not (_PLAYED.match(key) or _BESIDE.match(key))
        ),
        tuple(
            line
            for key, line in keys.items()
            if _COMES.match(line) or key in taken_out or (key in parts and _WIDENS.match(line))
        ),
    )
