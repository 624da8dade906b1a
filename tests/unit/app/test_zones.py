"""People's time zones from a channel: asked before they are told, kept, and used to hold messages by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest

from builders import facts, rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.jobs.retention import ZONE_LIFE, Retention
from worker.app.tell import zones
from worker.app.tell.addressing import person_at
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.app.tell.zones import ANSWER_LIFE, PAUSE
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.escalation.quiet import QuietHours
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient
from worker.domain.model import COUNTRY, TIMEZONE
from worker.ports import AuthFailed, ConnectorError, Rejected, Transient, Unreachable
from worker.ports.state.deliveries import PostFilter, PostState
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

Start = Callable[..., Harness]
Stated = tuple[tuple[str, str], ...]
NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "UTC", "GB")
BEN, CEM, DEE = "ben@corp.example", "cem@corp.example", "dee@corp.example"
UNA = "una@corp.example"
AUCKLAND, TOKYO = "Pacific/Auckland", "Asia/Tokyo"
DOWN = Transient("Fake: no answer.", remedy="Wait.")
MINUTE = timedelta(minutes=1)


def at_night(start: Start, quiet: PersonalQuiet = NIGHT, **wishes: object) -> Harness:
    """It is 23:00 UTC, noon in Auckland, and Slack knows zones."""
    harness = start(notifiers=[FakeNotifier("soc", knows_zones=True)], **wishes)
    harness.start(replace(harness.app.rules, holding=Holding(quiet=quiet)))
    wait = (23 - harness.now.hour) % 24 * timedelta(hours=1) - timedelta(minutes=harness.now.minute)
    harness.later(seconds=wait.total_seconds())
    return harness


def news(harness: Harness, *to: str | Recipient, key: str = "x") -> None:
    """Queue a message to each, and deliver."""
    people = [one if isinstance(one, Recipient) else person_at(one) for one in to]
    harness.queue(*(OutMessage(f"{key}{one.label}", one, "News", Paragraph("News")) for one in people))
    harness.deliver()


def held(harness: Harness) -> list[datetime | None]:
    with harness.store.reading() as uow:
        return [
            one.held_until for one in uow.deliveries.posts(PostFilter((PostState.HELD,)), harness.now, 10)
        ]


def stored(harness: Harness, address: str) -> str | None:
    with harness.store.reading() as uow:
        return uow.zones.of(address)


# --- whose word counts ----------------------------------------------------------------------------


def test_the_zone_that_the_channel_knows_decides_when_a_person_may_be_told(start: Start) -> None:
    harness = at_night(start)
    harness.soc.zones = {DEE: AUCKLAND, BEN: "Asia/Dubai"}
    news(harness, DEE, BEN)
    assert [one.to.address for one in harness.soc.sent] == [DEE]
    [until] = held(harness)
    assert until is not None
    assert until.hour == 3, "seven o'clock in Dubai"


@pytest.mark.parametrize("attributes, in_slack, is_told, is_asked", [
    (((TIMEZONE, AUCKLAND),), "Europe/London", True, False),
    (((TIMEZONE, "Europe/London"),), AUCKLAND, False, False),
    (((TIMEZONE, "Mars/Olympus"),), AUCKLAND, True, True),
    (((COUNTRY, "JP"),), "Europe/London", False, True),
    (((COUNTRY, "JP"),), None, True, True),
    ((), None, False, True),
])  # fmt: skip
def test_the_directory_s_word_comes_first_then_the_channel_s_then_the_country(
    start: Start,
    attributes: Stated,
    in_slack: str | None,
    *,
    is_told: bool,
    is_asked: bool,
) -> None:
    harness = at_night(start)
    harness.corp.change("dee", attributes=attributes)
    harness.poll()
    harness.soc.zones = {DEE: in_slack}
    news(harness, DEE)
    assert bool(harness.soc.to(DEE)) is is_told
    assert harness.soc.zones_asked == ([DEE] if is_asked else [])


@pytest.mark.parametrize("stated, is_asked", [(((TIMEZONE, AUCKLAND),), False), (((COUNTRY, "JP"),), True)])
@pytest.mark.parametrize("first", [(), ((TIMEZONE, "Mars/Olympus"),)])
def test_what_only_the_second_directory_states_of_a_person_counts(
    found: Start, first: Stated, stated: Stated, *, is_asked: bool
) -> None:
    harness = at_night(found, directories=("corp", "tenant"))
    harness.corp.put(facts("dee", attributes=first))
    harness.directories[1].put(facts("cloud-dee", email=DEE, attributes=stated))
    harness.settle()
    news(harness, DEE)
    assert harness.soc.to(DEE), "it is noon in Auckland, and eight in the morning in Tokyo"
    assert harness.soc.zones_asked == ([DEE] if is_asked else [])


@pytest.mark.parametrize("answer", [
    None, "", "US/Pacific-New", "Mars/Olympus", "../etc/passwd", "a" * 5000,
    Unreachable("nobody"), Rejected("odd"), DOWN, AuthFailed("revoked"),
])  # fmt: skip
def test_what_is_no_zone_and_a_channel_that_does_not_say_count_as_none_and_stop_nothing(
    start: Start, answer: str | ConnectorError | None
) -> None:
    harness = at_night(start)
    harness.corp.change("dee", attributes=((COUNTRY, "JP"),))
    harness.poll()
    harness.soc.zones = {DEE: answer}
    news(harness, DEE, CHANNEL, BEN)
    assert sorted(one.to.address for one in harness.soc.sent) == ["", DEE], "it is morning in Japan"
    assert stored(harness, DEE) is None


def test_an_old_name_that_is_still_a_zone_is_one(start: Start) -> None:
    harness = at_night(start)
    harness.soc.zones = {DEE: "NZ"}
    news(harness, DEE)
    assert [one.to.address for one in harness.soc.sent] == [DEE]


def test_of_several_channels_the_first_that_knows_says_it(start: Start) -> None:
    first, second, deaf = (FakeNotifier(name, knows_zones=name != "deaf") for name in ("one", "two", "deaf"))
    first.zones, second.zones = {BEN: AUCKLAND, CEM: Unreachable("nobody")}, {CEM: AUCKLAND}
    harness = start(notifiers=[deaf, first, second])
    harness.start(replace(harness.app.rules, holding=Holding(quiet=NIGHT)))
    news(harness, BEN, CEM)
    assert [stored(harness, one) for one in (BEN, CEM)] == [AUCKLAND, AUCKLAND]
    assert (first.zones_asked, second.zones_asked, deaf.zones_asked) == ([BEN, CEM], [CEM], [])


# --- who is asked, and when -----------------------------------------------------------------------


def test_each_is_asked_once_a_day_by_whatever_process(start: Start) -> None:
    harness = at_night(start)
    harness.soc.zones = {DEE: AUCKLAND}
    news(harness, DEE, BEN)
    news(harness, replace(person_at(DEE), name="Dee"), BEN, key="y")
    harness.start(harness.app.rules)
    news(harness, DEE, BEN, key="z")
    assert harness.soc.zones_asked == [BEN, DEE]
    harness.later(seconds=(ANSWER_LIFE + MINUTE).total_seconds())
    harness.soc.zones = {DEE: TOKYO}
    news(harness, DEE, key="later")
    assert DEE in harness.soc.zones_asked[2:]
    assert stored(harness, DEE) == TOKYO


def test_only_people_who_are_told_now_and_have_an_address_are_asked_about(start: Start) -> None:
    harness = at_night(start)
    harness.deliver()
    assert harness.soc.zones_asked == []
    news(harness, CHANNEL, "+447700900123")
    assert harness.soc.zones_asked == []
    late = OutMessage("alarm", person_at(BEN), "Alarm", Paragraph("Alarm"), is_alarm=True)
    harness.queue(late)
    harness.deliver()
    assert (harness.soc.zones_asked, len(harness.soc.to(BEN))) == ([], 1)


@pytest.mark.parametrize("quiet", [None, replace(NIGHT, timezone="Europe/London")])
def test_nobody_is_asked_about_without_quiet_hours_or_with_one_clock_for_all(
    start: Start, quiet: PersonalQuiet | None
) -> None:
    harness = at_night(start)
    harness.start(replace(harness.app.rules, holding=Holding(quiet=quiet)))
    news(harness, DEE)
    assert harness.soc.zones_asked == []


def test_so_many_are_asked_about_in_one_run_and_the_rest_in_the_next(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zones, "ASKED_MAX", 2)
    harness = at_night(start)
    harness.soc.zones = dict.fromkeys((BEN, CEM, DEE), "Asia/Dubai")
    news(harness, BEN, CEM, DEE)
    assert harness.soc.zones_asked == [BEN, CEM]
    news(harness, DEE, key="y")
    assert harness.soc.zones_asked == [BEN, CEM, DEE]


def test_a_channel_that_failed_at_the_time_of_a_wrong_clock_is_asked_again(start: Start) -> None:
    harness = at_night(start)
    harness.soc.zones = {BEN: DOWN, CEM: AUCKLAND}
    harness.later(days=40)
    news(harness, BEN)
    harness.later(days=-40)
    news(harness, CEM)
    assert harness.soc.zones_asked == [BEN, CEM]


def test_a_channel_that_fails_is_left_alone_for_a_while_and_what_it_said_goes_on(start: Start) -> None:
    harness = at_night(start)
    harness.soc.zones = {BEN: AUCKLAND, CEM: DOWN, DEE: AUCKLAND}
    news(harness, BEN, CEM, DEE)
    assert harness.soc.zones_asked == [BEN, CEM], "nobody else is asked about after a failure"
    assert [one.to.address for one in harness.soc.sent] == [BEN]
    news(harness, DEE, key="y")
    assert harness.soc.zones_asked == [BEN, CEM]

    harness.later(seconds=PAUSE.total_seconds())
    harness.soc.zones[CEM] = TOKYO
    news(harness, CEM, DEE, key="z")
    assert (stored(harness, CEM), stored(harness, DEE)) == (TOKYO, AUCKLAND)

    harness.later(days=1)
    harness.later(minutes=1)
    harness.soc.down = DOWN
    news(harness, BEN, key="again")
    assert stored(harness, BEN) == AUCKLAND, "what was said last counts until it is said anew"


@pytest.mark.parametrize("error", [Unreachable("nobody"), Rejected("odd")])
def test_an_error_about_one_person_is_an_answer_and_keeps_nobody_else_waiting(
    start: Start, error: ConnectorError
) -> None:
    harness = at_night(start)
    harness.soc.zones = {BEN: error, DEE: AUCKLAND}
    news(harness, BEN, DEE)
    news(harness, BEN, key="y")
    assert harness.soc.zones_asked == [BEN, DEE]
    assert len(harness.soc.to(DEE)) == 1


def test_the_channel_is_asked_outside_of_any_transaction(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = at_night(start)
    running: list[str] = []

    @contextmanager
    def noted(which: str, *lease: Any) -> Iterator[UnitOfWork]:
        with getattr(type(harness.store), which)(harness.store, *lease) as uow:
            running.append(which)
            yield uow
            running.remove(which)

    for which in ("begin", "reading"):
        monkeypatch.setattr(harness.store, which, partial(noted, which))
    seen: list[list[str]] = []
    monkeypatch.setattr(harness.soc, "zone_of", lambda _email: seen.append([*running]))
    with harness.store.reading():
        assert running == ["reading"]
    news(harness, DEE)
    assert seen == [[]]


# --- the preview ----------------------------------------------------------------------------------


def test_the_preview_says_what_is_held_then(start: Start) -> None:
    step = Step(After(share=0.5), (Target.ASSIGNEE, Target.CHANNEL))
    harness = at_night(start, rules=rules(policies=(Policy("test", (step,)),)))
    harness.soc.zones = {DEE: "America/Los_Angeles"}  # where the step comes at three in the morning
    harness.settle()
    harness.leave("ann")
    harness.settle()
    ticket = harness.ticket()
    app = harness.app
    app.zones.learn(harness.now, lambda uow: app.explainer.people(uow, ticket))
    assert harness.soc.zones_asked == [DEE], "the channel has no zone"
    with harness.store.reading() as uow:
        [shown] = app.explainer.explain(uow, ticket).steps
    [dee] = [one for one in shown.everybody if one.to.address == DEE]
    assert (dee.why, dee.held_until is not None) == ("quiet", True)

    harness.later(seconds=(shown.coming.at - harness.now).total_seconds())
    harness.escalate()
    harness.deliver()
    assert set(held(harness)) == {dee.held_until}
    with harness.store.reading() as uow:
        assert app.explainer.people(uow, ticket) == [], "no step is to come"


# --- forgotten ------------------------------------------------------------------------------------


def test_what_was_said_of_a_person_goes_when_they_are_erased(start: Start) -> None:
    harness = at_night(start)
    harness.soc.zones = {UNA: AUCKLAND, BEN: TOKYO}
    news(harness, UNA, BEN)
    harness.leave("una")
    harness.settle()
    assert stored(harness, UNA) == AUCKLAND
    harness.desk.erase("una", Actor("sam"), "asked to be", harness.now)
    assert (stored(harness, UNA), stored(harness, BEN)) == (None, TOKYO)


def test_what_nobody_asked_again_is_forgotten_at_night(start: Start) -> None:
    harness = at_night(start)
    harness.soc.zones = {DEE: AUCKLAND}
    news(harness, DEE)
    night = Retention(harness.store, None)
    night.run_once(harness.now + ZONE_LIFE)
    assert stored(harness, DEE) == AUCKLAND
    night.run_once(harness.now + ZONE_LIFE + MINUTE)
    assert stored(harness, DEE) is None
