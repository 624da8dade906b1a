"""A Samba domain with many invented people: made once, cached beside the tests' own template, then copied.

`domain(size)` -> a running domain with `size` people in OU=Staff. The first time takes half a minute for 10,000
of them and three to four for 50,000 (0.6 GB); a copy takes a second or two.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
LOADER = HERE / "ad_load.py"
PROVISION = HERE.parent / "tests" / "support" / "samba_provision.py"
sys.path.insert(0, str(PROVISION.parent))  # beside it, and no package

import certificates  # noqa: E402
import ldif  # noqa: E402
from bench.company import phone  # noqa: E402
from samba import LDAP_PORTS, Domain  # noqa: E402
from samba_database import BASE_DN, DOMAIN, PASSWORD, REALM, Database, user_ldif, write_smb_conf  # noqa: E402
from samba_template import COMFORT, PYTHON, SERVICE, copy_of, template  # noqa: E402
from throwaway import Absent, guarded_folder, loopback_address, program, run  # noqa: E402

__all__ = ["STAFF", "Absent", "Database", "Domain", "dn_of", "domain", "ldif", "program"]

STAFF = f"OU=Staff,{BASE_DN}"
MANAGERS = 1_000  # with thousands of reports for one manager, Samba loads at half the rate
FIRST = ("Anna", "Bengt", "Çelik", "Dmitri", "Eve", "Fátima", "Georg", "Hana")
LAST = ("Müller", "Smith", "Nguyen", "Øster", "Rossi", "Žižek", "Kowalski", "Dubois")


def person(number: int) -> str:
    """The LDIF of one person; everybody from the 1,001st on has a manager among the first 1,000."""
    first, last = FIRST[number % 8], LAST[number // 8 % 8]
    return user_ldif(
        name_of(number),
        {
            "givenName": first,
            "sn": last,
            "displayName": f"{first} {last}",
            "mail": f"{name_of(number)}@example.org",
            "mobile": _as_typed(number),
            "employeeID": f"E{number:08d}",
            "department": f"Department {number % 200}",
            "title": f"Engineer {number % 5}",
            "physicalDeliveryOfficeName": f"Floor {number % 12}",
            "c": "GB",
            "manager": dn_of(number % MANAGERS) if number >= MANAGERS else None,
        },
        is_enabled=bool(number % 20),
    )


def name_of(number: int) -> str:
    return f"p{number:06d}"


def dn_of(number: int) -> str:
    return f"CN={name_of(number)},{STAFF}"


def _as_typed(number: int) -> str:
    """Half of the numbers as machines write them, the rest as people do."""
    text = phone(number)
    by_hand = {2: f"{text[:3]} {text[3:7]} {text[7:]}", 3: f"0{text[3:7]} {text[7:]}"}
    return by_hand.get(number % 4, text)


@contextmanager
def domain(size: int) -> Iterator[Domain]:
    """Raises Absent where Samba can't run."""
    made = _populated(size)
    with guarded_folder("whosleft-bench-dc-") as folder, loopback_address(*LDAP_PORTS) as address:
        copy_of(made, folder)
        running = Domain(folder, address, has_kdc=False)
        try:
            running.start()
            yield running
        finally:
            running.stop()


def _populated(size: int) -> Path:
    people = "".join(map(person, range(size)))
    recipe = hashlib.sha256((COMFORT + people).encode() + PROVISION.read_bytes()).hexdigest()
    base = template()
    version = base.name.rpartition("-")[0]
    made = base.with_name(f"{version}-{size}-people-{recipe[:16]}")
    with base.with_name(f"{made.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            print(f"Making a domain of {size:,} people, once", flush=True)
            _make(made, people)
    return made


def _make(place: Path, people: str) -> None:
    folder = place.with_name(f"{place.name}.{uuid.uuid4().hex}.part")
    folder.mkdir(mode=0o700)
    try:
        run(PYTHON, "-I", PROVISION, folder, REALM, DOMAIN, PASSWORD, "large")
        certificates.authority(folder / "tls")
        write_smb_conf(folder, "127.0.0.1", "ldap")
        database = Database(folder)
        database.ldbmodify(COMFORT)
        database.ldbadd(ldif.entry(STAFF, {"objectClass": "organizationalUnit"}))
        database.create_account(SERVICE)
        database.grant_deleted_objects(SERVICE)
        load = (PYTHON, "-I", LOADER, folder)
        subprocess.run(load, check=True, input=people, encoding="utf-8")
        folder.rename(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
