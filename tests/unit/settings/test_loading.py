from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import ClassVar, TypeAlias

import pytest
from pydantic import BaseModel

from fakes.kinds import KINDS
from worker.domain.escalation.calendar import BusinessCalendar, parse_days
from worker.domain.escalation.policy import STANDARD, After, Policy, Step, Target, When
from worker.domain.model import Evidence
from worker.domain.people.leaver import AbsentPolicy, LeaverPolicy
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Port
from worker.settings import Settings, SettingsError, load, load_changed, problems_in
from worker.settings.loading import Kinds

Write: TypeAlias = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "whosleft.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_what_is_left_out_has_the_domain_s_own_defaults(write: Write) -> None:
    settings = load(write("organisation: {}\n"))
    assert settings.leaver_policy() == LeaverPolicy()
    assert settings.guard_limits() == GuardLimits()
    assert settings.policies() == ()
    assert settings.ticket_rules() == TicketRules(timedelta(hours=24), timedelta(hours=4), accountable="")
    assert [(n.name, n.kind) for n in settings.notify] == [("terminal", "console")]


def test_settings_without_a_file_have_the_same_defaults(write: Write) -> None:
    built = Settings()
    read = load(write("organisation: {}\n"))
    assert built.model_dump(exclude={"database"}) == read.model_dump(exclude={"database"})


def test_a_section_whose_lines_are_all_comments_is_left_out(write: Write) -> None:
    commented = write("guard:\n  # leavers_max: 1\ndirectories:\ntickets:\n  due:\nnotify:\n")
    settings = load(commented, kinds=KINDS)
    assert settings.guard_limits() == GuardLimits()
    assert settings.directories == ()
    assert settings.notify[0].kind == "console"


def test_a_limit_without_a_value_is_off(write: Write) -> None:
    settings = load(write("guard: {leavers_max: null, group_share_max: ~}\n"))
    assert settings.guard_limits().switched_off() == ("leavers_max", "group_share_max")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().guard.leavers_max = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    "written, read",
    [
        ("NO", "NO"),  # YAML 1.1 takes it for false
        ("007", "007"),  # and this for 7
        ("12:30", "12:30"),  # and this for 750
        ("2026-12-24", "2026-12-24"),  # and this for a date
        ("+447700900123", "+447700900123"),  # and this for a number
        ("0123456789012345678901", "0123456789012345678901"),
        ("120363025246125486", "120363025246125486"),  # a WhatsApp group's id
        ("1203630252461254861", "1203630252461254861"),
        ("1e3", "1e3"),
        ("'42'", "42"),
        ("!!str 42", "42"),
    ],
)
def test_text_without_quotes_stays_text(write: Write, written: str, read: str) -> None:
    assert load(write(f"groups: {{sensitive: [{written}]}}\n")).groups.sensitive == (read,)


def test_norway_needs_no_quotes(write: Write) -> None:
    assert (
        load(write("organisation: {default_region: NO, language: no}\n")).organisation.default_region == "NO"
    )


@pytest.mark.parametrize("written, read", [("true", True), ("False", False), ("no", False), ("on", True)])
def test_truth_has_its_usual_words(write: Write, written: str, read: bool) -> None:
    assert load(write(f"leaver: {{disabled: {written}}}\n")).leaver.disabled is read


def test_an_anchor_can_be_used_again(write: Write) -> None:
    settings = load(
        write("groups: {sensitive: &all [Board, Payroll]}\njoiners: [{when: {title: x}, groups: *all}]\n")
    )
    assert settings.joiners[0].groups == ("Board", "Payroll")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "whosleft.yaml"
    path.write_bytes(b"\xef\xbb\xbforganisation:\r\n  name: St Mary's\r\n")
    assert load(path).organisation.name == "St Mary's"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(SettingsError) as error:
        load(path)
    assert str(error.value) == f"{path}: there is no such file. Check the path."


def test_a_folder_in_place_of_a_file_is_said(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in str(problems_in(tmp_path)[0])


def test_a_right_file_has_no_problems(write: Write) -> None:
    assert problems_in(write("guard: {}\n"), kinds=KINDS) == ()


def test_a_problem_has_its_parts(write: Write) -> None:
    path = write("guard:\n  widow: 24h\n")
    (problem,) = problems_in(path)
    assert (problem.path, problem.line, problem.column, problem.key) == (str(path), 2, 3, "guard.widow")
    assert (problem.message, problem.remedy) == ("there is no key 'widow' here", "Did you mean 'window'?")


@pytest.mark.parametrize(
    "written, read",
    [
        ("sqlite:///data/w.db", "sqlite:///{folder}/data/w.db"),
        ("sqlite:////var/lib/w.db", "sqlite:////var/lib/w.db"),
        ("sqlite:///w.db?timeout=5", "sqlite:///{folder}/w.db?timeout=5"),
        ("postgresql://u:p@h:5432/w", "postgresql+psycopg://u:p@h:5432/w"),
        ("postgres://u:p@h/w", "postgresql+psycopg://u:p@h/w"),
        ("postgresql+psycopg:///w?host=/run/pg", "postgresql+psycopg:///w?host=/run/pg"),
    ],
)
def test_the_database_s_address_is_made_whole(write: Write, written: str, read: str) -> None:
    path = write(f'allow_literal_secrets: true\ndatabase: {{url: "{written}"}}\n')
    assert load(path).database.url == read.format(folder=path.parent)


def test_the_default_database_lies_beside_the_configuration(write: Write) -> None:
    path = write("guard: {}\n")
    settings = load(path)
    assert settings.database.url == f"sqlite:///{path.parent}/whosleft.db"
    assert settings.base_dir == path.parent


def test_freshness_is_the_source_s_own_or_the_common_one(write: Write) -> None:
    settings = load(
        write(
            "fresh: {directory: 12h}\n"
            "directories:\n"
            "  - {name: a, kind: file, path: a.csv}\n"
            "  - {name: b, kind: file, path: b.csv, stale_after: 2d}\n"
            "inventories: [{name: c, kind: register, path: c.csv}]\n"
        ),
        kinds=KINDS,
    )
    hours = {name: settings.stale_after(name) // timedelta(hours=1) for name in "abc"}
    assert hours == {"a": 12, "b": 48, "c": 168}
    with pytest.raises(KeyError):
        settings.stale_after("soc")


def test_a_policy_becomes_the_domain_s(write: Write) -> None:
    settings = load(
        write(
            "organisation: {timezone: Europe/London}\n"
            "escalation:\n"
            "  policies:\n"
            "    - name: quick\n"
            "      when: {kinds: remove_member, evidence: [disabled], messenger: WhatsApp, sensitive: yes}\n"
            "      clock:\n"
            "        business: {hours: 08:00-16:00, days: [mon, wed-thu], country: GB, subdivision: SCT}\n"
            "      steps:\n"
            "        - {after: 2h, to: [assignee, manager]}\n"
            "        - {after: due+1d, to: channel, repeat: 1h}\n"
        )
    )
    calendar = BusinessCalendar(
        (time(8), time(16)), parse_days("mon,wed,thu"), "Europe/London", country="GB", subdivision="SCT"
    )
    when = When(
        frozenset({TicketKind.REMOVE_MEMBER}),
        sensitive=True,
        evidence=frozenset({Evidence.DISABLED}),
        messenger=frozenset({"whatsapp"}),
    )
    steps = (
        Step(After(plus=timedelta(hours=2)), (Target.ASSIGNEE, Target.MANAGER)),
        Step(After(1.0, timedelta(days=1)), (Target.CHANNEL,), repeat=timedelta(hours=1)),
    )
    assert settings.policies() == (Policy("quick", steps, when, calendar),)
    assert settings.ticket_rules().policies == settings.policies()


def test_the_built_in_policy_can_be_written_down(write: Write) -> None:
    settings = load(
        write(
            "escalation:\n"
            "  policies:\n"
            "    - name: standard\n"
            "      when: {}\n"
            "      clock: calendar\n"
            "      steps:\n"
            "        - {after: 50%, to: [assignee]}\n"
            "        - {after: due, to: [assignee, admins, accountable]}\n"
            "        - {after: due+4h, to: [channel], repeat: 24h}\n"
        )
    )
    assert settings.policies() == (STANDARD,)


def test_business_as_a_word_has_its_default_hours(write: Write) -> None:
    steps = "steps: [{after: due, to: channel}]"
    (policy,) = load(write(f"escalation: {{policies: [{{name: a, clock: business, {steps}}}]}}\n")).policies()
    assert policy.calendar == BusinessCalendar((time(9), time(17, 30)), parse_days("mon-fri"), "UTC")


def test_tickets_and_groups_make_the_rules(write: Write) -> None:
    settings = load(
        write(
            "tickets: {due: {default: 2d, sensitive: 1h}, accountable: it@example.org}\n"
            "groups: {admins_min: 2}\n"
        )
    )
    rules = TicketRules(timedelta(days=2), timedelta(hours=1), "it@example.org", admins_min=2)
    assert settings.ticket_rules() == rules


def test_a_joiner_rule_keeps_any_attribute(write: Write) -> None:
    settings = load(
        write("joiners: [{when: {department: Nursing, cost_centre: [4*, 5*]}, groups: Nurses}]\n")
    )
    assert settings.joiners[0].when == {"department": ("Nursing",), "cost_centre": ("4*", "5*")}
    assert settings.joiners[0].groups == ("Nurses",)


@pytest.mark.parametrize(
    "name, remedy",
    [
        ("phones", "Valid: department, title, office, company, org_unit, country, timezone"),
        ("enabled", "Valid: department"),
        ("Department", "Did you mean 'department'?"),
        ("departement", "Did you mean 'department'?"),
        ("time_zone", "Did you mean 'timezone'?"),
    ],
)
def test_a_joiner_rule_that_would_place_nobody_is_refused(write: Write, name: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(f'joiners: [{{when: {{{name}: "*"}}, groups: Nurses}}]\n'))
    assert f"joiners[0].when.{name}: people are not placed by this" in str(caught.value)
    assert remedy in str(caught.value)


@pytest.mark.parametrize("channels", ["5", "[{wards: C01}]", "[[wards]]", "wards", "{wards: {a: 1}}"])
def test_channels_of_another_form_are_no_names_of_channels(write: Write, channels: str) -> None:
    text = (
        f"notify: [{{name: chat, kind: slack, channels: {channels}}}]\n"
        "watch: {alarms: {to: channel:porters}}\n"
    )
    [problem] = problems_in(write(text))
    assert (problem.line, problem.message) == (2, "no notifier has a channel:porters")


@pytest.mark.parametrize("until", ["9999-12-31 23:59", "9999-12-31T23:59:00-05:00", "9999-12-31"])
def test_a_silence_for_ever_is_refused_with_its_line(write: Write, until: str) -> None:
    text = (
        "organisation: {timezone: America/New_York}\n"
        f'silences: [{{groups: Ward, from: "2026-12-24", until: "{until}", by: a, reason: b}}]\n'
    )
    [problem] = problems_in(write(text))
    assert (problem.line, problem.message) == (2, "A silence lasts 30 days at most")


@pytest.mark.parametrize("base", ["- organisation: {}\n", "whosleft\n"])
def test_a_configuration_that_is_no_mapping_is_not_changed_by_another(
    write: Write, tmp_path: Path, base: str
) -> None:
    (tmp_path / "changes.yaml").write_text("guard: {leavers_max: 1}\n")
    with pytest.raises(SettingsError) as caught:
        load_changed(write(base), tmp_path / "changes.yaml")
    [problem] = caught.value.problems
    assert (problem.path, problem.line) == (str(tmp_path / "whosleft.yaml"), 1)


def test_addresses_come_apart(write: Write) -> None:
    settings = load(
        write('desk: {listen: "[::1]:8443", url: "https://w.example.org/"}\nops: {listen: "0.0.0.0:0"}\n')
    )
    assert settings.desk.address == ("::1", 8443)
    assert settings.desk.url == "https://w.example.org"
    assert settings.ops.address == ("0.0.0.0", 0)


def test_a_nightly_pass_has_its_time(write: Write) -> None:
    assert load(write("schedule: {full: 12:30}\n")).schedule.full == time(12, 30)


LEAVER_KEYS = ("disabled", "deleted", "expired", "leave_date", "moved_to_leavers_ou")


@pytest.mark.parametrize("key", LEAVER_KEYS)
def test_each_kind_of_evidence_is_switched_by_its_own_key(write: Write, key: str) -> None:
    policy = load(write(f"leaver: {{{key}: false}}\n")).leaver_policy()
    assert {name for name in LEAVER_KEYS if not getattr(policy, name)} == {key}


def test_absence_has_its_own_numbers(write: Write) -> None:
    policy = load(write("leaver: {absent: {passes: 5, over: 4d}}\n")).leaver_policy()
    assert policy.absent == AbsentPolicy(passes=5, over=timedelta(days=4))


def test_each_limit_of_the_guard_is_set_by_its_own_key(write: Write) -> None:
    text = (
        "guard: {leavers_max: 1, leavers_share_max: 0.2, group_share_max: 0.3, shrink_share_max: 0.4,"
        " share_from: 6, window: 7h}\n"
    )
    assert load(write(text)).guard_limits() == GuardLimits(1, 0.2, 0.3, 0.4, 6, timedelta(hours=7))


@pytest.mark.parametrize("own, used", [("Asia/Tokyo", "Asia/Tokyo"), ("null", "Europe/London")])
def test_a_policy_s_own_time_zone_comes_before_the_organisation_s(write: Write, own: str, used: str) -> None:
    clock = f"clock: {{business: {{timezone: {own}}}}}"
    settings = load(
        write(
            "organisation: {timezone: Europe/London}\n"
            f"escalation: {{policies: [{{name: a, {clock}, steps: [{{after: due, to: channel}}]}}]}}\n"
        )
    )
    calendar = settings.policies()[0].calendar
    assert isinstance(calendar, BusinessCalendar)
    assert calendar.timezone == used


def test_the_shortest_durations_that_are_allowed_are_allowed(write: Write) -> None:
    step = "{after: due, to: channel, repeat: 1m}"
    settings = load(
        write(
            "schedule: {lease: 5s, poll: 1s}\n"
            f"escalation: {{digest_window: 0s, policies: [{{name: a, steps: [{step}]}}]}}\n"
        )
    )
    assert settings.schedule.lease == timedelta(seconds=5)
    assert settings.schedule.every["poll"] == timedelta(seconds=1)
    assert settings.escalation.digest_window == timedelta(0)
    assert settings.policies()[0].steps[0].repeat == timedelta(minutes=1)


def test_automatic_replies_come_from_a_directory_with_mailboxes(write: Write) -> None:
    class Mailboxes(BaseModel):
        has_mailboxes: ClassVar[bool] = True

    kinds: Kinds = {**KINDS, Port.DIRECTORY: {**KINDS[Port.DIRECTORY], "mailboxes": Mailboxes}}
    two = "directories: [{name: hr, kind: file, path: p.csv}, {name: tenant, kind: mailboxes}]\n"
    assert problems_in(write(two + "absences: {automatic_replies: tenant}\n"), kinds=kinds) == ()
    [problem] = problems_in(write(two + "absences: {automatic_replies: hr}\n"), kinds=kinds)
    assert problem.message == "the directory 'hr' has no mailboxes"
    assert problem.remedy == "Name one that has: tenant."
