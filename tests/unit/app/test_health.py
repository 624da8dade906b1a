"""A source that turns red is announced once, and once again when it is green."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from builders import NOW
from harness import Harness
from worker.app.tell.health import Freshness, judged
from worker.ports import AuthFailed, BadConfig, Port, Transient
from worker.ports.state.sources import SourceState


def fail(harness: Harness, error: Exception) -> list[str]:
    assert isinstance(error, AuthFailed | BadConfig | Transient)
    harness.corp.fail(error)
    harness.later(minutes=1)
    harness.poll(full=True)
    harness.corp.be_honest()
    return harness.titles()


def test_a_lasting_fault_is_announced_at_once_and_once(company: Harness) -> None:
    error = AuthFailed("bind refused.", remedy="Renew the password.")

    assert [fail(company, error) for _ in range(3)] == [["Can't see: corp"], [], []]
    assert company.source().failures == 3


def test_another_lasting_fault_is_news(company: Harness) -> None:
    fail(company, AuthFailed("bind refused."))

    assert fail(company, BadConfig("no such base.")) == ["Can't see: corp"]


def test_a_passing_fault_is_announced_at_the_third(company: Harness) -> None:
    assert [fail(company, Transient("timed out.")) for _ in range(4)] == [[], [], ["Can't see: corp"], []]


def test_a_lasting_fault_after_a_passing_one_is_announced(company: Harness) -> None:
    fail(company, Transient("timed out."))

    assert fail(company, AuthFailed("bind refused.")) == ["Can't see: corp"]


def test_recovery_of_an_announced_fault_is_announced(company: Harness) -> None:
    fail(company, AuthFailed("bind refused."))
    company.poll()

    assert company.titles() == ["Seeing again: corp"]
    assert company.source().trouble is None
    assert "source.recovered" in company.kinds()


def test_recovery_of_a_fault_that_nobody_heard_of_is_not(company: Harness) -> None:
    fail(company, Transient("timed out."))
    company.poll()

    assert company.titles() == []
    assert "source.recovered" not in company.kinds()


@pytest.mark.parametrize(
    "source, hours, is_fresh",
    [("corp", 24, True), ("corp", 24.1, False), ("weekly", 160, True), ("weekly", 169, False)],
)
def test_how_old_a_word_may_be_is_set_for_each_source(source: str, hours: float, is_fresh: bool) -> None:
    fresh = Freshness(timedelta(hours=24), {"weekly": timedelta(days=7)})

    assert fresh.is_fresh(source, NOW, NOW + timedelta(hours=hours)) is is_fresh
    assert not fresh.is_fresh(source, None, NOW)


@pytest.mark.parametrize(
    "known, ok, is_stale, message, remedy",
    [
        ({}, False, False, "it was never read", "Run the worker, or: whosleft once all"),
        ({"trouble": "No."}, False, False, "the last read failed: No.", "Poll again."),
        (
            {
                "trouble": "No.",
                "remedy": "Ask.",
                "last_success_at": NOW,
                "taken_at": NOW - timedelta(hours=3),
            },
            *(False, True, "the last read failed: No.", "Ask."),
        ),
        (
            {"last_success_at": NOW, "taken_at": NOW - timedelta(hours=3)},
            *(False, True, "what it last said is too old to prove anything (2026-11-24T09:00:00Z)"),
            "Bring a newer export or register, or allow more with stale_after.",
        ),
        ({"last_success_at": NOW, "taken_at": NOW}, True, False, "read 2026-11-24T12:00:00Z", ""),
        ({"last_success_at": NOW}, True, False, "read 2026-11-24T12:00:00Z", ""),
    ],
)
def test_a_source_is_judged_by_what_is_stored_of_it(
    known: dict[str, Any], ok: bool, is_stale: bool, message: str, remedy: str
) -> None:
    found = judged(SourceState("corp", Port.DIRECTORY, **known), Freshness(timedelta(hours=1), {}), NOW)

    assert (found.ok, found.is_stale, found.message, found.remedy) == (ok, is_stale, message, remedy)
