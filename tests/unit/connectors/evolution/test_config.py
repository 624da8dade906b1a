from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.inventory.evolution.config import EVERY, EvolutionConfig

KEY = "s3cr3t-evolution"
CALLS = {"listen": "127.0.0.1:8071", "path": "/phones", "secret": "s3cr3t-header"}


def config(**more: Any) -> EvolutionConfig:
    keys = {"url": "http://127.0.0.1:8080", "api_key": KEY, "instance": "ward", "accept_terms_risk": True}
    return EvolutionConfig.model_validate({**keys, **more})


def test_defaults_are_safe_and_every_key_is_read() -> None:
    assert (config().requests_per_minute, config().calls, config().tls.ca_file) == (30, None, None)
    assert config(calls=CALLS, tls={"ca_file": "ca.pem"}, requests_per_minute=6000).calls is not None
    assert timedelta(minutes=30) == EVERY


@pytest.mark.parametrize(
    "more, part",
    [
        ({"accept_terms_risk": False}, "accept_terms_risk: true"),
        ({"instance": ""}, "instance"),
        ({"api_key": ""}, "empty"),
        ({"url": "evolution:8080"}, "http"),
        ({"calls": {**CALLS, "secret": " "}}, "secret"),
        ({"session": "x"}, "session"),
    ],
)
def test_a_wrong_value_is_refused_without_a_secret(more: dict[str, Any], part: str) -> None:
    with pytest.raises(ValidationError) as raised:
        config(**more)
    assert part in str(raised.value)
    assert KEY not in str(raised.value)


def test_no_secret_is_in_a_repr_or_a_dump() -> None:
    made = config(calls=CALLS)
    shown = repr(made) + str(made.model_dump()) + made.model_dump_json()
    assert KEY not in shown
    assert "s3cr3t-header" not in shown
