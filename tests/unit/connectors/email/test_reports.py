"""Reports of non-delivery: which count, which do not, and what a hostile one can do (nothing)."""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.notify.email.reports import Failure, failure_in, is_report
from returned_mail import ANSWER, GONE, KEY, OUT_OF_OFFICE, report

DOMAIN = "example.org"
DELAYED = {"action": "delayed", "status": "4.4.1"}


def found(raw: bytes) -> Failure:
    failure = failure_in(raw, DOMAIN)
    assert failure is not None
    return failure


def test_a_report_names_the_message_the_recipient_and_the_reason() -> None:
    assert found(report()) == Failure(
        KEY, frozenset({GONE}), "5.1.1", "It came back later: 5.1.1 (smtp; 550 5.1.1 no such mailbox)."
    )
    assert found(report(said="")).why == "It came back later: 5.1.1."


def test_mail_that_was_given_up_after_days_has_the_status_of_its_last_attempt() -> None:
    assert found(report(status="4.4.1")).status == "4.4.1"


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_without_the_envelope_s_id_the_message_id_of_what_came_back_names_it(kind: str) -> None:
    assert found(report(envelope_id="", kind=kind)).key == KEY
    assert found(report(envelope_id="+something+else", kind=kind)).key == KEY
    assert failure_in(report(envelope_id="", message_id=f"<{KEY}@example.net>", kind=kind), DOMAIN) is None
    assert failure_in(report(envelope_id="", message_id="", kind=kind), DOMAIN) is None


def test_after_a_forwarding_both_addresses_are_the_recipient_s() -> None:
    forwarded = found(report(to="amina@elsewhere.example", original="Amina.Yusuf@Example.org"))
    assert forwarded.to == {"amina@elsewhere.example", GONE}


def test_a_domain_outside_ascii_is_there_in_both_ways_of_writing() -> None:
    assert found(report(to="eva@xn--bcher-kva.example")).to == {
        "eva@xn--bcher-kva.example",
        "eva@bücher.example",
    }
    assert "eva@straße.example" in found(report(to="eva@xn--strae-oqa.example")).to
    assert found(report(to="eva@xn--9.example")).to == {"eva@xn--9.example"}


FIELDS = (
    f"Reporting-MTA: dns; mail.example.org\nOriginal-Envelope-Id: {KEY}\n\n"
    "Final-Recipient: {to}\nAction: failed\nStatus: 5.1.1\n"
)


@pytest.mark.parametrize("to", ["utf-8; Jürgen@bücher.example", "utf-8;J\\x{FC}rgen@b\\x{fc}cher.example"])
@pytest.mark.parametrize("kind", ["message/global-headers", "message/global"])
def test_a_report_about_an_address_outside_ascii_has_kinds_of_its_own(to: str, kind: str) -> None:
    """RFC 6533."""
    part = f"Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n\n{FIELDS.format(to=to)}"
    assert found(report(status_part=part, kind=kind)).to == {"jürgen@bücher.example"}
    without = part.replace("Original-Envelope-Id", "X-Id")
    assert found(report(status_part=without, kind=kind)).key == KEY
    assert failure_in(report(status_part=without, kind=kind, message_id=""), DOMAIN) is None


@pytest.mark.parametrize("kind", ["delivery-status", "global-delivery-status"])
@pytest.mark.parametrize("encoding", ["base64", "Quoted-Printable"])
def test_what_programs_read_may_be_encoded(kind: str, encoding: str) -> None:
    plain = FIELDS.format(to=f"utf-8; {GONE}").encode()
    coded = (encodebytes(plain) if encoding == "base64" else b2a_qp(plain)).decode()
    head = f"Content-Type: message/{kind}\nContent-Transfer-Encoding: {encoding}"
    assert found(report(status_part=f"{head}\n\n{coded}", message_id="")).to == {GONE}


def test_an_encoding_that_is_cut_is_not_understood() -> None:
    part = "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nQQ"
    with pytest.raises(ValueError, match="can't be decoded"):
        failure_in(report(status_part=part), DOMAIN)


def test_an_escape_that_is_no_character_is_dropped() -> None:
    assert found(report(to="a\\x{ffffff}b@example.org")).to == {"ab@example.org"}


@pytest.mark.parametrize(
    "changes",
    [
        DELAYED,
        {"action": "failed", "status": "5"},
        {"action": "delivered", "status": "2.0.0"},
        {"action": "relayed", "status": "2.0.0"},
        {"action": "", "status": "5.1.1"},
        {"status_part": "Content-Type: message/delivery-status"},
        {"envelope_id": "T-1", "message_id": "<T-000123@example.org>"},
        {"envelope_id": KEY.upper(), "message_id": ""},
        {"envelope_id": "", "message_id": "<0123@example.org>"},
    ],
)
def test_a_delay_a_success_and_a_report_about_somebody_else_s_mail_are_nothing(
    changes: dict[str, Any],
) -> None:
    assert failure_in(report(**changes), DOMAIN) is None


def test_only_reports_on_deliveries_are_reports() -> None:
    assert is_report(report())
    for other in (
        ANSWER,
        OUT_OF_OFFICE,
        b"",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\r\n\r\n",
        b"Content-Type: multipart/mixed; report-type=delivery-status; boundary=x\r\n\r\n",
        b"Content-Type: \xff\xfe\x00;;;=\r\n\r\n",
        b"Content-Type: multipart/report; report-type*=bogus''%ff\r\n\r\n",
    ):
        assert not is_report(other)


def test_it_may_be_cut_off_behind_what_counts() -> None:
    whole = report(message_id="")
    assert found(whole[: whole.index(b"Subject: Remove")]).key == KEY


# --- hostile ------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    parts = [f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(depth)]
    head = "Content-Type: multipart/report; report-type=delivery-status; boundary=b0\r\n\r\n"
    return (head + "".join(parts)).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        ANSWER,
        report()[:300],
        report(status_part="Content-Type: text/plain\n\nAction: failed"),
        report(status_part="Content-Type: text/plain\n\nno\n--b0undary\n" * 20),
        nested(5_000),
    ],
    ids=["empty", "no report", "cut", "another type", "too many parts", "nested"],
)
def test_what_cannot_be_understood_is_said(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|has no part message/delivery-status"):
        failure_in(raw, DOMAIN)


def test_of_many_recipients_and_long_words_only_so_much_is_taken() -> None:
    many = "\n\n".join(
        f"Final-Recipient: rfc822; a{n}@example.org\nAction: failed\nStatus: 5.1.1" for n in range(5_000)
    )
    status = f"Content-Type: message/delivery-status\n\nOriginal-Envelope-Id: {KEY}\n\n{many}"
    assert len(found(report(status_part=status)).to) == 20
    assert len(found(report(said="x" * 100_000)).why) < 300
    assert found(report(to=f"{'a' * 5_000}@example.org")).to == frozenset()
    assert found(report(to="no address")).to == frozenset()


def test_what_a_stranger_wrote_is_one_harmless_line() -> None:
    why = found(report(said="550 \x1b[31mred\x00 \u202eesrever\r\n more")).why
    assert not re.search("[\x00-\x1f\u202e]", why)


@given(
    st.lists(
        st.tuples(st.integers(0, len(report()) - 1), st.integers(0, 40), st.binary(max_size=8)), max_size=12
    )
)
def test_a_damaged_report_is_understood_or_said(cuts: list[tuple[int, int, bytes]]) -> None:
    raw = report()
    for at, length, instead in cuts:
        raw = raw[:at] + instead + raw[at + length :]
    is_report(raw)
    with suppress(ValueError):
        failure = failure_in(raw, DOMAIN)
        assert failure is None or (failure.key == KEY and failure.status[:2] in {"4.", "5."})
