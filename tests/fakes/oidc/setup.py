"""A desk's sign-in beside the provider that it asks, and the browser that goes back and forth between them."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

import certificates
from certificates import Pair
from fakes.oidc.issuer import CLIENT_ID, REDIRECT_URI, SECRET, TENANT, OidcIssuer
from worker.desk.roles import DeskRole
from worker.desk.sign_in import SignedIn, SignIn, SignInRefused, Started
from worker.ops.clock import ManualClock
from worker.settings.sign_in import SignInSection

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ADA = SignedIn(
    "https://idp.example", "u-1", "Ada Lovelace", "ada@example.org", frozenset({DeskRole.OPERATOR}),
    frozenset({"ada@example.org"}),
)  # fmt: skip


def made_certificates(folder: Path) -> tuple[Path, Pair]:
    """Make an authority and its certificate for loopback; returns the authority's file and the pair."""
    authority = certificates.authority(folder)
    return authority.certificate, certificates.issue(authority, folder / "server", "localhost", "127.0.0.1")


class Lab:
    """One provider, one desk, one browser, and the clock of all three."""

    def __init__(self, issuer: OidcIssuer, ca_file: Path, base_dir: Path) -> None:
        self.issuer = issuer
        self.ca_file = ca_file
        self.base_dir = base_dir
        self.clock = ManualClock(NOW)
        issuer.clock = self.clock
        self._made: list[SignIn] = []
        self._browser = httpx2.Client(verify=ssl.create_default_context(cafile=str(ca_file)))

    def close(self) -> None:
        self._browser.close()
        for made in self._made:
            made.close()

    def section(self, **keys: Any) -> SignInSection:
        """Return the configuration that fits the provider; a key that is None is left out."""
        given = {
            "kind": "oidc",
            "issuer": self.issuer.issuer,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "tls": {"ca_file": str(self.ca_file)},
            **keys,
        }
        return SignInSection.model_validate({key: value for key, value in given.items() if value is not None})

    def entra_section(self, **keys: Any) -> SignInSection:
        entra = {"kind": "entra", "tenant_id": TENANT, "authority": self.issuer.url, "issuer": None}
        return self.section(**{**entra, **keys})

    def desk(self, section: SignInSection | None = None, *, read_s: float = 10.0) -> SignIn:
        made = SignIn(section or self.section(), self.base_dir, read_s=read_s)
        self._made.append(made)
        return made

    def begin(self, desk: SignIn) -> Started:
        return desk.begin(REDIRECT_URI, self.clock())

    def visit(self, started: Started) -> dict[str, str]:
        """Let the browser go where it is sent; returns the query that it brings back to the desk."""
        reply = self._browser.get(started.url)
        back = urlsplit(reply.headers.get("location", ""))
        assert f"{back.scheme}://{back.netloc}{back.path}" == REDIRECT_URI, reply.text
        return dict(parse_qsl(back.query))

    def finish(self, desk: SignIn, started: Started, query: Mapping[str, str]) -> SignedIn:
        """Finish with a flow that was JSON in between, as in a cookie. The issuer, another one each time, is ADA's."""
        found = desk.finish(json.loads(json.dumps(started.flow)), query, self.clock())
        assert found.issuer.startswith(self.issuer.url)
        return replace(found, issuer=ADA.issuer)

    def sign_in(self, desk: SignIn | None = None) -> SignedIn:
        """All of it."""
        desk = desk or self.desk()
        started = self.begin(desk)
        return self.finish(desk, started, self.visit(started))


def refused(lab: Lab, desk: SignIn, started: Started, query: dict[str, str]) -> SignInRefused:
    """Finish, and return why it was refused; no text of it may have a secret."""
    with pytest.raises(SignInRefused) as raised:
        lab.finish(desk, started, query)
    assert_tells_no_secret(lab, raised.value, started)
    return raised.value


def refused_throughout(lab: Lab, desk: SignIn | None = None) -> SignInRefused:
    """All of a sign-in, which is refused at its end."""
    desk = desk or lab.desk()
    started = lab.begin(desk)
    return refused(lab, desk, started, lab.visit(started))


def assert_tells_no_secret(lab: Lab, error: SignInRefused, started: Started | None = None) -> None:
    """No code, token, secret or verifier is in the error, in a cause of it, or in a repr."""
    flow = started.flow if started else {}
    hidden = [
        *lab.issuer.given_out,
        *(flow[name] for name in ("state", "nonce", "code_verifier") if name in flow),
    ]
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    texts = [*map(repr, chain), *map(str, chain), error.message, error.remedy, repr(started)]
    assert [secret for secret in hidden for text in texts if secret and secret in text] == []
    assert error.message.endswith(".")
    assert error.remedy.endswith(".")
    assert str(error) == f"{error.message} {error.remedy}"
