"""The tokens of whoever has left are ended for good: neither erasing nor another's address brings them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from audit_checks import problems
from harness import Harness
from worker.app.acts.access import Access
from worker.app.jobs.retention import Retention
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, stated
from worker.ports.state.access import ApiToken

ZOE, SAM = "zoe@corp.example", Actor("sam", "os:sam")


@pytest.fixture
def staff(start: Callable[..., Harness]) -> Harness:
    harness = start()
    harness.hire("zoe", display_name="Zoe Quux", email=ZOE)
    harness.hire("ann", "ben", "dee", "kim")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


def _make(harness: Harness, name: str) -> str:
    return Access(harness.store).make_token(["people:write"], Actor(name, stated(name)), harness.now).text


def _token(harness: Harness, text: str) -> ApiToken:
    token = Access(harness.store).token(text)
    assert token is not None
    return token


def _leave(harness: Harness, who: str) -> None:
    harness.leave(who)
    harness.later()
    harness.settle()


def _revoked(harness: Harness) -> list[str]:
    kind = events.DESK_TOKEN_REVOKED
    return [one.entry.data["token"] for one in harness.journal() if one.entry.event == kind]


@pytest.mark.parametrize("name", [ZOE, "Zoe Quux", "zoe"])
def test_a_token_ends_with_the_erasing_of_whoever_made_it(staff: Harness, name: str) -> None:
    mine, other = _make(staff, name), _make(staff, "kim@corp.example")
    _leave(staff, "zoe")

    staff.desk.erase("zoe", SAM, "asked", staff.later())

    ended = _token(staff, mine)
    assert (ended.created_by, ended.is_good(staff.now)) == ("erased", False)
    assert _token(staff, other).is_good(staff.now)
    assert _revoked(staff) == [ended.id]
    assert problems(staff) == []


def test_a_token_ends_with_the_nightly_erasing_too(staff: Harness) -> None:
    mine = _make(staff, "Zoe Quux")
    _leave(staff, "zoe")
    staff.corp.delete("zoe")
    staff.poll(full=True)

    report = Retention(staff.store, timedelta(days=1)).run_once(staff.later(days=2))

    assert report.counts["erased"] == 1
    assert not _token(staff, mine).is_good(staff.now)
    assert _revoked(staff) == [_token(staff, mine).id]
    assert problems(staff) == []
