"""What a configuration held is asked about again by the next one, at its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time

from harness import Harness
from silenced import DEE, HOUR, SAM, late_company, silence, told
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.silences import Silence

Start = Callable[..., Harness]


def configured(h: Harness, *silences: Silence) -> None:
    """Start with these silences in the configuration, or none."""
    h.start(replace(h.app.rules, holding=Holding(silences)))


def moving(h: Harness, hours: int) -> Silence:
    return Silence("config-1", h.now, h.now + hours * HOUR, "sam", "Moving house", groups=("*",))


def silenced(start: Start) -> Harness:
    """Ann's leaving is told to nobody, for 25 days by the configuration."""
    h = start()
    configured(h, moving(h, hours=25 * 24))
    h.leave("ann")
    h.settle()
    assert told(h) == []
    return h


def test_a_silence_that_was_taken_out_lets_go_what_it_held(start: Start) -> None:
    h = silenced(start)
    h.later(hours=2)
    assert told(h) == []
    configured(h)
    assert told(h) == [DEE]


def test_a_silence_that_was_shortened_holds_until_its_new_end(start: Start) -> None:
    h = silenced(start)
    configured(h, moving(h, hours=2))
    h.later(hours=1)
    assert told(h) == []
    h.later(hours=1)
    assert told(h) == [DEE]


def test_quiet_hours_that_were_taken_out_let_go_what_they_held(start: Start) -> None:
    h = start()
    night = PersonalQuiet(QuietHours(time(20), time(7)), "Europe/London", "GB")
    h.start(replace(h.app.rules, holding=Holding(quiet=night)))
    h.later(hours=21 - h.now.hour)
    h.leave("ann")
    h.settle()
    assert told(h) == []
    configured(h)
    assert told(h) == [DEE]


def test_a_silence_that_somebody_made_goes_on(start: Start) -> None:
    h = late_company(start)
    silence(h, 48, people=(DEE,))
    h.later(hours=13)
    assert told(h) == []
    configured(h)
    assert told(h) == []
    h.later(hours=36)
    assert DEE in told(h)


def test_a_snooze_goes_on(start: Start) -> None:
    h = late_company(start)
    h.later(hours=13)
    h.escalate()
    h.desk.snooze(1, SAM, 24 * HOUR, h.now)
    configured(h)
    assert told(h) == []
    h.later(hours=24)
    assert DEE in told(h)
