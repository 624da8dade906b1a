"""The `controls:` section: what it means, and what is refused, with its place and a remedy."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from pydantic import BaseModel

from worker.domain.controls.policy import (
    AdminsRule,
    ClassRule,
    ControlPolicy,
    DescriptionRule,
    DormantRule,
    JoinRule,
    NameRule,
    PictureRule,
    ProfileRule,
    RegisterRule,
    RightsRule,
)
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.model import Allowed
from worker.domain.reconcile.rules import HandOver
from worker.ports import Port
from worker.running.wiring import KINDS
from worker.settings import SettingsError, load, problems_in
from worker.settings.loading import Kinds

Write: TypeAlias = Callable[[str], Path]
RULES = "Be kind."


@pytest.fixture
def write(tmp_path: Path) -> Write:
    (tmp_path / "rules.txt").write_text(f"\ufeff{RULES}\n", encoding="utf-8")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    (tmp_path / "long.txt").write_text("x" * 2049)
    (tmp_path / "endless.txt").write_text("x" * 100_001)
    (tmp_path / "ward.png").write_bytes(b"picture")
    os.mkfifo(tmp_path / "pipe")

    def write(controls: str) -> Path:
        path = tmp_path / "whosleft.yaml"
        path.write_text(f"controls: {controls}\n", encoding="utf-8")
        return path

    return write


def policy(path: Path) -> ControlPolicy:
    return load(path).control_policy()


def test_what_is_absent_is_off(write: Write) -> None:
    assert policy(write("{}")) == ControlPolicy(languages=("en", "en"))


def test_an_empty_section_is_on_with_its_defaults(write: Write) -> None:
    made = policy(write("{register: {}, dormant: {}, admins: {}, profile: {}}"))
    assert made.register == (RegisterRule(),)
    assert made.dormant == (DormantRule(),)
    assert made.admins == (AdminsRule(),)
    assert made.profile == (ProfileRule(),)


def test_a_section_s_mode_comes_before_the_one_for_all(write: Write) -> None:
    made = policy(write("{mode: ticket, admins: {mode: report}, dormant: {due: 2d, sensitive_due: 1d}}"))
    assert made.admins[0].switch == ControlSwitch()
    assert made.dormant[0].switch == ControlSwitch(
        Mode.TICKET, due=timedelta(days=2), sensitive_due=timedelta(days=1)
    )


def test_every_key_is_what_it_says(write: Write) -> None:
    where = "{groups: [Ward*], sensitive: true, departments: [Nursing], messenger: whatsapp}"
    made = policy(
        write(
            "{daily_max: 3, per_day: 9, report_min: 2, register: {required: purpose, roster_max_age: 30d},"
            "classes: [{name: patient, groups: 'Ward*', sensitive: true, messengers: teams, move_to: teams}],"
            "admins: {min: 1, max: 3, departments: Nursing, externals: true},"
            f"profile: [{{when: {where}, description: {{texts: {{en: rules.txt}}, match: exact}},"
            "name: {pattern: 'Ward .+', example: Ward 7}, picture: {required: false, standard: ward.png},"
            "join: {approval: true, new_link_after_removal: true}, rights: {edit: admins, write: members}}]}"
        )
    )
    assert (made.daily_max, made.per_day, made.report_min) == (3, 9, 2)
    assert made.register == (RegisterRule(required=("purpose",), roster_max_age=timedelta(days=30)),)
    assert made.classes == (ClassRule(ControlSwitch(), "patient", ("teams",), ("Ward*",), True, "teams"),)
    assert made.admins == (AdminsRule(min=1, max=3, departments=("Nursing",), has_externals=True),)
    [profile] = made.profile
    assert profile == ProfileRule(
        ControlSwitch(where=Where(("Ward*",), True, ("Nursing",), ("whatsapp",))),
        DescriptionRule({"en": RULES}, True),
        NameRule("Ward .+", "Ward 7"),
        PictureRule(False, (sha256(b"picture").hexdigest(),)),
        JoinRule(True, True),
        RightsRule(Allowed.ADMINS, Allowed.MEMBERS),
    )


@pytest.mark.parametrize("controls, key, message", [
    ("{admins: {min: 5, max: 4}}", "controls.admins.min", "5 is more than max, 4"),
    ("{admins: {max: 0}}", "controls.admins.max", ""),
    ("{register: {required: [owner]}}", "controls.register.required", "owner"),
    ("{mode: 'on'}", "controls.mode", ""),
    ("{daily_max: 0}", "controls.daily_max", ""),
    ("{dormant: {afterwards: 3d}}", "controls.dormant.afterwards", ""),
    ("{classes: [{name: x}]}", "controls.classes[0]", "'messengers' is missing"),
    ("{profile: {description: {texts: {}}}}", "controls.profile.description.texts", "no language is given"),
    ("{profile: {description: {texts: {en: no.txt}}}}", "texts.en", "can't be read"),
    ("{profile: {description: {texts: {en: latin.txt}}}}", "texts.en", "is no UTF-8 text"),
    ("{profile: {description: {texts: {en: empty.txt}}}}", "texts.en", "is empty"),
    ("{profile: {description: {texts: {en: endless.txt}}}}", "texts.en", "is too long"),
    ("{profile: {description: {texts: {en: long.txt}}}}", "texts.en", "2049 characters are too long"),
    ("{profile: {picture: {standard: [ward.png, no.png]}}}", "standard", "can't be read"),
    ("{profile: {picture: {standard: [pipe]}}}", "standard[0]", "'pipe' can't be read: it is a pipe"),
    ("{profile: {description: {texts: {en: pipe}}}}", "texts.en", "'pipe' can't be read: it is a pipe"),
    ("{profile: {description: {texts: {en: .}}}}", "texts.en", "can't be read: Is a directory"),
    ("{profile: {name: {pattern: '(Ward'}}}", "pattern", "no regular expression"),
    (f"{{profile: {{name: {{pattern: '{'x' * 201}'}}}}}}", "pattern", "201 characters are too many"),
    ("{profile: {name: {pattern: 'Ward .+', example: Lab}}}", "example", "doesn't fit the pattern"),
    ("{profile: {rights: {edit: nobody}}}", "rights.edit", ""),
])  # fmt: skip
def test_what_cannot_be_is_refused_where_it_stands(
    write: Write, controls: str, key: str, message: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(write(controls))
    [problem] = refused.value.problems
    assert key in problem.key
    assert message in problem.message
    assert problem.line == 1
    assert problem.remedy


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(a*)*b", "(a|a)*b", "(a|aa)+", "(ab?){2,}|(x+){3}", "(?=a)b", r"(a)\1", "(?:a+)+"]
)
def test_a_pattern_that_can_take_very_long_is_refused(write: Write, pattern: str) -> None:
    with pytest.raises(SettingsError, match="can take very long"):
        load(write(f"{{profile: {{name: {{pattern: '{pattern}'}}}}}}"))


@pytest.mark.parametrize("pattern", ["(Ward|Dept) .+", "Ward [0-9]{1,2} (days|nights)", "[A-Z]+ .*", "(x)?y"])
def test_an_ordinary_pattern_is_taken(write: Write, pattern: str) -> None:
    [profile] = policy(write(f"{{profile: {{name: {{pattern: '{pattern}'}}}}}}")).profile
    assert profile.name == NameRule(pattern)


def test_one_mapping_is_a_list_of_one(write: Write) -> None:
    made: Any = policy(write("{profile: {rights: {add: admins}}}"))
    assert made.profile == (ProfileRule(rights=RightsRule(add=Allowed.ADMINS)),)


@pytest.mark.parametrize("controls, key, message, remedy", [
    ("{classes: [{name: x, messengers: [teems]}]}", "controls.classes[0].messengers[0]",
     "'teems' is no messenger", "Did you mean 'teams'?"),
    ("{classes: [{name: x, messengers: teams, move_to: Teems}]}", "controls.classes[0].move_to",
     "'Teems' is no messenger", "Did you mean 'teams'?"),
    ("{providers: {whatsap: {}}}", "controls.providers.whatsap",
     "'whatsap' is no messenger", "Did you mean 'whatsapp'?"),
    ("{accounts: {temas: []}}", "controls.accounts.temas", "'temas' is no messenger", "Did you mean 'teams'?"),
    ("{accounts: {teams: [crop]}}", "controls.accounts.teams[0]", "'crop' is no directory", "Did you mean 'corp'?"),
    ("{register: {when: {messenger: [slak]}}}", "controls.register.when.messenger[0]",
     "'slak' is no messenger", "Did you mean 'slack'?"),
    ("{profile: [{}, {when: {messenger: slak}}]}", "controls.profile[1].when.messenger",
     "'slak' is no messenger", "Did you mean 'slack'?"),
    ("{advisories: {messengers: [whatsapp, foo]}}", "controls.advisories.messengers[1]",
     "of 'foo' no vulnerabilities are known",
     "Messengers: matrix, signal, slack, teams, telegram, whatsapp."),
    ("{advisories: {messengers: [Threema]}}", "controls.advisories.messengers[0]",
     "of 'Threema' no vulnerabilities are known", "Messengers: matrix, signal, slack, teams, telegram, whatsapp."),
    ("{advisories: {messengers: [xmpp]}}", "controls.advisories.messengers[0]",
     "of 'xmpp' no vulnerabilities are known", "Messengers: matrix, signal, slack, teams, telegram, whatsapp."),
    ("{advisories: {messengers: [android]}}", "controls.advisories.messengers[0]",
     "of 'android' no vulnerabilities are known", "Messengers: matrix, signal, slack, teams, telegram, whatsapp."),
    ("{advisories: {messengers: [WhatsApp, SIGNL]}}", "controls.advisories.messengers[1]",
     "of 'SIGNL' no vulnerabilities are known", "Did you mean 'signal'?"),
    ("{consent: {private: [mobile, homePhone]}}", "controls.consent.private[1]",
     "no directory reads numbers from 'homePhone'", "They are read from: mobile, otherMobile."),
    ("{consent: {private: otherMobil}}", "controls.consent.private",
     "no directory reads numbers from 'otherMobil'", "Did you mean 'otherMobile'?"),
])  # fmt: skip
def test_a_name_that_means_nothing_is_refused(
    write: Write, controls: str, key: str, message: str, remedy: str
) -> None:
    [problem] = problems_in(_with_directory(write(controls)), kinds=KINDS)
    assert (problem.key, problem.message, problem.remedy) == (key, message, remedy)
    assert problem.line == 1


def _with_directory(path: Path, more: str = "") -> Path:
    read = "attributes: {phones: [mobile, otherMobile]}"
    directories = f"directories: [{{name: corp, kind: file, path: people.csv, {read}}}{more}]\n"
    path.write_text(path.read_text("utf-8") + directories, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "controls",
    [
        "{classes: [{name: x, messengers: [WhatsApp, 'tea*', viber]}], providers: {viber: {}, Teams: {}}}",
        "{accounts: {teams: [corp]}, advisories: {messengers: [Matrix, Signal]}}",
        "{consent: {private: [other mobile]}}",
        "{consent: {}}",
    ],
)
def test_a_name_that_may_mean_something_is_taken(write: Write, controls: str) -> None:
    assert problems_in(_with_directory(write(controls)), kinds=KINDS) == ()


def test_the_messenger_of_an_inventory_is_one(write: Write) -> None:
    path = write("{providers: {teemz: {}}}")
    path.write_text(
        path.read_text("utf-8") + "inventories: [{name: w, kind: register, path: w.csv, messenger: Teemz}]\n"
    )
    assert problems_in(path, kinds=KINDS) == ()


def test_a_directory_that_doesn_t_say_what_it_reads_may_read_any_number(write: Write) -> None:
    class Silent(BaseModel):
        pass

    kinds: Kinds = {**KINDS, Port.DIRECTORY: {"file": KINDS[Port.DIRECTORY]["file"], "silent": Silent}}
    controls = "{consent: {private: [homePhone]}}"
    path = _with_directory(write(controls), ", {name: other, kind: silent}")
    assert problems_in(path, kinds=kinds) == ()
    without_kinds = _with_directory(write(controls), ", {name: other, kind: unheard}")
    assert [one.key for one in problems_in(without_kinds, kinds=KINDS)] == ["directories[1].kind"]


def test_a_wrong_key_is_told_the_keys_of_its_own_section(write: Write) -> None:
    [problem] = problems_in(write("{register: {census: {mode: ticket}}}"))
    assert problem.message == "there is no key 'mode' here"
    assert problem.remedy == "Valid keys: every, ask, due."


def test_admins_hand_over_in_the_groups_and_times_of_the_section(write: Write) -> None:
    hand_over = load(write("{mode: ticket, leaving: {}}")).ticket_rules().hand_over
    assert hand_over == HandOver(timedelta(days=14), timedelta(days=7), timedelta(days=3))
    section = "{when: {groups: [Ward*]}, due: 5d, sensitive_due: 2d, hand_over: {lead: 9d}}"
    hand_over = load(write(f"{{mode: ticket, leaving: {section}}}")).ticket_rules().hand_over
    days = (timedelta(days=9), timedelta(days=5), timedelta(days=2))
    assert hand_over == HandOver(*days, Where(groups=("Ward*",)))
    assert load(write("{leaving: {}}")).ticket_rules().hand_over is None


def test_people_in_sensitive_groups_have_the_time_that_a_section_about_statements_says(write: Write) -> None:
    texts = "version: '1', texts: {en: rules.txt}"
    own = "due: 9d, sensitive_due: 2d"
    made = policy(
        write(
            f"{{policies: {{id: chat, {texts}, {own}}}, duties: {{{texts}, {own}}}, training: {{course: X, {own}}},"
            f"device: {{{own}}}, consent: {{{own}}}}}"
        )
    )
    assert [one.sensitive_due for one in made.statements] == [timedelta(days=2)] * 5


def test_who_is_about_to_leave_is_said_once(write: Write) -> None:
    made = policy(write("{admins: {}, review: {}, leaving: {hand_over: {lead: 9d}}}"))
    assert made.admins[0].lead == made.review[0].review.lead == timedelta(days=9)
