"""Messages are sent to people and channels, and what goes wrong is one of the errors."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from connectors.kit.slack_codes import WAIT_S
from connectors.notify.slack.client import SlackClient, hashed
from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import AMINA, MESSAGE, NOBODY, TO_AMINA, context
from fakes.slack.server import TOKEN, Fault, SlackServer, rate_limited
from slack_notifiers import Clock, notifier
from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Transient,
    Unreachable,
)

# --- sending ---------------------------------------------------------------------------------------


def test_a_person_gets_a_direct_message_with_the_hash_of_the_key_in_its_metadata(slack: SlackServer) -> None:
    receipt = notifier(slack).send(TO_AMINA)
    (post,) = slack.posts
    assert post.channel_id == "D0AMINA01"
    assert receipt.reference == f"D0AMINA01/{post.ts}"
    assert post.body["metadata"] == {
        "event_type": "whosleft_message",
        "event_payload": {"key": hashed(TO_AMINA.key)},
    }


def test_the_metadata_which_everybody_can_read_has_neither_address_nor_name(slack: SlackServer) -> None:
    notifier(slack).send(replace(TO_AMINA, key=f"T-000123:ack:{AMINA.address}:{AMINA.name}"))
    said = str(slack.posts[0].body["metadata"])
    assert not [word for word in ("amina", "yusuf", "example", "T-000123") if word in said.casefold()]


def test_links_are_not_fetched_for_previews_and_names_are_not_linked(slack: SlackServer) -> None:
    notifier(slack).send(MESSAGE)
    body = slack.posts[0].body
    assert (body["unfurl_links"], body["unfurl_media"], body["link_names"]) == (False, False, False)


def test_a_person_is_looked_up_once_an_hour_whatever_the_case_of_the_address(
    slack: SlackServer, clock: Clock
) -> None:
    soc = notifier(slack, clock)
    soc.send(TO_AMINA)
    clock.now += timedelta(minutes=59)
    soc.send(replace(TO_AMINA, to=replace(AMINA, address=AMINA.address.upper())))
    assert slack.called("users.lookupByEmail") == 1
    clock.now += timedelta(minutes=1)
    soc.send(TO_AMINA)
    assert slack.called("users.lookupByEmail") == 2


@pytest.mark.parametrize("shown, zone", [
    ({"tz": "Pacific/Auckland"}, "Pacific/Auckland"),
    ({"tz": "US/Pacific-New"}, "US/Pacific-New"),  # whether it is a zone is for the core to say
    ({"tz": None}, None),
    ({"tz": ""}, None),
    ({"tz": 3600}, None),
    ({"tz": ["Asia/Tokyo"]}, None),
    ({}, None),
    ({"tz": "Asia/Tokyo", "deleted": True}, None),
    ({"tz": "Asia/Tokyo", "is_bot": True}, None),
])  # fmt: skip
def test_a_person_s_time_zone_is_what_their_profile_has(
    slack: SlackServer, shown: dict[str, Any], zone: str | None
) -> None:
    slack.add_person(AMINA.address, "U0AMINA01", **shown)
    soc = notifier(slack)
    assert soc.can.knows_zones
    assert soc.zone_of(AMINA.address) == zone


def test_a_message_in_a_channel_is_shown_by_a_page(slack: SlackServer) -> None:
    assert notifier(slack).can.channel_page == "https://slack.com/app_redirect?channel={channel}"


def test_of_somebody_who_is_not_there_no_zone_is_known(slack: SlackServer) -> None:
    assert notifier(slack).zone_of(NOBODY.address) is None


def test_the_look_up_for_the_zone_is_that_for_the_message(slack: SlackServer) -> None:
    soc = notifier(slack)
    slack.add_person(AMINA.address, "U0AMINA01", tz="Asia/Tokyo")
    soc.zone_of(AMINA.address)
    soc.send(TO_AMINA)
    assert slack.called("users.lookupByEmail") == 1


@pytest.mark.parametrize("fault, error", [
    (rate_limited(30), NotDone),
    (Fault(503), Transient),
    (Fault(code="invalid_auth"), AuthFailed),
    (Fault(code="missing_scope"), PermissionDenied),
])  # fmt: skip
def test_a_zone_that_cannot_be_asked_for_is_an_error_and_not_an_answer(
    slack: SlackServer, fault: Fault, error: type[ConnectorError]
) -> None:
    slack.fail("users.lookupByEmail", fault)
    with pytest.raises(error):
        notifier(slack).zone_of(AMINA.address)


def test_that_somebody_is_not_there_is_not_remembered(slack: SlackServer) -> None:
    soc = notifier(slack)
    with pytest.raises(Unreachable):
        soc.send(replace(MESSAGE, to=NOBODY))
    slack.add_person(NOBODY.address, "U0NOBODY1")
    soc.send(replace(MESSAGE, to=NOBODY))
    assert slack.posts[0].channel_id == "D0NOBODY1"


@pytest.mark.parametrize("extra", [{"deleted": True}, {"is_bot": True}])
def test_a_deactivated_account_or_a_bot_is_unreachable(slack: SlackServer, extra: dict[str, bool]) -> None:
    slack.add_person(AMINA.address, "U0AMINA01", **extra)
    with pytest.raises(Unreachable):
        notifier(slack).send(TO_AMINA)


def test_a_person_without_an_address_is_unreachable_without_a_question(slack: SlackServer) -> None:
    with pytest.raises(Unreachable, match="without e-mail address"):
        notifier(slack).send(replace(TO_AMINA, to=replace(AMINA, address="")))
    assert slack.calls == []


def test_an_id_that_is_no_longer_valid_is_looked_up_again(slack: SlackServer) -> None:
    soc = notifier(slack)
    soc.send(TO_AMINA)
    slack.add_person(AMINA.address, "U0AMINA02")
    with pytest.raises(Unreachable):
        soc.send(TO_AMINA)
    soc.send(TO_AMINA)
    assert slack.posts[-1].channel_id == "D0AMINA02"


def test_without_a_channel_a_post_to_it_is_a_fault_of_the_configuration(slack: SlackServer) -> None:
    soc = notifier(slack, channel=None)
    assert not soc.can.reach(CHANNEL)
    with pytest.raises(BadConfig, match="for the security team"):
        soc.send(MESSAGE)
    assert soc.find(MESSAGE) is None


@pytest.mark.parametrize("channel", ["#leavers", "leavers", "C0LEAVERS01"])
def test_a_channel_may_be_named_or_given_by_its_id(slack: SlackServer, channel: str) -> None:
    soc = notifier(slack, channel=channel)
    assert soc.send(MESSAGE).reference.startswith("C0LEAVERS01/")
    assert soc.check().ok


WARDS = Recipient(RecipientKind.CHANNEL, "wards")


def test_a_step_writes_to_another_channel_by_its_name(slack: SlackServer) -> None:
    slack.add_channel("C0WARDS0001", "wards")
    soc = notifier(slack, channels={"wards": "C0WARDS0001"})
    assert soc.can.reach(WARDS)
    assert not soc.can.reach(replace(WARDS, address="theatres"))
    message = replace(MESSAGE, to=WARDS)
    assert soc.send(message).reference.startswith("C0WARDS0001/")
    assert soc.find(message) is not None
    assert soc.find(MESSAGE) is None
    assert "posts to #leavers, #wards" in soc.check().message


# --- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [rate_limited(2), Fault(500), Fault(drop_before=True), Fault(slow_s=1.5)])
def test_a_failed_call_is_made_once_because_the_worker_retries(slack: SlackServer, fault: Fault) -> None:
    slack.fail("chat.postMessage", fault)
    with pytest.raises(Transient):
        notifier(slack).send(MESSAGE)
    assert slack.called("chat.postMessage") == 1


def test_the_second_post_within_a_second_is_told_to_wait(slack: SlackServer) -> None:
    slack.is_paced = True
    soc = notifier(slack)
    soc.send(MESSAGE)
    with pytest.raises(Transient) as raised:
        soc.send(replace(MESSAGE, key="second"))
    assert raised.value.retry_after_s == 1
    soc.send(TO_AMINA)  # another conversation has its own pace


def test_nobody_listening_is_tried_again_and_the_place_is_named() -> None:
    with SlackServer() as gone:
        soc = notifier(gone)
    with pytest.raises(NotDone, match=r"no answer from 127\.0\.0\.1:\d+ \(.*refused") as raised:
        soc.send(MESSAGE)
    assert "name, proxy, firewall" in raised.value.remedy


@pytest.mark.parametrize(
    "url", ["http://no-such-host.invalid/api/", "https://127.0.0.1:{port}/api/"], ids=["no name", "no TLS"]
)
def test_without_a_connection_nothing_was_posted(slack: SlackServer, url: str) -> None:
    client = SlackClient(SecretStr(TOKEN), url.format(port=urlsplit(slack.url).port), timeout_s=1)
    with pytest.raises(NotDone):
        SlackNotifier(client, "#leavers", context()).send(MESSAGE)
    assert slack.posts == []


@pytest.mark.parametrize("fault", [Fault(drop_before=True), Fault(drop_after=True), Fault(slow_s=1.5)])
def test_an_answer_that_is_missing_leaves_open_whether_it_was_posted(
    slack: SlackServer, fault: Fault
) -> None:
    slack.fail("chat.postMessage", fault)
    with pytest.raises(Transient) as raised:
        notifier(slack).send(MESSAGE)
    assert type(raised.value) is Transient


@pytest.mark.parametrize(
    "place",
    [
        "",
        ', "channel": "C0123ABCD"',
        ', "ts": "1764547200.000100"',
        ', "channel": "C0123ABCD", "ts": "?"',
        ', "channel": "C0123ABCD", "ts": 1764547200',
        ', "channel": "a/b", "ts": "1764547200.000100"',
    ],
)
def test_an_ok_that_does_not_name_the_message_leaves_open_whether_it_was_posted(
    slack: SlackServer, place: str
) -> None:
    slack.fail("chat.postMessage", Fault(body=f'{{"ok": true{place}}}'.encode()))
    with pytest.raises(Transient, match="the answer is not Slack's") as raised:
        notifier(slack).send(MESSAGE)
    assert type(raised.value) is Transient


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed_so_that_nobody_else_gets_the_token(
    slack: SlackServer, status: int
) -> None:
    with SlackServer() as other:
        moved = Fault(status, headers={"Location": f"{other.url}auth.test"}, body=b"{}")
        slack.fail("chat.postMessage", moved)
        with pytest.raises(Transient, match=rf"{slack.base[7:]} .*HTTP {status}") as raised:
            notifier(slack).send(MESSAGE)
    assert type(raised.value) is Transient  # whether it was posted is not known
    assert "`api_url`" in raised.value.remedy
    assert other.calls == []


def test_the_proxy_of_the_environment_is_asked(slack: SlackServer) -> None:
    result = identity("http://slack.invalid/api/", HTTP_PROXY=slack.base, http_proxy=slack.base)
    assert "unknown_method" in result.stderr  # for the fake, the whole address is the method
    assert [method for method, _ in slack.calls] == ["http://slack.invalid/api/auth.test"]


def test_the_proxy_of_the_environment_is_not_asked_for_hosts_that_are_exempt(slack: SlackServer) -> None:
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy"), "http://127.0.0.1:9")
    result = identity(slack.url, **proxies, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    assert (result.stdout.strip(), result.stderr) == ("whosleft", "")


def identity(url: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Who the token belongs to, asked by a process of its own: the standard library reads proxies once."""
    program = """
import sys
from pydantic import SecretStr
from connectors.notify.slack.client import SlackClient
print(SlackClient(SecretStr(sys.argv[1]), sys.argv[2]).identity().user)
"""
    return subprocess.run(
        [sys.executable, "-c", program, TOKEN, url],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wait_in_words_is_taken_for_half_a_minute(slack: SlackServer) -> None:
    slack.fail("chat.postMessage", Fault(429, "ratelimited", headers={"Retry-After": "Tue, 24 Nov 2026"}))
    with pytest.raises(NotDone) as raised:
        notifier(slack).send(MESSAGE)
    assert raised.value.retry_after_s == WAIT_S


@pytest.mark.parametrize(
    "fault, wait_s",
    [
        (Fault(500), None),
        (Fault(503, headers={"Retry-After": "7"}), 7),
        (Fault(code="fatal_error"), None),
        (Fault(body=b"<html>Sign in</html>"), None),
        (Fault(drop_after=True), None),
        (rate_limited(9), 9),
    ],
)
def test_where_the_person_could_not_be_looked_up_nothing_was_posted(
    slack: SlackServer, fault: Fault, wait_s: float | None
) -> None:
    slack.fail("users.lookupByEmail", fault)
    with pytest.raises(NotDone, match="looking up") as raised:
        notifier(slack).send(TO_AMINA)
    assert raised.value.retry_after_s == wait_s
    assert raised.value.remedy
    assert slack.called("chat.postMessage") == 0


def test_each_missing_scope_is_named_when_it_is_needed(slack: SlackServer) -> None:
    for scope, message in (("chat:write", MESSAGE), ("users:read.email", TO_AMINA)):
        slack.scopes = {"im:history"}
        with pytest.raises(PermissionDenied) as raised:
            notifier(slack).send(message)
        assert raised.value.missing == scope


def test_an_error_has_no_context_whose_frames_would_show_the_token(slack: SlackServer) -> None:
    slack.is_revoked = True
    with pytest.raises(AuthFailed) as raised:
        notifier(slack).send(MESSAGE)
    error: ConnectorError = raised.value
    assert (error.__cause__, error.__context__) == (None, None)
