"""Protect the database from other readers: its files by their mode, a server's answers on their way."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import sqlalchemy as sa

OWNER_ONLY = 0o600
PROVEN = "verify-full"  # the only libpq mode that compares the server's name with its certificate
DEFAULT = "prefer"  # libpq's own


def make_private(file: Path) -> None:
    """Make an empty file that only its owner may read.

    SQLite gives the files that it puts beside it (-wal, -shm) the same mode.
    """
    with suppress(OSError):  # the file exists; or its folder does not, which SQLite reports
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))


def database_warnings(url: str) -> tuple[str, ...]:
    """Warnings about the database's address and files, each with its remedy. Does not connect."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return tuple(_wide_files(Path(parsed.database or "")))
    mode = _first(parsed, "sslmode") or os.environ.get("PGSSLMODE") or DEFAULT
    far = [host for host in _hosts(parsed) if not _is_near(host)]
    if mode == PROVEN or not far:
        return ()
    remedy = "write sslmode=verify-full&sslrootcert=FILE into database.url (or sslrootcert=system)"
    return (f"nothing proves that the database at {', '.join(far)} is yours (sslmode={mode}): {remedy}",)


def _wide_files(file: Path) -> Iterator[str]:
    for path in (file, *(file.with_name(f"{file.name}-{part}") for part in ("wal", "shm"))):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        if mode & ~OWNER_ONLY & 0o077:
            yield f"others than its owner may read or write {path} (its mode is {mode:o}): chmod 600 {path}"


def _hosts(url: sa.URL) -> Iterable[str]:
    """All that libpq may connect to: it takes what the address doesn't say from the environment."""
    hosts = (url.host, *url.normalized_query.get("host", ()))
    addresses = url.normalized_query.get("hostaddr", ())
    named = [
        *(hosts if any(hosts) else (os.environ.get("PGHOST"),)),
        *(addresses or (os.environ.get("PGHOSTADDR"),)),
    ]
    return [host for part in named if part for host in part.split(",") if host]


def _first(url: sa.URL, name: str) -> str | None:
    return next(iter(url.normalized_query.get(name, ())), None)


def _is_near(host: str) -> bool:
    """True for a socket of this machine, or its loopback."""
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
