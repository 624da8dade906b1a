from pathlib import Path
from typing import Any

import pytest

from worker.settings import load
from worker.settings.sign_in import SignInSection

SECRET = "desk-0123456789-invented"
ENTRA: dict[str, Any] = {
    "kind": "entra",
    "tenant_id": "contoso.example",
    "client_id": "x",
    "client_secret": "s",
}
OIDC: dict[str, Any] = {
    "kind": "oidc",
    "issuer": "https://idp.example.org",
    "client_id": "x",
    "client_secret": "s",
}


def read(base: dict[str, Any], **keys: Any) -> SignInSection:
    return SignInSection.model_validate({**base, **keys})


def test_without_the_key_nobody_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "whosleft.yaml"
    for text in ("desk: {}\n", "desk: {sign_in: null}\n", "desk:\n  sign_in:\n"):
        path.write_text(text)
        assert load(path).desk.sign_in is None


def test_roles_that_are_left_out_are_named_like_ours() -> None:
    ours = {name: (name,) for name in ("viewer", "operator", "approver", "auditor")}
    assert read(ENTRA).role_values == ours
    assert read(OIDC, roles=None, tls=None).role_values == ours


def test_a_role_that_is_left_out_of_roles_is_nobody_s() -> None:
    found = read(OIDC, roles={"viewer": "staff"}).role_values
    assert found == {"viewer": ("staff",), "operator": (), "approver": (), "auditor": ()}


@pytest.mark.parametrize(
    "keys, address",
    [
        ({}, "https://login.microsoftonline.com/contoso.example"),
        ({"cloud": "usgov"}, "https://login.microsoftonline.us/contoso.example"),
        ({"cloud": "usgov_dod"}, "https://login.microsoftonline.us/contoso.example"),
        ({"cloud": "china"}, "https://login.chinacloudapi.cn/contoso.example"),
        ({"authority": "https://lab.example:8443/"}, "https://lab.example:8443/contoso.example"),
        ({"authority": "https://lab.example/contoso.example/"}, "https://lab.example/contoso.example"),
    ],
)
def test_a_tenant_s_address_is_its_cloud_s(keys: dict[str, str], address: str) -> None:
    assert read(ENTRA, **keys).address == address


@pytest.mark.parametrize(
    "issuer, address",
    [
        ("https://accounts.google.com", "https://accounts.google.com"),
        ("https://tenant.eu.auth0.com/", "https://tenant.eu.auth0.com"),
        ("https://sso.example.org/realms/staff", "https://sso.example.org/realms/staff"),
    ],
)
def test_an_issuer_is_its_address_without_the_last_slash(issuer: str, address: str) -> None:
    section = read(OIDC, issuer=issuer)
    assert (section.is_entra, section.address) == (False, address)


def test_groups_are_named_by_id_in_any_case() -> None:
    group = "AAAAAAAA-0000-4000-8000-00000000000b"
    assert read(ENTRA, claim="groups", roles={"viewer": group}).role_values["viewer"] == (group,)


def test_another_provider_s_claim_and_values_are_taken_as_they_are() -> None:
    section = read(OIDC, claim="https://example.org/groups", roles={"viewer": ["Ward 7"]})
    assert section.role_values["viewer"] == ("Ward 7",)


def test_a_token_file_takes_the_place_of_the_secret() -> None:
    section = read({**OIDC, "client_secret": None}, federated_token_file="/var/run/token")
    assert (section.secret, section.federated_token_file) == (None, "/var/run/token")


def test_the_secret_is_in_no_repr_and_no_dump(tmp_path: Path) -> None:
    path = tmp_path / "whosleft.yaml"
    path.write_text(
        "desk:\n  sign_in: {kind: oidc, issuer: 'https://idp.example.org', client_id: x, client_secret: '${env:S}'}\n"
    )
    settings = load(path, env={"S": SECRET})
    section = settings.desk.sign_in
    assert section is not None
    assert section.secret == SECRET
    assert (
        SECRET
        not in f"{settings!r} {settings} {section!r} {settings.model_dump()} {settings.model_dump_json()}"
    )
