"""Makes a domain for many people, and loads them: what the tests' own recipe is too slow and too small for.

    /usr/bin/python3 -I ad_load.py provision FOLDER REALM DOMAIN PASSWORD
    /usr/bin/python3 -I ad_load.py load FOLDER < people.ldif        (prints how far it is; 300 people a second)

Runs in the distribution's Python, which has Samba's bindings; knows nothing of the project.
"""

import grp
import logging
import os
import pwd
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path

STORE_BYTES = 4 << 30  # an upper limit, not what it takes: 50,000 people are 0.6 GB
BATCH = 5_000  # entries to a transaction
SMB_CONF = """[global]
netbios name = DC1
realm = {realm}
workgroup = {domain}
server role = active directory domain controller
"""


def provision(folder: Path, realm: str, domain: str, password: str) -> None:
    """As tests/samba_provision.py, with the store that large domains have: no file of it ends at 4 GB."""
    made, param, dsdb = (import_module(f"samba.{name}") for name in ("provision", "param", "dsdb"))
    base = folder / "base.conf"
    base.write_text(SMB_CONF.format(realm=realm, domain=domain))
    settings = param.LoadParm()
    settings.load(str(base))
    account = pwd.getpwuid(os.geteuid()).pw_name
    made.provision(
        logging.getLogger("provision"),
        import_module("samba.auth").system_session(),
        targetdir=str(folder),
        realm=realm,
        domain=domain,
        adminpass=password,
        hostname="dc1",
        hostip="127.0.0.1",
        dns_backend="NONE",
        serverrole="active directory domain controller",
        lp=settings,
        skip_sysvolacl=True,
        root=account,
        nobody=account,
        users=grp.getgrgid(os.getegid()).gr_name,
        dom_for_fun_level=dsdb.DS_DOMAIN_FUNCTION_2008_R2,
        backend_store="mdb",
        backend_store_size=STORE_BYTES,
    )


def load(folder: Path) -> None:
    settings = import_module("samba.param").LoadParm()
    settings.load(str(folder / "etc" / "smb.conf"))
    database = import_module("samba.samdb").SamDB(
        url=str(folder / "private" / "sam.ldb"),
        session_info=import_module("samba.auth").system_session(),
        lp=settings,
    )
    entries = _entries()
    start, done = time.perf_counter(), 0
    while batch := "\n\n".join(islice(entries, BATCH)):
        database.transaction_start()
        database.add_ldif(batch + "\n\n")
        database.transaction_commit()
        done += batch.count("\n\n") + 1
        took_s = time.perf_counter() - start
        print(f"  {done:,} people loaded in {took_s:.0f} s ({done / took_s:.0f} a second)", flush=True)


def _entries() -> Iterator[str]:
    return (entry for entry in sys.stdin.read().split("\n\n") if entry.strip())


if __name__ == "__main__":
    steps: dict[str, Callable[..., None]] = {"provision": provision, "load": load}
    steps[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
