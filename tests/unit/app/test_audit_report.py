"""The page and the table: nothing in them runs, whatever strangers write."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builders import NOW, person, ticket
from packs import CHAIN, chained, sum_of
from worker.app.evidence.report import _FORMULA, COLUMNS, Heading, report, safe_cell, with_rows
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.evidence.pack import Covered
from worker.domain.model import Role
from worker.domain.text.reason import Reason
from worker.domain.text.steering import visible
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, Ticket, TicketKind, TicketState
from worker.ports import Port
from worker.ports.state.sources import SourceState

EVIL = "<script>alert(1)</script>\"'&{{ 7*7 }}</title><img src=x onerror=alert(1)>"
SOURCES = (
    SourceState("corp", Port.DIRECTORY, taken_at=NOW - timedelta(minutes=90), last_success_at=NOW),
    SourceState("wards", Port.INVENTORY, trouble="cut"),
)
HEADING = Heading(
    "St Mary's", Covered(), "", sum_of(CHAIN, ()), SOURCES, "sam", NOW, "Europe/Paris", "whosleft 1.2.3"
)  # fmt: skip
DONE = ticket(
    state=TicketState.VERIFIED, done_at=NOW, done_by="dee", verified_at=NOW, verified_by="wards", grade=Grade.A,
    reopened=2, assignee=Assignee("dee@corp.example", "Dee", AssigneeWhy.ADMIN, person().key), member_role=Role.ADMIN,
)  # fmt: skip


def page(tickets: Iterable[Ticket] = (), events: Iterable[Sealed] = (), **changes: Any) -> str:
    return b"".join(report(replace(HEADING, **changes), tickets, events)).decode()


def elements(text: str) -> ET.Element:
    """The page, parsed as XML once its void elements are closed."""
    body = text[text.index("<body>") : text.index("</html>")]
    return ET.fromstring(body)  # noqa: S314  made here


def test_it_says_what_it_covers_where_from_and_how_old() -> None:
    text = page()

    assert "everything" in text
    assert "Tue 24 Nov 2026 13:00:00 CET by sam, with whosleft 1.2.3" in text
    assert '<td data-label="Age">1.5 h</td>' in text
    assert '<td data-label="Last good read">never</td><td data-label="State">cut</td>' in text
    assert "No tickets." in text


def test_a_ticket_has_its_life() -> None:
    (dl,) = elements(page([DONE])).iter("article")
    words = [(dt.text, dd.text) for dt, dd in zip(dl.iter("dt"), dl.iter("dd"), strict=True)]

    assert ("Done", "Tue 24 Nov 2026 13:00:00 CET by dee") in words
    assert ("Verified", "Tue 24 Nov 2026 13:00:00 CET by wards") in words
    assert ("Grade", "A: the messenger itself, read afterwards, shows it") in words
    assert ("Assignee", "Dee dee@corp.example (active admin of the group)") in words
    assert ("Reopened", "2 times") in words


def test_what_did_not_happen_is_left_out() -> None:
    question = ticket(TicketKind.IDENTIFY_MEMBER, evidence=None, blocked_by=7, done_at=NOW)
    text = page([question])

    for label in ("Person", "Evidence", "Verified", "Grade", "Reopened", "Waived until"):
        assert f"<dt>{label}</dt>" not in text
    assert "<dd>nobody</dd>" in text
    assert "by nobody</dd>" in text
    assert "<dd>T-000007</dd>" in text


def test_events_are_in_order_with_local_times() -> None:
    text = page(events=CHAIN, sources=())
    assert text.count("Tue 24 Nov 2026 13:00:00 CET</td>") == len(CHAIN)
    assert "a: é, b: 1" in text


def test_nothing_that_a_stranger_writes_is_markup() -> None:
    evil = replace(
        DONE, group_name=EVIL, member_name=EVIL, person_name=EVIL, handle=EVIL, reason=Reason(EVIL), done_by=EVIL,
        assignee=Assignee(EVIL, EVIL, AssigneeWhy.ASSIGNED, None, EVIL), messenger=EVIL,
    )  # fmt: skip
    events = chained([Entry(NOW, EVIL, EVIL, EVIL, EVIL, {EVIL: EVIL})])
    text = page([evil], events, name=EVIL, organisation=EVIL, made_by=EVIL, software=EVIL, timezone="UTC",
                sources=(SourceState(EVIL, Port.DIRECTORY, trouble=EVIL),))  # fmt: skip

    assert "<script" not in text
    assert "<img" not in text
    assert "49" not in text
    elements(text)


def test_a_page_has_as_much_as_a_browser_opens_and_says_where_the_rest_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.app.evidence.report.EVENTS_MAX", 2)
    monkeypatch.setattr("worker.app.evidence.report.TICKETS_MAX", 1)
    waiting = iter([ticket(id=number) for number in (1, 2, 3)])

    text = page(waiting, CHAIN[:2], journal=sum_of(CHAIN, [one.seq for one in CHAIN]))

    assert next(waiting, None) is None  # the table has them all
    assert [article.get("aria-labelledby") for article in elements(text).iter("article")] == ["T-000001"]
    assert "<code>tickets.csv</code> beside this page has 2 more." in text
    assert (
        f"The first 2 events, in order. <code>journal.jsonl</code> beside this page has all {len(CHAIN)}."
        in text
    )


def test_it_is_one_file_without_a_script_or_anything_from_outside() -> None:
    text = page([DONE], CHAIN)

    assert '<html lang="en">' in text
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    for word in ("src=", "href=", "url(", "@import", "<script", "<link"):
        assert word not in text
    body = elements(text)
    for table in body.iter("table"):
        assert table.find("caption") is not None
        assert all(cell.get("scope") == "col" for cell in table.iterfind("thead/tr/th"))
        assert all(cell.get("scope") == "row" for cell in table.iterfind("tbody/tr/th"))


# --- the table ----------------------------------------------------------------------------------------------


def rows(*tickets: Ticket) -> list[dict[str, str]]:
    file = io.BytesIO()
    assert list(with_rows(tickets, file)) == list(tickets)
    assert file.getvalue().startswith(b'\xef\xbb\xbf"id","kind",')
    return list(csv.DictReader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))


def test_a_row_has_a_cell_for_every_column() -> None:
    (row,) = rows(DONE)

    assert tuple(row) == COLUMNS
    assert (row["id"], row["state"], row["grade"], row["reopened"]) == ("T-000001", "verified", "A", "2")
    assert (row["done_at"], row["waived_until"]) == ("2026-11-24T12:00:00Z", "")
    assert (row["person_source"], row["person_id"], row["assignee_email"]) == (
        "corp",
        "ann",
        "dee@corp.example",
    )


def test_a_ticket_of_nobody_with_nobody_has_empty_cells() -> None:
    (row,) = rows(ticket(TicketKind.IDENTIFY_MEMBER, evidence=None, blocked_by=7))
    assert (row["person_id"], row["assignee_name"], row["evidence"], row["blocked_by"]) == (
        "",
        "",
        "",
        "T-000007",
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    (row,) = rows(replace(DONE, group_name=f"{start}cmd|' /C calc'!A0", handle="+447700900001"))
    shown = "\N{REPLACEMENT CHARACTER}" if start == "\r" else start
    assert row["group_name"] == f"'{shown}cmd|' /C calc'!A0"
    assert row["handle"] == "'+447700900001"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "\n", "\r\n"])
@pytest.mark.parametrize("between", ["", " ", '"', ' "'])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝"])
def test_no_cell_becomes_a_formula_where_lines_are_split_at_another_mark(
    separator: str, between: str, start: str
) -> None:
    file = io.BytesIO()
    list(with_rows([replace(DONE, group_name=f"Ward{separator}{between}{start}cmd;@x")], file))
    text = file.getvalue().decode("utf-8-sig")

    for mark in (",", ";", "\t", "|"):
        read = [cell for line in csv.reader(io.StringIO(text, newline=""), delimiter=mark) for cell in line]
        torn = [cell for line in text.splitlines() for cell in line.split(mark)]
        assert [
            cell for cell in read + torn if cell.lstrip('" ').startswith(("=", "+", "-", "@", "＝"))
        ] == []


@given(st.text(st.sampled_from("a9é_ .:/()=+-@＝＠;,|\t\r\n\"'\x1b\x85\u202e\u2066")))
@example("=")
@example("a;=")
@example("a\n")
def test_a_cell_that_is_left_as_it_is_is_no_formula_and_steers_nothing(text: str) -> None:
    assert safe_cell(text) == visible(_FORMULA.sub(r"\g<0>'", text))


def test_a_name_with_an_override_turns_none_of_our_words() -> None:
    evil = replace(
        DONE,
        group_name="Ward\u202eevitca",
        person_name="Ann\u2066",
        member_name="\u202dم",
        reason=Reason("a\u2067b"),
    )
    text = page([evil])

    assert not [mark for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067" if mark in text]
    assert "Wardevitca (" in text
    assert "\u2068م\u2069" in text


STEERING = "".join(map(chr, (0x07, 0x1B, 0x7F, 0x85, 0x9B, 0x202E, 0x2066)))


def test_no_mark_that_steers_a_terminal_is_in_the_page_or_in_the_table() -> None:
    names = ("group_name", "member_name", "person_name", "handle", "accountable", "reason", "done_by")
    texts: dict[str, Any] = dict.fromkeys(names, f"x{STEERING}x")
    evil = replace(
        DONE, **texts, assignee=Assignee(f"{STEERING}@x", STEERING, AssigneeWhy.ASSIGNED, by=STEERING)
    )
    told = Entry(NOW, STEERING, "ticket.done", STEERING, STEERING, {"to": STEERING})
    table = io.BytesIO()
    list(with_rows([evil], table))
    text = page([evil], chained([told]), name=STEERING, organisation=STEERING, made_by=STEERING)

    for what in (text, table.getvalue().decode()):
        assert [ascii(mark) for mark in STEERING if mark in what] == []
    assert "x\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" in table.getvalue().decode()
