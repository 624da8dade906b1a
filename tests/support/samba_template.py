"""A provisioned domain, made once for each version of Samba and each version of this recipe, then copied.

It has 36 MB (see made_once). Holds OU=Staff, OU=Leavers and the account svc-whosleft,
an ordinary one that also sees deleted objects.
"""

import functools
import hashlib
import shutil
from pathlib import Path

import certificates
import ldif
from made_once import made_once
from samba_database import BASE_DN, DOMAIN, FQDN, PASSWORD, REALM, Database, user_ldif, write_smb_conf
from throwaway import Absent, program, run

SERVICE = "svc-whosleft"
PYTHON = Path("/usr/bin/python3")  # the one that the distribution's bindings are for
SETUP = Path("/usr/share/samba/setup/provision.ldif")
HERE = Path(__file__).parent
RECIPE = ("samba_template.py", "samba_provision.py", "samba_database.py", "certificates.py", "ldif.py")
PROGRAMS = {
    **dict.fromkeys(("samba", "samba-tool"), "samba-ad-dc"),
    **dict.fromkeys(("ldbadd", "ldbmodify", "ldbsearch", "ldbdel"), "ldb-tools"),
    "openssl": "openssl",
}

# Any password, for ever; ldap/… is what a Kerberos client asks for, and a domain without DNS lacks it
COMFORT = ldif.modify(
    BASE_DN, {"pwdProperties": 0, "minPwdAge": 0, "maxPwdAge": -(2**63), "pwdHistoryLength": 0}
) + (
    f"dn: CN=DC1,OU=Domain Controllers,{BASE_DN}\nchangetype: modify\n"
    f"add: servicePrincipalName\nservicePrincipalName: ldap/{FQDN}\n"
)


def template() -> Path:
    """Return the template's folder, made if need be (about 4 s); raise Absent where it can't be made."""
    for name, package in PROGRAMS.items():
        program(name, package)
    if not SETUP.exists() or not PYTHON.exists():
        raise Absent(f"no {SETUP} or no {PYTHON} (Debian: apt-get install samba-ad-provision python3-samba)")
    return made_once(_name(), _make)


def copy_of(template: Path, folder: Path) -> None:
    """Copy a template into an existing folder, into files that are this domain's alone."""
    shutil.copytree(template, folder, dirs_exist_ok=True)


@functools.cache
def _name() -> str:
    version = run(program("samba", "samba-ad-dc"), "--version").split()[1]
    recipe = hashlib.sha256(b"\0".join((HERE / name).read_bytes() for name in RECIPE))
    return f"samba-{version}-{recipe.hexdigest()[:16]}"


def _make(folder: Path) -> None:
    run(PYTHON, "-I", HERE / "samba_provision.py", folder, REALM, DOMAIN, PASSWORD)
    certificates.authority(folder / "tls")
    write_smb_conf(folder, "127.0.0.1", "ldap")
    _furnish(Database(folder))


def _furnish(database: Database) -> None:
    database.ldbmodify(COMFORT)
    database.ldbadd(
        "".join(
            ldif.entry(f"OU={name},{BASE_DN}", {"objectClass": "organizationalUnit"})
            for name in ("Staff", "Leavers")
        )
        + user_ldif(SERVICE, ou=f"CN=Users,{BASE_DN}", password=PASSWORD)
    )
    database.grant_deleted_objects(SERVICE)
