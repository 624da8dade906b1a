"""An Active Directory domain of the tests' own: Samba's domain controller on one loopback address, gone afterwards.

    samba_template (4 s, once) -> a copy with a certificate for its address -> `samba -M single` -> Domain (0.4 s)

A real AD but for what Samba leaves out: size limits, DirSync pages (`MaxBytes`), ranged members, the recycle bin.
The ports are fixed, so only the address varies. As root, or where everybody may listen on port 389.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import certificates
from certificates import Pair
from samba_database import FQDN, PASSWORD, REALM, Database, user_ldif, write_smb_conf
from samba_template import SERVICE, copy_of, template
from throwaway import Absent, Process, guarded_folder, loopback_address, program

__all__ = ["PASSWORD", "Absent", "Domain", "running_domain", "user_ldif"]

LDAP_PORTS = (389, 636, 3268, 3269)
KDC_PORTS = (88, 464)

KRB5_CONF = """[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
[realms]
    {realm} = {{
        kdc = {address}
    }}
[domain_realm]
    .{domain} = {realm}
"""


class Domain(Database):
    """A running domain. The administrator and the service account have the same password.

    Connect to `address`, and verify the certificate with `ca_file`: it is for `fqdn`, `localhost` and `address`.
    """

    admin: ClassVar[str] = f"Administrator@{REALM.lower()}"
    service: ClassVar[str] = f"{SERVICE}@{REALM.lower()}"  # an ordinary account that sees deleted objects
    service_sam: ClassVar[str] = SERVICE
    password: ClassVar[str] = PASSWORD

    def __init__(self, folder: Path, address: str, *, has_kdc: bool) -> None:
        super().__init__(folder)
        self.address = address
        self.url = f"ldaps://{address}:636"
        self.plain_url = f"ldap://{address}:389"
        self.authority = Pair(folder / "tls" / "ca.pem", folder / "tls" / "ca.key")
        self.ca_file = self.authority.certificate
        self.krb5_conf = folder / "etc" / "krb5.conf"  # KRB5_CONFIG; of use where the KDC runs
        self._backups = 0
        write_smb_conf(folder, address, "ldap, kdc" if has_kdc else "ldap")
        self.krb5_conf.write_text(KRB5_CONF.format(realm=REALM, domain=REALM.lower(), address=address))
        certificates.issue(self.authority, folder / "tls", FQDN, "localhost", address)
        self._server = Process(
            # -i: ends with its input, so that it can't outlive the tests
            (
                *(program("samba", "samba-ad-dc"), "-i", "-M", "single", "--no-process-group"),
                *("-s", self._smb_conf, "--debug-stdout"),
            ),
            address,
            LDAP_PORTS + KDC_PORTS if has_kdc else LDAP_PORTS,
            folder / "samba.out",
        )

    def start(self) -> None:
        """Start the server and wait until it answers; nothing if it runs."""
        self._server.start()

    def stop(self) -> None:
        """End the server in order; its data stay, and so does the address."""
        self._server.stop()

    def kill(self) -> None:
        """End the server as a power cut does."""
        self._server.kill()

    def restart(self) -> None:
        """Stop and start: connections break, the data stay."""
        self.stop()
        self.start()

    @property
    def log(self) -> str:
        """What the server printed since it was made."""
        return self._server.log()

    def backup(self) -> Path:
        """Copy the databases, with the server stopped meanwhile if it runs; return the copy, for `restore`."""
        self._backups += 1
        copy = self.folder / f"backup-{self._backups}"
        with self._stopped():
            shutil.copytree(self.folder / "private", copy, ignore=_sockets)
        return copy

    def restore(self, backup: Path) -> None:
        """Put an older copy in place, as one must not with a real domain controller.

        The clock of changes (`highestCommittedUSN`) goes back, while `invocationId` stays the same.
        """
        with self._stopped():
            shutil.rmtree(self.folder / "private")
            shutil.copytree(backup, self.folder / "private")

    def use_certificate(self, certificate: Pair) -> None:
        """Serve with another certificate from now on; a running server is restarted."""
        with self._stopped():
            shutil.copyfile(certificate.certificate, self.folder / "tls" / "cert.pem")
            shutil.copyfile(certificate.key, self.folder / "tls" / "key.pem")

    def keytab(self, account: str) -> Path:
        """Write a keytab with the present keys of an account (sAMAccountName); return its path."""
        file = self.folder / f"{account}.keytab"
        file.unlink(missing_ok=True)
        self.samba_tool("domain", "exportkeytab", str(file), f"--principal={account}")
        return file

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        was_running = self._server.is_running
        self.stop()
        yield
        if was_running:
            self.start()


@contextmanager
def running_domain(*, kdc: bool = False) -> Iterator[Domain]:
    """Make a fresh domain, start it, and delete it whatever happens.

    With `kdc` it also gives Kerberos tickets (`krb5_conf`, `keytab`). Raises Absent where it can't run.
    """
    made = template()
    ports = LDAP_PORTS + KDC_PORTS if kdc else LDAP_PORTS
    with guarded_folder("whosleft-dc-") as folder, loopback_address(*ports) as address:
        copy_of(made, folder)
        domain = Domain(folder, address, has_kdc=kdc)
        try:
            domain.start()
            yield domain
        finally:
            domain.stop()


def _sockets(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if (Path(folder) / name).is_socket()}
