"""People from a controller, as `DirectoryPage`s: everybody, or those with certain ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice

from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.read.deltas import USERS, names_in
from connectors.directory.active_directory.read.mapping import (
    USER_ACCOUNT_CONTROL,
    Reading,
    attributes_of,
    id_of,
    is_deleted,
    map_entry,
    plain_dn,
)
from connectors.directory.active_directory.wire import ldap_controls as lc
from connectors.directory.active_directory.wire.ber import Entry
from connectors.directory.active_directory.wire.client import Client, Search
from connectors.directory.active_directory.wire.controller import Controller, deleted_objects_dn
from connectors.directory.active_directory.wire.rights import how_to_read, trustee
from connectors.kit import dn as _dn
from connectors.kit.mapped import page_of
from worker.domain.model import COUNTRY, TIMEZONE
from worker.ports import Concern, DirectoryPage, PermissionDenied

# Without krbtgt, Guest and Administrator
PEOPLE = "(&(objectClass=user)(!(objectClass=computer))(!(isCriticalSystemObject=TRUE)))"
# What deletion takes away even from an object in the recycle bin: a filter by it says nothing of deleted people
_LOST = frozenset(
    {"objectcategory", "samaccounttype", "memberof", "manager", "directreports", "managedobjects"}
)
_IDS_AT_ONCE = 200
EXPIRES = "accountExpires"
_UAC = USER_ACCOUNT_CONTROL.lower()
# Where somebody belongs: a fact, and the attribute that shows it
_PLACES = (
    ("department", "department"), ("title", "title"), ("office", "physicalDeliveryOfficeName"), ("company", "company"),
    (COUNTRY, "c"),
)  # fmt: skip


class People:
    """All questions about people over one connection."""

    def __init__(
        self, client: Client, config: ActiveDirectoryConfig, controller: Controller, reading: Reading
    ) -> None:
        self._client = client
        self._config = config
        self._controller = controller
        self._reading = reading
        self._attributes = attributes_of(config)
        self._places = {
            fact: name
            for fact, name in (*_PLACES, (TIMEZONE, config.attributes.timezone))
            if name is not None
        }
        self.hides = frozenset(self._places)  # those that `everybody` has seen of nobody until now
        self._read = self._with_state = 0
        self._stateless_in = ""
        named = {name.lower() for name in names_in(config.scope.filter or "")}
        self._can_judge_deleted = _LOST.isdisjoint(named)

    def everybody(self) -> Iterator[DirectoryPage]:
        """All people in scope. Raises PermissionDenied if no account's state can be read."""
        _ = (self._hides_leave, self._hides_leave_date)  # before the first page: within one another is open
        for place in places(self._config):
            for entries in self._client.pages(self._search(place), self._config.page_size):
                self._count_states(entries)
                page = self._page((entry, True) for entry in entries)
                self.hides -= _shown(page)
                yield self._dated(replace(page, unshown=page.unshown | self.hides))
        if self._read and not self._with_state:
            where, user = places(self._config), trustee(self._client.who_am_i())
            raise PermissionDenied(
                f"{self._client.server} does not show {USER_ACCOUNT_CONTROL} of anybody to this account.",
                missing=f"Read {USER_ACCOUNT_CONTROL}",
                remedy=f"Without it nobody is seen to be disabled. {how_to_read(USER_ACCOUNT_CONTROL, where, user)}",
            )

    def stateless(self) -> Concern | None:
        """Those of `everybody` whose account's state can't be read, and where; None if there are none."""
        if self._read == self._with_state:
            return None
        message = (
            f"{self._client.server} does not show {USER_ACCOUNT_CONTROL} of {self._read - self._with_state} of "
            f"{self._read} people, below {self._stateless_in}."
        )
        how = how_to_read(USER_ACCOUNT_CONTROL, (self._stateless_in,), trustee(self._client.who_am_i()))
        return Concern("account states", message, f"Without it nobody sees that they are disabled. {how}")

    def _count_states(self, entries: Sequence[Entry]) -> None:
        self._read += len(entries)
        without = [entry for entry in entries if _UAC not in entry.values]
        self._with_state += len(entries) - len(without)
        for entry in without:
            parent = _dn.parent(plain_dn(entry.dn))
            self._stateless_in = _dn.above_both(self._stateless_in or parent, parent)

    def deleted_with_traces(self) -> Iterator[DirectoryPage]:
        """Deleted people with enough data left to recognise them in a group (if the recycle bin is on)."""
        names = (*self._config.attributes.phones, "mail", self._config.attributes.employee_id)
        traces = "(|" + "".join(f"({name}=*)" for name in names) + ")"
        fitting = (self._config.scope.filter or USERS) if self._can_judge_deleted else USERS
        search = Search(
            "the deleted objects", deleted_objects_dn(self._controller),
            lc.all_of(fitting, USERS, "(isDeleted=TRUE)", traces), self._attributes,
            controls=(lc.show_deleted(), lc.extended_dn()),
        )  # fmt: skip
        for entries in self._client.pages(search, self._config.page_size):
            yield self._page((entry, True) for entry in entries)

    def with_ids(self, ids: Iterable[bytes]) -> Iterator[DirectoryPage]:
        """The visible people with these objectGUIDs, anywhere in the domain, including deleted ones."""
        waiting = iter(ids)
        while chunk := tuple(islice(waiting, _IDS_AT_ONCE)):
            entries = self._found(lc.all_of(PEOPLE, lc.guid_filter(chunk)), self._attributes)
            fitting = self._fitting(chunk) if self._config.scope.filter else frozenset(chunk)
            if entries:
                yield self._page(
                    (entry, id_of(entry) in fitting or (is_deleted(entry) and not self._can_judge_deleted))
                    for entry in entries
                )

    def marked(self, page: DirectoryPage, hides: frozenset[str]) -> DirectoryPage:
        """The page of a delta, with what is seen of nobody in the domain: this account may have lost the right to it.

        It is asked only where the page can't tell: each question may read the whole domain. `hides` are the facts of a
        place that the last full pass saw of nobody.
        """
        lacking = frozenset(self._places) - hides - _shown(page) if _has_anybody(page) else frozenset()
        lost = frozenset(fact for fact in lacking if self._is_hidden(self._places[fact]))
        return self._dated(replace(page, unshown=page.unshown | hides | lost))

    def _dated(self, page: DirectoryPage) -> DirectoryPage:
        """The page, with what is seen of nobody in the domain of their leave."""
        unshown, unsure = set(page.unshown), set[str]()
        if (
            any(one.enabled is False and not one.is_on_long_leave for one in page.records)
            and self._hides_leave
        ):
            unshown.add("is_on_long_leave")
        if self._config.attributes.leave_date is None:
            unshown.add("leave_at")
        elif not any(one.leave_at for one in page.records) and self._hides_leave_date:
            unsure.add("leave_at")
        return replace(page, unshown=frozenset(unshown), unsure=frozenset(unsure))

    @cached_property
    def _hides_leave(self) -> bool:
        return self._is_hidden(self._config.attributes.long_leave)

    @cached_property
    def _hides_leave_date(self) -> bool:
        return self._is_hidden(self._config.attributes.leave_date)

    def _is_hidden(self, attribute: str | None) -> bool:
        if attribute is None:
            return False
        search = Search(
            f"a person with {attribute}", self._controller.naming_context,
            lc.all_of(PEOPLE, f"({attribute}=*)"), ("objectGUID",), controls=(lc.extended_dn(),),
        )  # fmt: skip
        return not self._client.has_any(search)

    def _fitting(self, ids: Sequence[bytes]) -> frozenset[bytes | None]:
        wanted = lc.all_of(self._config.scope.filter or USERS, lc.guid_filter(ids))
        return frozenset(id_of(entry) for entry in self._found(wanted, ("objectGUID",)))

    def _found(self, wanted: bytes, attributes: tuple[str, ...]) -> list[Entry]:
        search = Search(
            "the people who have changed", self._controller.naming_context, wanted, attributes,
            controls=(lc.show_deleted(), lc.extended_dn()),
        )  # fmt: skip
        return [entry for page in self._client.pages(search, _IDS_AT_ONCE) for entry in page]

    def _search(self, place: str) -> Search:
        wanted = lc.all_of(PEOPLE, self._config.scope.filter) if self._config.scope.filter else PEOPLE
        return Search(f"the people in {place}", place, wanted, self._attributes, controls=(lc.extended_dn(),))

    def _page(self, entries: Iterable[tuple[Entry, bool]]) -> DirectoryPage:
        """A page. Every account of a person has accountExpires: where none shows it, nobody's expiry is known."""
        those = list(entries)
        page = page_of(map_entry(entry, self._reading, fits=fits) for entry, fits in those)
        is_shown = any(EXPIRES.lower() in entry.values for entry, _ in those)
        return page if is_shown else replace(page, unshown=frozenset({"expires_at"}))


def _shown(page: DirectoryPage) -> frozenset[str]:
    """The facts of a place that a page shows of somebody."""
    fields = (fact for fact, _ in _PLACES if any(getattr(one, fact, None) for one in page.records))
    return frozenset(fields) | {name for one in page.records for name, _ in one.attributes}


def _has_anybody(page: DirectoryPage) -> bool:
    """Whether somebody on it is here: a deletion takes these facts away."""
    return not all(one.is_deleted for one in page.records)


def places(config: ActiveDirectoryConfig) -> tuple[str, ...]:
    """The subtrees of a full pass: none lies within another, and the leavers' OU is always included."""
    wanted = [*(config.scope.ous or (config.base,)), *([config.leavers_ou] if config.leavers_ou else [])]
    alone: list[str] = []
    for place in sorted(wanted, key=lambda dn: len(_dn.parts(dn))):
        if not any(_dn.is_at_or_under(place, _dn.parts(other)) for other in alone):
            alone.append(place)
    return tuple(alone)
