from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from contracts.inventory import context
from worker.ports import BadConfig

KEYS = {"phone_number_id": "106540352242922", "token": "EAAG-s3cr3t"}
CALLS = {"listen": "127.0.0.1:8071", "path": "/meta", "verify_token": "v", "app_secret": "a"}


def test_the_keys_have_their_defaults() -> None:
    config = WhatsappCloudConfig.model_validate(KEYS)
    assert config.url == "https://graph.facebook.com/v23.0"
    assert (config.calls, config.tls.ca_file) == (None, None)


@pytest.mark.parametrize(
    "keys",
    [
        {"phone_number_id": "+447700900101"},
        {"phone_number_id": "../me"},
        {"token": ""},
        {"token": " "},
        {"token": "a\nb"},
        {"version": "23"},
        {"version": "v23.0/../x"},
        {"graph_url": "graph.facebook.com"},
        {"graph_url": "ftp://graph.facebook.com"},
        {"graph_url": "https://user:s3cr3t@graph.facebook.com"},
        {"graph_url": "https://graph.facebook.com/?x=1"},
        {"requests_per_minute": 0},
        {"requests_per_minute": 6001},
        {"calls": CALLS | {"app_secret": ""}},
        {"calls": CALLS | {"verify_token": " "}},
        {"calls": CALLS | {"secret": "x"}},
        {"calls": CALLS | {"listen": "8071"}},
        {"calls": {"listen": "127.0.0.1:8071", "path": "/"}},
        {"url": "x"},
    ],
)
def test_what_cannot_work_is_refused_without_showing_it(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        WhatsappCloudConfig.model_validate(KEYS | keys)
    assert "s3cr3t" not in str(raised.value)


def test_secrets_are_in_no_repr() -> None:
    config = WhatsappCloudConfig.model_validate(KEYS | {"calls": CALLS | {"app_secret": "app-s3cr3t"}})
    assert "s3cr3t" not in repr(config) + str(config)


def test_plain_http_leaves_this_machine_for_nowhere() -> None:
    there = {"graph_url": "http://192.168.0.9:1"}
    with pytest.raises(ValidationError, match="in the clear"):
        WhatsappCloudConfig.model_validate(KEYS | there)
    config = WhatsappCloudConfig.model_validate(KEYS).model_copy(update=there)
    with pytest.raises(BadConfig, match="Plain http"):
        list(WhatsappCloudInventory(config, context()).changes(None))
