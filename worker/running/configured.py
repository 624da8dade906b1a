"""What commands ask of a configuration's file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from worker.app.reads.control_warnings import control_warnings
from worker.ops.clock import system_now
from worker.running.app import App
from worker.running.database import require_this_release
from worker.running.wiring import KINDS, load_settings, open_app
from worker.settings import (
    Settings,
    SettingsProblem,
    json_schema,
    problems_in,
    warnings_in,
)
from worker.storage.sql.engine import sqlite_path
from worker.storage.sql.errors import StorageError


def configuration_problems(path: Path) -> tuple[SettingsProblem, ...]:
    """The problems of a configuration, by line."""
    return problems_in(path, kinds=KINDS)


def configuration_warnings(path: Path) -> tuple[SettingsProblem, ...]:
    """What is odd in a configuration that can be used, by line."""
    return warnings_in(path, kinds=KINDS)


def changed_texts(path: Path) -> Sequence[str]:
    """What is wrong with texts that people were shown before, if the configuration's database is there to be read."""
    settings = load_settings(path)
    if not any(rule.texts for rule in settings.control_policy().statements):
        return ()
    return _read(settings, lambda app: app.attesting.changed_texts())


def idle_rules(path: Path, now: datetime) -> Sequence[str]:
    """Warnings about rules of controls that can find nothing, if the configuration's database is there to be read."""
    return _read(load_settings(path), lambda app: control_warnings(app.store, app.controls, now))


def _read(settings: Settings, read: Callable[[App], Sequence[str]]) -> Sequence[str]:
    """Read in the configuration's database; nothing if it can't be read, or is of another release.

    One of an older release is left as it is: whoever only checks a file changes no tables.
    """
    database = sqlite_path(settings.database.url)
    if database is not None and not database.exists():
        return ()
    try:
        require_this_release(settings)
        with open_app(settings, system_now) as app:
            return read(app)
    except (StorageError, DBAPIError):
        return ()


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration with all connectors' keys."""
    return json_schema(KINDS)
