"""A Redmine 6 (from .ci/redmine) of the tests' own, on a free port of loopback: SQLite, nobody else's.

    running_redmine() -> RedmineServer: a project a test, our limited account, Amina Yusuf, a closer, an administrator

Its database is made once for each version of Redmine and of redmine.ru, in some ten seconds, and copied.
"""

import functools
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

from made_once import made_once
from ports import free_port
from throwaway import SEARCH_PATH, Absent, Process, guarded_folder, run

__all__ = ["Absent", "Person", "Project", "RedmineServer", "running_redmine"]

PROGRAM = Path(__file__).with_name("redmine.ru")
SHARE = Path("/usr/share/redmine")
US, AMINA, CLOSER, ROOT = "whosleft", "amina", "closer", "root"
PEOPLE = {
    US: ("Whosleft", "Service", "whosleft@example.org"),
    AMINA: ("Amina", "Yusuf", "amina.yusuf@example.org"),
    CLOSER: ("Grace", "Closer", "closer@example.org"),
    ROOT: ("Ada", "Root", "root@example.org"),
}
OUR_RIGHTS = ("view_issues", "add_issues", "edit_issues", "add_issue_notes")
DATABASE = "production:\n  adapter: sqlite3\n  database: {folder}/redmine.sqlite\n  encoding: utf8\n"


@dataclass(frozen=True)
class Person:
    """An account, and the key to act as it."""

    id: int
    key: str


@dataclass(frozen=True)
class Project:
    """A project of one test, with a role of its own for our account."""

    id: int
    identifier: str
    role: int


class RedmineServer:
    """A running server."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.people: dict[str, Person] = {}
        self._folder = folder
        self._numbers = count(1)
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0)
        self._process = Process(
            ("/usr/bin/env", f"WHOSLEFT_REDMINE={folder}", _program("puma"), "-q", "-e", "production",
             "-w", "0", "-t", "1:3", "-b", f"tcp://127.0.0.1:{port}", PROGRAM),
            "127.0.0.1",
            (port,),
            folder / "redmine.out",
        )  # fmt: skip

    def start(self) -> None:
        """Start with a copy of the database, and make the people. Takes some seconds."""
        shutil.copytree(made_once(_name(), _make), self._folder, dirs_exist_ok=True)
        (self._folder / "database.yml").write_text(DATABASE.format(folder=self._folder))
        self._process.start()
        (self._folder / "redmine.pid").write_text(str(self._process.pid))
        for login, (first, last, email) in PEOPLE.items():
            made = self.act("person", login, first, last, email, login == ROOT)
            self.people[login] = Person(made["id"], made["key"])

    def end(self) -> None:
        self._http.close()
        self._process.stop()

    def act(self, what: str, *given: object) -> Any:
        """Do what the REST interface can't; the acts are those of redmine.ru."""
        response = self._http.post("/of-the-tests", json=[what, *given])
        found = response.json()
        if "error" in found:
            raise RuntimeError(f"{what} {given}: {found['error']}")
        return found["answer"]

    def project(self, *rights: str) -> Project:
        """Make a project where our account has these rights (as the manual says, if none are given) and five moves."""
        made = self.act("project", f"Security {next(self._numbers)}", *(rights or OUR_RIGHTS))
        return Project(made["id"], made["identifier"], made["role"])

    def retire(self, project: Project) -> None:
        """Take our account out of a project, so that no other test finds what is in it."""
        self.act("leave", project.id)

    def asked(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """Ask as one of the accounts; return the JSON, None if there is none."""
        headers = {"X-Redmine-API-Key": self.people[who].key}
        response = self._http.request(method, path, json=body, headers=headers)
        response.raise_for_status()
        return response.json() if response.content.strip() else None

    def put(self, who: str, ref: str, **fields: Any) -> None:
        """Change an issue."""
        self.asked(who, "PUT", f"/issues/{ref}.json", {"issue": fields})

    def make(self, project: Project, **fields: Any) -> str:
        """Make somebody's issue; return its number."""
        issue = {"project_id": project.id, "subject": "Printer on floor 3 is jammed", **fields}
        return str(self.asked(ROOT, "POST", "/issues.json", {"issue": issue})["issue"]["id"])

    def relate(self, ref: str, how: str, other: str) -> None:
        """Say that one issue blocks another, or duplicates it."""
        relation = {"issue_to_id": int(other), "relation_type": how}
        self.asked(ROOT, "POST", f"/issues/{ref}/relations.json", {"relation": relation})

    def status(self, who: str, ref: str, name: str) -> None:
        """Give an issue a status, and see that it has it."""
        there = self.asked(who, "GET", "/issue_statuses.json")["issue_statuses"]
        self.put(who, ref, status_id=next(one["id"] for one in there if one["name"] == name))
        assert self.issue(ref)["status"]["name"] == name

    def issue(self, ref: str, include: str = "journals") -> dict[str, Any]:
        found = self.asked(ROOT, "GET", f"/issues/{ref}.json?include={include}")["issue"]
        assert isinstance(found, dict)
        return found

    def comments(self, ref: str) -> list[str]:
        """All comments on an issue, oldest first, as people read them."""
        return [str(text).strip() for text in self.act("shown", int(ref), "notes")["text"]]

    def text(self, ref: str) -> str:
        """Subject and description, as people read them."""
        return "\n".join([self.issue(ref)["subject"], *self.act("shown", int(ref), "description")["text"]])

    def count(self, project: Project) -> int:
        """How many issues a project has."""
        return int(
            self.asked(ROOT, "GET", f"/issues.json?status_id=*&project_id={project.id}")["total_count"]
        )


@functools.cache
def _name() -> str:
    recipe = hashlib.sha256(PROGRAM.read_bytes())
    recipe.update((SHARE / "lib/redmine/version.rb").read_bytes())
    return f"redmine-{recipe.hexdigest()[:16]}"


def _make(folder: Path) -> None:
    (folder / "database.yml").write_text(DATABASE.format(folder=folder))
    run(_program("ruby"), PROGRAM, env={"WHOSLEFT_REDMINE": str(folder)})


def _program(name: str) -> str:
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise Absent(f"no program {name!r} (Debian: .ci/redmine as root)")
    return found


@contextmanager
def running_redmine() -> Iterator[RedmineServer]:
    """Yield a server with its people. Raises Absent."""
    if not (SHARE / "config.ru").exists():
        raise Absent("no Redmine (Debian: .ci/redmine installs it, as root)")
    if os.geteuid():
        raise Absent("Debian's Redmine is readable by root only (run the tests in a container)")
    with guarded_folder("whosleft-redmine-") as folder:
        server = RedmineServer(folder, free_port())
        try:
            server.start()
            yield server
        finally:
            server.end()
