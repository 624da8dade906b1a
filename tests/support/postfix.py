"""A mail server (Postfix, from .ci/postfix) of the tests' own, on free ports of loopback; nothing can leave it.

    running_postfix(onward=port) -> Postfix: submission with STARTTLS, submission over TLS, SASL, mailboxes as maildirs

`people` of example.org share the mailbox of PEOPLE. Mail for ONWARD's domain goes to the port `onward`, so that a test
can refuse it there, and a report comes back. At the port for UNHEARD's nobody listens, and nothing is tried twice.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_string
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from pwd import getpwnam

import certificates
from ports import free_port
from throwaway import Absent, guarded_folder, program, run

__all__ = ["Absent", "Postfix", "parsed", "running_postfix"]

HOST = "localhost"
USER, PASSWORD = "whosleft", "Kettle-0range-Drama"
OWNER = "postfix"
SENDER = "whosleft@example.org"
MAILBOXES = (SENDER, "soc@example.org", "amina.yusuf@example.org", "jörg@example.org")
PEOPLE = "people@example.org"
ONWARD, GREYLISTED = "gone@example.net", "later@example.org"
UNHEARD = "unheard@example.net"
UMLAUT = "jürgen@example.net"  # goes where ONWARD does
SIZE_MAX = 60_000
ARRIVES_S_MAX = 20.0
POLL_S = 0.05
MAILS = "[nc][eu][wr]/*"  # in new; in cur once an IMAP server has looked there
SERVICES = """\
127.0.0.1:{submission} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
127.0.0.1:{over_tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
SETTINGS = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example.org
mydestination =
mynetworks =
inet_protocols = ipv4
smtputf8_enable = yes
message_size_limit = {size_max}
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {mailboxes} {people} {greylisted}=greylisted/ }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
default_transport = error:nothing leaves this server
transport_maps = inline:{{ {onward}=smtp:[127.0.0.1]:{onward_port} {umlaut}=smtp:[127.0.0.1]:{onward_port}
    {unheard}=smtp:[127.0.0.1]:{nobody} }}
maximal_queue_lifetime = 0
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
cyrus_sasl_config_path = {folder}/sasl
smtpd_sasl_local_domain = example.org
smtpd_sender_login_maps = inline:{{ {sender}={user}@example.org other@example.org=other@example.org }}
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {greylisted}={{ 451 4.7.1 Greylisted }} }}
"""


class Postfix:
    """A running server."""

    def __init__(self, folder: Path, onward: int, people: Sequence[str] = ()) -> None:
        self._folder = folder
        authority = certificates.authority(folder / "authority")
        self.ca_file = authority.certificate
        self._pair = certificates.issue(authority, folder / "tls", HOST)
        self.submission, self.over_tls = free_port(), free_port()
        self._command = program("postfix", "postfix")
        self._configure(onward, people)

    def start(self) -> None:
        for step in ("set-permissions", "start"):
            run(self._command, "-c", self._folder, step)
        (self._folder / "master.pid").write_text((self._folder / "queue/pid/master.pid").read_text().strip())

    def end(self) -> None:
        run(self._command, "-c", self._folder, "stop")

    def log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def mails(self, address: str, count: int = 1) -> list[EmailMessage]:
        """Wait until a mailbox has at least so many mails; return them, the oldest first."""
        for _ in range(int(ARRIVES_S_MAX / POLL_S)):
            found = sorted(self.places(address), key=lambda path: path.stat().st_mtime_ns)
            if len(found) >= count:
                return [parsed(path) for path in found]
            time.sleep(POLL_S)  # noqa: TID251  a real server's own time
        raise AssertionError(f"{address} has {len(found)} mails, not {count}:\n{self.log()[-4000:]}")

    def forget(self) -> None:
        """Empty all mailboxes."""
        for path in self._folder.glob(f"mail/*/{MAILS}"):
            path.unlink()

    def places(self, address: str) -> list[Path]:
        """The files of the mails that are in a mailbox now."""
        return list(self.maildir(address).glob(MAILS))

    def maildir(self, address: str) -> Path:
        """Where a mailbox is; it belongs to the account OWNER, and is made when the first mail comes."""
        return self._folder / "mail" / _mailbox(address)

    def _configure(self, onward: int, people: Sequence[str]) -> None:
        folder, owner = self._folder, getpwnam(OWNER)
        folder.chmod(0o755)  # its processes run as several accounts
        for name in ("queue", "data", "mail", "sasl"):
            (folder / name).mkdir()
        for name in ("data", "mail"):
            os.chown(folder / name, owner.pw_uid, owner.pw_gid)
        (folder / "master.cf").write_text(SERVICES.format(submission=self.submission, over_tls=self.over_tls))
        (folder / "main.cf").write_text(SETTINGS.format(
            folder=folder, size_max=SIZE_MAX, certificate=self._pair.certificate, key=self._pair.key,
            mailboxes=" ".join(f"{address}={_mailbox(address)}/" for address in MAILBOXES),
            people=" ".join(f"{address}={_mailbox(PEOPLE)}/" for address in people),
            uid=owner.pw_uid, gid=owner.pw_gid, onward=ONWARD, onward_port=onward, greylisted=GREYLISTED,
            unheard=UNHEARD, umlaut=UMLAUT, nobody=free_port(), sender=SENDER, user=USER,
        ), encoding="utf-8")  # fmt: skip
        self._let_in(owner.pw_uid)

    def _let_in(self, owner: int) -> None:
        database = self._folder / "sasl" / "sasldb2"
        (self._folder / "sasl" / "smtpd.conf").write_text(
            f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {database}\n"
        )
        command = program("saslpasswd2", "sasl2-bin")
        run(command, "-p", "-c", "-f", database, "-u", "example.org", USER, text=PASSWORD)
        os.chown(database, owner, -1)


def _mailbox(address: str) -> str:
    return address.partition("@")[0].encode("ascii", "replace").decode().replace("?", "_")


def parsed(path: Path) -> EmailMessage:
    """The mail in a file of a mailbox."""
    found = message_from_string(path.read_text(encoding="utf-8"), policy=SMTPUTF8)
    assert isinstance(found, EmailMessage)
    return found


@contextmanager
def running_postfix(onward: int, people: Sequence[str] = ()) -> Iterator[Postfix]:
    """Yield a server that hands mail for ONWARD to a port of loopback. Raises Absent."""
    program("postfix", "postfix")
    if os.geteuid():
        raise Absent("Postfix starts as root only (run the tests in a container)")
    with guarded_folder("whosleft-postfix-") as folder:
        server = Postfix(folder, onward, people)
        server.start()
        try:
            yield server
        finally:
            server.end()
