"""Microsoft's own SDK (msgraph-sdk) drives the fake: what it makes of the deltas must be what is true."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fakes.graph import faults
from fakes.graph.lab import FakeEntra
from openapi import wanted

# The SDK's own packages warn of one another when they are imported
pytestmark = pytest.mark.filterwarnings(
    "ignore:(GetQueryParameters|This class) is deprecated:DeprecationWarning"
)
NAMES = {  # the SDK's name -> Graph's
    "account_enabled": "accountEnabled",
    "user_type": "userType",
    "display_name": "displayName",
    "mobile_phone": "mobilePhone",
    "business_phones": "businessPhones",
    "department": "department",
    "employee_id": "employeeId",
    "employee_leave_date_time": "employeeLeaveDateTime",
}
SELECT = list(NAMES.values())
LEAVES = datetime(2026, 12, 31, tzinfo=UTC)


@pytest.fixture(scope="session")
def sdk() -> Any:
    return wanted("msgraph")


class View:
    """A client that keeps people by the SDK's delta: what it was told, and the link to go on from."""

    def __init__(self, entra: FakeEntra, roles: tuple[str, ...] = ()) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.link = ""
        self._entra = entra
        self._token = entra.token(*roles)

    def run(self, act: Callable[[Any], Awaitable[Any]]) -> Any:
        """Do one thing with a new client of the SDK, and close it."""
        authentication = wanted("kiota_abstractions.authentication.authentication_provider")
        token = self._token

        class Bearer(authentication.AuthenticationProvider):  # type: ignore[misc, name-defined]
            async def authenticate_request(self, request: Any, _: Any = None) -> None:
                request.headers.try_add("Authorization", f"Bearer {token}")

        async def whole() -> Any:
            async with wanted("httpx").AsyncClient(trust_env=False) as http:
                adapter = wanted("msgraph").GraphRequestAdapter(Bearer(), client=http)
                adapter.base_url = self._entra.graph_url + "/v1.0"
                return await act(wanted("msgraph").GraphServiceClient(request_adapter=adapter))

        return asyncio.run(whole())

    def sync(self) -> list[str]:
        """Read a round, from the link or from nothing; return the ids in the order of their telling."""
        return list(self.run(self._round))

    async def _round(self, client: Any) -> list[str]:
        delta = wanted("msgraph.generated.users.delta.delta_request_builder").DeltaRequestBuilder
        query = delta.DeltaRequestBuilderGetQueryParameters(select=["id", *SELECT])
        configuration = wanted("kiota_abstractions.base_request_configuration").RequestConfiguration
        told: list[str] = []
        page = await (
            client.users.delta.with_url(self.link).get()
            if self.link
            else client.users.delta.get(configuration(query_parameters=query))
        )
        while True:
            for user in page.value:
                told.append(user.id)
                self._take(user)
            if page.odata_delta_link:
                self.link = page.odata_delta_link
                return told
            page = await client.users.delta.with_url(page.odata_next_link).get()

    def _take(self, user: Any) -> None:
        self.people.pop(user.id, None)
        if "@removed" not in user.additional_data:
            self.people[user.id] = {name: getattr(user, name) for name in NAMES}


def truth(entra: FakeEntra) -> dict[str, dict[str, Any]]:
    """What is true, in the SDK's words: absent and null are one, instants are typed."""
    return {
        user_id: {
            python: datetime.fromisoformat(value)
            if (value := known.get(name)) and name.endswith("DateTime")
            else value
            for python, name in NAMES.items()
        }
        for user_id, known in entra.tenant.truth(*SELECT).items()
    }


@pytest.fixture
def view(entra: FakeEntra, sdk: Any) -> View:
    settings = entra.graph.delta.settings
    settings.page_size, settings.restores = 2, "always"
    return View(entra)


def test_its_view_is_the_truth_through_a_whole_history(entra: FakeEntra, view: View) -> None:
    tenant = entra.tenant
    a, b, c, d, e = (
        tenant.add(displayName=f"Person {number}", employeeId=str(number)) for number in range(5)
    )
    assert view.sync() == [a, b, c, d, e]
    assert view.people == truth(entra)

    tenant.change(a, department="Estates", businessPhones=["+44 1632 960000"], employeeLeaveDateTime=LEAVES)
    tenant.disable(b)
    tenant.delete(c)
    new = tenant.add(mobilePhone="+44 7700 900001", userType="Guest")
    assert set(view.sync()) == {a, b, c, new}
    assert view.people == truth(entra)
    assert view.people[a]["employee_leave_date_time"] == LEAVES

    tenant.restore(c)
    tenant.enable(b)
    tenant.change(a, department=None)
    tenant.delete(d)
    tenant.purge(d)
    assert set(view.sync()) == {a, b, c, d}
    assert view.people == truth(entra)
    assert view.sync() == []


@pytest.mark.parametrize("setting", [{"is_verbose": True}, {"replays": 3}, {"empty_pages": 2}])
def test_its_view_is_the_truth_however_the_service_tells_it(
    entra: FakeEntra, view: View, setting: dict[str, Any]
) -> None:
    for name, value in setting.items():
        setattr(entra.graph.delta.settings, name, value)
    users = [entra.tenant.add() for _ in range(5)]
    view.sync()
    for user in users[:3]:
        entra.tenant.disable(user)
        entra.tenant.delete(user)
    entra.tenant.restore(users[1])
    view.sync()
    assert view.people == truth(entra)


def test_it_is_told_of_a_reset_and_starts_again(entra: FakeEntra, view: View) -> None:
    kept, gone = entra.tenant.add(), entra.tenant.add()
    view.sync()
    entra.tenant.purge(gone)
    entra.graph.delta.reset()
    with pytest.raises(wanted("msgraph.generated.models.o_data_errors.o_data_error").ODataError) as raised:
        view.sync()
    assert raised.value.response_status_code == 410
    assert raised.value.error.code == "syncStateNotFound"
    assert raised.value.error.inner_error.request_id
    view.link = ""
    assert view.sync() == [kept]
    assert set(view.people) == {kept, gone}  # nothing tells of who went meanwhile: marking and sweeping does


def test_it_is_told_that_a_link_is_too_old(entra: FakeEntra, view: View) -> None:
    view.sync()
    entra.tenant.advance(timedelta(days=8))
    with pytest.raises(wanted("msgraph.generated.models.o_data_errors.o_data_error").ODataError) as raised:
        view.sync()
    assert (raised.value.response_status_code, raised.value.error.code) == (400, "syncStateNotFound")


def test_it_reads_people_managers_and_deleted_items(entra: FakeEntra, sdk: Any) -> None:
    boss = entra.tenant.add(displayName="Amina Yusuf")
    user = entra.tenant.add(manager=boss)
    gone = entra.tenant.add()
    entra.tenant.delete(gone)
    view = View(entra, ("User.ReadWrite.All",))

    async def look(client: Any) -> tuple[Any, ...]:
        return (
            await client.users.get(),
            await client.users.by_user_id(user).get(),
            await client.users.by_user_id(user).manager.get(),
            await client.directory.deleted_items.graph_user.get(),
            await client.directory.deleted_items.by_directory_object_id(gone).restore.post(),
        )

    listed, read, manager, deleted, restored = view.run(look)
    assert [each.id for each in listed.value] == [boss, user]
    assert read.id == user
    assert (type(manager).__name__, manager.display_name) == ("User", "Amina Yusuf")
    assert [each.id for each in deleted.value] == [gone]
    assert restored.id == gone
    assert entra.tenant.count == 3


def test_it_is_told_of_a_throttling_and_of_its_end(entra: FakeEntra, view: View) -> None:
    entra.tenant.add()
    entra.graph.faults.add(faults.throttled(0))
    with pytest.raises(wanted("msgraph.generated.models.o_data_errors.o_data_error").ODataError) as raised:
        view.sync()
    assert raised.value.response_status_code == 429
    assert len(view.sync()) == 1
