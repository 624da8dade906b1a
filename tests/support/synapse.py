"""A Matrix server (Synapse, from .ci/synapse) of the tests' own, on a free port of loopback: SQLite, nobody else's.

    running_synapse() -> Synapse: its admin's token, people, rooms; who does what through the client API

Rates are not limited, and passwords are hashed as quickly as bcrypt allows.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from ports import free_port
from throwaway import Absent, Process, guarded_folder

__all__ = ["Absent", "Person", "Refused", "Synapse", "running_synapse"]

ROOT = Path(__file__).parents[2]
SERVER_NAME = "corp.example"
SECRET = "Kettle-0range-Drama"
LISTED_S_MAX = 20.0
POLL_S = 0.05
FAST = {"per_second": 100_000, "burst_count": 100_000}
LIMITS = {
    **dict.fromkeys(
        ("rc_message", "rc_registration", "rc_admin_redaction", "rc_joins_per_room", "rc_room_creation",
         "rc_presence", "rc_profile"),
        FAST,
    ),
    "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), FAST),
    "rc_joins": dict.fromkeys(("local", "remote"), FAST),
    "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), FAST),
}  # fmt: skip


class Refused(Exception):
    """What the server said instead of doing it."""

    def __init__(self, status: int, errcode: str, said: str) -> None:
        super().__init__(f"{status} {errcode}: {said}")
        self.status = status
        self.errcode = errcode


@dataclass(frozen=True)
class Person:
    """An account of the server, and the key to act as it."""

    user_id: str
    token: str


class Synapse:
    """A running server. `admin` is its administrator."""

    admin: Person

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx2.Client(base_url=self.url, timeout=30.0)
        self._folder = folder
        self._process = Process(
            (_python(), "-m", "synapse.app.homeserver", "-c", _configured(folder, port)),
            "127.0.0.1",
            (port,),
            folder / "synapse.out",
        )

    def start(self) -> None:
        self._process.start()
        (self._folder / "synapse.pid").write_text(str(self._process.pid))

    def end(self) -> None:
        self._http.close()
        self._process.kill()

    # --- People ---------------------------------------------------------------------------------

    def person(self, name: str, *, phone: str = "", email: str = "", is_admin: bool = False) -> Person:
        """Register somebody, by the secret that the server shares with its administrators."""
        nonce = self._http.get("/_synapse/admin/v1/register").json()["nonce"]
        local = name.casefold().replace(" ", ".")
        words = (nonce, local, SECRET, "admin" if is_admin else "notadmin")
        mac = hmac.new(SECRET.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
        made = self.asked(None, "POST", "/_synapse/admin/v1/register", {
            "nonce": nonce, "username": local, "displayname": name, "password": SECRET, "admin": is_admin, "mac": mac,
        })  # fmt: skip
        person = Person(made["user_id"], made["access_token"])
        if phone or email:
            threepids = [{"medium": "msisdn", "address": phone.removeprefix("+")}] if phone else []
            threepids += [{"medium": "email", "address": email}] if email else []
            self.asked(
                self.admin,
                "PUT",
                f"/_synapse/admin/v2/users/{quote(person.user_id)}",
                {"threepids": threepids},
            )
        return person

    # --- Rooms ----------------------------------------------------------------------------------

    def room(self, creator: Person, *members: Person, version: str, **more: Any) -> str:
        """Make a room and let the members in; return its id."""
        body = {"room_version": version, "preset": "private_chat", **more}
        room_id: str = self.asked(creator, "POST", "/_matrix/client/v3/createRoom", body)["room_id"]
        for member in members:
            self.do(creator, room_id, "invite", user_id=member.user_id)
            self.do(member, room_id, "join")
        return room_id

    def do(self, who: Person, room_id: str, act: str, **body: Any) -> Any:
        """Invite, join, leave or kick."""
        return self.asked(who, "POST", f"/_matrix/client/v3/rooms/{quote(room_id)}/{act}", body)

    def state(self, who: Person, room_id: str, event_type: str) -> Any:
        return self.asked(who, "GET", f"/_matrix/client/v3/rooms/{quote(room_id)}/state/{event_type}")

    def put_state(self, who: Person, room_id: str, event_type: str, content: Mapping[str, Any]) -> None:
        self.asked(who, "PUT", f"/_matrix/client/v3/rooms/{quote(room_id)}/state/{event_type}", content)

    def upload(self, who: Person, data: bytes) -> str:
        """Put a picture into the media repository; return its address."""
        headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "image/png"}
        response = self._http.post("/_matrix/media/v3/upload", content=data, headers=headers)
        address: str = response.json()["content_uri"]
        return address

    def empower(self, who: Person, room_id: str, powers: Mapping[Person, int]) -> None:
        levels = self.state(who, room_id, "m.room.power_levels")
        levels["users"] |= {person.user_id: power for person, power in powers.items()}
        self.put_state(who, room_id, "m.room.power_levels", levels)

    def members(self, room_id: str) -> set[str]:
        found = self.asked(self.admin, "GET", f"/_synapse/admin/v1/rooms/{quote(room_id)}/members")
        return set(found["members"])

    def wait_until_listed(self, *room_ids: str) -> None:
        """The list of rooms is made from statistics, which come a moment later."""
        for room_id in room_ids:
            for _ in range(int(LISTED_S_MAX / POLL_S)):
                found = self.asked(
                    self.admin, "GET", f"/_synapse/admin/v1/rooms?search_term={quote(room_id)}"
                )
                if found["rooms"]:
                    break
                time.sleep(POLL_S)  # noqa: TID251  a real server's own time
            else:
                raise AssertionError(f"{room_id} is not in the list of rooms")

    def asked(self, who: Person | None, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {who.token}"} if who else {}
        response = self._http.request(method, path, json=body, headers=headers)
        found = response.json()
        if response.status_code != httpx2.codes.OK:
            raise Refused(response.status_code, found.get("errcode", ""), found.get("error", ""))
        return found


def _python() -> Path:
    found = sorted(ROOT.glob(".cache/synapse-*/.stamp"))
    if not found:
        raise Absent("no Synapse in .cache (.ci/synapse fetches it)")
    return found[-1].parent / "bin" / "python"


def _configured(folder: Path, port: int) -> Path:
    """Write a configuration; JSON is YAML."""
    listener = {
        "port": port, "type": "http", "tls": False, "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": ["client"], "compress": False}],
    }  # fmt: skip
    log = {
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    }
    (folder / "log.yaml").write_text(json.dumps(log))
    (folder / "signing.key").write_text("ed25519 a_test 1N5FQb0e0B4A+VSsrdlcvf2Kc2rKcgeygLCgfGYmFWw\n")
    path = folder / "homeserver.yaml"
    path.write_text(json.dumps({
        "server_name": SERVER_NAME,
        "listeners": [listener],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "log_config": str(folder / "log.yaml"),
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "registration_shared_secret": SECRET,
        "macaroon_secret_key": SECRET,
        "form_secret": SECRET,
        "report_stats": False,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "bcrypt_rounds": 4,
        "presence": {"enabled": False},
        **LIMITS,
    }))  # fmt: skip
    return path


@contextmanager
def running_synapse() -> Iterator[Synapse]:
    """Yield a server with one administrator. Raises Absent."""
    _python()
    with guarded_folder("whosleft-synapse-") as folder:
        server = Synapse(folder, free_port())
        server.start()
        try:
            server.admin = server.person("Whosleft", is_admin=True)
            yield server
        finally:
            server.end()
