"""A search has an address: it can be reloaded, gone back to and shared, and no name is in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture


@company_fixture
def ward() -> Harness:
    harness = Harness()
    harness.hire("ann", "ben", "dee", "eve")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "viewer", "auditor")
    return caller


@pytest.mark.parametrize("path", ["/tickets", "/people", "/groups", "/messages", "/questions", "/audit"])
def test_a_search_leads_to_an_address_without_a_name_that_shows_the_same_again(
    desk: Caller, path: str
) -> None:
    desk.get(path)
    found = desk.post(path, {"text": "Annabel", "subject": "Annabel", "state": "all"})

    [sent] = found.history
    assert sent.status_code == 303
    assert urlsplit(str(found.url)).path == path
    assert "nnabel" not in str(found.url)
    again = desk.get(str(found.url))
    assert _fields(again.text) == _fields(found.text)
    assert path == "/questions" or "Annabel" in _fields(again.text).values()


def _fields(html: str) -> dict[str, str]:
    found = dict(re.findall(r'<input [^>]*name="(\w+)" value="([^"]*)"', html))
    found.pop("form_token")  # it differs each time
    return found


def test_a_search_for_nothing_is_the_list_itself(desk: Caller) -> None:
    desk.get("/people")
    assert urlsplit(str(desk.post("/people", {"text": " "[:0]}).url)).query == ""


@pytest.mark.parametrize("wrong", ["x", "AAAA", "é"])
def test_an_address_that_was_not_made_here_finds_nothing(desk: Caller, wrong: str) -> None:
    assert desk.get(f"/people?q={wrong}").status_code == 404


def test_one_list_s_search_is_no_other_s(desk: Caller) -> None:
    desk.get("/people")
    found = str(desk.post("/people", {"text": "Ann"}).url)
    assert desk.get(found.replace("/people", "/groups")).status_code == 404
