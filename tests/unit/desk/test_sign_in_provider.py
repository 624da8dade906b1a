"""The provider may be down, slow, elsewhere or somebody else; and the desk has to prove itself to it."""

import gc
import logging
import threading
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from fakes.oidc.issuer import SECRET, Fault
from fakes.oidc.setup import ADA, Lab, assert_tells_no_secret, refused, refused_throughout
from worker.desk.sign_in import SignedIn, SignInRefused

# --- The provider that doesn't answer as it should ------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault, said",
    [
        (Fault.DISCOVERY_500, "can't sign anybody in now (it answered 500)"),
        (
            Fault.DISCOVERY_404,
            "has no OpenID configuration at the address that is configured (it answered 404)",
        ),
        (Fault.DISCOVERY_NO_JSON, "proves nothing"),
        (Fault.DISCOVERY_EMPTY, "it names no issuer"),
        (Fault.OTHER_ISSUER, "calls itself another issuer"),
        (Fault.PLAIN_AUTHORIZE, "no https address"),
        (Fault.TORN_AUTHORIZE, "ValueError"),
        (Fault.PLAIN_TOKEN, "ValueError"),
    ],
)
def test_a_provider_that_is_not_found_is_looked_for_again_by_the_next_one(
    lab: Lab, fault: Fault, said: str
) -> None:
    desk = lab.desk()
    lab.issuer.faults = {fault}
    with pytest.raises(SignInRefused) as raised:
        lab.begin(desk)
    assert said in raised.value.message
    assert_tells_no_secret(lab, raised.value)
    lab.issuer.faults = set()
    assert lab.sign_in(desk) == ADA


def test_a_tenant_that_is_not_there_is_said_to_be_the_configuration_s(entra_lab: Lab) -> None:
    with pytest.raises(SignInRefused, match="check tenant_id, cloud and authority"):
        entra_lab.begin(entra_lab.desk(entra_lab.entra_section(tenant_id="other.example")))


@pytest.mark.parametrize(
    "fault, said",
    [
        (Fault.TOKEN_500, "can't sign anybody in now (it answered 500)"),
        (Fault.TOKEN_429, "can't sign anybody in now (it answered 429)"),
        (Fault.NO_JSON, "proves nothing"),
        (Fault.TOKEN_302, "proves nothing"),
    ],
)
def test_a_provider_that_fails_half_way_is_looked_for_anew(lab: Lab, fault: Fault, said: str) -> None:
    desk = lab.desk()
    lab.issuer.faults = {fault}
    assert said in refused_throughout(lab, desk).message
    assert lab.issuer.seen("/elsewhere") == []  # the secret is taken nowhere
    asked = len(lab.issuer.seen("openid-configuration"))
    lab.issuer.faults = set()
    assert lab.sign_in(desk) == ADA
    assert len(lab.issuer.seen("openid-configuration")) == 2 * asked  # it may have moved


@pytest.mark.parametrize("hours, found", [(0.9, 1), (1, 2), (-1, 2)])
def test_a_provider_is_discovered_again_after_an_hour(lab: Lab, hours: float, found: int) -> None:
    """Its sign-in page may have moved, which no call of ours would notice."""
    desk = lab.desk()
    lab.begin(desk)
    asked = len(lab.issuer.seen("openid-configuration"))
    lab.clock.advance(timedelta(hours=hours))
    assert lab.sign_in(desk) == ADA
    assert len(lab.issuer.seen("openid-configuration")) == found * asked


def test_what_one_is_answered_is_never_an_answer_to_another(lab: Lab) -> None:
    desk = lab.desk()
    lab.issuer.headers = {"Retry-After": "3600"}
    lab.issuer.faults = {Fault.EXPIRED}
    refused_throughout(lab, desk)
    lab.issuer.faults = set()
    assert lab.sign_in(desk) == ADA
    lab.issuer.token_error = {"error": "invalid_grant"}
    refused_throughout(lab, desk)
    lab.issuer.token_error = None
    assert lab.sign_in(desk) == ADA


def test_nothing_that_msal_logs_is_seen(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in (
        "urllib3",
        "urllib3.connectionpool",
    ):  # what msal goes by, whatever a test before this one set
        caplog.set_level(logging.DEBUG, logger=name)
    for fault in (Fault.NO_JSON, Fault.TORN_ID_TOKEN, Fault.EXPIRED):
        lab.issuer.faults = {fault}
        refused_throughout(lab)
    logged = [
        str(record.__dict__) for record in caplog.records if not record.name.startswith("http")
    ]  # the browser's
    assert logged
    assert [secret for secret in lab.issuer.given_out for line in logged if secret in line] == []


@pytest.mark.parametrize("is_found", [False, True])
def test_a_provider_that_is_too_slow_is_given_up(lab: Lab, is_found: bool) -> None:
    desk = lab.desk(read_s=0.3)
    if not is_found:
        lab.issuer.slow_s = 5
        with pytest.raises(SignInRefused, match="can't be reached"):
            lab.begin(desk)
        return
    started = lab.begin(desk)
    query = lab.visit(started)
    lab.issuer.slow_s = 5
    assert "can't be reached (ReadTimeout)" in refused(lab, desk, started, query).message


@pytest.mark.parametrize("is_found", [False, True])
def test_a_provider_whose_answer_drips_is_given_up(lab: Lab, is_found: bool) -> None:
    desk = lab.desk(read_s=0.3)
    began_s = monotonic()
    if is_found:
        started = lab.begin(desk)
        query = lab.visit(started)
        lab.issuer.drip_s = 0.1
        assert "can't be reached (ReadTimeout)" in refused(lab, desk, started, query).message
    else:
        lab.issuer.drip_s = 0.1
        with pytest.raises(SignInRefused, match=r"can't be reached \(ReadTimeout\)"):
            lab.begin(desk)
    assert monotonic() - began_s < 5
    lab.issuer.drip_s = 0.0
    assert lab.sign_in(desk) == ADA


def test_nobody_waits_for_ever_behind_somebody_who_waits(lab: Lab) -> None:
    desk = lab.desk(read_s=0.5)
    lab.issuer.slow_s = 5
    told: list[str] = []

    def ask() -> None:
        with pytest.raises(SignInRefused) as raised:
            lab.begin(desk)
        told.append(raised.value.message)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(4)
    assert len(told) == 4
    assert len(lab.issuer.seen("openid-configuration")) <= 2


def test_many_at_once_find_the_provider_once(lab: Lab) -> None:
    desk = lab.desk()
    found: list[SignedIn] = []
    threads = [threading.Thread(target=lambda: found.append(lab.sign_in(desk))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [ADA] * 6
    assert len(lab.issuer.seen("openid-configuration")) == 2  # ours, and msal's


def test_a_provider_that_is_down_is_said_to_be_down(lab: Lab) -> None:
    with pytest.raises(SignInRefused, match=r"can't be reached \(ConnectionError\)"):
        lab.begin(lab.desk(lab.section(issuer="https://127.0.0.1:1/x")))


def test_a_certificate_of_an_unknown_authority_is_not_trusted(lab: Lab) -> None:
    with pytest.raises(SignInRefused, match=r"is not trusted .* desk\.sign_in\.tls\.ca_file"):
        lab.begin(lab.desk(lab.section(tls=None)))


def test_the_environment_can_t_add_an_authority(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(lab.ca_file))
    with pytest.raises(SignInRefused, match="is not trusted"):
        lab.begin(lab.desk(lab.section(tls=None)))


def test_a_region_for_other_programs_leads_nowhere_else(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSAL_FORCE_REGION", "westus")
    assert lab.sign_in() == ADA


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_certificates_that_can_t_be_read_are_named(lab: Lab, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(SignInRefused, match="can't be read") as raised:
        lab.begin(lab.desk(lab.section(tls={"ca_file": "ca.pem"})))
    assert "tls.ca_file" in raised.value.remedy


# --- The desk's own credential --------------------------------------------------------------------------------------


def test_a_wrong_secret_is_said_to_be_the_desk_s(lab: Lab) -> None:
    error = refused_throughout(lab, lab.desk(lab.section(client_secret="another-secret-altogether")))
    assert "does not accept this desk's credential (invalid_client)" in error.message
    assert "desk.sign_in" in error.remedy
    assert "another-secret-altogether" not in str(error)


@pytest.mark.parametrize(
    "answer, remedy",
    [
        ({"error": "invalid_client", "error_codes": [7000222]}, "has expired"),
        (
            {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"},
            "not its id",
        ),
        ({"error": "invalid_grant", "error_codes": [53003]}, "conditional access"),
        ({"error": "invalid_grant", "error_codes": ["7000222"]}, "Sign in again."),
        ({"error": ["x"], "error_codes": [True]}, "redirect address"),
    ],
)
def test_entra_s_numbers_have_their_own_remedies(entra_lab: Lab, answer: dict[str, Any], remedy: str) -> None:
    entra_lab.issuer.token_error = answer
    error = refused_throughout(entra_lab, entra_lab.desk(entra_lab.entra_section()))
    assert remedy in error.remedy


@pytest.mark.parametrize(
    "content, said", [(None, "can't be read"), ("\n", "is empty"), (b"\xff", "can't be read")]
)
def test_a_federated_token_that_can_t_be_had_is_named(
    lab: Lab, tmp_path: Path, content: str | bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content if isinstance(content, bytes) else content.encode())
    error = refused_throughout(lab, lab.desk(lab.section(client_secret=None, federated_token_file="token")))
    assert said in error.message
    assert "federated_token_file" in error.remedy
    assert lab.issuer.seen("/token") == []


def test_no_repr_has_a_secret(lab: Lab) -> None:
    desk = lab.desk()
    started = lab.begin(desk)
    text = f"{desk!r} {vars(desk)!r} {lab.section()!r} {started!r} {vars(desk._known)!r}"
    assert [s for s in (SECRET, *map(str, started.flow.values())) if s in text] == []


def test_no_connection_is_left_open(lab: Lab) -> None:
    desk = lab.desk()
    lab.sign_in(desk)
    desk.close()
    desk.close()
    del desk
    gc.collect()  # an open socket would warn, and a warning is an error here
