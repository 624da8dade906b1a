"""The peer in C: python-ldap reads everybody, page by page, in an environment of its own.

VENV/bin/python -I ad_python_ldap.py < where.json     (prints what bench.ad_read prints)
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def read(ldap: Any, paged: Any, where: dict[str, Any]) -> int:
    ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, where["ca_file"])
    connection = ldap.initialize(where["url"])
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.simple_bind_s(where["user"], where["password"])
    page = paged(criticality=True, size=where["page_size"], cookie="")
    entries = 0
    while True:
        question = connection.search_ext(
            where["base"], ldap.SCOPE_SUBTREE, where["filter"], where["attributes"], serverctrls=[page]
        )
        _, found, _, controls = connection.result3(question)
        entries += sum(dn is not None for dn, _ in found)
        (answer,) = (one for one in controls if one.controlType == paged.controlType)
        page.cookie = answer.cookie
        if not page.cookie:
            return entries


def main() -> None:
    ldap = import_module("ldap")  # not among what the project is checked with
    paged = import_module("ldap.controls").SimplePagedResultsControl
    where = json.load(sys.stdin)
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    entries = read(ldap, paged, where)
    found = {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s, "entries": entries}
    lines = Path("/proc/self/status").read_text().splitlines()
    peak_mib = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
    print(json.dumps({**found, "peak_mib": peak_mib}))


if __name__ == "__main__":
    main()
