"""Trackers in the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.running.wiring import KINDS, kinds_of
from worker.settings import Settings, SettingsError, load

LAB = 'name: lab, kind: gitlab, url: "https://lab.example.org", token: "${env:LAB}", project: "1"'


def settings(folder: Path, more: str = "") -> Settings:
    file = folder / "whosleft.yaml"
    file.write_text(
        f"directories: [{{name: corp, kind: file, path: people.csv}}]\ntrackers: [{{{LAB}{more}}}]\n"
    )
    return load(file, kinds=KINDS, env={"LAB": "invented"})


def test_the_kind_of_every_connector_is_known(tmp_path: Path) -> None:
    assert {"corp": "file", "lab": "gitlab"}.items() <= kinds_of(settings(tmp_path)).items()


def test_it_is_minimal_and_for_all_tickets_by_default(tmp_path: Path) -> None:
    [one] = settings(tmp_path).trackers
    assert (one.content, one.when.kinds, one.when.sensitive, one.assign) == ("minimal", (), None, True)


@pytest.mark.parametrize(
    "more, said",
    [
        (", when: {kinds: [remove_membre]}", "remove_member"),
        (", content: whole", "minimal"),
        (", token2: x", "token2"),
        ("}, {name: corp, kind: gitlab", "is the name of the entry in line 1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, more)
    assert said in str(raised.value)


def calls(listen: str, path: str = "/lab") -> str:
    return f', calls: {{listen: "{listen}", path: {path}, secret: "${{env:LAB}}"}}'


HUB = "}, {" + LAB.replace("lab,", "hub,", 1)


@pytest.mark.parametrize("other", ["0.0.0.0:8071", "127.0.0.1:8071", "[::]:8071"])
def test_two_can_t_listen_on_one_port(tmp_path: Path, other: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, calls("0.0.0.0:8071") + HUB + calls(other, "/hub"))

    assert "trackers[1].calls.listen" in str(raised.value)
    assert "lab listens on port 8071, too" in str(raised.value)


@pytest.mark.parametrize("nowhere", ["::1:8071", "a b:8071", "127.0.0.1:008071"])
def test_nothing_listens_at_what_is_no_address(tmp_path: Path, nowhere: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, calls(nowhere))

    [problem] = raised.value.problems
    assert problem.key == "trackers[0].calls.listen"
    assert problem.remedy.startswith("Write ")


@pytest.mark.parametrize(
    "one, other",
    [("127.0.0.1:0", "127.0.0.1:0"), ("127.0.0.1:8071", "127.0.0.2:8071"), ("[::]:8071", "[::]:8072")],
)
def test_two_may_listen_side_by_side(tmp_path: Path, one: str, other: str) -> None:
    assert len(settings(tmp_path, calls(one) + HUB + calls(other, "/hub")).trackers) == 2


def test_nothing_can_listen_where_health_and_metrics_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ops listens on port 9464, too"):
        settings(tmp_path, calls("0.0.0.0:9464"))


def test_two_that_listen_by_default_are_told_by_the_line_of_the_section(tmp_path: Path) -> None:
    entra = """
  - name: {name}
    kind: entra
    tenant_id: 8b0f3f5e-6a39-4c2a-9d2e-3f8a9b1c2d3e
    client_id: 8b0f3f5e-6a39-4c2a-9d2e-3f8a9b1c2d3f
    credential: {{secret: "${{env:LAB}}"}}
    notifications: {{url: "https://hook.example.org", client_state: "${{env:LAB}}"}}"""
    file = tmp_path / "whosleft.yaml"
    file.write_text("directories:" + entra.format(name="one") + entra.format(name="two"))

    with pytest.raises(SettingsError) as raised:
        load(file, kinds=KINDS, env={"LAB": "invented-and-long-enough"})

    [problem] = raised.value.problems
    assert (problem.line, problem.message) == (13, "one listens on port 8070, too")


@pytest.mark.parametrize(
    "end", ["/rest/api/3", "/rest/api/2/", "/browse/SEC-1", "/REST/2.0", "/REST/1.0/", "/api/now", "/api/v4"]
)
def test_what_is_added_to_an_address_is_not_written_in_it(tmp_path: Path, end: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, HUB.replace("example.org", f"example.org/desk{end}"))

    [problem] = raised.value.problems
    assert (problem.line, problem.key) == (2, "trackers[1].url")
    assert f"without {end}" in f"{problem.message} {problem.remedy}"


@pytest.mark.parametrize("path", ["/rest", "/api/v3", "/browse", "/rest/api/3/desk"])
def test_other_paths_of_an_address_stay(tmp_path: Path, path: str) -> None:
    assert len(settings(tmp_path, HUB.replace("example.org", f"example.org{path}")).trackers) == 2


RED = '}, {name: red, kind: redmine, url: "https://red.example.org", api_key: "${env:LAB}", project: sec, tracker: Task'
STATES = "states: {open: [1, In Progress], done: [6, Closed]"


@pytest.mark.parametrize(
    "more, said",
    [
        ("on_done: In Progress", "on_done: 'In Progress' is not among done"),
        ("on_done: Resolved", "on_done: 'Resolved' is not among done"),
        ("on_reopen: Closed", "on_reopen: 'Closed' is not among open"),
        ("on_cancelled: in progress", "on_cancelled: 'in progress' is among open"),
        ("declined: [Rejected, in progress]", "'in progress' can't mean both declined and open"),
        ("declined: [closed]", "'closed' can't mean both declined and done"),
    ],
)
def test_a_status_that_is_set_means_what_it_is_set_for(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, f"{RED}, {STATES}, {more}}}")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "more",
    [
        "on_done: closed, on_reopen: in progress",
        "on_done: 6, on_reopen: 1, on_cancelled: 8",
        "on_cancelled: Closed",
    ],
)
def test_a_status_is_named_in_any_case_or_by_its_number(tmp_path: Path, more: str) -> None:
    assert len(settings(tmp_path, f"{RED}, {STATES}, {more}}}").trackers) == 2


def test_a_secret_in_a_list_that_is_not_set_has_no_second_problem(tmp_path: Path) -> None:
    hook = 'name: hook, kind: webhook, url: "https://x.example.org/hook", secrets: ["${env:WHSEC}", "${env:LAB}"]'
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, f"}}, {{{hook}")
    unset, wrong = raised.value.problems
    assert "secrets[0]: the environment variable WHSEC is not set" in str(unset)
    assert "secrets[1]: starts with neither whsec_" in str(wrong)
