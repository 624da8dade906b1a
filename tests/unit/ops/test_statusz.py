"""/statusz tells what is stored in the contract's shape, and names nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.app.jobs.table import JOBS
from worker.app.tell.health import Freshness
from worker.domain.watch.alarms import AlarmCause, ToldAlarm
from worker.ops.clock import ManualClock
from worker.ops.statusz import Source, Status
from worker.ports import Port
from worker.ports.state.figures import ProcessState
from worker.ports.state.leases import JobRun, Lease, ListedLease
from worker.ports.state.sources import SourceState

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
EARLIER = NINE - timedelta(minutes=2)
FRESH = Freshness(timedelta(hours=1), {})
SOURCES = (Source("corp", Port.DIRECTORY, "file", FRESH), Source("wards", Port.INVENTORY, "register", FRESH))


def status(standing: ProcessState) -> Status:
    return Status("host:1", "9.9", SOURCES, lambda: standing, ManualClock(NINE))


def document(standing: ProcessState) -> dict[str, Any]:
    is_whole, found = status(standing).document()
    assert is_whole
    json.dumps(found)
    return found


def test_it_has_the_keys_of_the_contract_and_no_others() -> None:
    found = document(
        ProcessState(
            leases=(
                ListedLease(Lease("poll", "host:1", 7, EARLIER), NINE),
                ListedLease(Lease("verify", "", 3, EARLIER), EARLIER),
            ),
            jobs=(
                JobRun("poll", EARLIER, None, {"counts": {}, "troubles": [], "full": False, "took_s": 0.1}),
            ),
        )
    )

    assert list(found) == ["process", "version", "leases", "jobs", "sources", "alarms"]
    assert (found["process"], found["version"]) == ("host:1", "9.9")
    assert found["leases"] == [
        {"job": "poll", "holder": "host:1", "fence": 7, "expires_at": "2026-11-24T09:00:00Z"}
    ], "one that was given back is nobody's"
    assert set(found["jobs"][0]) == {"name", "last_run_at", "last_ok_at", "next_run_at", "report"}
    assert set(found["sources"][0]) == {
        "name", "port", "kind", "ok", "message", "remedy", "last_success_at", "stale", "counts",
    }  # fmt: skip


def test_alarms_that_stand_are_there() -> None:
    found = document(ProcessState(alarms=(ToldAlarm(AlarmCause.CHANNEL, "soc", EARLIER, NINE),)))

    assert found["alarms"] == [{"cause": "channel", "about": "soc", "since": "2026-11-24T08:58:00Z"}]


def test_every_job_is_there_and_the_nightly_passes_when_there_was_one() -> None:
    one = status(
        ProcessState(jobs=(JobRun("poll", NINE, EARLIER, {}), JobRun("poll.full", EARLIER, EARLIER, {})))
    )
    one.next_run_at = {"verify": NINE + timedelta(minutes=1)}.get

    jobs = {job["name"]: job for job in one.document()[1]["jobs"]}

    assert list(jobs) == [*JOBS, "poll.full"]
    assert (jobs["poll"]["last_run_at"], jobs["poll"]["last_ok_at"]) == (
        "2026-11-24T09:00:00Z",
        "2026-11-24T08:58:00Z",
    )
    assert jobs["verify"] == {
        "name": "verify", "last_run_at": None, "last_ok_at": None,
        "next_run_at": "2026-11-24T09:01:00Z", "report": None,
    }  # fmt: skip


def test_a_source_is_judged_by_what_is_stored() -> None:
    good = SourceState(
        "corp", Port.DIRECTORY, last_success_at=EARLIER, taken_at=EARLIER, counts={"people": 200}
    )
    bad = SourceState("wards", Port.INVENTORY, last_success_at=EARLIER, taken_at=EARLIER, trouble="No file.")

    corp, wards = document(ProcessState(sources=(bad, good)))["sources"]

    assert (corp["name"], corp["kind"], corp["ok"], corp["counts"]) == ("corp", "file", True, {"people": 200})
    assert (wards["ok"], wards["message"]) == (False, "the last read failed: No file.")
    assert [one["ok"] for one in document(ProcessState())["sources"]] == [False, False], "never read"


def test_addresses_and_numbers_in_errors_are_masked() -> None:
    trouble = "soc: no account of ann@corp.example, +44 7700 900123, with Bearer abc.def-1234567890"
    found = document(
        ProcessState(
            jobs=(JobRun("deliver", NINE, None, {"troubles": [trouble], "counts": {"sent": 1}}),),
            sources=(SourceState("corp", Port.DIRECTORY, trouble=trouble, remedy="Ask ann@corp.example."),),
        )
    )

    text = json.dumps(found, ensure_ascii=False)
    assert "a•••@corp.example" in text
    assert {word for word in ("ann@", "900123", "abc.def") if word in text} == set()
    report = next(job["report"] for job in found["jobs"] if job["name"] == "deliver")
    assert report["counts"] == {"sent": 1}


def test_without_the_database_it_says_what_it_is_without() -> None:
    def fails() -> ProcessState:
        raise OSError("no way")

    found = Status("host:1", "9.9", SOURCES, fails, ManualClock(NINE)).document()

    assert found == (False, {"process": "host:1", "version": "9.9", "error": "no way"})
