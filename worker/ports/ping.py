"""The dead man's switch: a check outside that alarms when it does not hear from the worker."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class PingStyle(StrEnum):
    """How the check is told."""

    HEALTHCHECKS = "healthchecks"
    CRONITOR = "cronitor"
    PLAIN = "plain"


class Pinger(Protocol):
    """One check. Short, and only once: the next ping is the repeat."""

    def well(self) -> None:
        """Tell the check that all is well.

        Raises Transient if it may not have heard, and Rejected if it says that it knows of no such check. No error
        names the check's address, which is a secret.
        """

    def blind(self, why: str) -> bool:
        """Tell the check at once that the worker can't see, with the reason in one line. Raises as `well`.

        False if the check can't be told, and nothing was sent: then its silence is the alarm.
        """
