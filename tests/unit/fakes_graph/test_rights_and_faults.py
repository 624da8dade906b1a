"""Rights, tokens that are refused, and every fault that can be ordered, of the fake Graph."""

import base64
import json
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.judge import SELECT, Judge
from fakes.graph.lab import FakeEntra

DELTA = "/users/delta?$select=id,accountEnabled,displayName"


def test_without_user_read_all_everything_about_people_is_refused(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    judge.token = entra.token("GroupMember.Read.All")
    for url in (DELTA, "/users", f"/users/{user}", "/directory/deletedItems/microsoft.graph.user"):
        assert judge.error(url) == (403, "Authorization_RequestDenied")


def test_members_need_a_right_of_their_own(entra: FakeEntra, judge: Judge) -> None:
    group = entra.tenant.add_group("Nurses")
    judge.token = entra.token("User.Read.All")
    assert judge.error(f"/groups/{group}") == (403, "Authorization_RequestDenied")


def test_the_leave_date_without_its_right_is_refused(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add(employeeLeaveDateTime="2026-12-31T00:00:00Z")
    judge.token = entra.token("User.Read.All")
    assert judge.error(f"/users/delta?$select={SELECT}") == (403, "Authorization_RequestDenied")
    assert judge.error("/users?$top=1&$select=id,employeeLeaveDateTime")[0] == 403
    assert judge.get(DELTA).status_code == 200


def test_the_leave_date_without_its_right_may_be_absent_instead(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.leave_date = "absent"
    entra.tenant.add(employeeLeaveDateTime="2026-12-31T00:00:00Z")
    assert "employeeLeaveDateTime" in judge.read_round().items[0]
    judge.token = entra.token("User.Read.All")
    assert "employeeLeaveDateTime" not in judge.read_round().items[0]
    (item,) = judge.read("/users?$top=1&$select=id,employeeLeaveDateTime")["value"]
    assert "employeeLeaveDateTime" not in item


@pytest.mark.parametrize("token", ["", "not.a.token", "x"])
def test_a_token_that_is_none_of_ours_is_401(judge: Judge, token: str) -> None:
    judge.token = token
    answer = judge.get("/users")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_was_touched_is_401(entra: FakeEntra, judge: Judge) -> None:
    head, payload, signature = judge.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    more = json.dumps({**claims, "roles": ["Directory.Read.All"]}).encode()
    judge.token = f"{head}.{base64.urlsafe_b64encode(more).decode().rstrip('=')}.{signature}"
    assert judge.get("/users").status_code == 401


def test_an_expired_token_is_401(entra: FakeEntra, judge: Judge) -> None:
    now = entra.tokens.clock()
    entra.tokens.clock = lambda: now + timedelta(hours=2)
    assert judge.get("/users").status_code == 401


def test_a_revoked_token_is_challenged_where_the_client_can_answer(entra: FakeEntra, judge: Judge) -> None:
    capable = {"access_token": {"xms_cc": {"values": ["cp1"]}}}
    judge.token = entra.tokens.mint("User.Read.All", claims=capable)
    entra.tokens.revoke()
    header = judge.get("/users").headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in header
    encoded = header.partition('claims="')[2].partition('"')[0]
    assert "nbf" in json.loads(base64.b64decode(encoded))["access_token"]
    judge.token = entra.token()
    assert judge.get("/users").status_code == 200


def test_a_revoked_token_of_another_client_is_plain_401(entra: FakeEntra, judge: Judge) -> None:
    entra.tokens.revoke()
    assert "claims" not in judge.get("/users").headers["WWW-Authenticate"]


def test_every_answer_has_graph_s_headers(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.clock_ahead_s = 90
    for url in ("/users", "/users/nobody", "/nowhere"):
        headers = judge.get(url, client_request_id="a-b-c").headers
        assert headers["client-request-id"] == "a-b-c"
        assert len(headers["request-id"]) == 36
        assert "ServerInfo" in json.loads(headers["x-ms-ags-diagnostic"])
        at = parsedate_to_datetime(headers["Date"])
        assert at == entra.tenant.now + timedelta(seconds=90)


def test_the_log_has_every_request_with_what_was_sent(entra: FakeEntra, judge: Judge) -> None:
    judge.get("/users?$select=id,mail", x_ms_throttle_priority="low")
    judge.send("POST", "/$batch", {"requests": []})
    first, second = entra.graph.log
    assert (first.method, first.path, first.query) == ("GET", "/v1.0/users", {"$select": "id,mail"})
    assert (first.headers["x-ms-throttle-priority"], first.status, first.body_size) == ("low", 200, 0)
    assert (second.method, second.status, second.body_size) == ("POST", 400, 16)
    assert entra.graph.seen("batch") == [second]


@pytest.mark.parametrize("share, told", [(0.8, None), (0.81, "0.81"), (1.8, "1.8")])
def test_how_near_the_limit_is_is_told_above_eighty_percent_of_it(
    entra: FakeEntra, judge: Judge, share: float, told: str | None
) -> None:
    entra.graph.limit_share = share
    assert judge.get(DELTA).headers.get("x-ms-throttle-limit-percentage") == told


def test_subscriptions_are_not_counted_in_resource_units(entra: FakeEntra, judge: Judge) -> None:
    assert "x-ms-resource-unit" not in judge.get("/subscriptions").headers
    assert entra.graph.units == 0


def test_429_says_whose_limit_it_was_and_which(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.faults.add(faults.throttled(1))
    headers = judge.get(DELTA).headers
    scope = f"Tenant_Application/ReadWrite/{entra.credentials['client_id']}/{entra.tenant.id}"
    assert headers["x-ms-throttle-scope"] == scope
    assert headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"


# --- faults -----------------------------------------------------------------------------------------------


def test_a_rule_skips_hits_so_many_and_is_over(entra: FakeEntra, judge: Judge) -> None:
    rule = entra.graph.faults.add(faults.throttled(1), path="*/users/delta*", skip=1, times=2)
    assert [judge.get(DELTA).status_code for _ in range(5)] == [200, 429, 429, 200, 200]
    assert judge.get("/users").status_code == 200
    assert rule.hits == 2


def test_rules_without_an_end_last_until_they_are_removed(entra: FakeEntra, judge: Judge) -> None:
    rule = entra.graph.faults.add(faults.server_error(), times=None, where=lambda r: "$top" in r.query)
    assert [judge.get(url).status_code for url in ("/users", "/users?$top=1", "/users?$top=2")] == [
        200,
        500,
        500,
    ]
    entra.graph.faults.remove(rule)
    assert judge.get("/users?$top=1").status_code == 200


@pytest.mark.parametrize(
    "fault, status, code, header",
    [
        (faults.throttled(17), 429, "TooManyRequests", "17"),
        (faults.throttled("Tue, 24 Nov 2026 09:01:00 GMT"), 429, "TooManyRequests", "Tue, 24 Nov 2026 09:01:00 GMT"),
        (faults.throttled(), 429, "TooManyRequests", None),
        (faults.throttled(0, status=503), 503, "TooManyRequests", "0"),
        (faults.server_error(), 500, "InternalServerError", None),
        (faults.server_error(502), 502, "BadGateway", None),
        (faults.server_error(504), 504, "GatewayTimeout", None),
        (faults.denied(), 403, "Authorization_RequestDenied", None),
        (faults.not_found("x"), 404, "Request_ResourceNotFound", None),
        (faults.gone(), 410, "syncStateNotFound", None),
        (faults.gone(code="resyncRequired"), 410, "resyncRequired", None),
        (faults.sync_state_not_found(), 400, "syncStateNotFound", None),
        (faults.sync_state_not_found("SyncStateNotFound", 404), 404, "SyncStateNotFound", None),
        (faults.page_token_expired(), 400, "Directory_ExpiredPageToken", None),
        (faults.unauthorized(), 401, "InvalidAuthenticationToken", None),
        (Fault(418, "Teapot", "Short and stout."), 418, "Teapot", None),
    ],
)  # fmt: skip
def test_a_refusal_has_its_status_code_and_retry_after(
    entra: FakeEntra, judge: Judge, fault: Fault, status: int, code: str, header: str | None
) -> None:
    entra.graph.faults.add(fault)
    answer = judge.get(DELTA)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("Retry-After") == header
    assert judge.get(DELTA).status_code == 200


def test_a_gateway_answers_503_with_a_page_and_closes(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.faults.add(faults.unavailable(retry_after=3))
    answer = judge.get(DELTA)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")
    assert answer.headers["Retry-After"] == "3"
    assert judge.get(DELTA).status_code == 200
    assert [line.request.connection for line in entra.graph.log] == [1, 2]


def test_good_answers_keep_the_connection(entra: FakeEntra, judge: Judge) -> None:
    for _ in range(3):
        judge.get(DELTA)
    assert entra.graph.connections == 1


def test_410_names_a_location(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.faults.add(faults.gone("https://graph.attacker.example/v1.0/users/delta?$deltatoken="))
    assert judge.get(DELTA).headers["Location"].startswith("https://graph.attacker.example/")


def test_a_claims_challenge_can_be_ordered(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.faults.add(faults.claims_challenge('{"access_token":{}}'))
    header = judge.get(DELTA).headers["WWW-Authenticate"]
    assert base64.b64encode(b'{"access_token":{}}').decode() in header


@pytest.mark.parametrize(
    "fault", [faults.cut_body(), faults.cut_body(reset=True), faults.cut_body(0.0), faults.dropped()]
)
def test_a_connection_may_end_in_the_middle(entra: FakeEntra, judge: Judge, fault: Fault) -> None:
    entra.tenant.add()
    entra.graph.faults.add(fault)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        judge.get(DELTA)
    assert judge.get(DELTA).status_code == 200


def test_a_truncated_answer_has_a_length_that_fits(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add()
    entra.graph.faults.add(faults.truncated())
    answer = requests.get(
        f"{entra.graph_url}/v1.0{DELTA}", headers={"Authorization": f"Bearer {judge.token}"}, timeout=10
    )
    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["Content-Length"])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def test_a_slow_answer_comes_late_and_does_not_hold_up_the_end(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.faults.add(faults.slow(60))
    with pytest.raises(requests.Timeout):
        judge.session.get(f"{entra.graph_url}/v1.0/users", timeout=0.05)


def edited(entra: FakeEntra, judge: Judge, fault: Fault, url: str = DELTA) -> dict[str, Any]:
    entra.graph.faults.add(fault)
    return judge.read(url)


def test_links_may_point_to_another_host(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add()
    entra.tenant.add()
    assert edited(entra, judge, faults.foreign_links("evil.example"))["@odata.deltaLink"].startswith(
        "http://evil.example/v1.0/users/delta?$deltatoken="
    )
    entra.graph.delta.settings.page_size = 1
    page = edited(entra, judge, faults.foreign_links("evil.example"))
    assert page["@odata.nextLink"].startswith("http://evil.example/")


def test_an_answer_may_lack_links_or_people(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add()
    assert set(edited(entra, judge, faults.without_links())) == {"@odata.context", "value"}
    assert "value" not in edited(entra, judge, faults.without("value"))


def test_a_round_may_be_empty_or_have_fewer_people(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.delta.settings.page_size = 50
    for _ in range(200):
        entra.tenant.add()
    rule = entra.graph.faults.add(faults.no_people(), path="*/users/delta*", times=None)
    empty = judge.read_round()
    assert (empty.ids, len(empty.pages)) == ([], 4)
    entra.graph.faults.remove(rule)
    entra.graph.faults.add(faults.fewer_people(0.4), path="*/users/delta*", times=None)
    left = judge.read_round().ids
    assert 100 <= len(left) <= 140
    assert judge.read_round().ids == left
    assert len(judge.read_list("/users?$select=id")) == 200


def test_properties_may_be_null_for_everybody(entra: FakeEntra, judge: Judge) -> None:
    gone, user = entra.tenant.add(), entra.tenant.add()
    link = judge.read_round().delta_link
    entra.tenant.delete(gone)
    entra.tenant.change(user, displayName="Somebody else")
    entra.graph.faults.add(faults.limited_info("accountEnabled"), times=2)
    removed, item = judge.read_round(link).items
    assert removed == {"id": gone, "@removed": {"reason": "changed"}}
    assert (item["accountEnabled"], item["displayName"]) == (None, "Somebody else")
    assert judge.read(f"/users/{user}?$select=id,accountEnabled")["accountEnabled"] is None


def test_limited_info_without_names_leaves_the_id_alone(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    assert edited(entra, judge, faults.limited_info())["value"] == [
        {"id": user, "accountEnabled": None, "displayName": None}
    ]


def test_nothing_is_left_of_a_lab_whose_clients_stayed(lab_folder: Any) -> None:

    before = threading.active_count()
    with requests.Session() as session:
        with FakeEntra(lab_folder) as entra:
            session.headers["Authorization"] = f"Bearer {entra.token()}"
            assert session.get(f"{entra.graph_url}/v1.0/users", timeout=10).status_code == 200
            url = f"{entra.authority}/v2.0/.well-known/openid-configuration"
            assert session.get(url, verify=str(entra.ca_file), timeout=10).status_code == 200
        assert threading.active_count() == before


def test_graph_speaks_tls_where_asked(lab_folder: Any) -> None:
    with FakeEntra(lab_folder, is_secure=True) as entra, Judge(entra.graph_url, entra.token()) as judge:
        judge.session.verify = str(entra.ca_file)
        entra.tenant.add()
        assert entra.graph_url.startswith("https://")
        assert judge.read_round().delta_link.startswith(entra.graph_url)
        entra.graph.faults.add(faults.cut_body(reset=True))
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            judge.get(DELTA)
        assert judge.get(DELTA).status_code == 200
