"""Conversations with a mail server: who is trusted, how one signs in, what is asked for, what goes wrong when."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from certificates import Pair, authority, issue
from connectors.notify.email.connector import EmailNotifier
from contracts.messages import AMINA, MESSAGE, TO_AMINA
from fakes.graph.lab import FakeEntra
from fakes.smtp.server import PASSWORD, TOKEN, USER, Fault, SmtpServer
from returned_mail import KEY
from worker.domain.messages.message import Recipient, RecipientKind
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    Rejected,
    Transient,
    Unreachable,
)

NO_AUTH = {"method": "none"}
Serve = Callable[..., SmtpServer]
Write = Callable[..., EmailNotifier]


# --- TLS ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_everything_is_encrypted_before_anything_is_said(serve: Serve, write: Write, tls: str) -> None:
    server = serve(is_implicit=tls == "implicit")
    notifier = write(server, tls=tls)

    notifier.send(MESSAGE)

    assert [mail.is_encrypted for mail in server.mails] == [True]
    assert "TLSv1.3" in notifier.check().details["tls"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("flaw", ["another authority", "another name", "expired"])
def test_a_server_that_cannot_prove_who_it_is_gets_neither_password_nor_mail(
    serve: Serve, write: Write, issuer: Pair, tmp_path: Path, tls: str, flaw: str
) -> None:
    signer = authority(tmp_path / "other") if flaw == "another authority" else issuer
    name = "mail.example.org" if flaw == "another name" else "localhost"
    pair = issue(signer, tmp_path / "server", name, is_expired=flaw == "expired")
    server = serve(pair, is_implicit=tls == "implicit")
    notifier = write(server, tls=tls)

    with pytest.raises(NotDone) as raised:
        notifier.send(MESSAGE)

    assert "certificate is not trusted" in raised.value.message
    assert (server.mails, server.signed_in) == ([], [])
    assert "ca_file" in notifier.check().remedy


def test_a_server_without_starttls_gets_neither_password_nor_mail(serve: Serve, write: Write) -> None:
    server = serve(offers_starttls=False)

    with pytest.raises(BadConfig) as raised:
        write(server).send(MESSAGE)

    assert "offers no STARTTLS" in raised.value.message
    assert (server.mails, server.signed_in) == ([], [])


def test_on_this_machine_it_may_go_unencrypted(serve: Serve, write: Write) -> None:
    server = serve(None)
    notifier = write(server, tls="none", auth=NO_AUTH)

    notifier.send(MESSAGE)

    assert [mail.is_encrypted for mail in server.mails] == [False]
    assert notifier.check().details["tls"] == "none"


def test_a_ca_file_that_cannot_be_read_is_the_configuration_s(serve: Serve, write: Write) -> None:
    with pytest.raises(BadConfig):
        write(serve(), ca_file="/nowhere/ca.pem").send(MESSAGE)


def test_where_nobody_listens_nothing_was_sent(serve: Serve, write: Write) -> None:
    server = serve()
    notifier = write(server, port=1)
    with pytest.raises(NotDone) as raised:
        notifier.send(MESSAGE)
    assert "localhost:1" in raised.value.message
    assert not notifier.check().ok


def test_it_names_itself_by_the_sender_s_domain_and_asks_no_name_server(
    serve: Serve, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    monkeypatch.setattr("socket.getfqdn", lambda _name="": pytest.fail("a name server was asked"))
    write(server).send(MESSAGE)
    assert server.mails[0].hello == "example.org"


# --- signing in ----------------------------------------------------------------------------------------------


def test_a_password_is_shown_once_and_in_one_way(serve: Serve, write: Write) -> None:
    server = serve()
    write(server).send(MESSAGE)
    assert server.signed_in == ["PLAIN"]

    server.is_revoked = True
    with pytest.raises(AuthFailed):
        write(server).send(MESSAGE)
    assert server.tries == ["PLAIN", "PLAIN"]


def test_where_only_login_is_offered_that_is_taken(serve: Serve, write: Write) -> None:
    server = serve(auth_exclude_mechanism=["PLAIN"])
    write(server).send(MESSAGE)
    assert server.signed_in == ["LOGIN"]


def test_a_server_that_offers_no_sign_in_is_the_configuration_s(serve: Serve, write: Write) -> None:
    with pytest.raises(BadConfig) as raised:
        write(serve(offers_auth=False)).send(MESSAGE)
    assert "none at all" in raised.value.message


def test_without_a_method_nobody_signs_in(serve: Serve, write: Write) -> None:
    server = serve()
    write(server, auth=NO_AUTH).send(MESSAGE)
    assert (len(server.mails), server.tries) == (1, [])


def test_an_app_s_token_is_got_once_and_shown_each_time(serve: Serve, write: Write, entra: FakeEntra) -> None:
    server = serve()
    server.takes_token = lambda token: entra.tokens.claims_of(token) is not None
    notifier = write(server, auth=entra.mail_auth(USER))

    notifier.send(MESSAGE)
    notifier.send(TO_AMINA)
    notifier.close()

    assert server.signed_in == ["XOAUTH2", "XOAUTH2"]
    assert entra.tokens.token_requests == 1


def test_a_token_that_the_mail_server_refuses_is_not_shown_again(
    serve: Serve, write: Write, entra: FakeEntra, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve()
    notifier = write(server, auth=entra.mail_auth(USER))  # the server takes another token only

    for _ in range(2):
        with pytest.raises(AuthFailed) as raised:
            notifier.send(MESSAGE)
        assert "SMTP.SendAsApp" in raised.value.remedy
        assert entra.tokens.issued[-1].token not in f"{raised.value}{caplog.text}{vars(notifier)}"

    assert entra.tokens.token_requests == 2
    assert server.mails == []


def test_an_app_that_gets_no_token_says_why(serve: Serve, write: Write, entra: FakeEntra) -> None:
    notifier = write(serve(), auth=entra.mail_auth(USER, credential={"secret": "wrong"}))
    with pytest.raises(AuthFailed) as raised:
        notifier.send(MESSAGE)
    assert "the client secret is wrong" in raised.value.message
    assert not notifier.check().ok


def test_a_server_that_takes_no_tokens_is_the_configuration_s(
    serve: Serve, write: Write, entra: FakeEntra
) -> None:
    with pytest.raises(BadConfig) as raised:
        write(serve(auth_exclude_mechanism=["XOAUTH2"]), auth=entra.mail_auth(USER)).send(MESSAGE)
    assert "no sign-in by xoauth2" in raised.value.message


@pytest.mark.parametrize(
    "reply", ["535 5.7.139 basic authentication is disabled", "550 5.7.30 not supported"]
)
def test_where_microsoft_takes_no_passwords_the_remedy_is_xoauth2(
    serve: Serve, write: Write, reply: str
) -> None:
    server = serve()
    server.fail("AUTH", Fault(reply))
    result = write(server).check()
    assert "xoauth2" in result.remedy


# --- the envelope ----------------------------------------------------------------------------------------------


def test_each_mail_has_one_recipient_and_a_sender_that_reports_can_come_back_to(
    serve: Serve, write: Write
) -> None:
    server = serve()
    notifier = write(server)
    notifier.send(MESSAGE)
    notifier.send(TO_AMINA)
    assert [mail.to for mail in server.mails] == [("soc@example.org",), (AMINA.address,)]
    assert {mail.sender for mail in server.mails} == {"whosleft@example.org"}


def test_where_reports_can_be_asked_for_they_carry_the_key(serve: Serve, write: Write) -> None:
    server = serve(offers_dsn=True)
    notifier = write(server)
    notifier.send(replace(MESSAGE, key="T-1 a+b=c"))
    notifier.send(replace(MESSAGE, key="k" * 101))
    notifier.send(replace(MESSAGE, key="schlüssel"))
    assert [mail.options for mail in server.mails] == [
        ("RET=HDRS", "ENVID=T-1+20a+2Bb+3Dc", "NOTIFY=FAILURE", "ORCPT=rfc822;soc@example.org"),
        ("RET=HDRS", "NOTIFY=FAILURE", "ORCPT=rfc822;soc@example.org"),
        ("RET=HDRS", "NOTIFY=FAILURE", "ORCPT=rfc822;soc@example.org"),
    ]
    assert notifier.check().details["reports of non-delivery"] == "asked for"


def test_a_mail_that_is_too_big_for_the_server_is_refused_before_it_is_sent(
    serve: Serve, write: Write
) -> None:
    server = serve(size_max=2000)
    with pytest.raises(Rejected):
        write(server).send(MESSAGE)
    assert server.mails == []


def test_an_address_outside_ascii_needs_a_server_that_takes_it(serve: Serve, write: Write) -> None:
    joerg = Recipient(RecipientKind.PERSON, "jörg@example.org", "Jörg")
    old, new = serve(offers_utf8=False), serve()
    new.known.add(joerg.address)

    with pytest.raises(Unreachable) as raised:
        write(old).send(replace(MESSAGE, to=joerg))
    write(new).send(replace(MESSAGE, to=joerg))

    assert "jörg@example.org" in raised.value.message
    assert [mail.to for mail in new.mails] == [("jörg@example.org",)]


@pytest.mark.parametrize(
    "address", ["", "+447700900123", "amina", "a@b@c", "a@example.org\r\nRCPT TO:<b@example.org>"]
)
def test_who_has_no_address_that_works_is_unreachable_and_nobody_is_written_to(
    serve: Serve, write: Write, address: str
) -> None:
    server = serve()
    with pytest.raises(Unreachable):
        write(server).send(replace(MESSAGE, to=Recipient(RecipientKind.PERSON, address, "Amina")))
    assert server.mails == []


def test_without_a_common_address_there_is_nobody_to_write_to(serve: Serve, write: Write) -> None:
    notifier = write(serve(), channel=None)
    with pytest.raises(BadConfig):
        notifier.send(MESSAGE)
    assert "people only" in notifier.check().message


def test_lines_that_begin_with_a_dot_arrive_as_they_are(serve: Serve, write: Write) -> None:
    server = serve()
    body = replace(MESSAGE.paragraphs[0], text=".\n..\n.hidden\nRSET\n.")
    write(server).send(replace(MESSAGE, paragraphs=(body,)))
    assert "\n.\n..\n.hidden\nRSET\n.\n" in server.mails[0].part("text/plain")


# --- trouble -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["", "421 4.3.0 closing", "451 4.7.1 greylisted"])
def test_before_the_text_it_is_clear_that_nothing_was_sent(
    serve: Serve, write: Write, stage: str, reply: str
) -> None:
    server = serve()
    server.fail(stage, Fault(reply))
    with pytest.raises(NotDone) as raised:
        write(server).send(TO_AMINA)
    assert raised.value.retry_after_s is None
    assert server.mails == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(),
        Fault(is_after=True),
        Fault("451 4.3.0 no"),
        Fault(slow_s=1),
        Fault("250", is_after=True, slow_s=1),
    ],
)
def test_after_the_text_it_is_not_clear_whether_it_was_sent(serve: Serve, write: Write, fault: Fault) -> None:
    server = serve()
    server.fail("DOT", fault)
    with pytest.raises(Transient) as raised:
        write(server).send(TO_AMINA)
    assert not isinstance(raised.value, NotDone)


def test_a_goodbye_that_fails_takes_nothing_back(serve: Serve, write: Write) -> None:
    server = serve()
    server.fail("QUIT", Fault())
    write(server).send(MESSAGE)
    assert len(server.mails) == 1


@pytest.mark.parametrize("greeting", ["HTTP/1.1 400 Bad Request", "+OK POP3 ready", "", "220-"])
def test_what_is_no_mail_server_is_not_written_to(serve: Serve, write: Write, greeting: str) -> None:
    server = serve()
    server.fail("CONNECT", Fault(greeting))
    with pytest.raises(ConnectorError) as raised:
        write(server).send(MESSAGE)
    assert isinstance(raised.value, NotDone)


def test_check_sends_nothing_and_says_that_later_bounces_are_not_seen(serve: Serve, write: Write) -> None:
    server = serve()
    result = write(server).check()
    assert result.ok
    assert server.mails == []
    assert "bounces that come later are not read" in result.message
    assert f"as {USER}" in result.message
    assert PASSWORD not in repr(result)
    assert TOKEN not in repr(result)


# --- without a mailbox of bounces, and the envelope ----------------------------------------------------


def test_without_a_mailbox_for_them_check_says_that_bounces_are_not_seen(serve: Serve, write: Write) -> None:
    notifier = write(serve())
    assert not notifier.can.hears_returns
    assert list(notifier.returned()) == []
    assert notifier.check().message.endswith("bounces that come later are not read")


def test_reports_go_to_the_envelope_s_sender_and_people_see_from(serve: Serve, write: Write) -> None:
    smtp = serve(offers_dsn=True)
    write(smtp, envelope_from="bounces@example.org").send(replace(TO_AMINA, key=KEY))
    [mail] = smtp.mails
    assert mail.sender == "bounces@example.org"
    assert mail.content["From"].addresses[0].addr_spec == "whosleft@example.org"
    assert mail.content["Message-ID"] == f"<{KEY}@example.org>"
    assert f"ENVID={KEY}" in mail.options
    assert f"ORCPT=rfc822;{AMINA.address}" in mail.options
