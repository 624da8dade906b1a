"""A tenant that refuses poll after poll: people hear of it once, and support's ids are still at hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab
from harness import Harness
from worker.app.tell.health import Freshness
from worker.running.connecting import Connectors

OTHER_TENANT = "c0ffee00-7e57-4000-8000-00000000dddd"


def told(lab: Lab, **changes: Any) -> tuple[list[str], list[str]]:
    """What is said, and the remedies that are kept, over five polls; a few minutes lie between them."""
    harness = Harness()
    rules = replace(harness.app.rules, fresh_directories=Freshness(timedelta(days=30), {}))
    harness.start(rules, Connectors((lab.directory(**changes),), (), (harness.soc,)))
    titles, remedies = [], []
    for _ in range(5):
        lab.tenant.advance(timedelta(minutes=5))
        harness.now = lab.tenant.now
        assert harness.poll().troubles
        titles += harness.titles()
        remedies.append(harness.source("tenant").remedy)
    harness.close()
    return titles, remedies


@pytest.mark.parametrize(
    "fault",
    [
        faults.denied(),
        faults.unauthorized(),
        Fault(400, "Request_BadRequest", "No."),
        Fault(404, "Request_ResourceNotFound", "No."),
        Fault(410, "syncStateNotFound", "No."),
    ],
    ids=lambda fault: str(fault.status),
)
def test_a_lasting_refusal_of_graph_s_is_announced_once(lab: Lab, fault: Fault) -> None:
    lab.entra.graph.faults.add(fault, times=None)

    titles, remedies = told(lab)

    assert titles == ["Can't see: tenant"]
    assert all("For Microsoft's support: request " in remedy for remedy in remedies)
    assert len(set(remedies)) == 5, "each has the id of its own request"


@pytest.mark.parametrize(
    "changes", [{"credential": {"secret": "another"}}, {"tenant_id": OTHER_TENANT}], ids=["secret", "tenant"]
)
def test_a_lasting_refusal_of_sign_in_s_is_announced_once(lab: Lab, changes: dict[str, Any]) -> None:
    titles, remedies = told(lab, **changes)

    assert titles == ["Can't see: tenant"]
    assert all("For Microsoft's support: trace " in remedy for remedy in remedies)


def test_check_shows_the_ids_that_support_asks_for(lab: Lab) -> None:
    lab.entra.graph.faults.add(faults.denied(), times=None)

    result = lab.directory().check()

    assert f"For Microsoft's support: request {lab.notes[-1].fields['request_id']}." in result.remedy
