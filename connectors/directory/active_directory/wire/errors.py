"""The meaning of a domain controller's refusals, with a remedy for each.

Result codes: RFC 4511 4.1.9. The `data` codes of a refused bind: Windows' error codes in hexadecimal, as
[MS-ERREF] lists them. No error here contains a vendor's exception or a secret.
"""

from __future__ import annotations

import re
import ssl

from connectors.directory.active_directory.wire.ber import Done
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

SUCCESS = 0
TIME_LIMIT, SIZE_LIMIT, ADMIN_LIMIT = 3, 4, 11
STRONGER_AUTH, CONFIDENTIALITY = 8, 13
REFERRAL = 10
CRITICAL_EXTENSION = 12
NO_SUCH_OBJECT = 32
NOT_THIS_WAY, BAD_CREDENTIALS = 48, 49
NO_RIGHT = 50
BUSY, UNAVAILABLE, UNWILLING = 51, 52, 53
OPERATIONS_ERROR = 1

_LIMITS = {
    TIME_LIMIT: "stopped at its time limit",
    SIZE_LIMIT: "stopped at its size limit",
    ADMIN_LIMIT: "stopped at an administrative limit",
}
_PASSING = {
    BUSY: "is busy",
    UNAVAILABLE: "is shutting down or not up yet",
    UNWILLING: "does not go on with the read (it forgets a half-read page when it restarts)",
}
_ACCOUNT = {
    "525": ("is not known there", "Check bind.user."),
    "52e": ("or its password is wrong", "Check bind.user and bind.password."),
    "530": ("may not sign in at this hour", "Lift its logon hours."),
    "531": ("may not sign in from this computer", "Lift its logon workstations."),
    "532": (
        "has an expired password",
        "Give it a new one that does not expire, and put that into the secret.",
    ),
    "533": ("is disabled", "Enable it."),
    "701": ("has expired", "Lift its expiry date."),
    "773": ("must change its password first", "Clear 'must change password at next logon'."),
    "775": ("is locked out", "Unlock it, and find out who tries wrong passwords for it."),
}
# A wrong password is answered by 52e, but where the account is locked: then no try is counted
_BARRED = _ACCOUNT.keys() - {"525", "52e"}
_DATA = re.compile(r"data ([0-9a-f]{3,4})\b", re.IGNORECASE)


class Barred(AuthFailed):
    """The account itself is refused, and not its password: a further try counts towards no lock."""


def refusal(server: str, what: str, done: Done) -> ConnectorError:
    """The error for an answer that is not success; `what` is the question to `server`."""
    said = f"{server} answered {done.code}{_quoted(done.message)} when asked for {what}"
    if done.code in _LIMITS:
        return Incomplete(
            f"{server} {_LIMITS[done.code]} in the middle of {what}.",
            remedy="Nobody's status is changed. Lower page_size, or have the limit of the server lifted.",
        )
    if done.code in _PASSING:
        return Transient(f"{server} {_PASSING[done.code]}: {said}.", remedy="It is tried again by itself.")
    if done.code == REFERRAL:
        return _elsewhere(server, what, done)
    if done.code == NO_SUCH_OBJECT:
        return PermissionDenied(
            f"{server} does not show {what}: it is not there, or the account may not see it.",
            missing="List Contents and Read on it",
            remedy="Check the distinguished name; if it is right, let the account list and read it.",
        )
    if done.code == NO_RIGHT:
        return PermissionDenied(f"{said}.", missing=f"the right to read {what}", remedy="See the README.")
    if done.code in {STRONGER_AUTH, CONFIDENTIALITY}:
        return BadConfig(
            f"{server} wants an encrypted connection.", remedy="Use ldaps:// or tls.start_tls: true."
        )
    if done.code == OPERATIONS_ERROR and "bind" in done.message.lower():
        return AuthFailed(f"{server} does not take us for signed in: {said}.", remedy="Check bind.")
    return Rejected(f"{said}.", remedy="Look the code up in the server's log.")


def bind_refusal(server: str, user: str, code: int, message: str) -> ConnectorError:
    """The error for a bind that was refused."""
    if code in _PASSING:
        return Transient(f"{server} {_PASSING[code]}.", remedy="It is tried again by itself.")
    if code in {STRONGER_AUTH, CONFIDENTIALITY}:
        return BadConfig(
            f"{server} wants an encrypted connection before it lets anybody in.",
            remedy="Use ldaps:// or tls.start_tls: true.",
        )
    match = _DATA.search(message)
    data = match[1].lower() if match else ""
    why, remedy = _ACCOUNT.get(data, ("was refused", "Check bind."))
    detail = "" if data in _ACCOUNT else f" ({code}{_quoted(message)})"
    kind = Barred if data in _BARRED else AuthFailed
    return kind(f"{server}: the account {user} {why}{detail}.", remedy=remedy)


def lost(server: str, what: str, error: Exception) -> Transient:
    """The error for a connection that broke, or an answer that did not come."""
    how = "did not answer in time" if isinstance(error, TimeoutError) else f"broke off ({_named(error)})"
    return Transient(
        f"{server} {how} in the middle of {what}.",
        remedy="It is tried again, with the next server if need be.",
    )


def unreachable(server: str, error: OSError, server_name: str) -> ConnectorError:
    """The error for a server that could not be reached."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return BadConfig(
            f"{server} shows a certificate that is not trusted: {error.verify_message.rstrip('.')}.",
            remedy=_certificate_remedy(error, server_name),
        )
    if isinstance(error, ssl.SSLError):
        return NotDone(
            f"{server} did not agree on TLS ({_named(error)}).",
            remedy="Check that the port speaks TLS (636; 389 needs tls.start_tls).",
        )
    how = (
        "did not answer in time" if isinstance(error, TimeoutError) else f"can't be reached ({_named(error)})"
    )
    return NotDone(f"{server} {how}.", remedy="Check the address, the network and the firewall.")


def _certificate_remedy(error: ssl.SSLCertVerificationError, server_name: str) -> str:
    text = error.verify_message.lower()
    if "expired" in text:
        return "Renew the certificate of the domain controller."
    if "not yet valid" in text:
        return "Set this machine's clock, if it is behind; else the certificate begins later."
    if "mismatch" in text or "not valid for" in text:
        return f"It is not made out to {server_name}: set tls.server_name to the name that it is made out to."
    return "Put the certificate of the authority that issued it into tls.ca_file."


def _elsewhere(server: str, what: str, done: Done) -> BadConfig:
    where = ", ".join(done.referrals) or "another server"
    return BadConfig(
        f"{server} does not hold {what} and points to {where}, which is not followed.",
        remedy="Name that domain's own controllers, as a directory of its own if need be.",
    )


def _quoted(message: str) -> str:
    text = " ".join(message.replace("\0", "").split())
    return f" ({text[:200]})" if text else ""


def _named(error: Exception) -> str:
    text = str(getattr(error, "strerror", None) or error).strip()
    return " ".join(text.split())[:200] or type(error).__name__


def kerberos_refusal(server: str, user: str, said: str) -> ConnectorError:
    """The error for a Kerberos ticket that we did not get; `said` is the library's text."""
    text = " ".join(said.split())[:300]
    if any(
        word in text.lower()
        for word in ("contact any kdc", "find kdc", "resolve", "unreachable", "timed out")
    ):
        return Transient(
            f"No Kerberos server for {user} can be reached ({text}).",
            remedy="Check krb5.conf, DNS and port 88.",
        )
    if any(word in text.lower() for word in ("clock skew", "skew too great")):
        return AuthFailed(f"The clocks of {server} and this computer differ too much for Kerberos.",
                          remedy="Set both by NTP.")  # fmt: skip
    return AuthFailed(
        f"Kerberos did not let {user} in at {server}: {text}.",
        remedy="Check bind.user, the keytab, and that the service ldap/<server> exists.",
    )
