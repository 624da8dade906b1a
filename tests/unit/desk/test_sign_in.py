"""Signing in against a provider on loopback: real HTTP, TLS with a CA file, msal as it is."""

import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from certificates import Pair
from fakes.oidc.issuer import CLIENT_ID, REDIRECT_URI, TENANT, Fault, OidcIssuer, User
from fakes.oidc.setup import ADA, Lab, refused_throughout
from worker.desk.roles import DeskRole
from worker.desk.sign_in import SignedIn

# --- It works -------------------------------------------------------------------------------------------------------


def test_whoever_the_provider_names_is_signed_in_with_their_roles(lab: Lab) -> None:
    assert lab.sign_in() == ADA


def test_an_entra_tenant_signs_in_by_object_id_and_app_roles(entra_lab: Lab) -> None:
    claims = {
        "oid": "0b1d",
        "name": "Ada",
        "preferred_username": "ada@corp.example",
        "roles": ["approver", "x"],
    }
    entra_lab.issuer.user = User("pairwise", claims)
    found = entra_lab.sign_in(entra_lab.desk(entra_lab.entra_section()))
    email = "ada@corp.example"
    roles = frozenset({DeskRole.APPROVER})
    assert found == SignedIn(found.issuer, "0b1d", "Ada", email, roles, frozenset({email}))


def test_an_entra_tenant_is_asked_for_no_more_than_a_profile(entra_lab: Lab) -> None:
    started = entra_lab.begin(entra_lab.desk(entra_lab.entra_section()))
    asked = dict(parse_qsl(urlsplit(started.url).query))
    assert asked["scope"].split() == ["openid", "profile"]


def test_the_browser_is_asked_for_a_code_under_state_nonce_and_pkce_and_for_no_lasting_token(
    lab: Lab,
) -> None:
    asked = dict(parse_qsl(urlsplit(lab.begin(lab.desk()).url).query))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == REDIRECT_URI
    assert asked["scope"].split() == ["email", "openid", "profile"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)


def test_two_sign_ins_share_nothing(lab: Lab) -> None:
    desk = lab.desk()
    one, other = lab.begin(desk).flow, lab.begin(desk).flow
    assert not {one[name] for name in ("state", "nonce", "code_verifier")} & set(map(str, other.values()))


@pytest.mark.parametrize("path", ["", "/tenant", "/a/b/"])
def test_an_issuer_may_have_any_path_or_none(
    path: str, loopback_certificates: tuple[Path, Pair], tmp_path: Path
) -> None:
    ca_file, pair = loopback_certificates
    with OidcIssuer(pair, path=path.rstrip("/")) as issuer:
        lab = Lab(issuer, ca_file, tmp_path)
        assert lab.sign_in(lab.desk(lab.section(issuer=f"{issuer.url}{path}"))) == ADA
        lab.close()


def test_a_federated_token_is_read_at_each_use(lab: Lab, tmp_path: Path) -> None:
    desk = lab.desk(lab.section(client_secret=None, federated_token_file="token"))
    for token in ("first", "second"):
        (tmp_path / "token").write_text(f"{token}\n")
        lab.issuer.trusted_assertion = token
        assert lab.sign_in(desk) == ADA


def test_the_flow_is_small_enough_for_a_cookie(lab: Lab) -> None:
    assert len(json.dumps(lab.begin(lab.desk()).flow)) < 1000


def test_the_provider_is_found_once_and_keeps_no_cookie_of_anybody(lab: Lab) -> None:
    desk = lab.desk()
    lab.sign_in(desk)
    asked = len(lab.issuer.seen("/.well-known/openid-configuration"))
    lab.sign_in(desk)
    assert len(lab.issuer.seen("/.well-known/openid-configuration")) == asked
    ours = [line for line in lab.issuer.log if "/authorize" not in line.path]
    assert not [line for line in ours if "cookie" in line.headers]


def test_no_token_is_kept(lab: Lab) -> None:
    desk = lab.desk()
    lab.sign_in(desk)
    assert desk._known is not None
    cache = desk._known._app.token_cache
    assert json.loads(json.dumps(cache._cache)) == {}


def test_making_it_asks_nobody(tmp_path: Path, lab: Lab) -> None:
    lab.desk(lab.section(tls={"ca_file": "not-there.pem"}, issuer="https://provider.invalid/x"))
    assert lab.issuer.log == []


# --- Roles ----------------------------------------------------------------------------------------------------------

WARD, SECURITY = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


def test_groups_give_roles_by_their_object_ids_in_any_case(entra_lab: Lab) -> None:
    roles = {"operator": [WARD], "auditor": [SECURITY.upper()]}
    desk = entra_lab.desk(entra_lab.entra_section(claim="groups", roles=roles))
    entra_lab.issuer.user = User("x", {"oid": "o", "groups": [WARD.upper(), SECURITY]})
    assert entra_lab.sign_in(desk).roles == {DeskRole.OPERATOR, DeskRole.AUDITOR}


def test_one_value_may_give_several_roles(lab: Lab) -> None:
    desk = lab.desk(lab.section(roles={"operator": "soc", "auditor": ["soc", "audit"]}))
    lab.issuer.user = User("x", {"roles": "soc"})
    assert lab.sign_in(desk).roles == {DeskRole.OPERATOR, DeskRole.AUDITOR}


@pytest.mark.parametrize(
    "claim, claims",
    [
        ("realm_access.roles", {"realm_access": {"roles": ["viewer"]}}),
        ("https://example.org/roles", {"https://example.org/roles": ["viewer"]}),
        ("groups", {"groups": ["viewer", 7, None]}),
    ],
)
def test_another_provider_s_claim_may_have_any_name(lab: Lab, claim: str, claims: dict[str, Any]) -> None:
    lab.issuer.user = User("x", claims)
    assert lab.sign_in(lab.desk(lab.section(claim=claim))).roles == {DeskRole.VIEWER}


@pytest.mark.parametrize("held", [["Operator"], ["oper", "operator2"], [], [7], {"operator": True}])
def test_nobody_is_signed_in_without_a_role(lab: Lab, held: Any) -> None:
    lab.issuer.user = User("x", {"roles": held})
    error = refused_throughout(lab)
    assert "its 'roles' names none of approver, auditor, operator, viewer" in error.message
    assert "Ask" in error.remedy


def test_a_claim_that_is_missing_is_said_to_be_missing(lab: Lab) -> None:
    lab.issuer.user = User("x")
    error = refused_throughout(lab)
    assert "had no 'roles'" in error.message
    assert "let the provider put it in the ID token" in error.remedy


@pytest.mark.parametrize("claims", [{}, {"hasgroups": True}])
def test_somebody_in_too_many_groups_is_told_so(entra_lab: Lab, claims: dict[str, Any]) -> None:
    desk = entra_lab.desk(entra_lab.entra_section(claim="groups", roles={"viewer": WARD}))
    entra_lab.issuer.user = User("x", {"oid": "o", **claims})
    if not claims:
        entra_lab.issuer.faults = {Fault.OVERAGE}
    error = refused_throughout(entra_lab, desk)
    assert "more groups than Entra ID puts into a sign-in" in error.message
    assert "app roles" in error.remedy


# --- What a name may be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims, name, email",
    [
        ({}, "x", None),
        ({"preferred_username": "ada"}, "ada", None),
        ({"email": "a@b.org"}, "a@b.org", "a@b.org"),
        ({"name": "Ada\n\u202eevil", "email": "a@b.org", "email_verified": False}, "Ada evil", None),
        ({"name": "Ada", "email": "a@b.org", "email_verified": []}, "Ada", "a@b.org"),
        ({"name": ["Ada"], "email": {"a": 1}}, "x", None),
        ({"name": "N" * 500}, "N" * 200, None),
        ({"name": "می\u200cخواهم"}, "می\u200cخواهم", None),
    ],
)
def test_names_are_one_line_and_addresses_are_not_known_to_be_wrong(
    lab: Lab, claims: dict[str, Any], name: str, email: str | None
) -> None:
    lab.issuer.user = User("x", {"roles": ["viewer"], **claims})
    found = lab.sign_in()
    assert (found.name, found.email) == (name, email)


def test_every_address_and_user_name_is_kept_verified_or_not(lab: Lab) -> None:
    claims = {
        "email": "Ada@Straße.example",
        "email_verified": False,
        "preferred_username": "Ada",
        "upn": "ada@corp",
    }
    lab.issuer.user = User("x", {"roles": ["viewer"], **claims})
    found = lab.sign_in()
    assert found.email is None
    assert found.known_as == {"ada@xn--strae-oqa.example", "ada", "ada@corp"}


@pytest.mark.parametrize("sub", ["", "x" * 256, 7])
def test_a_token_about_nobody_signs_nobody_in(lab: Lab, sub: Any) -> None:
    lab.issuer.user = User("x", {"roles": ["viewer"], "sub": sub})
    assert "it names nobody" in refused_throughout(lab).message


# --- The fake -------------------------------------------------------------------------------------------------------


def test_the_fake_s_tokens_are_signed_with_the_key_that_it_shows(lab: Lab) -> None:
    context = ssl.create_default_context(cafile=str(lab.ca_file))
    keys = jwt.PyJWKClient(f"{lab.issuer.issuer}/keys", ssl_context=context)
    token = lab.issuer.signed({"sub": "x", "aud": CLIENT_ID})
    key = keys.get_signing_key_from_jwt(token)
    assert jwt.decode(token, key.key, algorithms=["RS256"], audience=CLIENT_ID)["sub"] == "x"


def test_the_fake_is_a_tenant_where_entra_s_authority_is_looked_for(entra_lab: Lab) -> None:
    assert entra_lab.issuer.issuer == f"{entra_lab.issuer.url}/{TENANT}/v2.0"
    assert entra_lab.entra_section().address == f"{entra_lab.issuer.url}/{TENANT}"
