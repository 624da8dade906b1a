"""The mailbox of reports: signing in, what is read and marked, and what only looks like a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from certificates import Pair, authority, issue
from connectors.notify.email import bounces
from connectors.notify.email.config import EmailConfig
from connectors.notify.email.connector import EmailNotifier
from contracts.messages import NOW, TO_AMINA, context
from fakes.graph.lab import FakeEntra
from fakes.imap import PASSWORD, USER, ImapServer
from fakes.smtp.server import SmtpServer
from returned_mail import ANSWER, KEY, OUT_OF_OFFICE, report
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    Fact,
    NotDone,
    Noted,
    PermissionDenied,
    Transient,
)

BY_PASSWORD = {"method": "password", "user": USER, "password": PASSWORD}
DELAY = report(action="delayed", status="4.4.1")
UNREADABLE = report(status_part="Content-Type: text/plain\n\nno")


class Box:
    """An IMAP server, and notifiers that read it; `notes` are what they noted."""

    def __init__(self, stack: ExitStack, issuer: Pair, pair: Pair) -> None:
        self.notes: list[tuple[str, dict[str, Fact]]] = []
        self.now = NOW
        self.step = timedelta(0)
        self.config: dict[str, Any] = {}
        self._stack, self._issuer, self._pair = stack, issuer, pair

    def serve(self, *mails: bytes, pair: Pair | None = None, **options: Any) -> ImapServer:
        self.server = self._stack.enter_context(ImapServer(pair or self._pair, **options))
        self.server.add(*mails)
        return self.server

    def notifier(self, smtp_port: int = 1, **own: Any) -> EmailNotifier:
        box = {"server": "localhost", "port": self.server.port, "ca_file": str(self._issuer.certificate)}
        config = {
            "server": "localhost", "port": smtp_port, "ca_file": str(self._issuer.certificate),
            "from": "Whosleft <whosleft@example.org>", "auth": BY_PASSWORD, "bounces": box | own, **self.config,
        }  # fmt: skip
        its_context = replace(context(), note=self._note, now=self._clock)
        return EmailNotifier(EmailConfig.model_validate(config), its_context, timeout_s=0.5)

    def keys(self, notifier: EmailNotifier | None = None) -> list[str]:
        return [one.key for one in (notifier or self.notifier()).returned()]

    def _note(self, event: Noted, /, **fields: Fact) -> None:
        self.notes.append((event.name, fields))

    def _clock(self) -> datetime:
        self.now += self.step
        return self.now


@pytest.fixture
def box(issuer: Pair, pair: Pair) -> Iterator[Box]:
    with ExitStack() as stack:
        yield Box(stack, issuer, pair)


# --- what is read, and what is marked ----------------------------------------------------------------------


def test_only_reports_about_our_messages_are_marked_and_only_reports_are_read_at_all(box: Box) -> None:
    foreign = report(envelope_id="", message_id="<1@example.net>")
    box.serve(ANSWER, report(), OUT_OF_OFFICE, DELAY, foreign)

    assert box.keys() == [KEY]
    assert box.server.seen == {2}
    assert sorted(one for one in box.server.fetched if " " not in one) == ["2", "4", "5"]
    assert box.notes == [("email.report_read", {"place": "INBOX, UID 2", "status": "5.1.1", "delivery": KEY})]


def test_a_report_is_marked_only_when_the_next_one_is_asked_for(box: Box) -> None:
    box.serve(report(), report())
    notifier = box.notifier()
    reports = notifier.returned()
    assert len(list(islice(reports, 1))) == 1
    assert box.server.seen == set()
    next(reports)
    assert len(box.server.seen) == 1
    reports.close()
    assert len(box.server.seen) == 1
    assert box.keys(notifier) == [KEY]
    assert box.server.seen == {1, 2}


def test_what_was_looked_at_once_is_not_looked_at_again_until_the_folder_is_another(box: Box) -> None:
    box.serve(ANSWER, DELAY)
    notifier = box.notifier()
    for _ in range(2):
        assert box.keys(notifier) == []
    assert len(box.server.fetched) == 3  # two heads and the delay
    box.server.add(report())
    assert box.keys(notifier) == [KEY]
    assert len(box.server.fetched) == 5

    box.server.validity += 1
    assert box.keys(notifier) == []
    assert len(box.server.fetched) == 8
    assert box.keys() == []  # another process looks at all that nobody has read


def test_what_cannot_be_understood_is_noted_with_its_place_and_stays_as_it_is(box: Box) -> None:
    box.serve(UNREADABLE, report())
    assert box.keys() == [KEY]
    assert box.server.seen == {2}
    [fields] = [fields for name, fields in box.notes if name == "email.report_refused"]
    assert fields["place"] == "INBOX, UID 1"
    assert "message/delivery-status" in str(fields["error"])


def test_of_a_huge_report_only_the_beginning_is_read(box: Box) -> None:
    huge = report().replace(b"I'm sorry", b"x" * 1_000_000)
    box.serve(huge, report().replace(b"Subject: Remove", b"x" * 1_000_000))
    assert box.keys() == [KEY]
    assert sorted(name for name, _ in box.notes) == ["email.report_read", "email.report_refused"]


def test_a_mail_that_is_gone_meanwhile_is_passed_over(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.serve(report(), report())
    monkeypatch.setattr(box.server, "mails", Vanishing(box.server.mails))
    assert box.keys() == [KEY]


class Vanishing(dict[int, bytes]):
    def get(self, key: int, default: Any = None) -> Any:
        return None if key == 1 else super().get(key, default)


def test_one_look_reads_so_many_reports_and_looks_at_so_many_mails(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounces, "LOOKED_MAX", 4)
    monkeypatch.setattr(bounces, "REPORTS_MAX", 2)
    box.serve(ANSWER, ANSWER, report(), report(), report(), report(), report())
    notifier = box.notifier()
    assert [len(box.keys(notifier)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_look_ends_after_a_while_and_the_next_goes_on(box: Box) -> None:
    box.serve(*[report()] * 10)
    box.step = bounces.LOOK_TIME / 4
    notifier = box.notifier()
    assert len(box.keys(notifier)) == 3
    box.step = timedelta(0)
    assert len(box.keys(notifier)) == 7


@pytest.mark.parametrize("unread", [OUT_OF_OFFICE, DELAY])
def test_what_stays_unread_hides_no_newer_report_from_a_process_that_looks_once(
    box: Box, unread: bytes
) -> None:
    box.serve(*[unread] * 250, report())
    assert box.keys() == [KEY]


@pytest.mark.parametrize("limit", ["LOOKED_MAX", "REPORTS_MAX"])
def test_processes_that_look_once_come_to_everything_however_much_is_newer(
    box: Box, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(bounces, limit, 4)
    box.serve(report(), *[DELAY] * 12)
    assert any(box.keys() for _ in range(300))


def test_a_look_that_ends_at_its_limit_says_how_many_mails_are_left(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounces, "LOOKED_MAX", 4)
    box.serve(*[ANSWER] * 10)
    notifier = box.notifier()
    for _ in range(4):
        box.keys(notifier)
    assert box.notes == [("email.mails_left", {"place": "INBOX", "mails": left}) for left in (6, 2)]


@pytest.mark.parametrize("answer", ["NO [SERVERBUG] Internal error", "BAD Command Error. 12"])
def test_a_mail_that_the_server_refuses_is_noted_once_and_hides_no_report(box: Box, answer: str) -> None:
    box.serve(report(), report(), report()).withheld[2] = answer
    notifier = box.notifier()
    assert box.keys(notifier) == [KEY, KEY]
    assert box.keys(notifier) == []
    [fields] = [fields for name, fields in box.notes if name == "email.report_refused"]
    assert fields["place"] == "INBOX, UID 2"
    assert answer.partition(" ")[2] in str(fields["error"])

    box.server.withheld.clear()
    assert box.keys(notifier) == [KEY]


def test_a_report_that_cannot_be_marked_is_taken_up_and_noted_with_its_place(box: Box) -> None:
    box.serve(report(), report()).fail("STORE", "NO [SERVERBUG] Internal error")
    notifier = box.notifier()
    assert box.keys(notifier) == [KEY, KEY]
    assert len(box.server.seen) == 1
    [left] = {1, 2} - box.server.seen
    [fields] = [fields for name, fields in box.notes if name == "email.report_refused"]
    assert fields["place"] == f"INBOX, UID {left}"
    assert box.keys(notifier) == []


# --- signing in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("offers_plain", [True, False])
def test_it_signs_in_by_password_over_tls(box: Box, tls: str, offers_plain: bool) -> None:
    box.serve(report(), is_implicit=tls == "implicit", offers_plain=offers_plain)
    assert box.keys(box.notifier(tls=tls)) == [KEY]
    assert box.server.signed_in == [USER]


def test_on_this_machine_it_may_be_read_unencrypted(box: Box) -> None:
    box.server = box._stack.enter_context(ImapServer(None))
    box.server.add(report())
    assert box.keys(box.notifier(tls="none", server="127.0.0.1")) == [KEY]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("flaw", ["another authority", "another name", "expired"])
def test_a_server_that_cannot_prove_who_it_is_gets_no_password(
    box: Box, issuer: Pair, tmp_path: Path, tls: str, flaw: str
) -> None:
    signer = authority(tmp_path / "other") if flaw == "another authority" else issuer
    name = "mail.example.org" if flaw == "another name" else "localhost"
    box.serve(
        report(),
        pair=issue(signer, tmp_path / "server", name, is_expired=flaw == "expired"),
        is_implicit=tls == "implicit",
    )
    with pytest.raises(NotDone, match="certificate is not trusted"):
        box.keys(box.notifier(tls=tls))
    assert box.server.signed_in == []


def test_a_server_without_starttls_gets_no_password(box: Box) -> None:
    box.serve(is_implicit=False, offers_starttls=False)
    with pytest.raises(BadConfig, match="offers no STARTTLS"):
        box.keys(box.notifier(tls="starttls"))
    assert box.server.signed_in == []


def test_an_app_signs_in_by_the_token_that_it_sends_with(
    box: Box, entra: FakeEntra, serve: Callable[..., SmtpServer]
) -> None:
    smtp = serve()
    smtp.takes_token = box.serve(report()).takes_token = lambda token: (
        entra.tokens.claims_of(token) is not None
    )
    box.config = {"auth": entra.mail_auth(USER)}
    notifier = box.notifier(smtp.port)
    notifier.send(TO_AMINA)
    assert box.keys(notifier) == [KEY]
    assert entra.tokens.token_requests == 1


def test_the_mailbox_may_have_an_account_of_its_own_and_a_refused_token_is_not_shown_again(
    box: Box, entra: FakeEntra
) -> None:
    box.serve(report())
    notifier = box.notifier(auth=entra.mail_auth(USER))
    for _ in range(2):
        with pytest.raises(AuthFailed) as raised:
            box.keys(notifier)
        assert "IMAP.AccessAsApp" in raised.value.remedy
        assert entra.tokens.issued[-1].token not in f"{raised.value}{vars(notifier)}"
    assert entra.tokens.token_requests == 2
    box.server.takes_token = lambda _token: True
    assert box.keys(notifier) == [KEY]
    notifier.close()


def test_an_app_that_gets_no_token_says_why(box: Box, entra: FakeEntra) -> None:
    box.serve(report())
    with pytest.raises(AuthFailed, match="secret"):
        box.keys(box.notifier(auth=entra.mail_auth(USER, credential={"secret": "wrong"})))
    assert box.server.signed_in == []


# --- trouble -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command, answer, expected",
    [
        ("AUTHENTICATE", "NO [AUTHENTICATIONFAILED] wrong: " + PASSWORD, AuthFailed),
        ("AUTHENTICATE", "NO " + PASSWORD, AuthFailed),
        ("AUTHENTICATE", "BAD what is " + PASSWORD, AuthFailed),
        ("AUTHENTICATE", "NO [UNAVAILABLE] later", NotDone),
        ("AUTHENTICATE", "", NotDone),
        ("CAPABILITY", "", NotDone),
        ("SELECT", "NO no such folder", BadConfig),
        ("SELECT", "", NotDone),
        ("SEARCH", "NO not now", NotDone),
        ("SEARCH", "BAD what?", NotDone),
        ("FETCH", "", NotDone),
        ("STORE", "", NotDone),
    ],
)
def test_what_goes_wrong_is_said_with_a_remedy_and_without_the_password(
    box: Box, command: str, answer: str, expected: type[ConnectorError]
) -> None:
    box.serve(report())
    notifier = box.notifier()
    box.server.fail(command, answer)
    with pytest.raises(ConnectorError) as raised:
        box.keys(notifier)
    assert type(raised.value) is expected
    assert raised.value.remedy
    assert PASSWORD not in str(raised.value)
    if command in {"AUTHENTICATE", "CAPABILITY"}:
        assert raised.value.__context__ is raised.value.__cause__ is None

    assert box.keys(notifier) == [KEY]  # nothing was lost by it


def test_nobody_there_is_no_answer(box: Box) -> None:
    box.serve().close()
    notifier = box.notifier()
    with pytest.raises(Transient, match="no answer to the connection"):
        box.keys(notifier)


@pytest.mark.parametrize(
    "greeting", ["* BYE too many connections", "* BYE zu viel los, bitte später", "220 hello", "ä"]
)
def test_a_server_that_says_goodbye_at_once_refuses_nobody(box: Box, greeting: str) -> None:
    box.serve(report()).greeting = greeting
    notifier = box.notifier()
    with pytest.raises(NotDone, match="no answer to the connection"):
        box.keys(notifier)
    box.server.greeting = "* OK ready"
    assert box.keys(notifier) == [KEY]


def test_letters_outside_ascii_where_none_belong_are_no_answer(box: Box) -> None:
    box.serve(report())._offers += "X-Grüße "
    with pytest.raises(NotDone, match="no answer to the connection"):
        box.keys()


def test_a_folder_that_may_only_be_read_is_said(box: Box) -> None:
    box.serve(report()).is_read_only = True
    with pytest.raises(PermissionDenied) as raised:
        box.keys()
    assert raised.value.missing == "to mark mails as read in this folder"


def test_a_folder_that_is_not_there_is_said(box: Box) -> None:
    box.serve()
    with pytest.raises(BadConfig, match="does not open the folder Bounces on localhost"):
        box.keys(box.notifier(folder="Bounces"))


# --- check ---------------------------------------------------------------------------------------------


def test_check_says_where_bounces_are_read_and_marks_nothing(
    box: Box, serve: Callable[..., SmtpServer]
) -> None:
    box.serve(report())
    smtp = serve()
    notifier = box.notifier(smtp.port)
    result = notifier.check()
    assert result.ok, result
    assert result.message.endswith(f"bounces are read in INBOX of {USER} on localhost:{box.server.port}")
    assert (box.server.seen, box.server.fetched) == (set(), [])

    box.server.takes_nobody = True
    result = notifier.check()
    assert (result.ok, bool(result.remedy)) == (False, True)
    notifier.close()
