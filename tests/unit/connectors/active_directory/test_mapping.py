"""One entry to one person: what each attribute says, and what it does not say. Scope and hostile entries are apart."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.directory.active_directory.read.mapping import attributes_of, map_entry
from connectors.kit.mapped import Mapped
from fakes.ldap.setup import AMY, LEAVERS, STAFF, config, entry, reading
from worker.domain.model import AccountFacts
from worker.ports import Malformed

BEN = "3f2504e0-4f89-41d3-9a0c-0305e82c3302"
SID = "S-1-5-21-1111111111-2222222222-3333333333-1104"
EPOCH_TICKS = 116_444_736_000_000_000  # FILETIME of 1970-01-01


def facts(_how: Any = None, _dn: str = f"CN=Amy Adeyemi,{STAFF}", **attributes: Any) -> AccountFacts:
    mapped = map_entry(entry(_dn, **attributes), _how or reading())
    assert isinstance(mapped, Mapped), mapped
    return mapped.facts


def refusal(_how: Any = None, **attributes: Any) -> Malformed:
    mapped = map_entry(entry(**attributes), _how or reading())
    assert isinstance(mapped, Malformed), mapped
    return mapped


def unread(_how: Any = None, **attributes: Any) -> tuple[tuple[str, ...], Malformed | None]:
    """The dates that can't be read, and what is said of them."""
    mapped = map_entry(entry(**attributes), _how or reading())
    assert isinstance(mapped, Mapped), mapped
    assert (mapped.facts.leave_at, mapped.facts.expires_at) == (None, None)
    return mapped.facts.unread, mapped.malformed


def filetime(*when: int) -> str:
    return str(EPOCH_TICKS + int(datetime(*when, tzinfo=UTC).timestamp()) * 10_000_000)  # type: ignore[arg-type,misc]


def test_a_whole_entry_says_all_this() -> None:
    said = facts(
        reading(attributes={"leave_date": "extensionAttribute1", "long_leave": "extensionAttribute2"}),
        f"<GUID={AMY}>;<SID={SID}>;CN=Amy Adeyemi,OU=Nights,{STAFF}",
        displayName="Amy  Adeyemi",
        mail="amy.adeyemi@example.org",
        userPrincipalName="amy@corp.example",
        sAMAccountName="aadeyemi",
        employeeID="E00017",
        mobile="07700 900101",
        otherMobile=[b"+44 7700 900102", b"07700 900101"],
        department="Nursing",
        title="Nurse",
        physicalDeliveryOfficeName="St Mary's",
        company="St Mary's Trust",
        manager=f"<GUID={BEN}>;<SID={SID}>;CN=Boss\\, Big,{STAFF}",
        preferredLanguage="en-GB",
        mS_DS_ConsistencyGuid=uuid.UUID(int=5).bytes_le,
        userAccountControl="512",
        accountExpires=filetime(2027, 1, 31),
        extensionAttribute1="2026-12-31",
        extensionAttribute2="maternity",
    )

    assert said == AccountFacts(
        person_id=str(AMY),
        display_name="Amy Adeyemi",
        email="amy.adeyemi@example.org",
        username="amy@corp.example",
        employee_id="E00017",
        phones=("+447700900101", "+447700900102"),
        phones_in=(("mobile", "otherMobile"), ("otherMobile",)),
        department="Nursing",
        title="Nurse",
        office="St Mary's",
        company="St Mary's Trust",
        manager_id=BEN,
        language="en-GB",
        immutable_id=str(uuid.UUID(int=5)),
        org_unit=f"OU=Nights,{STAFF}",
        enabled=True,
        expires_at=datetime(2027, 1, 31, tzinfo=UTC),
        leave_at=datetime(2027, 1, 1, tzinfo=UTC),
        is_on_long_leave=True,
        location=f"CN=Amy Adeyemi,OU=Nights,{STAFF}",
    )


def test_an_entry_with_nothing_but_its_id_says_nothing() -> None:
    assert facts() == AccountFacts(
        person_id=str(AMY),
        display_name=str(AMY),
        immutable_id=str(AMY),
        org_unit=STAFF,
        location=f"CN=Amy Adeyemi,{STAFF}",
    )


def test_every_attribute_that_is_read_is_asked_for() -> None:
    names = {"phones": ["pager"], "employee_id": "employeeNumber", "leave_date": "x1", "long_leave": "x2"}
    asked = attributes_of(config(attributes=names))

    assert {"objectGUID", "isDeleted", "lastKnownParent", "userAccountControl", "accountExpires"} <= set(
        asked
    )
    assert asked[-4:] == ("pager", "employeeNumber", "x1", "x2")
    assert not {"employeeID", "mobile"} & set(asked)
    assert len(set(asked)) == len(asked)


# --- enabled ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, enabled",
    [
        ("512", True),  # an ordinary account
        ("514", False),
        ("544", True),  # needs no password
        ("546", False),
        ("66048", True),  # its password never expires
        ("66050", False),
        ("528", True),  # bit 16: locked out, which is not leaving
        ("8389120", True),  # bit 0x800000: its password has expired, which is not leaving either
        ("8389122", False),
        ("262656", True),  # a smart card is required
        (None, None),
        ("", None),
        ("enabled", None),
        ("0x202", None),
        ("51２", True),  # digits of another script are digits
    ],
)
def test_of_user_account_control_only_bit_2_counts(text: str | None, enabled: bool | None) -> None:
    assert facts(**({} if text is None else {"userAccountControl": text})).enabled is enabled


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expires_at",
    [
        (None, None),
        ("0", None),
        ("9223372036854775807", None),
        (filetime(2026, 11, 25), datetime(2026, 11, 25, tzinfo=UTC)),
        (filetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)),
        (filetime(2099, 12, 31, 23), datetime(2099, 12, 31, 23, tzinfo=UTC)),
        ("9223372036854775806", None),  # the year 30828: never
        ("1", datetime(1601, 1, 1, tzinfo=UTC)),  # each number is a FILETIME, however short
        ("864000000000", datetime(1601, 1, 2, tzinfo=UTC)),
        ("20261231", datetime(1601, 1, 1, 0, 0, 2, tzinfo=UTC)),
    ],
)
def test_an_account_expires_at_an_instant_or_never(text: str | None, expires_at: datetime | None) -> None:
    assert facts(**({} if text is None else {"accountExpires": text})).expires_at == expires_at


@pytest.mark.parametrize("text", ["soon", "-5", "1" * 20, "1e18", "2026-13-45"])
def test_an_expiry_that_is_rubbish_is_unknown_and_named(text: str) -> None:
    names, malformed = unread(accountExpires=text)

    assert names == ("expires_at",)
    assert malformed is not None
    assert malformed.message.startswith(f"CN=Amy Adeyemi,{STAFF}: accountExpires: ")
    assert malformed.record_id == str(AMY)
    assert malformed.remedy


@pytest.mark.parametrize(
    "text, leave_at",
    [
        ("2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("20261231", datetime(2027, 1, 1, tzinfo=UTC)),
        ("31.12.2026", datetime(2027, 1, 1, tzinfo=UTC)),
        ("31/12/2026", datetime(2027, 1, 1, tzinfo=UTC)),
        ("12/31/2026", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-06-30", datetime(2026, 6, 30, 23, tzinfo=UTC)),  # summer time: the day ends at 23:00 UTC
        ("2026-12-31T17:00:00Z", datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("20261231170000.0Z", datetime(2026, 12, 31, 17, tzinfo=UTC)),  # generalized time
        ("20261231170000.0+0100", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("20261231000000.0Z", datetime(2027, 1, 1, tzinfo=UTC)),  # a day, as HR feeds write it
        ("20261231000000.0+0100", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-06-30 12:00", datetime(2026, 6, 30, 11, tzinfo=UTC)),
        (filetime(2026, 12, 31, 17), datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("0", None),
        ("9999-12-31", None),
        ("", None),
        (" ", None),
    ],
)
def test_a_leave_date_in_any_form_ends_with_its_day(text: str, leave_at: datetime | None) -> None:
    how = reading(attributes={"leave_date": "extensionAttribute1"})
    assert facts(how, extensionAttribute1=text).leave_at == leave_at


@pytest.mark.parametrize("text", ["end of term", "03/04/2026", "2026-02-30"])
def test_a_leave_date_that_could_be_two_days_or_none_is_unknown_and_named(text: str) -> None:
    names, malformed = unread(
        reading(attributes={"leave_date": "extensionAttribute1"}), extensionAttribute1=text
    )

    assert names == ("leave_at",)
    assert malformed is not None
    assert f"CN=Amy Adeyemi,{STAFF}: extensionattribute1: {text!r}" in malformed.message
    assert malformed.remedy == "Write dates like 2026-11-24."


TOMBSTONE = rf"CN=Amy\0ADEL:{AMY},CN=Deleted Objects,DC=corp,DC=example"


@pytest.mark.parametrize(
    "dn, said",
    [
        (f"CN=Amy,{STAFF}", {"userAccountControl": "514"}),
        (f"CN=Amy,{LEAVERS}", {}),
        (TOMBSTONE, {"isDeleted": "TRUE", "lastKnownParent": STAFF}),
    ],
    ids=["disabled", "in the leavers' unit", "deleted"],
)
@pytest.mark.parametrize(
    "odd",
    [{"extensionAttribute1": "end of term"}, {"accountExpires": "soon"}, {"accountExpires": "-5"}],
)
def test_whoever_is_put_away_is_so_whatever_their_dates_say(
    dn: str, said: dict[str, str], odd: dict[str, str]
) -> None:
    how = reading(attributes={"leave_date": "extensionAttribute1"}, leavers_ou=LEAVERS)

    mapped = map_entry(entry(dn, **({"userAccountControl": "512"} | said | odd)), how)

    assert isinstance(mapped, Mapped)
    assert (mapped.facts.is_put_away, len(mapped.facts.unread), mapped.malformed) == (True, 1, None)


def test_without_a_leave_date_attribute_nothing_is_read_as_one() -> None:
    assert facts(extensionAttribute1="2020-01-01", employeeLeaveDateTime="2020-01-01").leave_at is None


@pytest.mark.parametrize(
    "text, is_on_long_leave",
    [
        (None, False),
        ("", False),
        ("FALSE", False),
        ("nein", False),
        ("0", False),
        ("TRUE", True),
        ("maternity", True),
        ("sick until May", True),
    ],
)
def test_any_value_but_a_no_means_long_leave(text: str | None, is_on_long_leave: bool) -> None:
    how = reading(attributes={"long_leave": "extensionAttribute2"})
    said = facts(how, **({} if text is None else {"extensionAttribute2": text}))
    assert said.is_on_long_leave is is_on_long_leave


# --- phones ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes, phones, unreadable",
    [
        ({}, (), 0),
        ({"mobile": "07700 900101"}, ("+447700900101",), 0),
        ({"otherMobile": "07700900102", "mobile": "07700900101"}, ("+447700900101", "+447700900102"), 0),
        ({"otherMobile": [b"07700900102", b"07700900103"]}, ("+447700900102", "+447700900103"), 0),
        ({"mobile": "07700 900101 / 07700 900102; n/a"}, ("+447700900101", "+447700900102"), 1),
        ({"mobile": "ask the desk"}, (), 1),
        ({"mobile": b"\xff\xfe"}, (), 1),
        ({"mobile": "07700 900101", "c": "GB"}, ("+447700900101",), 0),
        ({"mobile": "0151 23456789", "c": "DE"}, ("+4915123456789",), 0),
        ({"mobile": "0151 23456789", "c": "de"}, ("+4915123456789",), 0),
        ({"mobile": "07700 900101", "c": "Germany"}, ("+447700900101",), 0),
        ({"mobile": "07700 900101", "c": "XX"}, ("+447700900101",), 0),
        ({"telephoneNumber": "07700 900101"}, (), 0),
    ],
)
def test_phones_are_read_in_order_and_in_the_region_of_their_owner(
    attributes: dict[str, Any], phones: tuple[str, ...], unreadable: int
) -> None:
    mapped = map_entry(entry(**attributes), reading())

    assert isinstance(mapped, Mapped)
    assert (mapped.facts.phones, mapped.unreadable_phones) == (phones, unreadable)


def test_phones_are_read_from_the_attributes_that_are_configured() -> None:
    how = reading(attributes={"phones": ["telephoneNumber", "pager"]})
    said = facts(how, pager="07700900102", telephoneNumber="07700900101", mobile="07700900103")
    assert said.phones == ("+447700900101", "+447700900102")


# --- names and links -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes, name",
    [
        ({"displayName": " Amy \t Adeyemi "}, "Amy Adeyemi"),
        ({"givenName": "Amy", "sn": "Adeyemi", "cn": "aadeyemi"}, "Amy Adeyemi"),
        ({"sn": "Adeyemi"}, "Adeyemi"),
        ({"cn": "Amy A", "userPrincipalName": "amy@corp.example"}, "Amy A"),
        ({"userPrincipalName": "amy@corp.example", "sAMAccountName": "amy"}, "amy@corp.example"),
        ({"sAMAccountName": "amy"}, "amy"),
        ({"cn": f"Amy A\nDEL:{AMY}"}, "Amy A"),
        ({"cn": f"Amy A\nCNF:{AMY}"}, "Amy A"),
        ({"displayName": "", "cn": "Amy A"}, "Amy A"),
    ],
)
def test_the_best_name_there_is_is_shown(attributes: dict[str, Any], name: str) -> None:
    assert facts(**attributes).display_name == name


@pytest.mark.parametrize(
    "text, manager_id",
    [
        (f"<GUID={BEN}>;<SID={SID}>;CN=Ben,{STAFF}", BEN),
        (f"<GUID={BEN.upper()}>;CN=Ben,{STAFF}", BEN),
        (f"<GUID={BEN}>;<SID={SID}>;CN=Ben\\, the Boss\\0ADEL:1,CN=Deleted Objects,DC=corp", BEN),
        (f"CN=Ben,{STAFF}", None),  # a server that knows no extended names
        ("<GUID=short>;CN=Ben", None),
        ("", None),
    ],
)
def test_a_manager_is_known_by_id_alone(text: str, manager_id: str | None) -> None:
    assert facts(manager=text).manager_id == manager_id


@pytest.mark.parametrize(
    "raw, immutable_id",
    [
        (uuid.UUID(BEN).bytes_le, BEN),
        (b"short", str(AMY)),
        (b"", str(AMY)),
    ],
)
def test_the_consistency_guid_joins_two_directories_else_the_objects_own(
    raw: bytes, immutable_id: str
) -> None:
    assert facts(mS_DS_ConsistencyGuid=raw).immutable_id == immutable_id


@pytest.mark.parametrize(
    "text, email",
    [
        ("amy@example.org", "amy@example.org"),
        ("amy", None),
        ("a @b", None),
        ("amy@straße.example", "amy@xn--strae-oqa.example"),  # strasse.example is somebody else's
    ],
)
def test_what_is_no_address_is_no_e_mail(text: str, email: str | None) -> None:
    assert facts(mail=text).email == email


@pytest.mark.parametrize("values", [[], [b""], [b"x" * 15], [b"x" * 17]])
def test_without_a_whole_object_guid_the_entry_is_set_aside(values: list[bytes]) -> None:
    malformed = refusal(objectGUID=values)
    assert malformed.message == f"CN=Amy Adeyemi,{STAFF}: it has no objectGUID."


# --- deleted ---------------------------------------------------------------------------------------------------------


def test_a_tombstone_is_a_deleted_person_where_they_were() -> None:
    said = facts(
        reading(leavers_ou=LEAVERS),
        f"<GUID={AMY}>;CN=Amy A\\0ADEL:{AMY},CN=Deleted Objects,DC=corp,DC=example",
        cn=f"Amy A\nDEL:{AMY}",
        isDeleted="TRUE",
        lastKnownParent=f"<GUID={BEN}>;{STAFF}",
    )

    assert (said.is_deleted, said.is_in_scope, said.is_moved_out) == (True, True, False)
    assert (said.display_name, said.org_unit, said.enabled) == ("Amy A", STAFF, None)


@pytest.mark.parametrize("text, is_deleted", [("TRUE", True), ("FALSE", False), ("", False), ("true", False)])
def test_only_true_is_deleted(text: str, is_deleted: bool) -> None:
    assert facts(isDeleted=text).is_deleted is is_deleted


def test_a_leaver_who_was_deleted_from_the_leavers_ou_was_moved_out_too() -> None:
    said = facts(reading(leavers_ou=LEAVERS), isDeleted="TRUE", lastKnownParent=LEAVERS)
    assert (said.is_deleted, said.is_moved_out, said.is_in_scope) == (True, True, True)
