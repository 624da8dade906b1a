"""Message -> a mail: headers, the plain text first, then the HTML. Pure.

All mail about one ticket is one thread: it refers to the same root, which is never sent, and has the same subject
(Gmail groups by both). A digest of several tickets is a thread of its own. Automatic answers are asked not to come;
reports of non-delivery are welcome.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from connectors.kit.text import cut, shown_line
from connectors.notify.email.layout import Layout, laid_out
from connectors.notify.email.mailbox import Mailbox
from worker.domain.messages.message import Message

SUBJECT_MAX = 200
NAME_MAX = 60
LINE_MAX = 76  # RFC 2047 2
_KEY = re.compile(r"whosleft-[0-9a-f]{24}")
NO_ANSWERS = (
    "OOF, AutoReply, RN, NRN"  # MS-OXCMAIL; neither NDR nor All, since reports of non-delivery have to come
)
# They make Python quote a name, and it may break a long quoted name over two lines without its quotes
_SPECIALS = str.maketrans(dict.fromkeys('()<>[]:;@\\,."', " "))


def message_id(message: Message, domain: str) -> str:
    """The same for the same key, so that a store that compares them keeps one of two.

    The key of a delivery stands in it, so that a report with no more than the headers of a mail names it.
    """
    local = message.key if _KEY.fullmatch(message.key) else sha256(message.key.encode()).hexdigest()[:32]
    return f"<{local}@{domain}>"


def key_in(text: str, domain: str = "") -> str:
    """The delivery's key that a text is, or with a domain the Message-ID that has it; empty if it is none."""
    if domain:
        local, _, end = text.removeprefix("<").rpartition("@")
        text = local if end.lower() == f"{domain}>".lower() else ""
    return text if _KEY.fullmatch(text) else ""


def composed(message: Message, sender: Mailbox, to: Mailbox, language: str, now: datetime) -> bytes:
    """The mail with CRLF at each line's end. `language` is BCP 47, `now` aware."""
    layout = laid_out(message, language)
    utf8 = to.needs_utf8 or sender.needs_utf8
    policy = SMTP.clone(utf8=utf8)
    mail = EmailMessage(policy=policy)
    ticket = _ticket(message)
    mail["From"] = _address(sender)
    mail["To"] = _address(to)
    mail["Date"] = now
    mail["Message-ID"] = message_id(message, sender.domain)
    if ticket:
        mail["In-Reply-To"] = mail["References"] = f"<{ticket}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834
    mail["X-Auto-Response-Suppress"] = NO_ANSWERS
    if message.is_urgent:
        mail["Importance"] = "high"
    mail.set_content(layout.text, cte="quoted-printable")
    mail.add_alternative(layout.html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = language  # the two lines above drop or move what is there of Content-…
    title = _title(message, layout, ticket)
    return _subject_line(title, ticket) + mail.as_bytes(policy=policy)


def _ticket(message: Message) -> str:
    """The one ticket that the whole message is about; empty if there are several, or none."""
    tickets = {paragraph.ticket for paragraph in message.paragraphs}
    return tickets.pop() if len(tickets) == 1 else ""


def _title(message: Message, layout: Layout, ticket: str) -> str:
    said = shown_line(message.paragraphs[0].title) if ticket else ""
    return _for_header(said or layout.title, SUBJECT_MAX)


def _subject_line(title: str, ticket: str) -> bytes:
    """The subject as a header. Python's way for a whole mail may double its spaces, or lose those between words.

    The ticket is in it to the letter, for programs that look for it.
    """
    charset = "us-ascii" if title.isascii() else "utf-8"
    subject = Header(title, charset, maxlinelen=LINE_MAX, header_name="Subject")
    if ticket:
        subject.append(f"[{ticket}]", "us-ascii")
    folded = subject.encode(linesep="\r\n")
    return f"Subject: {folded}\r\n".encode()


def _address(mailbox: Mailbox) -> Address:
    name = " ".join(shown_line(mailbox.name).translate(_SPECIALS).split())
    return Address(_for_header(name, NAME_MAX), mailbox.local, mailbox.domain)


def _for_header(text: str, limit: int) -> str:
    """The text with no encoded word (=?utf-8?q?…?=) in it, which Python and mail programs would decode."""
    return cut(text.replace("=?", "= ?"), limit)
