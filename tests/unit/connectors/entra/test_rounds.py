"""Passes over a fake tenant: what a delta tells, what it hides, and every way in which a round proves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.directory.entra import connector
from connectors.directory.entra.config import LEAVE_DATE
from connectors.directory.entra.read.cursor import Cursor
from contracts.directory_world import Drained, read_pass, read_until_error
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab
from fakes.graph.tokens import LEAVE_DATE_ROLE
from worker.ports import ConnectorError, CursorExpired, Incomplete, PassEnd, PermissionDenied, Transient

DELTA = "*/users/delta"
HOUR = timedelta(hours=1)


def refusal(lab: Lab, directory: Any, cursor: str | None, *, full: bool = False) -> ConnectorError:
    items, error = read_until_error(directory, cursor, full=full)
    assert error is not None
    assert not any(isinstance(item, PassEnd) for item in items), "a pass that failed has no end"
    return error


def is_enabled(drained: Drained, user_id: str) -> bool | None:
    return drained.people[user_id].enabled


@pytest.mark.parametrize(
    "settings",
    [{}, {"empty_pages": 3}, {"is_verbose": True}, {"replays": 50}, {"page_size": 1}, {"page_size": 2}],
)
def test_the_last_word_counts_however_a_round_is_told(lab: Lab, settings: dict[str, Any]) -> None:
    for name, value in settings.items():
        setattr(lab.entra.graph.delta.settings, name, value)
    ann, ben, cy = (lab.tenant.add(displayName=name) for name in ("Ann", "Ben", "Cy"))
    directory, first = lab.first()
    assert first.people.keys() == {ann, ben, cy}

    lab.tenant.disable(ann)
    lab.tenant.enable(ann)
    lab.tenant.disable(ben)
    lab.tenant.delete(cy)
    second = read_pass(directory, first.end.cursor)

    assert is_enabled(second, ann) is True
    assert is_enabled(second, ben) is False
    assert second.people[cy].is_deleted
    lab.tenant.advance(timedelta(minutes=1))
    third = read_pass(directory, second.end.cursor)
    assert third.end.cursor != second.end.cursor, "each round gives a link of its own"


def test_a_round_without_news_says_so(lab: Lab) -> None:
    lab.tenant.add()
    directory, first = lab.first()

    assert read_pass(directory, first.end.cursor).end.is_unchanged


def test_removed_and_restored_in_one_round_is_here(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.delete(ann)
    lab.tenant.restore(ann)

    assert not read_pass(directory, first.end.cursor).people[ann].is_deleted


def test_restored_and_removed_again_in_one_round_is_gone(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.delete(ann)
    second = read_pass(directory, first.end.cursor)
    lab.tenant.restore(ann)
    lab.tenant.delete(ann)

    assert read_pass(directory, second.end.cursor).people[ann].is_deleted


def test_a_restore_that_no_delta_shows_is_seen_within_the_hour(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.delete(ann)
    second = read_pass(directory, first.end.cursor)
    assert second.people[ann].is_deleted
    lab.tenant.restore(ann)
    assert read_pass(directory, second.end.cursor).people == {}

    lab.tenant.advance(HOUR)

    assert not read_pass(directory, second.end.cursor).people[ann].is_deleted


def test_a_restore_is_seen_within_the_hour_after_a_clock_that_was_ahead(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.delete(ann)
    cursor = read_pass(directory, first.end.cursor).end.cursor
    lab.tenant.restore(ann)
    lab.tenant.advance(HOUR)
    at = lab.tenant.now + timedelta(days=60)
    ahead = replace(Cursor.load(cursor), taken_at=at, looked_at=at)

    got = read_pass(directory, ahead.dump())

    assert is_enabled(got, ann) is True
    assert got.end.taken_at == lab.tenant.now


def test_who_was_purged_stays_deleted_and_is_looked_at_no_more(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.delete(ann)
    second = read_pass(directory, first.end.cursor)
    lab.tenant.purge(ann)
    lab.tenant.advance(HOUR)

    third = read_pass(directory, second.end.cursor)

    assert third.people[ann].is_deleted
    assert directory.look_up(ann) is None


@pytest.mark.parametrize(
    "fault",
    [
        faults.gone(),
        faults.gone(code="resyncRequired"),
        faults.sync_state_not_found(),
        faults.sync_state_not_found("SyncStateNotFound"),
    ],
)
def test_a_reset_starts_a_full_pass_and_a_second_one_does_too(lab: Lab, fault: Fault) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.faults.add(fault, path=DELTA, times=2)

    assert isinstance(refusal(lab, directory, first.end.cursor), CursorExpired)
    assert isinstance(refusal(lab, directory, None), CursorExpired)
    assert len(read_pass(directory, None).people) == 1


@pytest.mark.parametrize(
    "fault, kind", [(faults.page_token_expired(), CursorExpired), (faults.cut_body(), Transient)]
)
def test_a_round_that_breaks_off_leaves_the_old_cursor_good(
    lab: Lab, fault: Fault, kind: type[ConnectorError]
) -> None:
    lab.entra.graph.delta.settings.page_size = 1
    people = [lab.tenant.add() for _ in range(3)]
    directory, first = lab.first()
    for user_id in people:
        lab.tenant.disable(user_id)
    lab.entra.graph.faults.add(fault, path=DELTA, skip=1)

    assert isinstance(refusal(lab, directory, first.end.cursor), kind)
    assert {is_enabled(read_pass(directory, first.end.cursor), one) for one in people} == {False}


def test_a_link_of_more_than_six_days_is_not_tried(lab: Lab) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.advance(timedelta(days=6, seconds=1))
    before = len(lab.entra.graph.log)

    assert isinstance(refusal(lab, directory, first.end.cursor), CursorExpired)
    assert len(lab.entra.graph.log) == before


@pytest.mark.parametrize(
    "changes",
    [{"scope": {"user_types": ["Member", "Guest"]}}, {"attributes": {"long_leave": "officeLocation"}}],
)
def test_a_cursor_of_another_configuration_is_not_used(lab: Lab, changes: dict[str, Any]) -> None:
    lab.tenant.add()
    _, first = lab.first()

    assert isinstance(refusal(lab, lab.directory(**changes), first.end.cursor), CursorExpired)


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "null", "not ours", '{"link":1}'])
def test_a_cursor_that_is_not_ours_is_not_used(lab: Lab, cursor: str) -> None:
    assert isinstance(refusal(lab, lab.directory(), cursor), CursorExpired)


@pytest.mark.parametrize("fault", [faults.without_links(), faults.without("value")])
def test_a_page_without_links_or_list_proves_nothing(lab: Lab, fault: Fault) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.faults.add(fault, path=DELTA, times=2)

    assert isinstance(refusal(lab, directory, None), Incomplete)
    assert isinstance(refusal(lab, directory, first.end.cursor), Incomplete)


def test_a_nightly_list_says_how_many_there_must_be_at_least(lab: Lab) -> None:
    """`$count` is of some minutes ago. Those who are listed twice count once, which the worker does."""
    for _ in range(1000):
        lab.tenant.add()
    directory, first = lab.first()

    nightly = read_pass(directory, first.end.cursor, full=True)

    assert nightly.end.total == 985


def test_a_nightly_list_keeps_the_link_of_the_delta(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.disable(ann)
    nightly = read_pass(directory, first.end.cursor, full=True)

    assert nightly.end.is_full
    assert is_enabled(nightly, ann) is False
    assert is_enabled(read_pass(directory, nightly.end.cursor), ann) is False


def test_a_tenant_that_says_of_nobody_whether_they_are_enabled_proves_nothing(lab: Lab) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.faults.add(faults.limited_info("accountEnabled"), path="*/users*", times=None)

    for full in (False, True):
        error = refusal(lab, directory, first.end.cursor if full else None, full=full)
        assert isinstance(error, PermissionDenied)
        assert error.missing == "User.Read.All"


def test_without_its_permission_the_leave_date_is_left_out_and_the_rest_goes_on(lab: Lab) -> None:
    lab.entra.tokens.app.roles.discard(LEAVE_DATE_ROLE)
    ann = lab.tenant.add(employeeLeaveDateTime="2026-12-31T00:00:00Z")

    directory, first = lab.first()

    assert first.people[ann].enabled is True
    assert first.people[ann].leave_at is None
    assert "employeeLeaveDateTime" not in lab.entra.graph.seen("/users/delta")[0].query["$select"]
    assert directory.check().details["leave_dates"] == (f"can't be read: {LEAVE_DATE_ROLE} is missing")


def test_leave_dates_that_graph_does_not_show_at_all_are_left_out_and_said(lab: Lab) -> None:
    ann = lab.tenant.add(employeeLeaveDateTime="2026-12-31T00:00:00Z")
    lab.entra.graph.faults.add(faults.unshown(LEAVE_DATE), path="*/users*", times=None)

    directory, first = lab.first()

    assert first.people[ann].leave_at is None
    assert directory.check().details["leave_dates"] == f"can't be read: {LEAVE_DATE_ROLE} is missing"


def test_leave_dates_that_may_be_read_no_more_are_not_gone(lab: Lab) -> None:
    lab.tenant.add(employeeLeaveDateTime="2026-12-31T00:00:00Z")
    _, first = lab.first()
    lab.entra.tokens.app.roles.discard(LEAVE_DATE_ROLE)

    for full in (False, True):
        error = refusal(lab, lab.directory(), first.end.cursor, full=full)
        assert isinstance(error, PermissionDenied)
        assert error.missing == LEAVE_DATE_ROLE
        assert "attributes.leave_date: null" in error.remedy

    given_up = lab.directory(attributes={"leave_date": None})
    assert isinstance(refusal(lab, given_up, first.end.cursor), CursorExpired)


def test_after_a_refusal_it_is_found_out_whether_leave_dates_may_be_read(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.disable(ann)
    lab.entra.graph.faults.add(faults.denied(), path="*/users/delta")
    assert isinstance(refusal(lab, directory, first.end.cursor), PermissionDenied)
    probes = [seen for seen in lab.entra.graph.seen("/users") if seen.query.get("$top") == "1"]

    assert is_enabled(read_pass(directory, first.end.cursor), ann) is False
    again = [seen for seen in lab.entra.graph.seen("/users") if seen.query.get("$top") == "1"]
    assert (len(probes), len(again)) == (1, 3)


def test_a_list_of_the_deleted_that_is_refused_spoils_no_pass_and_is_asked_again(lab: Lab) -> None:
    ann, ben = lab.tenant.add(), lab.tenant.add()
    lab.tenant.delete(ben)
    lab.entra.graph.faults.add(faults.server_error(), path="*/deletedItems/microsoft.graph.user", times=None)
    directory, first = lab.first()
    lab.tenant.delete(ann)
    second = read_pass(directory, first.end.cursor)
    assert second.people[ann].is_deleted
    lab.tenant.disable(lab.tenant.add())
    third = read_pass(directory, second.end.cursor)

    lab.entra.graph.faults.clear()
    lab.tenant.restore(ann)
    assert not read_pass(directory, third.end.cursor).people[ann].is_deleted


def test_who_was_deleted_before_a_pass_from_the_beginning_is_seen_to_be_restored(lab: Lab) -> None:
    ann, ben = lab.tenant.add(), lab.tenant.add()
    lab.tenant.delete(ann)
    directory, first = lab.first()
    lab.tenant.advance(HOUR)
    lab.tenant.restore(ann)
    second = read_pass(directory, first.end.cursor)
    assert not second.people[ann].is_deleted

    lab.tenant.delete(ben)
    nightly = read_pass(directory, second.end.cursor, full=True)
    lab.tenant.advance(HOUR)
    lab.tenant.restore(ben)
    assert not read_pass(directory, nightly.end.cursor).people[ben].is_deleted


def test_half_a_record_of_somebody_who_is_not_found_is_not_believed(lab: Lab) -> None:
    ann = lab.tenant.add(displayName="Ann", mobilePhone="+447700900001")
    directory, first = lab.first()
    lab.tenant.change(ann, displayName="Ann B")
    lab.entra.graph.faults.add(faults.limited_info("accountEnabled", "mobilePhone"), path=DELTA)
    lab.entra.graph.faults.add(faults.not_found(), path=f"*/users/{ann}")

    assert ann not in read_pass(directory, first.end.cursor).people


def test_more_changes_than_are_worth_reading_one_by_one_start_a_full_pass(lab: Lab) -> None:
    people = [lab.tenant.add() for _ in range(connector.CHANGED_MAX + 1)]
    directory, first = lab.first()
    for user_id in people:
        lab.tenant.disable(user_id)

    assert isinstance(refusal(lab, directory, first.end.cursor), CursorExpired)


def test_only_members_of_the_groups_are_in_scope_nested_ones_too(lab: Lab) -> None:
    ann, ben, cy = (lab.tenant.add() for _ in range(3))
    inner = lab.tenant.add_group("inner", ben)
    outer = lab.tenant.add_group("outer", ann, inner)

    _, first = lab.first(scope={"groups": [outer]})

    assert {key: facts.is_in_scope for key, facts in first.people.items()} == {
        ann: True,
        ben: True,
        cy: False,
    }


def test_guests_are_people_only_where_that_is_configured(lab: Lab) -> None:
    guest = lab.tenant.add(userType="Guest")

    assert not lab.first()[1].people[guest].is_in_scope
    assert lab.first(scope={"user_types": ["Member", "Guest"]})[1].people[guest].is_in_scope


@pytest.mark.parametrize("lists_old_manager", [False, True])
def test_a_new_manager_alone_is_a_change(lab: Lab, lists_old_manager: bool) -> None:
    lab.entra.graph.delta.settings.lists_old_manager = lists_old_manager
    old, new = lab.tenant.add(), lab.tenant.add()
    ann = lab.tenant.add(manager=old)
    directory, first = lab.first()
    assert first.people[ann].manager_id == old
    lab.tenant.set_manager(ann, new)
    second = read_pass(directory, first.end.cursor)
    assert second.people[ann].manager_id == new
    lab.tenant.set_manager(ann, None)

    assert read_pass(directory, second.end.cursor).people[ann].manager_id is None


def test_who_a_replica_has_not_heard_of_is_known_from_the_round(lab: Lab) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    ann = lab.tenant.add(displayName="Ann")
    lab.entra.graph.faults.add(faults.not_found(ann), path=f"*/users/{ann}")

    assert read_pass(directory, first.end.cursor).people[ann].enabled is True


@pytest.mark.parametrize(
    "path",
    ["*/users/delta*", "*/users/????????-*", "*/directory/deletedItems/*", "*/users", "*/users/$count"],
)
def test_one_answer_that_is_throttled_does_not_spoil_a_pass(lab: Lab, path: str) -> None:
    lab.be_patient()
    ann, ben = lab.tenant.add(), lab.tenant.add()
    directory, before = lab.first()
    lab.tenant.disable(ann)
    lab.tenant.delete(ben)
    rule = lab.entra.graph.faults.add(faults.throttled(7), path=path, times=2)

    read_pass(directory, before.end.cursor)
    read_pass(directory, before.end.cursor, full=True)

    assert (rule.hits, lab.waits) == (2, [7.0, 7.0])
