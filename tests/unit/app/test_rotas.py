"""Who is on call, and where nobody will be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import NOW
from harness import Harness
from worker.app.reads.rotas import RotaGap, RotaRules, Rotas
from worker.app.refused import Refused
from worker.domain.escalation.absence import Absence
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
