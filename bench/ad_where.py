"""Where a domain is, and the connector that reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.connector import ActiveDirectory
from worker.ports import ConnectorContext

Where = dict[
    str, Any
]  # url, user, password, base, ca_file, filter, attributes, page_size, entries, database, folder


def config_of(where: Where, mode: str = "auto") -> ActiveDirectoryConfig:
    return ActiveDirectoryConfig.model_validate(
        {
            "servers": [where["url"]],
            "bind": {"user": where["user"], "password": where["password"]},
            "base": where["base"],
            "tls": {"ca_file": where["ca_file"]},
            "mode": mode,
        }
    )


def directory_of(where: Where, mode: str = "auto") -> ActiveDirectory:
    context = ConnectorContext("corp", Path(), "GB", "UTC", "en", lambda: datetime.now(UTC))
    return ActiveDirectory(config_of(where, mode), context)
