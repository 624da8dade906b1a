"""One folder of one mailbox over IMAP: which mails nobody has read yet, a piece of one, and to mark it as read.

imaplib's errors while signing in are not chained: their frames hold the password or the token. imaplib gives refusals
as a result or as an error, depending on the command, and a UnicodeError for letters outside ASCII where it expects
none; here all are errors.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from connectors.kit.cut_off import cut_off
from connectors.kit.graph.tokens import Tokens
from connectors.kit.text import cut, one_line
from connectors.notify.email.client import bearer
from connectors.notify.email.config import AuthConfig, BouncesConfig, Tls
from connectors.notify.email.errors import Stage, broken
from worker.ports import AuthFailed, BadConfig, ConnectorError, NotDone, PermissionDenied

TIMEOUT_S = 10.0  # for the connection, and for each answer: messages wait meanwhile
QUIT_S = 2.0
SAID_MAX = 200
GRANT = "Give the app IMAP.AccessAsApp and the mailbox (see the README)."
AGAIN = "It is tried again by itself."
_FOR_NOW = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})  # RFC 5530
_CODE = re.compile(r"\[([A-Z-]{1,40})[] ]")


class MailRefused(Exception):
    """The server does not give out one mail, or does not mark it. The folder can still be read."""


class Folder:
    """An open folder. `validity`: its numbers mean the same mails for as long as this is the same."""

    def __init__(self, imap: imaplib.IMAP4, where: str) -> None:
        self._imap = imap
        self._where = where
        self.validity = str(imap.response("UIDVALIDITY")[1][0])

    def unread(self) -> list[int]:
        """The numbers of mails that nobody has read.

        What they are is not asked: some servers do not find every header by SEARCH.
        """
        said = self._ask("SEARCH", "UNSEEN", "UNDELETED")
        numbers = b" ".join(one for one in said if isinstance(one, bytes)).split()
        return [int(one) for one in numbers if one.isdigit()]

    def piece(self, number: int, what: str, size: int) -> bytes:
        """The first `size` bytes of a mail (`what` is empty) or of a part; empty if it is gone. Marks nothing.

        Raises MailRefused.
        """
        said = self._ask_of(number, "FETCH", f"(BODY.PEEK[{what}]<0.{size}>)")
        return next((bytes(one[1]) for one in said if isinstance(one, tuple)), b"")

    def mark_read(self, number: int) -> None:
        """Mark a mail as read. Raises MailRefused."""
        self._ask_of(number, "STORE", "+FLAGS.SILENT", r"(\Seen)")

    def _ask_of(self, number: int, command: str, *words: str) -> list[Any]:
        try:
            return self._ask(command, str(number), *words)
        except imaplib.IMAP4.abort:  # the connection is broken
            raise
        except imaplib.IMAP4.error as refusal:
            raise MailRefused(cut(one_line(str(refusal)), SAID_MAX)) from refusal

    def _ask(self, command: str, *words: str) -> list[Any]:
        status, said = self._imap.uid(command, *words)
        if status != "OK":
            raise imaplib.IMAP4.error(f"{command}: {_text(said)}")
        return said


class _Imap(imaplib.IMAP4):
    """One whose time-out is for a whole line, and for a whole mail, not for each piece of it."""

    def readline(self) -> bytes:
        with cut_off(self.sock):
            return super().readline()

    def read(self, size: int) -> bytes:
        with cut_off(self.sock):
            return super().read(size)


class _ImapInTls(_Imap, imaplib.IMAP4_SSL):
    pass


@contextmanager
def opened(
    config: BouncesConfig, auth: AuthConfig, tls: ssl.SSLContext, tokens: Tokens | None, timeout_s: float
) -> Iterator[Folder]:
    """Sign in, and open the folder for as long as the context lasts. Raises only ConnectorErrors."""
    where = f"the folder {config.folder} on {config.server}:{config.used_port}"
    imap = _signed_in(config, auth, tls, tokens, timeout_s)
    try:
        yield _selected(imap, config.folder, where)
    except imaplib.IMAP4.readonly:
        raise PermissionDenied(
            f"Bounces: {where} can only be read.",
            missing="to mark mails as read in this folder",
            remedy=f"Let {auth.user} change the folder, or name another one.",
        ) from None
    except (OSError, UnicodeError, imaplib.IMAP4.error) as trouble:
        raise NotDone(
            f"Bounces: {where} can't be read ({cut(one_line(str(trouble)), SAID_MAX) or type(trouble).__name__}).",
            remedy=f"If it stays, look at the IMAP server's log. {AGAIN}",
        ) from trouble
    finally:
        _end(imap)


def _selected(imap: imaplib.IMAP4, folder: str, where: str) -> Folder:
    status, said = imap.select(f'"{folder}"')
    if status != "OK":
        raise BadConfig(
            f"Bounces: the server does not open {where} ({_text(said)}).",
            remedy="Give `bounces.folder` the name of a folder that the account sees.",
        )
    return Folder(imap, where)


def _signed_in(
    config: BouncesConfig, auth: AuthConfig, tls: ssl.SSLContext, tokens: Tokens | None, timeout_s: float
) -> imaplib.IMAP4:
    tried = f"Bounces on {config.server}:{config.used_port}"
    stage, imap = Stage.CONNECTION, None
    error: ConnectorError
    try:
        imap = _connected(config, tls, timeout_s)
        _encrypt(imap, config, tls)
        stage = Stage.SIGN_IN
        _sign_in(imap, auth, tokens)
        return imap
    except (imaplib.IMAP4.error, UnicodeError) as refused:
        # Before it signs in, a server that says goodbye, or speaks nothing that is IMAP, refuses nobody
        is_none = stage is not Stage.SIGN_IN or isinstance(refused, imaplib.IMAP4.abort | UnicodeError)
        lost = ConnectionError("cut off")
        error = broken(tried, stage, lost) if is_none else _refusal(tried, str(refused), tokens)
    except OSError as trouble:
        error = broken(tried, stage, trouble)
    except ConnectorError as wrong:
        error = wrong
    if imap is not None:
        _end(imap)
    raise error  # out here, so that it has no context: see the module's docstring


def _connected(config: BouncesConfig, tls: ssl.SSLContext, timeout_s: float) -> imaplib.IMAP4:
    at = (config.server, config.used_port)
    if config.tls is Tls.IMPLICIT:
        return _ImapInTls(*at, ssl_context=tls, timeout=timeout_s)
    return _Imap(*at, timeout=timeout_s)


def _encrypt(imap: imaplib.IMAP4, config: BouncesConfig, tls: ssl.SSLContext) -> None:
    if config.tls is not Tls.STARTTLS:
        return
    if "STARTTLS" not in imap.capabilities:
        raise BadConfig(
            f"Bounces: {config.server}:{config.used_port} offers no STARTTLS, so nobody signed in.",
            remedy="Use tls: implicit, with port 993.",
        )
    imap.starttls(tls)


def _sign_in(imap: imaplib.IMAP4, auth: AuthConfig, tokens: Tokens | None) -> None:
    user = auth.user or ""
    if tokens is not None:
        answer = bearer(user, tokens.get())
        # A refusal comes as a challenge, which an empty line ends
        imap.authenticate("XOAUTH2", lambda challenge: answer(challenge or None).encode())
        return
    password = auth.password.get_secret_value() if auth.password else ""
    if "AUTH=PLAIN" in imap.capabilities:
        imap.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())
    else:
        imap.login(user, password)


def _refusal(tried: str, said: str, tokens: Tokens | None) -> ConnectorError:
    # The text may repeat what was sent, so only its code is shown
    found = _CODE.search(said)
    code = found[1] if found else ""
    message = f"{tried}: the server does not let us sign in ({code or 'without a reason'})."
    if code in _FOR_NOW:
        return NotDone(message, remedy=AGAIN)
    if tokens is not None:
        tokens.forget()
        return AuthFailed(message, remedy=GRANT)
    return AuthFailed(message, remedy="Check user and password, and that the account may sign in by IMAP.")


def _end(imap: imaplib.IMAP4) -> None:
    """Say goodbye, without waiting for long."""
    with suppress(OSError, UnicodeError, imaplib.IMAP4.error):
        imap.sock.settimeout(QUIT_S)
        imap.logout()
    with suppress(OSError):
        imap.shutdown()


def _text(said: list[Any]) -> str:
    words = " ".join(one.decode("utf-8", "replace") for one in said if isinstance(one, bytes))
    return cut(one_line(words), SAID_MAX)
