"""One conversation with the mail server: connect, TLS, sign in, one message to one recipient. Never tries again.

smtplib's own errors are not chained: their frames hold the password or the token. smtplib verifies a certificate only
with a context, looks up this machine's name unless it is told one, and returns refusals of several recipients instead
of raising them; hence the context, the name and the single recipient below.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from connectors.kit import http as _http
from connectors.kit.cut_off import cut_off
from connectors.kit.graph.tokens import Tokens
from connectors.notify.email.config import AuthConfig, EmailConfig, Method, Tls
from connectors.notify.email.errors import Answer, Stage, broken, refusal
from connectors.notify.email.mailbox import Mailbox
from worker.ports import AuthFailed, BadConfig, ConnectorError, Unreachable

TIMEOUT_S = 30.0  # for the connection, and for each answer
QUIT_S = 2.0  # the message is taken by then, so its answer matters to nobody
GRANT = "Give the app SMTP.SendAsApp and the mailbox, and let the mailbox sign in by SMTP (see the README)."
_GO_AHEAD = 354
_WAYS = {Method.PASSWORD: ("PLAIN", "LOGIN"), Method.XOAUTH2: ("XOAUTH2",)}  # the connection is encrypted
_ENVID_MAX = 100  # RFC 3461 4.4
_NOT_IN_XTEXT = re.compile(r"[^!-~]|[+=]")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mail:
    """What goes into one conversation. `key` comes back in a report of non-delivery, where the server can do that."""

    sender: Mailbox  # of the envelope
    to: Mailbox
    content: bytes  # lines end in CRLF
    key: str
    needs_utf8: bool = False  # also true if only a header does


@dataclass(frozen=True, slots=True)
class Server:
    """What a server offers: the version of TLS, empty without; reports of non-delivery by key (DSN, RFC 3461)."""

    tls: str
    has_dsn: bool


class SmtpClient:
    """Raises only ConnectorErrors. Safe to use from several threads: each call has a connection of its own."""

    def __init__(
        self,
        config: EmailConfig,
        base_dir: Path,
        hostname: str,
        tokens: Tokens | None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._config = config
        self._ca_file = base_dir / config.ca_file if config.ca_file else None
        self._hostname = hostname
        self._tokens = tokens
        self._timeout_s = timeout_s
        self.where = f"{config.server}:{config.used_port}"

    def send(self, mail: Mail) -> None:
        """Hand over one message. A Transient that is not NotDone leaves open whether the server has taken it."""
        self._talk(f"E-mail to {mail.to.address} over {self.where}", lambda talk: talk.hand_over(mail))

    def probe(self, sender: Mailbox) -> Server:
        """Sign in and name the sender, send nothing; say what the server offers."""
        return self._talk(f"E-mail over {self.where}", lambda talk: talk.rehearse(sender))

    def close(self) -> None:
        """End the connections to the service that gives tokens. Idempotent."""
        if self._tokens is not None:
            self._tokens.close()

    def _talk(self, tried: str, do: Callable[[_Conversation], T]) -> T:
        tls = _http.trusting(self._ca_file)
        talk = _Conversation(self._hostname)
        error: ConnectorError
        try:
            talk.open(self._config, tls, self._timeout_s)
            talk.sign_in(self._config.auth, self._tokens)
            return do(talk)
        except _Refused as refused:
            error = refusal(tried, refused.answer)
        except smtplib.SMTPResponseException as refused:
            error = refusal(tried, Answer(talk.stage, refused.smtp_code, _text(refused.smtp_error)))
        except OSError as trouble:  # SMTPException is one, too
            error = broken(tried, talk.stage, trouble)
        finally:
            talk.close()
        if isinstance(error, AuthFailed) and self._tokens is not None:
            self._tokens.forget()
            error = AuthFailed(error.message, remedy=GRANT)
        raise error  # out here, so that it has no context: see the module's docstring


class _Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class _Smtp(smtplib.SMTP):
    """One whose time-out is for a whole answer, not for each piece of it."""

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is None:
            return super().getreply()  # says so
        try:
            with cut_off(self.sock):
                return super().getreply()
        except TimeoutError:
            self.close()  # nobody else has it yet, if this was the greeting
            raise


class _SmtpInTls(_Smtp, smtplib.SMTP_SSL):
    pass


class _Conversation:
    """One connection. `stage` says what was asked last."""

    def __init__(self, hostname: str) -> None:
        self.stage = Stage.CONNECTION
        self._hostname = hostname
        self._smtp: smtplib.SMTP | None = None

    @property
    def smtp(self) -> smtplib.SMTP:
        assert self._smtp is not None  # noqa: S101  `open` comes first
        return self._smtp

    def open(self, config: EmailConfig, tls: ssl.SSLContext, timeout_s: float) -> None:
        """Connect, encrypted as configured; never goes on unencrypted where it should be."""
        at, name = (config.server, config.used_port), self._hostname
        if config.tls is Tls.IMPLICIT:
            self._smtp = _SmtpInTls(*at, local_hostname=name, timeout=timeout_s, context=tls)
        else:
            self._smtp = _Smtp(*at, local_hostname=name, timeout=timeout_s)
        self._expect(self.smtp.ehlo())
        if config.tls is not Tls.STARTTLS:
            return
        if not self.smtp.has_extn("starttls"):
            raise BadConfig(
                f"E-mail: {config.server}:{config.used_port} offers no STARTTLS, so nothing was sent.",
                remedy="Use the port for submission (587), or tls: implicit with 465.",
            )
        self.smtp.starttls(context=tls)
        self._expect(self.smtp.ehlo())

    def sign_in(self, auth: AuthConfig, tokens: Tokens | None) -> None:
        """Sign in as configured. Raises BadConfig if the server offers no such way."""
        self.stage = Stage.SIGN_IN
        if auth.method is Method.NONE:
            return
        offered = self.smtp.esmtp_features.get("auth", "").upper().split()
        way = next((way for way in _WAYS[auth.method] if way in offered), None)
        if way is None:
            raise BadConfig(
                f"E-mail: the server offers no sign-in by {auth.method} ({' '.join(offered) or 'none at all'}).",
                remedy="Check server, port and auth.method.",
            )
        self.smtp.user = auth.user or ""
        if tokens is not None:
            self.smtp.auth(way, bearer(self.smtp.user, tokens.get()))
            return
        self.smtp.password = auth.password.get_secret_value() if auth.password else ""
        # One way alone, where smtplib's login tries the next after a refusal: accounts are locked for less
        self.smtp.auth(way, self.smtp.auth_plain if way == "PLAIN" else self.smtp.auth_login)

    def hand_over(self, mail: Mail) -> None:
        """Send one message to one recipient."""
        self._from(mail.sender, self._options(mail))
        self.stage = Stage.RECIPIENT
        self._expect(self.smtp.rcpt(mail.to.address, self._notify(mail)))
        self._expect(self.smtp.docmd("DATA"), _GO_AHEAD)
        self.stage = Stage.TEXT
        self.smtp.send(re.sub(rb"(?m)^\.", b"..", mail.content) + b".\r\n")
        self._expect(self.smtp.getreply())

    def rehearse(self, sender: Mailbox) -> Server:
        """Name the sender, and take it back."""
        self._from(sender, [])
        self.smtp.rset()
        version = getattr(self.smtp.sock, "version", None)
        return Server(tls=version() if version else "", has_dsn=self.smtp.has_extn("dsn"))

    def close(self) -> None:
        """Say goodbye, without waiting for long."""
        if self._smtp is None:
            return
        with suppress(OSError):
            if self._smtp.sock is not None:
                self._smtp.sock.settimeout(QUIT_S)
                self._smtp.quit()
        self._smtp.close()

    def _from(self, sender: Mailbox, options: list[str]) -> None:
        self.stage = Stage.SENDER
        self._expect(self.smtp.mail(sender.address, options))

    def _notify(self, mail: Mail) -> list[str]:
        if not self.smtp.has_extn("dsn"):
            return []
        # After a forwarding, the report still says whom we wrote to
        original = [] if mail.to.needs_utf8 else [f"ORCPT=rfc822;{_xtext(mail.to.address)}"]
        return ["NOTIFY=FAILURE", *original]

    def _options(self, mail: Mail) -> list[str]:
        options = [f"SIZE={len(mail.content)}"] if self.smtp.has_extn("size") else []
        if self.smtp.has_extn("dsn"):
            key = _xtext(mail.key)
            options += [
                "RET=HDRS",
                *([f"ENVID={key}"] if mail.key.isascii() and len(key) <= _ENVID_MAX else []),
            ]
        if mail.needs_utf8 or mail.to.needs_utf8 or mail.sender.needs_utf8:
            if not self.smtp.has_extn("smtputf8"):
                raise Unreachable(
                    f"E-mail: the server takes no address with letters outside ASCII ({mail.to.address}).",
                    remedy="Switch SMTPUTF8 on there, or use another address of this person.",
                )
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    def _expect(self, answer: tuple[int, bytes], code: int | None = None) -> None:
        """Raise unless the answer is `code`, or any success (2xx)."""
        if answer[0] != code if code else answer[0] // 100 != 2:  # noqa: PLR2004  the class of success
            raise _Refused(Answer(self.stage, answer[0], _text(answer[1])))


def _xtext(text: str) -> str:
    return _NOT_IN_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


def bearer(user: str, token: str) -> Callable[..., str]:
    """Answers for XOAUTH2: the token first; a refusal comes as a challenge, which an empty line ends."""

    def answer(challenge: bytes | None = None) -> str:
        return f"user={user}\1auth=Bearer {token}\1\1" if challenge is None else ""

    return answer


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
