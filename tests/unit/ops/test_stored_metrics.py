"""The stored state as figures, and what is left of them when the database does not answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf

from prometheus_client import CollectorRegistry

from worker.app.jobs.table import JOBS
from worker.app.tell.health import Freshness
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.domain.watch.alarms import AlarmCause, ToldAlarm
from worker.ops.clock import ManualClock
from worker.ops.statusz import Source
from worker.ops.stored_metrics import KEEP_S, StoredMetrics
from worker.ports import Port
from worker.ports.state.figures import Figures, Pile, ProcessState
from worker.ports.state.leases import JobRun
from worker.ports.state.overview import Part, PartCount
from worker.ports.state.sources import SourceState
from worker.ports.state.tickets import TicketSort

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FRESH = Freshness(timedelta(hours=1), {})
SOURCES = (Source("corp", Port.DIRECTORY, "file", FRESH), Source("wards", Port.INVENTORY, "register", FRESH))
Key = tuple[str, ...]
Kinds = TicketKind

NOBODY = dict.fromkeys(Part, PartCount(0, 0))
NOTHING = Figures(ProcessState(), {}, overdue=0, held_plans=0, outbox_waiting=0, exposed=NOBODY)
BUSY = Figures(
    ProcessState(
        jobs=(
            JobRun("poll", NINE, NINE - MINUTE, {}),
            JobRun("verify", NINE, None, {}),
            JobRun("poll.full", NINE, NINE, {}),
        ),
        sources=(
            SourceState(
                "corp", Port.DIRECTORY, last_success_at=NINE - MINUTE, taken_at=NINE - 2 * MINUTE,
                counts={"people": 200, "left": 3},
            ),
            SourceState(
                "wards", Port.INVENTORY, last_success_at=NINE - MINUTE, taken_at=NINE - MINUTE, trouble="No file."
            ),
            SourceState("gone", Port.DIRECTORY, last_success_at=NINE, taken_at=NINE),
        ),
    ),
    {
        TicketSort(TicketState.OPEN, Kinds.REMOVE_MEMBER): Pile(4, NINE - 5 * MINUTE),
        TicketSort(TicketState.VERIFIED, Kinds.REMOVE_MEMBER): Pile(90, NINE - 900 * MINUTE),
        TicketSort(TicketState.DONE, Kinds.CREATOR_MUST_LEAVE): Pile(1, NINE + MINUTE),
        TicketSort(TicketState.OPEN, Kinds.ADD_MEMBER): Pile(7, NINE),
    },
    overdue=2, held_plans=1, outbox_waiting=3,
    exposed={Part.ASKED: PartCount(3, 5), Part.WAITING: PartCount(1, 2), Part.NOBODY: PartCount(1, 1)},
)  # fmt: skip


class Stored:
    """What the database has; an error instead while it does not answer."""

    def __init__(self, figures: Figures) -> None:
        self.figures: Figures | Exception = figures
        self.asked_at: list[datetime] = []

    def __call__(self, now: datetime) -> Figures:
        self.asked_at.append(now)
        if isinstance(self.figures, Exception):
            raise self.figures
        return self.figures


def shown(
    stored: Stored, held: Collection[str] | None = None, clock: ManualClock | None = None
) -> dict[Key, float]:
    registry = CollectorRegistry()
    asks = None if held is None else (lambda: held)
    registry.register(StoredMetrics(stored, SOURCES, clock or ManualClock(NINE), asks))
    return samples(registry)


def samples(registry: CollectorRegistry) -> dict[Key, float]:
    return {
        (sample.name.removeprefix("whosleft_"), *sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
    }


def test_what_is_wrong_is_counted() -> None:
    found = shown(Stored(BUSY))

    assert found["database_up",] == 1
    assert {name[1]: value for name, value in found.items() if name[0] == "exposed_memberships"} == {
        "asked": 5, "waiting": 2, "nobody": 1,
    }  # fmt: skip
    assert (found["overdue_tickets",], found["held_plans",], found["outbox_waiting",]) == (2, 1, 3)


def test_tickets_are_counted_by_kind_and_state_and_live_ones_have_an_age() -> None:
    found = shown(Stored(BUSY))

    assert found["tickets", "remove_member", "open"] == 4
    assert found["tickets", "remove_member", "verified"] == 90
    assert found["tickets", "identify_member", "open"] == 0
    assert sum(name[0] == "tickets" for name in found) == len(TicketKind) * len(TicketState)
    assert {name[1:]: age for name, age in found.items() if name[0] == "oldest_ticket_age_seconds"} == {
        ("remove_member", "open"): 300,
        ("creator_must_leave", "done"): 0,
        ("add_member", "open"): 0,
    }


def test_each_configured_source_says_whether_it_is_seen_how_old_and_how_much() -> None:
    found = {name: value for name, value in shown(Stored(BUSY)).items() if name[0].startswith("source_")}

    assert found == {
        ("source_up", "corp", "directory"): 1,
        ("source_up", "wards", "inventory"): 0,
        ("source_age_seconds", "corp", "directory"): 120,
        ("source_age_seconds", "wards", "inventory"): 60,
        ("source_count", "corp", "directory", "people"): 200,
        ("source_count", "corp", "directory", "left"): 3,
    }


def test_what_never_was_is_down_and_endlessly_old() -> None:
    found = shown(Stored(NOTHING))

    assert found["source_up", "corp", "directory"] == 0
    assert found["source_age_seconds", "corp", "directory"] == inf
    assert {found["job_age_seconds", job] for job in JOBS} == {inf}


def test_a_job_s_age_counts_from_its_last_good_run() -> None:
    found = shown(Stored(BUSY))

    assert found["job_age_seconds", "poll"] == 60
    assert found["job_age_seconds", "verify"] == inf
    assert ("job_age_seconds", "poll.full") not in found


def test_alarms_are_counted_by_cause() -> None:
    told = [
        ToldAlarm(cause, about, NINE, NINE)
        for cause, about in ((AlarmCause.STALE, "a"), (AlarmCause.STALE, "b"))
    ]
    found = shown(Stored(replace(NOTHING, standing=ProcessState(alarms=tuple(told)))))

    assert found["alarms", "stale"] == 2
    assert found["alarms", "ping"] == 0


def test_a_process_with_jobs_says_which_leases_it_holds() -> None:
    found = shown(Stored(NOTHING), held={"poll"})

    held = {name[1]: value for name, value in found.items() if name[0] == "lease_held"}
    assert held == {**dict.fromkeys(JOBS, 0), "poll": 1}
    assert not any(name[0] == "lease_held" for name in shown(Stored(NOTHING))), "the desk has none"


def test_without_the_database_only_what_the_process_knows_itself_is_left() -> None:
    stored = Stored(BUSY)
    stored.figures = OSError("no way")

    found = shown(stored, held=())

    assert found["database_up",] == 0
    assert {name[0] for name in found} == {"database_up", "lease_held"}


def test_the_database_is_asked_once_however_many_scrape_and_ages_go_on(clock: ManualClock) -> None:
    stored = Stored(BUSY)
    registry = CollectorRegistry()
    registry.register(StoredMetrics(stored, SOURCES, clock))
    assert stored.asked_at == [], "not when it is registered"

    first = samples(registry)
    clock.advance(timedelta(seconds=KEEP_S / 2))
    second = samples(registry)

    assert stored.asked_at == [NINE]
    age = ("source_age_seconds", "corp", "directory")
    assert second[age] - first[age] == KEEP_S / 2
