"""Rounds that say one thing of somebody while the server that is asked about them says another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.directory.entra.read import doubts
from connectors.directory.entra.read.cursor import Cursor
from contracts.directory_world import Drained, read_pass
from fakes.graph import faults
from fakes.graph.setup import Lab

HOUR = timedelta(hours=1)


@pytest.fixture
def lagging(lab: Lab) -> Lagging:
    return Lagging(lab)


class Lagging:
    """Ann, of whom a replica has the record of before."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.ann = lab.tenant.add(displayName="Ann")
        self.directory, self.first = lab.first()
        self._old = {"id": self.ann, "userType": "Member", "displayName": "Ann", "accountEnabled": True}

    def lag(self, times: int | None = 1) -> None:
        rules = self.lab.entra.graph.faults
        rules.add(faults.stale(self._old), path=f"*/users/{self.ann}", times=times)
        rules.add(faults.not_found(), path=f"*/deletedItems/{self.ann}", times=times)

    def read(self, before: Drained) -> Drained:
        self.lab.tenant.advance(timedelta(minutes=5))
        return read_pass(self.directory, before.end.cursor)

    def has_left(self, drained: Drained) -> bool:
        """Whether a pass shows that Ann has left; one without her proves that she has not been shown to."""
        facts = drained.people.get(self.ann)
        return facts is not None and (facts.is_deleted or facts.enabled is False)


@pytest.mark.parametrize("deed", ["disable", "delete"])
def test_who_left_and_is_read_from_a_replica_that_lags_is_read_again(lagging: Lagging, deed: str) -> None:
    getattr(lagging.lab.tenant, deed)(lagging.ann)
    lagging.lag()
    second = lagging.read(lagging.first)
    assert not lagging.has_left(second)

    third = lagging.read(second)
    assert lagging.has_left(third)
    assert Cursor.load(third.end.cursor).doubts == {}
    assert lagging.read(third).people == {}, "once both agree, nothing is read again"


def test_somebody_whom_a_replica_lost_meanwhile_stays_in_doubt(lagging: Lagging) -> None:
    lagging.lab.tenant.disable(lagging.ann)
    lagging.lag()
    second = lagging.read(lagging.first)
    lagging.lab.entra.graph.faults.add(faults.not_found(), path=f"*/users/{lagging.ann}")
    third = lagging.read(second)

    assert third.people == {}
    assert lagging.has_left(lagging.read(third))


def test_who_is_disabled_and_then_deleted_is_in_doubt_no_more(lagging: Lagging) -> None:
    lagging.lab.tenant.disable(lagging.ann)
    lagging.lag()
    second = lagging.read(lagging.first)
    lagging.lab.tenant.delete(lagging.ann)
    third = lagging.read(second)

    assert third.people[lagging.ann].is_deleted
    assert Cursor.load(third.end.cursor).doubts == {}


@pytest.mark.parametrize("deed", ["disable", "delete"])
def test_a_doubt_ends_after_an_hour(lagging: Lagging, deed: str) -> None:
    """The round's word alone makes nobody a leaver: it may be of yesterday."""
    getattr(lagging.lab.tenant, deed)(lagging.ann)
    lagging.lag(None)
    drained = lagging.read(lagging.first)
    since = {one.since for one in Cursor.load(drained.end.cursor).doubts.values()}
    drained = lagging.read(drained)
    assert {one.since for one in Cursor.load(drained.end.cursor).doubts.values()} == since
    assert not lagging.has_left(drained)

    lagging.lab.tenant.advance(HOUR)
    assert lagging.read(drained).people == {}


def test_only_so_many_are_in_doubt_at_once(lagging: Lagging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "DOUBTS_MAX", 0)
    lagging.lab.tenant.disable(lagging.ann)
    lagging.lag()
    assert Cursor.load(lagging.read(lagging.first).end.cursor).doubts == {}
