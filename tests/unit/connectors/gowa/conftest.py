from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.inventory.gowa import SPEC
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import context
from fakes.gateways.server import Make, Person, Room
from fakes.gowa.server import PASSWORD, USER, GowaServer
from openapi import OpenApi
from worker.domain.model import Role


@pytest.fixture(scope="session")
def description() -> OpenApi | None:
    """GOWA's own, where there is one: then every request and every true answer is held to it."""
    folder = os.environ.get("WHOSLEFT_CONTRACT_DATA")
    return OpenApi(Path(folder) / "gowa-openapi.yaml") if folder else None


@pytest.fixture
def gowa(description: OpenApi | None) -> Iterator[GowaServer]:
    with GowaServer(description) as server:
        people = [
            Person("447700900101", Role.CREATOR, "90000000000101", "Amina Yusuf"),
            Person("447700900102", Role.ADMIN),
            Person(None, Role.MEMBER, "90000000000103"),
        ]
        facts = {"Topic": "Rules", "IsLocked": True, "IsAnnounce": False, "MemberAddMode": "admin_add"}
        server.rooms = {
            "120363000000000007@g.us": Room("Ward 7 nights", people, facts),
            "120363000000000009@g.us": Room("Rota", [Person("447700900102", Role.CREATOR)]),
        }
        yield server
        server.judged()


@pytest.fixture
def phone(gowa: GowaServer) -> None:
    """The linked phone is in the ward, and GOWA shows which member it is."""
    gowa.owner = "447700900199@s.whatsapp.net"
    phone = Person("447700900199", Role.ADMIN, "90000000000199")
    gowa.rooms["120363000000000007@g.us"].people.append(phone)


@pytest.fixture
def make(gowa: GowaServer) -> Iterator[Make]:
    """Build inventories of the server; `more` are keys, the rest parts of the context."""
    with ExitStack() as stack:

        def build(more: dict[str, Any] | None = None, **parts: Any) -> LinkedPhone:
            keys = {
                "url": gowa.url,
                "user": USER,
                "password": PASSWORD,
                "accept_terms_risk": True,
                **(more or {}),
            }
            built = SPEC.build(SPEC.config.model_validate(keys), replace(context(), **parts))
            assert isinstance(built, LinkedPhone)
            stack.callback(built.close)
            return built

        yield build
