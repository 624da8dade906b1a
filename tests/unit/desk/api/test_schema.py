"""Whatever is sent, the API answers by its own description, and never with an error of ours.

schemathesis runs here as its command line runs it: examples, what the schema's edges say, random and stateful calls,
each answer held against all of its checks. Its seed is fixed, and so is the company.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.openapi import from_asgi

from desk_setup import API, furnish, furnished, guarded_api, services_of, token_for
from harness import Harness
from worker.storage.sql.engine import open_engine

NO_LIMIT = 1_000_000  # wrong tokens are sent on purpose, and time stands still


def run(harness: Harness, examples: int) -> Iterator[events.EngineEvent]:
    """Call everything that the API describes, with a token of all scopes."""
    services = services_of(harness)
    config = SchemathesisConfig.from_dict({
        "seed": 7,
        "continue-on-failure": True,
        "headers": {"Authorization": f"Bearer {token_for(services)}"},
        "generation": {"deterministic": True, "max-examples": examples, "no-shrink": True},
    })  # fmt: skip
    schema = from_asgi(f"{API}/openapi.json", guarded_api(services, NO_LIMIT), config=config)
    schema.hook("map_query")(as_written)
    yield from from_schema(schema).execute()


def as_written(_context: object, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Whole numbers of an address as programs write them: 5.0 is one by the schema, and is refused on purpose."""
    if query is None:
        return None
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in query.items()
    }


def failures(recorder: ScenarioRecorder) -> Iterator[str]:
    for case, checks in recorder.checks.items():
        said = recorder.interactions.get(case)
        for check in checks:
            if check.status is Status.FAILURE:
                request = f"{said.request.method} {said.request.uri} {said.request.body!r}" if said else ""
                answer = (
                    f"{said.response.status_code} {said.response.content!r}" if said and said.response else ""
                )
                yield f"{check.name}: {check.failure_info}\n> {request}\n< {answer}"


def is_as_described(harness: Harness, examples: int) -> None:
    wrong: list[str] = []
    finished: set[str] = set()
    answered: set[tuple[str, int]] = set()
    for event in run(harness, examples):
        if isinstance(event, events.ScenarioFinished):
            wrong += failures(event.recorder)
            for one in event.recorder.interactions.values():
                if one.response is not None:
                    answered.add((event.recorder.label, one.response.status_code))
        elif isinstance(event, events.PhaseFinished) and event.status is Status.SUCCESS:
            finished.add(event.phase.name.value)
        elif isinstance(event, events.NonFatalError):
            wrong.append(f"{event.label}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    assert not wrong, "\n\n".join(wrong[:20])
    assert {"coverage", "fuzzing", "stateful"} <= {name.casefold().split(" ")[0] for name in finished}
    # What was asked with nothing but refusals for an answer was not looked at
    assert {(f"POST /tickets/{{id}}/{act}", 200) for act in ("done", "assign", "waive")} <= answered
    assert ("GET /people/{source}/{id}", 200) in answered


@pytest.mark.slow
def test_every_answer_is_as_described() -> None:
    with closing(furnished()) as harness:
        is_as_described(harness, 10)


@pytest.mark.slow
@pytest.mark.postgres
def test_every_answer_is_as_described_on_a_database_server(postgres_url: str) -> None:
    with closing(furnish(Harness(engine=open_engine(postgres_url)))) as harness:
        is_as_described(harness, 5)
