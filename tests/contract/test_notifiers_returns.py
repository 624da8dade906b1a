"""The contract of what comes back, for each notifier that hears of it, and for the fake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from certificates import authority, issue
from connectors.notify.email.config import EmailConfig
from connectors.notify.email.connector import EmailNotifier
from contracts.messages import AMINA, context
from contracts.returns import ReturnsContract, ReturnsWorld
from fakes.imap import PASSWORD, USER, ImapServer
from fakes.notifier import FakeNotifier
from fakes.smtp.server import SmtpServer
from returned_mail import report
from worker.domain.messages.message import Message, RecipientKind
from worker.ports import Transient

TEAM = "soc@example.org"


class FakeWorld(ReturnsWorld):
    def __init__(self) -> None:
        self.notifier = FakeNotifier("soc", hears_returns=True)

    def bounce(self, message: Message) -> None:
        self.notifier.bounce(message)

    def break_down(self) -> None:
        self.notifier.down = Transient("Fake: no answer.", remedy="Wait.")


class EmailWorld(ReturnsWorld):
    def __init__(self, smtp: SmtpServer, imap: ImapServer, ca_file: Path) -> None:
        self._imap = imap
        smtp.known |= {AMINA.address, TEAM}
        self.notifier = EmailNotifier(EmailConfig.model_validate({
            "server": "localhost", "port": smtp.port, "ca_file": str(ca_file), "channel": TEAM,
            "from": "Whosleft <whosleft@example.org>",
            "auth": {"method": "password", "user": USER, "password": PASSWORD},
            "bounces": {"server": "localhost", "port": imap.port, "ca_file": str(ca_file)},
        }), context(), timeout_s=0.5)  # fmt: skip

    def bounce(self, message: Message) -> None:
        to = TEAM if message.to.kind is RecipientKind.CHANNEL else message.to.address
        self._imap.add(report(envelope_id=message.key, to=to))

    def break_down(self) -> None:
        self._imap.takes_nobody = True


class TestFakeReturns(ReturnsContract):
    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()


class TestEmailReturns(ReturnsContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[EmailWorld]:
        issuer = authority(tmp_path / "authority")
        pair = issue(issuer, tmp_path / "server", "localhost")
        with ExitStack() as stack:
            smtp = stack.enter_context(SmtpServer(pair))
            imap = stack.enter_context(ImapServer(pair))
            yield EmailWorld(smtp, imap, issuer.certificate)
