from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.kit.dates import DateOrder
from connectors.kit.whatsapp_export.dates import Orders, written_at
from connectors.kit.whatsapp_export.heads import Head, split
from fakes.chat_exports import android, brief, ios, read, system

AT = datetime(2026, 3, 18, 14, 56)  # noqa: DTZ001  as it is written: local
DAY, MONTH = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST
HEADS = [
    ("18/03/2026, 14:56 - x", DAY),
    ("18/03/26, 2:56 PM - x", DAY),
    ("18/03/26, 14:56 - x", DAY),
    ("3/18/26, 2:56\u202fPM - x", MONTH),
    ("18/03/2026, 2:56 pm - x", DAY),
    ("2026/03/18, 14:56 - x", DAY),
    ("18.03.2026, 14:56 - x", DAY),
    ("18.03.26 14:56 - x", DAY),  # Czech
    ("18-03-2026 14:56 - x", DAY),  # Dutch
    ("2026-03-18, 2:56 p.m. - x", DAY),  # Canada
    ("18/3/26 2:56 p. m. - x", DAY),  # Spanish
    ("[18/03/26, 14:56:00] x", DAY),
    ("[18/03/26 14:56:00] x", DAY),
    ("[18/03/2026, 14:56:00] x", DAY),
    ("[3/18/26, 2:56:00 PM] x", MONTH),
    ("[3/18/26, 2:56:00\u202fPM] x", MONTH),
    ("[18/03/26 14.56.00] x", DAY),  # Indonesian
    ("[3/18/2569 BE, 14:56:00] x", MONTH),  # Buddhist
    ("[18/3/2569 14:56:00] x", DAY),
    ("18/3/2569 14:56 - x", DAY),
    ("[14:56:00, 18/3/26] x", DAY),  # Vietnamese: the time first
    ("[18.3.2026 klo 14.56.00] x", DAY),  # Finnish
    ("[3/18/8 R, 14:56:00] x", MONTH),  # Japanese, in English
    ("[令和8/3/18 14:56:00] x", DAY),
    ("[2026/03/18 午後2:56:00] x", DAY),
    ("\u200e[18/03/26, 14:56:00] x", DAY),
    ("\ufeff\u200e[18/03/26, 14:56:00] x", DAY),
    ("\u200f[١٨\u200f/٣\u200f/٢٠٢٦، ٢:٥٦:٠٠ م] x", DAY),
    ("[१८/०३/२६, १४:५६:००] x", DAY),
]


@pytest.mark.parametrize("line, order", HEADS)
def test_every_shape_of_a_head_is_read(line: str, order: DateOrder) -> None:
    found = split(line)
    assert found is not None
    head, rest = found
    assert written_at(head, order) == AT
    assert rest == "x"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "18/03/2026",
        "18/03/2026, 14:56",
        "18/03/2026, 25:56 - x",
        "18/03/2026, 14:56 XM - x",
        "[18/03/2026, 14:56",
        "[18/03/26, 14:56:00 - x",
        "1/2 - x",
        "2026 - x",
        "[] x",
        "[" + "9" * 100 + "] x",
        "a18/03/2026, 14:56 - x",
        "123/03/2026, 14:56 - x",
    ],
)
def test_any_other_line_goes_on_with_a_message(line: str) -> None:
    assert split(line) is None


@pytest.mark.parametrize("worst", ["[", "9", "9/", "\u200e", "[9/9/9 ", " - ", "AM ", ":", ".", "พ"])
def test_a_line_of_the_worst_letters_is_read_at_once(worst: str) -> None:
    for line in (worst * 200_000, "1" + worst * 200_000, "[" + worst * 200_000):
        assert split(line) is None


def heads(*lines: str) -> list[Head]:
    return [found[0] for line in lines if (found := split(f"{line}, 10:00 - x"))]


@pytest.mark.parametrize(
    "dates, order",
    [
        (["03/04/2026"], None),
        (["03/04/2026", "04/04/2026"], None),
        (["13/04/2026"], DAY),
        (["04/13/2026"], MONTH),
        (["03/04/2026", "13/04/2026"], DAY),
        (["05/03/2026", "04/04/2026"], DAY),  # else May would be before April
        (["03/05/2026", "04/04/2026"], MONTH),
        (["01/12/2026"], MONTH),  # else it would be next month: now is November 24
        (["03.04.2026"], DAY),
        (["2026/03/04"], DAY),
        (["13/04/2026", "04/13/2026"], None),  # both impossible
    ],
)
def test_the_order_of_day_and_month_is_that_of_the_whole_file(
    dates: list[str], order: DateOrder | None
) -> None:
    orders = Orders(datetime(2026, 11, 24, tzinfo=UTC))
    for head in heads(*dates):
        orders.add(head)
    assert orders.decided() is order


def test_a_forged_date_does_not_turn_the_order_of_a_file() -> None:
    """The file has the month first; a message quotes a 25th day first."""
    orders = Orders(datetime(2026, 11, 24, tzinfo=UTC))
    days = [f"{month:02}/{day:02}/2025" for month in range(1, 13) for day in (3, 9)]
    for head in heads(*days, "25/12/2025"):
        orders.add(head)
    assert orders.decided() is MONTH


def test_an_open_order_gives_no_dates_and_says_so() -> None:
    export = read(android("Amina removed Bob", at="03/04/2026, 10:15"))

    assert [event.at for event in export.events] == [None]
    assert (export.is_dated, export.first_at) == (False, None)
    assert export.last_at == datetime(2026, 3, 4, 10, 15, tzinfo=UTC)  # the earlier of both
    assert "day/month or month/day" in export.warnings[0]


def test_times_are_local_and_become_utc() -> None:
    export = read(android("Amina removed Bob", at="13/07/2026, 10:15"))
    assert [event.at for event in export.events] == [datetime(2026, 7, 13, 9, 15, tzinfo=UTC)]


def test_arabic_ios_with_crlf_and_a_mark_at_the_file_s_start_is_read() -> None:
    head = "\u200f[١٨\u200f/٣\u200f/٢٠٢٦، ٢:٥٦:٠٠ م]"
    lines = [
        system("جناح ٧", "الرسائل مشفرة"),
        system("جناح ٧", "أزال سام عضو \u202a+44\u00a07700\u00a0900101\u202c"),
    ]
    text = "\ufeff" + "".join(f"{head} {line}\r\n" for line in lines)

    export = read(text, "WhatsApp Chat - جناح ٧.zip")

    assert brief(export.events) == ["removed سام: +447700900101"]
    assert export.events[0].at == datetime(2026, 3, 18, 14, 56, tzinfo=UTC)
    assert export.group_name == "جناح ٧"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf8_and_utf16_with_its_mark_are_read(encoding: str) -> None:
    export = read(ios(system("Ward 7", "Amina removed Zoë")).encode(encoding))
    assert brief(export.events) == ["removed Amina: Zoë"]
