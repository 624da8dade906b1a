"""`whosleft run` as Kubernetes sees it: starts, works, and ends cleanly within ten seconds of SIGTERM.

And what a command leaves that is ended while it waits for a source.
"""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from time import monotonic

import pytest

from fakes.smtp.server import Fault, SmtpServer
from hung_up import hangup_is_heard
from integration.company import COMMAND, Company, company
from integration.processes import configure, until

__all__ = ["company", "hangup_is_heard"]

SOON_S = 60
IN_A_TERMINAL = (  # the command's own, as in a login
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY); os.execv(sys.argv[1], sys.argv[1:])"
)


def start(company: Company) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, "run", "-c", "whosleft.yaml"],
        cwd=company.folder,
        env={**os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def mail_to(server: SmtpServer) -> dict[str, object]:
    return {
        "name": "mail", "kind": "email", "server": "127.0.0.1", "port": server.port, "tls": "none",
        "from": "whosleft@example.org", "channel": "soc@example.org",
    }  # fmt: skip


def wait_for(worker: subprocess.Popen[str], event: str) -> dict[str, object]:
    """Read the log until an event comes."""
    assert worker.stderr is not None
    end = monotonic() + SOON_S
    for line in worker.stderr:
        entry: dict[str, object] = json.loads(line)
        if entry["event"] == event:
            return entry
        assert monotonic() < end, line
    raise AssertionError(f"the worker ended before {event}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_within_ten_seconds_of_a_signal_with_its_leases_given_back(
    company: Company, number: signal.Signals
) -> None:
    worker = start(company)
    wait_for(worker, "worker.started")
    wait_for(worker, "job.finished")

    asked_at = monotonic()
    worker.send_signal(number)
    out, err = worker.communicate(timeout=SOON_S)

    assert monotonic() - asked_at < 10
    assert worker.returncode == 0, err
    assert out == (
        "The console, by a link that works once: whosleft desk login-link --role approver --for YOU\n"
    )
    assert "/login/" not in out + err
    assert json.loads(err.splitlines()[-1])["event"] == "worker.stopped"
    company.run("once", "all")


def test_when_it_ends_it_marks_the_mail_that_it_sends_and_begins_no_other(company: Company) -> None:
    company.export(disabled={9, 15})
    with SmtpServer(None) as server:
        server.known = {
            "soc@example.org",
            "it-security@example.org",
            *(f"p{n}@example.org" for n in range(200)),
        }
        for _ in range(3):
            server.fail("DOT", Fault(slow_s=3))
        configure(company, notify=[mail_to(server)])
        company.run("once", "poll", "inventory", "reconcile")
        company.run("plans", "release", "P-000001", "--by", "Max", "--reason", "They have left.")
        company.run("once", "reconcile")
        worker = start(company)
        until("a mail on its way", lambda: len(server.faults["DOT"]) < 3)
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=SOON_S)

    assert json.loads(err.splitlines()[-1])["abandoned"] == []
    assert len(server.mails) == 1
    states = [one["state"] for one in company.json("deliveries", "list")["items"]]
    assert (states.count("sent"), states.count("claimed")) == (1, 0)
    assert states.count("waiting") > 0


def test_it_ends_as_by_sigterm_when_its_terminal_is_closed(company: Company) -> None:
    ours, theirs = pty.openpty()
    worker = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, COMMAND, "run", "-c", "whosleft.yaml"],
        cwd=company.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while b"worker.started" not in shown:
        shown += os.read(ours, 1000)
    os.close(ours)

    assert worker.wait(timeout=SOON_S) == 0
    company.run("once", "all")


def test_a_second_worker_on_one_sqlite_file_is_refused(company: Company) -> None:
    worker = start(company)
    try:
        wait_for(worker, "worker.started")

        refused = company.run("run", code=1)

        assert "whosleft.db" in refused
        assert "worker" in refused
        company.run("tickets", "list")
    finally:
        worker.terminate()
        worker.communicate(timeout=SOON_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_plan_that_is_ended_leaves_no_copy_of_the_database(
    company: Company, number: signal.Signals
) -> None:
    temporary = company.folder / "tmp"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        gateway.settimeout(SOON_S)
        config = company.folder / "whosleft.yaml"
        waits = (
            f"- {{name: phones, kind: waha, url: 'http://127.0.0.1:{gateway.getsockname()[1]}', api_key: x, "
        )
        waits += "accept_terms_risk: true}\n"
        text = config.read_text().replace("tickets:", f"  {waits}allow_literal_secrets: true\ntickets:")
        config.write_text(text)
        plan = subprocess.Popen(
            [COMMAND, "plan", "-c", "whosleft.yaml"],
            cwd=company.folder,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        with gateway.accept()[0]:
            assert list(temporary.iterdir())
            plan.send_signal(number)
            _, err = plan.communicate(timeout=SOON_S)

    assert (plan.returncode, err) == (128 + number, b"")
    assert list(temporary.iterdir()) == []
