"""The pages of whoever has a link: a nurse with a phone, and whoever else gets hold of the link."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import ACCOUNTABLE, Harness, company_fixture
from wards import ward_with_a_leaver
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketKind, TicketState


@company_fixture
def ward() -> Harness:
    return ward_with_a_leaver()


@pytest.fixture
def phone(ward: Harness) -> Caller:
    return desk_of(ward)


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- showing ----------------------------------------------------------------------------------------------


def test_the_page_says_who_which_group_why_and_how(phone: Caller) -> None:
    page = phone.get(phone.ticket())

    shown = _text(page.text)
    assert page.status_code == 200
    assert "Remove Ann from Ward 7" in shown
    assert "the account was disabled on" in shown
    assert "Open the group Ward 7 in WhatsApp." in shown
    assert "You have one more open ticket" in shown
    assert page.headers["content-language"] == "en"


def test_opening_a_link_changes_nothing(phone: Caller, ward: Harness) -> None:
    before = (ward.tickets(), len(ward.journal()))

    for _ in range(3):
        phone.get(phone.ticket())
        phone.client.head(phone.ticket())

    assert (ward.tickets(), len(ward.journal())) == before


@pytest.mark.parametrize(
    "browser, shown", [("ar-EG,en;q=0.5", "rtl"), ("de", "Entfernen"), ("xx", "Remove Ann")]
)
def test_the_language_is_the_browser_s_where_the_directory_has_none(
    phone: Caller, browser: str, shown: str
) -> None:
    phone.language = browser

    assert shown in phone.get(phone.ticket()).text


def test_the_directory_s_language_comes_before_the_browser_s(phone: Caller, ward: Harness) -> None:
    ward.hire("dee", language="de")
    ward.poll()

    assert 'lang="de"' in phone.get(phone.ticket()).text


def test_who_chooses_a_language_keeps_it(phone: Caller, ward: Harness) -> None:
    ward.hire("dee", language="de")
    ward.poll()

    page = phone.get(f"/language?to=tr&back={phone.ticket()}")

    assert 'lang="tr"' in page.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
def test_choosing_a_language_leads_nowhere_else(phone: Caller, back: str) -> None:
    answer = phone.client.get("/language", params={"to": "de", "back": back}, follow_redirects=False)

    assert answer.headers["location"] == "/"


def test_names_from_outside_are_only_text(ward: Harness) -> None:
    ward.group("evil", "ann", admins=["dee"], name='<script>alert(1)</script>"{x}%s')
    ward.settle()
    phone = desk_of(ward)

    page = phone.get(phone.ticket(3)).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;{x}%s" in page


@pytest.mark.parametrize("language", ["en", "ar", "ur"])
def test_the_member_s_number_stands_beside_the_step_from_left_to_right(
    phone: Caller, ward: Harness, language: str
) -> None:
    phone.language = language
    number = ward.number("ann")
    page = phone.get(phone.ticket()).text

    third = re.findall(r"<li>.*?</li>", page, re.DOTALL)[2]
    assert f'<bdi dir="ltr">{number}</bdi>' in third
    assert f'data-copy="{number}"' in third
    assert page.count(f'dir="ltr">{number}') == 1
    assert "tel:" not in page, "nobody rings a member by a slip of the thumb"
    assert f'data-copy="{number}"' in phone.get(phone.ticket().replace("/t/", "/me/")).text


def test_a_handle_that_is_no_number_is_shown_as_what_it_is_and_is_not_rung(ward: Harness) -> None:
    ward.wards.remove_member("ward-7", ward.number("ben"))
    ward.wards.add_member("ward-7", Member("123456@lid", "Benny", email="ben@corp.example"))
    ward.leave("ben")
    ward.settle()
    phone = desk_of(ward)
    [asked] = [one for one in ward.tickets() if one.handle == "123456@lid"]

    page = phone.get(phone.ticket(asked.id)).text

    assert 'Id in the messenger:</span> <bdi dir="ltr">123456@lid</bdi>' in page
    assert "tel:" not in page


def test_an_assignee_without_the_button_reads_whom_to_ring_and_what_to_send(ward: Harness) -> None:
    ward.group("sole", "ben", "cem", admins=["eve"], owner_email="dee@corp.example")
    ward.settle()
    ward.hire("eve", language="ar")
    ward.poll()
    ward.leave("eve")
    ward.settle()
    [asked] = ward.tickets(TicketKind.REASSIGN_ADMIN)
    phone = desk_of(ward)

    page = phone.get(phone.ticket(asked.id)).text

    number = ward.number("eve")
    assert "Tap Make group admin" not in page
    assert "Ring Eve, or send them the text that is given here." in page
    assert f'<a href="tel:{number}"><bdi dir="ltr">{number}</bdi></a>' in page
    assert re.search(r'<blockquote dir="auto">مرحبًا', page), "in the leaver's language"
    assert re.search(r'data-copy="مرحبًا[^"]+Sole', page)
    phone.sign_in("sam", "viewer")
    console = phone.get(f"/tickets/{asked.label}").text
    assert "Ring Eve" in console
    assert "مرحبًا" in console


@pytest.mark.parametrize("path", ["/t/{}", "/me/{}"])
def test_every_page_has_strict_headers_and_is_kept_by_nobody(phone: Caller, path: str) -> None:
    headers = phone.get(path.format(phone.ticket()[3:])).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "strict-transport-security" in headers


def test_pages_have_no_script_or_style_of_their_own(phone: Caller) -> None:
    page = phone.get(phone.ticket()).text

    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page)


# --- acting -----------------------------------------------------------------------------------------------


def test_done_is_one_tap_and_can_be_taken_back(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    phone.get(link)

    page = phone.post(f"{link}/done")

    assert ward.ticket().state is TicketState.DONE
    assert "It is marked as done." in _text(page.text)
    phone.post(f"{link}/undo")
    assert ward.ticket().state is TicketState.OPEN


def test_after_a_minute_it_can_t_be_taken_back_and_says_so(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    phone.get(link)
    phone.post(f"{link}/done")
    ward.later(minutes=2)

    page = phone.post(f"{link}/undo")

    assert ward.ticket().state is TicketState.DONE
    assert "Nothing was changed" in _text(page.text)
    assert f"{link}/undo" not in phone.get(link).text


@pytest.mark.parametrize("token", ["", "x.y", "0123456789abcdef." + "0" * 64, "é"])
def test_a_form_without_its_token_does_nothing(phone: Caller, ward: Harness, token: str) -> None:
    link = phone.ticket()
    phone.get(link)

    page = phone.post(f"{link}/done", token=token)

    assert ward.ticket().state is TicketState.OPEN
    assert "Nothing was changed" in _text(page.text)


def test_the_token_of_another_ticket_s_form_does_nothing(phone: Caller, ward: Harness) -> None:
    phone.get(phone.ticket(2))

    phone.post(f"{phone.ticket(1)}/done")

    assert ward.ticket(1).state is TicketState.OPEN


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "", "Origin": "null"},
], ids=range(3))  # fmt: skip
def test_what_another_site_sends_is_refused(phone: Caller, ward: Harness, headers: dict[str, str]) -> None:
    link = phone.ticket()
    phone.get(link)

    assert phone.post(f"{link}/done", None, **headers).status_code == 403
    assert ward.ticket().state is TicketState.OPEN


@pytest.mark.parametrize(
    "origin, status", [("https://whosleft.example.org", 200), ("https://evil.example", 403), ("null", 403)]
)
def test_without_fetch_metadata_the_origin_decides(phone: Caller, origin: str, status: int) -> None:
    link = phone.ticket()
    page = phone.get(link).text
    token = re.search(r'form_token" value="([^"]+)', page)
    assert token is not None

    answer = phone.client.post(f"{link}/done", data={"form_token": token[1]}, headers={"Origin": origin})

    assert answer.status_code == status


def test_i_can_t_puts_it_before_the_accountable_person_with_the_words(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    phone.get(link)

    page = phone.post(f"{link}/answer", {"answer": "not_my_group", "words": "ask <the> night shift"})

    assert "Somebody else takes care of it." in _text(page.text)
    assignee = ward.ticket().assignee
    assert assignee is not None
    assert assignee.email == ACCOUNTABLE
    assert "ask <the> night shift" in ward.ticket().reason


def test_a_reason_that_is_none_changes_nothing(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    phone.get(link)

    page = phone.post(f"{link}/answer", {"answer": "because"})

    assert page.status_code == 200
    assert ward.ticket().reason.startswith("Ann has left")


@pytest.mark.parametrize("answer, said", [
    ("still_works_here", "The security team will look into it."),
    ("not_in_group", "It is marked as done."),
    ("creator", "Here is what to do instead."),
])  # fmt: skip
def test_every_answer_says_what_comes_of_it(phone: Caller, answer: str, said: str) -> None:
    link = phone.ticket()
    phone.get(link)

    assert said in _text(phone.post(f"{link}/answer", {"answer": answer}).text)


def test_all_of_one_s_own_are_done_together_and_taken_back_together(phone: Caller, ward: Harness) -> None:
    mine = "/me/" + phone.ticket()[3:]
    assert "Remove Ann from Ward 8" in _text(phone.get(mine).text)

    page = phone.post(f"{mine}/done", {"ticket": ["1", "2", "x", "99"]})

    assert {ticket.state for ticket in ward.tickets()} == {TicketState.DONE}
    assert "2 are marked as done." in _text(page.text)
    assert "nothing left to do" in _text(page.text)
    phone.post(f"{mine}/undo", {"ticket": ["1", "2"]})
    assert {ticket.state for ticket in ward.tickets()} == {TicketState.OPEN}


def test_however_many_tickets_are_ticked_they_are_done_and_taken_back(phone: Caller, ward: Harness) -> None:
    mine, ticked = "/me/" + phone.ticket()[3:], [str(number) for number in range(1, 2_000)]
    phone.get(mine)

    assert phone.post(f"{mine}/done", {"ticket": ticked}).status_code == 200
    assert {ticket.state for ticket in ward.tickets()} == {TicketState.DONE}
    assert phone.post(f"{mine}/undo", {"ticket": ticked}).status_code == 200
    assert {ticket.state for ticket in ward.tickets()} == {TicketState.OPEN}


def test_a_new_admin_is_chosen_from_the_members(ward: Harness) -> None:
    ward.leave("dee")
    ward.settle()
    [ticket] = [t for t in ward.tickets(TicketKind.REASSIGN_ADMIN) if t.home.group_id == "ward-7"]
    phone = desk_of(ward)
    link = phone.ticket(ticket.id)
    assert "Whom did you make admin?" in _text(phone.get(link).text)

    phone.post(f"{link}/done", {"chosen": ward.number("ben")})

    assert ward.ticket(ticket.id).reason.endswith("made Ben an admin")


def test_who_a_member_is_is_chosen_from_the_people_it_may_be(ward: Harness) -> None:
    ward.hire("tom", "una", phones=("+447700900777",))
    ward.wards.add_member("ward-7", ward.member("tom"))
    ward.hire("una", phones=(ward.number("tom"),))
    ward.hire("tom", phones=(ward.number("tom"),))
    ward.settle()
    [ticket] = ward.tickets(TicketKind.IDENTIFY_MEMBER)
    phone = desk_of(ward)
    link = phone.ticket(ticket.id)
    shown = _text(phone.get(link).text)
    assert "Who is it?" in shown
    assert "Una" in shown
    assert "somebody who has left" not in shown

    phone.post(f"{link}/done", {"chosen": "corp/una"})

    assert ward.ticket(ticket.id).state is TicketState.DONE


def test_of_two_people_of_one_name_the_page_says_who_has_left_and_what_follows(ward: Harness) -> None:
    number = "+447700900777"
    ward.hire("tom", "tom-2", display_name="Tom", department="Porters & Post", phones=(number,))
    ward.settle()
    ward.leave("tom")
    ward.settle()
    ward.wards.add_member("ward-7", Member(number, "Tom", phone=number))
    ward.settle()
    [ticket] = ward.tickets(TicketKind.IDENTIFY_MEMBER)
    phone = desk_of(ward)

    shown = unescape(_text(phone.get(phone.ticket(ticket.id)).text))

    day = f"{ward.now:%d %b %Y}"
    assert {f"Tom left on {day}, Porters & Post", "Tom Porters & Post"} == {
        one.strip() for one in re.findall(r"Tom (?:left on [^,]+, )?Porters & Post", shown)
    }
    assert "@" not in shown
    assert "If you choose somebody who has left, they are to be removed from the group." in shown


def test_what_waits_or_is_over_says_so_and_offers_nothing(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    ward.desk.waive(1, Actor("sam"), "agreed", ward.now)

    page = phone.get(link)

    assert "There is nothing left to do here." in _text(page.text)
    assert '<button class="main"' not in page.text
