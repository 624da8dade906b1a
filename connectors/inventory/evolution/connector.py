"""Evolution behind the inventory port: what the gateway answers (client), as what it means (mapping)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.inventory.evolution import mapping
from connectors.inventory.evolution.client import EVOLUTION, EvolutionClient
from connectors.inventory.evolution.config import EvolutionConfig
from connectors.kit.act_answers import outcome
from connectors.kit.calls import Calls, CallsConfig
from connectors.kit.gateway_errors import set_aside
from connectors.kit.linked_phone import LinkedPhone, Listed
from connectors.kit.looking import Asks
from connectors.kit.pictures import Pictures
from connectors.kit.whatsapp import id_of, link_hash
from worker.domain.model import Fact, Member, Roster
from worker.ports import ConnectorContext, InboundCall, Malformed, Rejected
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect

PROOF = "apikey"  # the header; Evolution signs nothing


class EvolutionInventory(LinkedPhone):
    """The groups of one instance's phone."""

    can = replace(
        LinkedPhone.can,
        shows=LinkedPhone.LISTED | {Fact.PICTURE, Fact.LINK},
        costly=frozenset({Fact.PICTURE, Fact.LINK}),
    )
    SHOWS_ITSELF = "give a key in api_key that Evolution lets list its instances (fetchInstances)"

    def __init__(self, config: EvolutionConfig, context: ConnectorContext) -> None:
        super().__init__(context, EVOLUTION, calls_of(config, context))
        self._client = EvolutionClient(config, context)
        self._instance = config.instance
        self._pictures = Pictures(config.url, config.tls.path(context.base_dir))

    def close(self) -> None:
        self._client.close()
        self._pictures.close()

    def _require_linked(self) -> None:
        self._again(self._client.require_open)

    def _who_it_is(self) -> Member | None:
        found = self._again(self._client.instances)
        return mapping.myself(found, self._instance, self._context.default_region)

    def _listing(self) -> Iterator[Listed | Malformed]:
        for number, row in enumerate(self._again(self._client.groups), start=1):
            try:
                yield mapping.listed(row, self._context.now())
            except ValueError as error:
                yield set_aside(EVOLUTION, f"groups row {number}", error)

    def _group(self, group_id: str) -> Listed | None:
        row = self._again(lambda: self._client.group(group_id))
        return None if row is None else self._is_this(group_id, mapping.listed, row)

    def _rows(self, group_id: str) -> list[Any] | None:
        return self._again(lambda: self._client.participants(group_id))

    def _roster(
        self, listed: Listed, rows: Sequence[Any], taken_at: datetime, malformed: list[Malformed]
    ) -> Roster:
        """Beside what the list shows: its size counts rows, as often as they are there."""
        is_cut = listed.size is not None and len(rows) < listed.size
        counted = listed if is_cut else replace(listed, size=None)
        return super()._roster(counted, rows, taken_at, malformed)

    def _member(self, row: Any) -> Member | None:
        return mapping.member(row, self._context.default_region)

    def _participant(self, member: Member) -> str | None:
        """The whole LID, or the digits of the number alone: Evolution adds the host to those."""
        participant = id_of(member)
        return participant.removesuffix("@c.us") if participant is not None else None

    def _asks(self, group_id: str) -> Asks:
        return {
            Fact.PICTURE: lambda: self._picture(group_id),
            Fact.LINK: lambda: link_hash(self._client.invite_code(group_id)),
        }

    def _picture(self, group_id: str) -> str | None:
        address = self._client.picture(group_id)
        return None if address is None else self._pictures.digest(address)

    def _ask(self, action: str, group_id: str, participant: str, confirm: Confirm) -> ActOutcome:
        try:
            answer = self._client.act(group_id, action, participant, confirm)
        except Rejected as error:
            return ActOutcome(Effect.REFUSED, error.message)
        return outcome(EVOLUTION, action, mapping.status_of(answer))


def calls_of(config: EvolutionConfig, context: ConnectorContext) -> Calls | None:
    """Return what takes Evolution's webhooks; None where they are not configured."""
    calls = config.calls
    if calls is None:
        return None
    return Calls(
        calls,
        context.name,
        EVOLUTION,
        context.now,
        lambda call: is_proven(call, calls),
        lambda body: mapping.events(body, config.instance),
    )


def is_proven(call: InboundCall, config: CallsConfig) -> bool:
    """Whether the call has the secret in its header. Compared in constant time."""
    given = call.headers.get(PROOF, "").encode("utf-8", "surrogatepass")
    return hmac.compare_digest(given, config.secret.get_secret_value().encode())
