"""Every address of the desk, by whoever may not use it: nothing is shown and nothing is done."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.routing import Route

from desk_caller import Caller, desk_of
from harness import Harness
from worker.domain.model import Member

PUBLIC = {
    "/t/{token}", "/t/{token}/done", "/t/{token}/answer", "/t/{token}/roster", "/t/{token}/undo", "/me/{token}",
    "/t/{token}/statements", "/t/{token}/review", "/t/{token}/outcome",
    "/t/{token}/conversations", "/t/{token}/seal",
    "/r/{token}", "/r/outcome", "/r/outcome/{receipt}", "/r/outcome/{receipt}/confirm",
    "/me/{token}/done",
    "/me/{token}/undo", "/login", "/login/start", "/login/callback", "/login/{secret}", "/logout", "/language",
    "/static/{name:path}", "/g/{token}", "/g/{token}/thanks", "/g/{token}/check", "/g/{token}/export",
    "/g/{token}/count", "/h/{token}", "/h/{token}/take", "/good-group", "/c/{token}",
}  # fmt: skip
ACTS = {
    "/tickets/{label}/link": {"operator", "approver"},
    "/tickets/{label}/act": {"operator", "approver"},
    "/tickets/{label}/seal": {"operator", "approver"},
    "/tickets/together": {"operator", "approver"},
    "/groups/{ref}/pair": {"operator", "approver"},
    "/questions/together": {"operator", "approver"},
    "/questions/{ref}": {"operator", "approver"},
    "/messages/{label}/{act}": {"operator", "approver"},
    "/census/link": {"operator", "approver"},
    "/census/{label}/decide": {"operator", "approver"},
    "/silences/new": {"operator", "approver"},
    "/silences/{label}/end": {"operator", "approver"},
    "/tickets/{label}/hold": {"approver"},
    "/plans/{label}/decide": {"approver"},
    "/audit": {"auditor"},
    "/audit/export": {"auditor"},
}
EVERYBODY = {"viewer", "operator", "approver", "auditor"}
SECRETS = ("Ann", "Ward 7", "+4477", "corp.example", "30 people")


@pytest.fixture(scope="module")
def ward() -> Iterator[Harness]:
    harness = Harness()
    temps = [f"temp{number:02d}" for number in range(30)]
    harness.hire("ann", "ben", "dee", *temps)
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.group("hall", *temps, admins=["dee"])
    harness.wards.add_member("ward-7", Member("+447700900777", "T", phone="+447700900777"))
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    harness.later(hours=30)
    harness.leave(*temps)
    harness.settle()
    yield harness
    harness.close()


@pytest.fixture(scope="module")
def addresses(ward: Harness) -> list[tuple[str, str, str]]:
    """(route, method, address) of all that takes a session."""
    seer = desk_of(ward)
    seer.sign_in("kim", "approver")
    refs = {
        kind: re.findall(rf"/{kind}/([\w-]{{20,}})", seer.get(f"/{kind}").text)[0]
        for kind in ("people", "groups", "questions")
    }
    found = []
    for route in seer.app.routes:
        if isinstance(route, Route) and route.path not in PUBLIC:
            values = {
                "{act}": "waive",
                "{name}": "corp",
                "{control}": "people.leaver",
                "{label}": "P-000001" if "plans" in route.path else "T-000001",
                "{ref}": refs.get(route.path.split("/")[1], ""),
            }
            address = route.path
            for place, value in values.items():
                address = address.replace(place, value)
            found += [(route.path, method, address) for method in (route.methods or set()) - {"HEAD"}]
    return found


def _call(desk: Caller, method: str, address: str, *, token: str | None = None) -> tuple[int, str]:
    desk.client.follow_redirects = False
    fields = {"reason": "r", "verdict": "release", "answer": "nobody"}
    answer = desk.get(address) if method == "GET" else desk.post(address, fields, token=token)
    return answer.status_code, answer.text


def test_there_are_as_many_addresses_as_there_were(addresses: list[tuple[str, str, str]]) -> None:
    assert len(addresses) == 49, "a new one belongs into ACTS if not everybody may use it"


def test_without_a_session_nothing_is_shown_or_done(
    ward: Harness, addresses: list[tuple[str, str, str]]
) -> None:
    before = (ward.tickets(), ward.plans())
    for _, method, address in addresses:
        desk = desk_of(ward)
        desk.get("/login")
        status, text = _call(desk, method, address)
        assert status == (303 if method == "GET" else 403), address
        assert not any(secret in text for secret in SECRETS), address
    assert (ward.tickets(), ward.plans()) == before


@pytest.mark.parametrize("role", ["janitor", *sorted(EVERYBODY)])
def test_each_role_may_what_the_table_says(
    ward: Harness, addresses: list[tuple[str, str, str]], role: str
) -> None:
    before = (ward.tickets(), ward.plans())
    desk = desk_of(ward)
    desk.sign_in(role, role)
    for route, method, address in addresses:
        status, text = _call(desk, method, address, token="x.y")  # of no form of ours, so nothing is done
        may = role in ACTS.get(route, EVERYBODY)
        said = "This page was too old" if may else "Your role does not include it"
        if method == "POST":
            assert (status, said in text) == (403, True), (role, address)
        else:
            assert status == (200 if may else 403), (role, address)
        if not may:
            assert not any(secret in text for secret in SECRETS), (role, address)
    assert (ward.tickets(), ward.plans()) == before
