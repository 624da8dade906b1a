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
from worker.domain.reconcile.guard import GuardLimits
from worker.ports.state.access import ApiToken, Visitor

OBJECT = "0f8fad5b-d9cb-469f-a165-70867728950e"
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


def _sign_in(harness: Harness, session: str, visitor: Visitor) -> None:
    with harness.store.begin() as uow:
        uow.access.add_session(session, visitor, harness.now, harness.now + timedelta(hours=12))


def _sessions(harness: Harness) -> set[str]:
    with harness.store.reading() as uow:
        return set(uow.access.sessions(harness.now))


def test_an_end_stays_when_the_address_is_given_to_somebody_else_who_is_here(staff: Harness) -> None:
    mine, other = _make(staff, ZOE.upper()), _make(staff, "kim@corp.example")
    _sign_in(staff, "hers", Visitor(ZOE, ("approver",), "https://id.example 7"))
    _sign_in(staff, "of kim", Visitor("kim@corp.example", ("approver",), "https://id.example 8"))
    _leave(staff, "zoe")
    assert _revoked(staff) == [_token(staff, mine).id]
    assert _token(staff, mine).revoked_at == staff.now

    staff.hire("zoe-2", display_name="Zoe Newer", email=ZOE)
    staff.later()
    staff.settle(full=True)

    assert not _token(staff, mine).is_good(staff.now)
    assert _token(staff, other).is_good(staff.now)
    assert _sessions(staff) == {"of kim"}
    assert _revoked(staff) == [_token(staff, mine).id]
    assert [one for one in problems(staff) if one.startswith("token")] == []


def test_a_session_known_by_the_directory_s_id_ends_with_the_leaving(staff: Harness) -> None:
    staff.hire(OBJECT, "lee")
    staff.settle()
    _sign_in(staff, "hers", Visitor("Una Quux", ("viewer",), f"https://id.example {OBJECT.upper()}"))
    _sign_in(staff, "of another", Visitor("Una Quux", ("viewer",), f"https://id.example {OBJECT[:-1]}f"))

    _leave(staff, "lee")
    assert _sessions(staff) == {"hers", "of another"}
    _leave(staff, OBJECT)
    assert _sessions(staff) == {"of another"}


@pytest.mark.parametrize("release, ended", [(True, 1), (False, 0)])
def test_nothing_ends_while_the_guard_holds_the_leaving(
    start: Callable[..., Harness], release: bool, ended: int
) -> None:
    harness = start(limits=GuardLimits(leavers_max=2))
    harness.hire("zoe", "ann", "ben", "dee", "kim")
    harness.group("ward-7", "zoe", "ann", "ben", admins=["dee"])
    harness.settle()
    _make(harness, "zoe@corp.example")
    harness.leave("zoe", "ann", "ben")
    harness.later()
    harness.settle()
    harness.settle(full=True)
    assert _revoked(harness) == []

    harness.decide(release=release)

    assert len(_revoked(harness)) == ended


def test_at_night_ends_what_did_not_end_with_a_leaving(staff: Harness) -> None:
    """As what was made under a release before, or under a leaver's address since."""
    _leave(staff, "zoe")
    mine = _make(staff, ZOE)
    staff.settle()
    assert _token(staff, mine).is_good(staff.now)

    staff.settle(full=True)

    assert not _token(staff, mine).is_good(staff.now)


def test_whoever_comes_back_makes_a_new_token(staff: Harness) -> None:
    before = _make(staff, ZOE)
    _leave(staff, "zoe")
    staff.hire("zoe", display_name="Zoe Quux", email=ZOE)
    staff.later()
    staff.settle(full=True)
    after = _make(staff, ZOE)
    staff.settle(full=True)

    assert not _token(staff, before).is_good(staff.now)
    assert _token(staff, after).is_good(staff.now)
