import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from pydantic import BaseModel, SecretStr

from fakes.kinds import KINDS, ChatOptions
from worker.ports import Port
from worker.settings import ConnectorEntry, SettingsError, connector_options, load, problems_in
from worker.settings.problems import Wrong, format_problems

TOKEN = "xoxb-0123456789-invented"


Write: TypeAlias = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "whosleft.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def chat(options: str) -> str:
    return f"notify:\n  - {{name: soc, kind: slack, {options}}}\n"


def token_of(path: Path, env: dict[str, str] | None = None) -> str:
    entry = load(path, kinds=KINDS, env=env or {}).notify[0]
    return connector_options(entry, ChatOptions).token.get_secret_value()


def test_a_variable_of_the_environment_is_read(write: Write) -> None:
    assert token_of(write(chat("token: '${env:TOKEN}'")), {"TOKEN": TOKEN}) == TOKEN


def test_the_process_s_own_environment_is_the_default(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOSLEFT_TEST_TOKEN", TOKEN)
    settings = load(write(chat("token: '${env:WHOSLEFT_TEST_TOKEN}'")))
    assert connector_options(settings.notify[0], ChatOptions).token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    "content, secret",
    [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("ä", "ä")],
)
def test_a_file_gives_its_text_without_the_last_line_end(
    write: Write, tmp_path: Path, content: str, secret: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/token").write_bytes(content.encode())
    assert token_of(write(chat("token: '${file:secrets/token}'"))) == secret


@pytest.mark.parametrize("name", ["pipe", "/dev/zero"])
def test_a_pipe_or_a_device_is_refused_at_once(write: Write, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    [problem] = problems_in(write(chat(f"token: '${{file:{name}}}'")), kinds=KINDS)
    assert problem.message == f"the file {name} cannot be read: it is a pipe, a device or the like"


def test_a_link_as_kubernetes_mounts_it_is_followed(write: Write, tmp_path: Path) -> None:
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026/token").write_text("a")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "token").symlink_to("..data/token")
    assert token_of(write(chat("token: '${file:token}'"))) == "a"


def test_a_file_can_be_named_from_the_root(write: Write, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    assert token_of(write(chat(f"token: '${{file:{tmp_path}/token}}'"))) == TOKEN


def test_an_empty_file_and_a_huge_one_are_refused(write: Write, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "huge").write_text("x" * 1_000_001)
    for name, said in (("empty", "is empty"), ("huge", "is over 1 MB")):
        (problem,) = problems_in(write(chat(f"token: '${{file:{name}}}'")), kinds=KINDS)
        assert said in problem.message


def test_references_can_stand_inside_a_text(write: Write) -> None:
    env = {"USER_NAME": "whosleft", "PASSWORD": "p%40ss"}
    path = write('database: {url: "postgresql://${env:USER_NAME}:${env:PASSWORD}@db/w"}\n')
    assert load(path, env=env).database.url == "postgresql+psycopg://whosleft:p%40ss@db/w"


def test_what_a_reference_gives_is_not_looked_at_again(write: Write) -> None:
    assert token_of(write(chat("token: '${env:A}'")), {"A": "${env:B}", "B": "wrong"}) == "${env:B}"


def test_references_in_keys_and_comments_are_left_alone(write: Write) -> None:
    settings = load(write("# ${env:NOT_SET}\njoiners: [{when: {'${env:X}': a}, groups: b}]\n"), env={})
    assert settings.joiners[0].when == {"${env:X}": ("a",)}


def everything_printed(path: Path, env: dict[str, str]) -> str:
    settings = load(path, kinds=KINDS, env=env)
    dumps = (settings.model_dump(), settings.model_dump_json(), [entry.options for entry in settings.notify])
    return f"{settings!r} {settings} {dumps}"


def test_no_secret_is_in_a_repr_or_a_dump(write: Write) -> None:
    secrets = {
        "TOKEN": TOKEN,
        "CHANNEL": "#from-the-environment",
        "PW": "database-passw0rd",
    }
    printed = everything_printed(
        write(
            'database: {url: "postgresql://u:${env:PW}@db/w?password=${env:PW}"}\n'
            "notify:\n"
            "  - {name: a, kind: slack, token: '${env:TOKEN}', channel: '${env:CHANNEL}'}\n"
            "  - {name: b, kind: slack, token: written-in-the-file}\n"
            "allow_literal_secrets: true\n"
        ),
        secrets,
    )
    assert not [s for s in (*secrets.values(), "written-in-the-file") if s in printed]
    assert "postgresql+psycopg://u:***@db/w?password=***" in printed


def test_secrets_by_the_name_of_their_key_are_wrapped_at_any_depth() -> None:
    entry = ConnectorEntry.model_validate(
        {
            "name": "x",
            "kind": "y",
            "credential": {"client_secret": "s", "certificate_file": "f", "token": ["t"]},
        }
    )
    credential = entry.options["credential"]
    assert isinstance(credential["client_secret"], SecretStr)
    assert isinstance(credential["token"][0], SecretStr)
    assert credential["certificate_file"] == "f"


class Careless(BaseModel):
    """Its message repeats the value, changed a little."""

    token: str
    address: str = ""

    def model_post_init(self, context: object, /) -> None:
        raise Wrong(f"cannot use {self.token.upper()[2:]}", f"Do not write {self.address}.")


@pytest.mark.parametrize(
    "written", [f"token: {TOKEN}", "token: '${env:TOKEN}'", "token: t, address: '${env:TOKEN}'"]
)
def test_a_careless_message_does_not_give_a_secret_away(write: Write, written: str) -> None:
    kinds = {Port.NOTIFY: {"slack": Careless}}
    text = f"{chat(written)}allow_literal_secrets: true\n"
    (problem,) = problems_in(write(text), kinds=kinds, env={"TOKEN": TOKEN})
    assert "0123456789" not in str(problem)
    assert "is not valid here" in problem.message


def test_the_error_holds_no_secret_in_its_causes(write: Write) -> None:
    path = write(chat("token: '${env:TOKEN}', channel: 5"))
    with pytest.raises(SettingsError) as raised:
        load(path, kinds=KINDS, env={"TOKEN": TOKEN})
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert TOKEN not in repr(raised.value.problems)


SECRET = "sw0rdfish"


@pytest.mark.parametrize(
    "text, key",
    [
        (chat(f"token: {SECRET}"), "notify[0].token"),
        (chat(f"token: '{SECRET}$'"), "notify[0].token"),
        ("notify: [{name: a, kind: unknown, client_secret: sw0rdfish}]\n", "notify[0].client_secret"),
        (f"database: {{url: 'postgresql://u:{SECRET}@db/w'}}\n", "database.url"),
        (f"database: {{url: 'postgresql://u:{SECRET}@${{env:HOST}}/w'}}\n", "database.url"),
        (f"database: {{url: 'postgresql://${{env:U}}:{SECRET}@db/w'}}\n", "database.url"),
        (f"database: {{url: 'postgresql://db/w?user=u&password={SECRET}'}}\n", "database.url"),
        (f"database: {{url: 'postgresql+psycopg://who:{SECRET} cret@db/w'}}\n", "database.url"),
        (f"database: {{url: 'postgresql://who:{SECRET}/cret@db/w'}}\n", "database.url"),
        (f"database: {{url: 'postgresql://who:${{env:U}}{SECRET}@db/w'}}\n", "database.url"),
        (f"database: {{url: 'postgresql://db/w?user=u&pass%77ord={SECRET}'}}\n", "database.url"),
        (f"database: {{url: 'postgresql://db/w?sslPassword=${{env:U}}{SECRET}'}}\n", "database.url"),
        (f"ops: {{otlp: 'http://collector:4318/v1?api_key={SECRET}'}}\n", "ops.otlp"),
        (chat(f"token: '{SECRET}${{env:U}}'"), "notify[0].token"),
        (chat(f"token: '${{env:U}}{SECRET}'"), "notify[0].token"),
        (f"ops: {{otlp: 'http://u:{SECRET}@collector:4318'}}\n", "ops.otlp"),
    ],
)
def test_a_secret_that_is_written_out_is_refused_with_its_line_and_never_shown(
    write: Write, text: str, key: str
) -> None:
    env = {"HOST": "db", "U": "whosleft"}
    problems = problems_in(write(f"# a line before it\n{text}"), kinds=KINDS, env=env)
    (found,) = (problem for problem in problems if "is written here" in problem.message)

    assert (found.key, found.line in {2, 3}) == (key, True)
    assert "${env:NAME} or ${file:/path}" in found.remedy
    assert SECRET not in format_problems(problems)
    allowed = problems_in(write(f"allow_literal_secrets: true\n{text}"), kinds=KINDS, env=env)
    assert not [problem for problem in allowed if "is written here" in problem.message]


def test_what_stands_beside_a_reference_is_not_shown_either(write: Write) -> None:
    url = f"postgresql+psycopg://u:{SECRET}${{env:PW}}@/w"
    problems = problems_in(write(f"database: {{url: '{url}'}}\n"), kinds=KINDS, env={"PW": "0123456789"})
    said = format_problems(problems)
    assert "the value of ${env:PW} is not valid here" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://${env:U}:${env:PW}@db/w",
        "postgresql://u:${env:PW}@db/w?password=${env:PW}",
        "${env:URL}",
        "postgresql://u@db:5432/w?sslmode=verify-full",
        "postgresql://u@[2001:db8::1]:5432/w",
        "postgresql://u:${env:PW}@db:5432/w?options=a@b",
        "postgresql://db:5432/w?application_name=me@here",
    ],
)
def test_an_address_with_references_or_without_a_password_is_taken(write: Write, url: str) -> None:
    env = {"U": "u", "PW": SECRET, "URL": f"postgresql://u:{SECRET}@db/w"}
    assert problems_in(write(f"database: {{url: '{url}'}}\n"), kinds=KINDS, env=env) == ()


class Typed(BaseModel):
    """A secret whose key doesn't say that it is one, in a list, below another key."""

    class Call(BaseModel):
        state: SecretStr

    calls: list[Call]


def test_what_a_connector_types_as_secret_is_one_whatever_its_key_is_called(write: Write) -> None:
    kinds = {Port.NOTIFY: {"slack": Typed}}
    text = chat("calls: [{state: '${env:S}'}, {state: sw0rdfish}, {state: 20261124}]")
    problems = problems_in(write(text), kinds=kinds, env={"S": "s"})

    written = [problem.key for problem in problems if "is written here" in problem.message]
    assert written == ["notify[0].calls[1].state", "notify[0].calls[2].state"]
    assert not [value for value in (SECRET, "20261124") if value in format_problems(problems)]
