"""The operating system's account of this process. LOGNAME and USER don't count, since anybody can set them."""

from __future__ import annotations

import os
import pwd
import socket


def login_name() -> str:
    """The account's name; its number if it has none, as in many containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def login_and_host() -> str:
    """`sam@host`."""
    return f"{login_name()}@{socket.gethostname()}"
