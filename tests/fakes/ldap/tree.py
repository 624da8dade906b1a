"""The objects of a domain, as a domain controller keeps them: numbered changes, tombstones, links that follow.

Each write takes the next update sequence number (USN) and notes it at every attribute that it changed, which is
what DirSync and uSNChanged are made of. Names of attributes are compared without case and shown as first written.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

Value = str | bytes | int | bool
Given = Value | Iterable[Value] | None
Key = tuple[str, ...]  # a DN's parts in lower case, the root first

NEVER = 0x7FFFFFFFFFFFFFFF  # accountExpires
USER = ("top", "person", "organizationalPerson", "user")
LINKS = ("manager", "member", "memberof", "directreports", "managedby")
# What a change of them says is of no use to a reader of changes, so DirSync never shows it (measured with Samba)
SILENT = frozenset(
    {"memberof", "whenchanged", "usnchanged", "usncreated", "distinguishedname", "directreports"}
)
# What is left of a deleted object where the recycle bin is off (MS-ADTS 3.1.1.5.5.1.1)
KEPT = frozenset(
    {"objectclass", "objectguid", "objectsid", "instancetype", "usncreated", "usnchanged", "whencreated"}
    | {"whenchanged", "distinguishedname", "name", "cn", "samaccountname", "useraccountcontrol"}
    | {"isdeleted", "lastknownparent"}
)


@dataclass
class Item:
    """One object: raw values by the lower-case name of their attribute, and the USN of each one's last change."""

    dn: str
    values: dict[str, list[bytes]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)

    @property
    def guid(self) -> uuid.UUID:
        return uuid.UUID(bytes_le=self.values["objectguid"][0])

    @property
    def usn(self) -> int:
        return int(self.values["usnchanged"][0])

    @property
    def is_deleted(self) -> bool:
        return self.values.get("isdeleted") == [b"TRUE"]


class Tree:
    """`now` is the server's time; `has_recycle_bin` leaves deleted objects their attributes."""

    def __init__(self, root: str, now: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)) -> None:
        self.root = root
        self.now = now
        self.has_recycle_bin = False
        self.usn = 8000
        self.items: dict[Key, Item] = {}
        self.names = {"parentguid": "parentGUID"}  # as first written, by lower case
        self._by_guid: dict[uuid.UUID, Item] = {}
        self._random = Random(root)
        self._rid = 1103
        self._add(root, {"objectClass": ["top", "domain", "domainDNS"]})
        self._add(self.deleted_objects, {"objectClass": ["top", "container"], "isDeleted": True})

    @property
    def deleted_objects(self) -> str:
        return f"CN=Deleted Objects,{self.root}"

    def put(self, dn: str, attributes: dict[str, Given]) -> uuid.UUID:
        """Add an object and the containers above it that are missing; a CN= without objectClass is a user.

        Returns its objectGUID. ValueError if the DN is taken.
        """
        if dn_key(dn) in self.items:
            raise ValueError(f"{dn} is there already")
        _, parent = split(dn)
        self._add_missing(parent)
        return self._add(dn, attributes).guid

    def change(self, dn: str, attributes: dict[str, Given]) -> None:
        """Replace values; None removes an attribute. What is the same already is no change."""
        item = self.items[dn_key(dn)]
        new = {self._name(name): raw_values(value) for name, value in attributes.items()}
        differing = {name: value for name, value in new.items() if item.values.get(name, []) != value}
        if differing:
            self._write(item, differing)

    def move(self, dn: str, new_dn: str) -> None:
        """Rename or move an object; what lies below follows, and is not counted as changed."""
        old, new = dn_key(dn), dn_key(new_dn)
        if new in self.items and new != old:
            raise ValueError(f"{new_dn} is there already")
        _, parent = split(new_dn)
        self._add_missing(parent)
        below = [(key, item) for key, item in self.items.items() if key[: len(old)] == old]
        for key, _item in below:
            del self.items[key]
        for _key, item in below:
            head = item.dn[: len(item.dn) - len(dn)]
            self._rename(item, head + new_dn)
        is_renamed = split(dn)[0] != split(new_dn)[0]
        naming = self._naming(new_dn) if is_renamed else {}
        self._write(self.items[new], {"name": _rdn(new_dn), "parentguid": []} | naming)

    def delete(self, dn: str) -> uuid.UUID:
        """Make an object, and what lies below it, tombstones under Deleted Objects; return its objectGUID."""
        old = dn_key(dn)
        for key in [key for key in self.items if key[: len(old)] == old and key != old]:
            if key in self.items:
                self.delete(self.items[key].dn)
        item = self.items.pop(old)
        rdn, parent = split(dn)
        for other in self.items.values():
            for name in LINKS:
                if dn.encode() in other.values.get(name, ()):
                    other.values[name].remove(dn.encode())
        self._rename(item, f"{rdn}\\0ADEL:{item.guid},{self.deleted_objects}")
        gone: dict[str, list[bytes]] = {name: [] for name in item.values if name not in KEPT}
        said = {
            "name": raw_values(f"{unescaped(rdn.partition('=')[2])}\nDEL:{item.guid}"),
            self._name("isDeleted"): [b"TRUE"],
            self._name("lastKnownParent"): [parent.encode()],
        }
        self._write(item, said if self.has_recycle_bin else gone | said)
        return item.guid

    def undelete(self, guid: uuid.UUID, dn: str, attributes: dict[str, Given]) -> None:
        """Bring a tombstone back under a DN, with further attributes."""
        item = self.by_guid(guid)
        if item is None or not item.is_deleted:
            raise ValueError(f"{guid} is no deleted object")
        del self.items[dn_key(item.dn)]
        self._rename(item, dn)
        given = {self._name(name): raw_values(value) for name, value in attributes.items()}
        back: dict[str, list[bytes]] = {"isdeleted": [], "lastknownparent": [], "parentguid": []}
        self._write(item, back | {"name": _rdn(dn)} | self._naming(dn) | given)

    def by_guid(self, guid: uuid.UUID) -> Item | None:
        return self._by_guid.get(guid)

    def below(self, dn: str, scope: str) -> Iterator[Item]:
        """The objects of one naming context that a search from `dn` meets, in the order of their making."""
        base = dn_key(dn)
        for key, item in self.items.items():
            depth = len(key) - len(base) if key[: len(base)] == base else -1
            if depth < 0 or self._context(key) != self._context(base):
                continue
            if {"base": depth == 0, "one": depth == 1, "sub": True}[scope]:
                yield item

    def parent_guid(self, item: Item) -> list[bytes]:
        above = self.items.get(dn_key(item.dn)[:-1])
        return above.values["objectguid"] if above else []

    def snapshot(self) -> Tree:
        """A copy to go back to, as a restored virtual machine does."""
        return copy.deepcopy(self, {id(self._random): self._random})  # so that no GUID is made twice

    def _add_missing(self, dn: str) -> None:
        if dn and dn_key(dn) not in self.items:
            self._add_missing(split(dn)[1])
            self._add(dn, {"objectClass": ("top", "container")} if dn.upper().startswith("CN=") else {})

    def _add(self, dn: str, attributes: dict[str, Given]) -> Item:
        item = Item(dn)
        given = {self._name(name): raw_values(value) for name, value in attributes.items()}
        usn = [b"%d" % (self.usn + 1)]
        made: dict[str, Given] = {
            "objectClass": USER if dn.upper().startswith("CN=") else ("top", "organizationalUnit"),
            "objectGUID": uuid.UUID(int=self._random.getrandbits(128), version=4).bytes_le,
            "name": split(dn)[0].partition("=")[2],
            "instanceType": 4,
            "uSNCreated": usn,
            "whenCreated": generalized(self.now),
        }
        values = (
            {self._name(name): raw_values(value) for name, value in made.items()} | self._naming(dn) | given
        )
        if b"user" in values["objectclass"]:
            values = self._account() | values
        self.items[dn_key(dn)] = item
        item.values[self._name("distinguishedName")] = [dn.encode()]
        self._write(item, values | {"parentguid": []})
        self._by_guid[item.guid] = item
        return item

    def _write(self, item: Item, values: dict[str, list[bytes]]) -> None:
        """`parentguid` is no stored attribute: only that it changed is noted."""
        self.usn += 1
        for name, value in values.items():
            if value:
                item.values[name] = value
            else:
                item.values.pop(name, None)
            if name not in SILENT:
                item.changed[name] = self.usn
        item.values[self._name("uSNChanged")] = [b"%d" % self.usn]
        item.values[self._name("whenChanged")] = [generalized(self.now).encode()]

    def _rename(self, item: Item, dn: str) -> None:
        """Links are kept by GUID in AD: they follow, and nobody counts as changed for it."""
        old, new = item.dn.encode(), dn.encode()
        item.dn = dn
        item.values["distinguishedname"] = [new]
        self.items[dn_key(dn)] = item
        for other in self.items.values():
            for name in LINKS:
                if old in other.values.get(name, ()):
                    other.values[name] = [new if value == old else value for value in other.values[name]]

    def _naming(self, dn: str) -> dict[str, list[bytes]]:
        kind, _, text = split(dn)[0].partition("=")
        return {self._name(kind.lower()): raw_values(unescaped(text))}

    def _context(self, key: Key) -> Key:
        """Configuration lies below the domain by name, but is a naming context of its own."""
        root = dn_key(self.root)
        configuration = (*root, "cn=configuration")
        return configuration if key[: len(configuration)] == configuration else root

    def _account(self) -> dict[str, list[bytes]]:
        """What every account has, unless something else was given."""
        made: dict[str, Given] = {
            "objectSid": self._next_sid(),
            "objectCategory": f"CN=Person,CN=Schema,CN=Configuration,{self.root}",
            "userAccountControl": 512,
            "accountExpires": NEVER,
        }
        return {self._name(name): raw_values(value) for name, value in made.items()}

    def _next_sid(self) -> bytes:
        self._rid += 1
        numbers = (21, 1111111111, 2222222222, 3333333333, self._rid)
        return bytes((1, len(numbers), 0, 0, 0, 0, 0, 5)) + b"".join(n.to_bytes(4, "little") for n in numbers)

    def _name(self, name: str) -> str:
        self.names.setdefault(name.lower(), name)
        return name.lower()


def dn_key(dn: str) -> Key:
    return tuple(part.strip().lower() for part in reversed(_parts(dn)))


def split(dn: str) -> tuple[str, str]:
    """The first part of a DN, and the rest."""
    parts = _parts(dn)
    return (parts[0], ",".join(parts[1:])) if parts else ("", "")


def unescaped(text: str) -> str:
    return re.sub(r"\\([^0-9a-fA-F])", r"\1", text)


def generalized(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S.0Z")


def sid_text(raw: bytes) -> str:
    numbers = [int.from_bytes(raw[at : at + 4], "little") for at in range(8, len(raw), 4)]
    return "-".join(map(str, ("S", raw[0], int.from_bytes(raw[2:8], "big"), *numbers)))


def raw_values(given: Given) -> list[bytes]:
    if given is None:
        return []
    if isinstance(given, str | bytes | int):
        given = [given]
    return [_one(value) for value in given]


def _parts(dn: str) -> list[str]:
    return re.findall(r"(?:\\.|[^,\\])+", dn, re.DOTALL)


def _rdn(dn: str) -> list[bytes]:
    return raw_values(unescaped(split(dn)[0].partition("=")[2]))


def _one(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"TRUE" if value else b"FALSE"
    return value if isinstance(value, bytes) else str(value).encode()
