"""What the browser brings back, and what the ID token in exchange for it says, may be wrong in any way."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.oidc.issuer import CLIENT_ID, Fault, User
from fakes.oidc.setup import ADA, NOW, Lab, assert_tells_no_secret, refused, refused_throughout
from worker.desk.sign_in import FLOW_LIFE, SignInRefused, Started

# --- The ID token ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault, said",
    [
        (Fault.WRONG_NONCE, "proves nothing about you"),
        (Fault.NO_NONCE, "proves nothing about you"),
        (Fault.EXPIRED, "had expired when it came"),
        (Fault.NOT_YET, "is not good yet"),
        (Fault.WRONG_AUDIENCE, "it is for another client"),
        (Fault.WRONG_ISSUER, "it names another issuer"),
        (Fault.NO_ID_TOKEN, "no ID token"),
        (Fault.TORN_ID_TOKEN, "proves nothing about you"),
        (Fault.LIST_FOR_CLAIMS, "proves nothing about you"),
    ],
)
def test_a_token_that_proves_nothing_signs_nobody_in(lab: Lab, fault: Fault, said: str) -> None:
    lab.issuer.faults = {fault}
    assert said in refused_throughout(lab).message


@pytest.mark.parametrize("fault", [Fault.WRONG_ISSUER, Fault.WRONG_AUDIENCE, Fault.EXPIRED])
def test_entra_s_tokens_are_looked_at_as_well(entra_lab: Lab, fault: Fault) -> None:
    entra_lab.issuer.faults = {fault}
    refused_throughout(entra_lab, entra_lab.desk(entra_lab.entra_section()))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT_ID, "other"]},
        {"aud": [CLIENT_ID, "other"], "azp": "other"},
        {"azp": "other"},
        {"aud": None},
        {"aud": {CLIENT_ID: 1}},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"iat": -(10**400)},
        {"iat": None},
        {"iat": 9_999_999_999},
        {"nbf": "soon"},
        {"iss": None},
        {"iss": ["x"]},
    ],
)
def test_a_token_for_somebody_else_or_for_ever_signs_nobody_in(lab: Lab, claims: dict[str, Any]) -> None:
    lab.issuer.user = User("x", {"roles": ["viewer"], **claims})
    refused_throughout(lab)


def test_a_token_that_several_may_read_is_good_when_it_was_given_to_us(lab: Lab) -> None:
    lab.issuer.user = replace(
        lab.issuer.user, claims={**lab.issuer.user.claims, "aud": [CLIENT_ID, "y"], "azp": CLIENT_ID}
    )
    assert lab.sign_in() == ADA


@pytest.mark.parametrize("ahead", [timedelta(minutes=4), -timedelta(minutes=4)])
def test_clocks_may_differ_by_some_minutes(lab: Lab, ahead: timedelta) -> None:
    lab.issuer.clock = lambda: lab.clock() + ahead
    assert lab.sign_in() == ADA


# --- The browser that comes back ------------------------------------------------------------------------------------


def test_the_same_answer_twice_signs_in_once(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    query = lab.visit(started)
    assert lab.finish(desk, started, query) == ADA
    error = refused(lab, desk, started, query)
    assert "was used already, or took too long" in error.message
    assert error.remedy == "Sign in again."


def test_the_same_answer_at_another_replica_signs_nobody_in(lab: Lab) -> None:
    desk, replica = lab.desk(), lab.desk()
    started = lab.begin(desk)
    query = lab.visit(started)
    assert lab.finish(replica, started, query) == ADA
    refused(lab, desk, started, query)


def test_an_answer_to_another_browser_s_sign_in_is_refused_before_the_provider_is_asked(lab: Lab) -> None:
    desk = lab.desk()
    mine, theirs = lab.begin(desk), lab.begin(desk)
    error = refused(lab, desk, mine, lab.visit(theirs))
    assert "another sign-in" in error.message
    assert lab.issuer.seen("/token") == []


def test_another_s_code_under_my_state_is_refused(lab: Lab) -> None:
    desk = lab.desk()
    mine, theirs = lab.begin(desk), lab.begin(desk)
    injected = {**lab.visit(mine), "code": lab.visit(theirs)["code"]}
    assert "was used already" in refused(lab, desk, mine, injected).message  # PKCE: the provider says no


def test_a_state_that_is_missing_or_no_ascii_is_another_one(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    for state in ({}, {"state": ""}, {"state": "é\ud800"}):
        assert "another sign-in" in refused(lab, desk, started, {"code": "x", **state}).message


def test_somebody_who_cancels_is_told_that_nothing_happened(lab: Lab) -> None:
    lab.issuer.faults = {Fault.DENIED}
    error = refused_throughout(lab)
    assert "cancelled" in error.message
    assert "access_denied, AADSTS65004" in error.message
    assert "ask for access" in error.remedy


@pytest.mark.parametrize(
    "error, said",
    [
        ("temporarily_unavailable", "can't sign anybody in now"),
        ("server_error", "can't sign anybody in now"),
        ("interaction_required", "wants something from you first"),
        ("invalid_scope", "refuses this desk's request"),
        ("<script>alert(1)</script>", "an unknown error"),
    ],
)
def test_what_the_provider_says_is_put_in_our_words(lab: Lab, error: str, said: str) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    query = {"state": started.flow["state"], "error": error, "error_description": "<b>AADSTS12</b>"}
    told = refused(lab, desk, started, query)
    assert said in told.message
    assert "<" not in str(told)


def test_an_answer_without_a_code_or_from_another_provider_is_refused(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    query = lab.visit(started)
    assert "no code" in refused(lab, desk, started, {"state": query["state"]}).message
    mixed_up = {**query, "iss": "https://attacker.example"}
    assert "another provider" in refused(lab, desk, started, mixed_up).message
    assert lab.finish(desk, started, {**query, "iss": lab.issuer.issuer}) == ADA


def test_whatever_else_the_browser_brings_is_not_looked_at(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    more = {"client_info": "%%%", "id_token": "x", "access_token": "y", "session_state": "z"}
    assert lab.finish(desk, started, {**lab.visit(started), **more}) == ADA


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"state": None},
        {"state": 7},
        {"nonce": ""},
        {"code_verifier": None},
        {"scope": "openid"},
        {"begun_s": "now"},
    ],
)
def test_a_flow_that_was_never_begun_is_refused(lab: Lab, spoilt: dict[str, Any]) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    flow = {**started.flow, **spoilt} if spoilt else {}
    with pytest.raises(SignInRefused, match="No sign-in was begun") as raised:
        desk.finish(flow, lab.visit(started), NOW)
    assert_tells_no_secret(lab, raised.value, started)


def test_a_sign_in_that_took_too_long_is_refused(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    lab.clock.advance(FLOW_LIFE)
    query = lab.visit(started)
    assert lab.finish(desk, started, query) == ADA
    lab.clock.advance(timedelta(seconds=1))
    assert "took too long" in refused(lab, desk, started, query).message
    assert len(lab.issuer.seen("/token")) == 1


def test_finish_leaves_the_flow_as_it_was(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    before = json.dumps(started.flow)
    desk.finish(started.flow, lab.visit(started), NOW)
    assert json.dumps(started.flow) == before


def test_another_redirect_address_than_the_one_begun_with_is_refused(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    query = lab.visit(started)
    moved = Started(started.url, {**started.flow, "redirect_uri": "https://attacker.example/"})
    refused(lab, desk, moved, query)
