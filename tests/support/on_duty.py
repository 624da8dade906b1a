"""A rota beside those of a harness, which a policy asks; and the links that its handovers give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from builders import NOW, rules
from harness import Harness
from worker.app.reads.rotas import RotaRules
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.feeds import FeedRules
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step
from worker.domain.escalation.rota import Layer, Rota

DAY = timedelta(days=1)
ANN, BEN, CEM, DEE, SAM = (f"{name}@corp.example" for name in ("ann", "ben", "cem", "dee", "sam"))
# By turns of a day, from nine in New York, which is 14:00 UTC in November. On NOW's day, ann takes over from ben
TURNS = Layer((ANN, BEN), 1, time(9), starts_on=NOW.date())
SITE = Rota("site", "America/New_York", (TURNS,), fallback=SAM)
BEFORE = replace(TURNS, people=(BEN,), starts_on=(NOW - DAY).date())  # under TURNS: it was ben's before
NINE = datetime(2026, 11, 24, 14, tzinfo=UTC)  # in New York


def asking(*names: str) -> tuple[Policy, ...]:
    """A policy whose only step asks whoever is on call in these rotas."""
    return (
        Policy("test", (Step(After(share=0.5), tuple(Named(NamedKind.ON_CALL, name) for name in names)),)),
    )


def on_duty(
    harness: Harness,
    rota: Rota = replace(SITE, layers=(BEFORE, TURNS)),  # noqa: B008  it is frozen
    *,
    absences: tuple[Absence, ...] = (),
    feeds: Mapping[str, FeedRules] | None = None,
    asked: tuple[str, ...] = ("site",),
    **changes: Any,
) -> Harness:
    """Give the company a rota that its policy asks, links in messages, and half an hour until a handover."""
    harness.now = max(harness.now, NOW + timedelta(minutes=90))
    duty = RotaRules({rota.name: rota}, feeds or {}, absences=absences)
    stated: dict[str, Any] = {
        "rotas": duty,
        "tickets": rules(policies=asking(*asked)),
        "has_told_links": True,
    }
    harness.start(replace(harness.app.rules, **(stated | changes)))
    return harness


def told(harness: Harness) -> list[str]:
    """Escalate and deliver; say whom it reached, with the headlines."""
    before = len(harness.soc.sent)
    harness.escalate()
    harness.deliver()
    return [
        f"{message.to.address or 'channel'}: {paragraph.headline}"
        for message in harness.soc.sent[before:]
        for paragraph in message.paragraphs
    ]


def link_of(harness: Harness, address: str) -> str:
    """The path of the last link that somebody was sent."""
    sent = [one for one in harness.soc.sent if one.to.address == address and one.paragraphs[0].link]
    return "/h/" + (sent[-1].paragraphs[0].link or "").rpartition("/h/")[2]


def token_of(harness: Harness, address: str) -> str:
    """The token of that link."""
    return link_of(harness, address).removeprefix("/h/")


@pytest.fixture
def duty(company: Harness) -> Harness:
    return on_duty(company)


def told_at(harness: Harness, instant: datetime) -> list[str]:
    harness.now = instant
    return told(harness)


def tap(harness: Harness, address: str) -> None:
    """Take over by the link of a message."""
    harness.app.taking_over.take(token_of(harness, address), harness.now)


def why_dead(harness: Harness, address: str) -> tuple[Dead, str | None]:
    """Why the link of a message opens nothing, and the language in which that is said."""
    with pytest.raises(LinkDead) as dead:
        harness.app.taking_over.look(token_of(harness, address), harness.now)
    with pytest.raises(LinkDead):
        tap(harness, address)
    return dead.value.why, dead.value.language
