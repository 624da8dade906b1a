"""Pages that ask for themselves again: as they were asked for, and nothing is sent while nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from httpx2 import Response

from desk_caller import Caller, desk_of
from harness import Harness
from worker.domain.evidence.actor import Actor

PART = {"HX-Request": "true"}


@pytest.fixture
def ward() -> Iterator[Harness]:
    """Ann has left and is still in two of dee's groups; a storm of temps is held."""
    harness = Harness()
    temps = [f"temp{number:02d}" for number in range(30)]
    harness.hire("ann", "ben", "dee", *temps)
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    harness.group("hall", *temps, admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    harness.leave(*temps)
    harness.settle()
    yield harness
    harness.close()


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "viewer")
    return caller


def again(desk: Caller, path: str, tag: str = "") -> Response:
    return desk.get(path, **PART, **({"If-None-Match": tag} if tag else {}))


PAGES = ("/", "/tickets", "/tickets/T-000001", "/groups", "/people", "/plans", "/plans/P-000001", "/sources",
         "/exposed?part=asked")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_what_has_not_changed_is_not_sent_again(desk: Caller, path: str) -> None:
    page = desk.get(path)
    assert 'id="live" hx-get="' + path in page.text
    assert "etag" not in page.headers

    tag = again(desk, path).headers["etag"]

    same = again(desk, path, tag)
    assert (same.status_code, same.content, same.headers["etag"]) == (204, b"", tag)


def test_what_has_changed_is_sent(desk: Caller, ward: Harness) -> None:
    tag = again(desk, "/tickets/T-000001").headers["etag"]

    ward.desk.waive(1, Actor("kim"), "agreed", ward.now)

    assert "waived" in again(desk, "/tickets/T-000001", tag).text


def test_every_group_and_person_shows_what_changes(desk: Caller) -> None:
    for kind in ("groups", "people"):
        [path, *_] = re.findall(rf'href="(/{kind}/[\w-]{{20,}})"', desk.get(f"/{kind}").text)
        assert f'id="live" hx-get="{path}"' in desk.get(path).text


def test_a_search_is_asked_again_as_it_was(desk: Caller) -> None:
    desk.get("/tickets")
    page = desk.post("/tickets", {"text": "Ann", "state": "all"})

    [asked] = re.findall(r'hx-get="([^"]+)"', page.text)
    assert asked.startswith("/tickets?q=")
    tag = desk.get(asked, **PART).headers["etag"]
    assert desk.get(asked, **PART, **{"If-None-Match": tag}).status_code == 204


@pytest.mark.parametrize("path", ["/tickets/T-000001", "/plans/P-000001"])
def test_forms_are_not_in_what_is_renewed(ward: Harness, path: str) -> None:
    desk = desk_of(ward)
    desk.sign_in("sam", "approver")
    page = desk.get(path).text

    live = page.partition('id="live"')[2]
    assert "<form" in live
    assert "<form" not in live.partition("</section>" if "tickets" in path else "</div>")[0]


# --- the assignee's page ----------------------------------------------------------------------------------


def test_an_assignee_s_page_is_not_sent_again_until_it_has_changed(ward: Harness) -> None:
    phone = desk_of(ward)
    path = phone.ticket()
    tag = phone.get(path).headers["etag"]
    assert f'data-version="{tag.replace(chr(34), "&#34;")}"' in phone.get(path).text

    for _ in range(100):  # more than anybody may guess
        assert phone.get(path, **{"If-None-Match": tag}).status_code == 304
    ward.verify()
    assert phone.get(path, **{"If-None-Match": tag}).status_code == 304, "weighed, without a result"

    ward.desk.done(1, Actor("sam"), ward.now)
    changed = phone.get(path, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert "It is marked as done." in changed.text


def test_all_of_one_s_own_are_asked_again_too(ward: Harness) -> None:
    phone = desk_of(ward)
    mine = phone.ticket().replace("/t/", "/me/")
    tag = phone.get(mine).headers["etag"]
    assert phone.get(mine, **{"If-None-Match": tag}).status_code == 304

    ward.desk.waive(2, Actor("kim"), "agreed", ward.now)

    assert phone.get(mine, **{"If-None-Match": tag}).status_code == 200
