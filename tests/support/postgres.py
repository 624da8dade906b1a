"""A PostgreSQL server of the tests' own: made in a fresh folder, reached through its socket, gone afterwards.

Trusts everybody who can open that socket and never waits for the disk: good for tests, for nothing else.
As root it runs under the account `postgres`, since PostgreSQL refuses root.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

VERSION_MIN = 15  # the first with ICU as a database's default collation
ACCOUNT = "postgres"
Command = tuple[str | Path, ...]
START_MAX = ("--timeout", "60")  # seconds

OPTIONS = {
    "listen_addresses": "''",  # the socket alone: no port to compete for
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "timezone": "Pacific/Chatham",  # +12:45: whoever forgets UTC sees it at once
}
DURABLE = dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "on")

INITDB = (
    *("--username", ACCOUNT, "--auth", "trust", "--encoding", "UTF8", "--no-sync"),
    # Sorts as a company's own server does, which is not how SQLite and Python sort
    *("--locale", "C", "--locale-provider", "icu", "--icu-locale", "en-US"),
)


class Absent(Exception):
    """No PostgreSQL server can be started on this machine; the text says why, and what to do."""


class Server(NamedTuple):
    """A running server, reached through the socket in `folder`."""

    folder: Path

    def url(self, database: str) -> str:
        """Return the database's address as SQLAlchemy takes it."""
        return f"postgresql+psycopg://{ACCOUNT}@/{database}?host={self.folder}"

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Make a database as its template is, yield its address, and drop it with every connection left to it."""
        name = f"t_{uuid.uuid4().hex}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield self.url(name)
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            host=str(self.folder), user=ACCOUNT, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[Server]:
    """Start a server, yield it, and stop it whatever happens; raise Absent where there is none to start.

    `durable`: it does wait for the disk.
    """
    programs = _programs()
    prefix = _as_account()
    folder = Path(tempfile.mkdtemp(prefix="whosleft-pg-", dir="/tmp" if prefix else None))  # noqa: S108
    try:
        if prefix:
            shutil.chown(folder, ACCOUNT)
        _run(*prefix, programs / "initdb", "--pgdata", folder / "data", *INITDB)
        pg_ctl: Command = (*prefix, programs / "pg_ctl", "--pgdata", folder / "data", "--wait", *START_MAX)
        try:
            _run(
                *pg_ctl,
                "--log",
                folder / "log",
                "--options",
                _settings(folder, DURABLE if durable else {}),
                "start",
            )
            yield Server(folder)
        finally:
            _stop(pg_ctl, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(pg_ctl: Command, folder: Path) -> None:
    """Stop the server without ceremony; one that never came up has only its log to show."""
    if (folder / "data" / "postmaster.pid").exists():
        _run(*pg_ctl, "--mode", "immediate", "stop")
    elif (folder / "log").exists():
        print((folder / "log").read_text())  # noqa: T201  (pytest shows it with the failure)


def _settings(folder: Path, more: Mapping[str, str]) -> str:
    return f"-k {folder} " + " ".join(f"-c {name}={value}" for name, value in {**OPTIONS, **more}.items())


def _programs() -> Path:
    """Return the folder of the newest server's programs: the one on PATH, else Debian's."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(folder.parent.name))
    for folder in folders:
        if (folder / "pg_ctl").exists() and _version(folder) >= VERSION_MIN:
            return folder
    msg = f"no PostgreSQL server of version {VERSION_MIN} or newer (Debian: apt-get install postgresql)"
    raise Absent(msg)


def _version(folder: Path) -> int:
    words = _run(folder / "initdb", "--version").split()
    return int(words[2].split(".")[0])


def _as_account() -> tuple[str, ...]:
    """Return what to put before a command so that it doesn't run as root: nothing when we aren't."""
    if os.geteuid() != 0:
        return ()
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        msg = f"PostgreSQL refuses to run as root, and there is no account {ACCOUNT!r} to run it instead"
        raise Absent(msg) from None
    return ("runuser", "-u", ACCOUNT, "--")


def _run(*command: str | Path) -> str:
    """Run a command from a folder that every account can read; return what it printed."""
    # The server inherits standard output, so this goes to a file: a pipe would never be closed
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
        )
        output.seek(0)
        text = output.read()
    if done.returncode:
        msg = f"{' '.join(map(str, command))} returned {done.returncode}:\n{text}"
        raise RuntimeError(msg)
    return text
