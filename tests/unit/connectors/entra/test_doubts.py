"""Rounds that say one thing of somebody while the server that is asked about them says another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.directory.entra.read import doubts
from connectors.directory.entra.read.cursor import Cursor
from contracts.directory_world import Drained, read_pass
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab
from worker.ports import Transient

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
        self.old = {"id": self.ann, "userType": "Member", "displayName": "Ann", "accountEnabled": True}

    def lag(self, times: int | None = 1) -> None:
        rules = self.lab.entra.graph.faults
        rules.add(faults.stale(self.old), path=f"*/users/{self.ann}", times=times)
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


@pytest.mark.parametrize("fault", [faults.server_error(), faults.denied()], ids=["500", "403"])
@pytest.mark.parametrize("deed", ["disable", "delete"])
def test_one_whom_graph_fails_to_show_keeps_nobody_else_from_being_read(
    lagging: Lagging, deed: str, fault: Fault
) -> None:
    tenant, ann = lagging.lab.tenant, lagging.ann
    ben = tenant.add()
    before = read_pass(lagging.directory, lagging.first.end.cursor)
    getattr(tenant, deed)(ann)
    tenant.disable(ben)
    lagging.lab.entra.graph.faults.add(fault, path=f"*/{ann}", times=None)
    second = read_pass(lagging.directory, before.end.cursor)
    third = read_pass(lagging.directory, second.end.cursor, full=True)
    for one in (second, third) if deed == "disable" else (second,):  # no list has who is deleted
        assert one.people[ben].enabled is False
        assert ann not in one.people
        [aside] = one.malformed
        assert (aside.record_id, f"The user is {ann}" in str(aside)) == (ann, True)
    alarms = [one.message for one in lagging.directory.concerns() if one.about == "single users"]
    assert [f"The user is {ann}" in one for one in alarms] == ([True] if deed == "disable" else [])

    lagging.lab.entra.graph.faults.clear()
    assert lagging.has_left(lagging.read(third))
    assert not lagging.directory.concerns()


def test_more_than_ten_whom_graph_fails_to_show_end_the_pass(lagging: Lagging) -> None:
    more = [lagging.lab.tenant.add() for _ in range(10)]
    before = read_pass(lagging.directory, lagging.first.end.cursor)
    for one in (lagging.ann, *more):
        lagging.lab.tenant.disable(one)
    lagging.lab.entra.graph.faults.add(faults.server_error(), path="*/users/*-*", times=None)
    with pytest.raises(Transient, match=r"answered 500 .* The user is "):
        lagging.read(before)


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


LIST = "/v1.0/users"


def list_old(lagging: Lagging, *, enabled: bool = True) -> None:
    """From now on, the nightly list shows Ann as she was."""
    old = {**lagging.old, "accountEnabled": enabled, "employeeLeaveDateTime": None}

    def edited(answer: dict[str, Any]) -> dict[str, Any]:
        others = [user for user in answer["value"] if user["id"] != lagging.ann]
        return {**answer, "value": [*others, old]}

    lagging.lab.entra.graph.faults.add(faults.Fault(edit=edited), path=LIST, times=None)


def nightly(lagging: Lagging, before: Drained) -> Drained:
    lagging.lab.tenant.advance(timedelta(minutes=5))
    return read_pass(lagging.directory, before.end.cursor, full=True)


def asked(lagging: Lagging) -> int:
    """How often Graph was asked about a single user."""
    ids = {user.id for user in lagging.lab.tenant.live()}
    return sum(one.path.rpartition("/")[2] in ids for one in lagging.lab.entra.graph.log)


@pytest.mark.parametrize("deed", ["disable", "delete"])
def test_a_nightly_list_that_lags_brings_nobody_back_who_left(lagging: Lagging, deed: str) -> None:
    getattr(lagging.lab.tenant, deed)(lagging.ann)
    second = lagging.read(lagging.first)
    list_old(lagging)

    third = nightly(lagging, second)

    assert lagging.has_left(third)
    assert not third.end.may_be_behind
    assert Cursor.load(third.end.cursor).removed.keys() == ({lagging.ann} if deed == "delete" else set())


def test_a_nightly_list_that_lags_takes_nobody_out_who_is_enabled_again(lagging: Lagging) -> None:
    lagging.lab.tenant.disable(lagging.ann)
    second = lagging.read(lagging.first)
    lagging.lab.tenant.enable(lagging.ann)
    third = lagging.read(second)
    list_old(lagging, enabled=False)

    assert not lagging.has_left(nightly(lagging, third))


def test_a_nightly_list_that_lags_undoes_no_leave_date(lagging: Lagging) -> None:
    lagging.lab.tenant.change(lagging.ann, employeeLeaveDateTime="2026-12-31T00:00:00Z")
    second = lagging.read(lagging.first)
    list_old(lagging)

    assert nightly(lagging, second).people[lagging.ann].leave_at == second.people[lagging.ann].leave_at


@pytest.mark.parametrize("deed", ["disable", "delete"])
def test_where_the_single_answer_lags_as_the_list_does_the_next_round_reads_again(
    lagging: Lagging, deed: str
) -> None:
    getattr(lagging.lab.tenant, deed)(lagging.ann)
    second = lagging.read(lagging.first)
    list_old(lagging)
    lagging.lag()

    third = nightly(lagging, second)

    assert third.end.may_be_behind, "so that whoever left lately is not back by it"
    assert lagging.has_left(lagging.read(third))


def test_a_restore_that_only_the_nightly_list_shows_is_believed(lagging: Lagging) -> None:
    lagging.lab.tenant.delete(lagging.ann)
    second = lagging.read(lagging.first)
    lagging.lab.tenant.advance(2 * HOUR)
    lagging.lab.tenant.restore(lagging.ann)

    third = nightly(lagging, second)

    assert not lagging.has_left(third)
    assert not third.end.may_be_behind
    assert Cursor.load(third.end.cursor).removed == {}


def test_somebody_purged_whom_a_nightly_list_still_shows_stays_deleted(lagging: Lagging) -> None:
    lagging.lab.tenant.add()
    lagging.lab.tenant.delete(lagging.ann)
    second = lagging.read(lagging.first)
    lagging.lab.tenant.purge(lagging.ann)
    lagging.lab.tenant.advance(2 * HOUR)
    list_old(lagging)

    third = nightly(lagging, second)

    assert lagging.has_left(third)
    assert Cursor.load(third.end.cursor).purged == {lagging.ann}


def test_who_is_listed_and_not_found_singly_is_here(lagging: Lagging) -> None:
    lagging.lab.tenant.change(lagging.ann, displayName="Ann B")
    second = lagging.read(lagging.first)
    lagging.lab.entra.graph.faults.add(faults.not_found(), path=f"*/users/{lagging.ann}")

    assert nightly(lagging, second).people[lagging.ann].enabled is True


@pytest.mark.parametrize("is_found", [False, True], ids=["by the round's word", "found singly"])
def test_a_nightly_list_that_lacks_who_has_just_joined_takes_nobody_out(
    lagging: Lagging, *, is_found: bool
) -> None:
    rules = lagging.lab.entra.graph.faults
    ben = lagging.lab.tenant.add()
    if not is_found:
        rules.add(faults.not_found(), path=f"*/{ben}", times=None)
    second = lagging.read(lagging.first)
    assert second.people[ben].enabled is True
    list_without(lagging, ben)
    rules.add(faults.not_found(), path=f"*/{ben}", times=None)

    third = nightly(lagging, second)

    assert ben not in third.people
    assert third.end.may_be_behind, "so that whoever came lately has not left by it"
    rules.clear()
    assert lagging.read(third).people[ben].enabled is True, "no round names them again, so each one asks"


def test_a_nightly_list_that_lacks_who_has_just_left_is_not_behind(lagging: Lagging) -> None:
    lagging.lab.tenant.delete(lagging.ann)
    second = lagging.read(lagging.first)
    assert not nightly(lagging, second).end.may_be_behind


def list_without(lagging: Lagging, user_id: str) -> None:
    """From now on, the nightly list lacks somebody."""

    def edited(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "value": [user for user in answer["value"] if user["id"] != user_id]}

    lagging.lab.entra.graph.faults.add(faults.Fault(edit=edited), path=LIST, times=None)


def test_a_nightly_list_is_read_singly_for_those_alone_who_changed_within_the_hour(lagging: Lagging) -> None:
    for _ in range(5):
        lagging.lab.tenant.add()
    directory, lagging.first = lagging.lab.first()
    lagging.directory = directory
    lagging.lab.tenant.change(lagging.ann, displayName="Ann B")
    second = lagging.read(lagging.first)
    before = asked(lagging)
    nightly(lagging, second)
    assert asked(lagging) - before == 1

    lagging.lab.tenant.advance(HOUR)
    nightly(lagging, second)
    assert asked(lagging) - before == 1
    assert Cursor.load(lagging.read(second).end.cursor).seen == {}


def test_only_so_many_are_remembered(lagging: Lagging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "DOUBTS_MAX", 1)
    ben = lagging.lab.tenant.add()
    second = lagging.read(lagging.first)
    lagging.lab.tenant.disable(lagging.ann)
    third = lagging.read(second)

    assert Cursor.load(second.end.cursor).seen.keys() == {ben}
    assert Cursor.load(third.end.cursor).seen.keys() == {lagging.ann}
