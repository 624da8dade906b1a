"""An IMAP server (Dovecot 2.4, from .ci/postfix) of the tests' own, on free ports of loopback, for one maildir.

running_dovecot(maildir, owner, password) -> Dovecot: IMAP over TLS, and with STARTTLS
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwnam

import certificates
from ports import free_port
from throwaway import Absent, Process, guarded_folder, program

__all__ = ["Absent", "Dovecot", "running_dovecot"]

HOST = "localhost"
SETTINGS = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_server_cert_file = {certificate}
ssl_server_key_file = {key}
auth_mechanisms = plain
first_valid_uid = 1
mail_driver = maildir
mail_path = {maildir}
mail_index_path = {folder}/index
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {folder}/home
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls}
  }}
  inet_listener imaps {{
    port = {over_tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """A running server. Anybody signs in to the one mailbox with `password`."""

    def __init__(self, folder: Path, maildir: Path, owner: str, password: str) -> None:
        self._folder = folder
        command = program("dovecot", "dovecot-imapd")
        authority = certificates.authority(folder / "authority")
        self.ca_file = authority.certificate
        pair = certificates.issue(authority, folder / "tls", HOST)
        self.over_tls, self.starttls = free_port(), free_port()
        settings = folder / "dovecot.conf"
        ports = self.over_tls, self.starttls
        self._process = Process((command, "-F", "-c", settings), "127.0.0.1", ports, folder / "log")
        account = getpwnam(owner)
        folder.chmod(0o755)  # its processes run as several accounts
        for name in ("index", "home"):
            (folder / name).mkdir(mode=0o777)
            (folder / name).chmod(0o777)
        settings.write_text(SETTINGS.format(
            folder=folder, certificate=pair.certificate, key=pair.key, maildir=maildir, password=password,
            uid=account.pw_uid, gid=account.pw_gid, starttls=self.starttls, over_tls=self.over_tls,
        ))  # fmt: skip

    def start(self) -> None:
        self._process.start()
        (self._folder / "master.pid").write_text(str(self._process.pid))

    def end(self) -> None:
        self._process.stop()


@contextmanager
def running_dovecot(maildir: Path, owner: str, password: str) -> Iterator[Dovecot]:
    """Yield a server for the maildir of an account of this machine; it need not exist yet. Raises Absent."""
    with guarded_folder("whosleft-dovecot-") as folder:
        server = Dovecot(folder, maildir, owner, password)
        server.start()
        try:
            yield server
        finally:
            server.end()
