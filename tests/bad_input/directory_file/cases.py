"""Broken exports as they come out of real life, each with what the user must be told.

`content` None means that there is no file. `place`, `wrong` and `remedy` are fragments of what `check`
says; `error` is what `changes` raises, or Malformed for a record that is set aside.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.ports import BadConfig, ConnectorError, Incomplete, Malformed, Transient

AMY = uuid.UUID("3f2504e0-4f89-41d3-9a0c-0305e82c3301")
BEN = uuid.UUID("3f2504e0-4f89-41d3-9a0c-0305e82c3302")
HEADER = "ObjectGUID,DisplayName,mobile,Enabled,AccountExpirationDate\r\n"
AMY_ROW = f"{AMY},Amy Adeyemi,07700 900101,True,\r\n"
BEN_ROW = f"{BEN},Ben Brody,07700 900102,True,\r\n"
AGAIN = "Export again; write to a temporary name and rename it"


@dataclass(frozen=True)
class Case:
    name: str
    content: bytes | None
    error: type[ConnectorError]
    place: str
    wrong: str
    remedy: str
    config: Mapping[str, object] = field(default_factory=dict)
    path: str = "people.csv"


def text(*parts: str, encoding: str = "utf-8") -> bytes:
    return "".join(parts).encode(encoding)


def entry(name: str, person: uuid.UUID, *more: str) -> str:
    lines = [
        f"dn: CN={name},OU=Staff,DC=corp,DC=example",
        "changetype: add",
        "objectClass: top",
        "objectClass: user",
        f"objectGUID:: {base64.b64encode(person.bytes_le).decode()}",
        f"sAMAccountName: {name.lower()}",
        "userAccountControl: 512",
        *more,
    ]
    return "\n".join(lines) + "\n\n"


CASES = (
    Case("no file", None, Transient, "people.csv", "There is no file", "Put the export there"),
    Case("an empty file", b"", Incomplete, "people.csv", "has no header line: it is empty", AGAIN),
    Case("only a type line", b"#TYPE ADUser\r\n", Incomplete, "people.csv", "has no header line", AGAIN),
    Case(
        "only the header",
        text(HEADER),
        Incomplete,
        "people.csv",
        "the export lists nobody",
        "Look at the filter and the rights of the export",
    ),
    Case(
        "an Excel workbook",
        b"PK\x03\x04\x14\x00\x06\x00" + bytes(100),
        BadConfig,
        "people.csv",
        "is an Excel workbook, not a text export",
        "export again without opening it in Excel",
    ),
    Case(
        "no id column",
        text("SamAccountName,Enabled\r\namy,True\r\n"),
        BadConfig,
        "people.csv",
        "has no column ObjectGUID, so people cannot be told apart once a name changes. "
        "It has: SamAccountName, Enabled",
        "Get-ADUser -Filter * -Properties DisplayName,mail,",
    ),
    Case(
        "an Entra export without its id",
        text("userPrincipalName,accountEnabled\r\namy@corp.example,True\r\n"),
        BadConfig,
        "people.csv",
        "has no column id",
        'Users > All users > "Download users"',
    ),
    Case(
        "a list of something else",
        text("Date,Mail\r\n2026-11-24,12\r\n"),
        BadConfig,
        "people.csv",
        "is neither an Active Directory nor an Entra export: there is no column ObjectGUID or id. "
        "It has: Date, Mail",
        "Export-Csv people.csv -NoTypeInformation -Encoding UTF8",
    ),
    Case(
        "no heading row",
        text("CN=Jane Doe,jane@corp.example,07700 900101\r\n"),
        BadConfig,
        "people.csv",
        "is neither an Active Directory nor an Entra export: there is no column ObjectGUID or id. "
        "It has no heading that is known in its first row.",
        "mobile,otherMobile,telephoneNumber",
    ),
    Case(
        "cut in the last row",
        text(HEADER, AMY_ROW, f"{BEN},Ben Br"),
        Incomplete,
        "people.csv line 3",
        "the last row has 2 of 5 columns, as if the file was cut",
        AGAIN,
    ),
    Case(
        "cut inside quotes",
        text(HEADER, AMY_ROW, f'{BEN},"Ben Br'),
        Incomplete,
        "people.csv line 3",
        "a quote is opened and never closed",
        AGAIN,
    ),
    Case(
        "a quote in the middle swallows the next row",
        text(HEADER, f'{AMY},"Amy,07700 900101,True,\r\n', f'{BEN},"Ben",07700 900102,True,\r\n'),
        Incomplete,
        "people.csv lines 2 to 3",
        "the quotes do not match, so rows run into one another",
        AGAIN,
    ),
    Case(
        "a quote that swallows the rest of a long file",
        text(HEADER, f'{AMY},"Amy,07700 900101,True,\r\n', BEN_ROW * 3000),
        Incomplete,
        "people.csv line 2",
        "a quote is opened and never closed",
        AGAIN,
    ),
    Case(
        "a value that is too long",
        text(HEADER, AMY_ROW, f"{BEN},{'x' * 131_073},07700 900102,True,\r\n"),
        Incomplete,
        "people.csv line 3",
        "a value is longer than 131,072 letters",
        "Leave out a column with so much text",
    ),
    Case(
        "text after a closing quote",
        text(HEADER, f'{AMY},"Amy"x,07700 900101,True,\r\n', BEN_ROW),
        Malformed,
        "people.csv line 2",
        "the quotes in it do not match",
        "Put cells with the delimiter or a line end in them into quotes",
    ),
    Case(
        "a comma that splits a cell",
        text(HEADER, f"{AMY},Adeyemi, Amy,07700 900101,True,\r\n", BEN_ROW),
        Malformed,
        "people.csv line 2",
        "it has 6 columns and the header has 5",
        "Put cells with the delimiter or a line end in them into quotes",
    ),
    Case(
        "a row in the middle that is too short",
        text(HEADER, f"{AMY},Amy\r\n", BEN_ROW),
        Malformed,
        "people.csv line 2",
        "it has 2 columns and the header has 5",
        "into quotes",
    ),
    Case(
        "half a UTF-16 character",
        text(HEADER, AMY_ROW, encoding="utf-16")[:-1],
        Incomplete,
        "people.csv",
        "ends in the middle of a character",
        AGAIN,
    ),
    Case(
        "half a UTF-8 character",
        text(HEADER, AMY_ROW, f"{BEN},Zoë")[:-1],
        Incomplete,
        "people.csv",
        "ends in the middle of a character",
        AGAIN,
    ),
    Case(
        "no encoding that we know",
        text(HEADER, AMY_ROW) + b"\x81\x8d\xff," * 4 + b"\r\n",
        Incomplete,
        "people.csv after line",
        "bytes that are no Windows-1252 text",
        "Export again with -Encoding UTF8",
    ),
    Case(
        "a block of NULs from a full disk",
        text(HEADER, AMY_ROW) + bytes(40),
        Incomplete,
        "people.csv line 3",
        "NUL characters, as in a half-written file",
        AGAIN,
    ),
    Case(
        "the same id with two names",
        text(HEADER, AMY_ROW, BEN_ROW, AMY_ROW.replace("Adeyemi", "Other")),
        Malformed,
        "people.csv lines 2 and 4",
        f"the id {AMY} stands in each of them, with different values",
        "Export again from one domain",
    ),
    Case(
        "an id that is no GUID",
        text(HEADER, AMY_ROW.replace(str(AMY), "3.25E+12"), BEN_ROW),
        Malformed,
        "people.csv line 2",
        "ObjectGUID '3.25E+12' is not a GUID",
        "Export again without opening the file in another program",
    ),
    Case(
        "a row without an id",
        text(HEADER, AMY_ROW.replace(str(AMY), ""), BEN_ROW),
        Malformed,
        "people.csv line 2",
        "it has no ObjectGUID",
        "Export again",
    ),
    Case(
        "ids that PowerShell could not print",
        text(HEADER, AMY_ROW.replace(str(AMY), "System.Byte[]"), BEN_ROW.replace(str(BEN), "System.Byte[]")),
        BadConfig,
        "people.csv",
        "the column ObjectGUID holds a PowerShell type's name in place of the id",
        "Export again with Get-ADUser",
    ),
    Case(
        "a date that does not exist",
        text(HEADER, AMY_ROW.replace(",\r", ",31/02/2027\r"), BEN_ROW),
        Malformed,
        "people.csv line 2",
        "in the column AccountExpirationDate, '31/02/2027' is not a date that exists",
        "Write dates like 2026-11-24",
    ),
    Case(
        "a word for a date",
        text(HEADER, AMY_ROW.replace(",\r", ",next Friday\r"), BEN_ROW),
        Malformed,
        "people.csv line 2",
        "'next Friday' is not a date that we know",
        "Write dates like 2026-11-24",
    ),
    Case(
        "a FILETIME that Excel rounded",
        text("ObjectGUID,accountExpires\r\n", f"{AMY},1.34E+17\r\n{BEN},0\r\n"),
        Malformed,
        "people.csv line 2",
        "in the column accountExpires, '1.34E+17' was rounded by Excel",
        "do not save the file in Excel",
    ),
    Case(
        "days first in one row, months first in another",
        text(
            HEADER,
            AMY_ROW.replace(",\r", ",24/11/2027\r"),
            BEN_ROW.replace(",\r", ",11/24/2027\r"),
            BEN_ROW.replace(str(BEN), str(uuid.UUID(int=3))).replace(",\r", ",03/04/2027\r"),
        ),
        Malformed,
        "people.csv line 4",
        "'03/04/2027' can be two days",
        "Write dates like 2026-11-24",
    ),
    Case(
        "not one readable record",
        text(HEADER, AMY_ROW.replace(str(AMY), "amy"), BEN_ROW.replace(str(BEN), "ben")),
        Incomplete,
        "people.csv: none of 2 records can be read. people.csv line 2",
        "ObjectGUID 'amy' is not a GUID",
        "Export again without opening",
    ),
    Case(
        "a leave date column that is not there",
        text(HEADER, AMY_ROW),
        BadConfig,
        "people.csv",
        "has no column 'lastDay', which attributes.leave_date asks for. It has: ObjectGUID, DisplayName",
        "Export the column as well, or correct attributes.leave_date",
        config={"attributes": {"leave_date": "lastDay"}},
    ),
    Case(
        "a leavers' OU without DNs to compare",
        text(HEADER, AMY_ROW),
        BadConfig,
        "people.csv",
        "has no column DistinguishedName, which leavers_ou needs",
        "Export DistinguishedName as well, or remove leavers_ou",
        config={"leavers_ou": "OU=Leavers,DC=corp,DC=example"},
    ),
    Case(
        "LDIF cut inside an entry",
        text(entry("Amy", AMY), entry("Ben", BEN)[:120]),
        Incomplete,
        "people.ldf line 9",
        "the last entry is not whole",
        AGAIN,
        path="people.ldf",
    ),
    Case(
        "LDIF cut between two lines of an entry",
        text(entry("Amy", AMY), entry("Ben", BEN).partition("sAMAccountName")[0]),
        Incomplete,
        "people.ldf line 9",
        "the last entry is not whole",
        AGAIN,
        path="people.ldf",
    ),
    Case(
        "LDIF with broken base64",
        text(entry("Amy", AMY, "displayName:: W%%%"), entry("Ben", BEN)),
        Malformed,
        "people.ldf line 8",
        "the base64 of 'displayname' cannot be decoded",
        "Export again",
        path="people.ldf",
    ),
    Case(
        "LDIF with changes",
        text("dn: CN=Amy,DC=corp,DC=example\nchangetype: modify\nreplace: title\ntitle: x\n-\n\n"),
        BadConfig,
        "people.ldf line 2",
        "changetype 'modify' makes it a list of changes, not of people",
        "Export with ldifde -f people.ldf -r (objectCategory=person)",
        path="people.ldf",
    ),
    Case(
        "LDIF of a search that hit its limit",
        text(entry("Amy", AMY), "search: 2\nresult: 4 Size limit exceeded\n\n# numEntries: 1\n"),
        Incomplete,
        "people.ldf line 10",
        "the search that wrote it ended with '4 Size limit exceeded'",
        "Export again with paging",
        path="people.ldf",
    ),
    Case(
        "LDIF entries without a DN",
        text("version: 1\n\n", entry("Amy", AMY), "objectClass: user\nsAMAccountName: ben\n\n"),
        Malformed,
        "people.ldf line 11",
        "the entry does not start with dn:, but with 'objectclass'",
        "Separate entries by one blank line",
        path="people.ldf",
    ),
    Case(
        "LDIF without ids",
        text("dn: CN=Amy,DC=corp,DC=example\nobjectClass: user\n\n"),
        Incomplete,
        "people.ldf: none of 1 records can be read",
        "it has no ObjectGUID",
        "Export again",
        path="people.ldf",
    ),
)
