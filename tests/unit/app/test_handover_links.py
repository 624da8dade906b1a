"""The link by which somebody takes over a shift: whose it is, and when it ends."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from on_duty import (
    ANN,
    BEFORE,
    CEM,
    DAY,
    NINE,
    SAM,
    SITE,
    TURNS,
    duty,
    on_duty,
    tap,
    token_of,
    told_at,
    why_dead,
)
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.escalation.spans import Span

__all__ = ["duty"]

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_link_has_no_personal_data_and_ends_with_the_shift(duty: Harness) -> None:
    told_at(duty, NINE)
    token = token_of(duty, ANN)
    payload = urlsafe_b64decode(token.partition(".")[0] + "==").decode()
    assert payload.startswith('["')
    assert "@" not in payload  # what is made by chance has none either
    duty.now = NINE + DAY - MINUTE
    assert duty.app.taking_over.look(token, duty.now).until_at == NINE + DAY
    duty.now += MINUTE

    assert why_dead(duty, ANN) == (Dead.EXPIRED, None)


def test_a_link_dies_when_somebody_else_is_on_call(duty: Harness) -> None:
    told_at(duty, NINE)
    swapped = Span(NINE + 10 * MINUTE, NINE + 8 * HOUR, CEM)
    on_duty(duty, replace(SITE, layers=(BEFORE, TURNS), overrides=(swapped,)))
    duty.now = NINE + 10 * MINUTE

    assert why_dead(duty, ANN) == (Dead.MOVED, None)


def test_a_link_dies_when_its_person_leaves(duty: Harness) -> None:
    told_at(duty, NINE)
    duty.hire("ann", language="de")
    duty.leave("ann")
    duty.poll()

    assert why_dead(duty, ANN) == (Dead.LEFT, "de")
    assert told_at(duty, NINE + 30 * MINUTE) == [f"{SAM}: {ANN} has not taken over site"]
    entry = [one.entry for one in duty.journal() if one.entry.kind == "handover.missed"][-1]
    assert entry.data["person"] == "corp/ann"


def test_a_link_dies_with_its_rota(duty: Harness) -> None:
    told_at(duty, NINE)
    on_duty(duty, replace(SITE, name="other"), asked=("other",))

    assert why_dead(duty, ANN) == (Dead.REVOKED, None)


@pytest.mark.parametrize("forged", ["", "x", "x" * 300])
def test_a_forged_link_opens_nothing(duty: Harness, forged: str) -> None:
    told_at(duty, NINE)
    with pytest.raises(LinkDead, match="forged"):
        duty.app.taking_over.take(token_of(duty, ANN) + "x" if forged == "" else forged, duty.now)


def test_somebody_whom_no_directory_has_can_take_over(company: Harness) -> None:
    stranger = "kim@agency.example"
    harness = on_duty(company, replace(SITE, layers=(BEFORE,), overrides=(Span(NINE, NINE + DAY, stranger),)))
    told_at(harness, NINE)
    tap(harness, stranger)

    assert harness.app.taking_over.look(token_of(harness, stranger), harness.now).taken_by == stranger
    assert [one.entry.actor for one in harness.journal() if one.entry.kind == "handover.accepted"] == [
        stranger
    ]
