"""Reports of non-delivery as mail servers write them (RFC 3464), and what other mail stands beside them."""

from __future__ import annotations

KEY = "whosleft-0123456789abcdef01234567"
GONE = "amina.yusuf@example.org"
BOUNDARY = "b0undary"
ANSWER = b"From: a@example.org\r\nSubject: Re: Remove Sam\r\nContent-Type: text/plain\r\n\r\nDone!\r\n"
OUT_OF_OFFICE = ANSWER.replace(b"Content-Type", b"Auto-Submitted: auto-replied\r\nContent-Type")


def report(
    *,
    envelope_id: str = KEY,
    message_id: str = f"<{KEY}@example.org>",
    to: str = GONE,
    original: str = "",
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 no such mailbox",
    kind: str = "text/rfc822-headers",
    status_part: str | None = None,
) -> bytes:
    """A report; what is empty is left out. `status_part` takes the place of what programs read."""
    of_message = [
        "Reporting-MTA: dns; mail.example.org",
        *([f"Original-Envelope-Id: {envelope_id}"] if envelope_id else []),
    ]
    of_recipient = [
        *([f"Original-Recipient: rfc822;{original}"] if original else []),
        f"Final-Recipient: rfc822; {to}",
        f"Action: {action}",
        f"Status: {status}",
        *([f"Diagnostic-Code: {said}"] if said else []),
    ]
    lines = [
        "From: MAILER-DAEMON@mail.example.org",
        "Subject: Undelivered Mail Returned to Sender",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{BOUNDARY}"',
        "MIME-Version: 1.0",
        "",
        f"--{BOUNDARY}",
        "Content-Type: text/plain",
        "",
        "I'm sorry to have to inform you.",
        f"--{BOUNDARY}",
        *(status_part.split("\n") if status_part is not None else (
            "Content-Type: message/delivery-status", "", *of_message, "", *of_recipient,
        )),
        "",
        f"--{BOUNDARY}",
        f"Content-Type: {kind}",
        "",
        "From: whosleft@example.org",
        *([f"Message-ID: {message_id}"] if message_id else []),
        "Subject: Remove Sam Okafor from Ward 7 nights [T-000123]",
        "",
        f"--{BOUNDARY}--",
        "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")
