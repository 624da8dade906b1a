"""A source that turns red is announced once, and once again when it is green."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import NOW
from harness import Harness

from worker.app.health import Freshness
from worker.ports import AuthFailed, BadConfig, Transient


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
