"""The keys of `kind: active_directory`: the design's example is right, and every refusal says what to write instead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.directory.active_directory.config import ActiveDirectoryConfig, BindMethod, Mode, TlsConfig
from fakes.ldap.server import PASSWORD, USER
from fakes.ldap.setup import BASE, LEAVERS, STAFF, config, whole

KEYTAB = {"method": "kerberos", "user": "svc@CORP.EXAMPLE", "keytab": "svc.keytab"}
SECRET = "never-shown-7"
UNIT = "expected whole numbers with the units w, d, h, m, s, the larger first, such as '4h', '90m' or '1d12h'"
A_DN = "is not a distinguished name; write it like OU=Staff,DC=corp,DC=example"
A_SERVER = "is no server; it looks like ldaps://dc1.corp.example:636"
A_FILTER = "Compare it with (&(objectClass=user)(employeeID=*))."
PLAIN = (
    "ldap://dc1.corp.example:389 would send the password readable over the network; write ldaps://, or set "
    "tls.start_tls (tls.allow_plain_text_on_the_network: true if that is really wanted)"
)
START_TLS = "tls.start_tls is for ldap:// servers; ldaps:// is encrypted from the start"


def bind(**changes: Any) -> dict[str, Any]:
    return {"bind": {"user": USER, "password": SECRET} | changes}


def refusals(keys: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        ActiveDirectoryConfig.model_validate(keys)
    return [
        (".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, "))
        for error in caught.value.errors(include_url=False, include_context=False)
    ]


def test_the_example_of_the_design_can_be_used() -> None:
    made = ActiveDirectoryConfig.model_validate(whole())

    assert made.servers == ("ldaps://dc1.corp.example:636", "ldaps://dc2.corp.example:636")
    assert (made.bind.method, made.bind.user) == (BindMethod.SIMPLE, USER)
    assert made.bind.password is not None
    assert made.bind.password.get_secret_value() == PASSWORD
    assert (made.base, made.leavers_ou, made.scope.filter) == (BASE, LEAVERS, "(employeeID=*)")
    assert made.attributes.phones == ("mobile", "otherMobile")
    assert (made.tls.verify, made.tls.start_tls) == (True, False)
    assert (made.timeouts.connect, made.timeouts.read, made.timeouts.whole) == (
        timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=30),
    )  # fmt: skip
    assert (made.page_size, made.mode) == (1000, Mode.AUTO)


def test_server_account_and_base_are_enough_and_the_rest_is_that_of_the_example() -> None:
    least = ActiveDirectoryConfig.model_validate(
        {"servers": ["ldaps://dc1.corp.example"], "bind": whole()["bind"], "base": BASE}
    )
    example = ActiveDirectoryConfig.model_validate(whole())

    assert least.attributes == example.attributes
    assert (least.timeouts, least.page_size, least.mode) == (
        example.timeouts,
        example.page_size,
        example.mode,
    )
    assert least.tls == TlsConfig(verify=True, start_tls=False, allow_plain_text_on_the_network=False)
    assert (least.scope.filter, least.scope.ous, least.scope.exclude, least.leavers_ou) == (
        None,
        (),
        (),
        None,
    )


@pytest.mark.parametrize(
    "url, tidy",
    [
        ("ldaps://dc1.corp.example", "ldaps://dc1.corp.example:636"),
        ("ldaps://dc1.corp.example/", "ldaps://dc1.corp.example:636"),
        (" LDAPS://DC1.corp.example:3269 ", "ldaps://dc1.corp.example:3269"),
        ("ldaps://[2001:db8::1]", "ldaps://[2001:db8::1]:636"),
        ("ldaps://127.0.0.1:1636", "ldaps://127.0.0.1:1636"),
    ],
)
def test_an_address_is_given_its_port(url: str, tidy: str) -> None:
    assert ActiveDirectoryConfig.model_validate(whole(servers=[url])).servers == (tidy,)


def test_ldap_gets_port_389_when_tls_is_started_on_it() -> None:
    made = ActiveDirectoryConfig.model_validate(whole(servers=["ldap://dc1"], tls={"start_tls": True}))
    assert made.servers == ("ldap://dc1:389",)


def test_a_keytab_takes_the_place_of_a_password() -> None:
    made = ActiveDirectoryConfig.model_validate(whole(bind=KEYTAB))
    assert (made.bind.method, made.bind.keytab, made.bind.password) == (
        BindMethod.KERBEROS,
        "svc.keytab",
        None,
    )


def test_spaces_and_case_do_not_put_an_ou_outside_of_base() -> None:
    made = ActiveDirectoryConfig.model_validate(whole(scope={"ous": ["ou=Staff, dc=Corp, dc=EXAMPLE", BASE]}))
    assert len(made.scope.ous) == 2


def test_accounts_in_the_leavers_unit_can_be_excluded_wherever_it_lies() -> None:
    given = {"base": STAFF, "leavers_ou": LEAVERS, "scope": {"exclude": [f"OU=Robots,{LEAVERS}"]}}
    assert config(**given).scope.exclude == (f"OU=Robots,{LEAVERS}",)


@pytest.mark.parametrize("size", [1, 1000])
def test_a_page_has_from_one_to_a_thousand_people(size: int) -> None:
    assert config(page_size=size).page_size == size


@pytest.mark.parametrize(
    "changes, place, why",
    [
        (bind(password=""), "bind", "method simple needs a password that isn't empty"),
        (bind(password=None), "bind", "method simple needs a password that isn't empty"),
        (bind(keytab="svc.keytab"), "bind", "a keytab is for method kerberos"),
        (bind(method="kerberos", password=None), "bind", "method kerberos needs a keytab"),
        ({"bind": KEYTAB | {"password": SECRET}}, "bind", "method kerberos takes a keytab, not a password"),
        (bind(method="ntlm"), "bind.method", "Input should be 'simple' or 'kerberos'"),
        (bind(user=""), "bind.user", "String should have at least 1 character"),
        (
            {"servers": ["ldap://dc1.corp.example"]}, "",
            PLAIN,
        ),
        ({"tls": {"start_tls": True}}, "", START_TLS),
        ({"servers": ["ldap://dc1", "ldaps://dc2"], "tls": {"start_tls": True}}, "", START_TLS),
        ({"servers": []}, "servers", "Tuple should have at least 1 item after validation, not 0"),
        ({"servers": ["dc1.corp.example"]}, "servers", f"'dc1.corp.example' {A_SERVER}"),
        ({"servers": ["https://dc1"]}, "servers", f"'https://dc1' {A_SERVER}"),
        ({"servers": ["ldaps://"]}, "servers", f"'ldaps://' {A_SERVER}"),
        ({"servers": ["ldaps://dc1:99999"]}, "servers", f"'ldaps://dc1:99999' {A_SERVER}"),
        ({"servers": ["ldaps://dc1:port"]}, "servers", f"'ldaps://dc1:port' {A_SERVER}"),
        ({"servers": ["ldaps://[::1"]}, "servers", f"'ldaps://[::1' {A_SERVER}"),
        ({"servers": ["ldaps://dc1/DC=corp"]}, "servers", f"'ldaps://dc1/DC=corp' {A_SERVER}"),
        (
            {"servers": [f"ldaps://svc:{SECRET}@dc1"]}, "servers",
            "an account does not stand in a server's address; it belongs in bind.user",
        ),
        ({"base": "corp.example"}, "base", f"'corp.example' {A_DN}"),
        ({"leavers_ou": "Leavers"}, "leavers_ou", f"'Leavers' {A_DN}"),
        ({"scope": {"ous": ["Staff"]}}, "scope.ous.0", f"'Staff' {A_DN}"),
        (
            {"scope": {"ous": [STAFF, "OU=Staff,DC=other,DC=example"]}}, "",
            "scope.ous: OU=Staff,DC=other,DC=example does not lie in base (DC=corp,DC=example)",
        ),
        *(
            (
                {"scope": {"exclude": ["svc-*", unit]}}, "",
                f"scope.exclude: {unit} lies neither in base (DC=corp,DC=example) nor in leavers_ou",
            )
            for unit in ("OU=Service Accounts", "OU=Service Accounts,DC=corp,DC=exmaple")
        ),
        *(
            (
                {"leavers_ou": unit, "scope": {"ous": [STAFF]}}, "",
                f"leavers_ou: everybody in scope lies in {unit}, and would be a leaver",
            )
            for unit in (BASE, STAFF)
        ),
        (
            {"scope": {"filter": "(employeeID=*"}}, "scope.filter",
            f"The filter '(employeeID=*' cannot be used: invalid filter. {A_FILTER}",
        ),
        (
            {"scope": {"filter": "employeeID=*"}}, "scope.filter",
            f"The filter 'employeeID=*' cannot be used: invalid filter. {A_FILTER}",
        ),
        ({"scope": {"filter": " "}}, "scope.filter", f"The filter '' cannot be used: invalid filter. {A_FILTER}"),
        ({"page_size": 0}, "page_size", "Input should be greater than or equal to 1"),
        ({"page_size": 1001}, "page_size", "Input should be less than or equal to 1000"),
        ({"timeouts": {"read": 30}}, "timeouts.read", "30 has no unit; write 30s, 30m or 30h"),
        ({"timeouts": {"read": "30"}}, "timeouts.read", f"duration '30': {UNIT}"),
        ({"timeouts": {"pass": "half an hour"}}, "timeouts.pass", f"duration 'half an hour': {UNIT}"),
        ({"timeouts": {"connect": "0s"}}, "timeouts.connect", "is too short; write 1s or more"),
        ({"timeouts": {"whole": "5s"}}, "timeouts.whole", "Extra inputs are not permitted"),
        ({"mode": "fast"}, "mode", "Input should be 'auto', 'dirsync', 'usn' or 'full'"),
        (
            {"attributes": {"phones": []}}, "attributes.phones",
            "Tuple should have at least 1 item after validation, not 0",
        ),
        (
            {"attributes": {"leave_date": "last day"}}, "attributes.leave_date",
            "String should match pattern '^[A-Za-z][A-Za-z0-9-]*$'",
        ),
        ({"server": "dc1"}, "server", "Extra inputs are not permitted"),
        ({"tls": {"verfy": False}}, "tls.verfy", "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_place_and_the_reason(
    changes: dict[str, Any], place: str, why: str
) -> None:
    assert refusals(whole(**bind()) | changes) == [(place, why)]


@pytest.mark.parametrize("key", ["servers", "bind", "base"])
def test_what_has_no_default_is_asked_for(key: str) -> None:
    assert refusals(whole(**{key: None})) == [(key, "Field required")]


@pytest.mark.parametrize(
    "changes",
    [
        bind(method="kerberos"),
        bind(keytab="svc.keytab"),
        bind(method="ntlm"),
        bind(pasword=SECRET),
        {"bind": {"user": USER, "pasword": SECRET}},
        {"bind": SECRET},
        {"servers": [f"ldaps://svc:{SECRET}@dc1"]},
        {"servers": ["ldap://dc1"]},
    ],
)
def test_no_refusal_repeats_a_secret(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        ActiveDirectoryConfig.model_validate(whole(**bind()) | changes)

    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)


def test_nothing_that_a_configuration_shows_has_the_secret() -> None:
    made = ActiveDirectoryConfig.model_validate(whole(**bind()))
    assert SECRET not in f"{made!r} {made} {made.model_dump()} {made.model_dump_json()}"


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(ValidationError):
        config().page_size = 5  # type: ignore[misc]
