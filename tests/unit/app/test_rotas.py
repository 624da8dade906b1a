"""Who is on call, and where nobody will be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import NOW
from harness import Harness
from several_accounts import TENANT, known_twice, nights
from worker.app.reads.rotas import RotaGap, RotaRules, Rotas
from worker.app.refused import Refused
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.feeds import FeedCopy, FeedRules
from worker.domain.escalation.rota import Gap, Lack, Layer, Rota

DAY = timedelta(days=1)


def rotas(harness: Harness, *people: str, absences: tuple[Absence, ...] = ()) -> Rotas:
    layer = Layer(people, 1, starts_on=(NOW - 10 * DAY).date())
    return Rotas(
        harness.store,
        RotaRules(
            {"site": Rota("site", "Europe/London", (layer,))},
            gap_warnings={"site": 7 * DAY},
            absences=absences,
        ),
    )


@pytest.fixture
def harness(company: Harness) -> Harness:
    return company


def test_a_rota_that_there_is_not_is_refused(harness: Harness) -> None:
    with pytest.raises(Refused, match="The configuration has: site"):
        rotas(harness, "ann@example.org").named("sites")
    with pytest.raises(Refused, match="The configuration has: none"):
        Rotas(harness.store, RotaRules()).shifts("site", NOW, NOW + DAY, NOW)


def test_a_rota_without_a_calendar_has_no_notes(harness: Harness) -> None:
    assert rotas(harness, "ann@example.org").notes("site", NOW) == ()


def test_gaps_are_looked_for_within_the_warning(harness: Harness) -> None:
    leave = Absence("ann@example.org", NOW + 6 * DAY, NOW + 9 * DAY)

    assert rotas(harness, "ann@example.org", absences=(leave,)).gaps(NOW) == (
        RotaGap("site", Gap(NOW + 6 * DAY, NOW + 7 * DAY, Lack.ABSENT, "ann@example.org")),
    )


def test_somebody_who_left_is_a_gap_and_a_stranger_is_none(harness: Harness) -> None:
    harness.leave("ben")
    harness.settle()
    ann, ben = (harness.person(one).facts.email or "" for one in ("ann", "ben"))

    found = rotas(harness, ann, ben.upper(), "nobody@example.org").gaps(NOW)

    assert {(one.gap.why, one.gap.person) for one in found} == {(Lack.UNREACHABLE, ben.upper())}


def test_a_deputy_who_left_closes_no_gap(harness: Harness) -> None:
    harness.leave("ben")
    harness.settle()
    ann, ben = (harness.person(one).facts.email or "" for one in ("ann", "ben"))
    leave = Absence(ann, NOW + DAY, NOW + 2 * DAY, ben)

    found = rotas(harness, ann, absences=(leave,)).gaps(NOW)

    assert found == (RotaGap("site", Gap(NOW + DAY, NOW + 2 * DAY, Lack.ABSENT, ann)),)


def test_somebody_who_left_by_one_of_two_directories_is_a_gap(found: Callable[..., Harness]) -> None:
    harness = known_twice(found)
    ann = harness.person("ann").facts.email or ""
    harness.directories[TENANT].change("cloud-ann", email=ann)
    nights(harness)
    harness.leave("ann")
    nights(harness)

    assert {(one.gap.why, one.gap.person) for one in rotas(harness, ann).gaps(harness.now)} == {
        (Lack.UNREACHABLE, ann)
    }


def test_the_watch_is_told_of_each_rota_with_gaps_once(harness: Harness) -> None:
    leave = Absence("ann@example.org", NOW + 2 * DAY, NOW + 3 * DAY)

    [concern] = rotas(harness, "ann@example.org", absences=(leave,)).concerns(NOW)

    assert (concern.about, concern.message) == (
        "site, gap",
        "Nobody is on call from 2026-11-26T12:00:00Z until 2026-11-27T12:00:00Z.",
    )
    assert rotas(harness, "ann@example.org").concerns(NOW) == ()


def test_the_watch_is_told_of_a_calendar_that_is_too_old(harness: Harness) -> None:
    rules = FeedRules("Europe/London", timedelta(minutes=15), DAY)
    found = Rotas(harness.store, RotaRules({"site": Rota("site", "Europe/London", ())}, {"site": rules}))
    assert found.concerns(NOW) == (), "it was not tried yet"
    with harness.store.begin() as uow:
        uow.rota_feeds.put(FeedCopy("site", NOW, fetched_at=NOW, problem="It answered 404."))

    assert found.concerns(NOW) == ()
    [concern] = found.concerns(NOW + DAY)
    assert (concern.about, concern.remedy) == ("site, calendar", "It answered 404.")


def test_a_calendar_that_was_not_tried_yet_makes_no_gap(harness: Harness) -> None:
    """The first look of a new worker comes before the first read, which tells whether there is a gap."""
    site = Rota("site", "Europe/London", ())
    rules = FeedRules("Europe/London", timedelta(minutes=15), DAY)
    found = Rotas(harness.store, RotaRules({"site": site}, {"site": rules}, gap_warnings={"site": DAY}))
    assert found.concerns(NOW) == ()

    with harness.store.begin() as uow:
        uow.rota_feeds.put(FeedCopy("site", NOW, fetched_at=NOW, read_at=NOW))
    assert [one.about for one in found.concerns(NOW)] == ["site, gap"]


def on_call(harness: Harness, *people: str, fallback: str | None = "desk@example.org") -> list[str]:
    """Who is asked of a rota with a layer for each."""
    layers = tuple(Layer((one,), 1, starts_on=(NOW - 10 * DAY).date()) for one in people)
    rules = RotaRules({"site": Rota("site", "Europe/London", layers, fallback=fallback)})
    with harness.store.reading() as uow:
        return Rotas(harness.store, rules).on_call(uow, "site", NOW, NOW)


def test_if_who_is_on_call_has_left_the_fallback_is_asked(harness: Harness) -> None:
    ben = harness.person("ben").facts.email or ""
    assert on_call(harness, ben) == [ben]
    harness.leave("ben")
    harness.settle()

    assert on_call(harness, ben.upper()) == ["desk@example.org"]
    assert on_call(harness, ben, fallback=None) == []
    assert on_call(harness, "nobody@example.org") == ["nobody@example.org"], "a stranger counts as there"
