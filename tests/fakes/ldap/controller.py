"""What a domain controller answers to a search: paging, DirSync, ranges, limits, referrals; no sockets.

The limits and controls are those of MS-ADTS 3.1.1.3 (read 2026-11); texts of errors are as Windows words them.
Settings are public attributes, and may be changed between two requests.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from fakes.ldap.filter import Inappropriate, matches
from fakes.ldap.tree import LINKS, SILENT, Given, Item, Key, Tree, dn_key, generalized, raw_values, sid_text
from fakes.ldap.wire import Element, elements

PAGED = "1.2.840.113556.1.4.319"
DIRSYNC = "1.2.840.113556.1.4.841"
SHOW_DELETED = "1.2.840.113556.1.4.417"
EXTENDED_DN = "1.2.840.113556.1.4.529"
WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3"
START_TLS = "1.3.6.1.4.1.1466.20037"
DELETED_OBJECTS_GUID = "18e2ea80684f11d2b9aa00c04f79f805"  # a well-known one (MS-ADTS 6.1.1.4)
OBJECT_SECURITY = 0x1
SCOPES = ("base", "one", "sub")

Values = dict[str, list[bytes]]


class Refused(Exception):
    """The search ends with this result."""

    def __init__(
        self, code: int, text: str = "", *, matched_dn: str = "", urls: tuple[str, ...] = ()
    ) -> None:
        super().__init__(code, text)
        self.code, self.text, self.matched_dn, self.urls = code, text, matched_dn, urls


@dataclass(frozen=True)
class Search:
    """A request as it was understood; `filter` is its text. `page` counts from 1 (0: not paged)."""

    base: str
    scope: str
    filter: str
    attributes: tuple[str, ...]
    controls: dict[str, tuple[bool, bytes]]
    wanted: Element
    size_limit: int = 0
    time_limit: int = 0
    page: int = 0


@dataclass
class Reply:
    """Entries, continuation references, then the result."""

    entries: list[tuple[str, Values]] = field(default_factory=list)
    references: tuple[str, ...] = ()
    code: int = 0
    text: str = ""
    matched_dn: str = ""
    urls: tuple[str, ...] = ()
    controls: list[tuple[str, bool, bytes]] = field(default_factory=list)


@dataclass
class Pages:
    """What a connection has still to be given, by cookie; gone with the connection."""

    left: dict[bytes, tuple[int, list[uuid.UUID]]] = field(default_factory=dict)

    def number(self, search_controls: dict[str, tuple[bool, bytes]]) -> int:
        """Which page a request asks for; 0 if none."""
        if PAGED not in search_controls:
            return 0
        cookie = elements(search_controls[PAGED][1])[0].parts[1].content
        return self.left[cookie][0] if cookie in self.left else 1


class DomainController:
    """One naming context, and the configuration that says who the server is."""

    def __init__(self, root: str = "DC=corp,DC=example") -> None:
        self.tree = Tree(root)
        self.max_val_range = 1500
        self.max_page_size = 1000
        self.dirsync_batch = 1000  # objects: what fits in any MaxBytes
        self.can_replicate = True  # "Replicating Directory Changes": DirSync without OBJECT_SECURITY
        self.sees_deleted = True  # List and Read on Deleted Objects
        self.unreadable: set[str] = set()  # names of attributes
        self.references: tuple[str, ...] = ()  # given by every search below the root
        self.is_paging_forgotten = False  # answers without the paged control
        self._hidden: set[Key] = set()
        self._cookies = 0
        settings = f"CN=NTDS Settings,CN=DC1,CN=Servers,CN=Sites,CN=Configuration,{root}"
        self.tree.put(
            settings, {"objectClass": ["top", "nTDSDSA"], "invocationId": uuid.UUID(int=7).bytes_le}
        )
        self.root_dse: dict[str, Given] = {
            "defaultNamingContext": root,
            "rootDomainNamingContext": root,
            "configurationNamingContext": f"CN=Configuration,{root}",
            "namingContexts": [root, f"CN=Configuration,{root}"],
            "dsServiceName": settings,
            "dnsHostName": "dc1.corp.example",
            "isSynchronized": True,
            "domainFunctionality": 7,
            "supportedLDAPVersion": ["3", "2"],
            "supportedControl": [PAGED, DIRSYNC, SHOW_DELETED, EXTENDED_DN],
            "supportedExtension": [START_TLS, WHO_AM_I],
        }

    # --- writes ----------------------------------------------------------------------------------

    def put(self, dn: str, **attributes: Given) -> uuid.UUID:
        """Add an object, and what is missing above it; returns its objectGUID, which may be given."""
        return self.tree.put(dn, attributes)

    def change(self, dn: str, **attributes: Given) -> None:
        """Replace values; None removes an attribute."""
        self.tree.change(dn, attributes)

    def move(self, dn: str, new_dn: str) -> None:
        self.tree.move(dn, new_dn)

    def delete(self, dn: str) -> uuid.UUID:
        return self.tree.delete(dn)

    def undelete(self, guid: uuid.UUID, dn: str, **attributes: Given) -> None:
        self.tree.undelete(guid, dn, attributes)

    def hide(self, dn: str) -> None:
        """From now on the account may not see this object and what lies below it."""
        self._hidden.add(dn_key(dn))

    def show(self, dn: str) -> None:
        self._hidden.discard(dn_key(dn))

    def set_invocation_id(self, invocation_id: uuid.UUID) -> None:
        """A restored, or another, controller: its numbers of changes mean nothing to the others."""
        self.change(str(self.root_dse["dsServiceName"]), invocationId=invocation_id.bytes_le)

    # --- searches --------------------------------------------------------------------------------

    def search(self, search: Search, pages: Pages) -> Reply:
        """Answer a search; never raises."""
        try:
            if not search.base and search.scope == "base":
                return Reply([("", self._chosen(self._root_values(), search))])
            self._check_controls(search)
            base = self._base(search)
            if DIRSYNC in search.controls:
                return self._dirsync(search, base)
            found = [item for item in self.tree.below(base, search.scope) if self._fits(item, search)]
            is_below = search.scope == "sub" and dn_key(base) == dn_key(self.tree.root)
            references = self.references if is_below else ()
            if search.page and not self.is_paging_forgotten:
                return self._page(search, pages, found, references)
            limit = min(search.size_limit or self.max_page_size, self.max_page_size)
            entries = [self._entry(item, search) for item in found[:limit]]
            if len(found) > limit:
                return Reply(entries, (), 4)
            return Reply(entries, references)
        except Inappropriate as rule:
            return Reply(code=18, text=f"matching rule {rule}")
        except Refused as refused:
            return Reply(
                code=refused.code, text=refused.text, matched_dn=refused.matched_dn, urls=refused.urls
            )

    def _root_values(self) -> Values:
        live: dict[str, Given] = {
            "highestCommittedUSN": self.tree.usn,
            "currentTime": generalized(self.tree.now),
            "objectClass": "top",
        }
        return {
            name: raw_values(value) for name, value in (live | self.root_dse).items() if value is not None
        }

    def _check_controls(self, search: Search) -> None:
        known = raw_values(self.root_dse["supportedControl"])
        for oid, (is_critical, _) in search.controls.items():
            if is_critical and oid.encode() not in known:
                raise Refused(
                    12, "00000057: LdapErr: DSID-0C090A7E, comment: Error processing control, data 0, v4563"
                )

    def _base(self, search: Search) -> str:
        """The DN of the search's base, which may be named by GUID."""
        base = search.base
        if base.upper().startswith("<WKGUID=") and DELETED_OBJECTS_GUID in base.lower():
            base = self.tree.deleted_objects
        elif base.upper().startswith("<GUID="):
            found = self.tree.by_guid(_guid(base[6:].partition(">")[0]))
            base = found.dn if found else ""
        key, root = dn_key(base), dn_key(self.tree.root)
        if base and key[: len(root)] != root:
            raise Refused(
                10,
                "0000202B: RefErr: DSID-0310084A, data 0, 1 access points",
                urls=(f"ldap://other.example/{base}",),
            )
        item = self.tree.items.get(key)
        if item is None or not self._is_visible(item, search):
            above = next((key[:n] for n in range(len(key), 0, -1) if key[:n] in self.tree.items), root)
            best = self.tree.items[above if key else root].dn
            raise Refused(
                32,
                f"0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'{best}'\n",
                matched_dn=best,
            )
        return item.dn

    def _fits(self, item: Item, search: Search) -> bool:
        return self._is_visible(item, search) and matches(search.wanted, lambda name: self._read(item, name))

    def _read(self, item: Item, name: str) -> list[bytes]:
        readable = name.lower() not in {each.lower() for each in self.unreadable}
        return item.values.get(name.lower(), []) if readable else []

    def _is_visible(self, item: Item, search: Search) -> bool:
        key = dn_key(item.dn)
        if any(key[: len(hidden)] == hidden for hidden in self._hidden):
            return False
        if not item.is_deleted:
            return True
        return self.sees_deleted and (SHOW_DELETED in search.controls or DIRSYNC in search.controls)

    # --- paging ----------------------------------------------------------------------------------

    def _page(self, search: Search, pages: Pages, found: list[Item], references: tuple[str, ...]) -> Reply:
        """What is listed is set when the first page is asked for; what it says, when it is sent."""
        size, cookie = elements(search.controls[PAGED][1])[0].parts
        left = [item.guid for item in found]
        if cookie.content:
            if cookie.content not in pages.left:
                raise Refused(
                    53, "00000057: LdapErr: DSID-0C090A7E, comment: Error processing control, data 0, v4563"
                )
            _, left = pages.left.pop(cookie.content)
        count = min(size.number or self.max_page_size, self.max_page_size)
        items = [self.tree.by_guid(guid) for guid in left[:count]]
        entries = [self._entry(item, search) for item in items if item and self._is_visible(item, search)]
        next_cookie = b""
        if left[count:]:
            self._cookies += 1
            next_cookie = b"page-%d" % self._cookies
            pages.left[next_cookie] = (search.page + 1, left[count:])
        control = (PAGED, False, _sequence(_integer(0), _octets(next_cookie)))
        return Reply(entries, () if next_cookie else references, controls=[control])

    # --- DirSync ---------------------------------------------------------------------------------

    def _dirsync(self, search: Search, base: str) -> Reply:
        """A cookie is (attributes changed since, objects given up to, invocation): a reply that is cut by
        `dirsync_batch` moves the second number only, so that no attribute is lost between two of them.
        """
        flags, _, cookie = elements(search.controls[DIRSYNC][1])[0].parts
        if dn_key(base) != dn_key(self.tree.root):
            raise Refused(50, "00002105: DirSync works at the root of a naming context only")
        if not flags.number & OBJECT_SECURITY and not self.can_replicate:
            raise Refused(
                50, "00002105: LdapErr: DSID-0C0907E1, comment: Error processing control, data 0, v4563"
            )
        since, reached = self._read_cookie(cookie.content)
        found = [
            item for item in self.tree.below(base, "sub") if item.usn > reached and self._fits(item, search)
        ]
        deltas = [
            (item, self._delta(item, search, since)) for item in sorted(found, key=lambda item: item.usn)
        ]
        told = [(item, delta) for item, delta in deltas if delta]
        batch, is_more = told[: self.dirsync_batch], len(told) > self.dirsync_batch
        state = [since, batch[-1][0].usn] if is_more else [max(since, self.tree.usn)] * 2
        value = _sequence(_integer(int(is_more)), _integer(0), _octets(self._cookie(state)))
        entries = [self._shown(item, delta, search) for item, delta in batch]
        return Reply(entries, controls=[(DIRSYNC, True, value)])

    def _delta(self, item: Item, search: Search, since: int) -> Values:
        """The attributes asked for that changed, without a value where they were removed; {} if none did."""
        asked = {name.lower() for name in search.attributes}
        delta: Values = {}
        for name, usn in item.changed.items():
            always = name in {"name", "parentguid", "isdeleted", "lastknownparent"}
            if usn <= since or name in SILENT or not (not asked or "*" in asked or name in asked or always):
                continue
            values = self.tree.parent_guid(item) if name == "parentguid" else self._read(item, name)
            delta[self._name(name)] = values
        if delta:
            delta |= {self._name(name): item.values[name] for name in ("objectguid", "instancetype")}
        return delta

    def _cookie(self, state: list[int]) -> bytes:
        return json.dumps([*state, self._invocation()]).encode()

    def _read_cookie(self, raw: bytes) -> tuple[int, int]:
        if not raw:
            return 0, 0
        try:
            since, reached, invocation = json.loads(raw)
        except ValueError:
            raise Refused(12, "Unable to unmarshall cookie") from None
        return (
            (since, reached) if invocation == self._invocation() else (0, 0)
        )  # another controller's: all, again

    def _invocation(self) -> str:
        return self.tree.items[dn_key(str(self.root_dse["dsServiceName"]))].values["invocationid"][0].hex()

    # --- entries ---------------------------------------------------------------------------------

    def _entry(self, item: Item, search: Search) -> tuple[str, Values]:
        values = {self._name(name): self._read(item, name) for name in item.values}
        if "parentguid" in {name.lower() for name in search.attributes}:
            values["parentGUID"] = self.tree.parent_guid(item)
        return self._shown(item, self._chosen(values, search), search)

    def _chosen(self, values: Values, search: Search) -> Values:
        asked = {name.lower().partition(";")[0]: name for name in search.attributes}
        chosen: Values = {}
        for name, each in values.items():
            if each and (not asked or "*" in asked or name.lower() in asked):
                chosen |= self._ranged(name, each, asked.get(name.lower(), name))
        return chosen

    def _ranged(self, name: str, values: list[bytes], asked: str) -> Values:
        """More values than MaxValRange come in parts; the plain name then comes too, without a value."""
        _, _, option = asked.partition(";range=")
        if not option and len(values) <= self.max_val_range:
            return {name: values}
        low, _, high = (option or "0-*").partition("-")
        start = int(low)
        stop = min(
            len(values), start + self.max_val_range, int(high) + 1 if high not in {"", "*"} else len(values)
        )
        if start >= len(values):
            raise Refused(1, "00002120: a range that begins after the last value")
        part = {f"{name};range={start}-{'*' if stop == len(values) else stop - 1}": values[start:stop]}
        return part if option else {name: []} | part

    def _shown(self, item: Item, values: Values, search: Search) -> tuple[str, Values]:
        if EXTENDED_DN not in search.controls:
            return item.dn, values
        links = {
            name: [self._extended(dn, search).encode() for dn in _texts(values[name])]
            for name in self._links(values)
        }
        return self._extended(item.dn, search), values | links

    def _links(self, values: Values) -> Iterator[str]:
        return (name for name in values if name.lower().partition(";")[0] in {*LINKS, "distinguishedname"})

    def _extended(self, dn: str, search: Search) -> str:
        item = self.tree.items.get(dn_key(dn))
        if item is None:
            return dn
        value = search.controls[EXTENDED_DN][1]
        is_hex = not value or elements(value)[0].parts[0].number == 0
        guid, sid = item.values["objectguid"][0], item.values.get("objectsid")
        parts = [f"<GUID={guid.hex() if is_hex else item.guid}>"]
        parts += [f"<SID={sid[0].hex() if is_hex else sid_text(sid[0])}>"] if sid else []
        return ";".join((*parts, dn))

    def _name(self, name: str) -> str:
        return self.tree.names.get(name, name)


def _guid(text: str) -> uuid.UUID:
    """Either form that AD takes: with hyphens as people write it, or the bytes as they are stored."""
    try:
        return uuid.UUID(text) if "-" in text else uuid.UUID(bytes_le=bytes.fromhex(text))
    except ValueError:
        raise Refused(34, "0000208F: NameErr: DSID-0310022A, problem 2006 (BAD_NAME), data 8350") from None


def _texts(values: list[bytes]) -> list[str]:
    return [value.decode() for value in values]


def _sequence(*parts: bytes) -> bytes:
    content = b"".join(parts)
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content  # Windows writes its lengths so


def _integer(number: int) -> bytes:
    return b"\x02\x01" + bytes((number,))


def _octets(value: bytes) -> bytes:
    return b"\x04\x84" + len(value).to_bytes(4, "big") + value
