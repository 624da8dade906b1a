import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.notify.slack.mapping import Rendered, mrkdwn, render, takes
from fakes.slack.blocks import BLOCKS_SIZE_MAX, check_message, formatted, links, pinged, shown
from worker.domain.messages.message import CHANNEL, Message, Paragraph

TICKET = Paragraph(
    headline="T-000123 Sam Okafor",
    text="Left on 20 November, still in Ward 7 nights.",
    facts=(("Group", "Ward 7 nights"), ("Due", "24 November 10:00")),
    steps=("Open the group.", "Tap Remove."),
    link="https://whosleft.example.org/t/1?s=a&b=c",
)


def message(*paragraphs: Paragraph, title: str = "Overdue: 1 ticket", is_repeat: bool = False) -> Message:
    return Message(key="k", to=CHANNEL, title=title, paragraphs=paragraphs, may_be_repeat=is_repeat)


def body(rendered: Rendered) -> dict[str, Any]:
    return {"text": rendered.text, "blocks": rendered.blocks}


def test_a_ticket_is_a_header_then_its_text_and_facts_then_its_steps_and_link() -> None:
    assert render(message(TICKET)).blocks == [
        {"type": "header", "text": {"type": "plain_text", "text": "Overdue: 1 ticket", "emoji": False}},
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": "*T-000123 Sam Okafor*\nLeft on 20 November, still in Ward 7 nights.",
                "verbatim": True,
            },
            "fields": [
                {"type": "mrkdwn", "text": "*Group*\nWard 7 nights", "verbatim": True},
                {"type": "mrkdwn", "text": "*Due*\n24 November 10:00", "verbatim": True},
            ],
        },
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": "1. Open the group.\n2. Tap Remove.\n"
                "<https://whosleft.example.org/t/1?s=a&amp;b=c|Open>",
                "verbatim": True,
            },
        },
    ]


@pytest.mark.parametrize("size, blocks", [
    (3000, [("mrkdwn", "*Rules ∗*"), ("plain_text", "*" * 3000)]), (3001, [("mrkdwn", "*Rules ∗*\n…")]),
])  # fmt: skip
def test_a_text_to_paste_is_a_block_of_its_own_or_left_out(size: int, blocks: list[tuple[str, str]]) -> None:
    one = body(render(message(replace(TICKET, pasted=(("Rules *", "*" * size),)))))
    check_message(one)
    assert [(block["text"]["type"], block["text"]["text"]) for block in one["blocks"][3:]] == blocks
    assert "Rules" not in one["text"]


def test_without_facts_a_paragraph_is_one_block() -> None:
    assert len(render(message(replace(TICKET, facts=()))).blocks) == 2


def test_the_text_beside_the_blocks_says_all_of_it_for_screen_readers() -> None:
    assert render(message(TICKET, is_repeat=True)).text == (
        "Overdue: 1 ticket\n"
        "This may be a repeat: an earlier attempt to send it ended without a clear answer.\n"
        "T-000123 Sam Okafor\n"
        "Left on 20 November, still in Ward 7 nights.\n"
        "Group: Ward 7 nights\n"
        "Due: 24 November 10:00\n"
        "1. Open the group.\n"
        "2. Tap Remove.\n"
        "<https://whosleft.example.org/t/1?s=a&amp;b=c|Open>"
    )


def test_a_repeat_says_so_under_the_title() -> None:
    header, note, *_ = render(message(TICKET, is_repeat=True)).blocks
    assert header["type"] == "header"
    assert note["type"] == "context"
    assert note["elements"][0]["text"].startswith("This may be a repeat: ")


@pytest.mark.parametrize("count, sections", [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_facts_are_ten_to_a_section(count: int, sections: int) -> None:
    facts = tuple((f"Label {n}", f"value {n}") for n in range(count))
    blocks = render(message(Paragraph("", facts=facts))).blocks[1:]
    assert len(blocks) == sections
    assert [field["text"] for block in blocks for field in block["fields"]] == [
        f"*{a}*\n{b}" for a, b in facts
    ]


@pytest.mark.parametrize(
    "title, expected",
    [
        ("t" * 150, "t" * 150),
        ("t" * 151, "t" * 149 + "…"),
        ("a\nb", "a b"),
        ("", "–"),
        ("<!here> & *x*", "<!here> & *x*"),
    ],
)
def test_a_title_is_one_plain_line_of_at_most_150_characters(title: str, expected: str) -> None:
    assert render(message(title=title)).blocks[0]["text"]["text"] == expected


def test_a_digest_that_is_too_long_says_how_many_tickets_it_leaves_out() -> None:
    blocks = render(message(*[TICKET] * 40)).blocks
    shown_tickets = sum("T-000123" in json.dumps(block) for block in blocks)
    assert blocks[-1]["elements"][0]["text"] == f"… +{40 - shown_tickets}"
    assert 10 < shown_tickets < 40
    assert len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False)) <= BLOCKS_SIZE_MAX


def test_forty_six_short_items_fit_with_both_notes_and_the_forty_seventh_is_counted() -> None:
    items = [Paragraph(f"T-{n:06}") for n in range(60)]
    full = replace(message(*items[:46], is_repeat=True), note="That was all for today.")
    assert takes(full) == takes(replace(full, may_be_repeat=False)) == 46
    assert "… +" not in shown(body(render(full)))
    blocks = render(replace(full, paragraphs=tuple(items))).blocks
    assert len(blocks) == 50
    assert blocks[-2]["elements"][0]["text"] == "… +14"
    assert blocks[-1]["elements"][0]["text"] == "That was all for today."


@pytest.mark.parametrize(
    "letter", ["x", '"', "&", "😀", "ق"], ids=["plain", "quoted", "escaped", "astral", "rtl"]
)
def test_one_paragraph_that_is_too_big_by_itself_begins_and_keeps_its_first_facts_and_its_link(
    letter: str,
) -> None:
    long = letter * 3000
    facts = (("Ticket", "T-000123"), *((long, long),) * 24)
    link = "https://x.example.org/" + "&" * 380
    big = Paragraph(f"Sam {long}", long, facts, (long,) * 3, link)
    full = replace(message(big, title=long, is_repeat=True), note=long, repeat_note=long)
    text = shown(body(render(full)))
    assert takes(full) == 1
    assert "T-000123" in text
    assert links(body(render(full))) == [link]
    assert "\n…\n" in text
    check_message(body(render(full)))


def test_a_link_is_called_what_its_reader_calls_it() -> None:
    links_of = replace(message(TICKET, replace(TICKET, link_label="اقبل | <b>")), link_label="Aufgabe öffnen")
    text = json.dumps(render(links_of).blocks, ensure_ascii=False)
    assert "|Aufgabe öffnen>" in text
    assert "|اقبل   &lt;b&gt;>" in text
    assert "|Open>" in json.dumps(render(message(TICKET)).blocks)


def test_steps_that_do_not_fit_are_counted_and_the_link_stays() -> None:
    text = render(message(Paragraph("", steps=("Do this. " * 20,) * 50, link=TICKET.link))).blocks[1]["text"][
        "text"
    ]
    lines = text.split("\n")
    kept = len(lines) - 2
    assert lines[-2] == f"… +{50 - kept}"
    assert lines[-1].startswith("<https://whosleft.example.org/")
    assert len(text) <= 3000


@pytest.mark.parametrize(
    "outside, safe",
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("<@U0AMINA01>", "&lt;@U0AMINA01&gt;"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("*bold*", "∗bold∗"),
        ("~struck~", "∼struck∼"),
        ("_slanted_", "ˍslantedˍ"),
        ("amina_yusuf@corp.example", "amina_yusuf@corp.example"),
        ("`code`", "ˋcodeˋ"),
        (":rotating_light:", "∶rotating_light:"),
        ("24 November 10:00:30", "24 November 10:00:30"),
        ("> quoted", "› quoted"),
        ("  one\n >> two", "one\n ›› two"),
        ("a > b", "a &gt; b"),
        ("\u202ereversed\x07", "reversed�"),
    ],
)
def test_text_from_outside_is_shown_as_it_is(outside: str, safe: str) -> None:
    assert mrkdwn(outside, 100) == safe


@pytest.mark.parametrize(
    "url, shown_as",
    [
        ("https://whosleft.example.org/t/1?s=a&b=c", "<https://whosleft.example.org/t/1?s=a&amp;b=c|Open>"),
        ("https://x.example.org/a|b>c <d>", "<https://x.example.org/a%7Cb%3Ec%20%3Cd%3E|Open>"),
        ("https://x.example.org/%7Cق", "<https://x.example.org/%7C%D9%82|Open>"),
        ("javascript:alert(1)", None),
        ("slack://user?id=U1", None),
        ("https://[half", None),
        ("https://x.example.org/" + "a" * 3000, None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_are_links_and_none_can_break_out(url: str | None, shown_as: str | None) -> None:
    blocks = render(message(Paragraph("Headline", link=url))).blocks
    text = blocks[1]["text"]["text"]
    assert text == ("*Headline*" if shown_as is None else f"*Headline*\n{shown_as}")


awkward = st.text(
    st.one_of(st.sampled_from("*_~`<>&|:!@#\n\r …\u202e"), st.characters(exclude_categories=["Cs"])),
    max_size=60,
)
paragraphs = st.builds(
    Paragraph,
    headline=awkward,
    text=st.one_of(awkward, awkward.map(lambda text: text * 80)),
    facts=st.lists(st.tuples(awkward, awkward), max_size=13).map(tuple),
    steps=st.lists(awkward, max_size=4).map(tuple),
    link=st.one_of(st.none(), awkward, awkward.map("https://{}".format)),
)
messages = st.builds(
    Message,
    key=st.just("k"),
    to=st.just(CHANNEL),
    title=awkward,
    paragraphs=st.lists(st.one_of(paragraphs, st.just(TICKET)), max_size=60).map(tuple),
    may_be_repeat=st.booleans(),
    note=awkward,
)


@given(messages)
def test_whatever_is_in_it_slack_takes_it_and_nobody_is_notified(any_message: Message) -> None:
    rendered = render(any_message)
    check_message(body(rendered))
    assert pinged(body(rendered)) == []
    assert len(rendered.text.encode("utf-16-le")) // 2 <= 4000


@given(messages)
def test_what_it_takes_is_shown_whole_and_is_all_that_is_taken_of_what_was_taken(
    any_message: Message,
) -> None:
    taken = takes(any_message)
    rest = replace(any_message, paragraphs=any_message.paragraphs[:taken])
    assert takes(rest) == taken
    if taken > 1 or not any_message.paragraphs:
        notes = [one for one in render(rest).blocks if one["type"] == "context"]
        assert not any(re.fullmatch(r"… \+\d+", one["elements"][0]["text"]) for one in notes)


@given(awkward)
def test_outside_text_formats_nothing_wherever_it_stands(text: str) -> None:
    rendered = render(
        message(Paragraph("x", text, (("x", text),), (text,), pasted=(("x", text),)), title=text)
    )
    assert set(formatted(body(rendered))) <= {"x"}


LONGEST_NAME = ("<!channel> *W* _a_ ~r~ `d` :fire: &lt;@U0AMINA01> <https://evil.example.org|x> " * 4)[:300]


def test_a_group_s_name_of_300_characters_full_of_markup_stays_within_all_limits() -> None:
    ticket = Paragraph(
        f"Overdue: Remove {LONGEST_NAME} from {LONGEST_NAME}",
        f"{LONGEST_NAME} has left and is still in {LONGEST_NAME}.",
        (("Ticket", "T-000123"), ("Member", LONGEST_NAME), ("Assignee", LONGEST_NAME)),
        (f"Open the group {LONGEST_NAME} in WhatsApp.",) * 5,
        "https://whosleft.example.org/t/1",
    )
    one = body(render(replace(message(ticket, title=LONGEST_NAME), note=LONGEST_NAME)))
    check_message(one)
    assert pinged(one) == []
    assert links(one) == ["https://whosleft.example.org/t/1"]
    crowd = (ticket,) * 50
    check_message(body(render(message(*crowd[: takes(message(*crowd))], title=LONGEST_NAME))))
