from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.notify.email import SPEC
from connectors.notify.email.config import EmailConfig
from contracts.messages import context
from worker.ports import Reach

PASSWORD = "Kettle-0range-Drama"
APP = {
    "user": "w@x.example",
    "tenant_id": "x.example",
    "client_id": "c",
    "credential": {"secret": "s3cr3t-value"},
}


def whole(**changes: Any) -> dict[str, Any]:
    return {"server": "smtp.example.org", "from": "Whosleft <whosleft@example.org>"} | changes


def test_server_and_sender_are_enough_and_a_channel_is_reached_where_there_is_one() -> None:
    people = SPEC.build(EmailConfig.model_validate(whole()), context())
    both = SPEC.build(EmailConfig.model_validate(whole(channel="soc@example.org")), context())
    assert people.can.reaches == {Reach.EMAIL}
    assert both.can.reaches == {Reach.EMAIL, Reach.CHANNEL}


@pytest.mark.parametrize(
    "keys, port",
    [
        ({}, 587),
        ({"tls": "implicit"}, 465),
        ({"tls": "none", "server": "127.0.0.1"}, 25),
        ({"port": 2525}, 2525),
    ],
)
def test_each_way_has_its_own_port(keys: dict[str, Any], port: int) -> None:
    assert EmailConfig.model_validate(whole(**keys)).used_port == port


@pytest.mark.parametrize(
    "keys, part",
    [
        ({"tls": "none"}, "on this machine"),
        ({"tls": "none", "server": "192.0.2.1"}, "on this machine"),
        ({"server": "smtp.example.org/x"}, "String should match pattern"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"from": "Whosleft"}, "is no mail address"),
        ({"channel": "a@b.example, c@d.example"}, "is no mail address"),
        ({"channel": "a@b.example\nBcc: c@d.example"}, "is no mail address"),
        ({"auth": {"method": "password", "user": "w"}}, "method password needs password"),
        ({"auth": {"method": "password", "password": PASSWORD}}, "method password needs user"),
        ({"auth": {"method": "password", "user": "w", "password": "grün"}}, "outside ASCII"),
        ({"auth": {"method": "password", "user": "w\n", "password": PASSWORD}}, "can't be sent"),
        ({"auth": {"user": "w"}}, "user is for a method other than none"),
        ({"auth": {"password": PASSWORD}}, "password is for method password"),
        ({"auth": {"tenant_id": "x.example"}}, "tenant_id is for method xoauth2"),
        ({"auth": {"method": "xoauth2", "user": "w"}}, "credential is missing"),
        ({"auth": {"method": "xoauth2", **APP, "tenant_id": "common"}}, "is no tenant"),
        ({"auth": {"method": "xoauth2", **APP, "password": PASSWORD}}, "password is for method password"),
        ({"auth": "password"}, "valid dictionary"),
        ({"envelope_from": "bounces"}, "is no mail address"),
        ({"bounces": {"server": "imap.example.org"}}, "bounces needs auth"),
        ({"bounces": {"server": "imap.example.org", "auth": {"method": "none"}}}, "bounces needs auth"),
        ({"bounces": {"server": "imap.example.org", "tls": "none"}}, "on this machine"),
        ({"bounces": {"server": "imap.example.org", "folder": 'a"b'}}, "String should match pattern"),
        ({"bounces": {"server": "imap.example.org", "folder": "a\r\nb"}}, "String should match pattern"),
        ({"bounces": {"auth": {"method": "password", "user": "w", "password": PASSWORD}}}, "Field required"),
    ],
)
def test_what_cannot_work_is_refused(keys: dict[str, Any], part: str) -> None:
    with pytest.raises(ValidationError) as raised:
        EmailConfig.model_validate(whole(**keys))
    assert part in str(raised.value)
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    "keys, port", [({}, 993), ({"tls": "starttls"}, 143), ({"tls": "none"}, 143), ({"port": 1993}, 1993)]
)
def test_the_mailbox_of_bounces_has_its_port_and_signs_in_as_the_sender_or_as_its_own(
    keys: dict[str, Any], port: int
) -> None:
    own = {"method": "password", "user": "bounces", "password": PASSWORD}
    keys = {"server": "localhost", **keys}
    as_sender = EmailConfig.model_validate(whole(auth=own, bounces=keys))
    as_its_own = EmailConfig.model_validate(whole(bounces={**keys, "auth": own}))
    assert as_sender.bounces is not None
    assert (as_sender.bounces.used_port, as_sender.bounces.folder) == (port, "INBOX")
    assert as_sender.auth_of_bounces == as_its_own.auth_of_bounces
    assert PASSWORD not in repr(as_its_own)


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_a_server_on_this_machine_needs_no_encryption(server: str) -> None:
    assert EmailConfig.model_validate(whole(tls="none", server=server)).server == server


def test_no_secret_is_in_a_repr() -> None:
    by_password = EmailConfig.model_validate(
        whole(auth={"method": "password", "user": "w", "password": PASSWORD})
    )
    by_app = EmailConfig.model_validate(whole(auth={"method": "xoauth2", **APP}))
    assert PASSWORD not in repr(by_password) + by_password.model_dump_json()
    assert "s3cr3t-value" not in repr(by_app) + by_app.model_dump_json()


@pytest.mark.parametrize(
    "cloud, resource",
    [("global", "https://outlook.office365.com"), ("china", "https://partner.outlook.cn")],
)
def test_a_token_is_for_the_mail_of_its_cloud(cloud: str, resource: str) -> None:
    auth = EmailConfig.model_validate(whole(auth={"method": "xoauth2", **APP, "cloud": cloud})).auth
    assert auth.resource == resource


def test_what_workload_identity_says_takes_the_place_of_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", "x.example")
    monkeypatch.setenv("AZURE_CLIENT_ID", "c")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token")
    auth = EmailConfig.model_validate(whole(auth={"method": "xoauth2", "user": "w"})).auth
    assert (auth.tenant_id, auth.credential.federated_token_file) == ("x.example", "/var/run/token")
    assert EmailConfig.model_validate(whole()).auth.tenant_id == ""
