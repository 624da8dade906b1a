"""A configuration that changes under a running process: taken over as a whole, or refused as a whole."""

from __future__ import annotations

from pathlib import Path
from re import fullmatch
from threading import Event

import pytest
from structlog.testing import capture_logs

from worker.ops.patience import Unanswered
from worker.running.reloading import TRY_AGAIN_S, Reloading, differences, watching
from worker.running.wiring import load_settings
from worker.settings import Settings, SettingsError, SettingsProblem
from worker.storage.sql.errors import SchemaNewer

BEFORE = """
organisation: {name: X, timezone: Europe/London}
directories:
  - name: corp
    kind: active_directory
    servers: ["ldaps://dc1.corp.example:636"]
    bind: {method: simple, user: "svc@corp.example", password: "${file:secret}"}
    base: "DC=corp,DC=example"
schedule: {poll: 60s}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("first-password")
    file = tmp_path / "whosleft.yaml"
    file.write_text(BEFORE)
    return file


class Seconds:
    """A clock that stands still."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def reloading(config: Path, seconds: Seconds) -> Reloading:
    return Reloading(load_settings(config), lambda: load_settings(config), seconds)


def test_what_has_not_changed_is_no_news(reloading: Reloading, config: Path) -> None:
    config.write_text(BEFORE + "\n# a remark\n")

    assert not reloading.look()


def test_a_change_is_taken_over_and_said(reloading: Reloading, config: Path) -> None:
    config.write_text(BEFORE.replace("60s", "30s").replace("dc1", "dc2"))
    with capture_logs() as said:
        assert reloading.look()

    assert reloading.settings.schedule.every["poll"].total_seconds() == 30
    assert [(line["event"], line["changes"]) for line in said] == [
        (
            "config.changed",
            [
                "directories[corp].servers[0]: ldaps://dc1.corp.example:636 -> ldaps://dc2.corp.example:636",
                "schedule.poll: 1 min -> 30 s",
            ],
        )
    ]
    assert not reloading.look(), "once"


def test_a_secret_that_was_exchanged_is_a_change_and_is_not_shown(reloading: Reloading, config: Path) -> None:
    (config.parent / "secret").write_text("second-password")
    with capture_logs() as said:
        assert reloading.look()

    assert said[0]["changes"] == ["directories[corp].bind.password: ••• -> •••"]


def test_a_database_s_password_that_was_exchanged_is_a_change_and_is_not_shown(
    reloading: Reloading, config: Path
) -> None:
    secret = config.parent / "database-password"
    secret.write_text("first-password")
    config.write_text(f"{BEFORE}\ndatabase: {{url: 'postgresql://w:${{file:{secret}}}@db/w'}}\n")
    assert reloading.look()
    secret.write_text("second-password")
    with capture_logs() as said:
        assert reloading.look()

    assert reloading.settings.database.url == "postgresql+psycopg://w:second-password@db/w"
    assert said[0]["changes"] == ["database.password: ••• -> •••"]


@pytest.mark.parametrize("name", ["policy.md", "duties.md", "rules.txt", "logo.png"])
def test_a_file_beside_the_configuration_with_other_content_is_a_change(
    reloading: Reloading, config: Path, name: str
) -> None:
    for file in ("policy.md", "duties.md", "rules.txt", "logo.png"):
        (config.parent / file).write_text("# As it was")
    config.write_text(BEFORE + BESIDE)
    assert reloading.look()
    (config.parent / name).write_text("# As it is")
    with capture_logs() as said:
        assert reloading.look()

    [change] = said[0]["changes"]
    assert fullmatch(r"controls\.[a-z0-9.\[\]]+\.sha256[.\[](en|0\]): [0-9a-f]{64} -> [0-9a-f]{64}", change)
    assert not reloading.look(), "once"


BESIDE = """
controls:
  policies: [{id: acceptable-use, version: "1", texts: {en: policy.md}}]
  duties: {version: "1", texts: {en: duties.md}}
  profile: [{description: {texts: {en: rules.txt}}, picture: {standard: logo.png}}]
"""


def test_what_can_t_be_used_changes_nothing_and_is_said_once(reloading: Reloading, config: Path) -> None:
    before = reloading.settings
    config.write_text(BEFORE.replace("60s", "30s") + "guard: {leavers_max: many}\n")
    with capture_logs() as said:
        assert not reloading.look()
        assert not reloading.look()

    assert [line["event"] for line in said] == ["config.refused"]
    assert "guard.leavers_max" in said[0]["error"]
    assert reloading.settings is before
    config.write_text(BEFORE.replace("60s", "30s"))
    assert reloading.look(), "mended"


def test_a_fault_of_reading_changes_nothing_and_is_said_once_with_its_traceback(config: Path) -> None:
    faults = [ValueError("no such thing"), ValueError("no such thing")]

    def load() -> Settings:
        if faults:
            raise faults.pop()
        return load_settings(config)

    before = load_settings(config)
    reloading = Reloading(before, load)
    config.write_text(BEFORE.replace("60s", "30s"))
    with capture_logs() as said:
        assert not reloading.look()
        assert not reloading.look()

    assert reloading.settings is before
    assert [(line["event"], line["error"]) for line in said] == [("config.refused", "no such thing")]
    assert isinstance(said[0]["exc_info"], ValueError)
    assert reloading.look(), "mended"


def test_entries_that_come_and_go_are_named(config: Path) -> None:
    before = load_settings(config)
    config.write_text(BEFORE + "inventories: [{name: wards, kind: register, path: groups.xlsx}]\n")

    assert [line.partition(":")[0] for line in differences(before, load_settings(config))] == [
        "inventories",
        "inventories[wards].exclude",
        "inventories[wards].groups[0]",
        "inventories[wards].kind",
        "inventories[wards].name",
        "inventories[wards].path",
    ]


PROFILES = """
controls:
  profile:
    - {when: {groups: ["Ward*"]}, join: {approval: true}}
    - {when: {groups: ["*"]}, join: {approval: true}}
"""


def test_named_entries_that_only_change_places_are_a_change(reloading: Reloading, config: Path) -> None:
    mail, chat = "{name: mail, kind: console}", "{name: chat, kind: console}"
    config.write_text(f"{BEFORE}\nnotify: [{mail}, {chat}]\n")
    assert reloading.look()
    config.write_text(f"{BEFORE}\nnotify: [{chat}, {mail}]\n")
    with capture_logs() as said:
        assert reloading.look()

    assert [one.name for one in reloading.settings.notify] == ["chat", "mail"]
    assert said[0]["changes"] == ["notify: mail, chat -> chat, mail"]


def test_each_of_several_entries_without_a_name_is_compared(reloading: Reloading, config: Path) -> None:
    config.write_text(BEFORE + PROFILES)
    assert reloading.look()
    config.write_text(BEFORE + PROFILES.replace("true", "false", 1))
    with capture_logs() as said:
        assert reloading.look()

    assert [line.partition(":")[0] for line in said[0]["changes"]] == ["controls.profile[0].join.approval"]


def test_an_empty_entry_is_not_the_same_as_none(reloading: Reloading, config: Path) -> None:
    config.write_text(BEFORE + "controls: {providers: {}}\n")
    assert reloading.look()
    config.write_text(BEFORE + "controls: {providers: null}\n")

    assert reloading.look()


def test_times_and_switches_are_shown_as_people_write_them(config: Path) -> None:
    before = load_settings(config)
    config.write_text(BEFORE.replace("poll: 60s", "poll: 90m") + "leaver: {disabled: false}\n")
    shown = differences(before, load_settings(config))
    assert "leaver.disabled: true -> false" in shown
    assert "schedule.poll: 1 min -> 1 h 30 min" in shown


def test_what_can_be_read_and_not_be_served_is_taken_back_and_not_tried_again(
    reloading: Reloading, config: Path, seconds: Seconds
) -> None:
    before = reloading.settings
    reloading.served(before)
    config.write_text(BEFORE.replace("60s", "30s"))
    assert reloading.look()
    taken = SettingsError(
        [SettingsProblem("the configuration", 0, 0, "ops.listen", "it is taken", "Take another.")]
    )
    with capture_logs() as said:
        assert reloading.went_back(taken)
        seconds.now_s += 10 * TRY_AGAIN_S
        assert not reloading.look(), "still the same"

    assert reloading.settings is before
    assert [line["event"] for line in said] == ["config.refused"]
    config.write_text(BEFORE.replace("60s", "20s"))
    assert reloading.look(), "another one"


def test_what_only_a_passing_error_kept_from_being_served_is_tried_again_after_a_while(
    reloading: Reloading, config: Path, seconds: Seconds
) -> None:
    before = reloading.settings
    config.write_text(BEFORE.replace("60s", "30s"))
    for _ in range(2):
        reloading.served(before)
        assert reloading.look()
        assert reloading.went_back(Unanswered("the database does not answer"))
        seconds.now_s += TRY_AGAIN_S - 1
        assert not reloading.look(), "not with each look: all jobs stop for it"
        seconds.now_s += 1

    assert reloading.look()
    assert reloading.settings.schedule.every["poll"].total_seconds() == 30


def test_the_first_settings_have_nothing_to_go_back_to(reloading: Reloading) -> None:
    assert not reloading.went_back(SettingsError([]))


def test_settings_that_were_served_have_nothing_to_go_back_to_when_their_database_is_no_longer_theirs(
    reloading: Reloading,
) -> None:
    reloading.served(reloading.settings)

    assert not reloading.went_back(SchemaNewer("The tables are of a later release."))


def test_it_goes_back_past_settings_that_were_never_served(reloading: Reloading, config: Path) -> None:
    before = reloading.settings
    reloading.served(before)
    for poll in ("30s", "20s"):
        config.write_text(BEFORE.replace("60s", poll))
        assert reloading.look()

    assert reloading.went_back(SchemaNewer("The tables are of a later release."))
    assert reloading.settings is before
    assert not reloading.went_back(SchemaNewer("The tables are of a later release.")), "and not for ever"


def test_it_is_looked_for_in_the_background(reloading: Reloading, config: Path) -> None:
    changed = Event()
    with watching(reloading.look, changed, every_s=0.01):
        assert not changed.wait(0.1)
        config.write_text(BEFORE.replace("60s", "30s"))

        assert changed.wait(10)
