"""Text lines to raw records: what CSV and LDIF exports contain."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directory.file.formats.csv import CsvReader
from connectors.directory.file.formats.ldif import LdifReader
from connectors.directory.file.formats.records import RawRecord
from worker.ports import BadConfig, Incomplete, Malformed

AMY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def csv_records(text: str) -> list[RawRecord | Malformed]:
    return list(CsvReader("people.csv", iter(text.splitlines(keepends=True))).records())


def ldif_records(text: str) -> list[RawRecord | Malformed]:
    return list(LdifReader("people.ldf", iter(text.splitlines(keepends=True))).records())


def values(records: list[RawRecord | Malformed]) -> list[dict[str, tuple[str, ...]]]:
    return [dict(record.values) for record in records if isinstance(record, RawRecord)]


@pytest.mark.parametrize(
    "text",
    [
        "ObjectGUID,Name\n1,Amy\n",
        "ObjectGUID;Name\n1;Amy\n",
        "ObjectGUID\tName\n1\tAmy\n",
        "sep=;\nObjectGUID;Name\n1;Amy\n",
        '#TYPE Microsoft.ActiveDirectory.Management.ADUser\n"ObjectGUID","Name"\n"1","Amy"\n',
        "\n\nNAME,objectguid\nAmy,1\n\n",
        "objectGUID,name\r\n1,Amy\r\n,\r\n",
        "ObjectGUID,Name\n1, Amy ",  # no line end, but every cell
        'ObjectGUID,Name\n="1",\'Amy\n',
    ],
)
def test_one_person_in_the_shapes_of_csv(text: str) -> None:
    assert values(csv_records(text)) == [{"objectguid": ("1",), "name": ("Amy",)}]


def test_a_record_starts_at_the_line_that_an_editor_shows() -> None:
    text = '#TYPE ADUser\nObjectGUID,Name\n1,"Amy\nof Ward 7"\n\n2,Ben\n'

    lines = [record.line for record in csv_records(text) if isinstance(record, RawRecord)]

    assert lines == [3, 6]


def test_line_ends_and_delimiters_in_quotes_belong_to_the_cell() -> None:
    assert values(csv_records('ObjectGUID,Office\n1,"Ward 7,\nEast ""wing"""\n')) == [
        {"objectguid": ("1",), "office": ('Ward 7,\nEast "wing"',)}
    ]


def test_columns_of_one_name_are_values_of_one_column() -> None:
    assert values(csv_records("ObjectGUID,mobile,Mobile\n1,07700,07701\n")) == [
        {"objectguid": ("1",), "mobile": ("07700", "07701")}
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "System.Byte[]",
        "System.String[]",
        "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection",
        "System.Collections.Generic.List`1[System.String]",
    ],
)
def test_the_name_of_a_powershell_type_is_no_value(cell: str) -> None:
    reader = CsvReader("people.csv", iter(["ObjectGUID,otherMobile\n", f"1,{cell}\n"]))

    assert values(list(reader.records())) == [{"objectguid": ("1",)}]
    assert reader.collections == {"otherMobile"}


def test_a_wrong_row_is_set_aside_and_the_rest_goes_on() -> None:
    records = csv_records("ObjectGUID,Name\n1,Amy\n2,Ben,Brody\n3,Cem\n")

    assert [type(record).__name__ for record in records] == ["RawRecord", "Malformed", "RawRecord"]


@pytest.mark.parametrize(
    "row", [f"{AMY},Adeyemi, Amy,Nursing", f"Adeyemi, Amy,Nursing,{AMY}"], ids=["before", "after"]
)
def test_a_row_with_a_cell_too_many_is_known_by_the_id_beside_it(row: str) -> None:
    header = "ObjectGUID,Name,Department" if row.startswith(AMY) else "Name,Department,ObjectGUID"

    bad, _ = csv_records(f"{header}\n{row}\n1,2,3\n")

    assert isinstance(bad, RawRecord)
    assert bad.values == {"objectguid": (AMY,)}
    assert bad.spoilt
    assert bad.spoilt.record_id == AMY


def test_a_row_that_shows_no_id_is_known_by_its_place() -> None:
    bad, _ = csv_records('ObjectGUID,Name\n"1"2,Amy\n3,Ben\n')

    assert isinstance(bad, Malformed)
    assert bad.record_id == "people.csv line 2"


def test_ldif_is_unfolded_decoded_and_its_comments_are_dropped() -> None:
    text = (
        "version: 1\n\n# the first of\n  two\ndn: CN=Zoe,OU=Staff,\n DC=corp,DC=example\n"
        f"displayName:: {base64.b64encode('Zoë Ünal'.encode()).decode()}\n"
        "otherMobile: +447700900101\notherMobile: +447700900102\n"
        "title;lang-en: Nurse\nphoto:< file:///etc/passwd\nthumbnailPhoto:: /9j/4AAQ\nempty:\n\n"
    )

    assert values(ldif_records(text)) == [
        {
            "dn": ("CN=Zoe,OU=Staff,DC=corp,DC=example",),
            "displayname": ("Zoë Ünal",),
            "othermobile": ("+447700900101", "+447700900102"),
            "title": ("Nurse",),
        }
    ]


@pytest.mark.parametrize(
    "line, told", [("photo:: W%%%", "the base64 of 'photo'"), ("half a line", "'half a line'")]
)
def test_an_entry_with_a_line_that_nobody_can_read_is_known_by_its_id(line: str, told: str) -> None:
    person = f"dn: CN=Amy\nobjectClass: user\n{line}\nobjectGUID: {AMY}\ntitle: Nurse\n\n"
    [bad] = ldif_records(person)

    assert isinstance(bad, RawRecord)
    assert bad.values == {"objectguid": (AMY,), "objectclass": ("user",)}
    assert bad.spoilt
    assert (bad.spoilt.record_id, told in bad.spoilt.message) == (AMY, True)


def test_binary_ids_stay_base64() -> None:
    assert values(ldif_records("dn: CN=Amy\nobjectGUID:: 4AQlP4lP00GaDAMF6CwzAQ==\n\n")) == [
        {"dn": ("CN=Amy",), "objectguid": ("4AQlP4lP00GaDAMF6CwzAQ==",)}
    ]


def test_the_remarks_of_ldapsearch_are_no_entries() -> None:
    remarks = "# refldap://corp.example\nref: ldap://x\n\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1"
    text = f"dn: CN=Amy\n\n{remarks}"

    assert values(ldif_records(text)) == [{"dn": ("CN=Amy",)}]


PERSON = "objectClass: user\nobjectGUID: g\nsAMAccountName: a\nuserAccountControl: 512\n"


@pytest.mark.parametrize(
    "last, is_cut",
    [
        (f"dn: CN=Ben\n{PERSON}\n", False),
        (f"dn: CN=Ben\n{PERSON}", False),
        (f"dn: CN=Ben\n{PERSON}title: Nur", True),  # no line end
        ("dn: CN=Ben\nobjectClass: user\nobjectGUID: g\nsAMAccountName: a\n", True),
        ("dn: CN=Ben\n", True),
        ("dn: CN=Ben\nobjectClass: user\n\n", False),  # closed: the entry is odd, the file is whole
        ("dn: CN=Team\nobjectClass: group\n", False),
        ("dn: CN=Ben\nobjectGUID:: abc\n", True),
    ],
)
def test_a_cut_ldif_file_is_known_by_its_last_entry(last: str, is_cut: bool) -> None:
    text = f"dn: CN=Amy\n{PERSON}\n{last}"

    if is_cut:
        with pytest.raises(Incomplete, match=r"people\.ldf line 7: the last entry is not whole"):
            ldif_records(text)
    else:
        assert len(ldif_records(text)) == 2


def test_an_entry_that_lacks_what_no_entry_has_is_whole() -> None:
    assert len(ldif_records("dn: CN=Amy\nobjectGUID: g\n\ndn: CN=Ben\nobjectGUID: h\n")) == 2


WHOLE = PERSON + "mail: m\nobjectCategory: c\n"  # and what stands between may be missing
MORE = "extensionAttribute1: 2026-11-30\n"


@pytest.mark.parametrize(
    "last, is_cut",
    [
        (WHOLE, False),
        (WHOLE + MORE, False),
        (WHOLE.replace("mail: m\n", ""), False),  # it goes on after what it lacks
        (PERSON + "mail: m\n", True),
        (PERSON, True),
        (PERSON + MORE, True),
        (PERSON + "\n", False),  # closed by a blank line
    ],
)
@pytest.mark.parametrize("others", [9, 12])
def test_an_entry_without_the_end_that_all_others_have_was_cut(others: int, last: str, is_cut: bool) -> None:
    text = f"dn: CN=Amy\n{WHOLE}{MORE}\n" + f"dn: CN=Cem\n{WHOLE}\n" * others + f"dn: CN=Ben\n{last}"

    if is_cut:
        with pytest.raises(Incomplete, match=r"the last entry is not whole"):
            ldif_records(text)
    else:
        assert len(ldif_records(text)) == others + 2


def test_how_few_entries_end_or_many_in_no_one_order_tells_nothing_of_the_last() -> None:
    turned = "dn: CN=Cem\nobjectCategory: c\nmail: m\n" + PERSON
    last = f"dn: CN=Ben\n{PERSON}mail: m\n"

    assert len(ldif_records(f"dn: CN=Amy\n{WHOLE}\n" * 9 + last)) == 10
    assert len(ldif_records(f"dn: CN=Amy\n{WHOLE}\n" * 9 + f"{turned}\n{last}")) == 11


@pytest.mark.parametrize("end", ["\n\n", "\n"])
def test_entries_that_a_script_joins_are_whole(end: str) -> None:
    entries = [f"dn: CN=P{n}\n{WHOLE}{MORE if n % 2 else ''}".rstrip("\n") for n in range(4)]

    assert len(ldif_records("\n\n".join(entries) + end)) == 4


def test_one_entry_alone_is_whole() -> None:
    assert len(ldif_records(f"dn: CN=Amy\n{PERSON}")) == 1


@pytest.mark.parametrize(
    "between",
    [
        f"dn: CN=Cem\nobjectClass: user\nobjectGUID: {AMY}\nphoto:: W%%%\n",
        "dn: CN=Team\nobjectClass: group\nobjectGUID: g\n",
    ],
    ids=["spoilt", "no person"],
)
def test_an_entry_that_tells_nothing_of_a_person_s_does_not_hide_a_cut(between: str) -> None:
    with pytest.raises(Incomplete, match=r"the last entry is not whole"):
        ldif_records(f"dn: CN=Amy\n{WHOLE}\n" * 10 + f"{between}\ndn: CN=Ben\n{PERSON}mail: m\n")


def test_an_entry_without_what_every_account_has_was_cut_whatever_follows() -> None:
    last = WHOLE.replace("userAccountControl: 512\n", "")

    with pytest.raises(Incomplete, match=r"the last entry is not whole"):
        ldif_records(f"dn: CN=Amy\n{WHOLE}\ndn: CN=Ben\n{last}")


def test_what_no_group_has_is_not_wanted_of_a_person() -> None:
    group = "dn: CN=Team\nobjectClass: group\nmember: CN=Amy\nobjectCategory: g\n"

    assert len(ldif_records(f"{group}\ndn: CN=Amy\n{WHOLE}\ndn: CN=Ben\n{WHOLE}")) == 3
    assert len(ldif_records(f"dn: CN=Amy\n{WHOLE}\n{group}")) == 2


@pytest.mark.parametrize("reader", [csv_records, ldif_records])
@given(text=st.text(alphabet=" \n\r,;\"':#-adn=:x1", max_size=80))
def test_any_text_gives_records_or_one_of_our_errors(reader: object, text: str) -> None:
    try:
        records = reader(text)  # type: ignore[operator]
    except (Incomplete, BadConfig):
        return

    assert all(isinstance(record, RawRecord | Malformed) for record in records)
