"""Whether the process lives (/healthz) and is ready (/readyz), each with its reason.

Not alive: nothing but a restart helps. Not ready: the database, its tables, or the start is waited for. A
directory that can't be read, a job that fails or a lease that another process took are neither: the metrics
show them, and restarting helps nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import enumerate as running_threads

from worker.ops.masking import mask_text
from worker.ops.patience import WAIT_S, PatientCall, Unanswered

KEEP_S = 1.0  # an answer of the database serves all probes of one second
STARTING = "it is starting"

Trouble = str  # a reason in words; empty: there is none


class Health:
    """`check` returns when the database and its tables are as this process needs them, else it raises."""

    def __init__(self, check: Callable[[], None], wait_s: float = WAIT_S) -> None:
        self._database = PatientCall(check, wait_s=wait_s, keep_s=KEEP_S)
        self._watched: list[Callable[[], Trouble]] = []
        self._has_started = False

    def watch(self, trouble: Callable[[], Trouble]) -> None:
        """From now on the process lives only while this finds no trouble."""
        self._watched.append(trouble)

    def started(self) -> None:
        """Everything that the process is to do has begun."""
        self._has_started = True

    def liveness(self) -> Trouble:
        """Why the process should be started anew."""
        return next((found for trouble in self._watched if (found := trouble())), "")

    def readiness(self) -> Trouble:
        """Why nothing should be sent to it. Takes two seconds at most."""
        try:
            self.require_database()
        except Exception as error:  # noqa: BLE001  whatever ails the database is the reason
            return reason(error)
        return "" if self._has_started else STARTING

    def require_database(self) -> None:
        """Return when the database is as it should be; else raise what is wrong, after two seconds at most."""
        self._database.answer()


def reason(error: Exception) -> str:
    """An error of the database in one line, without passwords."""
    if isinstance(error, Unanswered):
        return f"the database does not answer ({error})"
    told = getattr(error, "orig", None) or error  # the driver's own words, where SQLAlchemy wrapped them
    return mask_text(" ".join(str(told).split()) or type(told).__name__)


def thread_trouble(name: str) -> Trouble:
    """Whether a thread of this name is missing."""
    is_there = any(thread.name == name for thread in running_threads())
    return "" if is_there else f"the thread '{name}' has ended"
