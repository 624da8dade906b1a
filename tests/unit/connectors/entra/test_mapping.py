"""What a user of Graph says of one person: tables, and hostile input."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.read.mapping import Reading, map_user, selected
from connectors.kit.mapped import Mapped
from worker.domain.model import AccountFacts
from worker.ports import Malformed

ID = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"
BOSS = "0f2c1b6a-1111-4222-8333-444455556666"
IMMUTABLE = "d6tDQBWWJ0uQFA/Bjsiy0Q=="


def reading(**config: Any) -> Reading:
    given: dict[str, Any] = {"tenant_id": "t", "client_id": "c", "credential": {"secret": "s"}}
    return Reading(EntraConfig.model_validate(given | config), "GB", ZoneInfo("Europe/London"))


def facts(user: dict[str, Any], how: Reading | None = None) -> AccountFacts:
    mapped = map_user({"id": ID} | user, how or reading())
    assert isinstance(mapped, Mapped), mapped
    return mapped.facts


def test_everything_that_graph_says_is_read() -> None:
    got = facts(
        {
            "accountEnabled": True,
            "userType": "Member",
            "userPrincipalName": "ann@corp.example",
            "mail": "ann@example.org",
            "displayName": "Ann  Archer",
            "mobilePhone": "07700 900123",
            "businessPhones": ["+44 20 7946 0000"],
            "department": "Nursing",
            "jobTitle": "Matron",
            "companyName": "St Mary's",
            "officeLocation": "Annexe",
            "employeeId": "E1",
            "preferredLanguage": "en-GB",
            "usageLocation": "GB",
            "onPremisesImmutableId": IMMUTABLE,
            "manager": {"@odata.type": "#microsoft.graph.user", "id": BOSS},
        }
    )

    assert got == AccountFacts(
        person_id=ID,
        display_name="Ann Archer",
        email="ann@example.org",
        username="ann@corp.example",
        employee_id="E1",
        phones=("+447700900123", "+442079460000"),
        phones_in=(("mobilePhone",), ("businessPhones",)),
        department="Nursing",
        title="Matron",
        office="Annexe",
        company="St Mary's",
        manager_id=BOSS,
        language="en-GB",
        immutable_id="4043ab77-9615-4b27-9014-0fc18ec8b2d1",
        enabled=True,
        attributes=(("country", "GB"),),
        location="ann@corp.example",
    )


@pytest.mark.parametrize(
    "said, enabled",
    [({"accountEnabled": True}, True), ({"accountEnabled": False}, False), ({"accountEnabled": None}, None),
     ({}, None), ({"accountEnabled": "false"}, None), ({"accountEnabled": 0}, None)],
)  # fmt: skip
def test_only_a_plain_no_is_disabled(said: dict[str, Any], enabled: bool | None) -> None:
    assert facts(said).enabled is enabled


@pytest.mark.parametrize(
    "user, is_deleted",
    [
        ({"@removed": {"reason": "changed"}}, True),
        ({"@removed": {"reason": "deleted"}}, True),
        ({"deletedDateTime": "2026-11-01T08:00:00Z"}, True),
        ({"deletedDateTime": None}, False),
    ],
)
def test_removed_is_deleted_whatever_the_reason(user: dict[str, Any], is_deleted: bool) -> None:
    assert facts(user).is_deleted is is_deleted


@pytest.mark.parametrize(
    "text, leave_at",
    [
        ("2026-11-30T00:00:00Z", datetime(2026, 12, 1, tzinfo=UTC)),  # a day, as HR feeds write it
        ("2026-06-30T23:00:00Z", datetime(2026, 7, 1, 23, tzinfo=UTC)),  # midnight in London: 1 July
        ("2026-11-30T17:00:00Z", datetime(2026, 11, 30, 17, tzinfo=UTC)),
        ("2026-11-30T23:59:59.9999999Z", datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        (None, None),
        ("", None),
    ],
)
def test_a_leave_date_is_over_when_its_day_is(text: str | None, leave_at: datetime | None) -> None:
    assert facts({"employeeLeaveDateTime": text}).leave_at == leave_at


@pytest.mark.parametrize(
    "text, leave_at",
    [
        ("2026-11-30", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-11-30T00:00:00Z", datetime(2026, 12, 1, tzinfo=UTC)),
        ("20261130000000.0Z", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-11-30T00:00:00+01:00", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-11-30T18:30:00+01:00", datetime(2026, 11, 30, 17, 30, tzinfo=UTC)),
    ],
)
def test_a_leave_date_may_stand_in_an_extension_attribute(text: str, leave_at: datetime) -> None:
    how = reading(attributes={"leave_date": "onPremisesExtensionAttributes.extensionAttribute5"})

    got = facts({"onPremisesExtensionAttributes": {"extensionAttribute5": text}}, how)

    assert got.leave_at == leave_at
    assert "onPremisesExtensionAttributes" in selected(how.config)


def test_a_date_that_nobody_can_read_is_unknown_and_named() -> None:
    how = reading(attributes={"leave_date": "employeeType"})

    mapped = map_user({"id": ID, "employeeType": "03/04/2026"}, how)

    assert isinstance(mapped, Mapped)
    assert (mapped.facts.leave_at, mapped.facts.unread) == (None, ("leave_at",))
    assert mapped.malformed is not None
    assert (mapped.malformed.record_id, "employeeType" in mapped.malformed.message) == (ID, True)


@pytest.mark.parametrize(
    "said", [{"accountEnabled": False}, {"deletedDateTime": "2026-11-24T09:00:00Z"}, {"@removed": {}}]
)
def test_whoever_is_put_away_is_so_whatever_their_leave_date_says(said: dict[str, Any]) -> None:
    how = reading(attributes={"leave_date": "employeeType"})

    mapped = map_user({"id": ID, "employeeType": "end of March", "accountEnabled": True} | said, how)

    assert isinstance(mapped, Mapped)
    assert (mapped.facts.is_put_away, mapped.facts.unread, mapped.malformed) == (True, ("leave_at",), None)


NUMBER, LEAVE = (f"extension_{'0a' * 16}_{name}" for name in ("no", "leave"))
OF_EXTENSIONS = {"employee_id": NUMBER, "long_leave": LEAVE}


@pytest.mark.parametrize(
    "value, is_on_leave, number",
    [
        (1, True, "1"),
        (0, False, "0"),
        (2**40, True, str(2**40)),
        (True, True, None),
        (False, False, None),
        ([], False, None),
        (["", "E7", "E8"], True, "E7"),
        ([None, "no"], False, "no"),
        ([4711, 4712], True, "4711"),
        ([False], False, None),
        ([True], True, None),
        ("  ", False, None),
        ({"a": 1}, False, None),
        (None, False, None),
    ],
)
def test_an_extension_property_may_be_a_number_or_a_list(
    value: object, is_on_leave: bool, number: str | None
) -> None:
    got = facts({"accountEnabled": False, LEAVE: value, NUMBER: value}, reading(attributes=OF_EXTENSIONS))

    assert (got.is_on_long_leave, got.employee_id) == (is_on_leave, number)


@pytest.mark.parametrize(
    "number, e164",
    [
        ("+1 425 555 0109", "+14255550109"),
        ("07700 900123", "+447700900123"),
        ("07700 900123 ext 5", "+447700900123"),
        ("x123", None),
        ("", None),
        ("none", None),
    ],
)
def test_a_number_is_read_as_people_write_it(number: str, e164: str | None) -> None:
    assert facts({"mobilePhone": number}).phones == ((e164,) if e164 else ())


def test_two_numbers_in_one_field_are_two() -> None:
    assert facts({"mobilePhone": "07700 900123 / 07700 900124"}).phones == ("+447700900123", "+447700900124")


@pytest.mark.parametrize(
    "location, phone", [("DE", "+493012345678"), ("??", "+443012345678"), (None, "+443012345678")]
)
def test_a_national_number_is_of_the_usage_location(location: str | None, phone: str) -> None:
    got = facts({"mobilePhone": "030 12345678", "usageLocation": location})

    assert got.phones in {(phone,), ()}


def test_what_cannot_be_read_is_counted() -> None:
    mapped = map_user({"id": ID, "mobilePhone": "call the ward"}, reading())

    assert isinstance(mapped, Mapped)
    assert mapped.unreadable_phones == 1


@pytest.mark.parametrize(
    "user, in_scope",
    [
        ({"userType": "Member"}, True),
        ({"userType": None, "userPrincipalName": "ann@corp.example"}, True),
        ({"userType": "Guest"}, False),
        ({"userType": None, "userPrincipalName": "ann_gmail.com#EXT#@corp.example"}, False),
    ],
)
def test_guests_are_no_people_unless_wanted(user: dict[str, Any], in_scope: bool) -> None:
    assert facts(user).is_in_scope is in_scope
    assert facts(user, reading(scope={"user_types": ["Member", "guest"]})).is_in_scope


@pytest.mark.parametrize(
    "user, in_scope",
    [
        ({"employeeId": "E7", "department": "Nursing"}, True),
        ({"employeeId": "E7", "department": "nursing"}, True),
        ({"employeeId": "E7", "department": "IT"}, False),
        ({"department": "Nursing"}, False),
        ({"employeeId": "", "department": "Nursing"}, False),
    ],
)
def test_required_properties_set_people_apart(user: dict[str, Any], in_scope: bool) -> None:
    how = reading(scope={"require": {"employeeId": "*", "department": ["Nursing", "Surgery"]}})

    assert facts(user, how).is_in_scope is in_scope


def test_a_deleted_user_who_has_lost_everything_is_not_overlooked() -> None:
    how = reading(scope={"require": {"employeeId": "*"}})

    assert facts({"@removed": {"reason": "changed"}}, how).is_in_scope


def test_a_deleted_user_is_known_by_the_name_of_before() -> None:
    mangled = f"{ID.replace('-', '')}ann@corp.example"
    how = reading(scope={"require": {"userPrincipalName": "ann*"}})

    said = facts({"@removed": {"reason": "changed"}, "userPrincipalName": mangled}, how)

    assert (said.username, said.is_in_scope) == ("ann@corp.example", True)


def test_a_deleted_user_has_left_every_group_and_counts_all_the_same() -> None:
    how = Reading(reading().config, "GB", ZoneInfo("Europe/London"), members=frozenset())
    gone = {"@removed": {"reason": "changed"}, "userPrincipalName": "ann@corp.example"}

    assert facts(gone, how).is_in_scope
    assert not facts({"userPrincipalName": "ann@corp.example"}, how).is_in_scope


@pytest.mark.parametrize(
    "user, manager",
    [
        ({"manager@delta": [{"id": BOSS}]}, BOSS),
        ({"manager@delta": [{"id": ID, "@removed": {"reason": "deleted"}}, {"id": BOSS}]}, BOSS),
        ({"manager@delta": [{"id": BOSS, "@removed": {"reason": "deleted"}}]}, None),
        ({"manager": None}, None),
        ({}, None),
    ],
)
def test_the_manager_is_the_last_who_was_not_removed(user: dict[str, Any], manager: str | None) -> None:
    assert facts(user).manager_id == manager


@pytest.mark.parametrize("user_id", [None, "", "me", 17])
def test_a_user_without_an_id_is_set_aside(user_id: object) -> None:
    assert isinstance(map_user({"id": user_id}, reading()), Malformed)


def test_the_leave_date_is_left_out_where_it_may_not_be_read() -> None:
    config = reading().config

    assert "employeeLeaveDateTime" in selected(config)
    assert "employeeLeaveDateTime" not in selected(config, with_leave_date=False)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*selected(reading().config), "manager", "manager@delta"]), anything))
def test_whatever_comes_is_mapped_or_set_aside(user: dict[str, Any]) -> None:
    assert isinstance(map_user({"id": ID} | user, reading()), Mapped | Malformed)


def test_a_mail_domain_stays_the_one_that_it_is() -> None:
    assert facts({"mail": "ann@straße.example"}).email == "ann@xn--strae-oqa.example", "not strasse.example"


class Asked(dict[str, Any]):
    """A user who keeps which properties were asked for."""

    def __init__(self, user: dict[str, Any]) -> None:
        super().__init__(user)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def test_nothing_is_selected_that_is_not_read() -> None:
    """A round names everybody with a change of what is selected, and each is read again."""
    user = Asked({"id": ID})
    map_user(user, reading())
    assert set(selected(reading().config)) <= user.names
