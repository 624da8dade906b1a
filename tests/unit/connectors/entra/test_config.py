"""The keys of `kind: entra`: what is enough, what the environment adds, and every refusal with what to write."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.directory.entra.config import EntraConfig, NotificationsConfig
from connectors.kit.graph.config import ENDPOINTS, Cloud

TENANT = "c0ffee00-7e57-4000-8000-00000000aaaa"
CLIENT = "c0ffee00-7e57-4000-8000-00000000bbbb"
SECRET = "never-shown-7-never-shown"
TOKEN_FILE = "/var/run/secrets/azure/tokens/azure-identity-token"
WAYS = "secret, certificate_file, federated_token_file, managed_identity"
CALLS = {"url": "https://hooks.corp.example/entra", "client_state": SECRET}


@pytest.fixture(autouse=True)
def _no_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TENANT_ID", "CLIENT_ID", "AUTHORITY_HOST", "FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)


def keys(**changes: Any) -> dict[str, Any]:
    return {"tenant_id": TENANT, "client_id": CLIENT, "credential": {"secret": SECRET}} | changes


def config(**changes: Any) -> EntraConfig:
    return EntraConfig.model_validate(keys(**changes))


def refusals(given: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        EntraConfig.model_validate(given)
    assert SECRET not in str(caught.value), "no error repeats what was typed"
    return [
        (".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, "))
        for error in caught.value.errors(include_url=False, include_context=False)
    ]


def test_tenant_client_and_credential_are_enough() -> None:
    least = config()

    assert least.login == f"https://login.microsoftonline.com/{TENANT}"
    assert least.graph == "https://graph.microsoft.com"
    assert (least.scope.user_types, least.scope.groups, least.scope.require) == (("Member",), (), {})
    assert least.attributes.phones == ("mobilePhone", "businessPhones")
    assert (least.attributes.leave_date, least.attributes.long_leave) == ("employeeLeaveDateTime", None)
    assert (least.page_timeout.total_seconds(), least.notifications) == (30, None)


@pytest.mark.parametrize(
    "credential",
    [
        {"secret": SECRET},
        {"certificate_file": "app.pem", "private_key_file": "app.key"},
        {"certificate_file": "app.pem", "private_key_file": "app.key", "passphrase": SECRET},
        {"federated_token_file": TOKEN_FILE},
        {"managed_identity": True},
    ],
)
def test_each_of_the_four_ways_is_a_credential(credential: dict[str, Any]) -> None:
    assert config(credential=credential).credential.is_given


def test_a_managed_identity_needs_neither_tenant_nor_client() -> None:
    made = EntraConfig.model_validate({"credential": {"managed_identity": True}})

    assert (made.tenant_id, made.client_id) == ("", "")


@pytest.mark.parametrize("cloud", list(Cloud))
def test_each_cloud_has_its_own_sign_in_and_graph(cloud: Cloud) -> None:
    made = config(cloud=cloud.value)

    assert (made.login, made.graph) == (f"{ENDPOINTS[cloud].login}/{TENANT}", ENDPOINTS[cloud].graph)


def test_addresses_go_before_those_of_the_cloud() -> None:
    made = config(cloud="china", authority="https://login.test/", graph_url="http://127.0.0.1:8000/")

    assert (made.login, made.graph) == (f"https://login.test/{TENANT}", "http://127.0.0.1:8000")


@pytest.mark.parametrize("tenant", [TENANT, TENANT.upper(), f"{TENANT}/"])
def test_an_authority_may_end_in_the_tenant(tenant: str) -> None:
    made = config(authority=f"https://login.microsoftonline.com/{tenant}")

    assert made.login == f"https://login.microsoftonline.com/{tenant.rstrip('/')}"


def test_one_glob_may_stand_without_a_list() -> None:
    scope = config(
        scope={"require": {"employeeId": "E*", "onPremisesExtensionAttributes.x": ["a", "b"]}}
    ).scope

    assert scope.require == {"employeeId": ("E*",), "onPremisesExtensionAttributes.x": ("a", "b")}


@pytest.mark.parametrize(
    "written, read",
    [
        ("employeeid", "employeeId"),
        ("EMPLOYEEID", "employeeId"),
        (
            "onpremisesextensionattributes.EXTENSIONATTRIBUTE3",
            "onPremisesExtensionAttributes.extensionAttribute3",
        ),
        ("employeeOrgData.costcenter", "employeeOrgData.costCenter"),
        ("extension_0aBc_leave", "extension_0aBc_leave"),
        ("mobilPhone", "mobilPhone"),
    ],
)
def test_a_property_is_called_as_graph_calls_it_in_its_answers(written: str, read: str) -> None:
    made = config(
        attributes={
            "phones": [written],
            "employee_id": written,
            "leave_date": written,
            "long_leave": written,
        },
        scope={"require": {written: "*"}},
    )

    names = made.attributes
    assert [*names.phones, names.employee_id, names.leave_date, names.long_leave] == [read] * 4
    assert list(made.scope.require) == [read]


def test_types_may_be_written_in_any_case() -> None:
    assert config(scope={"user_types": ["guest", "MEMBER"]}).scope.user_types == ("Guest", "Member")


@pytest.mark.parametrize("tenant", [TENANT, "contoso.onmicrosoft.com", "corp.example"])
def test_a_tenant_is_an_id_or_a_domain(tenant: str) -> None:
    assert config(tenant_id=tenant).tenant_id == tenant


def test_what_workload_identity_puts_into_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", TOKEN_FILE)

    made = EntraConfig.model_validate({})

    assert (made.tenant_id, made.client_id) == (TENANT, CLIENT)
    assert made.credential.federated_token_file == TOKEN_FILE
    assert made.login == f"https://login.microsoftonline.us/{TENANT}", "its slash at the end is left out"


@pytest.mark.parametrize(
    "host, given, cloud, graph",
    [
        ("https://login.microsoftonline.com/", {}, Cloud.GLOBAL, "https://graph.microsoft.com"),
        ("https://login.microsoftonline.us/", {}, Cloud.USGOV, "https://graph.microsoft.us"),
        ("https://login.chinacloudapi.cn/", {}, Cloud.CHINA, "https://microsoftgraph.chinacloudapi.cn"),
        (
            "https://login.partner.microsoftonline.cn",
            {},
            Cloud.CHINA,
            "https://microsoftgraph.chinacloudapi.cn",
        ),
        (
            "https://login.microsoftonline.us/",
            {"cloud": "usgov_dod"},
            Cloud.USGOV_DOD,
            "https://dod-graph.microsoft.us",
        ),
        (
            "https://login.microsoftonline.us/",
            {"graph_url": "https://graph.lab.example"},
            Cloud.GLOBAL,
            "https://graph.lab.example",
        ),
    ],
)
def test_the_sign_in_of_a_national_cloud_tells_where_its_graph_is(
    monkeypatch: pytest.MonkeyPatch, host: str, given: dict[str, Any], cloud: Cloud, graph: str
) -> None:
    for name, value in {
        "TENANT_ID": TENANT,
        "CLIENT_ID": CLIENT,
        "AUTHORITY_HOST": host,
        "FEDERATED_TOKEN_FILE": TOKEN_FILE,
    }.items():
        monkeypatch.setenv(f"AZURE_{name}", value)

    made = EntraConfig.model_validate(given)

    assert (made.cloud, made.graph) == (cloud, graph)
    assert made.login == f"{host.rstrip('/')}/{TENANT}"
    by_file = config(authority=f"{host.rstrip('/')}/{TENANT}", **given)
    assert (by_file.cloud, by_file.graph) == (cloud, graph)


def test_what_the_file_says_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TENANT_ID", "CLIENT_ID", "FEDERATED_TOKEN_FILE"):
        monkeypatch.setenv(f"AZURE_{name}", "other")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")

    made = config()

    assert (made.tenant_id, made.client_id) == (TENANT, CLIENT)
    assert made.credential.federated_token_file is None
    assert made.login == f"https://login.microsoftonline.com/{TENANT}"


@pytest.mark.parametrize(
    "changes, place, words",
    [
        ({"credential": {}}, "", f"credential is missing: give one of {WAYS}"),
        ({"credential": {"secret": SECRET, "managed_identity": True}}, "credential", f"give one of {WAYS}"),
        (
            {"credential": {"secret": SECRET, "federated_token_file": TOKEN_FILE}},
            "credential",
            f"give one of {WAYS}",
        ),
        (
            {"credential": {"certificate_file": "app.pem"}},
            "credential",
            "certificate_file and private_key_file belong together",
        ),
        (
            {"credential": {"private_key_file": "app.key"}},
            "credential",
            "certificate_file and private_key_file belong together",
        ),
        ({"credential": {"secret": " "}}, "credential", "the secret is empty"),
        ({"tenant_id": ""}, "", "tenant_id is missing"),
        ({"client_id": ""}, "", "client_id is missing"),
        (
            {"cloud": "germany"},
            "cloud",
            "Input should be 'global', 'usgov', 'usgov_dod' or 'china'",
        ),
        (
            {"graph_url": "http://graph.corp.example"},
            "graph_url",
            "'http://graph.corp.example' is no https address",
        ),
        ({"authority": "http://127.0.0.1:8000"}, "authority", "'http://127.0.0.1:8000' is no https address"),
        (
            {"graph_url": "https://graph.microsoft.com/v1.0"},
            "graph_url",
            "'https://graph.microsoft.com/v1.0' has a path; give the address alone: https://graph.microsoft.com",
        ),
        (
            {"graph_url": "https://graph.microsoft.com?x"},
            "graph_url",
            "'https://graph.microsoft.com?x' has a path; give the address alone: https://graph.microsoft.com",
        ),
        (
            {"tenant_id": "a/b c?"},
            "tenant_id",
            "'a/b c?' is neither a tenant's id nor a domain",
        ),
        (
            {"tenant_id": "Common"},
            "tenant_id",
            "'Common' is no tenant; an app signs in to one, by its id or domain",
        ),
        (
            {"tenant_id": "organizations"},
            "tenant_id",
            "'organizations' is no tenant; an app signs in to one, by its id or domain",
        ),
        (
            {"tenant_id": "consumers"},
            "tenant_id",
            "'consumers' is no tenant; an app signs in to one, by its id or domain",
        ),
        ({"scope": {"user_types": ["Members"]}}, "scope.user_types.0", "Input should be 'Member' or 'Guest'"),
        (
            {"scope": {"user_types": []}},
            "scope.user_types",
            "nobody would be in scope; give Member, Guest or both",
        ),
        ({"authority": "login.corp.example"}, "authority", "'login.corp.example' is no https address"),
        (
            {"scope": {"groups": ["Nurses"]}},
            "scope.groups",
            "'Nurses' is no object id; copy it from the group's overview in the portal",
        ),
        ({"attributes": {"phones": []}}, "attributes.phones", "Tuple should have at least 1 item after validation, not 0"),  # noqa: E501
        ({"attributes": {"employee_id": "a b"}}, "attributes.employee_id", r"String should match pattern '^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$'"),  # noqa: E501
        (
            {"notifications": CALLS | {"url": "http://hooks.corp.example"}},
            "notifications.url",
            "'http://hooks.corp.example' is no https address; Graph calls no other",
        ),
        (
            {"notifications": CALLS | {"client_state": "short"}},
            "notifications.client_state",
            "client_state must have 16 to 128 characters",
        ),
        ({"page_timeout": 30}, "page_timeout", "30 has no unit; write 30s, 30m or 30h"),
        ({"password": SECRET}, "password", "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_place_and_what_to_write(changes: dict[str, Any], place: str, words: str) -> None:
    assert refusals(keys(**changes)) == [(place, words)]


def test_nothing_shows_a_secret() -> None:
    made = config(notifications=CALLS)

    assert SECRET not in repr(made)
    assert SECRET not in made.model_dump_json()


@pytest.mark.parametrize("listen", ["8070", ":8070", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_to_listen_at_has_a_host_and_a_port(listen: str) -> None:
    with pytest.raises(ValidationError, match=r"write it like 127\.0\.0\.1:8070"):
        NotificationsConfig.model_validate(
            {
                "url": "https://whosleft.example.org",
                "listen": listen,
                "client_state": "invented and long enough",
            }
        )
