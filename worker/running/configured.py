"""What commands ask of a configuration's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from worker.app.reads.control_warnings import control_warnings
from worker.ops.clock import system_now
from worker.running.database import require_this_release
from worker.running.wiring import KINDS, check_app, load_settings, open_app
from worker.settings import (
    SettingsProblem,
    json_schema,
    problems_in,
)
from worker.storage.sql.engine import sqlite_path
from worker.storage.sql.errors import StorageError


def configuration_problems(path: Path) -> tuple[SettingsProblem, ...]:
    """The problems of a configuration, by line."""
    return problems_in(path, kinds=KINDS)


def changed_texts(path: Path) -> list[str]:
    """What is wrong with texts that people were shown before, if the configuration's database can be read."""
    settings = load_settings(path)
    if not any(rule.texts for rule in settings.control_policy().statements):
        return []
    try:
        with check_app(settings, system_now) as app:
            return app.attesting.changed_texts()
    except (StorageError, DBAPIError):
        return []


def idle_rules(path: Path) -> tuple[str, ...]:
    """Warnings about rules of controls that can find nothing, if the configuration's database is there to be read.

    One of an older release is left as it is: whoever only checks a file changes no tables.
    """
    settings = load_settings(path)
    database = sqlite_path(settings.database.url)
    if database is not None and not database.exists():
        return ()
    try:
        require_this_release(settings)
        with open_app(settings, system_now) as app:
            return control_warnings(app.store, app.controls, system_now())
    except (StorageError, DBAPIError):
        return ()


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration with all connectors' keys."""
    return json_schema(KINDS)
