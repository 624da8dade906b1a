"""Mail servers on loopback, and notifiers that write to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from certificates import Pair, authority, issue
from connectors.notify.email.config import EmailConfig
from connectors.notify.email.connector import EmailNotifier
from contracts.messages import AMINA, context
from fakes.graph.lab import FakeEntra
from fakes.smtp.server import PASSWORD, USER, SmtpServer

CHANNEL_ADDRESS = "soc@example.org"
Serve = Callable[..., SmtpServer]
Write = Callable[..., EmailNotifier]


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def pair(issuer: Pair, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return issue(issuer, tmp_path_factory.mktemp("server"), "localhost")


@pytest.fixture
def serve(pair: Pair) -> Iterator[Serve]:
    with ExitStack() as stack:

        def started(own: Pair | None = pair, **options: Any) -> SmtpServer:
            server = stack.enter_context(SmtpServer(own, **options))
            server.known |= {AMINA.address, CHANNEL_ADDRESS}
            return server

        yield started


@pytest.fixture
def entra(tmp_path: Path) -> Iterator[FakeEntra]:
    """A service that gives tokens for mail."""
    with FakeEntra(tmp_path) as fake:
        fake.tokens.graphs.add("https://outlook.office365.com")
        yield fake


@pytest.fixture
def write(issuer: Pair) -> Write:
    def made(server: SmtpServer, **changes: Any) -> EmailNotifier:
        own = {
            "server": "localhost",
            "port": server.port,
            "ca_file": str(issuer.certificate),
            "from": "Whosleft <whosleft@example.org>",
            "channel": CHANNEL_ADDRESS,
            "auth": {"method": "password", "user": USER, "password": PASSWORD},
        }
        config = EmailConfig.model_validate(own | changes)
        return EmailNotifier(config, context(), timeout_s=0.5)

    return made
