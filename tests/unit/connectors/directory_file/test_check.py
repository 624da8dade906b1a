"""What check says of an export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.export_files import directory, guid, write
from worker.ports import (
    PassEnd,
)


def test_check_says_it_in_one_line(tmp_path: Path) -> None:
    write(
        tmp_path / "people.csv",
        "ObjectGUID,SamAccountName,mobile,Enabled\r\n"
        f"{guid(1)},amy,07700 900101,True\r\n{guid(2)},ben,ask,False\r\n"
        f"{guid(3)},cem,,\r\n{guid(4)},PC7$,,True\r\n",
        datetime(2026, 11, 24, 9, 12, tzinfo=UTC),
    )

    result = directory(tmp_path).check()

    assert result.message == (
        "people.csv: 3 people (1 enabled, 1 disabled, 1 not said), dated 2026-11-24 09:12 UTC, "
        "format Active Directory CSV"
    )
    assert dict(result.counts) == {
        "people": 3,
        "enabled": 1,
        "disabled": 1,
        "out_of_scope": 1,
        "malformed": 0,
        "unreadable_phones": 1,
        "without_phone": 2,
    }


def test_check_warns_of_what_the_export_cannot_say(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", f"ObjectGUID,DisplayName\r\n{guid(1)},Amy\r\n")

    details = directory(tmp_path).check().details

    assert "nobody is seen as disabled" in details["enabled"]
    assert "nobody is matched by number" in details["phones"]


LDIF = "dn: CN=Amy,DC=x\nobjectClass: user\nobjectGUID: {id}\ncn: Amy\n{more}"


@pytest.mark.parametrize(
    "text, names",
    [
        (f"ObjectGUID,DisplayName\r\n{guid(1)},Amy\r\n", "Enabled or userAccountControl"),
        (f"ObjectGUID,Enabled\r\n{guid(1)},\r\n", "Enabled or userAccountControl"),
        (f"id,userPrincipalName\r\n{guid(1)},amy@x.example\r\n", "accountEnabled or Block credential"),
        (LDIF.format(id=guid(1), more=""), "userAccountControl"),
    ],
    ids=["ad", "ad without a value", "entra", "ldif"],
)
def test_an_export_says_which_column_would_show_who_is_disabled(
    tmp_path: Path, text: str, names: str
) -> None:
    write(tmp_path / "people.csv", text)

    [lack] = directory(tmp_path).check().unshown

    assert (lack.fact, names in lack.message) == ("enabled", True)
    assert lack.remedy == f"Export the column {names} as well."
    *_, end = directory(tmp_path).changes(None)
    assert isinstance(end, PassEnd)
    assert end.unshown == (lack,)


@pytest.mark.parametrize(
    "text",
    [
        f"ObjectGUID,Enabled\r\n{guid(1)},True\r\n",
        f"ObjectGUID,userAccountControl\r\n{guid(1)},512\r\n",
        f"id,accountEnabled\r\n{guid(1)},True\r\n",
        f"Object Id,Block credential\r\n{guid(1)},False\r\n",
        LDIF.format(id=guid(1), more="userAccountControl: 512\n"),
    ],
    ids=["ad", "ad by number", "entra", "microsoft 365", "ldif"],
)
def test_an_export_with_a_word_on_somebody_s_account_lacks_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path / "people.csv", text)

    assert directory(tmp_path).check().unshown == ()


def test_check_names_the_columns_that_powershell_could_not_print(tmp_path: Path) -> None:
    kind = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
    text = f"ObjectGUID,otherMobile,PropertyNames\r\n{guid(1)},{kind},{kind}\r\n"
    write(tmp_path / "people.csv", text)

    result = directory(tmp_path).check()

    assert result.details["columns without values"].startswith("otherMobile: PowerShell wrote a type's name")
    assert result.counts["unreadable_phones"] == 0


def test_check_shows_words_that_it_does_not_know(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", f"ObjectGUID,Enabled\r\n{guid(1)},maybe\r\n")

    assert "'maybe'" in directory(tmp_path).check().details["enabled"]


def test_check_is_red_when_the_scope_lets_nobody_in(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", f"ObjectGUID,SamAccountName\r\n{guid(1)},svc-a\r\n")

    result = directory(tmp_path, scope={"exclude": ["svc-*"]}).check()

    assert (result.ok, "Nobody is in scope" in result.message) == (False, True)
    assert result.remedy
