"""Visits to the console, and what changed between them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from harness import Harness, company_fixture
from worker.app.reads.since import Since, keep_visit, since, with_look
from worker.domain.evidence.actor import Actor
from worker.ports import AuthFailed
from worker.ports.state.access import VISITS_KEPT
from worker.ports.state.store import Store


def looked(store: Store, who: str, now: datetime) -> datetime | None:
    """Look at the console; return when the visit before this one ended."""
    with store.reading() as uow:
        kept = uow.access.visit(who)
    visit = with_look(kept, now)
    if visit != kept:
        keep_visit(store, who, visit)
    return visit.before_at


@company_fixture
def ward() -> Harness:
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    return harness


def test_the_first_look_has_none_before_it(ward: Harness) -> None:
    assert looked(ward.store, "sam", ward.now) is None
    assert looked(ward.store, "sam", ward.later(minutes=59)) is None


def test_a_visit_goes_on_for_as_long_as_somebody_looks_every_hour(ward: Harness) -> None:
    looked(ward.store, "sam", ward.now)
    ended = ward.later(minutes=30)
    looked(ward.store, "sam", ended)
    seen = [looked(ward.store, "sam", ward.later(minutes=minutes)) for minutes in (60, 59, 59)]
    assert seen == [ended] * 3
    assert looked(ward.store, "kim", ward.now) is None


def test_looks_within_a_minute_write_once(ward: Harness) -> None:
    first = ward.now
    looked(ward.store, "sam", first)
    looked(ward.store, "sam", ward.later(seconds=59))
    with ward.store.reading() as uow:
        visit = uow.access.visit("sam")
    assert visit is not None
    assert visit.last_at == first


def test_who_was_away_for_long_is_forgotten(ward: Harness) -> None:
    looked(ward.store, "sam", ward.now)
    ward.now += VISITS_KEPT + timedelta(seconds=1)
    looked(ward.store, "kim", ward.now)
    with ward.store.reading() as uow:
        assert uow.access.visit("sam") is None
        assert uow.access.visit("kim") is not None


def test_what_changed_is_counted(ward: Harness) -> None:
    before = ward.later()
    ward.leave("ann", "ben")
    ward.settle()
    ward.desk.done(1, Actor("dee"), ward.later())
    ward.wards.remove_member("ward-7", ward.number("ann"))
    ward.later()
    ward.settle()
    ward.later(hours=30)
    ward.corp.fail(AuthFailed("refused."))
    ward.poll()
    with ward.store.reading() as uow:
        assert since(uow, before, ward.now) == Since(before, 2, 1, 1, ("corp",))
        assert since(uow, ward.now + timedelta(seconds=1), ward.now).is_quiet
    assert not Since(before, 0, 0, 0, ("corp",)).is_quiet


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_any_of_it_is_a_change(ward: Harness, counts: tuple[int, int, int]) -> None:
    assert not Since(ward.now, *counts, ()).is_quiet
