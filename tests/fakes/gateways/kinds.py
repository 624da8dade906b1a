"""A fake of each kind of gateway, and the connector to it: what is so of every linked phone is tested on all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from connectors.inventory.evolution import SPEC as EVOLUTION
from connectors.inventory.gowa import SPEC as GOWA
from connectors.inventory.waha import SPEC as WAHA
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import context
from fakes.evolution.server import INSTANCE, EvolutionServer
from fakes.evolution.server import KEY as EVOLUTION_KEY
from fakes.gateways.server import GatewayServer
from fakes.gowa.server import PASSWORD, USER, GowaServer
from fakes.waha.server import KEY, WahaServer
from worker.domain.model import Roster
from worker.ports import SnapshotEnd

KINDS = ("waha", "gowa", "evolution")


@dataclass(frozen=True, slots=True)
class Gateway:
    kind: str
    server: GatewayServer
    inventory: LinkedPhone

    def read(self) -> tuple[dict[str, Roster], SnapshotEnd]:
        """Return the rosters of a whole read by group, and its end."""
        *rosters, end = self.inventory.changes(None)
        assert isinstance(end, SnapshotEnd)
        return {each.group.group_id: each for each in rosters if isinstance(each, Roster)}, end


@contextmanager
def linked_to(kind: str) -> Iterator[Gateway]:
    """Serve a fake of the kind, without groups yet."""
    make: type[GatewayServer] = {"waha": WahaServer, "gowa": GowaServer, "evolution": EvolutionServer}[kind]
    keys: dict[str, Any] = {
        "waha": {"api_key": KEY},
        "gowa": {"user": USER, "password": PASSWORD},
        "evolution": {"api_key": EVOLUTION_KEY, "instance": INSTANCE},
    }[kind]
    spec = {"waha": WAHA, "gowa": GOWA, "evolution": EVOLUTION}[kind]
    with make() as server:
        config = {"url": server.url, "accept_terms_risk": True, **keys}
        with closing(spec.build(spec.config.model_validate(config), context())) as inventory:
            assert isinstance(inventory, LinkedPhone)
            yield Gateway(kind, server, inventory)
