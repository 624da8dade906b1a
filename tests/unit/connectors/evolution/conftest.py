from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from connectors.inventory.evolution import SPEC
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import context
from fakes.evolution.server import INSTANCE, KEY, EvolutionServer
from fakes.gateways.server import Make, Person, Room
from worker.domain.model import Role


@pytest.fixture
def evolution() -> Iterator[EvolutionServer]:
    with EvolutionServer() as server:
        people = [
            Person("447700900101", Role.CREATOR, "90000000000101", "Amina Yusuf"),
            Person("447700900102", Role.ADMIN),
            Person(None, Role.MEMBER, "90000000000103"),
        ]
        facts = {"desc": "Rules", "restrict": True, "announce": False}
        server.rooms = {
            "120363000000000007@g.us": Room("Ward 7 nights", people, facts),
            "120363000000000009@g.us": Room("Rota", [Person("447700900102", Role.CREATOR)]),
        }
        yield server
        server.judged()


@pytest.fixture
def phone(evolution: EvolutionServer) -> None:
    """The linked phone is in the ward, and Evolution shows which member it is."""
    evolution.owner = "447700900199@s.whatsapp.net"
    phone = Person("447700900199", Role.ADMIN, "90000000000199")
    evolution.rooms["120363000000000007@g.us"].people.append(phone)


@pytest.fixture
def make(evolution: EvolutionServer) -> Iterator[Make]:
    """Build inventories of the server; `more` are keys, the rest parts of the context."""
    with ExitStack() as stack:

        def build(more: dict[str, Any] | None = None, **parts: Any) -> LinkedPhone:
            keys = {"url": evolution.url, "api_key": KEY, "instance": INSTANCE, "accept_terms_risk": True}
            config = SPEC.config.model_validate({**keys, **(more or {})})
            built = SPEC.build(config, replace(context(), **parts))
            assert isinstance(built, LinkedPhone)
            stack.callback(built.close)
            return built

        yield build
