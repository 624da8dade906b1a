"""`whosleft run` with Slack: a click in the channel is a claim within seconds, and the message there says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from fakes.slack.posting import Post
from fakes.slack.server import APP_TOKEN, TOKEN, SlackServer
from fakes.slack.sockets import SocketServer
from integration.company import Company

SOON_S = 60
CONFIG = """
allow_literal_secrets: true
organisation: {{name: "St Mary's", default_region: GB, timezone: Europe/London}}
database: {{url: "sqlite:///whosleft.db"}}
directories: [{{name: corp, kind: file, path: people.csv}}]
inventories: [{{name: wards, kind: register, path: groups.xlsx}}]
tickets: {{accountable: it-security@example.org}}
escalation: {{digest_window: 0s}}
notify:
  - {{name: soc, kind: slack, token: {token}, channel: C0LEAVERS01, api_url: "{url}",
     interactive: {{mode: socket, app_token: {app_token}, operators: ["user_group:secops"]}}}}
schedule: {{poll: 5s, deliver: 1s, reconcile: 1s}}
ops: {{listen: "127.0.0.1:0"}}
desk: {{listen: "127.0.0.1:0"}}
"""


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as slack, SocketServer() as sockets:
        slack.sockets = sockets
        slack.add_person("p0@example.org", "U0ADMIN01", real_name="Person 0")
        slack.add_person("sam@example.org", "U0SAM0001", real_name="Sam Roe")
        slack.add_user_group("S0SECOPS1", "secops", "U0SAM0001")
        yield slack


@pytest.fixture
def company(tmp_path: Path, slack: SlackServer) -> Company:
    company = Company(tmp_path)
    company.export()
    company.register()
    config = CONFIG.format(token=TOKEN, app_token=APP_TOKEN, url=slack.url)
    (tmp_path / "whosleft.yaml").write_text(config)
    company.run("once", "all")
    company.export(disabled=[5])
    return company


@contextmanager
def running(company: Company) -> Iterator[None]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "worker", "run", "-c", "whosleft.yaml"],
        cwd=company.folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) in {0, -signal.SIGTERM}
    finally:
        worker.kill()
        worker.wait()


def until(is_so: Callable[[], Any]) -> Any:
    give_up_at_s = monotonic() + SOON_S
    while not (found := is_so()):
        assert monotonic() < give_up_at_s, "it never was so"
        sleep(0.1)
    return found


def test_a_click_is_a_claim_and_the_message_says_so(company: Company, slack: SlackServer) -> None:
    assert "clicks come over Socket Mode" in str(company.json("check"))
    sockets = slack.sockets
    assert sockets is not None
    with running(company):
        sockets.wait_for(2, SOON_S)
        asked: Post = until(lambda: next(iter(slack.posts), None))
        assert "Person 5" in asked.shown

        payload = slack.click("U0SAM0001", asked, "done")
        assert sockets.ack(sockets.send("interactive", payload)) == {}

        until(lambda: slack.posts[0].shown.startswith("Marked as done"))
        until(lambda: "marked it as done" in slack.posts[-1].shown)
    [ticket] = company.tickets()
    assert (ticket["state"], ticket["done_by"]) == ("done", "sam@example.org")
    assert sockets.late == []


def test_what_slack_says_of_a_zone_is_in_the_preview_and_holds_the_message(
    tmp_path: Path, slack: SlackServer
) -> None:
    company = Company(tmp_path)
    company.export()
    company.register()
    quiet = 'quiet_hours: {{from: "20:00", until: "07:00", holidays: false}}\n'
    config = (CONFIG + quiet).format(token=TOKEN, app_token=APP_TOKEN, url=slack.url)
    (tmp_path / "whosleft.yaml").write_text(config)
    slack.add_person("p0@example.org", "U0ADMIN01", real_name="Person 0", tz="Pacific/Auckland")
    company.run("once", "all", "--now", "2026-11-03T10:00:00Z")
    company.export(disabled=[5])
    now = ("--now", "2026-11-03T12:00:00Z")  # one in the morning in Auckland
    for job in ("poll", "reconcile"):
        company.run("once", job, *now)

    def shown() -> list[str]:
        steps = company.json("escalation", "explain", "T-1", *now)["steps"]
        told = [one for step in steps for one in step["to"] if one["address"] == "p0@example.org"]
        return [one["held_until"] for one in told if one["why"] == "quiet"]

    def asked() -> int:
        return sum(
            name == "users.lookupByEmail" and body["email"] == "p0@example.org" for name, body in slack.calls
        )

    assert shown() == ["2026-11-04T18:00:00Z"], (
        "seven o'clock in Auckland, for the step at one in the morning"
    )
    assert asked() == 1
    company.run("once", "deliver", *now)
    held = company.json("deliveries", "list", "--state", "held", *now)["items"]
    assert {(one["to"], one["held_until"]) for one in held} == {("p0@example.org", "2026-11-03T18:00:00Z")}
    assert "D0ADMIN01" not in {post.channel_id for post in slack.posts}
    assert shown() == ["2026-11-04T18:00:00Z"]
    assert asked() == 1, "nobody asks again what is stored"
