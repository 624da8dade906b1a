"""The desk over a harness: its services, and clients that call its pages and its API in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from harness import URL, Harness, once
from one_loop import in_one_loop
from worker.app.acts.access import SCOPES, Access
from worker.app.reads.situation import situation
from worker.desk.api.app import api_app
from worker.desk.app import desk_app
from worker.desk.guarding import Attempts, Guarded
from worker.desk.services import Services
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member
from worker.domain.text.tongue import Languages
from worker.languages import BabelLanguages
from worker.running import desk_serving
from worker.running.app import assigned_of

API = "/api/v1"
WRONG_MAX = 30
Clients: TypeAlias = Callable[..., TestClient]  # makes a client with a token of these scopes
STAFF = ("ann", "ben", "cem", "dee", "eve", "fay", "gus", "hal", "ida", "jon", "kay", "leo")
TEMPS = tuple(f"temp-{number}" for number in range(60))


def services_of(harness: Harness, languages: Languages | None = None) -> Services:
    """What the desk's pages and API work with, over a harness and its clock."""
    rules = replace(harness.app.rules, languages=languages or BabelLanguages("en"))
    app = replace(harness.app, rules=rules, assigned=assigned_of(rules, harness.store, rules.teller))
    services = desk_serving.services_of(app, harness.clock)
    return replace(services, situation=lambda: situation(harness.store, harness.now))


def furnish(harness: Harness) -> Harness:
    """Leavers, one of whom is a sole admin; a held plan that two must release; questions, and an answer."""
    harness.hire(*STAFF, department="Nursing")
    harness.hire(*TEMPS, org_unit="OU=Temps")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    harness.group("sole", "hal", "ida", admins=["kay"])
    harness.group("hall", *TEMPS, admins=["dee"])
    for number in range(3):
        handle = f"+44770090090{number}"
        harness.wards.add_member("ward-8", Member(handle, f"Nobody {number}", phone=handle))
    harness.settle()
    harness.later()
    harness.leave("ann", "kay")
    harness.settle()
    harness.later()
    harness.leave(*TEMPS)
    harness.settle()
    harness.identifying.reject("wards/+447700900902", Actor("sam"), "a visitor", harness.now)
    harness.later(hours=30)
    harness.escalate()
    return harness


@once
def furnished() -> Harness:
    """A company of its own, furnished."""
    return furnish(Harness())


def desk_client(services: Services, *, follow_redirects: bool = False) -> TestClient:
    """A browser without cookies, at the whole desk."""
    return in_one_loop(TestClient(desk_app(services), base_url=URL, follow_redirects=follow_redirects))


def guarded_api(services: Services, wrong_max: int = WRONG_MAX) -> Starlette:
    """The API where the desk has it, with what stands before everything."""
    attempts = Attempts(wrong_max, timedelta(minutes=1), services.clock)
    return Starlette(
        routes=[Mount(API, app=api_app(services, attempts))],
        middleware=[Middleware(Guarded, services=services)],
    )


def token_for(services: Services, scopes: Iterable[str] = SCOPES, by: str = "root") -> str:
    """A token of the API with these scopes: what its holder sends."""
    return Access(services.store).make_token(tuple(scopes), Actor(by), services.clock()).text


def api_client(
    services: Services, scopes: Iterable[str] = SCOPES, by: str = "root", api: Starlette | None = None
) -> TestClient:
    """A program with a token of these scopes that somebody made; addresses start after `/api/v1`.

    `api`: that of `guarded_api`, for several programs at one desk; what it knows of its routes is made but once.
    """
    headers = {"Authorization": f"Bearer {token_for(services, scopes, by)}"}
    return in_one_loop(TestClient(api or guarded_api(services), base_url=URL + API, headers=headers))
