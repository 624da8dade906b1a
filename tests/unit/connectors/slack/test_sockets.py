"""Connections to Slack over which clicks come in: each way in which they end, and that no click is lost by us."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest

from connectors.notify.slack import SPEC
from connectors.notify.slack.connector import SlackNotifier
from connectors.notify.slack.sockets import _Line as Line
from contracts.messages import MESSAGE, context
from fakes.slack.server import APP_TOKEN, TOKEN, Fault, SlackServer, rate_limited
from fakes.slack.sockets import SocketServer
from worker.domain.messages.message import Offer, ReaderAct
from worker.ports import Noted
from worker.ports.connectors.conversing import Interaction

# The SDK drops a socket open whose handshake failed, at whatever end of a connection that was
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
OFFERS = tuple(Offer(act, act.value) for act in ReaderAct)
TICKET = replace(MESSAGE.paragraphs[0], ticket="T-000123", version=7, offers=OFFERS)
AMINA = "U0AMINA01"
SOON_S = 3.0  # a click has to be acknowledged within this


class Desk:
    """Keeps what comes, and notes what the connector says."""

    def __init__(self) -> None:
        self.kept: list[Interaction] = []
        self.is_broken = False
        self.notes: list[tuple[str, dict[str, Any]]] = []

    def keep(self, one: Interaction) -> None:
        if self.is_broken:
            raise OSError("the database is away")
        self.kept.append(one)

    def note(self, event: Noted, /, **fields: Any) -> None:
        self.notes.append((event.name, fields))

    def noted(self, name: str) -> list[dict[str, Any]]:
        return [fields for found, fields in self.notes if found == name]


@pytest.fixture
def sockets(workspace: SlackServer) -> Iterator[SocketServer]:
    with SocketServer() as server:
        workspace.sockets = server
        yield server


def built(workspace: SlackServer, desk: Desk, app_token: str = APP_TOKEN) -> SlackNotifier:
    settings = {
        "token": TOKEN, "channel": "#leavers", "api_url": workspace.url,
        "interactive": {"mode": "socket", "app_token": app_token},
    }  # fmt: skip
    notifier: SlackNotifier = SPEC.build(
        SPEC.config.model_validate(settings), replace(context(), note=desk.note)
    )
    return notifier


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def line(workspace: SlackServer, sockets: SocketServer, desk: Desk) -> Iterator[SlackNotifier]:
    """Two connections, both greeted, and a message with buttons."""
    soc = built(workspace, desk)
    soc.send(replace(MESSAGE, paragraphs=(TICKET,)))
    with soc.listen(desk.keep):
        sockets.wait_for(2)
        until(lambda: len(desk.noted("slack.connected")) == 2)
        yield soc


def until(is_so: Callable[[], bool], timeout_s: float = 10.0) -> float:
    """Wait until something is so; return how long it took."""
    begun_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun_s < timeout_s, "it never was so"
        threading.Event().wait(0.01)
    return time.monotonic() - begun_s


def click(workspace: SlackServer, sockets: SocketServer) -> Any:
    """Click, and return what it was acknowledged with."""
    payload = workspace.click(AMINA, workspace.posts[0], "done")
    return sockets.ack(sockets.send("interactive", payload))


def test_a_click_is_kept_before_it_is_acknowledged(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, line: SlackNotifier
) -> None:
    assert click(workspace, sockets) == {}
    assert [(one.user, one.act, one.ticket) for one in desk.kept] == [(AMINA, ReaderAct.DONE, 123)]
    assert sockets.late == []


def test_what_cannot_be_kept_is_not_acknowledged_and_said(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, line: SlackNotifier
) -> None:
    desk.is_broken = True
    payload = workspace.click(AMINA, workspace.posts[0], "done")
    assert sockets.ack(sockets.send("interactive", payload), 0.5) is None
    assert desk.noted("slack.click_lost") == [{"error": "OSError"}]
    desk.is_broken = False
    assert sockets.ack(sockets.send("interactive", payload)) == {}


def test_commands_forms_and_openings_of_the_home_come_in_too(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, line: SlackNotifier
) -> None:
    assert sockets.ack(sockets.send("slash_commands", workspace.command(AMINA))) == {}
    opened = workspace.open_home(AMINA)
    for _ in range(2):  # an event may come again with the same envelope
        assert sockets.ack(sockets.send("events_api", opened, envelope_id="again")) == {}
    assert len({one.key for one in desk.kept}) == 2


def test_what_is_not_slack_s_is_acknowledged_so_that_it_does_not_come_for_ever(
    sockets: SocketServer, desk: Desk, line: SlackNotifier
) -> None:
    assert sockets.ack(sockets.send("interactive", {"type": "block_actions"})) == {}
    assert desk.kept == []


def test_a_routine_renewal_leaves_no_gap(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, line: SlackNotifier
) -> None:
    sockets.disconnect("refresh_requested")
    for _ in range(20):
        assert click(workspace, sockets) == {}
    until(lambda: sockets.greeted == 3)
    assert sockets.late == []
    assert {"connections": 1, "reason": "refresh_requested"} in desk.noted("slack.disconnected")


def test_a_connection_that_is_closed_is_opened_anew(sockets: SocketServer, line: SlackNotifier) -> None:
    sockets.close_one()
    until(lambda: sockets.greeted == 3 and len(sockets.open) == 2)


def test_connections_that_end_without_a_word_are_noticed_without_spinning(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, line: SlackNotifier
) -> None:
    begun_s = time.process_time()
    sockets.cut_all()
    took_s = until(lambda: len(sockets.open) == 2 and sockets.greeted == 4)
    assert took_s < 6
    assert time.process_time() - begun_s < 4
    until(lambda: len(desk.noted("slack.connected")) == 4)
    assert click(workspace, sockets) == {}


def test_large_payloads_come_whole(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, line: SlackNotifier
) -> None:
    payload = workspace.click(AMINA, workspace.posts[0], "done", message={"text": "ö" * 600_000})
    assert sockets.ack(sockets.send("interactive", payload), 10) == {}
    assert len(desk.kept) == 1


def test_a_refused_address_is_said_and_asked_for_again_after_a_pause(
    workspace: SlackServer, sockets: SocketServer, desk: Desk
) -> None:
    workspace.fail("apps.connections.open", *[Fault(code="invalid_auth")] * 2)
    with built(workspace, desk).listen(desk.keep):
        until(lambda: len(desk.noted("slack.connection_refused")) == 2)
        asked = workspace.called("apps.connections.open")
        threading.Event().wait(2.5)
        assert workspace.called("apps.connections.open") == asked
        sockets.wait_for(2, 15)
    assert "invalid_auth" in desk.noted("slack.connection_refused")[0]["error"]


def test_an_asked_wait_is_kept_without_holding_up_the_end(
    workspace: SlackServer, sockets: SocketServer, desk: Desk
) -> None:
    workspace.fail("apps.connections.open", *[rate_limited(30)] * 2)
    begun_s = time.monotonic()
    with built(workspace, desk).listen(desk.keep):
        until(lambda: len(desk.noted("slack.connection_refused")) == 2)
    assert time.monotonic() - begun_s < 8


def test_a_refused_handshake_is_not_taken_for_a_connection(
    workspace: SlackServer, sockets: SocketServer, desk: Desk
) -> None:
    sockets.refuses = True
    with built(workspace, desk).listen(desk.keep):
        until(lambda: len(desk.noted("slack.connection_refused")) >= 2)
        assert desk.noted("slack.connected") == []
        sockets.refuses = False
        sockets.wait_for(2, 20)


def test_it_says_that_no_click_is_heard_once_that_lasts(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = built(workspace, desk)
    assert notifier.concerns() == ()
    monkeypatch.setattr("connectors.notify.slack.reception.DEAF_S", 0.2)
    sockets.refuses = True
    with notifier.listen(desk.keep):
        until(lambda: len(notifier.concerns()) == 1)
        [concern] = notifier.concerns()
        assert (concern.about, "Socket Mode is switched on" in concern.remedy) == ("socket", True)
        sockets.refuses = False
        sockets.wait_for(2, 20)
        until(lambda: notifier.concerns() == ())
    assert notifier.concerns() == ()


def test_without_a_greeting_a_connection_is_not_ready(
    workspace: SlackServer, sockets: SocketServer, desk: Desk
) -> None:
    sockets.is_silent = True
    with built(workspace, desk).listen(desk.keep):
        sockets.wait_for(2)
        threading.Event().wait(0.3)
        assert desk.noted("slack.connected") == []


def test_at_the_end_no_thread_and_no_connection_is_left(
    workspace: SlackServer, sockets: SocketServer, desk: Desk
) -> None:
    before = threading.active_count()
    with built(workspace, desk).listen(desk.keep):
        sockets.wait_for(2)
        peak = threading.active_count()
    sockets.wait_for(0)
    until(lambda: threading.active_count() <= before + 1)
    assert peak > before


def test_it_ends_although_a_connection_is_being_made(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read holds up the end until the new connection is there, and is read."""
    disconnect = Line.disconnect

    def later(line: Line) -> None:
        held = line.current_session
        if line.closed and held is not None and not held.is_active():
            with suppress(AssertionError):
                until(lambda: line.is_ready, 3)
        disconnect(line)

    listening = ExitStack()
    listening.enter_context(built(workspace, desk).listen(desk.keep))
    sockets.wait_for(2)
    until(lambda: len(desk.noted("slack.connected")) == 2)
    monkeypatch.setattr(Line, "disconnect", later)
    workspace.fail("apps.connections.open", *[Fault(slow_s=0.5)] * 2)
    asked = workspace.called("apps.connections.open")
    sockets.cut_all()
    until(lambda: workspace.called("apps.connections.open") > asked)
    ending = threading.Thread(target=listening.close, daemon=True)
    ending.start()
    ending.join(12)
    assert not ending.is_alive()
    sockets.wait_for(0)


def test_check_proves_the_app_level_token(workspace: SlackServer, sockets: SocketServer, desk: Desk) -> None:
    assert built(workspace, desk).check().details["clicks"] == "clicks come over Socket Mode"
    wrong = built(workspace, desk, "xapp-wrong").check()
    assert not wrong.ok
    assert "app_token" in wrong.remedy
    assert "xapp-wrong" not in wrong.message + wrong.remedy


def test_an_exempt_host_is_reached_without_the_proxy(
    workspace: SlackServer, sockets: SocketServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    assert os.environ["HTTPS_PROXY"]
    with built(workspace, desk).listen(desk.keep):
        sockets.wait_for(2)
