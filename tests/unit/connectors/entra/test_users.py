"""What is asked of Graph about users: links that lead nowhere or in circles, and refusals that say what to mend."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.directory.entra.connector import EntraDirectory
from contracts.directory_world import read_pass, read_until_error
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.http import Request
from fakes.graph.setup import Lab
from worker.ports import (
    BadConfig,
    ConnectorError,
    CursorExpired,
    Incomplete,
    PassEnd,
    PermissionDenied,
    Rejected,
)

NEXT, DELTA_LINK = "@odata.nextLink", "@odata.deltaLink"
DELTA, USERS, MEMBERS = "*/users/delta", "*/users", "*/transitiveMembers/*"
DELETED = "*/deletedItems/*"
EXPIRED = "Token not found: token is either invalid or expired."
Json = dict[str, Any]


def refusal(directory: EntraDirectory, cursor: str | None = None, *, full: bool = False) -> ConnectorError:
    items, error = read_until_error(directory, cursor, full=full)
    assert error is not None
    assert not any(isinstance(item, PassEnd) for item in items)
    return error


def linked(name: str, link: Any) -> Fault:
    """A page whose only link is this one."""

    def edit(page: Json) -> Json:
        return {**{key: value for key, value in page.items() if key not in {NEXT, DELTA_LINK}}, name: link}

    return Fault(edit=edit)


def is_list(request: Request) -> bool:
    """And not the look at one user that shows whether leave dates can be read."""
    return request.query.get("$top") != "1"


# --- links ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [DELTA, USERS, MEMBERS])
@pytest.mark.parametrize("link", [5, 1.5, True, ["x"], {"a": 1}, [], {}, "", 0, False])
def test_a_link_that_is_no_text_proves_nothing(lab: Lab, path: str, link: Any) -> None:
    ann = lab.tenant.add()
    cursor = lab.first()[1].end.cursor
    directory = lab.directory(scope={"groups": [lab.tenant.add_group("staff", ann)]})
    lab.entra.graph.faults.add(linked(NEXT, link), path=path, where=is_list)

    error = refusal(directory, cursor if path == USERS else None, full=path == USERS)

    assert isinstance(error, Incomplete)
    assert error.message.startswith("Graph's link to more of ")


@pytest.mark.parametrize("link", [5, ["x"], "", None])
def test_the_end_of_a_round_is_a_text(lab: Lab, link: Any) -> None:
    lab.tenant.add()
    lab.entra.graph.faults.add(linked(DELTA_LINK, link), path=DELTA)

    assert isinstance(refusal(lab.directory()), Incomplete)


@pytest.mark.parametrize(
    "tail", ["x" * 70_000, "\x00", "\n", "\ud800", "?$top=" + "9" * 5000], ids=lambda tail: repr(tail[:9])
)
@pytest.mark.parametrize("path", [DELTA, USERS])
def test_a_link_that_is_no_address_is_not_followed(lab: Lab, path: str, tail: str) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    fault = linked(NEXT, f"{lab.entra.graph_url}/v1.0/users{tail}")
    lab.entra.graph.faults.add(fault, path=path, where=is_list)
    asked = len(lab.entra.graph.log)

    error = refusal(directory, first.end.cursor if path == USERS else None, full=path == USERS)

    assert isinstance(error, Incomplete)
    assert len(lab.entra.graph.log) - asked <= 3


@pytest.mark.parametrize("path", [DELTA, USERS, MEMBERS])
@pytest.mark.parametrize("turns", [1, 2], ids=["to itself", "back and forth"])
def test_links_that_lead_in_a_circle_end_the_pass(lab: Lab, path: str, turns: int) -> None:
    ann = lab.tenant.add()
    cursor = lab.first()[1].end.cursor
    directory = lab.directory(scope={"groups": [lab.tenant.add_group("staff", ann)]})
    asked: list[str] = []

    def where(request: Request) -> bool:
        if not is_list(request):
            return False
        asked.append(request.path)
        return True

    def edit(page: Json) -> Json:
        link = f"{lab.entra.graph_url}{asked[0]}?turn={len(asked) % turns}"
        return {"value": page["value"], NEXT: link}

    lab.entra.graph.faults.add(Fault(edit=edit), path=path, where=where, times=50)

    error = refusal(directory, cursor if path == USERS else None, full=path == USERS)

    assert isinstance(error, Incomplete)
    assert "a second time" in error.message
    assert len(asked) == turns + 1


def test_a_page_that_leads_to_its_own_address_ends_the_pass(lab: Lab) -> None:
    lab.tenant.add()
    asked: list[str] = []

    def where(request: Request) -> bool:
        asked.append(lab.entra.graph_url + request.target)
        return True

    fault = Fault(edit=lambda page: {"value": page["value"], NEXT: asked[-1]})
    lab.entra.graph.faults.add(fault, path=DELTA, where=where, times=50)

    assert isinstance(refusal(lab.directory()), Incomplete)
    assert len(asked) == 1


# --- stored links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault(400, "Request_BadRequest", EXPIRED),
        Fault(400, "BadRequest", "Badly formed token."),
        Fault(400, "InvalidDeltaToken", ""),
        Fault(400, "", ""),
        Fault(404, "Request_ResourceNotFound", "x"),
        Fault(404, "", ""),
    ],
)
def test_a_stored_link_that_is_refused_begins_anew(lab: Lab, fault: Fault) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.faults.add(fault, path=DELTA)

    error = refusal(directory, first.end.cursor)

    assert isinstance(error, CursorExpired)
    assert f"answered {fault.status}" in error.message


@pytest.mark.parametrize("status, kind", [(400, Rejected), (404, Rejected)])
def test_the_first_address_of_a_round_has_no_token_that_could_have_expired(
    lab: Lab, status: int, kind: type[ConnectorError]
) -> None:
    lab.entra.graph.faults.add(Fault(status, "BadRequest", EXPIRED), path=DELTA)

    assert isinstance(refusal(lab.directory()), kind)


def test_a_refused_page_in_the_middle_begins_anew(lab: Lab) -> None:
    for _ in range(3):
        lab.tenant.add()
    lab.entra.graph.delta.settings.page_size = 1
    lab.entra.graph.faults.add(Fault(400, "Request_BadRequest", EXPIRED), path=DELTA, skip=1)

    assert isinstance(refusal(lab.directory()), CursorExpired)


@pytest.mark.parametrize("status", [401, 403, 409])
def test_other_refusals_of_a_stored_link_say_nothing_of_the_link(lab: Lab, status: int) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.faults.add(Fault(status, "Forbidden", EXPIRED), path=DELTA, times=None)

    assert not isinstance(refusal(directory, first.end.cursor), CursorExpired)


# --- answers about somebody else -------------------------------------------------------------------------


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_answer_about_another_user_proves_nothing_of_the_one_asked_for(lab: Lab, is_deleted: bool) -> None:
    ann, ben = lab.tenant.add(), lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.change(ann, jobTitle="Nurse")
    if is_deleted:
        lab.tenant.delete(ann)
    lab.tenant.advance(timedelta(minutes=1))
    other = Fault(edit=lambda user: {**user, "id": ben, "displayName": "Ben", "accountEnabled": False})
    lab.entra.graph.faults.add(other, path=f"*/{ann}", times=None)

    error = refusal(directory, first.end.cursor)
    with pytest.raises(Incomplete) as raised:
        directory.look_up(ann)

    assert isinstance(error, Incomplete)
    assert error.message == f"{raised.value.message} The user is {ann}."
    assert "about another user" in error.message


@pytest.mark.parametrize(
    "said", [{"value": None}, {"value": ["a"]}, {"value": {"employeeLeaveDateTime": None}}, {}]
)
def test_an_odd_answer_to_the_look_for_leave_dates_says_nothing_of_permissions(lab: Lab, said: Json) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.change(next(iter(first.people)), jobTitle="Nurse")
    lab.tenant.advance(timedelta(minutes=1))
    odd = Fault(edit=lambda page: said)
    lab.entra.graph.faults.add(odd, path=USERS, where=lambda one: not is_list(one), times=None)

    errors = [refusal(lab.directory()), refusal(directory, first.end.cursor)]

    assert [type(one) for one in errors] == [Incomplete, Incomplete]
    assert {one.message for one in errors} == {"Graph's answer for a leave date has no list."}
    assert lab.directory().check().message == errors[0].message


# --- rights ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [None, False, True], ids=["first", "delta", "night"])
def test_who_may_not_read_users_is_told_which_permission_to_grant(lab: Lab, full: bool | None) -> None:
    lab.tenant.add()
    directory, first = lab.first(attributes={"leave_date": None})
    lab.entra.graph.faults.add(faults.denied(), times=None)

    error = refusal(directory, None if full is None else first.end.cursor, full=full is True)

    assert isinstance(error, PermissionDenied)
    assert error.missing == "User.Read.All"
    assert error.remedy.startswith("Grant the application permission User.Read.All and consent to it")


def test_who_may_not_read_groups_is_told_the_permission_for_groups(lab: Lab) -> None:
    group = lab.tenant.add_group("staff", lab.tenant.add())
    lab.entra.graph.faults.add(faults.denied(), path=MEMBERS)

    error = refusal(lab.directory(scope={"groups": [group]}))

    assert isinstance(error, PermissionDenied)
    assert error.missing == "GroupMember.Read.All"
    assert error.remedy.startswith("Grant the application permission GroupMember.Read.All and consent to it")
    assert error.remedy.endswith("Without scope.groups it is not needed.")
    assert "User.Read.All" not in error.remedy


# --- groups ---------------------------------------------------------------------------------------------


def test_an_empty_group_puts_nobody_out_of_scope(lab: Lab) -> None:
    ann = lab.tenant.add()
    staff, empty = lab.tenant.add_group("staff", ann), lab.tenant.add_group("empty")
    scope = {"groups": [staff, empty]}

    error = refusal(lab.directory(scope=scope))
    checked = lab.directory(scope=scope).check()

    assert isinstance(error, Incomplete)
    assert error.message == f"Graph lists nobody in group {empty} of scope.groups."
    assert "take it out of scope.groups" in error.remedy
    assert (checked.ok, checked.message) == (False, error.message)


def test_a_group_whose_last_member_goes_puts_nobody_out_of_scope(lab: Lab) -> None:
    ann = lab.tenant.add()
    staff = lab.tenant.add_group("staff", ann)
    directory, first = lab.first(scope={"groups": [staff]})
    lab.tenant.leave(staff, ann)
    lab.tenant.change(ann, jobTitle="Nurse")
    lab.tenant.advance(timedelta(minutes=1))

    assert isinstance(refusal(directory, first.end.cursor), Incomplete)


def test_a_group_that_is_not_there_is_a_matter_of_the_configuration(lab: Lab) -> None:
    lab.tenant.add()
    nowhere = "c0ffee00-7e57-4000-8000-00000000dddd"

    error = refusal(lab.directory(scope={"groups": [nowhere]}))

    assert isinstance(error, BadConfig)
    assert error.message == f"scope.groups: Graph knows no group {nowhere}."
    assert error.remedy


# --- properties -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, name, hint",
    [
        ({"attributes": {"phones": ["mobilPhone"]}}, "mobilPhone", " Did you mean mobilePhone?"),
        ({"attributes": {"leave_date": "extension_abc_leave"}}, "extension_abc_leave", ""),
        ({"scope": {"require": {"emploiType": "*"}}}, "emploiType", " Did you mean employeeType?"),
    ],
)
def test_a_property_that_graph_does_not_know_is_named(lab: Lab, changes: Json, name: str, hint: str) -> None:
    lab.tenant.add()

    error = refusal(lab.directory(**changes))
    checked = lab.directory(**changes).check()

    assert isinstance(error, BadConfig)
    assert error.message == f"Graph knows no property {name} of users."
    assert error.remedy == f"Check attributes and scope.require.{hint}"
    assert (checked.ok, checked.message, checked.remedy) == (False, error.message, error.remedy)


def test_extension_properties_of_any_type_are_read(lab: Lab) -> None:
    number, leave = (f"extension_{'0a' * 16}_{name}" for name in ("no", "leave"))
    said: Json = {"accountEnabled": False, number: 4711, leave: 1}
    lab.tenant.add(**said)
    attributes = {"employee_id": number, "long_leave": leave}

    (facts,) = read_pass(lab.directory(attributes=attributes), None).people.values()

    assert (facts.employee_id, facts.is_on_long_leave) == ("4711", True)


def test_a_property_in_another_case_is_read_all_the_same(lab: Lab) -> None:
    lab.tenant.add(employeeId="E7", mobilePhone="+447700900123")
    changes = {
        "attributes": {"employee_id": "employeeid", "phones": ["MOBILEPHONE"]},
        "scope": {"require": {"employeeID": "E*"}},
    }

    (facts,) = read_pass(lab.directory(**changes), None).people.values()

    assert (facts.employee_id, facts.phones, facts.is_in_scope) == ("E7", ("+447700900123",), True)
