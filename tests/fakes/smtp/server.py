"""A mail server on loopback (aiosmtpd), with TLS, three ways to sign in, and faults at each stage of a conversation.

`mails` are those that it took. It knows the addresses in `known`, and no others. Used as a context manager.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from certificates import Pair

USER, PASSWORD, TOKEN = (
    "whosleft@example.org",
    "Kettle-0range-Drama",
    "eyJhbGciOiJub25lIn0.c2VjcmV0LXRva2Vu.e",
)
STAGES = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "QUIT")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it would log each line, and take its time for it
_ENDS = ("RET=", "ENVID=", "NOTIFY=", "ORCPT=")  # what aiosmtpd doesn't know of DSN


@dataclass(frozen=True)
class Fault:
    """An answer in place of the right one; or none: cut off, before the request took effect or after; or late."""

    reply: str = ""
    is_after: bool = False
    slow_s: float = 0.0


@dataclass(frozen=True)
class Mail:
    """A message that was taken: the envelope with its options, and the content."""

    sender: str
    to: tuple[str, ...]
    options: tuple[str, ...]
    raw: bytes
    hello: str
    is_encrypted: bool

    @property
    def content(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=SMTPUTF8)
        assert isinstance(found, EmailMessage)
        return found

    def part(self, kind: str) -> str:
        """The text of the part of a type, such as text/plain."""
        parts = [part for part in self.content.walk() if part.get_content_type() == kind]
        text: str = parts[0].get_content()
        return text.replace("\r\n", "\n")


class SmtpServer:
    """Start and stop it as a context manager; `fail` arms one fault for the next conversation that comes so far."""

    def __init__(
        self,
        pair: Pair | None = None,
        *,
        is_implicit: bool = False,
        offers_starttls: bool = True,
        offers_auth: bool = True,
        offers_utf8: bool = True,
        offers_dsn: bool = False,
        size_max: int = 1_000_000,
        auth_exclude_mechanism: Sequence[str] = (),
    ) -> None:
        self.mails: list[Mail] = []
        self.known: set[str] = set()
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.is_revoked = False
        self.tries: list[str] = []
        self.signed_in: list[str] = []
        self.takes_token: Callable[[str], bool] = lambda token: token == TOKEN
        self.offers_auth = offers_auth
        self.offers_dsn = offers_dsn
        tls = _context(pair) if pair else None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._controller = _Controller(self, tls, self.port, {
            "tls_context": tls if offers_starttls and not is_implicit else None,
            "auth_require_tls": False,
            "authenticator": self._authenticated,
            "enable_SMTPUTF8": offers_utf8,
            "data_size_limit": size_max,
            "decode_data": False,
            "hostname": "localhost",
            "auth_exclude_mechanism": auth_exclude_mechanism,
            "ident": "loopback",
        }, is_implicit=is_implicit)  # fmt: skip

    def fail(self, stage: str, fault: Fault) -> None:
        assert stage in STAGES
        self.faults[stage].append(fault)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    def _authenticated(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        return self.signs_in(mechanism, is_right=is_right)

    def signs_in(self, mechanism: str, *, is_right: bool) -> AuthResult:
        if not is_right or self.is_revoked:
            return AuthResult(success=False, handled=False)
        self.signed_in.append(mechanism)
        return AuthResult(success=True)


class _Handler:
    def __init__(self, owner: SmtpServer) -> None:
        self._owner = owner

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        kept = [line for line in responses if self._owner.offers_auth or "AUTH" not in line]
        return [*kept[:-1], *(["250-DSN"] if self._owner.offers_dsn else []), kept[-1]]

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        user, bearer, *ends = b64decode(args[1]).decode().split("\1")
        token = bearer.removeprefix("auth=Bearer ")
        is_right = (user, ends) == (f"user={USER}", ["", ""]) and self._owner.takes_token(token)
        if not is_right or self._owner.is_revoked:
            await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
            return AuthResult(success=False, handled=False)
        return self._owner.signs_in("XOAUTH2", is_right=True)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address not in self._owner.known:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: _Smtp, session: Session, envelope: Envelope) -> str:
        fault = _next(self._owner, "DOT")
        if fault and fault.slow_s:
            await asyncio.sleep(fault.slow_s)
        if fault and not fault.is_after and (fault.reply or not fault.slow_s):
            return fault.reply or _cut(server)
        assert isinstance(envelope.content, bytes)
        self._owner.mails.append(Mail(
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            tuple(server.dsn),
            envelope.content,
            session.host_name or "",
            session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
        ))  # fmt: skip
        if fault and fault.is_after:
            return fault.reply or _cut(server)
        return "250 2.0.0 Ok: queued"


def _next(owner: SmtpServer, stage: str) -> Fault | None:
    return owner.faults[stage].popleft() if owner.faults[stage] else None


def _cut(server: _Smtp) -> str:
    server.transport.close()
    return "421 gone"


class _Smtp(SMTP):
    line_length_limit = 12_288  # RFC 4954 4: what AUTH may need
    owner: SmtpServer
    transport: Any
    dsn: list[str]

    async def _handle_client(self) -> None:
        fault = _next(self.owner, "CONNECT")
        if fault is None:
            await super()._handle_client()
            return
        if fault.reply:
            await self.push(fault.reply)
        self.transport.close()

    async def _or_fault(self, stage: str, usual: Callable[[str | None], Any], arg: str | None) -> None:
        fault = _next(self.owner, stage)
        if fault is None:
            await usual(arg)
        elif fault.reply:
            await self.push(fault.reply)
        elif fault.slow_s:
            await asyncio.sleep(fault.slow_s)
        else:
            self.transport.close()

    async def smtp_EHLO(self, hostname: str) -> None:
        self.command_size_limits["AUTH"] = self.line_length_limit
        await self._or_fault("EHLO", super().smtp_EHLO, hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        await self._or_fault("STARTTLS", super().smtp_STARTTLS, arg)

    async def smtp_AUTH(self, arg: str) -> None:
        self.owner.tries.append(arg.partition(" ")[0])
        await self._or_fault("AUTH", super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        self.dsn = []
        await self._or_fault("MAIL", super().smtp_MAIL, self._without_dsn(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self._or_fault("RCPT", super().smtp_RCPT, self._without_dsn(arg))

    async def smtp_DATA(self, arg: str) -> None:
        await self._or_fault("DATA", super().smtp_DATA, arg)

    async def smtp_QUIT(self, arg: str) -> None:
        await self._or_fault("QUIT", super().smtp_QUIT, arg)

    def _without_dsn(self, arg: str | None) -> str | None:
        if arg is None or not self.owner.offers_dsn:
            return arg
        words = arg.split()
        self.dsn += [word for word in words if word.startswith(_ENDS)]
        return " ".join(word for word in words if not word.startswith(_ENDS))


class _Controller(Controller):
    def __init__(
        self,
        owner: SmtpServer,
        tls: ssl.SSLContext | None,
        port: int,
        options: dict[str, Any],
        *,
        is_implicit: bool,
    ) -> None:
        self._owner = owner
        self._options = options
        super().__init__(
            _Handler(owner), hostname="127.0.0.1", port=port, ssl_context=tls if is_implicit else None
        )

    def factory(self) -> SMTP:
        made = _Smtp(self.handler, **self._options)
        made.owner = self._owner
        return made


def _context(pair: Pair) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    return context
