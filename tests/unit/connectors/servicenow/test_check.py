"""What a check of ServiceNow says, and what a configuration and a call may say."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from pydantic import ValidationError

from connectors.tracker.servicenow.config import ServicenowConfig
from contracts.tracker import draft
from fakes.servicenow.world import STATES, ServicenowWorld, servicenow
from worker.domain.mirror.outside import Seen
from worker.ports import (
    InboundCall,
    Rejected,
)


def made(world: ServicenowWorld, number: int = 123) -> Seen:
    return world.tracker.create(draft(number), "")


@pytest.mark.parametrize(
    "keys, says",
    [
        ({"states": STATES | {"done": [6, 9]}}, "no state 9"),
        ({"close": {"close_code": "Done"}}, "no resolution code Done"),
        ({"group": "Nowhere"}, "Nowhere"),
        ({"fields": {"u_source": "whosleft"}}, "u_source"),
        ({"password": "wrong"}, "401"),
        ({"table": "u_nothing"}, "400"),
    ],
)
def test_a_check_names_what_is_missing(world: ServicenowWorld, keys: dict[str, object], says: str) -> None:
    made(world)
    tracker = servicenow(world.server, **keys)
    with closing(tracker):
        checked = tracker.check()
    assert not checked.ok
    assert says in checked.message
    assert checked.remedy


def test_a_check_writes_nothing_and_tries_the_newest_copy(world: ServicenowWorld) -> None:
    seen = made(world)
    writes = len(world.server.seen(method="POST"))
    checked = world.tracker.check()
    assert (checked.ok, checked.details["canary"], checked.details["is_public"]) == (True, seen.key, "no")
    assert len(world.server.seen(method="POST")) == writes
    world.server.unread.add("incident.correlation_display")
    assert not world.tracker.check().ok


def test_a_check_without_choices_says_what_it_could_not_see(world: ServicenowWorld) -> None:
    world.server.tables["sys_choice"].clear()
    checked = world.tracker.check()
    assert checked.ok
    assert "seen when used" in checked.details["states"]


def test_a_call_makes_its_record_due(world: ServicenowWorld) -> None:
    tracker = servicenow(
        world.server, calls={"listen": "127.0.0.1:8091", "path": "/snow", "secret": "hook-0001"}
    )
    [calls] = tracker.calls
    body = b'{"sys_id": "00ab"}'
    genuine = InboundCall("POST", "/snow", headers={"x-whosleft-token": "hook-0001"}, body=body)
    assert calls.receive(replace(genuine, headers={"x-whosleft-token": "hook-0002"}))[0] == 401
    assert tracker.news() == frozenset()
    assert calls.receive(genuine)[0] == 202
    assert tracker.news() == {"00ab"}
    assert tracker.news() == frozenset()


@pytest.mark.parametrize(
    "keys",
    [
        {"url": "example.service-now.com"},
        {"url": "https://u:p@example.service-now.com"},
        {"user": "a:b"},
        {"password": " "},
        {"states": {"open": ["New"], "done": [6]}},
        {"table": "incident?x"},
    ],
)
def test_a_configuration_that_can_not_work_is_refused(keys: dict[str, object]) -> None:
    good = {"url": "https://example.service-now.com", "user": "u", "password": "p", "states": STATES}
    ServicenowConfig.model_validate(good)
    with pytest.raises(ValueError, match="validation error"):
        ServicenowConfig.model_validate(good | keys)


def test_plain_http_stays_in_the_house(world: ServicenowWorld) -> None:
    with pytest.raises(ValidationError, match="in the clear"):
        servicenow(world.server, url="http://1.1.1.1")


def test_it_is_not_told_of_changes(world: ServicenowWorld) -> None:
    with pytest.raises(Rejected):
        world.tracker.update(made(world), draft())
