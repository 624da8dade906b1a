"""The databases of a test domain, worked on in place with Samba's ldb tools, as the system: no right is asked for.

Works while the server runs, which sees a change at once, and while it doesn't. A call takes 0.1-0.2 s, however
many entries it writes; `samba_tool` takes 0.5-1 s. Rights are access control entries in SDDL.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import ldif
from throwaway import program, run

REALM = "CORP.EXAMPLE"
DOMAIN = "CORP"
HOST = "dc1"
FQDN = f"{HOST}.{REALM}".lower()
BASE_DN = "DC=corp,DC=example"
PASSWORD = "Drama-0range-Kettle"  # of the administrator, and of every account that is given none

# Microsoft, "Control Access Rights": DS-Replication-Get-Changes
REPLICATION = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"
DACL_ONLY = ("--controls=show_deleted:1", "--controls=sd_flags:1:4")
# Denials come before grants; an entry is put where they meet
_DENIALS = re.compile(r"D:[A-Z]*(?:\(O?D;[^)]*\))*")

Values = Mapping[str, ldif.Value | Iterable[ldif.Value] | None]

SMB_CONF = """[global]
netbios name = DC1
realm = {realm}
workgroup = {domain}
server role = active directory domain controller
server services = {services}
interfaces = {address}/8
bind interfaces only = yes
lock directory = {folder}
state directory = {folder}/state
cache directory = {folder}/cache
private dir = {folder}/private
binddns dir = {folder}/bind-dns
pid directory = {folder}
ncalrpc dir = {folder}/ncalrpc
winbindd socket directory = {folder}/winbindd
ntp signd socket directory = {folder}/ntp_signd
log file = {folder}/log.%m
log level = 1
tls enabled = yes
tls certfile = {folder}/tls/cert.pem
tls keyfile = {folder}/tls/key.pem
tls cafile = {folder}/tls/ca.pem
tls verify peer = no_check
ldb:nosync = true
"""


def write_smb_conf(folder: Path, address: str, services: str) -> None:
    """Write the configuration for a domain in `folder`, served on one address."""
    (folder / "etc").mkdir(exist_ok=True)
    text = SMB_CONF.format(folder=folder, address=address, services=services, realm=REALM, domain=DOMAIN)
    (folder / "etc" / "smb.conf").write_text(text)


def user_ldif(
    name: str,
    attributes: Values | None = None,
    *,
    ou: str | None = None,
    guid: str | uuid.UUID | None = None,
    password: str | None = None,
    is_enabled: bool = True,
) -> str:
    """Return the LDIF of one account: `CN=name` in the OU (a DN; default Staff), `sAMAccountName: name`.

    `attributes` are added, or stand instead; one that is None is left out. Join the texts of many
    accounts and give them to one `ldbadd`. Give `name` without characters that a DN would escape.
    """
    control = 512 if is_enabled else 514
    given: Values = {
        "objectClass": "user",
        "sAMAccountName": name,
        "userPrincipalName": f"{name}@{REALM.lower()}",
        "userAccountControl": control if password else control | 32,  # 32: needs no password
        "objectGUID": str(guid) if guid else None,
        "unicodePwd": f'"{password}"'.encode("utf-16-le") if password else None,
    }
    return ldif.entry(f"CN={name},{ou or f'OU=Staff,{BASE_DN}'}", {**given, **(attributes or {})})


class Database:
    """A domain's folder. Every method raises RuntimeError with the tool's own words when it refuses."""

    realm: ClassVar[str] = REALM
    fqdn: ClassVar[str] = FQDN
    base_dn: ClassVar[str] = BASE_DN
    staff_ou: ClassVar[str] = f"OU=Staff,{BASE_DN}"
    leavers_ou: ClassVar[str] = f"OU=Leavers,{BASE_DN}"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # Entries

    def ldbadd(self, text: str) -> None:
        """Add entries; an `objectGUID: 01020304-…` is taken as given.

        Stops at the first that is refused, and keeps those before it.
        """
        self._ldb("ldbadd", "--relax", text=text)

    def ldbmodify(self, text: str) -> None:
        """Apply changes (`ldif.modify`, or `changetype: modrdn`); a DN may be `<GUID=01020304-…>`.

        Stops as `ldbadd` does.
        """
        self._ldb("ldbmodify", *DACL_ONLY, text=text)

    def ldbdel(self, dn: str) -> None:
        """Delete one object, which leaves a tombstone."""
        self._ldb("ldbdel", dn)

    def ldbsearch(
        self,
        query: str,
        *attributes: str,
        base: str | None = None,
        scope: str = "sub",
        show_deleted: bool = False,
    ) -> list[ldif.Entry]:
        """Return what fits an LDAP filter, `dn` included; ids, SIDs and security descriptors as text."""
        controls = ("--controls=show_deleted:1",) if show_deleted else ()
        found = self._ldb("ldbsearch", *controls, "-b", base or BASE_DN, "-s", scope, query, *attributes)
        return ldif.parse(found)

    def samba_tool(self, *args: str) -> str:
        """Run `samba-tool ARGS` on this domain; return what it printed."""
        # Commands on objects are told the database; those on the domain take it from the configuration
        where = () if args[:1] == ("domain",) else ("-H", self._sam)
        return run(program("samba-tool", "samba-ad-dc"), *args, *where, "-s", self._smb_conf)

    # Accounts and rights

    def create_account(self, name: str, password: str = PASSWORD, *, ou: str | None = None) -> str:
        """Add an ordinary account; return its SID."""
        self.ldbadd(user_ldif(name, ou=ou or f"CN=Users,{BASE_DN}", password=password))
        return self.sid(name)

    def sid(self, sam: str) -> str:
        """Return the SID of the account with this sAMAccountName."""
        (found,) = self.ldbsearch(f"(sAMAccountName={sam})", "objectSid")
        return found["objectSid"][0]

    def grant_replication(self, sam: str) -> None:
        """Give "Replicating Directory Changes": DirSync without OBJECT_SECURITY."""
        self.add_ace(BASE_DN, f"(OA;;CR;{REPLICATION};;{self.sid(sam)})")

    def grant_deleted_objects(self, sam: str) -> None:
        """Let an account list and read what is, was and will be deleted."""
        self.add_ace(f"CN=Deleted Objects,{BASE_DN}", f"(A;CI;LCRPLORC;;;{self.sid(sam)})")

    def deny_listing(self, ou_dn: str, sam: str) -> None:
        """Keep an account from seeing what lies in an OU; the OU itself stays visible."""
        self.add_ace(ou_dn, f"(D;;LC;;;{self.sid(sam)})")

    def hide_attribute(self, dn: str, attribute: str, sam: str) -> None:
        """Keep an account from reading one attribute of one object."""
        schema = f"CN=Schema,CN=Configuration,{BASE_DN}"
        (found,) = self.ldbsearch(f"(lDAPDisplayName={attribute})", "schemaIDGUID", base=schema)
        self.add_ace(dn, f"(OD;;RP;{found['schemaIDGUID'][0]};;{self.sid(sam)})")

    def add_ace(self, dn: str, ace: str) -> None:
        """Add one access control entry (SDDL) to an object, and to what inherits from it."""
        (found,) = ldif.parse(
            self._ldb("ldbsearch", *DACL_ONLY, "-b", dn, "-s", "base", "nTSecurityDescriptor")
        )
        descriptor = _DENIALS.sub(lambda match: match[0] + ace, found["nTSecurityDescriptor"][0], count=1)
        self.ldbmodify(ldif.modify(dn, {"nTSecurityDescriptor": descriptor}))

    @property
    def _sam(self) -> Path:
        return self.folder / "private" / "sam.ldb"

    @property
    def _smb_conf(self) -> Path:
        return self.folder / "etc" / "smb.conf"

    def _ldb(self, tool: str, *args: str, text: str = "") -> str:
        where = ("-H", self._sam, f"--configfile={self._smb_conf}")
        return run(program(tool, "ldb-tools"), *where, *args, text=text)
