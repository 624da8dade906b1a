"""WAHA behind the inventory port: what the gateway answers (client), as what it means (mapping)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.inventory.waha import mapping
from connectors.inventory.waha.client import PAGE, UNTOLD, WAHA, WahaClient
from connectors.inventory.waha.config import WahaConfig
from connectors.kit.act_answers import outcome
from connectors.kit.calls import Calls, instant, is_signed
from connectors.kit.gateway_errors import set_aside
from connectors.kit.linked_phone import LinkedPhone, Listed
from connectors.kit.looking import Asks, tried
from connectors.kit.pictures import Pictures, picture_hash
from connectors.kit.whatsapp import allowed, link_hash, with_number
from worker.domain.model import Coverage, Fact, Member
from worker.ports import ConnectorContext, Incomplete, Malformed, Rejected
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect

SIGNATURE = "x-webhook-hmac"


class WahaInventory(LinkedPhone):
    """The groups of one session's phone. Engines differ in what their lists have, so the rest is costly."""

    can = replace(
        LinkedPhone.can,
        shows=LinkedPhone.LISTED | {Fact.PICTURE, Fact.LINK, Fact.LAST_ACTIVITY},
        costly=frozenset({Fact.PICTURE, Fact.LINK, Fact.EDIT, Fact.WRITE, Fact.LAST_ACTIVITY}),
    )
    SHOWS_ITSELF = "restart the session in WAHA, until it tells whose phone it is (`me`)"

    def __init__(self, config: WahaConfig, context: ConnectorContext) -> None:
        super().__init__(context, WAHA, calls_of(config, context))
        self._client = WahaClient(config, context)
        self._pictures = Pictures(config.url, config.tls.path(context.base_dir))
        self._numbers: dict[str, Any] = {}  # of LIDs, for one read
        self._written: dict[str, Any] | None = None  # when groups were last written in, for one look

    def close(self) -> None:
        self._client.close()
        self._pictures.close()

    def _begin(self) -> None:
        super()._begin()
        self._numbers.clear()

    def _require_linked(self) -> None:
        self._is_me_known = False
        self._myself()

    def _who_it_is(self) -> Member | None:
        return mapping.myself(self._again(self._client.require_working), self._context.default_region)

    def _listing(self) -> Iterator[Listed | Malformed]:
        seen: set[str] = set()
        offset = 0
        while True:
            rows = self._again(lambda: self._client.groups(offset))  # noqa: B023  called at once
            before = len(seen)
            for number, row in enumerate(rows, start=offset + 1):
                found = self._listed(row, number)
                seen.add(found.record_id if isinstance(found, Malformed) else found.group_id)
                yield found
            if len(rows) != PAGE:
                break
            if len(seen) == before:
                raise Incomplete(
                    "WAHA, asked for the groups, answered the same page again.", remedy="Update WAHA."
                )
            offset += PAGE
        if offset:
            self._require_all(len(seen))

    def _require_all(self, got: int) -> None:
        """Somebody who leaves a group between two pages moves the others up, so that one is skipped."""
        expected = self._again(self._client.groups_total)
        if got < expected:
            raise Incomplete(
                f"WAHA listed {got} of {expected} groups.",
                remedy="Nothing is changed by it; they are read again.",
                expected=expected,
                got=got,
            )

    def _listed(self, row: Any, number: int) -> Listed | Malformed:
        try:
            return mapping.listed(row, self._context.now())
        except ValueError as error:
            return set_aside(WAHA, f"groups row {number}", error)

    def _group(self, group_id: str) -> Listed | None:
        row = self._again(lambda: self._client.group(group_id))
        is_shown = row is not None and not mapping.is_stub(row)
        return self._is_this(group_id, mapping.listed, row) if is_shown else None

    def _rows(self, group_id: str) -> list[Any] | None:
        return self._again(lambda: self._client.participants(group_id))

    def _member(self, row: Any) -> Member | None:
        found = mapping.member(row, self._context.default_region)
        if found is None or found.phone or found.lid is None:
            return found
        return with_number(found, self._number_behind(found.lid), self._context.default_region)

    def _number_behind(self, lid: str) -> Any:
        if lid not in self._numbers:
            self._numbers[lid] = self._again(lambda: self._client.number_behind(lid))
        return self._numbers[lid]

    def _judged(
        self, members: Sequence[Member], listed: Listed, *, bad: int
    ) -> tuple[Coverage, tuple[str, ...]]:
        """Beside what the list shows: whose number is not told may be whoever was listed by it, and is not gone."""
        coverage, warnings = super()._judged(members, listed, bad=bad)
        untold = sum(each.phone is None and self._numbers.get(each.lid or "") is UNTOLD for each in members)
        if not untold:
            return coverage, warnings
        warning = f"WAHA failed to tell the numbers of {untold} of {len(members)} members"
        return Coverage.PARTIAL if coverage is Coverage.FULL else coverage, (*warnings, warning)

    def _begin_look(self, group_ids: Sequence[str]) -> None:
        client = self._client
        self._written = tried(lambda: client.last_messages(group_ids)) if group_ids else None

    def _asks(self, group_id: str) -> Asks:
        client = self._client
        return {
            Fact.PICTURE: lambda: picture_hash(self._pictures, client.picture(group_id)),
            Fact.LINK: lambda: link_hash(client.invite_code(group_id)),
            Fact.EDIT: lambda: allowed(client.admins_only(group_id, "info")),
            Fact.WRITE: lambda: allowed(client.admins_only(group_id, "messages")),
        } | ({} if self._written is None else {Fact.LAST_ACTIVITY: lambda: self._last_at(group_id)})

    def _last_at(self, group_id: str) -> datetime | None:
        wrote = (self._written or {}).get(group_id)
        return instant(wrote) if wrote else None

    def _ask(self, action: str, group_id: str, participant: str, confirm: Confirm) -> ActOutcome:
        try:
            answer = self._client.act(group_id, action, participant, confirm)
        except Rejected as error:
            return ActOutcome(Effect.REFUSED, error.message)
        return outcome(WAHA, action, mapping.status_of(answer))


def calls_of(config: WahaConfig, context: ConnectorContext) -> Calls | None:
    """Return what takes WAHA's webhooks; None where they are not configured."""
    calls = config.calls
    if calls is None:
        return None
    return Calls(
        calls,
        context.name,
        WAHA,
        context.now,
        lambda call: is_signed(call, SIGNATURE, calls.secret, "sha512"),
        lambda body: mapping.events(body, config.session),
    )
