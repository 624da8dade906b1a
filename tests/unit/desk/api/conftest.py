"""A company with something of everything that the API shows, and programs that call it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from desk_setup import Clients, api_client, furnished, guarded_api, services_of
from harness import Harness
from worker.app.acts.access import SCOPES
from worker.desk.services import Services


@pytest.fixture
def company() -> Iterator[Harness]:
    harness = furnished()
    yield harness
    harness.close()


@pytest.fixture
def services(company: Harness) -> Services:
    return services_of(company)


@pytest.fixture
def calling(services: Services) -> Clients:
    """Make clients of one desk, with a token of the scopes given; of all scopes without any. `by` made the token."""
    api = guarded_api(services)

    def make(*scopes: str, by: str = "root") -> TestClient:
        return api_client(services, scopes or SCOPES, by, api)

    return make


@pytest.fixture
def client(calling: Clients) -> TestClient:
    return calling()
