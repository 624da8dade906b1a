"""One channel or one account that Slack fails to show: the others are read, and it proves nobody to be out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from connectors.inventory.slack.connector import SlackInventory
from connectors.kit.unshown import FAILED_MAX
from contracts.inventory import read_to_the_error
from fakes.slack.server import Fault, SlackServer, rate_limited
from worker.domain.model import Coverage, Roster
from worker.ops.retry import ATTEMPTS_MAX, again
from worker.ports import (
    AuthFailed,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
    Transient,
)

AMINA, SAM, LEE = "U0101", "U0102", "U0900"
FULL, PARTIAL = Coverage.FULL, Coverage.PARTIAL


@pytest.fixture
def wards(slack: SlackServer) -> list[str]:
    """Four channels, which are read in this order."""
    found = [f"C0{at}" for at in range(4)]
    for channel_id in found:
        slack.add_channel(channel_id, f"ward {channel_id}", AMINA, SAM)
    return found


def read(inventory: SlackInventory, groups: list[str] | None = None) -> tuple[dict[str, Roster], SnapshotEnd]:
    *rosters, end = inventory.changes(None, groups)
    assert isinstance(end, SnapshotEnd)
    return {one.group.group_id: one for one in rosters if isinstance(one, Roster)}, end


FAULTS = [
    Fault(code="access_denied"),
    Fault(code="some_new_code"),
    Fault(code="internal_error"),
    Fault(status=503, body=b"no"),
    Fault(body=b'{"ok": true, "members": []}'),
    Fault(body=b"<html>"),
    Fault(drop_before=True),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_one_channel_that_fails_is_a_part_that_is_named_and_the_others_are_read(
    slack: SlackServer, wards: list[str], inventory: SlackInventory, fault: Fault
) -> None:
    slack.fail("conversations.members", fault)
    rosters, end = read(inventory)
    assert {one: (each.coverage, len(each.members)) for one, each in rosters.items()} == {
        one: (PARTIAL, 0) if one == wards[0] else (FULL, 2) for one in wards
    }
    (problem,) = end.malformed
    assert (problem.record_id, bool(problem.remedy)) == (wards[0], True)
    assert rosters[wards[0]].warnings == (problem.message,)
    assert f"The group is {wards[0]}." in problem.message
    assert (end.groups_total, end.is_full) == (4, True)


def test_a_user_group_that_fails_is_a_part_too(
    slack: SlackServer, wards: list[str], inventory: SlackInventory
) -> None:
    slack.add_user_group("S01", "Nurses", AMINA)
    slack.fail("usergroups.users.list", Fault(code="access_denied"))
    rosters, end = read(inventory)
    assert (rosters["S01"].coverage, rosters[wards[0]].coverage) == (PARTIAL, FULL)
    assert [one.record_id for one in end.malformed] == ["S01"]


def test_a_channel_whose_members_slack_fails_to_fetch_is_tried_again_first(
    slack: SlackServer, made: Callable[..., SlackInventory]
) -> None:
    slack.add_channel("C01", "ward-7", AMINA)
    slack.add_channel("C02", "ward-8", AMINA, SAM)
    for _ in range(2 * ATTEMPTS_MAX + 1):
        slack.fail("conversations.members", Fault(code="fetch_members_failed"))
    inventory = made(again=partial(again, sleep=lambda _wait_s: None))
    result = inventory.check()
    assert (result.ok, "The group is C01." in result.details["first record set aside"]) == (True, True)
    rosters, end = read(inventory)
    assert [(len(one.members), one.coverage) for one in rosters.values()] == [
        (0, PARTIAL),
        (2, FULL),  # told at the second attempt
    ]
    assert [one.record_id for one in end.malformed] == ["C01"]


@pytest.mark.parametrize(
    "fault, kind",
    [
        (Fault(code="token_revoked"), AuthFailed),
        (Fault(code="missing_scope", extra={"needed": "groups:read"}), PermissionDenied),
        (rate_limited(7), NotDone),
    ],
)
def test_what_concerns_the_whole_workspace_ends_the_read(
    slack: SlackServer, wards: list[str], inventory: SlackInventory, fault: Fault, kind: type[ConnectorError]
) -> None:
    slack.fail("conversations.members", Fault(), fault)
    seen, error = read_to_the_error(inventory)
    assert (len(seen), type(error), wards[1] in error.message) == (1, kind, True)


def test_a_slack_that_answers_nothing_any_more_ends_the_read(
    slack: SlackServer, wards: list[str], inventory: SlackInventory
) -> None:
    slack.fail("conversations.members", Fault(status=503))
    slack.fail("conversations.list", Fault(), Fault(status=503))  # the second: the look whether it is there
    seen, error = read_to_the_error(inventory)
    assert (seen, type(error)) == ([], Transient)


def test_where_most_channels_fail_the_read_does(
    slack: SlackServer, wards: list[str], inventory: SlackInventory
) -> None:
    slack.fail("conversations.members", *[Fault(code="access_denied")] * 3)
    seen, error = read_to_the_error(inventory)
    assert (len(seen), type(error), wards[2] in error.message) == (2, PermissionDenied, True)


def test_a_channel_that_is_asked_for_by_itself_is_named_by_the_error(
    slack: SlackServer, wards: list[str], inventory: SlackInventory
) -> None:
    for method in ("conversations.info", "conversations.members"):
        slack.fail(method, Fault(code="access_denied"))
        with pytest.raises(PermissionDenied, match=wards[1]):
            read(inventory, [wards[1]])


# --- Accounts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
def test_an_account_that_slack_keeps_to_itself_is_an_unknown_member(
    slack: SlackServer, wards: list[str], inventory: SlackInventory, code: str
) -> None:
    slack.channels[wards[0]].members.append(LEE)
    slack.fail("users.info", Fault(code=code))
    rosters, end = read(inventory)
    lee = rosters[wards[0]].members[-1]
    assert (lee.handle, lee.display_name, lee.phone, lee.email) == (LEE, "", None, None)
    assert ({one.coverage for one in rosters.values()}, end.malformed) == ({FULL}, ())


@pytest.mark.parametrize("fault", [Fault(code="access_denied"), Fault(status=500), Fault(body=b"[]")])
def test_an_account_that_slack_fails_to_show_makes_its_channels_a_part_and_is_named_once(
    slack: SlackServer, wards: list[str], inventory: SlackInventory, fault: Fault
) -> None:
    for ward in wards[:2]:
        slack.channels[ward].members.append(LEE)
    slack.fail("users.info", fault)
    rosters, end = read(inventory)
    assert [(one.coverage, [each.handle for each in one.members]) for one in rosters.values()] == [
        (PARTIAL, [AMINA, SAM]),
        (PARTIAL, [AMINA, SAM]),
        (FULL, [AMINA, SAM]),
        (FULL, [AMINA, SAM]),
    ]
    assert rosters[wards[1]].warnings == (f"Slack fails to show the account {LEE}",)
    (problem,) = end.malformed
    assert (problem.record_id, f"The account is {LEE}." in problem.message) == (LEE, True)


def test_a_deactivated_account_that_can_not_be_looked_up_again_is_not_taken_for_gone(
    slack: SlackServer, wards: list[str], inventory: SlackInventory
) -> None:
    slack.people["sam@example.org"]["deleted"] = True
    slack.fail("users.info", Fault(status=500))
    rosters, end = read(inventory)
    assert {one.coverage for one in rosters.values()} == {PARTIAL}
    assert [one.record_id for one in end.malformed] == [SAM]


@pytest.mark.parametrize("code", ["missing_scope", "invalid_auth"])
def test_an_app_that_may_see_no_accounts_ends_the_read(
    slack: SlackServer, wards: list[str], inventory: SlackInventory, code: str
) -> None:
    slack.fail("users.info", Fault(code=code))
    with pytest.raises((PermissionDenied, AuthFailed), match=AMINA):
        read(inventory, [wards[0]])


def test_more_accounts_than_ten_are_slack_s_fault(slack: SlackServer, inventory: SlackInventory) -> None:
    staff = [f"U1{number:03}" for number in range(2 * FAILED_MAX + 2)]
    for user_id in staff:
        slack.add_person(f"{user_id}@example.org", user_id, profile={"real_name": user_id})
    slack.add_channel("C01", "ward-7", *staff)
    slack.fail("users.info", *[Fault(status=500)] * FAILED_MAX)
    assert len(read(inventory, ["C01"])[1].malformed) == FAILED_MAX
    slack.fail("users.info", *[Fault(status=500)] * (FAILED_MAX + 1))
    with pytest.raises(Transient, match=staff[FAILED_MAX]):
        read(inventory, ["C01"])


@pytest.mark.parametrize(
    "fault, kind", [(Fault(code="some_new_code"), Rejected), (Fault(body=b"[]"), Incomplete)]
)
def test_where_most_accounts_fail_the_read_does(
    slack: SlackServer, wards: list[str], inventory: SlackInventory, fault: Fault, kind: type[ConnectorError]
) -> None:
    slack.fail("users.info", fault, fault)
    with pytest.raises(kind, match=AMINA):
        read(inventory, [wards[0]])
