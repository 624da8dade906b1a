"""What the inventory makes of Slack's answers, whole and hostile ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.inventory.slack.config import SlackInventoryConfig
from connectors.inventory.slack.connector import SINGLY_MAX, SlackInventory
from contracts.inventory import NOW, context
from fakes.slack.server import TOKEN, Fault, SlackServer, rate_limited
from worker.domain.model import Coverage, Role, Roster
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
    Transient,
)

AMINA, SAM, NOOR = "U0101", "U0102", "U0103"
WARD = "C0WARD7"


def read(inventory: SlackInventory, groups: list[str] | None = None) -> tuple[list[Roster], SnapshotEnd]:
    *rosters, end = inventory.changes(None, groups)
    assert isinstance(end, SnapshotEnd)
    return [one for one in rosters if isinstance(one, Roster)], end


def ids(rosters: list[Roster]) -> list[str]:
    return [roster.group.group_id for roster in rosters]


def only(inventory: SlackInventory) -> Roster:
    ((roster,), _) = read(inventory)
    return roster


# --- Configuration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"token": "xoxb a"},
        {"api_url": "slack.com/api"},
        {"api_url": "https://me:pw@slack.com/api"},
        {"user_groups": "some"},
        {"requests_per_minute": 0},
        {"requests_per_minute": 6001},
        {"per_minute": 5},
    ],
)
def test_a_wrong_key_is_said_and_no_secret_repeated(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        SlackInventoryConfig.model_validate({"token": "xoxb-drama"} | change)
    assert "xoxb-drama" not in str(raised.value)
    assert "me:pw" not in str(raised.value)


def test_no_more_goes_out_in_a_minute_than_may(slack: SlackServer) -> None:
    slept: list[float] = []
    config = SlackInventoryConfig(token=SecretStr(TOKEN), api_url=slack.url, requests_per_minute=10)
    inventory = SlackInventory(config, replace(context(), sleep=slept.append))
    inventory.check()
    inventory.close()
    asked = len(slack.calls)
    assert asked > 2
    assert [round(wait_s / 6) for wait_s in slept] == list(range(1, asked))


def test_what_may_go_out_in_a_minute_is_below_slack_s_own_limit() -> None:
    assert SlackInventoryConfig(token=SecretStr(TOKEN)).requests_per_minute == 90


def test_plain_http_never_carries_the_token_to_another_machine() -> None:
    there = "http://192.0.2.7/api"
    with pytest.raises(ValidationError, match="in the clear"):
        SlackInventoryConfig(token=SecretStr(TOKEN), api_url=there)
    config = SlackInventoryConfig(token=SecretStr(TOKEN)).model_copy(update={"api_url": there})
    with pytest.raises(BadConfig, match="Plain http"):
        read(SlackInventory(config, context()))


# --- Channels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 200])
def test_every_page_is_read(slack: SlackServer, inventory: SlackInventory, size: int) -> None:
    for at in range(5):
        slack.add_channel(f"C0{at}", f"ward-{at}", AMINA, SAM, NOOR)
    slack.page_size = size
    rosters, end = read(inventory)
    assert ids(rosters) == [f"C0{at}" for at in range(5)]
    assert {tuple(one.handle for one in roster.members) for roster in rosters} == {(AMINA, SAM, NOOR)}
    assert (end.groups_total, end.is_full, end.malformed) == (5, True, ())


def test_members_have_what_their_accounts_have(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel(WARD, "ward-7", AMINA)
    (amina,) = only(inventory).members
    assert (amina.handle, amina.native_id, amina.display_name) == (AMINA, AMINA, "Amina Yusuf")
    assert (amina.phone, amina.email) == ("+447700900101", "amina@example.org")
    slack.people["amina@example.org"]["profile"]["email"] = "amina@straße.example"
    assert only(inventory).members[0].email == "amina@xn--strae-oqa.example"


def test_bots_and_deactivated_accounts_are_no_members(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_person("bot@example.org", "U0BOT", is_bot=True, profile={"real_name": "Whosleft"})
    slack.add_person("lee@example.org", "U0104", deleted=True, profile={"real_name": "Lee"})
    slack.add_person("slackbot@example.org", "USLACKBOT", profile={"real_name": "Slackbot"})
    slack.add_channel(WARD, "ward-7", AMINA, "U0BOT", "U0104", "USLACKBOT")
    roster = only(inventory)
    assert [one.handle for one in roster.members] == [AMINA]
    assert roster.coverage is Coverage.FULL


def test_somebody_of_another_company_is_asked_for_once(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.strangers["U0900"] = {"id": "U0900", "name": "lee", "profile": {"real_name": "Lee"}}
    slack.add_channel("C01", "ward-7", "U0900", "U0901")
    slack.add_channel("C02", "ward-8", "U0900")
    rosters, end = read(inventory)
    assert [(one.handle, one.display_name) for one in rosters[0].members] == [("U0900", "Lee"), ("U0901", "")]
    assert (slack.called("users.info"), end.malformed) == (2, ())


def test_private_channels_are_listed_where_the_app_is_in(
    slack: SlackServer, inventory: SlackInventory
) -> None:
    slack.add_channel("C01", "open", AMINA, is_member=False)
    slack.add_channel("C02", "secret", AMINA, is_private=True, is_member=False)
    slack.add_channel("C03", "closed", AMINA, is_private=True)
    assert ids(read(inventory)[0]) == ["C01", "C03"]
    assert not inventory.can.sees_all_groups


@pytest.mark.parametrize(
    "topic, purpose, description",
    [
        ("Nights", "Ward 7", "Ward 7\nNights"),
        ("", "Ward 7 &amp; 8", "Ward 7 & 8"),
        ("Ward 7", "Ward 7", "Ward 7"),
        ("", "", ""),
    ],
)
def test_the_description_is_purpose_and_topic(
    slack: SlackServer, inventory: SlackInventory, topic: str, purpose: str, description: str
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, topic=topic, purpose=purpose)
    facts = only(inventory).facts
    assert (facts.description, facts.is_archived, facts.read_at) == (description, False, NOW)
    assert (facts.picture_sha256, facts.last_activity_at, facts.edit) == (None, None, None)


def test_an_archived_channel_is_said_to_be(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, is_archived=True)
    assert only(inventory).facts.is_archived is True


def test_channels_that_are_not_wanted_are_not_asked_for(
    slack: SlackServer, made: Callable[..., SlackInventory]
) -> None:
    slack.add_channel("C01", "ward-7", AMINA)
    slack.add_channel("C02", "random", AMINA)
    inventory = made(takes=lambda _id, name: name != "random")
    assert ids(read(inventory)[0]) == ids(read(inventory, ["C01", "C02"])[0]) == ["C01"]
    assert [
        body for method, body in slack.calls if method == "conversations.members" and body["channel"] == "C02"
    ] == []


def test_only_the_groups_that_are_asked_for_are_read(slack: SlackServer, inventory: SlackInventory) -> None:
    for at in range(3):
        slack.add_channel(f"C0{at}", f"ward-{at}", AMINA)
    slack.add_user_group("S01", "Nurses", AMINA)
    rosters, end = read(inventory, ["C02", "C09", "S01", "C01"])
    assert (ids(rosters), end.is_full) == (["C01", "C02", "S01"], False)
    assert slack.called("users.list") == slack.called("conversations.list") == 0


@pytest.mark.parametrize("more, singly, pages", [(0, SINGLY_MAX, 0), (1, 2, 1)])
def test_beyond_a_bound_accounts_are_not_asked_for_one_by_one(
    slack: SlackServer, inventory: SlackInventory, more: int, singly: int, pages: int
) -> None:
    slack.strangers["U0900"] = {"id": "U0900", "name": "lee", "profile": {"real_name": "Lee"}}
    staff = [f"U1{number:03}" for number in range(SINGLY_MAX - 2 + more)]
    for user_id in staff:
        slack.add_person(f"{user_id}@example.org", user_id, profile={"real_name": user_id})
    slack.add_channel("C01", "ward-7", AMINA, "U0900")
    slack.add_channel("C02", "ward-8", *staff)

    rosters, _end = read(inventory, ["C01", "C02"])

    assert [[one.display_name for one in roster.members] for roster in rosters] == [
        ["Amina Yusuf", "Lee"],
        staff,
    ]
    assert (slack.called("users.info"), slack.called("users.list")) == (singly, pages)


def test_a_channel_that_vanished_meanwhile_is_left_out(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel("C01", "ward-7", AMINA)
    slack.add_channel("C02", "ward-8", AMINA)
    slack.add_user_group("S01", "Nurses", AMINA)
    slack.fail("conversations.members", Fault(code="channel_not_found"))
    slack.fail("usergroups.users.list", Fault(code="no_such_subteam"))
    assert ids(read(inventory)[0]) == ["C02"]


# --- Roles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["not_allowed_token_type", "missing_scope", "feature_not_enabled", "unknown_method"]
)
def test_roles_are_unknown_where_slack_does_not_show_them(
    slack: SlackServer, inventory: SlackInventory, code: str
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)  # Amina made it, which gives her no right
    slack.fail("admin.roles.listAssignments", Fault(code=code))
    assert {one.role for one in only(inventory).members} == {Role.UNKNOWN}
    assert not inventory.can.sees_roles


def test_managers_are_admins_where_slack_shows_them(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    slack.managers = {WARD: [SAM], "T0900": [AMINA]}
    assert {one.handle: one.role for one in only(inventory).members} == {AMINA: Role.MEMBER, SAM: Role.ADMIN}
    assert inventory.can.sees_roles


# --- User groups ---------------------------------------------------------------------------------------------


def test_user_groups_are_read_where_that_is_wanted(
    slack: SlackServer, made: Callable[..., SlackInventory]
) -> None:
    slack.add_user_group("S01", "Nurses", AMINA, SAM)
    slack.managers = {}
    (roster,) = read(made(user_groups=True))[0]
    assert (roster.group.group_id, roster.group.name, roster.facts.description) == (
        "S01",
        "Nurses",
        "All Nurses",
    )
    assert [(one.handle, one.role) for one in roster.members] == [(AMINA, Role.UNKNOWN), (SAM, Role.UNKNOWN)]
    assert read(made())[0] == []


# --- Hostile answers -----------------------------------------------------------------------------------------

METHODS = [
    "conversations.list",
    "conversations.members",
    "users.list",
    "usergroups.list",
    "usergroups.users.list",
]
FAULTS: list[tuple[Fault, type[ConnectorError]]] = [
    (Fault(body=b"<html>Sign in</html>"), Incomplete),
    (Fault(body=b'{"ok": true, "channels": ['), Incomplete),
    (Fault(body=b"[]"), Incomplete),
    (Fault(body=b'{"ok": true}'), Incomplete),
    (Fault(body=b'{"ok": true, "channels": {}, "members": {}, "usergroups": 1, "users": null}'), Incomplete),
    (
        Fault(body=b'{"ok": true, "channels": [{}], "members": [{}], "usergroups": [{}], "users": [{}]}'),
        Incomplete,
    ),
    (Fault(body=b'{"ok": false}'), Incomplete),
    (Fault(drop_before=True), Transient),
    (Fault(code="invalid_auth"), AuthFailed),
    (Fault(code="token_revoked"), AuthFailed),
    (Fault(code="account_inactive"), AuthFailed),
    (Fault(code="missing_scope", extra={"needed": "groups:read"}), PermissionDenied),
    (Fault(code="access_denied"), PermissionDenied),
    (Fault(code="ratelimited"), NotDone),
    (rate_limited(7), NotDone),
    (Fault(code="internal_error"), Transient),
    (Fault(status=503, body=b"no"), Transient),
    (Fault(code="some_new_code"), Rejected),
    (Fault(status=404, body=b"no"), BadConfig),
    (Fault(code="invalid_cursor"), Incomplete),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault, kind", FAULTS)
def test_an_answer_that_is_none_proves_nothing(
    slack: SlackServer, inventory: SlackInventory, method: str, fault: Fault, kind: type[ConnectorError]
) -> None:
    if method != "usergroups.users.list":
        slack.add_channel(WARD, "ward-7", AMINA)
    if method != "conversations.members":
        slack.add_user_group("S01", "Nurses", AMINA)
    slack.fail(method, fault)
    with pytest.raises(kind) as raised:
        read(inventory)
    assert type(raised.value) is kind
    assert raised.value.remedy
    assert TOKEN not in f"{raised.value}"


def test_the_missing_scope_is_named(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.scopes.discard("groups:read")
    with pytest.raises(PermissionDenied) as raised:
        read(inventory)
    assert raised.value.missing == "groups:read"
    result = inventory.check()
    assert not result.ok
    assert "groups:read" in result.remedy


def test_the_wait_that_slack_asks_for_is_told(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.fail("conversations.list", rate_limited(7))
    with pytest.raises(NotDone) as raised:
        read(inventory)
    assert raised.value.retry_after_s == 7


@pytest.mark.parametrize("groups", [None, [WARD]], ids=["all", "by itself"])
def test_fewer_members_than_slack_counts_prove_nobody_absent(
    slack: SlackServer, inventory: SlackInventory, groups: list[str] | None
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM, NOOR)
    page = b'{"ok": true, "members": ["U0101"], "response_metadata": {"next_cursor": ""}}'
    slack.fail("conversations.members", Fault(body=page))
    (roster,), _end = read(inventory, groups)
    assert (roster.coverage, roster.warnings) == (Coverage.PARTIAL, ("Slack counts 3 members, and shows 1",))
    (again,), _end = read(inventory, groups)
    assert (again.coverage, again.warnings) == (Coverage.FULL, ())


def test_nobody_in_a_channel_that_has_members_proves_nothing(
    slack: SlackServer, inventory: SlackInventory
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA)
    slack.fail("conversations.members", Fault(body=b'{"ok": true, "members": []}'))
    with pytest.raises(Incomplete, match="counts 1 members"):
        read(inventory)


def test_pages_that_go_in_circles_end(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel(WARD, "ward-7", AMINA)
    slack.is_circular = True
    with pytest.raises(Incomplete, match="circles"):
        read(inventory)


def test_a_member_who_can_not_be_understood_is_set_aside(
    slack: SlackServer, inventory: SlackInventory
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    slack.people["sam@example.org"]["profile"] = "07700 900102"
    ((roster,), end) = read(inventory)
    assert ([one.handle for one in roster.members], roster.coverage) == ([AMINA], Coverage.PARTIAL)
    assert [one.record_id for one in end.malformed] == [SAM]
    assert "900102" not in str(end.malformed[0])


def test_a_revoked_token_is_told_by_check(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.is_revoked = True
    result = inventory.check()
    assert not result.ok
    assert "token_revoked" in result.message
    assert "bot token" in result.remedy


def test_check_counts_and_says_that_there_are_no_roles(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    slack.add_user_group("S01", "Nurses", AMINA)
    result = inventory.check()
    assert result.counts == {"groups": 2, "members": 3, "people": 3}
    assert "no roles" in result.message
