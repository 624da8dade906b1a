"""Liveness (/healthz) and readiness (/readyz) of the process, each with its reason.

Not alive: only a restart helps. Not ready: the process waits for the database, its tables, or its start. An
unreadable directory, a failing job or a lease that another process took change neither: the metrics show
them, and a restart would not help.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import enumerate as running_threads

from worker.ops.masking import mask_text
from worker.ops.patience import WAIT_S, PatientCall
from worker.storage.sql.errors import trouble_of

KEEP_S = 1.0  # one answer of the database serves all probes within a second
STARTING = "it is starting"

Trouble = str  # a reason in words; empty: no trouble


class Health:
    """`check` returns if the database and its tables are as this process needs them, else it raises."""

    def __init__(self, check: Callable[[], None], wait_s: float = WAIT_S) -> None:
        self._database = PatientCall(check, wait_s=wait_s, keep_s=KEEP_S)
        self._watched: list[Callable[[], Trouble]] = []
        self._has_started = False

    def watch(self, trouble: Callable[[], Trouble]) -> None:
        """Add a check: from now on, the process counts as alive only while `trouble` finds none."""
        self._watched.append(trouble)

    def started(self) -> None:
        """Record that everything has begun that the process has to do."""
        self._has_started = True

    def liveness(self) -> Trouble:
        """Return why the process should be restarted."""
        return next((found for trouble in self._watched if (found := trouble())), "")

    def readiness(self) -> Trouble:
        """Return why nothing should be sent to the process. Takes two seconds at most."""
        try:
            self.require_database()
        except Exception as error:  # noqa: BLE001  any error of the database is the reason
            return reason(error)
        return "" if self._has_started else STARTING

    def require_database(self) -> None:
        """Return if the database is as it should be; else raise its error, or Unanswered. Takes two seconds at most."""
        self._database.answer()


def reason(error: Exception) -> str:
    """An error of the database in one line, with its remedy and without its SQL and passwords."""
    trouble = trouble_of(error)
    told = trouble.words if trouble else getattr(error, "orig", None) or error
    return mask_text(" ".join(str(told).split()) or type(told).__name__)


def thread_trouble(name: str) -> Trouble:
    """Return the trouble if no thread of this name runs."""
    is_there = any(thread.name == name for thread in running_threads())
    return "" if is_there else f"the thread '{name}' has ended"
