"""Which account of the operating system this process has. Not by LOGNAME or USER, which anybody can set."""

from __future__ import annotations

import os
import pwd
import socket


def login_name() -> str:
    """The account's name; its number where it has none, as in many containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def login_and_host() -> str:
    """`sam@host`."""
    return f"{login_name()}@{socket.gethostname()}"
