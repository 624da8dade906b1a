"""Links that open nothing, and what is around a nurse's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from wards import ward_with_a_leaver
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState


@company_fixture
def ward() -> Harness:
    return ward_with_a_leaver()


@pytest.fixture
def phone(ward: Harness) -> Caller:
    return desk_of(ward)


# --- links that open nothing ------------------------------------------------------------------------------


def test_a_dead_link_gets_a_page_that_helps(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    ward.assigned.revoke(1, Actor("sam"), ward.now)
    assert (phone.get(link).status_code, "switched off" in phone.get(link).text) == (410, True)

    second = phone.ticket(2)
    ward.desk.assign(2, "ben@corp.example", Actor("sam"), ward.now)
    assert (phone.get(second).status_code, "somebody else now" in phone.get(second).text) == (410, True)

    third = phone.ticket(2)
    ward.later(days=31)
    assert (phone.get(third).status_code, "too old" in phone.get(third).text) == (410, True)


def test_posting_to_a_dead_link_does_nothing(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    phone.get(link)
    ward.desk.assign(1, "ben@corp.example", Actor("sam"), ward.now)

    assert phone.post(f"{link}/done").status_code == 410
    assert ward.ticket().state is TicketState.OPEN


def test_thirty_wrong_links_in_a_minute_are_enough_and_a_right_one_is_never_refused(
    phone: Caller, ward: Harness
) -> None:
    statuses = [phone.get(f"/t/wrong{number}").status_code for number in range(30)]
    assert statuses == [404] * 30

    limited = phone.get("/me/wrong")

    assert limited.status_code == 429
    assert limited.headers["retry-after"] == "60"
    assert phone.get(phone.ticket()).status_code == 200
    assert phone.post(f"{phone.ticket()}/done").status_code == 200
    assert phone.sign_in("sam", "viewer").url.path == "/"
    ward.later(seconds=61)
    assert phone.get("/t/wrong").status_code == 404


def test_right_tokens_do_not_count(phone: Caller) -> None:
    assert {phone.get(phone.ticket()).status_code for _ in range(40)} == {200}


# --- around it --------------------------------------------------------------------------------------------


def test_a_page_that_is_not_there_helps_in_one_s_language(phone: Caller) -> None:
    phone.language = "de"

    page = phone.get("/t/a/b/c")

    assert page.status_code == 404
    assert 'lang="de"' in page.text


def test_a_name_that_no_file_can_have_is_not_there(phone: Caller) -> None:
    assert phone.client.get(f"/static/{'a' * 10_000}.css").status_code == 404
    assert phone.client.get(f"/static/{'a' * 254}.css").status_code == 404


@pytest.mark.parametrize("name", ["../app.py", "vendor/../../app.py", ".hidden", "desk.py", "", "vendor"])
def test_only_files_that_are_meant_to_be_are_served(phone: Caller, name: str) -> None:
    assert phone.client.get(f"/static/{name}").status_code == 404


def test_files_are_kept_for_ever_under_their_own_address(phone: Caller) -> None:
    page = phone.get(phone.ticket()).text
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = phone.client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert phone.client.get("/static/desk.css").headers["cache-control"] == "no-cache"


def test_a_long_body_is_refused_however_it_is_announced(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    phone.get(link)
    assert phone.post(f"{link}/answer", {"words": "x" * 200_000}).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(300):
            yield b"x" * 1000

    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    assert phone.client.post(f"{link}/done", content=pieces(), headers=sent).status_code == 413
    assert ward.ticket().state is TicketState.OPEN
