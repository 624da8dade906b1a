from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.inventory.gowa.config import EVERY, GowaConfig

PASSWORD = "s3cr3t-gowa"
CALLS = {"listen": "127.0.0.1:8071", "path": "/phones", "secret": "s3cr3t-hmac"}


def config(**more: Any) -> GowaConfig:
    return GowaConfig.model_validate(
        {
            "url": "http://127.0.0.1:3000",
            "user": "ward",
            "password": PASSWORD,
            "accept_terms_risk": True,
            **more,
        }
    )


def test_defaults_are_safe_and_every_key_is_read() -> None:
    assert (config().device, config().requests_per_minute, config().calls) == (None, 30, None)
    assert config(device="org_2", calls=CALLS, tls={"ca_file": "ca.pem"}).device == "org_2"
    assert timedelta(minutes=30) == EVERY


def test_the_secret_that_everybody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="everybody knows"):
        config(calls={**CALLS, "secret": "secret"})


@pytest.mark.parametrize(
    "more, part",
    [
        ({"accept_terms_risk": False}, "terms of service"),
        ({"user": ""}, "user"),
        ({"user": "a:b"}, "user"),
        ({"password": ""}, "password"),
        ({"device": ""}, "device"),
        ({"device": "a\r\nX-Evil: 1"}, "device"),
        ({"url": "gowa:3000"}, "http"),
    ],
)
def test_a_wrong_value_is_refused_without_a_secret(more: dict[str, Any], part: str) -> None:
    with pytest.raises(ValidationError) as raised:
        config(**more)
    assert part in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_no_secret_is_in_a_repr_or_a_dump() -> None:
    made = config(calls=CALLS)
    shown = repr(made) + str(made.model_dump()) + made.model_dump_json()
    assert PASSWORD not in shown
    assert "s3cr3t-hmac" not in shown
