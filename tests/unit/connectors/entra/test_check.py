"""What `whosleft check` says of a tenant: who is there, and which permission is missing by its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from fakes.graph import faults
from fakes.graph.assertions import client_certificate
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab
from fakes.graph.tokens import CLIENT_ID, LEAVE_DATE_ROLE


def test_a_tenant_in_order_is_described(lab: Lab) -> None:
    lab.tenant.add(mobilePhone="+447700900123")
    lab.tenant.add(accountEnabled=False)
    lab.tenant.add(userType="Guest")

    result = lab.directory().check()

    assert result.ok
    assert result.message == f"{lab.entra.graph_url}: 2 people in scope, 1 of them disabled"
    assert result.counts == {
        "people": 2, "disabled": 1, "out_of_scope": 1, "malformed": 0, "unreadable_phones": 0
    }  # fmt: skip
    assert result.details == {
        "tenant": lab.tenant.id,
        "app": CLIENT_ID,
        "cloud": f"global ({lab.entra.graph_url})",
        "credential": "a client secret, of which only the tenant knows the end",
        "permissions": f"GroupMember.Read.All, {LEAVE_DATE_ROLE}, User.Read.All",
        "leave_dates": "can be read",
        "user_types": "2 Member",
        "with_a_phone_number": "1 of 2",
    }


def test_the_first_record_that_is_set_aside_is_named(lab: Lab) -> None:
    ann = lab.tenant.add(employeeType="03/04/2026")

    result = lab.directory(attributes={"leave_date": "employeeType"}).check()

    assert result.counts["malformed"] == 1
    assert result.details["first record set aside"].startswith(f"{ann}: employeeType: ")
    nameless = Fault(edit=lambda page: {"value": [{"id": None}, *page["value"]]})
    lab.entra.graph.faults.add(nameless, path="*/users", where=lambda one: one.query.get("$top") != "1")
    assert lab.directory().check().details["first record set aside"].startswith("Graph gave a user without")


def test_types_are_counted_of_those_in_scope(lab: Lab) -> None:
    lab.tenant.add(employeeId="E1")
    lab.tenant.add(userType="Guest", employeeId="E2")
    lab.tenant.add()

    scope = {"user_types": ["Member", "Guest"], "require": {"employeeId": "*"}}
    result = lab.directory(scope=scope).check()

    assert result.details["user_types"] == "1 Guest, 1 Member"


@pytest.mark.parametrize("what_graph_does", ["refused", "absent", "null"])
def test_the_permission_for_leave_dates_is_named(
    lab: Lab, what_graph_does: Literal["refused", "absent", "null"]
) -> None:
    lab.tenant.add()
    lab.entra.graph.leave_date = what_graph_does
    lab.entra.tokens.app.roles.discard(LEAVE_DATE_ROLE)

    result = lab.directory().check()

    assert not result.ok
    assert result.message.endswith(f"; the permission {LEAVE_DATE_ROLE} is missing")
    assert result.remedy == (
        f"Grant the application permission {LEAVE_DATE_ROLE} and consent to it, or set attributes.leave_date: "
        "null. Until then no leave date is read."
    )
    assert result.details["leave_dates"] == f"can't be read: {LEAVE_DATE_ROLE} is missing"
    assert lab.directory(attributes={"leave_date": None}).check().ok


def test_the_permission_for_groups_is_named(lab: Lab) -> None:
    lab.tenant.add()
    lab.entra.tokens.app.roles.discard("GroupMember.Read.All")
    group = lab.tenant.add_group("staff")

    result = lab.directory(scope={"groups": [group]}).check()

    assert not result.ok
    assert "the members of group" in result.message
    assert "answered 403" in result.message
    assert "Grant the application permission GroupMember.Read.All" in result.remedy


def test_without_the_permission_for_users_nothing_is_read(lab: Lab) -> None:
    lab.entra.tokens.app.roles.clear()

    for attributes in ({}, {"leave_date": None}):
        result = lab.directory(attributes=attributes).check()

        assert not result.ok
        assert "answered 403" in result.message
        assert result.remedy.startswith("Grant the application permission User.Read.All and consent to it")
        assert "whosleft check" not in result.remedy


def test_an_empty_scope_and_an_unsaid_state_are_faults(lab: Lab) -> None:
    lab.tenant.add()
    nobody = lab.directory(scope={"require": {"employeeId": "*"}}).check()
    lab.entra.graph.faults.add(faults.limited_info("accountEnabled"), path="*/users", times=None)
    unsaid = lab.directory().check()

    assert nobody.message.endswith("; nobody is in scope")
    assert nobody.remedy == "Check scope.user_types, scope.require and scope.groups."
    assert unsaid.message.endswith("; of 1 people it is not said whether the account is enabled")


def test_a_wider_permission_holds_the_needed_one(lab: Lab) -> None:
    lab.tenant.add()
    lab.entra.tokens.app.roles = {"Directory.Read.All", LEAVE_DATE_ROLE}

    assert lab.directory().check().ok


def test_a_certificate_near_its_end_is_a_fault(lab: Lab) -> None:
    lab.tenant.add()
    pair = client_certificate(lab.folder)
    lab.entra.tokens.app.trust(pair.certificate)
    credential = {"certificate_file": pair.certificate.name, "private_key_file": pair.key.name}
    before = lab.directory(credential=credential).check()
    ends_at = datetime(2040, 1, 1, tzinfo=UTC)
    lab.tenant.advance(ends_at - lab.tenant.now - timedelta(days=13))

    result = lab.directory(credential=credential).check()

    assert before.ok
    [concern] = lab.directory(credential=credential).concerns()
    assert (concern.about, concern.ends_at) == ("the app's certificate", ends_at)
    assert lab.directory().concerns() == ()
    assert result.message.endswith("; the app's certificate ends in 13 days")
    assert result.remedy == "Upload a new one, and give it here."
    assert result.details["credential"] == "a certificate, which ends in 13 days"

    lab.tenant.advance(timedelta(days=16))
    ended = lab.directory(credential=credential).check()

    assert ended.message.endswith("; the app's certificate ended 3 days ago")
    assert ended.details["credential"] == "a certificate, which ended 3 days ago"


def test_a_wrong_secret_is_the_message(lab: Lab) -> None:
    result = lab.directory(credential={"secret": "another"}).check()

    assert not result.ok
    assert "the client secret is wrong (AADSTS7000215" in result.message
    assert "another" not in result.message
