"""How a client proves who it is at the fake token endpoint without a secret: signed assertions, and their faults.

A certificate's assertion is a JWT that it signed (PS256, RFC 7518 section 3.5; header x5t#S256), as Microsoft's page
"Certificate credentials" has it (read 2026-11). A federated one comes from another issuer that the app trusts.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from certificates import Pair

Json = dict[str, Any]
AUDIENCE = "api://AzureADTokenExchange"
SKEW = timedelta(minutes=5)


class Unproved(Exception):
    """The assertion is refused: Entra's own number, its error, its status and its words."""

    def __init__(self, number: int, words: str, *, error: str = "invalid_client", status: int = 401) -> None:
        super().__init__(words)
        self.number = number
        self.words = words
        self.error = error
        self.status = status


@dataclass(frozen=True)
class Federated:
    """A federated credential of an app: whose tokens it takes. The comparison minds the case."""

    issuer: str
    subject: str
    audience: str = AUDIENCE


@dataclass
class App:
    """An app registration. `secrets` are value -> the end of its life (None: never); roles are what was consented."""

    client_id: str
    roles: set[str] = field(default_factory=set)
    secrets: dict[str, datetime | None] = field(default_factory=dict)
    certificates: list[x509.Certificate] = field(default_factory=list)
    federated: list[Federated] = field(default_factory=list)

    def trust(self, certificate: Path) -> None:
        """Register a PEM certificate."""
        self.certificates.append(x509.load_pem_x509_certificate(certificate.read_bytes()))


def client_certificate(folder: Path, name: str = "whosleft", passphrase: str = "") -> Pair:
    """Make an RSA certificate and its key, PEM files in `folder`; a passphrase encrypts the key."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase.encode())
            if passphrase
            else serialization.NoEncryption(),
        )
    )
    made.key.chmod(0o600)
    return made


def federated_token(
    now: datetime,
    *,
    issuer: str = "https://oidc.cluster.example/",
    subject: str = "system:serviceaccount:whosleft:worker",
    audience: str = AUDIENCE,
    life: timedelta = timedelta(hours=1),
) -> str:
    """Return a token as a cluster's issuer makes it; the fake asks what it says, and can't ask who signed it."""
    claims = {"iss": issuer, "sub": subject, "aud": [audience], "iat": _epoch(now), "nbf": _epoch(now)}
    return unsigned({"alg": "RS256", "typ": "JWT"}, {**claims, "exp": _epoch(now + life)})


def check(app: App, assertion: str, endpoint: str, now: datetime) -> str:
    """Accept an assertion of an app, or raise Unproved; return what it was: `certificate` or `federated`."""
    header, claims = _parts(assertion)
    if claims.get("iss") == app.client_id:
        _check_certificate(app, assertion, header, claims, endpoint)
        kind = "certificate"
    else:
        _check_federated(app, claims)
        kind = "federated"
    _check_time(claims, now)
    return kind


def unsigned(header: Json, claims: Json, signature: bytes = b"no signature") -> str:
    """Return a JWT with these parts."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _parts(assertion: str) -> tuple[Json, Json]:
    try:
        header, claims, _ = assertion.split(".")
        return json.loads(decoded(header)), json.loads(decoded(claims))
    except (ValueError, binascii.Error):
        raise Unproved(
            50027, "JWT token is invalid or malformed.", error="invalid_request", status=400
        ) from None


def _check_certificate(app: App, assertion: str, header: Json, claims: Json, endpoint: str) -> None:
    thumbprint = str(header.get("x5t#S256", "")).rstrip("=")  # MSAL pads it
    known = {_thumbprint(each): each for each in app.certificates}
    if header.get("alg") != "PS256" or thumbprint not in known:
        raise Unproved(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application. "
            f"[Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}', Please visit the "
            f"Azure Portal to compare with the keys of application '{app.client_id}'.]",
        )
    signed, _, signature = assertion.rpartition(".")
    key = known[thumbprint].public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise Unproved(700027, "The key was not found.")
    try:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
        key.verify(decoded(signature), signed.encode(), pss, hashes.SHA256())
    except InvalidSignature:
        raise Unproved(
            700027, "Client assertion failed signature validation. [Reason - The signature is invalid.]"
        ) from None
    if claims.get("aud") != endpoint:
        raise Unproved(
            700023, f"Client assertion audience claim does not match Realm issuer. It should be '{endpoint}'."
        )
    if claims.get("sub") != app.client_id or "jti" not in claims:
        raise Unproved(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")


def _check_federated(app: App, claims: Json) -> None:
    audiences = claims.get("aud")
    given = {
        "issuer": claims.get("iss"),
        "subject": claims.get("sub"),
        "audience": audiences[0] if isinstance(audiences, list) and audiences else audiences,
    }
    if not app.federated:
        raise _no_match(70021, given, "")
    for name, number in (("issuer", 700211), ("subject", 700213), ("audience", 700212)):
        if all(getattr(each, name) != given[name] for each in app.federated):
            raise _no_match(number, given, name)
    if all(vars(each) != given for each in app.federated):
        raise _no_match(70021, given, "")


def _no_match(number: int, given: Json, name: str) -> Unproved:
    found = f" {name} '{given[name]}'" if name else ""
    return Unproved(
        number,
        f"No matching federated identity record found for presented assertion{found}. Check your federated identity "
        "credential Subject, Audience and Issuer against the presented assertion. "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        status=400 if number == 70021 else 401,
        error="invalid_request" if number == 70021 else "invalid_client",
    )


def _check_time(claims: Json, now: datetime) -> None:
    start, end = (datetime.fromtimestamp(claims.get(name, 0), UTC) for name in ("nbf", "exp"))
    if not start - SKEW <= now <= end + SKEW:
        at, valid_from, until = (each.strftime("%Y-%m-%dT%H:%M:%S.0000000Z") for each in (now, start, end))
        raise Unproved(
            700024,
            f"Client assertion is not within its valid time range. Current time: {at}, assertion valid from "
            f"{valid_from}, expiry time of assertion {until}. Review the documentation at "
            "https://learn.microsoft.com/entra/identity-platform/certificate-credentials",
        )


def _thumbprint(certificate: x509.Certificate) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")


def _epoch(at: datetime) -> int:
    return int(at.timestamp())
