"""Messages that wait, and whose links are ended meanwhile: they arrive with a link that works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from harness import Harness
from worker.app.acts.access import Access
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.silences import Silence
from worker.domain.evidence.actor import Actor
from worker.storage.sql.tables import outbox

Start = Callable[..., Harness]
SAM = Actor("sam")
NURSE = "+447700900003"  # dee's
NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "Europe/London", "GB")


@pytest.fixture
def night(start: Start) -> Harness:
    """It is nine in the evening, and what Dee is told of Ann's leaving waits for the morning."""
    harness = start(has_links=True)
    harness.start(replace(harness.app.rules, holding=Holding(quiet=NIGHT)))
    harness.later(hours=21 - harness.now.hour)
    harness.leave("ann")
    harness.settle()
    assert links(harness) == []
    return harness


def links(harness: Harness) -> list[str]:
    """The links to Dee's pages in what is sent now."""
    before = len(harness.soc.sent)
    harness.deliver()
    said = [part for message in harness.soc.sent[before:] for part in message.paragraphs]
    return [part.link for part in said if part.link and "/t/" in part.link]


def revoked(harness: Harness) -> None:
    harness.assigned.revoke(1, SAM, harness.now, "was forwarded to a private mailbox")


def rotated(harness: Harness) -> None:
    Access(harness.store).rotate_key(SAM, harness.now, "a backup was lost")


@pytest.mark.parametrize("end", [revoked, rotated])
def test_links_that_were_ended_in_the_night(night: Harness, end: Callable[[Harness], None]) -> None:
    night.later(hours=1)
    end(night)
    night.later(hours=10)
    [link] = links(night)
    assert night.assigned.look(link.rpartition("/t/")[2], night.now).ticket.id == 1


@pytest.fixture
def passing(start: Start) -> Harness:
    """It is nine in the evening, and in the morning Eve is asked to pass on to Dee, who has a phone alone, her link."""
    harness = start(has_links=True)
    harness.start(replace(harness.app.rules, holding=Holding(quiet=NIGHT)))
    harness.later(hours=21 - harness.now.hour)
    harness.corp.change("dee", email=None, manager_id="eve")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    assert harness.titles() == []
    return harness


def passed_on(harness: Harness) -> list[str]:
    """The texts that Eve is asked to send now."""
    before = len(harness.soc.sent)
    harness.deliver()
    said = [part for message in harness.soc.sent[before:] for part in message.paragraphs]
    return [parse_qs(urlsplit(part.link).query)["text"][0] for part in said if part.link]


@pytest.mark.parametrize("end", [revoked, rotated])
def test_a_link_within_what_is_passed_on(passing: Harness, end: Callable[[Harness], None]) -> None:
    passing.later(hours=1)
    end(passing)
    passing.later(hours=10)
    [text] = passed_on(passing)
    before, _, link = text.rpartition(" ")
    assert before == "Please do this: Remove Ann from Ward 7."
    assert passing.assigned.look(link.rpartition("/t/")[2], passing.now).ticket.id == 1


def test_one_that_is_good_for_long_stays_within_it(passing: Harness) -> None:
    made = passing.link(1)
    passing.later(hours=11)
    assert passed_on(passing) == [f"Please do this: Remove Ann from Ward 7. {made}"]


def test_what_an_earlier_release_wanted_passed_on_gets_nobody_s_new_link(passing: Harness) -> None:
    """It does not say to whom: the ticket may be somebody else's by now."""
    forget = sa.update(outbox).values(key=sa.func.replace(outbox.c.key, f":assignee:{NURSE}", ""))
    with passing.engine.begin() as connection:
        connection.execute(forget)
    made = passing.link(1)
    revoked(passing)
    passing.later(hours=11)
    [text] = passed_on(passing)
    assert text.endswith(f" {made}")


def test_the_desk_s_new_address(night: Harness) -> None:
    moved = replace(night.app.rules.links, base="https://desk.example.org")
    night.start(replace(night.app.rules, links=moved))
    night.later(hours=11)
    [link] = links(night)
    assert link.startswith("https://desk.example.org/t/")


def test_a_link_that_is_good_for_long_stays(night: Harness) -> None:
    made = night.link(1)
    night.later(hours=11)
    assert links(night) == [made]


def test_a_silence_that_lasts_as_long_as_links(start: Start) -> None:
    harness = start(has_links=True)
    what = Silence(
        "", harness.now, harness.now + timedelta(days=30), "sam", "The ward moves", groups=("Ward 7",)
    )
    harness.app.silencing.silence(what, SAM, harness.now)
    harness.leave("ann")
    harness.settle()
    assert links(harness) == []
    harness.later(days=30, minutes=1)
    link = links(harness)[0]
    assert harness.assigned.look(link.rpartition("/t/")[2], harness.now).ticket.id == 1
