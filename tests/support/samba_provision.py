"""Makes the databases of a new Active Directory domain, without touching owners, xattrs or ACLs of files.

    /usr/bin/python3 -I samba_provision.py FOLDER REALM DOMAIN PASSWORD [large]     (needs Debian's python3-samba)

So it works as any user, unlike `samba-tool domain provision`. Isolated (-I), since `samba.py` lies beside it.
"""

import grp
import logging
import os
import pwd
import sys
from importlib import import_module
from pathlib import Path

LARGE = {
    "backend_store": "mdb",
    "backend_store_size": 4 << 30,
}  # a limit; the usual store is for 10,000 people
SMB_CONF = """[global]
netbios name = DC1
realm = {realm}
workgroup = {domain}
server role = active directory domain controller
"""


def main(folder: Path, realm: str, domain: str, password: str, size: str = "") -> None:
    # By name: to a type checker `samba` is the tests' own module
    provision, param, dsdb = (import_module(f"samba.{name}") for name in ("provision", "param", "dsdb"))
    # Without a configuration of our own Debian's, with its printers and shares, would be mixed in
    base = folder / "base.conf"
    base.write_text(SMB_CONF.format(realm=realm, domain=domain))
    settings = param.LoadParm()
    settings.load(str(base))
    account = pwd.getpwuid(os.geteuid()).pw_name
    provision.provision(
        logging.getLogger("provision"),
        import_module("samba.auth").system_session(),
        smbconf=None,
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
        **(LARGE if size == "large" else {}),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:6])
