"""A step's notifiers have to reach whom the step tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from worker.ops.clock import system_now
from worker.ports import ConnectorContext, Port
from worker.running.wiring import KINDS
from worker.settings import problems_in, warnings_in

MAIL = {"server": "smtp.example.org", "from": "whosleft@example.org"}
FLOW = {"url": "https://flows.example.org/x"}
SOC = {"token": "xoxb-1"}
SMS = {"url": "twilio://SID:TOKEN@441514960100/{phone}", "schemas": ["twilio"], "reaches": "phone"}
SIEM = {
    "url": "https://siem.example.org/",
    "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjU"],
}
NOTIFY: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "flow": ("teams", FLOW),
    "mail": ("email", MAIL),
    "team": ("email", {**MAIL, "channel": "it-security@example.org"}),
    "chat": ("slack", SOC),
    "soc": ("slack", {**SOC, "channel": "#soc", "channels": {"wards": "C0456789012"}}),
    "sms": ("apprise", SMS),
    "siem": ("webhook", SIEM),
    "log": ("console", {}),
}


@pytest.fixture
def wrong(tmp_path: Path) -> Callable[[str, str], list[tuple[int, str, str]]]:
    """The problems of a step with these recipients and notifiers."""

    def problems(to: str, via: str) -> list[tuple[int, str, str]]:
        entries = [{"name": name, "kind": kind, **keys} for name, (kind, keys) in NOTIFY.items()]
        path = tmp_path / "whosleft.yaml"
        path.write_text(
            "allow_literal_secrets: true\n"
            "rotas: [{name: night, layers: [{people: [n@example.org], turn: 1w, from: 2026-11-02}]}]\n"
            f"notify: {entries}\n"
            "escalation:\n  policies:\n    - name: standard\n      steps:\n"
            f"        - after: due\n          to: {to}\n          via: {via}\n"
        )
        return [(one.line, one.message, one.remedy) for one in problems_in(path, kinds=KINDS)]

    return problems


@pytest.mark.parametrize(
    "to, via, whom, remedy",
    [
        ("[assignee]", "[flow]", "assignee", "One that does: mail, team, chat, soc, sms."),
        ("[channel]", "[mail]", "channel", "One that does: flow, team, soc."),
        ("[channel, assignee]", "[mail, sms]", "channel", "One that does: flow, team, soc."),
        ("channel", "chat", "channel", "One that does: flow, team, soc."),
        ("['channel:wards']", "[chat, mail]", "channel:wards", "One that does: soc."),
        ("['on_call:night']", "[flow]", "on_call:night", "One that does: mail, team, chat, soc, sms."),
        ("[a@example.org]", "[siem]", "a@example.org", "One that does: mail, team, chat, soc, sms."),
    ],
)
def test_notifiers_that_reach_nobody_of_a_kind_are_refused_by_line(
    wrong: Callable[[str, str], list[tuple[int, str, str]]], to: str, via: str, whom: str, remedy: str
) -> None:
    assert wrong(to, via) == [(10, f"none of these notifiers reaches {whom}", remedy)]


@pytest.mark.parametrize(
    "to, via",
    [
        ("[assignee, channel]", "[flow, mail]"),
        ("[channel, 'channel:wards', admins, owner, manager, accountable]", "[soc]"),
        ("['on_call:night', a@example.org]", "[sms]"),
        ("[channel]", "[mail, team]"),
        ("[assignee, channel]", "[log]"),
        ("[assignee, channel]", "[]"),
    ],
)
def test_notifiers_of_which_one_reaches_each_are_taken(
    wrong: Callable[[str, str], list[tuple[int, str, str]]], to: str, via: str
) -> None:
    assert wrong(to, via) == []


def test_a_notifier_that_is_none_is_refused_for_that_alone(
    wrong: Callable[[str, str], list[tuple[int, str, str]]],
) -> None:
    [(_, message, _)] = wrong("[assignee]", "[pager]")
    assert message == "'pager' is no notifier"


@pytest.mark.parametrize("name", [name for name, (kind, _) in NOTIFY.items() if kind != "console"])
def test_its_keys_say_of_a_notifier_what_it_reaches(name: str, tmp_path: Path) -> None:
    kind, keys = NOTIFY[name]
    spec = registry.spec(Port.NOTIFY, kind)
    config = spec.config.model_validate(keys)
    context = ConnectorContext(name, tmp_path, "GB", "Europe/London", "en", system_now)
    assert spec.build(config, context).can.reaches == config.reaching  # type: ignore[attr-defined]


SAID = "tickets.accountable is not set, nor a channel of any notifier: what reaches nobody else is told to nobody"
ACCOUNTABLE = "tickets: {accountable: a@example.org}"
ALARMS = "watch: {alarms: {to: [%s]}}"


@pytest.mark.parametrize("names, more, warned", [
    (["mail"], "", f"{SAID}, alarms included"),
    (["mail", "sms", "siem", "chat"], ALARMS % "channel, accountable", f"{SAID}, alarms included"),
    (["mail"], ALARMS % "channel, soc@example.org", SAID),
    (["mail"], ACCOUNTABLE, None),
    (["mail", "team"], "", None),
    (["soc"], "", None),
    (["flow"], "", None),
    (["mail", "log"], "", None),
    ([], "", None),
])  # fmt: skip
def test_where_nobody_is_told_what_reaches_nobody_else_is_warned_of(
    tmp_path: Path, names: list[str], more: str, warned: str | None
) -> None:
    entries = [{"name": name, "kind": kind, **keys} for name in names for kind, keys in [NOTIFY[name]]]
    path = tmp_path / "whosleft.yaml"
    notify = f"notify: {entries}" if entries else ""
    path.write_text(f"allow_literal_secrets: true\n{notify}\n{more}\n")
    found = [(one.line, one.key, one.message) for one in warnings_in(path, kinds=KINDS)]
    assert found == ([] if warned is None else [(2, "notify", warned)])
    assert not warnings_in(path)


def test_a_channel_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "whosleft.yaml"
    path.write_text(f"notify: {[{'name': 'mail', 'kind': 'email', **MAIL, 'channel': '${env:SOC}'}]}\n")
    monkeypatch.setenv("SOC", "soc@example.org")
    assert not warnings_in(path, kinds=KINDS)
