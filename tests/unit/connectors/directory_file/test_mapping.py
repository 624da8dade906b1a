"""Raw records to facts: the tables of what exports say, and of what they do not say."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.directory.file.columns import fold, resolve
from connectors.directory.file.config import FileConfig, Format
from connectors.directory.file.formats.records import RawRecord
from connectors.directory.file.mapping import Reading, is_person, map_record
from connectors.kit.guids import guid
from connectors.kit.mapped import Mapped
from worker.domain.model import AccountFacts

AMY = uuid.UUID("3f2504e0-4f89-41d3-9a0c-0305e82c3301")
BEN = "3f2504e0-4f89-41d3-9a0c-0305e82c3302"
BASE64 = base64.b64encode(AMY.bytes_le).decode()
LONDON = ZoneInfo("Europe/London")


def reading(format_: Format = Format.AD_CSV, *, region: str = "GB", **config: object) -> Reading:
    settings = FileConfig.model_validate({"path": "people.csv", **config})
    columns = resolve("people.csv", format_, None, settings)
    return Reading.of("people.csv", columns, settings, region, LONDON)


def raw(**cells: str | tuple[str, ...]) -> RawRecord:
    cells = {"ObjectGUID": str(AMY), "id": str(AMY), **cells}
    return RawRecord(
        17, {fold(name): (cell,) if isinstance(cell, str) else cell for name, cell in cells.items() if cell}
    )


def facts(how: Reading | None = None, **cells: str | tuple[str, ...]) -> AccountFacts:
    mapped = map_record(raw(**cells), how or reading())
    assert isinstance(mapped, Mapped), mapped
    return mapped.facts


def test_an_active_directory_row_says_all_this() -> None:
    how = replace(reading(), ids_by_alias={"cn=boss\\, big,ou=staff,dc=corp": BEN})

    said = facts(
        how,
        DistinguishedName="CN=Amy Adeyemi,OU=Staff,DC=corp",
        SamAccountName="aadeyemi",
        UserPrincipalName="amy@corp.example",
        DisplayName="Amy  Adeyemi",
        EmailAddress="amy.adeyemi@example.org",
        MobilePhone="07700 900101",
        OfficePhone="+44 7700 900102",
        Department="Nursing",
        Title="Nurse",
        Office="St Mary's",
        Company="Corp",
        Manager="CN=Boss\\, Big, OU=Staff,DC=corp",
        EmployeeID="E1",
        Enabled="True",
        preferredLanguage="de-CH",
    )

    assert said == AccountFacts(
        person_id=str(AMY),
        display_name="Amy Adeyemi",
        email="amy.adeyemi@example.org",
        username="amy@corp.example",
        employee_id="E1",
        phones=("+447700900101", "+447700900102"),
        phones_in=(("mobilephone",), ("officephone",)),
        department="Nursing",
        title="Nurse",
        office="St Mary's",
        company="Corp",
        manager_id=BEN,
        language="de-CH",
        immutable_id=str(AMY),
        org_unit="OU=Staff,DC=corp",
        enabled=True,
        location="people.csv line 17",
    )


def test_a_row_with_nothing_but_an_id_says_nothing() -> None:
    assert facts() == AccountFacts(
        person_id=str(AMY), display_name=str(AMY), immutable_id=str(AMY), location="people.csv line 17"
    )


@pytest.mark.parametrize(
    "cells, enabled",
    [
        ({"Enabled": "True"}, True),
        ({"Enabled": "False"}, False),
        ({"Enabled": "WAHR"}, True),
        ({"Enabled": "FALSCH"}, False),
        ({"Enabled": "VRAI"}, True),
        ({"Enabled": "FAUX"}, False),
        ({"Enabled": "ΨΕΥΔΈΣ"}, False),
        ({"Enabled": ""}, None),
        ({"Enabled": "perhaps"}, None),
        ({"Enabled": "FALSE?"}, None),
        ({"userAccountControl": "512"}, True),
        ({"userAccountControl": "514"}, False),
        ({"userAccountControl": "66050"}, False),
        ({"userAccountControl": "0x202"}, False),
        ({"userAccountControl": "NORMAL_ACCOUNT"}, None),
        ({"Enabled": "perhaps", "userAccountControl": "514"}, False),
        ({"Enabled": "True", "userAccountControl": "514"}, True),
        ({"accountEnabled": "false"}, False),
        ({"Block credential": "True"}, False),
        ({"Block credential": "False"}, True),
        ({"LockedOut": "True", "lockoutTime": "133000000000000000", "PasswordExpired": "True"}, None),
        ({"Enabled": "True", "LockedOut": "True", "pwdLastSet": "0"}, True),
    ],
)
def test_enabled_is_what_is_said_and_unknown_otherwise(cells: dict[str, str], enabled: bool | None) -> None:
    assert facts(None, **cells).enabled is enabled


@pytest.mark.parametrize(
    "cells, expires_at",
    [
        ({"AccountExpirationDate": "25/11/2026 00:00:00"}, datetime(2026, 11, 25, tzinfo=UTC)),
        ({"AccountExpirationDate": "25/11/2026"}, datetime(2026, 11, 25, tzinfo=UTC)),
        ({"AccountExpirationDate": "25/06/2026 00:00:00"}, datetime(2026, 6, 24, 23, tzinfo=UTC)),
        ({"accountExpires": "0"}, None),
        ({"accountExpires": "9223372036854775807"}, None),
        ({"accountExpires": "134240112000000000"}, datetime(2026, 5, 23, 12, tzinfo=UTC)),
        ({"AccountExpirationDate": "", "accountExpires": "9223372036854775807"}, None),
        ({}, None),
    ],
)
def test_an_account_expires_at_its_exclusive_end(cells: dict[str, str], expires_at: datetime | None) -> None:
    assert facts(None, **cells).expires_at == expires_at


@pytest.mark.parametrize(
    "text, leave_at",
    [
        ("24/11/2026", datetime(2026, 11, 25, tzinfo=UTC)),
        ("24/06/2026", datetime(2026, 6, 24, 23, tzinfo=UTC)),
        ("2026-11-24T17:00:00Z", datetime(2026, 11, 24, 17, tzinfo=UTC)),
        ("20261124170000.0Z", datetime(2026, 11, 24, 17, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_last_day_ends_with_its_day(text: str, leave_at: datetime | None) -> None:
    how = reading(attributes={"leave_date": "lastDay"})

    assert facts(how, lastDay=text).leave_at == leave_at


@pytest.mark.parametrize("column", ["lastDay", "AccountExpirationDate", "accountExpires"])
@pytest.mark.parametrize(
    "cells", [{"Enabled": "False"}, {"Deleted": "True"}, {"DistinguishedName": "CN=Amy,OU=Gone,DC=corp"}]
)
def test_whoever_is_put_away_is_so_whatever_their_dates_say(column: str, cells: dict[str, str]) -> None:
    how = reading(attributes={"leave_date": "lastDay"}, leavers_ou="OU=Gone,DC=corp")

    mapped = map_record(raw(**{column: "soon", "Enabled": "True"} | cells), how)

    assert isinstance(mapped, Mapped)
    assert (mapped.facts.is_put_away, len(mapped.facts.unread), mapped.malformed) == (True, 1, None)


def test_midnight_with_a_zone_is_a_day_as_hr_feeds_write_it() -> None:
    said = facts(reading(Format.ENTRA_CSV), employeeLeaveDateTime="2026-11-24T00:00:00Z")

    assert said.leave_at == datetime(2026, 11, 25, tzinfo=UTC)


def test_entra_has_a_leave_date_of_its_own() -> None:
    said = facts(reading(Format.ENTRA_CSV), employeeLeaveDateTime="2026-11-24T17:00:00Z")

    assert said.leave_at == datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "column, fact",
    [("AccountExpirationDate", "expires_at"), ("accountExpires", "expires_at"), ("lastDay", "leave_at")],
)
def test_a_date_that_nobody_can_read_is_unknown_and_named(column: str, fact: str) -> None:
    mapped = map_record(raw(**{column: "soon"}), reading(attributes={"leave_date": "lastDay"}))

    assert isinstance(mapped, Mapped)
    assert (mapped.facts.leave_at, mapped.facts.expires_at, mapped.facts.unread) == (None, None, (fact,))
    assert mapped.malformed is not None
    assert mapped.malformed.record_id == str(AMY)
    assert mapped.malformed.message.startswith("people.csv line 17: ")


@pytest.mark.parametrize(
    "cells, is_deleted",
    [
        ({"Deleted": "True"}, True),
        ({"isDeleted": "TRUE"}, True),
        ({"Deleted": ""}, False),
        ({"Deleted": "perhaps"}, False),
        ({"DistinguishedName": "CN=Amy\\0ADEL:3f25,CN=Deleted Objects,DC=corp"}, True),
        ({"deletedDateTime": "2026-11-24T00:00:00Z"}, True),
        ({"DistinguishedName": "CN=Adele Delaware,DC=corp"}, False),
    ],
)
def test_deletion_is_believed_only_when_it_is_said(cells: dict[str, str], is_deleted: bool) -> None:
    assert facts(None, **cells).is_deleted is is_deleted


@pytest.mark.parametrize(
    "place, is_moved_out",
    [
        ("CN=Amy,OU=Leavers,DC=corp", True),
        ("cn=Amy,ou=2026, OU = LEAVERS ,dc=corp", True),
        ("CN=Adeyemi\\, Amy,OU=Leavers,DC=corp", True),
        ("OU=Leavers,DC=corp", False),
        ("CN=Amy,OU=Not Leavers,DC=corp", False),
        ("CN=Amy,OU=Staff,DC=corp", False),
        ("CN=OU\\=Leavers\\,DC\\=corp,DC=corp", False),
        ("", False),
    ],
)
def test_moved_out_means_below_the_leavers_ou(place: str, is_moved_out: bool) -> None:
    how = reading(leavers_ou="OU=Leavers,DC=corp")

    assert facts(how, DistinguishedName=place).is_moved_out is is_moved_out


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Maternity", True),
        ("true", True),
        ("1", True),
        ("", False),
        ("False", False),
        ("0", False),
        ("FALSCH", False),
    ],
)
def test_long_leave_is_any_value_but_false(text: str, expected: bool) -> None:
    assert facts(reading(attributes={"long_leave": "absence"}), absence=text).is_on_long_leave is expected


@pytest.mark.parametrize(
    "cells, is_in_scope",
    [
        ({"EmployeeID": "E1"}, True),
        ({"EmployeeID": ""}, False),
        ({"EmployeeID": "", "Deleted": "True"}, True),  # tombstones have lost their attributes
        ({"EmployeeID": "E1", "SamAccountName": "WARD7-PC$"}, False),
        ({"EmployeeID": "E1", "SamAccountName": "SVC-backup"}, False),
        ({"EmployeeID": "E1", "UserPrincipalName": "svc-backup@corp.example"}, False),
        ({"EmployeeID": "E1", "UserPrincipalName": "amy@rooms.example"}, False),
        ({"EmployeeID": "E1", "UserPrincipalName": "amy@corp.example"}, True),
        ({"EmployeeID": "E1", "DistinguishedName": "CN=x,OU=Service,DC=corp"}, False),
        ({"EmployeeID": "E1", "userType": "Guest"}, False),
        ({"EmployeeID": "E1", "userType": "Member"}, True),
        ({"EmployeeID": "E1", "userType": ""}, True),
        ({"EmployeeID": "E1", "UserPrincipalName": "amy_x.org#EXT#@corp.example"}, False),
    ],
)
def test_scope_leaves_out_what_is_no_person(cells: dict[str, str], is_in_scope: bool) -> None:
    how = reading(
        scope={"require": ["EmployeeID"], "exclude": ["svc-*", "*@rooms.example", "OU=Service,DC=corp"]}
    )

    assert facts(how, **cells).is_in_scope is is_in_scope


@pytest.mark.parametrize(
    "classes, expected",
    [
        ((), True),
        (("top", "person", "organizationalPerson", "user"), True),
        (("top;person;organizationalPerson;user",), True),
        (("inetOrgPerson",), True),
        (("top", "user", "computer"), False),
        (("top", "contact"), False),
        (("group",), False),
        (("organizationalUnit",), False),
    ],
)
def test_only_users_are_people(classes: tuple[str, ...], expected: bool) -> None:
    assert is_person(raw(objectClass=classes), reading().columns) is expected


@pytest.mark.parametrize(
    "cell, phones, unreadable",
    [
        ("07700 900101", ("+447700900101",), 0),
        ("+44 7700 900101; 07700 900102", ("+447700900101", "+447700900102"), 0),
        ("07700900101/07700900102", ("+447700900101", "+447700900102"), 0),
        ("07700 900101 or 07700 900102", ("+447700900101", "+447700900102"), 0),
        ("07700 900101, 07700 900101", ("+447700900101",), 0),
        ("07700 900101\n4312x", ("+447700900101",), 1),
        ("ask the ward", (), 1),
        ("4.477E+11", (), 1),
        ("", (), 0),
    ],
)
def test_phones_are_split_read_and_counted(cell: str, phones: tuple[str, ...], unreadable: int) -> None:
    mapped = map_record(raw(mobile=cell), reading())

    assert isinstance(mapped, Mapped)
    assert (mapped.facts.phones, mapped.unreadable_phones) == (phones, unreadable)


@pytest.mark.parametrize(
    "usage, phone", [("US", "+15550100199"), ("", None), ("Atlantis", None), ("XX", None)]
)
def test_the_usage_location_is_the_region_of_the_numbers(usage: str, phone: str | None) -> None:
    said = facts(reading(Format.ENTRA_CSV), mobilePhone="(555) 010-0199", usageLocation=usage)

    assert (said.phones[:1] == (phone,)) is (phone is not None)


def test_phone_columns_can_be_chosen() -> None:
    said = facts(
        reading(attributes={"phones": ["privateMobile"]}), mobile="07700 900101", privateMobile="07700 900102"
    )

    assert said.phones == ("+447700900102",)


@pytest.mark.parametrize(
    "text",
    [
        str(AMY),
        str(AMY).upper(),
        f"{{{AMY}}}",
        BASE64,
        f"X'{AMY.bytes_le.hex()}'",
        f" {AMY} ",
    ],
)
def test_a_guid_is_the_same_in_every_form(text: str) -> None:
    assert guid(text) == str(AMY)


@pytest.mark.parametrize("text", ["", "amy", "3.2E+12", "System.Byte[]", BASE64[:-4], str(AMY)[:-1]])
def test_what_is_no_guid_is_none(text: str) -> None:
    assert guid(text) is None


def test_entra_is_joined_to_active_directory_by_the_immutable_id() -> None:
    said = facts(reading(Format.ENTRA_CSV), id=BEN, onPremisesImmutableId=BASE64)

    assert (said.person_id, said.immutable_id) == (BEN, str(AMY))


def test_a_cloud_account_has_no_immutable_id() -> None:
    assert facts(reading(Format.ENTRA_CSV)).immutable_id is None


@pytest.mark.parametrize(
    "cells, name",
    [
        ({"DisplayName": "Amy A", "Name": "amy"}, "Amy A"),
        ({"GivenName": "Amy", "Surname": "Adeyemi", "Name": "x"}, "Amy Adeyemi"),
        ({"Name": "Amy Adeyemi\nDEL:3f25"}, "Amy Adeyemi"),
        ({"SamAccountName": "aadeyemi"}, "aadeyemi"),
    ],
)
def test_the_best_name_is_shown(cells: dict[str, str], name: str) -> None:
    assert facts(None, **cells).display_name == name


@pytest.mark.parametrize(
    "text, email",
    [
        ("amy@example.org", "amy@example.org"),
        ("none", None),
        ("a b@c", None),
        ("amy@straße.example", "amy@xn--strae-oqa.example"),  # strasse.example is somebody else's
        ("amy@_straße.example", None),
    ],
)
def test_an_address_without_an_at_sign_is_none(text: str, email: str | None) -> None:
    assert facts(mail=text).email == email


def test_an_unknown_manager_is_none() -> None:
    assert facts(Manager="CN=Gone,DC=corp").manager_id is None
