"""A Roundup (from .ci/roundup) of the tests' own, on a free port of loopback: its classic template, SQLite.

    running_roundup() -> RoundupServer: the bridge's account, Amina Yusuf, a closer, and a guest who may only look

It has the fields and the role that the recipe says. Its database is made once for each version and copied; mail goes
into a file.
"""

import functools
import hashlib
import re
import shutil
import textwrap
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from made_once import made_once
from ports import free_port
from throwaway import Absent, Process, guarded_folder, run

__all__ = ["Absent", "RoundupServer", "running_roundup"]

ROOT_FOLDER = Path(__file__).parents[2]
RECIPE = ROOT_FOLDER / "docs" / "recipes-roundup.md"
# Roundup's own server refuses to run as root, which tests do in containers
PROGRAM = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from roundup.cgi.wsgi_handler import RequestDispatcher

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

make_server("127.0.0.1", int(sys.argv[2]), RequestDispatcher(sys.argv[1]), Server, Quiet).serve_forever()
"""
US, AMINA, CLOSER, GUEST, ROOT = "whosleft", "amina", "closer", "guest", "admin"
PASSWORD = "Kettle-0range-Drama"
EMAILS = {
    US: "whosleft@example.org",
    AMINA: "amina.yusuf@example.org",
    CLOSER: "closer@example.org",
    GUEST: "guest@example.org",
    "joe": "joe@corp.example",
}
ROLES = {US: "Whosleft", GUEST: "Guest"}
GUESTS = """
db.security.addRole(name='Guest')
for right in 'Web Access', 'Rest Access':
    db.security.addPermissionToRole('Guest', right)
for cl in 'issue', 'msg', 'status':
    db.security.addPermissionToRole('Guest', 'View', cl)
"""
PERSON = (
    "user.create(username='{}', password=type(adminpw)('{}', config=db.config), address='{}', roles='{}')\n"
)
SETTINGS = (
    ("tracker", "web", "http://127.0.0.1:{port}/"),
    ("mail", "domain", "whosleft.test"),
    ("mail", "host", "localhost"),
    ("mail", "debug", "{home}/mails"),  # mail goes there
    ("web", "allowed_api_origins", "*"),  # a wire has another port
    ("web", "csrf_enforce_header_host", "no"),
    ("main", "password_pbkdf2_default_rounds", "1000"),  # 0.3 s a request otherwise
)


class RoundupServer:
    """A running server."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.home = folder / "tracker"
        self._folder = folder
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}/rest/data", timeout=60.0)
        self._process = Process(
            (_bin() / "python", "-c", PROGRAM, self.home, str(port)),
            "127.0.0.1",
            (port,),
            folder / "roundup.out",
        )

    def start(self) -> None:
        """Start with a copy of the database; it takes a second."""
        shutil.copytree(made_once(_name(), _make), self.home)
        _configure(self.home, self.port)
        self._process.start()
        (self._folder / "roundup.pid").write_text(str(self._process.pid))

    def end(self) -> None:
        self._http.close()
        self._process.stop()

    def mail(self, message: str) -> None:
        """Let a mail come in."""
        run(_bin() / "roundup-mailgw", self.home, text=message)

    def asked(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask as one of the accounts; return the JSON."""
        told = {"X-Requested-With": "tests", "Origin": f"http://127.0.0.1:{self.port}", **headers}
        response = self._http.request(method, path, json=body, headers=told, auth=(who, PASSWORD))
        response.raise_for_status()
        return response.json()["data"]

    def put(self, who: str, number: str, **fields: Any) -> None:
        """Change an issue. Raises httpx2.HTTPStatusError where they may not."""
        etag = self.asked(who, "GET", f"/issue/{number}")["@etag"]
        self.asked(who, "PUT", f"/issue/{number}", fields, **{"If-Match": etag})

    def delete(self, number: str) -> None:
        """Retire an issue, as people do."""
        etag = self.asked(ROOT, "GET", f"/issue/{number}")["@etag"]
        retire = {"@op": "action", "@action_name": "retire"}
        self.asked(ROOT, "PATCH", f"/issue/{number}", retire, **{"If-Match": etag})

    def roles(self, who: str, roles: str) -> None:
        """Give an account other roles."""
        [account] = self.asked(ROOT, "GET", f"/user?username%3A={who}")["collection"]
        etag = self.asked(ROOT, "GET", f"/user/{account['id']}")["@etag"]
        self.asked(ROOT, "PUT", f"/user/{account['id']}", {"roles": roles}, **{"If-Match": etag})

    def issues(self) -> list[dict[str, Any]]:
        """All issues, oldest first."""
        found = self.asked(
            ROOT, "GET", "/issue?@fields=title,status,external_id,whosleft,assignedto,messages&@verbose=2"
        )
        return list(found["collection"])

    def said(self, number: str) -> list[str]:
        """The texts of an issue's messages, oldest first."""
        messages = self.asked(ROOT, "GET", f"/issue/{number}?@verbose=0")["attributes"]["messages"]
        return [
            str(self.asked(ROOT, "GET", f"/msg/{one}/content")["data"]).replace("\r\n", "\n")
            for one in sorted(messages, key=int)
        ]


def _bin() -> Path:
    found = sorted(ROOT_FOLDER.glob(".cache/roundup-*/.stamp"))
    if not found:
        raise Absent("no Roundup in .cache (.ci/roundup fetches it)")
    return found[-1].parent / "bin"


def _schema() -> str:
    """What the recipe adds to the tracker's schema.py."""
    [found] = re.findall(r" *```python\n(.*?)```", RECIPE.read_text(encoding="utf-8"), re.DOTALL)
    return textwrap.dedent(str(found))


@functools.cache
def _name() -> str:
    recipe = hashlib.sha256("".join((_schema(), Path(__file__).read_text(encoding="utf-8"))).encode())
    return f"{_bin().parent.name}-{recipe.hexdigest()[:16]}"


def _make(folder: Path) -> None:
    admin = _bin() / "roundup-admin"
    run(admin, "-i", folder, "install", "classic", "sqlite")
    _configure(folder, 9)
    with (folder / "schema.py").open("a") as schema:
        schema.write(_schema() + GUESTS)
    with (folder / "initial_data.py").open("a") as people:
        for name, email in EMAILS.items():
            people.write(PERSON.format(name, PASSWORD, email, ROLES.get(name, "User")))
    run(admin, "-i", folder, "initialise", PASSWORD)


def _configure(home: Path, port: int) -> None:
    path = home / "config.ini"
    config = RawConfigParser()
    config.read(path, encoding="utf-8")
    for section, key, value in SETTINGS:
        config.set(section, key, value.format(home=home, port=port))
    with path.open("w", encoding="utf-8") as file:
        config.write(file)


@contextmanager
def running_roundup() -> Iterator[RoundupServer]:
    """Yield a server with its people. Raises Absent."""
    _bin()
    with guarded_folder("whosleft-roundup-") as folder:
        server = RoundupServer(folder, free_port())
        try:
            server.start()
            yield server
        finally:
            server.end()
