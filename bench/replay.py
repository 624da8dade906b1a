"""make bench-replay: a year of 100,000 people, replayed by the configuration that held and by changed ones.

    python -m bench replay [PEOPLE] [DAYS]      SQLite; each play in a process of its own

The state is a file database, of which a replay reads one snapshot and writes nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

from bench.company import START, Company, CompanyDirectory, CompanyInventory
from bench.measure import peak_mib, timed
from bench.replay_year import DAYS, RULES, write_year
from bench.wired import app_over
from worker.app.reads.away import Away
from worker.app.reads.escalation import Explainer
from worker.app.reads.replay import ChangedRules, Replay, Replayed
from worker.app.reads.replay_side import ReplayRules
from worker.app.tell.reaching import Reaching
from worker.domain.escalation.policy import STANDARD, After, Policy, Step, Target
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.replay.comparing import PlayEffect
from worker.domain.replay.gate import GateRules
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.ports import Abilities, Reach, takes_all
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

PEOPLE = 100_000
MINUTE = timedelta(minutes=1)


class Sink:
    """A channel that reaches everybody, as far as the abilities of a notifier are asked."""

    name = "sink"
    can = Abilities(frozenset({Reach.EMAIL, Reach.CHANNEL}))


PRESENT = ReplayRules(
    GateRules(GuardLimits(leavers_max=100)),
    {"groups": takes_all},
    (),
    Explainer(RULES, ENGLISH_ONLY, Reaching((Sink(),)), away=Away()),
)
OTHER_STEPS = Policy(
    "standard", (Step(After(share=0.25), (Target.ASSIGNEE, Target.ADMINS)), *STANDARD.steps[1:])
)
CHANGES: dict[str, ReplayRules | None] = {
    "the same": None,
    "twice the time to act": replace(
        PRESENT, explainer=replace(PRESENT.explainer, rules=replace(RULES, due=2 * RULES.due))
    ),
    "10 leavers a day": replace(PRESENT, gate=replace(PRESENT.gate, limits=GuardLimits(leavers_max=10))),
    "other steps": replace(
        PRESENT, explainer=replace(PRESENT.explainer, rules=replace(RULES, policies=(OTHER_STEPS,)))
    ),
}


def main() -> None:
    """Write the year, and play it once for each change."""
    if sys.argv[2:3] == ["one"]:
        url, until, name = sys.argv[3:]
        print(json.dumps(measured(url, datetime.fromisoformat(until), name)))
        return
    people = int(sys.argv[2]) if sys.argv[2:] else PEOPLE
    days = int(sys.argv[3]) if sys.argv[3:] else DAYS
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'year.db'}"
        began = perf_counter()
        ends = prepare(url, people, days)
        print(f"{people} people, {days} days, written in {perf_counter() - began:.0f} s")
        print(f"{'':24}{'wall':>9}{'CPU':>9}{'peak':>10}  tickets")
        for name in CHANGES:
            command = [sys.executable, "-m", "bench", "replay", "one", url, ends.isoformat(), name]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            one = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{name:24}{one['wall_s']:7.1f} s{one['cpu_s']:7.1f} s{one['peak_mib']:6.0f} MiB  {one['found']}"
            )


def prepare(url: str, people: int, days: int) -> datetime:
    """Load the company by the jobs, and write its year; the instant of its end."""
    engine = open_engine(url)
    migrate(engine)
    company, store = Company(people), SqlStore(engine)
    worker = app_over(store, [CompanyDirectory(company)], [CompanyInventory(company)])
    poll, take, reconcile = worker.poll, worker.inventory, worker.reconcile
    poll.run_once(START)
    take.run_once(START)
    reconcile.run_once(START)
    ends = write_year(store, company, days)
    engine.dispose()
    return ends


def measured(url: str, ends: datetime, name: str) -> dict[str, object]:
    """The seconds and the peak of one play, and what it found."""
    changed = CHANGES[name]
    engine = open_engine(url)
    replay = Replay(SqlStore(engine), PRESENT, MINUTE, lambda _what, _more: None)

    def play() -> Replayed:
        return replay.play(START, ends, ends, None if changed is None else ChangedRules(changed))

    found, seconds = timed(play)
    engine.dispose()
    counts = {one.value: found.count(one) for one in PlayEffect if found.count(one)}
    counts["messages"] = found.same_messages + len(found.messages)
    counts["told otherwise"] = len(found.messages)
    return {**seconds, "peak_mib": peak_mib(), "found": counts}
