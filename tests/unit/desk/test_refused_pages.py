"""What is refused is said on a page in the reader's language, and to programs in JSON; links bent on the way work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from httpx2 import Response

from desk_caller import Caller, desk_of
from harness import Harness

LINES = ("%0A", "%0D%0A", "%20", "%09", "%C2%A0", "%E2%80%8B", "%E2%80%A8", "%20%0A%20")
MARKS = ("/", ".", ")", ">", "%3E", ",", ".%0A", "%22", "%E2%80%9D", ").")


@pytest.fixture(scope="module")
def desk() -> Iterator[Caller]:
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    made = desk_of(harness)
    made.language = "de"
    yield made
    harness.close()


def asked(desk: Caller, path: str, method: str = "GET", **headers: str) -> Response:
    return desk.client.request(
        method, path, headers={"Accept-Language": desk.language, **headers}, follow_redirects=False
    )


@pytest.mark.parametrize("behind", [*LINES, *MARKS])
def test_a_good_link_with_something_behind_it_leads_to_the_clean_one(desk: Caller, behind: str) -> None:
    link = desk.ticket()
    for path in (link, link.replace("/t/", "/me/")):
        answer = asked(desk, path + behind)

        assert (answer.status_code, answer.headers["location"]) == (307, path)
        assert asked(desk, answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "path, meant",
    [
        ("/tickets/T-000001%0A", "/tickets/T-000001"),
        ("/tickets%20?state=all", "/tickets?state=all"),
        ("/%20", "/"),
        ("/login/secret_-%20", "/login/secret_-"),
        ("/people/caf%C3%A9%20", "/people/caf%C3%A9"),
        ("/tickets/?state=all", "/tickets?state=all"),
        ("/login/secret_-/", "/login/secret_-"),
    ],
)
def test_any_page_s_address_is_tidied_and_keeps_its_query(desk: Caller, path: str, meant: str) -> None:
    assert asked(desk, path).headers["location"] == meant
    assert asked(desk, path, "HEAD").status_code == 307


@pytest.mark.parametrize("path", ["//evil.example%20", "/%5Cevil.example%20", "//evil.example/%0A"])
def test_tidying_leads_to_nobody_else(desk: Caller, path: str) -> None:
    answer = desk.client.build_request("GET", f"https://whosleft.example.org{path}")
    shown = desk.client.send(answer, follow_redirects=False)

    assert shown.status_code == 404


@pytest.mark.parametrize("path", ["/policies.", "/api/v1/tickets%20", "/api/v1/tickets%0A"])
def test_only_links_lose_marks_and_programs_are_sent_nowhere(desk: Caller, path: str) -> None:
    assert asked(desk, path).status_code in {401, 404}


REFUSED: tuple[tuple[str, str, dict[str, str], int, str], ...] = (
    ("GET", "/t/%FF%FE", {}, 404, "Dieser Link funktioniert nicht"),
    ("GET", "/%FF%FE", {}, 404, "Diese Seite gibt es nicht"),
    ("GET", "/t/a%0Ab", {}, 404, "Diese Seite gibt es nicht"),
    ("GET", "/nope", {}, 404, "Diese Seite gibt es nicht"),
    ("PUT", "/tickets", {}, 405, "Das hat nicht geklappt"),
    ("POST", "/t/x/done", {"Content-Length": "300000"}, 413, "Das ist zu lang"),
    ("POST", "/t/x/done", {"Sec-Fetch-Site": "cross-site"}, 403, "Das kam von einer anderen Website"),
)


@pytest.mark.parametrize("method, path, headers, status, title", REFUSED)
def test_a_refusal_is_a_page_in_the_reader_s_language(
    desk: Caller, method: str, path: str, headers: dict[str, str], status: int, title: str
) -> None:
    answer = asked(desk, path, method, **headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == "de"
    assert f"<h1>{title}" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert ("allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize("method, path, headers, status, title", REFUSED)
def test_the_same_is_json_for_programs(
    desk: Caller, method: str, path: str, headers: dict[str, str], status: int, title: str
) -> None:
    del title
    answer = asked(desk, f"/api/v1{path}", method, **headers)

    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code in {status, 404}, "the API has no such pages"
    assert set(answer.json()["error"]) == {"code", "message", "remedy"}


def test_a_form_of_too_many_fields_is_too_long(desk: Caller) -> None:
    many = "&".join(f"a{number}=1" for number in range(501))
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "de"}
    answer = desk.client.post("/t/x/done", content=many, headers=kind)
    assert answer.status_code == 413
    assert "Das ist zu lang" in answer.text


@pytest.mark.parametrize("path", ["/t/x/done", "/api/v1/tickets/T-000001/done"])
def test_a_body_that_grows_beyond_what_it_may_be_is_too_long_and_no_fault_of_ours(
    desk: Caller, path: str
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b"a" * 4096

    is_api = path.startswith("/api/")
    kind = "application/json" if is_api else "application/x-www-form-urlencoded"
    token = {"Authorization": "Bearer wl_x"} if is_api else {}
    answer = desk.client.post(
        path, content=endless(), headers={"Content-Type": kind, "Accept-Language": "de", **token}
    )

    assert answer.status_code == 413
    assert ("Das ist zu lang" in answer.text) is not is_api
