"""Calendars of rotas: read at their pace, kept while they can't be read, given up when they are too old."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOW
from fakes.rota_feed import FakeFeed
from harness import Harness
from worker.app.jobs.report import Report
from worker.app.jobs.watch import WatchFeeds
from worker.app.reads.rotas import RotaRules, Rotas
from worker.domain.escalation.feeds import FeedCopy, FeedRules
from worker.domain.escalation.rota import Rota
from worker.domain.escalation.spans import Span
from worker.ports import Incomplete

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RULES = FeedRules("Europe/London", 15 * MINUTE, DAY)
LATER = tuple(Span(NOW + n * DAY, NOW + (n + 1) * DAY, "ann@example.org") for n in range(-1, 6))
DESK = "desk@example.org"
DOWN = Incomplete("the calendar of rota site: it is a web page.", remedy="Look at its address.")


class Site:
    """One rota with a calendar, over a store in memory."""

    def __init__(self, harness: Harness) -> None:
        self.feed = FakeFeed("site", LATER)
        self.store = harness.store
        self.now = NOW
        self.configure(RULES)

    def configure(self, rules: FeedRules) -> None:
        feeds = {"site": rules}
        self.watch = WatchFeeds(self.store, [self.feed], feeds)
        rotas = RotaRules({"site": Rota("site", "Europe/London", fallback=DESK)}, feeds, {"site": 7 * DAY})
        self.rotas = Rotas(self.store, rotas)

    def run(self, after: timedelta = timedelta(0), *, due_only: bool = False) -> Report:
        self.now += after
        return self.watch.run_once(self.now, due_only=due_only)

    def on_call(self) -> str | None:
        return self.rotas.shifts("site", self.now, self.now + MINUTE, self.now)[0].person

    def copy(self) -> FeedCopy:
        with self.store.reading() as uow:
            copy = uow.rota_feeds.get("site")
        assert copy is not None
        return copy


@pytest.fixture
def site(found: Callable[..., Harness]) -> Site:
    return Site(found())


def test_before_it_was_read_the_fallback_is_asked(site: Site) -> None:
    assert site.on_call() == DESK
    assert "not read for too long" in site.rotas.notes("site", NOW)[0]


def test_what_it_says_is_who_is_on_call(site: Site) -> None:
    report = site.run()

    assert report.is_ok
    assert report.counts == {"calendars": 1, "calendars_changed": 1}
    assert site.on_call() == "ann@example.org"
    assert site.rotas.notes("site", NOW) == ()


def test_it_is_read_at_its_pace_and_only_for_changes(site: Site) -> None:
    site.run(due_only=True)
    early = site.run(14 * MINUTE, due_only=True)
    due = site.run(MINUTE, due_only=True)

    assert (early.counts["calendars"], due.counts["calendars"]) == (0, 1)
    assert site.feed.asked == [None, "1"]
    assert site.copy().fetched_at == site.now
    assert site.copy().read_at == NOW


def test_asked_for_by_hand_it_is_read_whatever_its_pace(site: Site) -> None:
    site.run()
    site.run()

    assert len(site.feed.asked) == 2


def test_one_that_can_t_be_read_keeps_its_copy_until_it_is_stale(site: Site) -> None:
    site.run()
    site.feed.error = DOWN

    failing = site.run(15 * MINUTE, due_only=True)
    still = site.run(MINUTE, due_only=True)

    assert not failing.is_ok
    assert still.troubles == failing.troubles == (str(DOWN),), "it is no better until it was read"
    assert site.on_call() == "ann@example.org"
    assert str(DOWN) in site.rotas.notes("site", site.now)

    stale = site.run(DAY)

    assert stale.troubles == (f"{DOWN} Its copy is too old, so that the fallback is asked.",)
    assert site.on_call() == DESK


def test_when_it_is_back_it_counts_again(site: Site) -> None:
    site.feed.error = DOWN
    site.run()
    site.feed.put(*LATER)

    report = site.run(15 * MINUTE, due_only=True)

    assert report.is_ok
    assert site.on_call() == "ann@example.org"
    assert site.copy().problem == ""


def test_one_that_shrank_is_believed_and_says_so(site: Site) -> None:
    site.run()
    site.feed.put(LATER[0], LATER[1])

    site.run(15 * MINUTE)

    assert site.rotas.notes("site", site.now) == ("It has 0 of the 5 turns to come that it had.",)
    assert [one.gap.from_at for one in site.rotas.gaps(site.now)] == [NOW + DAY]


def test_other_rules_need_the_whole_of_it_even_after_a_failure(site: Site) -> None:
    site.run()
    site.configure(replace(RULES, aliases={"Ann": "ann@example.org"}))
    site.feed.error = DOWN

    site.run(MINUTE, due_only=True)
    site.feed.error = None
    site.run(15 * MINUTE, due_only=True)

    assert site.feed.asked == [None, None, None]


def test_a_failure_alone_forgets_no_tag(site: Site) -> None:
    site.run()
    site.feed.error = DOWN
    site.run(15 * MINUTE)
    site.feed.error = None
    site.run(15 * MINUTE)

    assert site.feed.asked == [None, "1", "1"]


def test_of_a_rota_that_is_gone_nothing_is_kept(site: Site) -> None:
    site.run()

    WatchFeeds(site.store, [], {}).run_once(site.now)

    with site.store.reading() as uow:
        assert uow.rota_feeds.all() == {}
