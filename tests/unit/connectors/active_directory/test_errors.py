"""What a refusal becomes: which error, with what is wrong, and what to do; never a secret, never a vendor's error."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from connectors.directory.active_directory.wire import errors
from connectors.directory.active_directory.wire.ber import Done
from fakes.ldap.server import USER
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)

DC = "dc1.corp.example:636"
WHAT = "the people in OU=Staff"
AGAIN = "It is tried again by itself."
NOT_BOUND = (
    "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be"
)


def done(code: int, message: str = "", *referrals: str) -> Done:
    return Done(code, message, "", referrals, {})


def shown(error: ConnectorError) -> tuple[type[ConnectorError], str, str]:
    return type(error), error.message, error.remedy


@pytest.mark.parametrize(
    "code, message, kind, says",
    [
        (1, NOT_BOUND, AuthFailed, "dc1.corp.example:636 does not take us for signed in: "),
        (1, "odd", Rejected, "dc1.corp.example:636 answered 1 (odd) when asked for the people in OU=Staff."),
        (2, "", Rejected, "dc1.corp.example:636 answered 2 when asked for the people in OU=Staff."),
        (
            3,
            "",
            Incomplete,
            "dc1.corp.example:636 stopped at its time limit in the middle of the people in OU=Staff.",
        ),
        (
            4,
            "",
            Incomplete,
            "dc1.corp.example:636 stopped at its size limit in the middle of the people in OU=Staff.",
        ),
        (8, "", BadConfig, "dc1.corp.example:636 wants an encrypted connection."),
        (
            10,
            "",
            BadConfig,
            "dc1.corp.example:636 does not hold the people in OU=Staff and points to another server",
        ),
        (
            11,
            "",
            Incomplete,
            "dc1.corp.example:636 stopped at an administrative limit in the middle of the people",
        ),
        (12, "", Rejected, "answered 12"),
        (13, "", BadConfig, "wants an encrypted connection."),
        (16, "", Rejected, "answered 16"),
        (
            32,
            "",
            PermissionDenied,
            "does not show the people in OU=Staff: it is not there, or the account may not see",
        ),
        (34, "bad name", Rejected, "answered 34 (bad name)"),
        (50, "", PermissionDenied, "answered 50 when asked for the people in OU=Staff."),
        (51, "", Transient, "dc1.corp.example:636 is busy: "),
        (52, "", Transient, "dc1.corp.example:636 is shutting down or not up yet: "),
        (53, "", Transient, "does not go on with the read (it forgets a half-read page when it restarts): "),
        (80, "", Rejected, "answered 80"),
        (-1, "", Rejected, "answered -1"),
    ],
)
def test_a_result_that_is_no_success_is_an_error_with_a_remedy(
    code: int, message: str, kind: type[ConnectorError], says: str
) -> None:
    error = errors.refusal(DC, WHAT, done(code, message))

    assert type(error) is kind
    assert says in error.message
    assert error.message.endswith(".")
    assert error.remedy


def test_what_a_person_lacks_is_named() -> None:
    hidden = errors.refusal(DC, WHAT, done(32))
    refused = errors.refusal(DC, WHAT, done(50))

    assert isinstance(hidden, PermissionDenied)
    assert isinstance(refused, PermissionDenied)
    assert (hidden.missing, refused.missing) == ("List Contents and Read on it", f"the right to read {WHAT}")


def test_a_referral_says_where_it_points() -> None:
    error = errors.refusal(DC, WHAT, done(10, "", "ldap://a.example/DC=a", "ldap://b.example/DC=b"))
    assert "points to ldap://a.example/DC=a, ldap://b.example/DC=b, which is not followed" in error.message


def test_a_long_message_of_the_server_is_one_short_line() -> None:
    error = errors.refusal(DC, WHAT, done(80, "a\0\r\n b " * 200))
    assert "\n" not in error.message
    assert "\0" not in error.message
    assert len(error.message) < 400


def windows(data: str) -> str:
    return f"80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data {data}, v4563\0"


@pytest.mark.parametrize(
    "data, why, remedy",
    [
        ("525", "is not known there", "Check bind.user."),
        ("52e", "or its password is wrong", "Check bind.user and bind.password."),
        ("52E", "or its password is wrong", "Check bind.user and bind.password."),
        ("530", "may not sign in at this hour", "Lift its logon hours."),
        ("531", "may not sign in from this computer", "Lift its logon workstations."),
        ("532", "has an expired password",
         "Give it a new one that does not expire, and put that into the secret."),
        ("533", "is disabled", "Enable it."),
        ("701", "has expired", "Lift its expiry date."),
        ("773", "must change its password first", "Clear 'must change password at next logon'."),
        ("775", "is locked out", "Unlock it, and find out who tries wrong passwords for it."),
    ],
)  # fmt: skip
def test_a_refused_bind_says_what_is_wrong_with_our_own_account(data: str, why: str, remedy: str) -> None:
    error = errors.bind_refusal(DC, USER, 49, windows(data))
    kind = AuthFailed if data.lower() in {"525", "52e"} else errors.Barred
    assert shown(error) == (kind, f"{DC}: the account {USER} {why}.", remedy)


@pytest.mark.parametrize(
    "code, message, kind, says",
    [
        (49, windows("abc"), AuthFailed, f"{DC}: the account {USER} was refused (49 (80090308: LdapErr"),
        (49, "", AuthFailed, f"{DC}: the account {USER} was refused (49)."),
        (48, "", AuthFailed, "was refused (48)."),
        (7, "", AuthFailed, "was refused (7)."),
        (8, "", BadConfig, "wants an encrypted connection before it lets anybody in."),
        (13, "", BadConfig, "wants an encrypted connection before it lets anybody in."),
        (51, "", Transient, f"{DC} is busy."),
        (52, "", Transient, f"{DC} is shutting down or not up yet."),
    ],
)
def test_a_bind_that_fails_otherwise(code: int, message: str, kind: type[ConnectorError], says: str) -> None:
    error = errors.bind_refusal(DC, USER, code, message)
    assert type(error) is kind
    assert says in error.message
    assert error.remedy


@pytest.mark.parametrize(
    "error, says",
    [
        (TimeoutError("timed out"), f"{DC} did not answer in time in the middle of {WHAT}."),
        (
            ConnectionResetError(104, "Connection reset by peer"),
            f"{DC} broke off (Connection reset by peer) in",
        ),
        (OSError(), f"{DC} broke off (OSError) in the middle of {WHAT}."),
    ],
)
def test_a_lost_connection_is_passing(error: OSError, says: str) -> None:
    assert shown(errors.lost(DC, WHAT, error))[:1] == (Transient,)
    assert says in errors.lost(DC, WHAT, error).message


def untrusted(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, message)
    error.verify_message = message
    return error


@pytest.mark.parametrize(
    "error, kind, says, remedy",
    [
        (ConnectionRefusedError(111, "Connection refused"), NotDone, "can't be reached (Connection refused)",
         "Check the address, the network and the firewall."),
        (TimeoutError(), NotDone, "did not answer in time", "Check the address, the network and the firewall."),
        (ssl.SSLError(1, "wrong version number"), NotDone, "did not agree on TLS",
         "Check that the port speaks TLS (636; 389 needs tls.start_tls)."),
        (untrusted("certificate has expired"), BadConfig, "is not trusted: certificate has expired.",
         "Renew the certificate of the domain controller."),
        (untrusted("certificate is not yet valid"), BadConfig, "is not trusted: certificate is not yet valid.",
         "Set this machine's clock, if it is behind; else the certificate begins later."),
        (untrusted("Hostname mismatch, certificate is not valid for 'dc1'."), BadConfig, "is not valid for 'dc1'.",
         "It is not made out to dc1: set tls.server_name to the name that it is made out to."),
        (untrusted("unable to get local issuer certificate"), BadConfig, "is not trusted",
         "Put the certificate of the authority that issued it into tls.ca_file."),
    ],
)  # fmt: skip
def test_a_server_that_we_do_not_get_to_talk_to(
    error: OSError, kind: type[ConnectorError], says: str, remedy: str
) -> None:
    made = errors.unreachable(DC, error, "dc1")
    assert type(made) is kind
    assert says in made.message
    assert made.remedy == remedy


@pytest.mark.parametrize(
    "said, kind",
    [
        ("Cannot contact any KDC for realm 'CORP.EXAMPLE'", Transient),
        ("Cannot resolve servers for KDC in realm", Transient),
        ("Cannot find KDC for realm 'CORP.EXAMPLE'", Transient),
        ("Clock skew too great", AuthFailed),
        ("Client 'svc@CORP.EXAMPLE' not found in Kerberos database", AuthFailed),
        ("Preauthentication failed", AuthFailed),
    ],
)
def test_a_ticket_that_cannot_be_had(said: str, kind: type[ConnectorError]) -> None:
    error = errors.kerberos_refusal(DC, USER, said)
    assert type(error) is kind
    assert error.remedy


def everything() -> list[tuple[str, Any]]:
    said = [errors.refusal(DC, WHAT, done(code)) for code in range(-1, 130) if code]
    said += [errors.bind_refusal(DC, USER, code, "") for code in range(1, 130)]
    return [(type(error).__name__, error) for error in said]


def test_every_code_has_an_error_with_a_sentence_and_a_remedy() -> None:
    for name, error in everything():
        assert isinstance(error, ConnectorError), name
        assert error.message.endswith("."), error.message
        assert error.remedy.endswith("."), error.message
