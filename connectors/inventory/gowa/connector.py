"""GOWA behind the inventory port: what the gateway answers (client), as what it means (mapping)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectors.inventory.gowa import mapping
from connectors.inventory.gowa.client import GOWA, LISTED_MAX, GowaClient
from connectors.inventory.gowa.config import GowaConfig
from connectors.kit.act_answers import outcome
from connectors.kit.calls import Calls, is_signed
from connectors.kit.gateway_errors import set_aside
from connectors.kit.linked_phone import LinkedPhone, Listed
from connectors.kit.looking import Asks
from connectors.kit.whatsapp import id_of, link_hash
from worker.domain.model import Fact, Member
from worker.ports import ConnectorContext, Malformed, Rejected
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect

SIGNATURE = "x-hub-signature-256"


class GowaInventory(LinkedPhone):
    """The groups of one device's phone."""

    can = replace(LinkedPhone.can, shows=LinkedPhone.LISTED | {Fact.LINK}, costly=frozenset({Fact.LINK}))
    SHOWS_ITSELF = "update GOWA to 8.0 or newer, which tells it"

    def __init__(self, config: GowaConfig, context: ConnectorContext) -> None:
        super().__init__(context, GOWA, calls_of(config, context))
        self._client = GowaClient(config, context)

    def close(self) -> None:
        self._client.close()

    def _require_linked(self) -> None:
        self._is_me_known = False
        self._myself()

    def _who_it_is(self) -> Member | None:
        state = self._again(self._client.require_linked)
        return mapping.myself(state, self._context.default_region)

    def _listing(self) -> Iterator[Listed | Malformed]:
        rows = self._again(self._client.groups)
        may_be_cut = len(rows) >= LISTED_MAX
        for number, row in enumerate(rows, start=1):
            try:
                yield mapping.listed(row, self._context.now(), may_be_cut=may_be_cut)
            except ValueError as error:
                yield set_aside(GOWA, f"groups row {number}", error)

    def _group(self, group_id: str) -> Listed | None:
        row = self._again(lambda: self._client.group(group_id))
        return None if row is None else self._is_this(group_id, mapping.listed, row)

    def _rows(self, group_id: str) -> list[Any] | None:
        return self._again(lambda: self._client.participants(group_id))

    def _member(self, row: Any) -> Member | None:
        return mapping.member(row, self._context.default_region)

    def _participant(self, member: Member) -> str | None:
        """The digits alone, since GOWA adds the host; but never those of a LID, which it would take for a number."""
        return member.phone.removeprefix("+") if member.phone else id_of(member)

    def _asks(self, group_id: str) -> Asks:
        return {Fact.LINK: lambda: link_hash(self._client.invite_link(group_id))}

    def _ask(self, action: str, group_id: str, participant: str, confirm: Confirm) -> ActOutcome:
        try:
            results = self._client.act(group_id, action, participant, confirm)
        except Rejected as error:
            return ActOutcome(Effect.REFUSED, error.message)
        return outcome(GOWA, action, mapping.status_of(results))


def calls_of(config: GowaConfig, context: ConnectorContext) -> Calls | None:
    """Return what takes GOWA's webhooks; None where they are not configured."""
    calls = config.calls
    if calls is None:
        return None
    return Calls(
        calls,
        context.name,
        GOWA,
        context.now,
        lambda call: is_signed(call, SIGNATURE, calls.secret, "sha256", "sha256="),
        mapping.events,
    )
