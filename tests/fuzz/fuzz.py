"""Damages files and answers at random, and sees that nothing but a known refusal comes of it, in bounded time.

    python tests/fuzz/fuzz.py [--minutes 5 | --rounds 200] [--seed 1] [TARGET …]

It starts from tests/fuzz/corpus/TARGET: what hurt once stays there. What hurts now is written to tests/fuzz/found, and
belongs into the corpus once it is mended. Memory is bounded for the whole process.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, process_time
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
sys.path[:0] = [
    str(HERE.parent),
    str(HERE.parent / "support"),
]  # the tests' own modules, when it is run as a script

from connectors.directory.active_directory.wire.ber import Garbled, Replies, decode  # noqa: E402
from connectors.directory.entra.config import EntraConfig  # noqa: E402
from connectors.directory.entra.read import mapping as entra  # noqa: E402
from connectors.directory.file.config import FileConfig  # noqa: E402
from connectors.directory.file.connector import FileDirectory  # noqa: E402
from connectors.inventory.register.config import RegisterConfig  # noqa: E402
from connectors.inventory.register.connector import RegisterInventory  # noqa: E402
from contracts.directory import context  # noqa: E402
from fakes.in_process import in_process  # noqa: E402
from worker.app.tell.signed_links import LinkDead, _payload  # noqa: E402
from worker.ports import ConnectorError  # noqa: E402

SECONDS_MAX = 10  # of processor time for one input, on a machine that does other things as well
KEY = "of the fuzzer"
BITS = (
    b"(",
    b" ",
    b"\0",
    b"=",
    b"'",
    b'"',
    b",",
    b";",
    b"\n",
    b"<c ",
    b"999999999",
    b"-1",
    b"\xff\xfe",
    b"\xd9\xa3",
    b":: ",
)
READ_WHOLE = (".xlsx", ".ods", ".docx")


def register(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        inventory = RegisterInventory(RegisterConfig(path=Path(name)), context("r", Path(folder)), in_process)
        for _ in inventory.changes(None):
            pass


def export(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        source = FileDirectory(FileConfig(path=name), context("export", Path(folder)), in_process)
        for _ in source.changes(None):
            pass


def graph(data: bytes, _name: str) -> None:
    try:
        user = json.loads(data)
    except (ValueError, RecursionError):
        return  # the client's to refuse
    if isinstance(user, dict):
        entra.map_user(user, READING)


def ldap(data: bytes, _name: str) -> None:
    replies = Replies()
    with suppress(Garbled):
        replies.feed(data)
        for message in replies.take():
            decode(message)


def token(data: bytes, _name: str) -> None:
    with suppress(LinkDead):
        _payload(KEY, data.decode(errors="replace"))


TARGETS: Mapping[str, Callable[[bytes, str], None]] = {
    "register": register,
    "export": export,
    "graph": graph,
    "ldap": ldap,
    "token": token,
}
CONFIG = EntraConfig.model_validate({"tenant_id": "t", "client_id": "c", "credential": {"secret": "s"}})
READING = entra.Reading(CONFIG, "GB", ZoneInfo("Europe/London"))


# --- Damage -----------------------------------------------------------------------------------------------


def damaged(data: bytes, name: str, chance: random.Random) -> bytes:
    """Return the file with something else in it: of an archive, in one of its parts."""
    if name.endswith(READ_WHOLE) and chance.random() < 0.8:
        with suppress(zipfile.BadZipFile):
            return _damaged_within(data, chance)
    if name.endswith(".json"):
        return json.dumps(_with_another_value(json.loads(data), chance)).encode()
    return _scratched(data, chance)


def _damaged_within(data: bytes, chance: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        parts = [name for name in old.namelist() if name.endswith((".xml", ".rels"))]
        victim = chance.choice(
            [*parts, *(name for name in parts if "sheet" in name or "ocument.xml" in name)]
        )
        for name in old.namelist():
            new.writestr(name, _scratched(old.read(name), chance) if name == victim else old.read(name))
    return packed.getvalue()


def _scratched(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        until = min(len(data), at + chance.choice((0, 1, 4, 40)))
        bit = chance.choice((*BITS, bytes([chance.randrange(256)]), data[at:until]))
        data = data[:at] + bit * chance.choice((1, 1, 1, 3, 5000)) + data[until:]
    return data


def _with_another_value(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value:
        key = chance.choice(list(value))
        return value | {key: _with_another_value(value[key], chance)}
    strange: tuple[Any, ...] = (
        None,
        True,
        -1,
        1e308,
        10**400,
        "",
        "\ud800",
        "9" * 5000,
        "(" + " " * 5000,
        [],
        {},
        [[["x"]]],
        {"id": 1},
        value,
    )
    return chance.choice(strange)


# --- Running ----------------------------------------------------------------------------------------------


def seeds(target: str) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted((HERE / "corpus" / target).iterdir())]


def tried(target: str, data: bytes, name: str) -> str:
    """Give one input to a target; returns what is wrong, empty for nothing."""
    began = process_time()
    try:
        with suppress(ConnectorError):
            TARGETS[target](data, name)
    except BaseException as error:  # noqa: BLE001  of a library in Rust, too
        return "".join(traceback.format_exception(error)[-3:])
    took_s = process_time() - began
    return f"took {took_s:.0f} seconds of processor time" if took_s > SECONDS_MAX else ""


def fuzz(target: str, seed: int, goes_on: Callable[[int], bool]) -> int:
    """Try what is kept, and then damage of it, while it goes on; returns how many inputs did harm."""
    chance = random.Random(seed)
    kept = seeds(target)
    harmful = rounds = 0
    found = HERE / "found" / target
    found.mkdir(parents=True, exist_ok=True)
    while goes_on(rounds):
        name, whole = kept[rounds % len(kept)]
        data = whole if rounds < len(kept) else damaged(whole, name, chance)
        path = found / f"{seed}-{rounds}-{name}"
        path.write_bytes(data)  # so that it is there when the process isn't any more
        if said := tried(target, data, name):
            harmful += 1
            print(f"{path}: {said}", file=sys.stderr)  # noqa: T201
        else:
            path.unlink()
        rounds += 1
    print(f"{target}: {rounds} inputs, {harmful} did harm")  # noqa: T201
    return harmful


def _until(minutes: float) -> Callable[[int], bool]:
    end_s = monotonic() + 60 * minutes
    return lambda _rounds: monotonic() < end_s


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(ValueError, OSError):  # macOS refuses it
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, hard))
    harmful = 0
    for target in given.targets:
        goes_on = _until(given.minutes / len(given.targets)) if given.minutes else given.rounds.__gt__
        harmful += fuzz(target, given.seed, goes_on)
    return 1 if harmful else 0


if __name__ == "__main__":
    sys.exit(main())
