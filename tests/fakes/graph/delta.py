"""The delta of users: rounds of pages whose links hold the whole query, as Microsoft documents and users report them.

    no token -> everybody, in pages;  $deltatoken -> what changed since, in pages;  each round ends with a deltaLink

Semantics: delta-query-overview, delta-query-users and user-delta of Microsoft's documentation (read 2026-11).
What they leave open is a setting of `DeltaSettings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from fakes.graph.faults import EXPIRED, PAGE_TOKEN, RESYNC
from fakes.graph.http import Request
from fakes.graph.queries import ids_in, opened, sealed, selected
from fakes.graph.shapes import DEFAULT, Refused, bad_request, reference, removed, tracked, unsupported
from fakes.graph.tenant import Change, FakeTenant, User

Json = dict[str, Any]
MANAGER = frozenset({"manager"})
NOT_SUPPORTED = ("$expand", "$orderby", "$top", "$search", "$skip", "$count")
FILTER_IDS_MAX = 50


@dataclass
class DeltaSettings:
    """How the service behaves where it may behave in more than one way; change it at any time.

    page_size            people in a page
    empty_pages          pages without people, but with a nextLink, at the start of each round
    is_verbose           a round shows each step of each person, in pages, so that ids repeat and only the last holds
    replays              how many of the history's lines before the token are told again
    restores             whether a restore shows: `always`; `selected` if $select has deletedDateTime; `never`
    shows_removed_first  a first round lists who is deleted as well, as removed
    lists_old_manager    a new manager comes with the old one, who is marked as removed
    refuses_options      $top, $expand … are refused (documented as not supported); False: ignored, as users saw it
    token_life           how long a deltaLink is good
    page_token_life      how long a nextLink is good; None: as long as a deltaLink
    expiry_status, expiry_code   what an expired one is answered with
    """

    page_size: int = 200
    empty_pages: int = 0
    is_verbose: bool = False
    replays: int = 0
    restores: Literal["always", "selected", "never"] = "never"
    shows_removed_first: bool = False
    lists_old_manager: bool = False
    refuses_options: bool = True
    token_life: timedelta = timedelta(days=7)
    page_token_life: timedelta | None = None
    expiry_status: int = 400
    expiry_code: str = "syncStateNotFound"


class UserDelta:
    """Answers /users/delta of one tenant. `reset` makes every link of before useless (410)."""

    def __init__(self, tenant: FakeTenant, root: Callable[[], str]) -> None:
        self.settings = DeltaSettings()
        self._tenant = tenant
        self._root = root
        self._generation = 0
        self._location: str | None = None
        self._rounds: dict[str, list[Change]] = {}

    def reset(self, location: str | None = None) -> None:
        """Forget all that was told: links of before get 410 and where to start, which `location` may falsify."""
        self._generation += 1
        self._location = location

    def page(self, request: Request, allowed: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Json:
        """Return one page. `allowed` is given the names selected; it returns those that may be read, or refuses."""
        query = {name: value for name, value in request.query.items() if name.startswith("$")}
        token = query.pop("$skiptoken", "") or query.pop("$deltatoken", "")
        query.pop("$deltatoken", None)  # an empty one is no token
        if not token or token.lower() == "latest":
            state = self._start(query)
            if token:
                return self._last([], {**state, "select": state["select"]})
        else:
            if query:
                raise bad_request(
                    f"{next(iter(query))} is part of the token and must not be given beside it."
                )
            state = self._resumed(token)
        if state["empty"]:
            return self._more([], {**state, "empty": state["empty"] - 1})
        names = allowed(tuple(state["select"] or DEFAULT))
        with self._tenant.lock:
            return (
                self._first_round(state, names) if state["since"] is None else self._later_round(state, names)
            )

    # --- tokens ---------------------------------------------------------------------------------------------

    def _start(self, query: Mapping[str, str]) -> Json:
        if self.settings.refuses_options:
            for name in NOT_SUPPORTED:
                if name in query:
                    raise unsupported(f"{name} is not supported for a delta query of users.")
        ids = None
        if "$filter" in query:
            ids = ids_in(query["$filter"])
            if ids is None or len(ids) > FILTER_IDS_MAX:
                raise unsupported("A delta query of users can be filtered by up to 50 ids only.")
        select = selected(query.get("$select"), MANAGER)
        return self._state(select=select, ids=ids, since=None, until=self._tenant.last_change)

    def _state(self, **more: Any) -> Json:
        return {
            "kind": "delta",
            "tenant": self._tenant.id,
            "generation": self._generation,
            "born": self._tenant.now.isoformat(),
            "empty": self.settings.empty_pages,
            "at": 0,
            **more,
        }

    def _resumed(self, token: str) -> Json:
        state = opened(token)
        if state.get("kind") not in {"delta", "next"} or state["tenant"] != self._tenant.id:
            raise bad_request("Badly formed token.")
        if state["generation"] != self._generation:
            location = self._location or f"{self._root()}/users/delta?$deltatoken="
            raise Refused(410, "syncStateNotFound", RESYNC, Location=location)
        self._check_age(state)
        if state["kind"] == "delta":
            return self._state(
                **{key: state[key] for key in ("select", "ids")},
                since=state["until"],
                until=self._tenant.last_change,
            )
        return state

    def _check_age(self, state: Mapping[str, Any]) -> None:
        age = self._tenant.now - datetime.fromisoformat(state["born"])
        is_page = state["kind"] == "next"
        if is_page and self.settings.page_token_life is not None and age > self.settings.page_token_life:
            raise bad_request(PAGE_TOKEN, "Directory_ExpiredPageToken")
        if age > self.settings.token_life:
            raise Refused(self.settings.expiry_status, self.settings.expiry_code, EXPIRED)

    # --- rounds ---------------------------------------------------------------------------------------------

    def _first_round(self, state: Json, names: tuple[str, ...]) -> Json:
        """Everybody from a place on. Who changes meanwhile comes again in the next round, whose start is ours."""
        items: list[Json] = []
        place = state["at"]
        if self.settings.is_verbose and place:  # the end of the last page once more
            items += self._enumerated(self._tenant.at(place - 1), state["ids"], names)
        end = self._tenant.places
        while place < end and len(items) < self.settings.page_size:
            items += self._enumerated(self._tenant.at(place), state["ids"], names)
            place += 1
        return self._more(items, {**state, "at": place}) if place < end else self._last(items, state)

    def _enumerated(self, user: User, ids: list[str] | None, names: tuple[str, ...]) -> list[Json]:
        if ids is not None and user.id not in ids:
            return []
        if user.is_live:
            manager = [reference(user.manager)] if user.manager else None
            return [_item(user.id, user.properties, names, manager)]
        return [removed(user.id, is_purged=user.is_purged)] if self.settings.shows_removed_first else []

    def _later_round(self, state: Json, names: tuple[str, ...]) -> Json:
        changes = self._changes(state, frozenset(names))
        start = state["at"]
        end = min(start + self.settings.page_size, len(changes))
        managers = self._managers(changes[start:end], state) if "manager" in names else {}
        items = [self._told(change, names, managers.get(change.user_id)) for change in changes[start:end]]
        return self._more(items, {**state, "at": end}) if end < len(changes) else self._last(items, state)

    def _changes(self, state: Json, names: frozenset[str]) -> list[Change]:
        """The lines of history that a round tells: those that touch a selected name, the last of each person only."""
        key = repr((state["since"], state["until"], sorted(names), state["ids"], self.settings))
        if key not in self._rounds:
            if len(self._rounds) >= 8:  # rounds that may be under way at once
                self._rounds.clear()
            since = max(0, state["since"] - self.settings.replays)
            visible = [
                change
                for change in self._tenant.history[since : state["until"]]
                if self._shows(change, names) and (state["ids"] is None or change.user_id in state["ids"])
            ]
            if not self.settings.is_verbose:
                last = {change.user_id: change for change in visible}
                visible = sorted(last.values())
            self._rounds[key] = visible
        return self._rounds[key]

    def _shows(self, change: Change, names: frozenset[str]) -> bool:
        if change.kind == "restored":
            wanted = self.settings.restores
            return wanted == "always" or (wanted == "selected" and "deletedDateTime" in names)
        return change.kind != "changed" or not names.isdisjoint(change.names)

    def _managers(self, changes: list[Change], state: Json) -> dict[str, list[Json]]:
        """Person -> their manager, where it changed in this round: for others it isn't told again."""
        found: dict[str, list[Json]] = {}
        ids = {change.user_id for change in changes}
        since = max(0, state["since"] - self.settings.replays)
        for change in self._tenant.history[since : state["until"]]:
            if change.user_id in ids and "manager" in change.names:
                links = [reference(change.manager)] if change.manager else []
                if change.manager_before and (self.settings.lists_old_manager or not change.manager):
                    links.append(reference(change.manager_before, is_removed=True))
                found[change.user_id] = links
        return found

    def _told(self, change: Change, names: tuple[str, ...], manager: list[Json] | None) -> Json:
        user = self._tenant.user(change.user_id)
        if not self.settings.is_verbose:
            if user.is_live:
                return _item(user.id, user.properties, names, manager)
            return removed(user.id, is_purged=user.is_purged)
        if change.kind in {"deleted", "purged"}:
            return removed(user.id, is_purged=change.kind == "purged")
        return _item(user.id, change.properties, names, manager)

    # --- links ----------------------------------------------------------------------------------------------

    def _more(self, items: list[Json], state: Json) -> Json:
        token = sealed({**state, "kind": "next"})
        return self._page(items, state, "@odata.nextLink", f"$skiptoken={token}")

    def _last(self, items: list[Json], state: Json) -> Json:
        kept = {key: state[key] for key in ("tenant", "generation", "select", "ids", "until")}
        token = sealed({"kind": "delta", "born": self._tenant.now.isoformat(), **kept})
        return self._page(items, state, "@odata.deltaLink", f"$deltatoken={token}")

    def _page(self, items: list[Json], state: Json, link: str, query: str) -> Json:
        names = f"({','.join(state['select'])})" if state["select"] else ""
        return {
            "@odata.context": f"{self._root()}/$metadata#users{names}",
            link: f"{self._root()}/users/delta?{query}",
            "value": items,
        }


def _item(
    user_id: str, properties: Mapping[str, Any], names: tuple[str, ...], manager: list[Json] | None
) -> Json:
    item = {**tracked(properties, names), "id": user_id}
    if manager is not None and "manager" in names:
        item["manager@delta"] = manager
    return item
