"""A company whose ward is in WhatsApp, with two feeds of advisories, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from advisory_records import CVE
from builders import HOUR
from fakes.advisory_feed import FakeAdvisoryFeed
from harness import Harness
from worker.app.jobs.report import Report
from worker.domain.controls.policy import AdvisoryRule, ControlPolicy
from worker.domain.watch.advisories import Advisory, AdvisoryKey
from worker.domain.watch.matching import AdvisoryRecord, MatchedBy, NamedProduct
from worker.domain.watch.versions import Fix
from worker.ports import Transient
from worker.ports.state.controls import ControlReport

MINUTE = timedelta(minutes=1)
NOTICE = "This product uses data of somebody."
EXPLOITED = AdvisoryRecord(
    CVE,
    "Invented Vulnerability",
    products=(NamedProduct(MatchedBy.WORDS, "Meta Platforms", "WhatsApp"),),
    is_exploited=True,
    exploited_on=date(2026, 11, 20),
    url="https://kev.example.org/CVE-2026-10001",
)
SCORED = AdvisoryRecord(
    CVE,
    products=(NamedProduct(MatchedBy.CPE, "whatsapp", "whatsapp", "iphone_os", Fix("2.26.1"), "a"),),
    cvss=5.4,
    notice=NOTICE,
)
DOWN = Transient("NVD answered 503.", remedy="It is tried again by itself.")


class Site:
    """A company whose ward is in WhatsApp, with two feeds."""

    def __init__(self, harness: Harness, **rule: Any) -> None:
        self.harness = harness
        self.kev = FakeAdvisoryFeed("kev", now=harness.clock)
        self.nvd = FakeAdvisoryFeed("nvd", now=harness.clock, is_whole=False)
        harness.advisory_feeds += [self.kev, self.nvd]
        self.configure(advisories=(AdvisoryRule(**rule),))

    def configure(self, **policy: Any) -> None:
        rules = replace(
            self.harness.app.rules,
            controls=replace(ControlPolicy(), **policy),
            advisory_paces={one.name: 4 * HOUR for one in self.harness.advisory_feeds},
        )
        self.harness.start(rules)

    def run(self, after: timedelta = timedelta(0), *, due_only: bool = False) -> Report:
        self.harness.now += after
        return self.harness.watch(due_only=due_only)

    def all(self) -> dict[AdvisoryKey, Advisory]:
        with self.harness.store.reading() as uow:
            return uow.advisories.all()

    def one(self, messenger: str = "whatsapp") -> Advisory:
        return self.all()[AdvisoryKey(CVE, messenger)]

    def told(self) -> list[str]:
        """The titles of what the channel got, in order."""
        self.harness.deliver()
        return [
            part.headline
            for message in self.harness.soc.sent
            for part in message.paragraphs
            if CVE[:4] in part.headline
        ]

    def control(self, control: str) -> ControlReport:
        return next(
            one for one in self.harness.app.controls.report(self.harness.now) if one.control == control
        )


@pytest.fixture
def site(start: Callable[..., Harness]) -> Site:
    harness = start()
    harness.group("ward-8", "ann", messenger="WhatsApp", admins=["dee"])
    harness.settle()
    return Site(harness)
