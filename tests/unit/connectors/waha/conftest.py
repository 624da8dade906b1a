from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.inventory.waha import SPEC
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import context
from fakes.gateways.server import Make, Person, Room
from fakes.waha.server import KEY, WahaServer
from openapi import OpenApi
from worker.domain.model import Role


@pytest.fixture(scope="session")
def description() -> OpenApi | None:
    """WAHA's own, where there is one: then every request and every true answer is held to it."""
    folder = os.environ.get("WHOSLEFT_CONTRACT_DATA")
    return OpenApi(Path(folder) / "waha-openapi.json") if folder else None


@pytest.fixture
def waha(description: OpenApi | None) -> Iterator[WahaServer]:
    with WahaServer(description) as server:
        people = [
            Person("447700900101", Role.CREATOR, "90000000000101"),
            Person("447700900102", Role.ADMIN),
            Person(None, Role.MEMBER, "90000000000103"),
        ]
        server.rooms = {
            "120363000000000007@g.us": Room("Ward 7 nights", people),
            "120363000000000009@g.us": Room("Rota", [Person("447700900102", Role.CREATOR)]),
        }
        yield server
        server.judged()


@pytest.fixture
def phone(waha: WahaServer) -> None:
    """The linked phone is in the ward, and WAHA shows which member it is."""
    waha.me = {"id": "447700900199@c.us", "lid": "90000000000199@lid"}
    phone = Person("447700900199", Role.ADMIN, "90000000000199")
    waha.rooms["120363000000000007@g.us"].people.append(phone)


@pytest.fixture
def make(waha: WahaServer) -> Iterator[Make]:
    """Build inventories of the server; `more` are keys, `takes` and `again` parts of the context."""
    with ExitStack() as stack:

        def build(more: dict[str, Any] | None = None, **parts: Any) -> LinkedPhone:
            keys = {"url": waha.url, "api_key": KEY, "accept_terms_risk": True, **(more or {})}
            built = SPEC.build(SPEC.config.model_validate(keys), replace(context(), **parts))
            assert isinstance(built, LinkedPhone)
            stack.callback(built.close)
            return built

        yield build
