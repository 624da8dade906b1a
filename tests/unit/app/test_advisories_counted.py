"""Advisories and providers in the report on controls: what passes, what fails, and what nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from advisory_site import DOWN, EXPLOITED, MINUTE, Site, site
from builders import DAY, HOUR
from worker.domain.controls.policy import AdvisoryRule, DormantRule, ProviderRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.ports.state.controls import ControlCounts

__all__ = ["site"]


def values(counts: ControlCounts) -> tuple[int, int, int]:
    return counts.passed, counts.failed, counts.unknown


def test_a_messenger_passes_fails_or_is_unknown(site: Site) -> None:
    assert values(site.control("watch.advisories").counts) == (0, 0, 1)
    assert site.control("watch.advisories").counts.unknown_why == {"no_feed": 1}

    site.run()
    passing = site.control("watch.advisories")
    assert (values(passing.counts), passing.counts.grades) == ((1, 0, 0), {"B": 1})
    assert passing.mode is Mode.REPORT

    site.kev.put(EXPLOITED)
    site.run(HOUR)
    assert values(site.control("watch.advisories").counts) == (0, 1, 0)


def test_a_messenger_that_the_feeds_were_not_asked_for_is_unknown(site: Site) -> None:
    site.run()
    site.harness.group("ward-9", "ann", messenger="Signal", admins=["dee"])
    site.harness.settle()
    seen = site.control("watch.advisories").counts
    assert (values(seen), seen.unknown_why) == ((1, 0, 1), {"no_feed": 1})

    site.run(MINUTE, due_only=True)
    assert values(site.control("watch.advisories").counts) == (2, 0, 0)


def test_a_feed_that_fails_for_more_products_still_says_what_it_said(site: Site) -> None:
    site.run()
    site.harness.group("ward-9", "ann", messenger="signal", admins=["dee"])
    site.harness.settle()
    site.nvd.error = DOWN
    site.run(MINUTE, due_only=True)
    assert values(site.control("watch.advisories").counts) == (1, 0, 1)


def test_a_feed_that_cannot_tell_changes_is_asked_for_more_at_once(site: Site) -> None:
    site.kev.tells_changes = False
    site.run(due_only=True)
    assert values(site.control("watch.advisories").counts) == (1, 0, 0)
    site.configure(advisories=(AdvisoryRule(messengers=("signal",)),))
    site.run(MINUTE, due_only=True)
    assert site.kev.asked == [(None, ("whatsapp",)), (None, ("signal",))]
    site.run(MINUTE, due_only=True)
    assert len(site.kev.asked) == 2


def test_what_feeds_said_too_long_ago_proves_nothing(site: Site) -> None:
    site.run()
    site.harness.now += 32 * DAY

    assert values(site.control("watch.advisories").counts) == (0, 0, 1)


def test_a_messenger_that_no_feed_can_name_is_unknown(site: Site) -> None:
    site.configure(advisories=(AdvisoryRule(messengers=("xmpp",)),))
    site.run()

    assert site.control("watch.advisories").counts.unknown_why == {"no_product": 1}


WHOLE = ProviderRule("whatsapp", ControlSwitch(), "C-7", "D-7", "24 h", "nightly", date(2026, 10, 1))


@pytest.mark.parametrize(
    "rule, passed",
    [
        (WHOLE, 1),
        (replace(WHOLE, contract=""), 0),
        (replace(WHOLE, dpa=""), 0),
        (replace(WHOLE, breach_notice=""), 0),
        (replace(WHOLE, backup=""), 0),
        (replace(WHOLE, checked_on=None), 0),
        (replace(WHOLE, checked_on=date(2025, 11, 24)), 1),
        (replace(WHOLE, checked_on=date(2025, 11, 23)), 0),
        (replace(WHOLE, checked_on=date(2026, 11, 25)), 0),
        (replace(WHOLE, messenger="signal"), 0),
    ],
)
def test_a_provider_passes_with_everything_recorded_and_looked_at(
    site: Site, rule: ProviderRule, passed: int
) -> None:
    site.configure(providers=(rule,))
    report = site.control("watch.provider")

    assert (report.counts.passed, report.counts.failed) == (passed, 1 - passed)
    assert report.mode is Mode.REPORT


def test_the_counts_of_a_day_have_both(site: Site) -> None:
    site.configure(advisories=(AdvisoryRule(),), providers=(WHOLE,), dormant=(DormantRule(),))
    site.run()
    site.harness.control()
    with site.harness.store.reading() as uow:
        days = uow.controls.days("2026-01-01")

    assert values(days["watch.advisories"][0].counts) == values(days["watch.provider"][0].counts) == (1, 0, 0)
