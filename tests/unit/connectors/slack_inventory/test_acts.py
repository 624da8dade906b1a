"""Removing from channels and user groups, and what Slack says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.inventory.slack.connector import SlackInventory
from fakes.slack.server import Fault, SlackServer, rate_limited
from unwanted import is_ended
from worker.domain.model import Member, Roster
from worker.ports import AuthFailed, NotDone, PermissionDenied, Transient
from worker.ports.connectors.remover import Effect

AMINA, SAM, NOOR = "U0101", "U0102", "U0103"
WARD, NURSES = "C0WARD7", "S0NURSES"


def named(user_id: str) -> Member:
    return Member(user_id, native_id=user_id)


def acts(slack: SlackServer) -> list[str]:
    reads = {"conversations.info", "conversations.members", "usergroups.users.list"}
    return [method for method, _ in slack.calls if method not in reads]


@pytest.mark.parametrize("is_member", [True, False])
def test_a_member_is_removed_and_the_next_read_shows_it(
    slack: SlackServer, inventory: SlackInventory, is_member: bool
) -> None:
    """The app enters a public channel for it, and leaves again."""
    channel = slack.add_channel(WARD, "ward-7", AMINA, SAM, is_member=is_member)

    assert inventory.remove(WARD, named(SAM)).effect is Effect.DONE

    come, go = (["conversations.join"], ["conversations.leave"]) if not is_member else ([], [])
    assert acts(slack) == [*come, "conversations.kick", *go]
    assert channel.is_member is is_member
    (roster, _) = inventory.changes(None)
    assert isinstance(roster, Roster)
    assert [one.handle for one in roster.members] == [AMINA]
    assert inventory.remove(WARD, named(SAM)).effect is Effect.NOT_NEEDED


@pytest.mark.parametrize("failures, stays", [(2, False), (3, True)])
def test_leaving_is_tried_three_times_and_the_act_counts_in_any_case(
    slack: SlackServer, inventory: SlackInventory, failures: int, stays: bool
) -> None:
    channel = slack.add_channel(WARD, "ward-7", AMINA, SAM, is_member=False)
    slack.fail("conversations.leave", *[Fault(status=502, body=b"")] * failures)
    assert inventory.remove(WARD, named(SAM)).effect is Effect.DONE
    assert slack.called("conversations.leave") == 3
    assert channel.is_member is stays


@pytest.mark.parametrize(
    "more, said",
    [({"is_general": True}, "everybody is in"), ({"is_archived": True}, "archived")],
)
def test_what_slack_would_refuse_is_not_asked(
    slack: SlackServer, inventory: SlackInventory, more: dict[str, Any], said: str
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM, is_member=False, **more)
    outcome = inventory.remove(WARD, named(SAM))
    assert outcome.effect is Effect.REFUSED
    assert said in outcome.said
    assert acts(slack) == []


@pytest.mark.parametrize(
    "code, effect",
    [
        ("cant_kick_from_general", Effect.REFUSED),
        ("cant_kick_self", Effect.REFUSED),
        ("user_not_found", Effect.REFUSED),
        ("not_supported", Effect.REFUSED),
        ("restricted_action", Effect.REFUSED),
        ("access_denied", Effect.REFUSED),
        ("no_permission", Effect.REFUSED),
        ("not_in_channel", Effect.NOT_NEEDED),
    ],
)
def test_the_code_decides(slack: SlackServer, inventory: SlackInventory, code: str, effect: Effect) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    slack.fail("conversations.kick", Fault(code=code))
    outcome = inventory.remove(WARD, named(SAM))
    assert outcome.effect is effect
    assert outcome.said


def test_who_is_in_a_channel_that_slack_fails_to_fetch_is_not_taken_for_gone(
    slack: SlackServer, inventory: SlackInventory
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    slack.fail("conversations.members", Fault(code="fetch_members_failed"))
    with pytest.raises(Transient, match="fetch_members_failed"):
        inventory.remove(WARD, named(SAM))


@pytest.mark.parametrize(
    "method", ["conversations.info", "conversations.members", "conversations.join", "conversations.kick"]
)
def test_one_channel_that_refuses_holds_up_no_other(
    slack: SlackServer, inventory: SlackInventory, method: str
) -> None:
    """Public channels may forbid to an app what private ones allow."""
    slack.add_channel(WARD, "ward-7", AMINA, SAM, is_member=False)
    slack.add_channel("C0THEATRE", "theatre", AMINA, SAM, is_private=True)
    slack.fail(method, Fault(code="restricted_action"))
    outcome = inventory.remove(WARD, named(SAM))
    assert outcome.effect is Effect.REFUSED
    assert "restricted_action" in outcome.said
    assert not slack.channels[WARD].is_member
    assert inventory.remove("C0THEATRE", named(SAM)).effect is Effect.DONE


@pytest.mark.parametrize("method", ["usergroups.users.list", "usergroups.users.update"])
@pytest.mark.parametrize("code", ["permission_denied", "access_denied", "restricted_action"])
def test_a_user_group_that_refuses_is_left_to_people(
    slack: SlackServer, inventory: SlackInventory, method: str, code: str
) -> None:
    slack.add_user_group(NURSES, "Nurses", AMINA, SAM)
    slack.fail(method, Fault(code=code))
    outcome = inventory.remove(NURSES, named(SAM))
    assert outcome.effect is Effect.REFUSED
    assert code in outcome.said


def test_the_app_can_not_remove_itself(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, "U0BOT")
    assert inventory.remove(WARD, named("U0BOT")).effect is Effect.REFUSED


def test_a_channel_out_of_sight_is_refused(slack: SlackServer, inventory: SlackInventory) -> None:
    assert inventory.remove("C0NOWHERE", named(SAM)).effect is Effect.REFUSED


@pytest.mark.parametrize(
    "fault, kind",
    [
        (Fault(code="missing_scope", extra={"needed": "channels:manage"}), PermissionDenied),
        (Fault(code="team_access_not_granted"), PermissionDenied),
        (Fault(code="token_revoked"), AuthFailed),
        (rate_limited(3), NotDone),
        (Fault(status=502, body=b"", is_after=True), Transient),
        (Fault(drop_after=True), Transient),
        (Fault(code="internal_error"), Transient),
    ],
)
def test_an_unclear_answer_to_a_kick_is_never_an_outcome(
    slack: SlackServer, inventory: SlackInventory, fault: Fault, kind: type[Exception]
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    slack.fail("conversations.kick", fault)
    with pytest.raises(kind) as raised:
        inventory.remove(WARD, named(SAM))
    assert type(raised.value) is kind
    assert slack.called("conversations.kick") == 1


def test_the_list_of_a_user_group_is_written_as_it_was_right_before(
    slack: SlackServer, inventory: SlackInventory
) -> None:
    slack.add_user_group(NURSES, "Nurses", AMINA, SAM)
    list(inventory.changes(None))
    slack.user_groups[NURSES]["users"].append(NOOR)

    assert inventory.remove(NURSES, named(SAM)).effect is Effect.DONE

    assert slack.user_groups[NURSES]["users"] == [AMINA, NOOR]
    assert inventory.remove(NURSES, named(SAM)).effect is Effect.NOT_NEEDED


def test_who_joins_or_goes_while_the_request_waits_for_its_turn_is_not_written_back(
    slack: SlackServer, made: Callable[..., SlackInventory]
) -> None:
    """Each wait changes the group, as people do: only what came after the last wait could be lost."""
    slack.add_user_group(NURSES, "Nurses", AMINA, SAM)
    waits: list[float] = []

    def people_change_it(wait_s: float) -> None:
        waits.append(wait_s)
        slack.user_groups[NURSES]["users"] = [NOOR, SAM, f"U02{len(waits):02}"]

    inventory = made(user_groups=True, sleep=people_change_it, requests_per_minute=1)

    assert inventory.remove(NURSES, named(SAM)).effect is Effect.DONE

    assert waits
    assert slack.user_groups[NURSES]["users"] == [NOOR, f"U02{len(waits):02}"]


def test_a_user_group_is_read_after_the_confirmation_and_written_next(
    slack: SlackServer, inventory: SlackInventory
) -> None:
    slack.add_user_group(NURSES, "Nurses", AMINA, SAM)
    asked_before: list[int] = []
    outcome = inventory.remove(NURSES, named(SAM), lambda: asked_before.append(len(slack.calls)))
    assert outcome.effect is Effect.DONE
    assert asked_before == [0]
    assert [method for method, _ in slack.calls] == ["usergroups.users.list", "usergroups.users.update"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(code="internal_error"),
        Fault(status=502, body=b""),
        Fault(body=b'{"ok": true, "users": [7]}'),
        rate_limited(3),
    ],
)
def test_a_user_group_that_is_not_shown_is_surely_not_written(
    slack: SlackServer, inventory: SlackInventory, fault: Fault
) -> None:
    slack.add_user_group(NURSES, "Nurses", AMINA, SAM)
    slack.fail("usergroups.users.list", fault)
    with pytest.raises(NotDone):
        inventory.remove(NURSES, named(SAM))
    assert acts(slack) == []


def test_a_user_group_is_never_emptied(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_user_group(NURSES, "Nurses", SAM)
    assert inventory.remove(NURSES, named(SAM)).effect is Effect.REFUSED
    assert acts(slack) == []
    assert inventory.remove("S0NOWHERE", named(SAM)).effect is Effect.NOT_NEEDED


def test_nobody_is_made_a_manager(slack: SlackServer, inventory: SlackInventory) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    assert inventory.make_admin(WARD, named(SAM)).effect is Effect.REFUSED
    assert not inventory.can.can_change_admin
    assert slack.calls == []


@pytest.mark.parametrize("group_id", [WARD, NURSES])
def test_an_act_that_is_not_wanted_any_more_is_not_asked_for(
    slack: SlackServer, inventory: SlackInventory, group_id: str
) -> None:
    slack.add_channel(WARD, "ward-7", AMINA, SAM)
    slack.add_user_group(NURSES, "nurses", AMINA, SAM)
    is_ended(inventory.remove, group_id, named(SAM))
    assert not {"conversations.kick", "usergroups.users.update"}.intersection(acts(slack))
