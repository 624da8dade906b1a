"""A Request Tracker 5 (from .ci/request_tracker) of the tests' own, on a free port of loopback: SQLite, nobody else's.

    running_request_tracker() -> RequestTrackerServer: a queue a test, our limited account, Amina Yusuf, a closer

Its database is made once for each version of RT, and copied. It sends no mail. Tokens are hashed as quickly as bcrypt
allows: RT's own default takes a quarter of a second a request.
"""

import functools
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

from made_once import made_once
from ports import free_port
from throwaway import SEARCH_PATH, Absent, Process, guarded_folder, run

__all__ = ["Absent", "Queue", "RequestTrackerServer", "running_request_tracker"]

HERE = Path(__file__).parent
SHARE = Path("/usr/share/request-tracker5")
SERVER = SHARE / "libexec/rt-server"
US, AMINA, CLOSER, ROOT = "whosleft", "amina", "closer", "root"
OUR_RIGHTS = (
    "SeeQueue",
    "ShowTicket",
    "ShowTicketComments",
    "CreateTicket",
    "ModifyTicket",
    "ReassignTicket",
)
# The lifecycle "guarded": nothing leads from new to done, and no button to what "quiet" is
SETTINGS = """\
Set($rtname, 'whosleft.test');
Set($Organization, 'whosleft.test');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.sqlite');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($WebPath, '');
Set($CanonicalizeRedirectURLs, 0);
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToFile, undef);
Set($LogToSTDERR, 'error');
Set($Timezone, 'Pacific/Chatham');
Set($MasonDataDir, '{folder}/mason');
Set($BcryptCost, 4);
Set(%Lifecycles, guarded => {{
    initial => ['new'], active => ['open', 'quiet'], inactive => ['done', 'deleted'],
    defaults => {{ on_create => 'new' }},
    transitions => {{
        '' => ['new'], new => ['open', 'quiet', 'deleted'], open => ['done'], quiet => ['open', 'done'],
        done => ['open'], deleted => [],
    }},
    rights => {{ '* -> *' => 'ModifyTicket' }},
    actions => [
        'new -> open' => {{ label => 'Open' }}, 'open -> done' => {{ label => 'Done' }},
        'done -> open' => {{ label => 'Again' }},
    ],
}});
1;
"""


@dataclass(frozen=True)
class Queue:
    """A queue of one test."""

    id: str
    name: str


class RequestTrackerServer:
    """A running server. `tokens` are those of the four accounts, by name."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.tokens: dict[str, str] = {}
        self._numbers = count(1)
        self._folder = folder
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}/REST/2.0", timeout=60.0)
        self._settings = folder / "RT_SiteConfig.pm"
        self._environment = _environment(folder)
        told = [f"{name}={value}" for name, value in self._environment.items()]
        self._process = Process(
            (
                "/usr/bin/env",
                *told,
                SERVER,
                "--server",
                "Starlet",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--max-workers",
                "2",
            ),
            "127.0.0.1",
            (port,),
            folder / "rt.out",
        )
        self._perl: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start with a copy of the database, and make the people. Takes some seconds."""
        shutil.copytree(made_once(_name(), _make), self._folder, dirs_exist_ok=True)
        self._settings.write_text(SETTINGS.format(folder=self._folder, port=self.port))
        (self._folder / "mason").mkdir()
        self._perl = subprocess.Popen(
            (_program("perl"), HERE / "request_tracker.pl"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self._environment},
        )
        (self._folder / "perl.pid").write_text(str(self._perl.pid))
        self._process.start()
        (self._folder / "rt.pid").write_text(str(self._process.pid))
        for name, real_name in ((US, "Whosleft"), (AMINA, "Amina Yusuf"), (CLOSER, "Grace Closer")):
            email = "amina.yusuf@example.org" if name == AMINA else f"{name}@example.org"
            self.act("person", name, real_name, email)
        self.act("grant", AMINA, "", "SeeQueue", "ShowTicket", "OwnTicket")
        self.act("grant", CLOSER, "", "SeeQueue", "ShowTicket", "ModifyTicket")
        self.tokens = {name: str(self.act("token", name)) for name in (US, AMINA, CLOSER, ROOT)}

    def end(self) -> None:
        self._http.close()
        self._process.stop()
        if self._perl is not None:
            with self._perl:
                assert self._perl.stdin is not None
                self._perl.stdin.close()

    def act(self, what: str, *given: str) -> Any:
        """Do what the REST interface can't; the acts are those of request_tracker.pl."""
        assert self._perl is not None
        assert self._perl.stdin is not None
        assert self._perl.stdout is not None
        self._perl.stdin.write(json.dumps([what, *given]) + "\n")
        self._perl.stdin.flush()
        found = json.loads(self._perl.stdout.readline())
        if "error" in found:
            raise RuntimeError(f"{what} {given}: {found['error']}")
        return found["answer"]

    def queue(self, lifecycle: str = "default", rights: Sequence[str] = OUR_RIGHTS) -> Queue:
        """Make a queue where our account has these rights, Amina may own tickets, and the closer may change them."""
        name = f"Security {next(self._numbers)}"
        made = Queue(str(self.act("queue", name, lifecycle)), name)
        self.act("grant", US, name, *rights)
        return made

    def retire(self, queue: Queue) -> None:
        """Let our account see a queue no longer, so that no other test finds what is in it."""
        self.act("revoke", US, queue.name, "ShowTicket")

    def asked(self, who: str, method: str, path: str, body: Any = None, **query: str | int) -> Any:
        """Ask as one of the accounts; return the JSON."""
        headers = {"Authorization": f"token {self.tokens[who]}"}
        response = self._http.request(method, path, json=body, params=query, headers=headers)
        response.raise_for_status()
        return response.json()

    def put(self, who: str, ref: str, **fields: Any) -> None:
        """Change a ticket, and see that it was changed."""
        [said] = self.asked(who, "PUT", f"/ticket/{ref}", fields)
        assert any(word in said for word in (" changed ", "deleted", "Successful", "depends")), said

    def comments(self, ref: str) -> list[str]:
        """All comments on a ticket, oldest first."""
        return [text for kind, text in self._said(ref) if kind == "Comment"]

    def files(self, ref: str) -> int:
        """How many files a ticket has."""
        found = self.asked(ROOT, "GET", f"/ticket/{ref}/attachments", fields="Filename", per_page=100)[
            "items"
        ]
        return sum(bool(one["Filename"]) for one in found)

    def text(self, ref: str) -> str:
        """Subject and description."""
        subject = self.asked(ROOT, "GET", f"/ticket/{ref}")["Subject"]
        return "\n".join([subject, *(text for kind, text in self._said(ref) if kind == "Create")])

    def count(self, queue: Queue) -> int:
        """How many tickets a queue has."""
        found = self.asked(ROOT, "GET", "/tickets", query=f"Queue = {queue.id}")
        return int(found["total"])

    def _said(self, ref: str) -> list[tuple[str, str]]:
        history = self.asked(ROOT, "GET", f"/ticket/{ref}/history", fields="Type", per_page=100)["items"]
        kinds = {str(one["id"]): one["Type"] for one in history}
        files = self.asked(
            ROOT, "GET", f"/ticket/{ref}/attachments", fields="Content,TransactionId", per_page=100
        )["items"]
        return [(kinds[str(one["TransactionId"])], one["Content"].replace("\r\n", "\n")) for one in files]


def _environment(folder: Path) -> dict[str, str]:
    return {"RT_SITE_CONFIG": str(folder / "RT_SiteConfig.pm"), "RT_SITE_CONFIG_DIR": os.devnull}


@functools.cache
def _name() -> str:
    recipe = hashlib.sha256()
    for path in (SHARE / "etc/schema.SQLite", SHARE / "etc/initialdata", SHARE / "lib/RT/Generated.pm"):
        recipe.update(path.read_bytes())
    return f"request-tracker-{recipe.hexdigest()[:16]}"


def _make(folder: Path) -> None:
    (folder / "RT_SiteConfig.pm").write_text(SETTINGS.format(folder=folder, port=9))
    run(_program("rt-setup-database-5"), "--action", "init", "--skip-create", env=_environment(folder))


def _program(name: str) -> str:
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise Absent(f"no program {name!r} (Debian: .ci/request_tracker as root)")
    return found


@contextmanager
def running_request_tracker() -> Iterator[RequestTrackerServer]:
    """Yield a server with its people. Raises Absent."""
    if not SERVER.exists():
        raise Absent("no Request Tracker 5 (Debian: .ci/request_tracker installs it, as root)")
    _program("rt-setup-database-5")
    with guarded_folder("whosleft-rt-") as folder:
        server = RequestTrackerServer(folder, free_port())
        try:
            server.start()
            yield server
        finally:
            server.end()
