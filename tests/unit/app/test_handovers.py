"""Whoever takes over a rota is told once and asked for one tap; without it, the fallback is told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest
import sqlalchemy as sa

from builders import NOW
from harness import URL, Harness
from on_duty import (
    ANN,
    BEFORE,
    BEN,
    CEM,
    DAY,
    DEE,
    NINE,
    SAM,
    SITE,
    TURNS,
    duty,
    on_duty,
    tap,
    token_of,
    told,
    told_at,
    why_dead,
)
from worker.app.jobs.handovers import TellHandovers
from worker.app.tell.alarms import AlarmRules
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.app.tell.signed_links import Dead
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.feeds import FeedCopy, FeedRules
from worker.domain.escalation.policy import Named, NamedKind
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.rota import Rota
from worker.domain.escalation.silences import Silence
from worker.domain.escalation.spans import Span
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Message
from worker.domain.model import AccountKey
from worker.ports.state.handovers import ToldHandover
from worker.ports.state.leases import Lease, LeaseLost

__all__ = ["duty"]
Start = Callable[..., Harness]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ON_CALL, MISSED = "You are on call for site", "Ann has not taken over site"
LEAVE = Absence(ANN, NOW - DAY, NOW + 3 * DAY, BEN)


def last(harness: Harness) -> Message:
    return harness.soc.sent[-1]


def rows(harness: Harness) -> list[ToldHandover]:
    with harness.store.reading() as uow:
        return list(uow.handovers.all())


# --- taking over ----------------------------------------------------------------------------------------------


def test_who_takes_over_is_told_once_until_when_in_the_rota_s_zone(duty: Harness) -> None:
    assert told_at(duty, NINE - MINUTE) == []
    assert told_at(duty, NINE) == [f"{ANN}: {ON_CALL}"]
    [body] = last(duty).paragraphs
    assert body.text == (
        "This goes until Wed 25 Nov 2026 09:00 EST. Open the link, and tap once to take over."
    )
    assert (body.link or "").startswith(f"{URL}/h/")
    assert body.link_label == "Take over"
    for minutes in (0, 1, 29):
        assert told_at(duty, NINE + minutes * MINUTE) == []


def test_the_next_one_is_told_at_the_next_handover(duty: Harness) -> None:
    told_at(duty, NINE)
    tap(duty, ANN)

    assert told_at(duty, NINE + DAY) == [f"{BEN}: {ON_CALL}"]
    assert [one.person for one in rows(duty)] == [BEN], "what is over is forgotten"


def test_a_crash_between_the_state_and_the_message_repeats_nothing(duty: Harness) -> None:
    duty.now = NINE
    assert duty.escalate().counts["handovers"] == 1
    duty.start(duty.app.rules)
    assert duty.escalate().counts["handovers"] == 0

    assert told(duty) == [f"{ANN}: {ON_CALL}"]


def test_a_crash_before_the_commit_leaves_it_to_the_next_run(duty: Harness) -> None:
    duty.now = NINE
    app = duty.app
    telling = TellHandovers(duty.store, app.rotas, ("site",), app.away, app.rules.teller)
    with pytest.raises(LeaseLost):
        telling.run(duty.now, Lease("escalate", "who died", 7, duty.now))
    assert rows(duty) == []

    assert told(duty) == [f"{ANN}: {ON_CALL}"]


@pytest.mark.parametrize("late, is_told", [(89 * MINUTE, True), (90 * MINUTE, False), (20 * HOUR, False)])
def test_after_a_downtime_only_what_is_news_is_told(duty: Harness, late: timedelta, is_told: bool) -> None:
    assert told_at(duty, NINE + late) == ([f"{ANN}: {ON_CALL}"] if is_told else [])


def test_a_first_start_announces_no_old_shift(start: Start) -> None:
    always = replace(SITE, layers=(replace(TURNS, people=(ANN,), starts_on=(NOW - 90 * DAY).date()),))

    assert told(on_duty(start(), always)) == []


def test_after_a_downtime_a_shift_that_is_over_is_not_told(company: Harness) -> None:
    hour = Span(NINE, NINE + HOUR, CEM)
    harness = on_duty(company, replace(SITE, layers=(BEFORE,), overrides=(hour,)))

    assert told_at(harness, NINE + HOUR) == [f"{BEN}: {ON_CALL}"]


def test_an_override_and_who_comes_back_after_it_take_over(duty: Harness) -> None:
    harness = on_duty(
        duty, replace(SITE, layers=(BEFORE,), overrides=(Span(NINE, NINE + HOUR, CEM.upper()),))
    )

    assert told_at(harness, NINE) == [f"{CEM}: {ON_CALL}"]
    assert "10:00 EST" in last(harness).paragraphs[0].text
    tap(harness, CEM)
    assert told_at(harness, NINE + HOUR) == [f"{BEN}: {ON_CALL}"]


def test_who_goes_on_by_another_source_is_not_told(duty: Harness) -> None:
    harness = on_duty(duty, replace(SITE, layers=(BEFORE,), overrides=(Span(NINE, NINE + HOUR, BEN),)))

    assert told_at(harness, NINE) == told_at(harness, NINE + HOUR) == []


def test_the_fallback_takes_over_too(duty: Harness) -> None:
    mornings = replace(BEFORE, handover=time(0), hours=(time(0), time(9)))
    harness = on_duty(duty, replace(SITE, layers=(mornings,)))

    assert told_at(harness, NINE) == [f"{SAM}: {ON_CALL}"]
    assert told_at(harness, NINE + 30 * MINUTE) == [f"channel: {SAM} has not taken over site"]


def test_a_calendar_s_turns_are_told(company: Harness) -> None:
    feed = FeedRules(SITE.timezone, 15 * MINUTE, DAY)
    harness = on_duty(company, replace(SITE, layers=()), feeds={"site": feed})
    turns = (Span(NINE - DAY, NINE, BEN), Span(NINE, NINE + 5 * HOUR, CEM))
    with harness.store.begin() as uow:
        uow.rota_feeds.put(FeedCopy("site", NOW, NOW, NOW, NOW + 90 * DAY, turns))

    assert told_at(harness, NINE) == [f"{CEM}: {ON_CALL}"]
    assert told_at(harness, NINE + 5 * HOUR) == [f"{SAM}: {ON_CALL}"]


def test_a_rota_that_nobody_asks_is_not_announced(company: Harness) -> None:
    harness = on_duty(company, asked=())

    assert told_at(harness, NINE) == []
    assert "handovers" not in harness.escalate().counts


def test_a_rota_that_alarms_ask_is_announced(company: Harness) -> None:
    alarms = AlarmRules(to=(Named(NamedKind.ON_CALL, "site"), Named(NamedKind.PERSON, SAM)))
    harness = on_duty(company, asked=(), alarms=alarms)

    assert told_at(harness, NINE) == [f"{ANN}: {ON_CALL}"]


# --- absent, silent, at night ---------------------------------------------------------------------------------


def test_who_is_away_is_told_and_so_is_their_deputy(company: Harness) -> None:
    harness = on_duty(company, replace(SITE, layers=(TURNS,)), absences=(replace(LEAVE, deputy=CEM),))

    assert sorted(told_at(harness, NINE)) == [
        f"{ANN}: {ON_CALL}",
        f"{CEM}: You stand in for Ann, on call for site",
    ]
    tap(harness, CEM)
    shown = harness.app.taking_over.look(token_of(harness, ANN), harness.now)
    assert (shown.taken_by, shown.stands_in_for) == ("Cem", "")
    assert harness.app.taking_over.look(token_of(harness, CEM), harness.now).stands_in_for == "Ann"
    assert told_at(harness, NINE + HOUR) == [], "one tap of either is enough"
    tap(harness, ANN)
    assert [one.taken_at for one in rows(harness)] == [None, NINE]


def test_a_silence_holds_it_and_what_is_over_then_is_never_told(duty: Harness) -> None:
    silence = Silence("", duty.now, NINE + 2 * DAY, "sam", "Moving house", people=(ANN,))
    duty.app.silencing.silence(silence, Actor("sam"), duty.now)

    assert told_at(duty, NINE) == []
    assert told_at(duty, NINE + 30 * MINUTE) == [f"{SAM}: {MISSED}"], "whoever is silent does not answer"
    assert told_at(duty, NINE + DAY) == [f"{BEN}: {ON_CALL}"]
    assert told_at(duty, NINE + 2 * DAY + HOUR) == [f"{ANN}: {ON_CALL}"]
    assert "Fri 27 Nov" in last(duty).paragraphs[0].text


def test_a_night_holds_neither_message(company: Harness) -> None:
    night = PersonalQuiet(QuietHours(time(0), time(23, 59)), "UTC", "GB")
    harness = on_duty(company, holding=Holding(quiet=night))

    assert told_at(harness, NINE) == [f"{ANN}: {ON_CALL}"]
    assert told_at(harness, NINE + 30 * MINUTE) == [f"{SAM}: {MISSED}"]


def test_without_a_desk_there_is_no_link_and_nobody_is_warned(company: Harness) -> None:
    harness = on_duty(company, has_told_links=False)

    assert told_at(harness, NINE) == [f"{ANN}: {ON_CALL}"]
    assert last(harness).paragraphs[0].link is None
    assert last(harness).paragraphs[0].text == "This goes until Wed 25 Nov 2026 09:00 EST."
    assert told_at(harness, NINE + HOUR) == []
    harness.start(replace(harness.app.rules, has_told_links=True))
    assert told_at(harness, NINE + 2 * HOUR) == [], "there was nothing to tap"


# --- nobody took over -----------------------------------------------------------------------------------------


def test_without_a_tap_in_thirty_minutes_the_fallback_is_told_once(duty: Harness) -> None:
    told_at(duty, NINE)
    assert told_at(duty, NINE + 29 * MINUTE) == []
    assert told_at(duty, NINE + 30 * MINUTE) == [f"{SAM}: {MISSED}"]
    assert dict(last(duty).paragraphs[0].facts) == {
        "Asked": "Tue 24 Nov 2026 09:00 EST",
        "On call until": "Wed 25 Nov 2026 09:00 EST",
    }
    duty.start(duty.app.rules)
    assert told_at(duty, NINE + 31 * MINUTE) == told_at(duty, NINE + 5 * HOUR) == []
    missed = [one.entry for one in duty.journal() if one.entry.kind == "handover.missed"]
    assert [(one.actor, one.subject, one.data["person"]) for one in missed] == [
        ("whosleft", "rota:site", "corp/ann")
    ]


@pytest.mark.parametrize("has_told_links", [True, False])
def test_of_who_has_left_the_fallback_is_told_at_once_and_once(
    company: Harness, has_told_links: bool
) -> None:
    company.leave("ann")
    company.settle()
    company.titles()
    harness = on_duty(company, has_told_links=has_told_links)

    assert told_at(harness, NINE) == [f"{SAM}: {ANN} has not taken over site"]
    [body] = last(harness).paragraphs
    assert body.text == f"{ANN} has left."
    assert dict(body.facts) == {"On call until": "Wed 25 Nov 2026 09:00 EST"}
    assert told_at(harness, NINE + MINUTE) == told_at(harness, NINE + HOUR) == []
    assert harness.kinds().count("handover.missed") == 1
    assert f"{BEN}: {ON_CALL}" in told_at(harness, NINE + DAY)
    assert [one.person for one in rows(harness)] == [BEN]


def test_of_who_leaves_before_they_tapped_the_fallback_is_told_at_once(duty: Harness) -> None:
    told_at(duty, NINE)
    duty.now = NINE + 10 * MINUTE
    duty.leave("ann")
    duty.settle()
    duty.titles()

    assert told(duty) == [f"{SAM}: {ANN} has not taken over site"]
    assert told_at(duty, NINE + 31 * MINUTE) == []


def test_who_is_back_is_told_with_a_link(duty: Harness) -> None:
    duty.leave("ann")
    duty.settle()
    duty.titles()
    told_at(duty, NINE)
    duty.corp.enable("ann")
    duty.settle()
    duty.titles()

    assert told(duty) == [f"{ANN}: {ON_CALL}"]
    tap(duty, ANN)
    assert told_at(duty, NINE + HOUR) == []


def test_after_a_tap_nobody_is_told(duty: Harness) -> None:
    told_at(duty, NINE)
    duty.now = NINE + 29 * MINUTE
    tap(duty, ANN)
    tap(duty, ANN)

    assert told_at(duty, NINE + 31 * MINUTE) == []
    taken = [one.entry for one in duty.journal() if one.entry.kind == "handover.accepted"]
    assert [(one.actor, one.subject, one.reason, dict(one.data)) for one in taken] == [
        (
            "corp/ann",
            "rota:site",
            "",
            {
                "from": "2026-11-24T14:00:00.000000+00:00",
                "until": "2026-11-25T14:00:00.000000+00:00",
                "person": "corp/ann",
                "via": "link",
            },
        )
    ]


def test_a_tap_takes_back_a_warning_that_was_not_sent(duty: Harness) -> None:
    told_at(duty, NINE)
    duty.now = NINE + 30 * MINUTE
    assert duty.escalate().counts["missed"] == 1
    tap(duty, ANN)

    assert told(duty) == []


@pytest.mark.parametrize("fallback", [None, ANN.upper(), CEM.upper()])
def test_without_a_fallback_of_its_own_who_is_here_the_channel_is_told(
    company: Harness, fallback: str | None
) -> None:
    company.leave("cem")
    company.settle()
    company.titles()
    harness = on_duty(company, Rota("site", SITE.timezone, (BEFORE, TURNS), fallback=fallback))
    told_at(harness, NINE)

    assert told_at(harness, NINE + 30 * MINUTE) == [f"channel: {MISSED}"]


@pytest.mark.parametrize("deputy, whom", [(DEE, [DEE, SAM]), (ANN, [SAM])])
def test_a_fallback_who_is_away_is_told_and_so_is_their_deputy(
    company: Harness, deputy: str, whom: list[str]
) -> None:
    harness = on_duty(company, absences=(replace(LEAVE, person=SAM, deputy=deputy),))
    told_at(harness, NINE)

    assert sorted(told_at(harness, NINE + 30 * MINUTE)) == [f"{one}: {MISSED}" for one in whom]


def test_nobody_is_told_of_who_is_on_call_no_more(duty: Harness) -> None:
    told_at(duty, NINE)
    swapped = Span(NINE + 10 * MINUTE, NINE + 8 * HOUR, CEM)
    on_duty(duty, replace(SITE, layers=(BEFORE, TURNS), overrides=(swapped,)))
    assert told_at(duty, NINE + 30 * MINUTE) == [f"{CEM}: {ON_CALL}"]
    tap(duty, CEM)

    assert told_at(duty, NINE + HOUR) == []


def test_nobody_is_told_of_a_rota_that_nobody_asks_any_more(duty: Harness) -> None:
    told_at(duty, NINE)
    on_duty(duty, asked=())

    assert told_at(duty, NINE + HOUR) == []


def test_a_shift_shorter_than_the_patience_warns_nobody(company: Harness) -> None:
    short = Span(NINE, NINE + 20 * MINUTE, CEM)
    harness = on_duty(company, replace(SITE, layers=(BEFORE,), overrides=(short,)))
    told_at(harness, NINE)

    assert told_at(harness, NINE + 30 * MINUTE) == [f"{BEN}: {ON_CALL}"]


# --- forgetting -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ann", "cem"])
def test_an_erased_person_is_in_no_handover_and_in_no_message(company: Harness, who: str) -> None:
    harness = on_duty(company, replace(SITE, layers=(TURNS,)), absences=(replace(LEAVE, deputy=CEM),))
    told_at(harness, NINE)
    told_at(harness, NINE + 30 * MINUTE)
    with harness.store.begin() as uow:
        uow.people.erase(AccountKey("corp", who))

    assert all(f"{who}@corp.example" not in (one.person, one.told) for one in rows(harness))
    with harness.engine.connect() as connection:
        kept = [str(row) for row in connection.execute(sa.text("SELECT * FROM outbox"))]
    assert [row for row in kept if who in row.casefold()] == []
    if who == "cem":
        harness.now = NINE + 40 * MINUTE
        assert why_dead(harness, CEM) == (Dead.REVOKED, None)
