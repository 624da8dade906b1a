"""What a mail server's answer means: who has to do what, and whether the message may have gone out.

    | answer | error |
    |---|---|
    | no name, no connection, no TLS; cut off or silent before the text | NotDone |
    | cut off or silent after the text, or 4xx to it | Transient: it may have been taken |
    | 4xx earlier: greylisted, busy | NotDone |
    | 5.7.30, 5.7.139 | AuthFailed: Microsoft 365 takes no password |
    | 530, 534, 538; to a sign-in also 500 to 504 | BadConfig |
    | 535, and any other refusal of a sign-in | AuthFailed |
    | 5.1.7, 5.1.8 | BadConfig: `from` is no good |
    | 5.3.4, 5.2.3; 552 without a code but to the recipient | Rejected: too big |
    | 5.7.x, 5.2.252 | PermissionDenied |
    | 5.1.90, 5.4.5; 5.2.x to the text | PermissionDenied: the sender is full or over a limit, whoever is written to |
    | 5.1.x, 5.2.x to the sender; 550, 551, 553 without a code to it | BadConfig: `from` is no good |
    | 5.1.x; 5.2.x, 550 to 553 to the recipient (552: their mailbox is full) | Unreachable |
    | to the connection | PermissionDenied |
    | any other | Rejected |

The first row that fits holds. Codes: RFC 3463, RFC 4954 6, learn.microsoft.com "Email non-delivery reports".
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from enum import IntEnum

from connectors.kit.text import cut, one_line
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
    Unreachable,
)

_SAID_MAX = 200
_ENHANCED = re.compile(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
_PASSWORDS_ARE_OFF = frozenset({"5.7.30", "5.7.139"})
_NO_SUCH_SIGN_IN = frozenset({500, 501, 502, 503, 504})
_SIGN_IN_FIRST = frozenset({530, 534, 538})
_NO_SUCH_SENDER = frozenset({"5.1.7", "5.1.8"})
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
_TOO_BIG = 552  # "exceeded storage allocation" (RFC 5321): of a mailbox, or of what a server takes
_MAILBOX_FULL = "5.2.2"
_IS_TOO_BIG = frozenset({"5.3.4", "5.2.3"})
_OVER_A_LIMIT = frozenset({"5.1.90", "5.4.5"})  # of recipients a day (Microsoft 365), of mails a day (Gmail)
AGAIN = "It is tried again by itself."
_OTHER_SENDER = "Set `from` to a mailbox that exists and that this server sends for."
USE_XOAUTH2 = "Microsoft 365 takes no passwords any more: set auth to method xoauth2 (see the README)."


class Stage(IntEnum):
    """How far a conversation has come."""

    CONNECTION = 1
    SIGN_IN = 2
    SENDER = 3
    RECIPIENT = 4
    TEXT = 5  # from here on the server may have taken it


_ABOUT = {
    Stage.CONNECTION: "the connection",
    Stage.SIGN_IN: "the sign-in",
    Stage.SENDER: "the sender",
    Stage.RECIPIENT: "the recipient",
    Stage.TEXT: "the message",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer other than success: its code, its text, and what was asked."""

    stage: Stage
    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The code of RFC 3463, such as 5.1.1; empty if there is none."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else ""


def refusal(tried: str, answer: Answer) -> ConnectorError:
    """The error for an answer; see the table above."""
    message = f"{tried}: the server answered {_said(answer)} to {_ABOUT[answer.stage]}."
    code, enhanced = answer.code, answer.enhanced
    if not 500 <= code < 600:  # noqa: PLR2004  the permanent ones
        return (Transient if answer.stage is Stage.TEXT else NotDone)(message, remedy=AGAIN)
    if enhanced in _PASSWORDS_ARE_OFF:
        return AuthFailed(message, remedy=USE_XOAUTH2)
    if code in _SIGN_IN_FIRST or (answer.stage is Stage.SIGN_IN and code in _NO_SUCH_SIGN_IN):
        return BadConfig(message, remedy="Check auth and tls: the server wants another way of signing in.")
    if answer.stage is Stage.SIGN_IN or code == 535:  # noqa: PLR2004  RFC 4954: credentials invalid
        return AuthFailed(message, remedy="Check user and credential, and that the account may send by SMTP.")
    return _about_the_mail(message, answer.stage, code, enhanced)


def _about_the_mail(message: str, stage: Stage, code: int, enhanced: str) -> ConnectorError:
    if enhanced in _NO_SUCH_SENDER:
        return BadConfig(message, remedy=_OTHER_SENDER)
    if enhanced in _IS_TOO_BIG or (code == _TOO_BIG and not enhanced and stage is not Stage.RECIPIENT):
        return Rejected(message, remedy="Raise the server's limit of a message's size to 1 MB or more.")
    if enhanced.startswith("5.7.") or enhanced == "5.2.252":
        return PermissionDenied(
            message,
            missing="to send as `from` to this recipient",
            remedy="Let the account send as `from`, and to this recipient, on the mail server.",
        )
    is_of_mailbox = enhanced.startswith("5.2.")
    if enhanced in _OVER_A_LIMIT or (stage is Stage.TEXT and is_of_mailbox):
        return PermissionDenied(
            message,
            missing="to send more for now",
            remedy="The sender's mailbox is full or over its limit: make room there, or raise the limit. "
            f"{AGAIN}",
        )
    is_address = enhanced.startswith("5.1.") or is_of_mailbox
    if stage is Stage.SENDER and (is_address or (code in _NO_SUCH_MAILBOX and not enhanced)):
        return BadConfig(message, remedy=_OTHER_SENDER)
    if is_address or (stage is Stage.RECIPIENT and code in {*_NO_SUCH_MAILBOX, _TOO_BIG}):
        is_full = enhanced == _MAILBOX_FULL or (code == _TOO_BIG and not enhanced)
        remedy = "Their mailbox is full." if is_full else "Check the address in the directory."
        return Unreachable(message, remedy=remedy)
    if stage is Stage.CONNECTION:
        return PermissionDenied(
            message, missing="to connect", remedy="Let this machine's address in on the mail server."
        )
    return Rejected(message, remedy="If it stays, look at the mail server's log.")


def broken(tried: str, stage: Stage, error: Exception) -> Transient:
    """The error for no answer."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotDone(
            f"{tried}: the server's certificate is not trusted ({error.verify_message}).",
            remedy="Give the name in the certificate as server, and its authority as ca_file.",
        )
    said = cut(one_line(str(error)), _SAID_MAX)
    detail = f"{type(error).__name__}: {said}" if said else type(error).__name__
    kind = Transient if stage is Stage.TEXT else NotDone
    return kind(
        f"{tried}: no answer to {_ABOUT[stage]} ({detail}).",
        remedy=f"Check server, port and tls, and the way there. {AGAIN}",
    )


def _said(answer: Answer) -> str:
    # A server that does not know AUTH may repeat the line, with the password in it
    text = answer.enhanced if answer.stage is Stage.SIGN_IN else cut(one_line(answer.text), _SAID_MAX)
    return f"{answer.code} {text}".strip()
