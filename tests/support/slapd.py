"""A plain OpenLDAP server of the tests' own, with Microsoft's attribute names: TLS, on one loopback address.

For what Samba can't show: size, time and page limits, and bulk (slapadd). Knows nothing of DirSync, tombstones
or rights. Ports above 1024, so any account can run it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import certificates
import ldif
from throwaway import Absent, Process, guarded_folder, loopback_address, program, run

__all__ = ["Absent", "Slapd", "running_slapd"]

PORTS = (3389, 3636)
BASE_DN = "dc=corp,dc=example"
PASSWORD = "Drama-0range-Kettle"
SCHEMAS = ("/etc/ldap/schema", "/etc/openldap/schema", "/usr/local/etc/openldap/schema")
MODULES = ("/usr/lib/ldap", "/usr/lib/openldap", "/usr/lib64/openldap", "/usr/libexec/openldap")

TEXT = "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
NUMBER = (
    "EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE"
)
BYTES = "EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE"
TIME = (
    "EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch"
    " SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE"
)
TRUTH = "EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE"
NAME = "EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12"

# A client asks by name, so the numbers are made up. What inetOrgPerson has (mobile, mail, manager) isn't here.
MICROSOFT = {
    "sAMAccountName": TEXT,
    "userPrincipalName": TEXT,
    "objectGUID": BYTES,
    "objectSid": BYTES,
    "mS-DS-ConsistencyGuid": BYTES,
    "userAccountControl": NUMBER,
    "accountExpires": NUMBER,
    "uSNChanged": NUMBER,
    "uSNCreated": NUMBER,
    "whenChanged": TIME,
    "whenCreated": TIME,
    "department": TEXT,
    "company": TEXT,
    "employeeID": TEXT,
    "otherMobile": TEXT,
    "otherTelephone": TEXT,
    "extensionAttribute1": TEXT,
    "extensionAttribute2": TEXT,
    "isDeleted": TRUTH,
    "isCriticalSystemObject": TRUTH,  # a filter with a name that isn't known fits nobody, negated or not
    "lastKnownParent": NAME,
    "memberOf": NAME,
}

CONFIGURATION = """{schemas}
{modules}
{types}
objectclass ( 1.1.2.1 NAME 'user' SUP inetOrgPerson STRUCTURAL MAY ( {names} ) )
objectclass ( 1.1.2.2 NAME 'computer' SUP user STRUCTURAL )
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
TLSCertificateFile {folder}/tls/cert.pem
TLSCertificateKeyFile {folder}/tls/key.pem
TLSCACertificateFile {folder}/tls/ca.pem
sizelimit {sizelimit}
timelimit {timelimit}
database mdb
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw {password}
directory {folder}/db
maxsize 2147483648
dbnosync
index objectClass,entryUUID,sAMAccountName,objectGUID eq
"""


class Slapd:
    """A running server. The limits bind `service`, which may read everything, and never `admin`."""

    base_dn: ClassVar[str] = BASE_DN
    staff_ou: ClassVar[str] = f"ou=Staff,{BASE_DN}"
    admin: ClassVar[str] = f"cn=admin,{BASE_DN}"
    service: ClassVar[str] = f"cn=svc-whosleft,{BASE_DN}"
    password: ClassVar[str] = PASSWORD
    fqdn: ClassVar[str] = "ldap.corp.example"

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self.plain_port, self.port = PORTS
        self.url = f"ldaps://{address}:{self.port}"
        self.plain_url = f"ldap://{address}:{self.plain_port}"
        self.authority = certificates.authority(folder / "tls")
        self.ca_file = self.authority.certificate
        certificates.issue(self.authority, folder / "tls", self.fqdn, "localhost", address)
        self._server = Process(
            (
                *(program("slapd", "slapd"), "-d", "0", "-f", self._configuration),
                *("-h", f"{self.plain_url} {self.url}"),
            ),
            address,
            PORTS,
            folder / "slapd.out",
        )

    def start(self) -> None:
        """Start the server and wait until it answers; nothing if it runs."""
        self._server.start()

    def stop(self) -> None:
        """End the server in order; its data stay."""
        self._server.stop()

    def kill(self) -> None:
        """End the server as a power cut does."""
        self._server.kill()
        (self.folder / "slapd.pid").unlink(
            missing_ok=True
        )  # the guard must not kill who has that number next

    def restart(self) -> None:
        """Stop and start: connections break, the data stay."""
        self.stop()
        self.start()

    @property
    def log(self) -> str:
        return self._server.log()

    def load(self, text: str) -> None:
        """Add entries from LDIF (`ldif.entry`), with the server stopped meanwhile; some 20,000 a second.

        They are added all or, where one is refused (RuntimeError), in part.
        """
        was_running = self._server.is_running
        self.stop()
        run(program("slapadd", "slapd"), "-q", "-f", self._configuration, text=text)
        if was_running:
            self.start()

    @property
    def _configuration(self) -> Path:
        return self.folder / "slapd.conf"


@contextmanager
def running_slapd(
    text: str = "", *, sizelimit: int | str = "unlimited", timelimit: int | str = "unlimited"
) -> Iterator[Slapd]:
    """Make a server with OU=Staff, the service account and the entries of `text`; delete it whatever happens.

    Limits are as in slapd.conf(5): entries, seconds, or words such as "size.pr=100 size.prtotal=unlimited".
    Raises Absent where it can't run.
    """
    for name in ("slapd", "slapadd"):
        program(name, "slapd")
    program("openssl", "openssl")
    with guarded_folder("whosleft-slapd-") as folder, loopback_address(*PORTS) as address:
        (folder / "db").mkdir()
        (folder / "slapd.conf").write_text(_configuration(folder, sizelimit, timelimit))
        server = Slapd(folder, address)
        try:
            server.load(_furniture() + text)
            server.start()
            yield server
        finally:
            server.stop()


def _configuration(folder: Path, sizelimit: int | str, timelimit: int | str) -> str:
    schemas, modules = _first(SCHEMAS, "core.schema"), _first(MODULES, "back_mdb.la")
    if schemas is None:
        raise Absent(
            "OpenLDAP's schema files are not where they are looked for (Debian: apt-get install slapd)"
        )
    wanted = ("core", "cosine", "inetorgperson")
    return CONFIGURATION.format(
        schemas="\n".join(f"include {schemas}/{name}.schema" for name in wanted),
        # Some builds have the database inside
        modules=f"modulepath {modules}\nmoduleload back_mdb" if modules else "",
        types="\n".join(
            f"attributetype ( 1.1.1.{number} NAME '{name}' {kind} )"
            for number, (name, kind) in enumerate(MICROSOFT.items(), 1)
        ),
        names=" $ ".join(MICROSOFT),
        folder=folder,
        base=BASE_DN,
        password=PASSWORD,
        sizelimit=sizelimit,
        timelimit=timelimit,
    )


def _first(folders: Sequence[str], file: str) -> str | None:
    return next((folder for folder in folders if (Path(folder) / file).exists()), None)


def _furniture() -> str:
    return "".join(
        (
            ldif.entry(
                BASE_DN, {"objectClass": ["dcObject", "organization"], "o": "St Mary's", "dc": "corp"}
            ),
            ldif.entry(Slapd.staff_ou, {"objectClass": "organizationalUnit", "ou": "Staff"}),
            ldif.entry(
                Slapd.service,
                {
                    "objectClass": ["organizationalRole", "simpleSecurityObject"],
                    "cn": "svc-whosleft",
                    "userPassword": PASSWORD,
                },
            ),
        )
    )
