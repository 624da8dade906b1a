"""Certificates for the tests' own servers, made with the openssl command.

An authority signs what it issues; another authority's certificate and an expired one are for tests of refusal.
"""

import ipaddress
from pathlib import Path
from typing import NamedTuple

from throwaway import program, run

DAYS = "3650"  # longer than any cache of them lives
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
LONG_AGO = ("-not_before", "20200101000000Z", "-not_after", "20210101000000Z")


class Pair(NamedTuple):
    """A certificate and its key, both PEM files; nobody else can read the key."""

    certificate: Path
    key: Path


def authority(folder: Path, name: str = "Whosleft test authority") -> Pair:
    """Make a certificate authority in `folder` (`ca.pem`, `ca.key`), which is made where it isn't there."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Pair(folder / "ca.pem", folder / "ca.key")
    # Python >= 3.13 verifies strictly: an authority must say that it may sign
    _request(made, name, "-days", DAYS, *_extensions("keyUsage=critical,keyCertSign,cRLSign"))
    return made


def issue(issuer: Pair, folder: Path, *names: str, is_expired: bool = False) -> Pair:
    """Make a server's certificate in `folder` (`cert.pem`, `key.pem`) for host names and IP addresses.

    The first name is the subject too. An expired one was good for the year 2020; it needs OpenSSL 3.4.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Pair(folder / "cert.pem", folder / "key.pem")
    _request(
        made,
        names[0],
        *(LONG_AGO if is_expired else ("-days", DAYS)),
        *("-CA", str(issuer.certificate), "-CAkey", str(issuer.key)),
        *_extensions(
            f"subjectAltName={','.join(map(_subject, names))}",
            "basicConstraints=critical,CA:FALSE",
            "extendedKeyUsage=serverAuth",
        ),
    )
    return made


def _request(made: Pair, name: str, *options: str) -> None:
    openssl = program("openssl", "openssl")
    made.key.unlink(missing_ok=True)
    run(
        *(openssl, "req", "-x509", *KEY, "-subj", f"/CN={name}", *options),
        *("-keyout", made.key, "-out", made.certificate),
    )
    made.key.chmod(0o600)  # Samba refuses a key that others can read


def _extensions(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in ("-addext", line))


def _subject(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"
