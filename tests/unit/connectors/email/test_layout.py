from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.notify.email.layout import SIZE_MAX, laid_out, takes
from contracts.messages import CROWDS, HOSTILE, LONG, MESSAGE, NOTED
from fakes.smtp.reader import as_shown, parsed
from mails import late_ticket
from worker.domain.messages.message import Message, Paragraph
from worker.languages import LANGUAGES

ISOLATED = "Remove \u2068قسم\u2069 from \u2067a\u2069 and \u2066b\u2069"


def titled(text: str) -> Message:
    return replace(MESSAGE, title="Title", paragraphs=(Paragraph("h", text),))


@pytest.mark.parametrize(
    "message", [*LONG.values(), *(replace(NOTED, paragraphs=c) for c in CROWDS.values())]
)
def test_no_part_is_longer_than_mail_programs_show(message: Message) -> None:
    fitting = replace(message, paragraphs=message.paragraphs[: takes(message)], may_be_repeat=True)
    layout = laid_out(fitting, "en")
    assert len(layout.html.encode()) <= SIZE_MAX
    assert len(layout.text.encode()) <= SIZE_MAX


def test_the_worst_that_can_be_said_fits_too() -> None:
    quotes = '"' * 50_000  # five bytes each, escaped
    worst = Paragraph(
        quotes,
        quotes,
        ((quotes, quotes),) * 50,
        (quotes,) * 50,
        "https://x.example/?" + "&" * 1900,
        "T-1",
        quotes,
        link_label=quotes,
        pasted=((quotes, quotes),),
    )
    message = Message("k", MESSAGE.to, quotes, (worst,), may_be_repeat=True, repeat_note=quotes, note=quotes)
    layout = laid_out(replace(message, link_label=quotes), "en")
    assert len(layout.html.encode()) <= SIZE_MAX
    assert "https://x.example/" in layout.text


def test_what_was_given_beyond_what_fits_is_counted() -> None:
    crowd = replace(NOTED, paragraphs=CROWDS["long texts"])
    layout = laid_out(crowd, "en")
    left = len(crowd.paragraphs) - takes(crowd)
    assert f"… +{left}" in layout.text
    assert f"… +{left}" in layout.html


def test_a_paragraph_s_link_has_its_own_name_and_else_the_message_s() -> None:
    first = Paragraph("You are on call", link="https://x.example/h/1", link_label="Take over")
    second = Paragraph("Remove Ann", link="https://x.example/t/2")
    layout = laid_out(replace(MESSAGE, paragraphs=(first, second), link_label="Open this ticket"), "en")

    assert "Take over: https://x.example/h/1" in layout.text
    assert "Open this ticket: https://x.example/t/2" in layout.text
    assert [one.text for one in parsed(layout.html).xpath("//a")] == ["Take over", "Open this ticket"]


def test_names_that_run_the_other_way_stand_in_elements_of_their_own() -> None:
    page = laid_out(titled(ISOLATED), "en").html
    assert 'Remove <bdi>قسم</bdi> from <bdi dir="rtl">a</bdi> and <bdi dir="ltr">b</bdi>' in page
    assert ISOLATED in laid_out(titled(ISOLATED), "en").text


@pytest.mark.parametrize(
    "hostile", [*HOSTILE, "<script>alert(1)</script>", '"><img src=x>', "</table></html>", "{{ 7*7 }}"]
)
def test_text_from_outside_makes_no_element_and_no_link(hostile: str) -> None:
    everywhere = Paragraph(
        hostile,
        hostile,
        ((hostile, hostile),),
        (hostile,),
        "javascript:alert(1)",
        link_label=hostile,
        pasted=((hostile, hostile),),
    )
    plain = Paragraph("a", "a", (("a", "a"),), ("a",), pasted=(("a", "a"),))
    layout = laid_out(replace(MESSAGE, title=hostile, paragraphs=(everywhere,), link_label=hostile), "en")
    calm = laid_out(replace(MESSAGE, title="b", paragraphs=(plain,)), "en")

    assert tags(layout.html) <= tags(calm.html) | {"bdi", "br", "h2"}
    assert parsed(layout.html).xpath("//a") == []
    assert "javascript" not in layout.text


def tags(page: str) -> set[str]:
    return {str(element.tag) for element in parsed(page).iter()}


def test_a_message_loads_nothing_and_runs_nothing() -> None:
    page = parsed(laid_out(late_ticket("ar"), "ar").html)
    assert page.xpath("//img | //script | //link | //iframe | //form | //@background | //@src") == []
    assert "url(" not in laid_out(late_ticket("ar"), "ar").html
    assert "@import" not in laid_out(late_ticket("ar"), "ar").html


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_and_direction_stand_where_mail_programs_keep_them(language: str) -> None:
    page = parsed(laid_out(late_ticket(language), language).html)
    direction = "rtl" if language in {"ar", "ur"} else "ltr"
    for element in (page, page.body[0]):
        assert (element.get("lang"), element.get("dir")) == (language, direction)


def test_a_text_to_paste_keeps_its_lines() -> None:
    [ticket] = MESSAGE.paragraphs
    rules = "Be kind.\n\nقسم <b>*leavers*</b>"
    layout = laid_out(replace(MESSAGE, paragraphs=(replace(ticket, pasted=(("Rules", rules),)),)), "en")
    assert f"3. Tap Remove.\nRules:\n{rules}\nhttps://" in layout.text
    [shown] = parsed(layout.html).xpath("//p[@dir='auto']")
    assert [*shown.itertext()] == rules.replace("\n\n", "\n").split("\n")


def test_a_headline_that_is_the_title_stands_there_once() -> None:
    message = late_ticket("en")
    layout = laid_out(message, "en")
    assert as_shown(layout.html).count(message.title) == 1
    assert layout.text.count(message.title) == 1


def test_a_link_is_a_button_with_its_host_beside_it() -> None:
    [link] = parsed(laid_out(late_ticket("de"), "de").html).xpath("//a")
    assert link.text_content() == "Diese Aufgabe öffnen"
    assert "whosleft.example.org" in link.getparent().text_content()
    [bare] = parsed(laid_out(MESSAGE, "en").html).xpath("//a")
    assert bare.text_content() == "whosleft.example.org"


def test_a_link_that_no_mail_program_would_follow_is_left_out() -> None:
    long = replace(MESSAGE, paragraphs=(Paragraph("h", link="https://x.example/" + "a" * 2000),))
    assert "https://x.example" not in laid_out(long, "en").text
