"""Lists, single reads, deleted items, groups and batches of the fake Graph."""

from datetime import timedelta

import pytest

from fakes.graph.faults import throttled
from fakes.graph.judge import ADVANCED, Judge
from fakes.graph.lab import FakeEntra
from fakes.graph.tenant import NEVER_SET

EVENTUAL = {"ConsistencyLevel": "eventual"}


def test_a_list_shows_null_for_what_was_never_set(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add(accountEnabled=NEVER_SET)
    page = judge.read("/users?$select=id,accountEnabled,businessPhones,mobilePhone,deletedDateTime")
    nothing = {"accountEnabled": None, "mobilePhone": None, "deletedDateTime": None}
    assert page["value"] == [{"id": user, "businessPhones": [], **nothing}]


def test_a_list_without_select_shows_the_default_properties(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add(department="Nursing")
    (item,) = judge.read("/users")["value"]
    assert set(item) == {
        *("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation"),
        *("preferredLanguage", "surname", "userPrincipalName", "id"),
    }


def test_a_list_is_paged_by_100_unless_top_says_otherwise(entra: FakeEntra, judge: Judge) -> None:
    ids = [entra.tenant.add() for _ in range(205)]
    entra.tenant.delete(ids.pop())
    assert len(judge.read("/users?$select=id")["value"]) == 100
    assert [item["id"] for item in judge.read_list("/users?$select=id")] == ids
    assert [item["id"] for item in judge.read_list("/users?$select=id&$top=50")] == ids
    assert len(judge.exchanges) == 1 + 3 + 5
    assert set(judge.exchanges[-1].body["value"][0]) == {"id"}


@pytest.mark.parametrize("top", ["0", "1000", "x", "-1"])
def test_a_page_has_1_to_999_people(judge: Judge, top: str) -> None:
    assert judge.error(f"/users?$top={top}") == (400, "Request_UnsupportedQuery")


def test_a_count_in_a_list_is_on_the_first_page_and_needs_the_header_on_each(
    entra: FakeEntra, judge: Judge
) -> None:
    for _ in range(3):
        entra.tenant.add()
    assert judge.error("/users?$count=true") == (400, "Request_UnsupportedQuery")
    page = judge.read("/users?$count=true&$top=2", **EVENTUAL)
    assert page["@odata.count"] == 3
    assert judge.error(page["@odata.nextLink"]) == (400, "Request_UnsupportedQuery")
    last = judge.read(page["@odata.nextLink"], **EVENTUAL)
    assert "@odata.count" not in last
    assert len(last["value"]) == 1


def test_the_count_is_a_text_and_counts_guests_and_not_the_deleted(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add(userType="Guest")
    entra.tenant.delete(entra.tenant.add())
    assert judge.error("/users/$count")[0] == 400
    answer = judge.get("/users/$count", **ADVANCED)
    assert (answer.text, answer.headers["Content-Type"]) == ("1", "text/plain")
    assert judge.get("/users/$count?$filter=userType eq 'Member'", **ADVANCED).text == "0"


def test_filters_of_the_small_subset_work(entra: FakeEntra, judge: Judge) -> None:
    a = entra.tenant.add()
    guest = entra.tenant.add(userType="Guest", accountEnabled=False)
    old = entra.tenant.add(userType=NEVER_SET)

    def found(text: str) -> list[str]:
        return [item["id"] for item in judge.read_list(f"/users?$select=id&$filter={text}")]

    assert found(f"id eq '{a}'") == [a]
    assert found(f"id in ('{guest}','{a}','nobody')") == [guest, a]
    assert found("userType eq 'guest'") == [guest]
    assert found("userType eq null") == [old]
    assert found("accountEnabled eq true and userType eq 'Member'") == [a]
    assert found(f"id eq '{a}' or id eq '{old}'") == [a, old]


@pytest.mark.parametrize(
    "text", ["startswith(displayName,'A')", "accountEnabled ne true", "shoeSize eq '9'", "id"]
)
def test_other_filters_are_refused(judge: Judge, text: str) -> None:
    assert judge.error(f"/users?$filter={text}") == (400, "Request_UnsupportedQuery")


def test_one_person_is_read_by_id_or_address_with_the_manager(entra: FakeEntra, judge: Judge) -> None:
    boss = entra.tenant.add(displayName="Amina Yusuf")
    user = entra.tenant.add(userPrincipalName="ben@corp.example", manager=boss)
    url = f"/users/{user}?$select=id,accountEnabled&$expand=manager($select=id)"
    item = judge.read(url)
    assert item.pop("@odata.context").endswith("/$metadata#users(id,accountEnabled)/$entity")
    manager = {"@odata.type": "#microsoft.graph.user", "id": boss}
    assert item == {"id": user, "accountEnabled": True, "manager": manager}
    assert judge.read("/users/Ben@corp.example?$select=id")["id"] == user
    assert judge.read(f"/users/{user}/manager?$select=id,displayName")["displayName"] == "Amina Yusuf"
    assert "manager" not in judge.read(f"/users/{boss}?$expand=manager")


def test_a_manager_who_was_deleted_is_no_manager(entra: FakeEntra, judge: Judge) -> None:
    boss = entra.tenant.add()
    user = entra.tenant.add(manager=boss)
    entra.tenant.delete(boss)
    assert judge.error(f"/users/{user}/manager") == (404, "Request_ResourceNotFound")


def test_who_is_deleted_or_unknown_is_404_with_the_documented_body(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    entra.tenant.delete(user)
    answer = judge.get(f"/users/{user}", client_request_id="11111111-2222-4333-8444-555555555555")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert error["code"] == "Request_ResourceNotFound"
    assert error["message"] == (
        f"Resource '{user}' does not exist or one of its queried reference-property objects are not present."
    )
    assert error["innerError"] == {
        "date": "2026-11-24T09:00:00Z",
        "request-id": answer.headers["request-id"],
        "client-request-id": "11111111-2222-4333-8444-555555555555",
    }


def test_an_address_goes_to_who_has_it_now(entra: FakeEntra, judge: Judge) -> None:
    first = entra.tenant.add(userPrincipalName="ben@corp.example")
    entra.tenant.change(first, userPrincipalName="ben.okafor@corp.example")
    assert judge.get("/users/ben@corp.example").status_code == 404
    second = entra.tenant.add(userPrincipalName="ben@corp.example")
    assert judge.read("/users/ben@corp.example")["id"] == second
    assert judge.read("/users/ben.okafor@corp.example")["id"] == first


# --- deleted items ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cast", ["microsoft.graph.user", "graph.user"])
def test_deleted_people_are_listed_under_the_cast(entra: FakeEntra, judge: Judge, cast: str) -> None:
    users = [entra.tenant.add() for _ in range(3)]
    for user in users:
        entra.tenant.advance(timedelta(hours=1))
        entra.tenant.delete(user)
    url = f"/directory/deletedItems/{cast}?$select=id,deletedDateTime&$top=2"
    items = judge.read_list(url)
    assert [item["id"] for item in items] == users
    assert items[0]["deletedDateTime"] == "2026-11-24T10:00:00Z"
    ordered = judge.read_list(f"{url}&$orderby=deletedDateTime desc&$count=true", **EVENTUAL)
    assert [item["id"] for item in ordered] == users[::-1]


def test_sorting_deleted_people_needs_a_count(judge: Judge) -> None:
    url = "/directory/deletedItems/microsoft.graph.user?$orderby=deletedDateTime"
    assert judge.error(url) == (400, "Request_UnsupportedQuery")


def test_deleted_items_without_the_cast_are_refused(judge: Judge) -> None:
    assert judge.error("/directory/deletedItems") == (400, "BadRequest")


def test_a_deleted_person_is_read_restored_or_purged_by_id(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add(displayName="Ben Okafor")
    assert judge.error(f"/directory/deletedItems/{user}") == (404, "Request_ResourceNotFound")
    entra.tenant.delete(user)
    item = judge.read(f"/directory/deletedItems/{user}")
    assert (item["displayName"], item["deletedDateTime"]) == ("Ben Okafor", "2026-11-24T09:00:00Z")
    assert judge.error(f"/directory/deletedItems/{user}/restore", "POST") == (
        403,
        "Authorization_RequestDenied",
    )

    judge.token = entra.token("User.ReadWrite.All")
    restored = judge.send("POST", f"/directory/deletedItems/{user}/restore")
    assert (restored.status_code, restored.json()["id"]) == (200, user)
    assert judge.read(f"/users/{user}")["id"] == user

    entra.tenant.delete(user)
    assert judge.send("DELETE", f"/directory/deletedItems/{user}").status_code == 204
    assert judge.get(f"/directory/deletedItems/{user}").status_code == 404
    assert judge.get(f"/users/{user}").status_code == 404


def test_the_clock_purges_after_thirty_days(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    entra.tenant.delete(user)
    entra.tenant.advance(timedelta(days=29, hours=23))
    assert judge.get(f"/directory/deletedItems/{user}").status_code == 200
    entra.tenant.advance(timedelta(hours=1))
    assert judge.get(f"/directory/deletedItems/{user}").status_code == 404
    with pytest.raises(KeyError):
        entra.tenant.restore(user)


# --- groups, organisation, batches ------------------------------------------------------------------------


def test_members_are_listed_with_those_of_groups_within_where_asked(entra: FakeEntra, judge: Judge) -> None:
    a, b, gone = (entra.tenant.add() for _ in range(3))
    inner = entra.tenant.add_group("Inner", b, gone)
    outer = entra.tenant.add_group("Outer", a, inner)
    entra.tenant.join(inner, outer)  # a circle
    entra.tenant.delete(gone)
    base = f"/groups/{outer}"
    assert judge.read(f"{base}?$select=id,displayName")["displayName"] == "Outer"
    assert judge.read_list(f"{base}/members/microsoft.graph.user?$select=id") == [{"id": a}]
    assert judge.read_list(f"{base}/transitiveMembers/microsoft.graph.user?$select=id&$top=1") == [
        {"id": a},
        {"id": b},
    ]
    kinds = [item["@odata.type"] for item in judge.read_list(f"{base}/members")]
    assert kinds == ["#microsoft.graph.user", "#microsoft.graph.group"]
    assert judge.get(f"{base}/transitiveMembers/microsoft.graph.user/$count", **ADVANCED).text == "2"
    entra.tenant.restore(gone)  # the membership was kept
    assert judge.get(f"{base}/transitiveMembers/microsoft.graph.user/$count", **ADVANCED).text == "3"
    entra.tenant.purge(gone)
    assert judge.get(f"{base}/transitiveMembers/microsoft.graph.user/$count", **ADVANCED).text == "2"


def test_an_unknown_group_is_404(judge: Judge) -> None:
    assert judge.error("/groups/nowhere") == (404, "Request_ResourceNotFound")
    assert judge.error("/groups/nowhere/transitiveMembers/microsoft.graph.user")[0] == 404


def test_groups_are_found_by_name(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add_group("Nurses")
    doctors = entra.tenant.add_group("Doctors")
    found = judge.read_list("/groups?$select=id&$filter=displayName eq 'Doctors'")
    assert found == [{"id": doctors}]


def test_the_organisation_needs_a_right_of_its_own(entra: FakeEntra, judge: Judge) -> None:
    assert judge.error("/organization") == (403, "Authorization_RequestDenied")
    judge.token = entra.token("Organization.Read.All")
    (item,) = judge.read("/organization")["value"]
    assert (item["id"], item["displayName"]) == (entra.tenant.id, "St Mary's")


def test_a_batch_answers_each_of_up_to_twenty_on_its_own(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    entra.graph.faults.add(throttled(7), path="*/users/later")
    asked = [
        {"id": "1", "method": "GET", "url": f"/users/{user}?$select=id"},
        {"id": "2", "method": "GET", "url": "/users/nobody"},
        {"id": "3", "method": "GET", "url": "/users/later"},
        {"id": "4", "method": "GET", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}},
    ]
    answers = judge.send("POST", "/$batch", {"requests": asked}).json()["responses"]
    assert [(each["id"], each["status"]) for each in answers] == [
        ("1", 200),
        ("2", 404),
        ("3", 429),
        ("4", 200),
    ]
    assert answers[0]["body"]["id"] == user
    assert answers[2]["headers"]["Retry-After"] == "7"
    assert answers[3]["body"] == "1"


@pytest.mark.parametrize("count", [0, 21])
def test_a_batch_of_none_or_of_more_than_twenty_is_refused(judge: Judge, count: int) -> None:
    asked = [{"id": str(number), "method": "GET", "url": "/users"} for number in range(count)]
    assert judge.error("/$batch", "POST", {"requests": asked}) == (400, "BadRequest")


def test_resource_units_are_counted_as_documented(entra: FakeEntra, judge: Judge) -> None:
    group = entra.tenant.add_group("Nurses")
    urls = ("/users", "/users?$select=id", "/users/delta?$select=id", f"/groups/{group}/transitiveMembers")
    costs = [int(judge.get(url).headers["x-ms-resource-unit"]) for url in urls]
    assert costs == [2, 1, 1, 5]
    assert entra.graph.units == 9


@pytest.mark.parametrize("properties", [{"nickName": "Ben"}, {"employeeId": "1" * 17}, {"id": "x"}])
def test_a_test_cannot_invent_properties_or_lengths(entra: FakeEntra, properties: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"property|characters"):
        entra.tenant.add(**properties)
