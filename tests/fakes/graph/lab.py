"""A whole Entra ID on loopback: one tenant, its Graph, its token endpoint (TLS) and a machine's managed identity.

with FakeEntra(folder) as entra:  entra.tenant.add(…);  client(entra.graph_url, entra.authority, entra.ca_file)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import certificates
from fakes.graph.imds import Imds
from fakes.graph.population import sample
from fakes.graph.server import GraphServer
from fakes.graph.tenant import FakeTenant
from fakes.graph.tokens import CLIENT_ID, ROLES, SECRET, TokenServer


class FakeEntra:
    """Certificates are made in `folder` where they aren't there yet: two tests may share one.

    `people` computed users are there from the start. Graph speaks TLS where `is_secure`, with the same authority.
    """

    def __init__(
        self,
        folder: Path,
        *,
        people: int = 0,
        make: Callable[[int], dict[str, Any]] = sample,
        is_secure: bool = False,
    ) -> None:
        authority = certificates.Pair(folder / "ca.pem", folder / "ca.key")
        pair = certificates.Pair(folder / "server" / "cert.pem", folder / "server" / "key.pem")
        if not pair.certificate.exists():
            authority = certificates.authority(folder)
            pair = certificates.issue(authority, folder / "server", "localhost", "127.0.0.1")
        self.ca_file = authority.certificate
        self.tenant = FakeTenant(people=people, make=make)
        self.tokens = TokenServer(pair, tenant_id=self.tenant.id, domain=self.tenant.domain)
        self.graph = GraphServer(self.tenant, self.tokens, pair if is_secure else None)
        self.imds = Imds(self.tokens)
        self._stack = ExitStack()

    @property
    def graph_url(self) -> str:
        """The root of Graph, without the version; + "/.default" is its scope."""
        return self.graph.url

    @property
    def authority(self) -> str:
        return self.tokens.authority

    @property
    def credentials(self) -> dict[str, str]:
        """Tenant, client id and secret of the app that is there from the start."""
        return {"tenant_id": self.tenant.id, "client_id": CLIENT_ID, "secret": SECRET}

    def mail_auth(self, user: str, **changes: Any) -> dict[str, Any]:
        """The section `auth` of a mail server or mailbox, to sign in by tokens as this app."""
        known = self.credentials
        own = {
            "method": "xoauth2",
            "user": user,
            "tenant_id": known["tenant_id"],
            "client_id": known["client_id"],
            "credential": {"secret": known["secret"]},
            "authority": self.authority.removesuffix(f"/{known['tenant_id']}"),
            "tls": {"ca_file": str(self.ca_file)},
        }
        return own | changes

    def token(self, *roles: str) -> str:
        """Return a bearer token, with ROLES where none is named."""
        return self.tokens.mint(*(roles or ROLES))

    def __enter__(self) -> Self:
        for server in (self.tokens, self.graph, self.imds):
            self._stack.enter_context(server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
