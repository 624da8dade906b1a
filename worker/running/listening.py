"""What the servers of a process have in common: what is said where one begins to listen, or can't."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from worker.settings import SettingsError, SettingsProblem

# Takes a function that makes a line with a secret, for a person's terminal, and a line without it for other outputs
Announce: TypeAlias = Callable[[Callable[[], str], str], None]


def not_heard(key: str, listen: str, what: str, error: OSError, remedy: str) -> SettingsError:
    """The error of an address of the configuration, at `key`, on which nothing can listen for `what`."""
    message = f"nothing can listen on {listen} for {what} ({error.strerror or error})"
    return SettingsError([SettingsProblem("the configuration", 0, 0, key, message, remedy)])
