from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import getaddresses

import pytest

from connectors.notify.email.mailbox import Mailbox, mailbox
from connectors.notify.email.mapping import composed, message_id
from contracts.messages import HOSTILE, MESSAGE, NOW
from mails import late_ticket
from worker.domain.messages.message import Message, Paragraph
from worker.languages import LANGUAGES

SENDER = mailbox("Whosleft <whosleft@example.org>")
AMINA = mailbox("amina.yusuf@example.org")


def raw(message: Message, to: Mailbox = AMINA, sender: Mailbox = SENDER) -> bytes:
    return composed(message, sender, to, message.to.language or "en", NOW)


def mail(message: Message, to: Mailbox = AMINA, sender: Mailbox = SENDER) -> EmailMessage:
    found = message_from_bytes(raw(message, to, sender), policy=SMTPUTF8)
    assert isinstance(found, EmailMessage)
    return found


def about(
    ticket: str, headline: str, title: str = "Remove Sam Okafor from Ward 7", key: str = "k"
) -> Message:
    paragraph = Paragraph(headline, ticket=ticket, title=title)
    return replace(MESSAGE, key=key, title=headline, paragraphs=(paragraph,))


# --- headers ---------------------------------------------------------------------------------------------


def test_a_mail_says_who_wrote_it_when_and_that_no_person_did() -> None:
    found = mail(MESSAGE)
    assert found["From"] == "Whosleft <whosleft@example.org>"
    assert found["To"] == "amina.yusuf@example.org"
    assert found["Date"].datetime == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Content-Language"] == "en"


def test_automatic_answers_are_asked_not_to_come_and_reports_of_non_delivery_are_not() -> None:
    suppressed = mail(MESSAGE)["X-Auto-Response-Suppress"].replace(" ", "").split(",")
    assert suppressed == ["OOF", "AutoReply", "RN", "NRN"]


def test_a_mail_asks_for_no_receipt_and_has_no_address_to_unsubscribe() -> None:
    unwanted = {
        "Precedence",
        "List-Unsubscribe",
        "Return-Receipt-To",
        "Disposition-Notification-To",
        "Bcc",
        "Cc",
    }
    assert unwanted.isdisjoint(mail(MESSAGE).keys())


def test_the_same_key_makes_the_same_id_and_another_key_another() -> None:
    again = replace(MESSAGE, may_be_repeat=True, title="Else")
    other = replace(MESSAGE, key="T-000123/step-2/0")
    assert mail(MESSAGE)["Message-ID"] == mail(again)["Message-ID"] == message_id(MESSAGE, "example.org")
    assert mail(MESSAGE)["Message-ID"] != mail(other)["Message-ID"]
    assert mail(MESSAGE)["Message-ID"].endswith("@example.org>")


def test_only_an_escalation_is_important() -> None:
    assert mail(MESSAGE)["Importance"] is None
    assert mail(replace(MESSAGE, is_urgent=True))["Importance"] == "high"


# --- threads ---------------------------------------------------------------------------------------------


def test_all_mail_about_one_ticket_is_one_thread_whatever_happened() -> None:
    opened = mail(about("T-000123", "Remove Sam Okafor from Ward 7", key="a"))
    late = mail(about("T-000123", "Overdue: Remove Sam Okafor from Ward 7", key="b"))
    for header in ("Subject", "References", "In-Reply-To"):
        assert opened[header] == late[header]
    assert opened["Subject"] == "Remove Sam Okafor from Ward 7 [T-000123]"
    assert opened["References"] == "<T-000123@example.org>"
    assert opened["Message-ID"] != late["Message-ID"]
    assert "Overdue: Remove Sam Okafor" in raw(about("T-000123", "Overdue: Remove Sam Okafor")).decode()


def test_tickets_are_threads_of_their_own() -> None:
    assert mail(about("T-000123", "h"))["References"] != mail(about("T-000124", "h"))["References"]


def test_a_digest_of_several_tickets_is_a_thread_of_its_own() -> None:
    one, other = about("T-000123", "h").paragraphs[0], about("T-000124", "h").paragraphs[0]
    digest = mail(replace(MESSAGE, title="2 messages from Whosleft", paragraphs=(one, other)))
    assert (digest["References"], digest["In-Reply-To"]) == (None, None)
    assert digest["Subject"] == "2 messages from Whosleft"


def test_several_messages_about_one_ticket_stay_in_its_thread() -> None:
    twice = about("T-000123", "h").paragraphs * 2
    found = mail(replace(MESSAGE, title="2 messages from Whosleft", paragraphs=twice))
    assert found["References"] == "<T-000123@example.org>"
    assert found["Subject"] == "Remove Sam Okafor from Ward 7 [T-000123]"


def test_a_ticket_whose_title_was_not_kept_has_the_message_s() -> None:
    assert mail(about("T-000123", "Overdue", title=""))["Subject"] == "Overdue [T-000123]"


# --- names from outside ----------------------------------------------------------------------------------

NAMES = (
    *HOSTILE,
    "Amina\r\nBcc: evil@example.net",
    "Amina\nBcc: evil@example.net",
    "Amina\x00Bcc",
    'Amina" <evil@example.net>, "',
    "evil@example.net,",
    "Okafor, Sam (Ward 7); nights: <x@example.net>",
    "=?utf-8?q?=0D=0ABcc=3A_evil=40example.net?=",
    "ا" * 300,
    ", ".join(["Łukasz"] * 40),
    "\\",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_adds_no_header_and_no_recipient(name: str) -> None:
    paragraph = Paragraph(name, name, ((name, name),), (name,), ticket="T-000001", title=name)
    hostile = Message("k", MESSAGE.to, name, (paragraph,), note=name)
    to = replace(AMINA, name=name)

    content = raw(hostile, to)
    found = mail(hostile, to)

    assert set(found.keys()) == set(mail(about("T-1", "h")).keys())
    assert [address for _, address in getaddresses([str(found["To"])])] == [AMINA.address]
    assert [one.addr_spec for one in found["To"].addresses] == [AMINA.address]
    assert found["Subject"].endswith(" [T-000001]")
    assert b"\x00" not in content
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_subject_is_not_decoded_a_second_time() -> None:
    message = about("", "=?utf-8?q?=0D=0ABcc=3A_evil=40example.net?=")
    assert mail(message)["Subject"] == "= ?utf-8?q?=0D=0ABcc=3A_evil=40example.net?="


@pytest.mark.parametrize(
    "title",
    [
        "Krankenhausaufsichtskommissionsmitglied entfernen entfernen aus é Ann aus aus Überwachung a,b Überwachung",
        "entfernen Krankenhausaufsichtskommissionsmitglied Ward (x) \u2068Ann\u2069 «Ward é — 7» größer 7» Ann",
        "日本語" * 50,
        "Remove everybody who has left from " + "Ward 7 and " * 14 + "Ward 8",
    ],
)
def test_a_subject_reads_as_it_is_however_long_it_is(title: str) -> None:
    head = raw(about("T-000123", "h", title=title)).partition(b"\r\n\r\n")[0].decode()
    [subject] = re.findall(r"(?m)^Subject: (.+)$", head.replace("\r\n ", " ").replace("\r", ""))
    assert max(map(len, head.split("\r\n"))) <= 78
    assert read_strictly(subject.split(" ")) == f"{title} [T-000123]"
    assert subject.endswith(" [T-000123]"), "to the letter, for programs that look for it"


def read_strictly(words: list[str]) -> str:
    """As RFC 2047 has it: only a word that stands alone is encoded, and the space between two such is none."""
    read, was_encoded = "", False
    for number, word in enumerate(words):
        is_encoded = bool(re.fullmatch(r"=\?utf-8\?[bq]\?[^ ?]*\?=", word))
        read += "" if number == 0 or (was_encoded and is_encoded) else " "
        read += str(make_header(decode_header(word))) if is_encoded else word
        was_encoded = is_encoded
    return read


def test_an_address_outside_ascii_stands_as_it_is_in_a_mail_for_it() -> None:
    assert "To: jörg@example.org".encode() in raw(MESSAGE, mailbox("jörg@example.org"))
    assert raw(MESSAGE, mailbox("a@bücher.example")).isascii()


# --- both parts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_comes_first_and_says_all_that_the_html_says(language: str) -> None:
    message = late_ticket(language)
    text, html = mail(message).iter_parts()

    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    words = " ".join(text.get_content().split())
    [paragraph] = message.paragraphs
    for said in (
        message.title,
        paragraph.text,
        *paragraph.steps,
        message.note,
        message.link_label,
        paragraph.link,
    ):
        assert str(said) in words
    assert all(f"{label}: {value}" in words for label, value in paragraph.facts)
    assert mail(message)["Subject"] == f"{paragraph.title} [{paragraph.ticket}]"
    assert mail(message)["Content-Language"] == language
