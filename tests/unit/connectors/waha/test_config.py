from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.inventory.waha import SPEC
from connectors.inventory.waha.config import EVERY, WahaConfig
from contracts.inventory import context
from worker.ports import BadConfig

KEY = "s3cr3t-waha-key"
CALLS = {"listen": "127.0.0.1:8071", "path": "/phones", "secret": "s3cr3t-hmac"}


def config(**more: Any) -> WahaConfig:
    return WahaConfig.model_validate(
        {"url": "http://127.0.0.1:3000", "api_key": KEY, "accept_terms_risk": True, **more}
    )


def test_all_keys_have_safe_defaults_but_the_url_the_key_and_the_risk() -> None:
    made = config()
    assert (made.session, made.requests_per_minute, made.tls.ca_file, made.calls) == (
        "default",
        30,
        None,
        None,
    )
    assert timedelta(minutes=30) == EVERY


def test_every_key_of_the_manual_is_read() -> None:
    made = config(session="ward phone", requests_per_minute=60, tls={"ca_file": "ca.pem"}, calls=CALLS)
    assert made.calls is not None
    assert (made.session, made.tls.ca_file, made.calls.path) == ("ward phone", "ca.pem", "/phones")


@pytest.mark.parametrize("risk", [{}, {"accept_terms_risk": False}])
def test_without_the_risk_accepted_it_says_what_the_risk_is_and_what_to_write(risk: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        WahaConfig.model_validate({"url": "http://127.0.0.1:3000", "api_key": KEY, **risk})
    said = str(raised.value)
    for part in ("unofficial gateway", "terms of service", "ban the number", "accept_terms_risk: true"):
        assert part in said
    assert KEY not in said


@pytest.mark.parametrize(
    "more, part",
    [
        ({"url": "waha:3000"}, "http"),
        ({"url": "ftp://127.0.0.1"}, "http"),
        ({"url": f"http://u:{KEY}@127.0.0.1:3000"}, "without a password"),
        ({"url": "http://127.0.0.1:3000/?x=1"}, "without a password"),
        ({"api_key": " "}, "empty"),
        ({"api_key": "ключ"}, "header"),
        ({"session": ""}, "session"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"requests_per_minute": 6001}, "requests_per_minute"),
        ({"calls": {**CALLS, "secret": ""}}, "secret"),
        ({"calls": {**CALLS, "listen": "8071"}}, "host:port"),
        ({"sesion": "x"}, "sesion"),
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
    assert "s3cr3t-hmac" not in shown


def test_plain_http_goes_to_no_public_address() -> None:
    there = "http://192.88.99.1:3000"
    with pytest.raises(ValidationError, match="in the clear"):
        config(url=there)
    assert config(url="http://10.96.12.7:3000").url.startswith("http:")
    inventory = SPEC.build(config().model_copy(update={"url": there}), context())  # as if a name led there
    result = inventory.check()
    assert not result.ok
    assert "https" in result.remedy
    with pytest.raises(BadConfig, match="Plain http"):
        list(inventory.changes(None))
