"""The pages by which the admin of a group says who is in it: a nurse with a phone, and whoever else gets the link."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from declaring import add_declared
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.domain.reconcile.guard import GuardLimits
from worker.languages import LANGUAGES

ME = Actor("sam")
NAMES = ("ann", "ben", "cem", "dee")


@company_fixture
def ward() -> Harness:
    """Ward 7 of a register, whose admin is dee; ann has left."""
    harness = Harness()
    harness.hire(*NAMES)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    add_declared(harness)
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def phone(ward: Harness) -> Caller:
    return desk_of(ward)


def path(harness: Harness) -> str:
    return "/g/" + harness.app.declaring.link("ward-7", ME, harness.now).rpartition("/g/")[2]


def text(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def fields(page: str) -> dict[str, Any]:
    """What a browser would send from the page's form of members."""
    form = re.findall(r'<form method="post" action="[^"]*/(?:check|count)".*?</form>', page, re.DOTALL)[-1]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        named = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if named.get("type") == "checkbox" and "checked" not in tag:
            continue
        value = html.unescape(named.get("value", ""))
        if named["name"] == "here":
            found.setdefault("here", []).append(value)
        else:
            found[named["name"]] = value
    for name, value in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(value)
    return found


def check(phone: Caller, at: str, **changes: Any) -> str:
    sent = fields(phone.get(at).text) | changes
    return phone.post(f"{at}/check", sent, token=sent["form_token"]).text


def count(phone: Caller, at: str, page: str, **changes: Any) -> Any:
    sent = fields(page) | changes
    return phone.post(f"{at}/count", sent, token=sent["form_token"])


def members(harness: Harness) -> set[str]:
    with harness.store.reading() as uow:
        return {one.member.handle for one in uow.rosters.members(GroupKey("said", "ward-7"))}


def test_the_page_shows_the_known_members_ticked_with_number_from_left_to_right(
    phone: Caller, ward: Harness
) -> None:
    page = phone.get(path(ward))
    assert page.status_code == 200
    assert "Who is in Ward 7?" in text(page.text)
    assert len(re.findall(r'<input type="checkbox" name="here" value="\w+" checked>', page.text)) == 4
    assert f'<bdi dir="ltr" class="small">{ward.number("ann")}</bdi>' in page.text
    assert "24 Nov 2026" in text(page.text)


def test_opening_and_checking_change_nothing(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    before = len(ward.journal())
    for _ in range(2):
        phone.get(at)
        phone.client.head(at)
    check(phone, at, pasted="Ben, You")
    phone.get(f"{at}/thanks")
    assert (len(ward.journal()), members(ward)) == (before, set())


def test_a_member_without_the_tick_is_gone_when_it_is_said_twice(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    page = phone.get(at).text
    ticked = fields(page)["here"]
    [ann] = re.findall(r'value="(\w+)" checked> <span>\s*<bdi>Ann<', page)
    shown = check(phone, at, here=[one for one in ticked if one != ann])
    assert "3 members" in text(shown)
    assert "Not in the group any more" in text(shown)
    thanks = count(phone, at, shown)
    assert "Thank you" in text(thanks.text)
    assert members(ward) == {ward.number(one) for one in ("ben", "cem", "dee")}
    assert ward.kinds().count(events.GROUP_DECLARED) == 1


def test_a_pasted_list_is_shown_understood_before_it_counts(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    pasted = f"Ann, +44 7700 900188;\u200f Noor Haddad\n{ward.number('ben')}, 12345678901234567, You"
    shown = check(phone, at, pasted=pasted)
    said = text(shown)
    assert ("5 members" in said, "2 unknown" in said, "1 has left" in said) == (True, True, True)
    assert "12345678901234567" in said
    assert "This was not understood" in said
    count(phone, at, shown)
    assert members(ward) == {*map(ward.number, ("ann", "ben", "dee")), "+447700900188", "name:noor haddad"}


def test_somebody_is_added_by_number(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    shown = check(phone, at, added="07700 900188")
    assert "+447700900188" in shown
    assert "5 members" in text(shown)
    count(phone, at, shown)
    assert "+447700900188" in members(ward)


def test_a_cut_list_says_so_and_has_no_button(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    shown = check(phone, at, pasted="Ann, Ben and 12 others")
    assert "The list is cut" in text(shown)
    assert "/count" not in shown


def test_nobody_is_no_list(phone: Caller, ward: Harness) -> None:
    assert "Nobody is in this list" in text(check(phone, path(ward), here=[]))


def test_what_is_longer_than_any_group_says_so(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    assert "longer than the list of any group" in text(check(phone, at, pasted="x" * 200_001))
    page = check(phone, at, pasted="x" * 1_100_000)
    assert "too long" in text(page)


def test_two_thousand_names_in_any_script_can_be_said(phone: Caller, ward: Harness) -> None:
    letters = [chr(0x905 + n) for n in range(13)]
    names = [f"{letters[n % 13]}{letters[n // 13 % 13]}{letters[n // 169]} देवी शर्मा" for n in range(1999)]
    at = path(ward)
    shown = check(phone, at, pasted="\n".join([*names, "You"]))
    assert "2,000 members" in text(shown)
    assert "Thank you" in text(count(phone, at, shown).text)
    assert len(members(ward)) == 2000
    again = check(phone, at)
    assert "2,000 members" in text(again)


@pytest.mark.parametrize("step", ["check", "count"])
def test_a_forged_form_changes_nothing(phone: Caller, ward: Harness, step: str) -> None:
    at = path(ward)
    shown = phone.get(at).text if step == "check" else check(phone, at)
    sent = fields(shown) | {"form_token": "forged"}
    page = phone.post(f"{at}/{step}", sent)
    assert "out of date" in text(page.text)
    assert members(ward) == set()


def test_what_was_not_shown_does_not_count(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    shown = check(phone, at)
    page = count(phone, at, shown, added="+447700900188")
    assert "out of date" in text(page.text)
    assert members(ward) == set()


def test_a_group_that_changed_meanwhile_is_shown_anew(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    shown = check(phone, at)
    ward.drop("ward-7", "ben")
    ward.inventory()
    page = count(phone, at, shown)
    assert "out of date" in text(page.text)
    assert len(fields(page.text)["here"]) == 3


def test_so_many_gone_at_once_are_asked_for_again(phone: Caller, ward: Harness) -> None:
    page = phone.get(f"{path(ward)}/thanks?again=1")
    assert "say the same once more" in text(page.text)


@pytest.mark.parametrize("after", ["", "/thanks"])
def test_wrong_old_and_revoked_links_are_plain_pages(phone: Caller, ward: Harness, after: str) -> None:
    at = path(ward)
    assert phone.get(f"/g/nothing{after}").status_code == 404
    ward.app.declaring.revoke("ward-7", ME, ward.now)
    page = phone.get(at + after)
    assert (page.status_code, "switched off" in text(page.text)) == (410, True)
    at = path(ward)
    ward.later(days=31)
    page = phone.get(at + after)
    assert (page.status_code, "too old" in text(page.text)) == (410, True)


def test_who_has_left_reads_so_in_their_language(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    ward.hire("dee", language="de")
    ward.leave("dee")
    ward.poll()
    page = phone.get(at)
    assert page.status_code == 410
    assert 'lang="de"' in page.text
    assert phone.post(f"{at}/count", {}, token="x").status_code in {303, 410}


def test_wrong_links_are_counted_and_a_right_one_works(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    assert {phone.get(f"/g/nothing{n}").status_code for n in range(31)} == {404, 429}
    assert phone.get(at).status_code == 200


def test_blanks_and_punctuation_behind_a_link_are_taken_off(phone: Caller, ward: Harness) -> None:
    assert phone.get(path(ward) + ").").status_code == 200


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_page_is_in_every_language(phone: Caller, ward: Harness, language: str) -> None:
    phone.language = language
    at = path(ward)
    pages = [phone.get(at).text]
    pages.append(check(phone, at, pasted="Ann, 12345678901234567, Noor, You, and 12 others"))
    pages.append(check(phone, at))
    pages.append(count(phone, at, pages[-1]).text)
    assert all(f'<html lang="{language}"' in page for page in pages)
    if language != "en":
        assert not [page for page in pages if "Yes, this is everybody" in page or "Thank you" in page]


def test_names_of_strangers_are_escaped(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    shown = check(phone, at, pasted="<b>Eve</b>, You")
    assert "<b>Eve" not in shown


def test_no_address_has_a_name_or_number(phone: Caller, ward: Harness) -> None:
    at = path(ward)
    thanks = count(phone, at, check(phone, at, added="Noor Haddad"))
    places = [str(one.url) for one in (*thanks.history, thanks)]
    assert not [place for place in places if "Noor" in place or "4477" in place or "dee" in place]


@company_fixture
def small() -> Harness:
    """Ward 7, whose roster was declared once, where two of four at once are too many to believe."""
    harness = Harness()
    harness.hire(*NAMES)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    add_declared(harness, GuardLimits(group_share_max=0.3, share_from=1))
    harness.settle()
    harness.later()
    phone = desk_of(harness)
    at = path(harness)
    shown = phone.post(f"{at}/check", fields(phone.get(at).text))
    phone.post(f"{at}/count", fields(shown.text))
    harness.later()
    return harness


def test_a_last_button_that_is_tapped_twice_says_nothing_once_more(small: Harness) -> None:
    phone, at = desk_of(small), path(small)
    form = fields(phone.get(at).text)
    shown = phone.post(f"{at}/check", form | {"here": form["here"][:2]})
    last = fields(shown.text)
    for _ in range(2):
        phone.last = shown
        small.later(seconds=0.2)
        asked = phone.post(f"{at}/count", last)
        assert "say the same once more" in asked.text
    assert len(members(small)) == 4
    shown = phone.post(f"{at}/check", fields(phone.get(at).text) | {"here": form["here"][:2]})
    small.later(seconds=5)
    thanked = phone.post(f"{at}/count", fields(shown.text))
    assert "Thank you." in thanked.text
    assert len(members(small)) == 2
