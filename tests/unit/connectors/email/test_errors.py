from __future__ import annotations

import ssl

import pytest

from connectors.notify.email.errors import Answer, Stage, broken, refusal
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

BEFORE = [stage for stage in Stage if stage is not Stage.TEXT]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("code", [421, 432, 450, 451, 452, 454, -1, 250, 299])
def test_what_may_pass_is_clear_before_the_text_and_unclear_after_it(stage: Stage, code: int) -> None:
    error = refusal("tried", Answer(stage, code, "later"))
    assert type(error) is (Transient if stage is Stage.TEXT else NotDone)
    assert isinstance(error, Transient)
    assert error.retry_after_s is None  # greylisting concerns one recipient, so the channel is not left alone


ANY = (*BEFORE, Stage.TEXT)
LATER = (Stage.SENDER, Stage.RECIPIENT, Stage.TEXT)
TABLE: list[tuple[tuple[Stage, ...], int, str, type[ConnectorError]]] = [
    (ANY, 550, "5.7.30 Basic authentication is not supported for Client Submission.", AuthFailed),
    (
        (Stage.SIGN_IN,),
        535,
        "5.7.139 Authentication unsuccessful, basic authentication is disabled.",
        AuthFailed,
    ),
    ((Stage.SIGN_IN,), 535, "5.7.8 bad credentials", AuthFailed),
    ((Stage.SIGN_IN,), 550, "no", AuthFailed),
    ((Stage.SIGN_IN,), 504, "5.5.4 unknown mechanism", BadConfig),
    ((Stage.SIGN_IN,), 502, "what?", BadConfig),
    (ANY, 530, "5.7.57 Client not authenticated to send mail", BadConfig),
    (ANY, 534, "5.7.9 too weak", BadConfig),
    (ANY, 538, "5.7.11 encryption required", BadConfig),
    (LATER, 535, "5.7.8 sign in", AuthFailed),
    (LATER, 550, "5.1.8 Sender address rejected: Domain not found", BadConfig),
    (LATER, 553, "5.1.7 bad sender", BadConfig),
    (LATER, 552, "5.3.4 Message size exceeds fixed limit", Rejected),
    ((Stage.SENDER, Stage.TEXT), 552, "too much", Rejected),
    ((Stage.RECIPIENT,), 552, "mailbox full", Unreachable),
    ((Stage.RECIPIENT,), 552, "5.2.2 mailbox full", Unreachable),
    (LATER, 550, "5.7.60 Client does not have permissions to send as this sender", PermissionDenied),
    (LATER, 554, "5.2.252 SendAsDenied", PermissionDenied),
    (LATER, 554, "5.7.1 Relay access denied", PermissionDenied),
    ((Stage.RECIPIENT, Stage.TEXT), 550, "5.1.1 User unknown", Unreachable),
    ((Stage.SENDER,), 550, "5.1.1 <sec@example.org>: User unknown", BadConfig),
    ((Stage.SENDER,), 550, "5.1.0 <sec@example.org>: Sender address rejected", BadConfig),
    ((Stage.SENDER,), 550, "5.2.1 disabled", BadConfig),
    ((Stage.SENDER,), 550, "Sender verify failed", BadConfig),
    ((Stage.SENDER,), 553, "sorry, not in my list of senders", BadConfig),
    (LATER, 552, "5.2.3 Message exceeds the size limit", Rejected),
    ((Stage.TEXT,), 554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceeded", PermissionDenied),
    ((Stage.TEXT,), 554, "5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceeded", PermissionDenied),
    (LATER, 550, "5.1.90 reached your daily limit for message recipients", PermissionDenied),
    (LATER, 550, "5.4.5 Daily user sending limit exceeded", PermissionDenied),
    ((Stage.RECIPIENT,), 550, "5.2.1 disabled", Unreachable),
    ((Stage.RECIPIENT,), 550, "No such user here", Unreachable),
    ((Stage.RECIPIENT,), 550, "5.4.1 Recipient address rejected: Access denied", Unreachable),
    ((Stage.RECIPIENT,), 551, "elsewhere", Unreachable),
    ((Stage.RECIPIENT,), 553, "not allowed", Unreachable),
    ((Stage.CONNECTION,), 554, "no SMTP service here", PermissionDenied),
    (LATER, 554, "5.6.0 no", Rejected),
    (LATER, 500, "what?", Rejected),
]


@pytest.mark.parametrize(
    "stage, code, text, expected", [(stage, *rest) for stages, *rest in TABLE for stage in stages]
)
def test_each_refusal_is_one_of_the_taxonomy(
    stage: Stage, code: int, text: str, expected: type[ConnectorError]
) -> None:
    error = refusal("E-mail to a@example.org", Answer(stage, code, text))
    assert type(error) is expected
    assert error.remedy
    assert str(code) in error.message
    assert "a@example.org" in error.message


def test_where_passwords_are_off_the_remedy_is_the_other_way() -> None:
    error = refusal("tried", Answer(Stage.SIGN_IN, 550, "5.7.30 Basic authentication is not supported"))
    assert "xoauth2" in error.remedy


@pytest.mark.parametrize(
    "code, text", [(552, "mailbox full"), (552, "5.2.2 over quota"), (550, "5.2.2 full")]
)
def test_a_full_mailbox_is_no_matter_of_the_address(code: int, text: str) -> None:
    assert "full" in refusal("tried", Answer(Stage.RECIPIENT, code, text)).remedy


def test_what_was_said_to_a_sign_in_is_not_repeated_and_the_rest_is_short() -> None:
    echoed = refusal("tried", Answer(Stage.SIGN_IN, 500, "unknown: AUTH PLAIN AGEAcGFzcw=="))
    long = refusal("tried", Answer(Stage.RECIPIENT, 550, "5.1.1 " + "x\r\n" * 5000))
    assert "AGEAcGFzcw" not in str(echoed)
    assert len(str(long)) < 400
    assert "\n" not in str(long)


@pytest.mark.parametrize("stage", Stage)
def test_no_answer_is_clear_before_the_text_and_unclear_after_it(stage: Stage) -> None:
    error = broken("tried", stage, TimeoutError("timed out"))
    assert type(error) is (Transient if stage is Stage.TEXT else NotDone)
    assert "timed out" in error.message
    assert type(broken("tried", stage, OSError())) is type(error)


def test_a_certificate_that_is_not_trusted_says_what_to_do() -> None:
    trouble = ssl.SSLCertVerificationError()
    trouble.verify_message = "self-signed certificate"
    error = broken("tried", Stage.CONNECTION, trouble)
    assert "self-signed certificate" in error.message
    assert "ca_file" in error.remedy
