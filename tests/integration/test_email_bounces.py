"""What bounces later, from end to end: a real Postfix reports it into a mailbox that a real Dovecot shows."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from imaplib import IMAP4_SSL
from smtplib import SMTP
from typing import Any

import pytest

import dovecot
import postfix
from connectors.notify.email.config import EmailConfig
from connectors.notify.email.connector import EmailNotifier
from contracts.messages import MESSAGE, context
from dovecot import Dovecot
from fakes.notifier import FakeNotifier
from fakes.smtp.server import SmtpServer
from harness import Harness
from letters import letter
from postfix import ONWARD, PASSWORD, SENDER, UMLAUT, UNHEARD, USER, Postfix
from throwaway import missing
from worker.app.jobs.bouncing import LOOK_EVERY
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import Recipient, RecipientKind
from worker.ports import AuthFailed, BadConfig
from worker.ports.state.deliveries import PostFilter, PostState

KEY = "whosleft-0123456789abcdef01234567"
GONE = person_at(ONWARD, "Gwen")


@pytest.fixture(scope="module")
def postfix_server() -> Iterator[Postfix]:
    with SmtpServer(None) as onward:  # knows nobody, so it refuses whatever comes
        try:
            with postfix.running_postfix(onward.port) as server:
                yield server
        except postfix.Absent as absent:
            missing(absent)


@pytest.fixture(scope="module")
def imap(postfix_server: Postfix) -> Iterator[Dovecot]:
    try:
        with dovecot.running_dovecot(postfix_server.maildir(SENDER), postfix.OWNER, PASSWORD) as server:
            yield server
    except dovecot.Absent as absent:
        missing(absent)


@pytest.fixture
def mail(postfix_server: Postfix, imap: Dovecot) -> EmailNotifier:
    postfix_server.forget()
    return notifier(postfix_server, imap)


def notifier(server: Postfix, imap: Dovecot, **bounces: Any) -> EmailNotifier:
    own = {"server": dovecot.HOST, "port": imap.over_tls, "ca_file": str(imap.ca_file)}
    config = {
        "server": postfix.HOST,
        "port": server.submission,
        "ca_file": str(server.ca_file),
        "from": f"Whosleft <{SENDER}>",
        "auth": {"method": "password", "user": f"{USER}@example.org", "password": PASSWORD},
        "bounces": own | bounces,
    }
    return EmailNotifier(EmailConfig.model_validate(config), replace(context(), name="mail"))


def test_what_bounces_later_is_told_over_the_next_channel_and_listed(
    postfix_server: Postfix, mail: EmailNotifier, request: pytest.FixtureRequest
) -> None:
    soc = FakeNotifier("soc")
    harness = Harness(notifiers=[mail, soc])  # type: ignore[list-item]
    request.addfinalizer(harness.close)
    harness.queue(letter("a", GONE))
    first = harness.deliver()
    assert first.counts["sent"] == 1
    postfix_server.mails(SENDER)  # the report is there

    harness.later(seconds=LOOK_EVERY.total_seconds())
    report = harness.deliver()
    # It looks right after sending, too, and the report comes within milliseconds
    assert first.counts["bounced"] + report.counts["bounced"] == 1
    assert (first.troubles, report.troubles) == ((), ())
    harness.deliver()

    [told] = soc.to(GONE.address)
    assert [part.headline for part in told.paragraphs] == ["Headline a"]
    with harness.store.reading() as uow:
        newest, bounced = uow.deliveries.posts(PostFilter(), harness.now, 10)
    assert (newest.over, newest.state) == ("soc", PostState.SENT)
    assert (bounced.over, bounced.state) == ("mail", PostState.BOUNCED)
    assert bounced.error.startswith("It came back later: 5.1.1 (smtp; 550 ")

    harness.later(hours=1)
    assert harness.deliver().counts["bounced"] == 0
    assert len(soc.sent) == 1


def test_a_server_that_returns_no_envelope_id_is_understood_by_the_message_id(
    postfix_server: Postfix, mail: EmailNotifier
) -> None:
    with SMTP(postfix.HOST, postfix_server.submission) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=postfix_server.ca_file))
        smtp.login(f"{USER}@example.org", PASSWORD)
        smtp.sendmail(SENDER, [ONWARD], f"Message-ID: <{KEY}@example.org>\r\nSubject: x\r\n\r\nx\r\n")
    postfix_server.mails(SENDER)

    [report] = mail.returned()
    assert (report.key, report.to) == (KEY, frozenset({ONWARD}))


def test_a_report_about_an_address_outside_ascii_is_understood(
    postfix_server: Postfix, mail: EmailNotifier
) -> None:
    mail.send(replace(MESSAGE, key=KEY, to=person_at(UMLAUT)))
    postfix_server.mails(SENDER)

    [report] = mail.returned()
    assert (report.key, report.to) == (KEY, frozenset({UMLAUT}))


def test_mail_that_the_server_gives_up_has_come_back(postfix_server: Postfix, mail: EmailNotifier) -> None:
    mail.send(replace(MESSAGE, key=KEY, to=person_at(UNHEARD)))
    postfix_server.mails(SENDER)

    [report] = mail.returned()
    assert (report.key, report.to) == (KEY, frozenset({UNHEARD}))
    assert report.why.startswith("It came back later: 4.4.1 ")


def test_a_mailbox_that_people_write_to_is_left_as_it_is(
    postfix_server: Postfix, imap: Dovecot, mail: EmailNotifier
) -> None:
    mail.send(replace(MESSAGE, to=Recipient(RecipientKind.PERSON, SENDER)))
    mail.send(replace(MESSAGE, key=KEY, to=GONE))
    postfix_server.mails(SENDER, 2)
    assert len(list(mail.returned())) == 1

    again = notifier(postfix_server, imap, port=imap.starttls, tls="starttls")
    assert list(again.returned()) == []
    with IMAP4_SSL(
        dovecot.HOST, imap.over_tls, ssl_context=ssl.create_default_context(cafile=imap.ca_file)
    ) as box:
        box.login(USER, PASSWORD)
        box.select(readonly=True)
        assert [len(box.search(None, state)[1][0].split()) for state in ("UNSEEN", "SEEN")] == [1, 1]


def test_what_a_real_server_refuses_is_said_as_it_is_meant(postfix_server: Postfix, imap: Dovecot) -> None:
    def look(**bounces: Any) -> None:
        list(notifier(postfix_server, imap, **bounces).returned())

    with pytest.raises(AuthFailed, match="AUTHENTICATIONFAILED"):
        look(auth={"method": "password", "user": USER, "password": "wrong"})
    with pytest.raises(BadConfig, match="does not open the folder Bounces"):
        look(folder="Bounces")
    result = notifier(postfix_server, imap).check()
    assert result.ok, result
    assert result.message.endswith(
        f"bounces are read in INBOX of {USER}@example.org on localhost:{imap.over_tls}"
    )
