"""The e-mail notifier against a real Postfix: TLS both ways, SASL, every language, a real report of non-delivery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

import postfix
from connectors.notify.email.config import EmailConfig
from connectors.notify.email.connector import EmailNotifier
from contracts.messages import AMINA, MESSAGE, TO_AMINA, context
from fakes.smtp.reader import as_shown, parsed
from fakes.smtp.server import SmtpServer
from mails import late_ticket
from postfix import GREYLISTED, ONWARD, PASSWORD, SENDER, SIZE_MAX, USER, Postfix
from throwaway import missing
from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.languages import LANGUAGES
from worker.ports import AuthFailed, NotDone, PermissionDenied, Rejected, Unreachable

PERSON = RecipientKind.PERSON


@pytest.fixture(scope="module")
def postfix_server() -> Iterator[Postfix]:
    with SmtpServer(None) as onward:  # knows nobody, so it refuses whatever comes
        try:
            with postfix.running_postfix(onward.port) as server:
                yield server
        except postfix.Absent as absent:
            missing(absent)


@pytest.fixture
def server(postfix_server: Postfix) -> Postfix:
    postfix_server.forget()
    return postfix_server


def notifier(server: Postfix, **changes: Any) -> EmailNotifier:
    own = {
        "server": postfix.HOST,
        "port": server.submission,
        "ca_file": str(server.ca_file),
        "from": f"Whosleft <{SENDER}>",
        "channel": "soc@example.org",
        "auth": {"method": "password", "user": f"{USER}@example.org", "password": PASSWORD},
    }
    return EmailNotifier(EmailConfig.model_validate(own | changes), context())


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_in_any_language_arrives_with_both_parts_as_they_were_written(
    server: Postfix, language: str
) -> None:
    message = late_ticket(language, AMINA.address)
    receipt = notifier(server).send(message)

    [mail] = server.mails(AMINA.address)
    [paragraph] = message.paragraphs
    assert mail["Subject"] == f"{paragraph.title} [T-000123]"
    assert mail["Message-ID"] == receipt.reference
    assert mail["References"] == "<T-000123@example.org>"
    assert [one.addr_spec for one in mail["To"].addresses] == [AMINA.address]
    assert mail["Return-Path"].strip("<>") == SENDER
    assert "with ESMTPSA" in mail["Received"]  # encrypted and signed in (RFC 3848)
    text, shown = part(mail, "plain"), as_shown(part(mail, "html"))
    for said in (message.title, *paragraph.steps, message.note):
        assert said in text
        assert said in shown
    assert parsed(part(mail, "html")).get("lang") == language


def test_over_tls_from_the_first_byte_it_arrives_too(server: Postfix) -> None:
    notifier(server, port=server.over_tls, tls="implicit").send(MESSAGE)
    [mail] = server.mails("soc@example.org")
    assert mail["Subject"] == MESSAGE.title


def test_check_signs_in_and_sends_nothing(server: Postfix) -> None:
    result = notifier(server).check()
    assert result.ok, result
    assert result.details == {"tls": "TLSv1.3", "reports of non-delivery": "asked for"}
    wrong = notifier(
        server, auth={"method": "password", "user": f"{USER}@example.org", "password": "wrong"}
    ).check()
    assert (wrong.ok, bool(wrong.remedy)) == (False, True)
    assert "postfix/qmgr" not in server.log().split("connect from")[-1]


def test_an_address_outside_ascii_is_written_to(server: Postfix) -> None:
    notifier(server).send(replace(MESSAGE, to=Recipient(PERSON, "jörg@example.org", "Jörg")))
    [mail] = server.mails("jörg@example.org")
    assert mail["To"].addresses[0].addr_spec == "jörg@example.org"


def test_lines_that_begin_with_a_dot_and_long_ones_arrive_as_they_are(server: Postfix) -> None:
    body = Paragraph("h", ".\n.hidden\n" + "x" * 3000)
    notifier(server).send(replace(TO_AMINA, paragraphs=(body,)))
    [mail] = server.mails(AMINA.address)
    assert "\n.\n.hidden\n" + "x" * 3000 + "\n" in part(mail, "plain")


def test_what_the_server_refuses_is_said_as_it_is_meant(server: Postfix) -> None:
    mail = notifier(server)
    wrong = {"method": "password", "user": f"{USER}@example.org", "password": "wrong"}

    with pytest.raises(Unreachable):
        mail.send(replace(MESSAGE, to=Recipient(PERSON, "nobody@example.org")))
    with pytest.raises(NotDone):
        mail.send(replace(MESSAGE, to=Recipient(PERSON, GREYLISTED)))
    with pytest.raises(Rejected, match=r"5\.3\.4"):
        mail.send(replace(MESSAGE, paragraphs=(Paragraph("long", "x" * SIZE_MAX),)))
    with pytest.raises(AuthFailed):
        notifier(server, auth=wrong).send(MESSAGE)
    with pytest.raises(PermissionDenied):
        notifier(server, auth={"method": "none"}).send(MESSAGE)
    with pytest.raises(PermissionDenied):
        notifier(server, **{"from": "other@example.org"}).send(MESSAGE)


def test_what_bounces_later_comes_back_to_the_sender_with_the_delivery_s_key(server: Postfix) -> None:
    key = "whosleft-0123456789abcdef01234567"
    notifier(server).send(replace(MESSAGE, key=key, to=Recipient(PERSON, ONWARD)))

    [report] = server.mails(SENDER)
    status, recipient = _fields(report)
    assert status["Original-Envelope-Id"] == key
    assert (recipient["Final-Recipient"], recipient["Status"]) == (f"rfc822; {ONWARD}", "5.1.1")


def _fields(report: EmailMessage) -> Any:
    """What a report of non-delivery says to programs: on the message, and on its recipient."""
    [part] = [one for one in report.walk() if one.get_content_type() == "message/delivery-status"]
    return part.get_payload()
