from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.inventory.matrix.config import MatrixConfig

GOOD: dict[str, Any] = {"url": "https://matrix.example.org", "token": "syt_drama"}


def test_the_smallest_configuration_has_the_documented_defaults() -> None:
    config = MatrixConfig.model_validate(GOOD)
    assert (config.requests_per_minute, config.tls.ca_file) == (300, None)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"url": "matrix.example.org"}, "is no address of a homeserver"),
        ({"url": "ftp://matrix.example.org"}, "is no address of a homeserver"),
        ({"url": "https://admin:pw@matrix.example.org"}, "is no address of a homeserver"),
        ({"token": " \n"}, "give the access token alone"),
        ({"token": "syt a"}, "give the access token alone"),
        ({"requests_per_minute": 0}, "greater than or equal to 1"),
        ({"requests_per_minute": 6001}, "less than or equal to 6000"),
        ({"tls": {"verify": False}}, "Extra inputs"),
        ({"rooms": []}, "Extra inputs"),
    ],
)
def test_a_wrong_key_is_said_and_not_repeated(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        MatrixConfig.model_validate(GOOD | change)
    assert said in str(raised.value)
    assert "syt_drama" not in str(raised.value)
    assert "admin:pw" not in str(raised.value)
