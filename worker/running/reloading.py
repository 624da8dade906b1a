"""Read the configuration again while the process runs, and take it over as a whole or not at all.

If the file or a secret's file changed (Kubernetes writes both in place), everything starts over with the new
settings, within the same process. A configuration that can't be read, or not be served, changes nothing, and is logged.
One that could not be served by an error of the database that passes is tried again, seldom: the jobs stop for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from math import inf
from threading import Event, Thread
from time import monotonic
from typing import Any

import structlog
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from worker.domain.text.durations import format_duration
from worker.ops import events
from worker.ops.health import reason
from worker.settings import Settings, SettingsError
from worker.storage.sql.errors import StorageError, passes

LOOK_EVERY_S = 5.0
TRY_AGAIN_S = 3600.0  # far longer than the minutes for which a try waits for a database
VALUE_MAX = 200
HIDDEN = "•••"

log = structlog.stdlib.get_logger(__name__)


class Reloading:
    """Looks whether the settings have changed. `load` reads them again, with secrets, and raises SettingsError."""

    def __init__(
        self, settings: Settings, load: Callable[[], Settings], clock_s: Callable[[], float] = monotonic
    ) -> None:
        self.settings = settings
        self._load = load
        self._served: Settings | None = None  # the last settings that could be served
        self._clock_s = clock_s
        self._unserved: Settings | None = None  # readable settings that could not be served
        self._again_at_s = inf  # they are tried again then
        self._refused = ""

    def look(self) -> bool:
        """Read the settings again; True if `settings` changed. Unusable ones are logged once, until they change."""
        try:
            found = self._load()
        except Exception as error:  # noqa: BLE001  the thread that looks lives on, and says it
            self._refuse(error)
            return False
        self._refused = ""
        if _is_same(self.settings, found) or self._has_to_wait(found):
            return False
        log.info(events.CONFIG_CHANGED, changes=differences(self.settings, found))
        self.settings, self._unserved = found, None
        return True

    def served(self, settings: Settings) -> None:
        """Record that everything ran with these settings."""
        self._served = settings

    def went_back(self, error: Exception) -> bool:
        """Return to the settings that were served before, because these can't be; False if there are no others."""
        if self._served is None or self._served is self.settings:
            return False
        log.error(events.CONFIG_REFUSED, error=reason(error))
        self.settings, self._served, self._unserved = self._served, None, self.settings
        self._again_at_s = self._clock_s() + TRY_AGAIN_S if passes(error) else inf
        return True

    def _has_to_wait(self, found: Settings) -> bool:
        if self._unserved is None or self._clock_s() >= self._again_at_s:
            return False
        return _is_same(self._unserved, found)

    def _refuse(self, error: Exception) -> None:
        said = str(error) if isinstance(error, SettingsError) else reason(error)
        if said != self._refused:
            log.error(events.CONFIG_REFUSED, error=said, exc_info=_fault(error))
        self._refused = said


def _fault(error: Exception) -> Exception | None:
    """The error if it is a fault of the program, of which the log has the traceback."""
    return None if isinstance(error, SettingsError | StorageError | DBAPIError) else error


@contextmanager
def watching(look: Callable[[], bool], seen: Event, every_s: float = LOOK_EVERY_S) -> Iterator[None]:
    """Look again and again in a thread of its own, until there is something; then set `seen` and stop."""
    over = Event()

    def watch() -> None:
        while not over.wait(every_s):
            if look():
                seen.set()
                return

    thread = Thread(target=watch, name="watching", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _is_same(before: Settings, after: Settings) -> bool:
    """Whether all values are the same. The shown lines don't decide it: they say less than the values."""
    return before.model_dump() == after.model_dump()


def differences(before: Settings, after: Settings) -> list[str]:
    """The differences, one line for each key: `schedule.poll: 1 min -> 30 s`. Secrets are not shown. Sorted.

    A list of named entries has a line, too, if they are others or in another order: `remediate: a, b -> b, a`.
    """
    old, new = dict(_flat(before.model_dump(), "")), dict(_flat(after.model_dump(), ""))
    return [
        f"{key}: {_shown(old.get(key))} -> {_shown(new.get(key))}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(item, _key(path, name))
    elif isinstance(value, list | tuple) and value:
        names = _names(value)
        if names:
            yield path, ", ".join(names)
        for label, item in zip(names or range(len(value)), value, strict=True):
            yield from _flat(item, f"{path}[{label}]")
    else:
        yield path, value


def _key(path: str, name: object) -> str:
    """A key as in the file, where a connector's own keys stand beside the common ones."""
    if name == "options" and path.endswith("]"):
        return path
    return f"{path}.{name}" if path else str(name)


def _names(entries: Sequence[Any]) -> list[str]:
    """What the entries of a list are called; nothing if that doesn't tell each from the others."""
    found = [item.get("name") if isinstance(item, Mapping) else None for item in entries]
    names = [name for name in found if isinstance(name, str)]
    return names if len(set(names)) == len(entries) else []


def _shown(value: Any) -> str:
    match value:
        case SecretStr():
            text = HIDDEN
        case timedelta():
            text = format_duration(value)
        case bool():
            text = str(value).lower()
        case None:
            text = "not set"
        case _:
            text = str(value)
    return text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]}…"
