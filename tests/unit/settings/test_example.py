"""config/whosleft.example.yaml is right, whole and current, and so is config/whosleft.schema.json."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from connectors import registry
from worker.domain.escalation.policy import STANDARD
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Port
from worker.settings import Kinds, Settings, json_schema, load
from worker.settings.connectors import SECTIONS
from worker.settings.controls.base import ControlSection
from worker.settings.document import Document, read_document
from worker.settings.explain import models_in
from worker.settings.problems import KeyPath, key_text

CONFIG = Path(__file__).parents[3] / "config"
EXAMPLE = CONFIG / "whosleft.example.yaml"
SCHEMA = CONFIG / "whosleft.schema.json"
_STATED = re.compile(r"\[(\[[^\[\]]*\]|\{\}|[^\[\]]*)\](?=[^\[\]]*$)")  # the last brackets of a comment

_SECRETS = (
    "WAHA_KEY", "WAHA_HMAC", "GOWA_PASSWORD", "GOWA_SECRET", "EVOLUTION_KEY", "EVOLUTION_SECRET", "META_TOKEN",
    "META_VERIFY", "NVD_KEY", "JIRA_TOKEN", "SNOW_PASSWORD", "RT_TOKEN", "REDMINE_KEY", "GITHUB_TOKEN",
    "GITLAB_TOKEN", "TRACKER_CALLS", "META_SECRET", "MATRIX_TOKEN", "SLACK_CHANNELS_TOKEN",
)  # fmt: skip

PROVIDERS = ("controls", "providers")
ABSENT: dict[str, str] = {}  # key: why the example does not show it


def kinds() -> Kinds:
    tables = {
        Port.DIRECTORY: registry.DIRECTORIES,
        Port.INVENTORY: registry.INVENTORIES,
        Port.NOTIFY: registry.NOTIFIERS,
        Port.ADVISORIES: registry.ADVISORIES,
        Port.TRACKER: registry.TRACKERS,
    }
    return {
        port: {kind: registry.load(place).config for kind, place in table.items()}
        for port, table in tables.items()
    }


@pytest.fixture(scope="module")
def document() -> Document:
    document, problems = read_document(EXAMPLE)
    assert problems == []
    return document


def fields_of(model: type[BaseModel], path: KeyPath = ()) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """Every key below a model, list indexes left out; entries have the keys of their kinds as well."""
    for name, field in model.model_fields.items():
        if name == "options":
            continue
        here = (*path, field.alias or name)
        yield here, field
        for inner in models_in(field.annotation):
            yield from fields_of(inner, here)
        for kind, options in kinds()[SECTIONS[here]].items() if here in SECTIONS else ():  # type: ignore[index]
            yield from fields_of(options, (*here, kind))


def is_shown_elsewhere(path: KeyPath) -> bool:
    """True for keys that several places take: the example explains them at the first.

    They are those that each part of `controls:` has, and the ways to sign in to a mailbox, as to its mail server.
    """
    signs_in = len(path) > 4 and path[:4] == ("notify", "email", "bounces", "auth")
    is_part = len(path) > 2 and path[0] == "controls" and path[1] != "register"
    return signs_in or (is_part and path[2] in ControlSection.model_fields)


FIELDS = {path: field for path, field in fields_of(Settings) if not is_shown_elsewhere(path)}


def bare(document: Document, path: KeyPath) -> KeyPath:
    """A path of the example as `FIELDS` has it."""
    for place in SECTIONS:
        size = len(place)
        if len(path) > size + 1 and path[:size] == place:
            kind = document.at((*path[: size + 1], "kind"))
            inner = tuple(part for part in path[size + 1 :] if isinstance(part, str))
            own, common = (*place, kind, *inner), (*place, *inner)
            return own if own in FIELDS else common if common in FIELDS else (*place, path[size + 1])
    named = path[:2] == PROVIDERS and len(path) > len(PROVIDERS)  # its entries are keyed by a messenger
    return tuple(
        part for at, part in enumerate(path) if isinstance(part, str) and not (named and at == len(PROVIDERS))
    )


def test_the_example_can_be_used() -> None:
    settings = load(
        EXAMPLE,
        kinds=kinds(),
        env={
            "SLACK_TOKEN": "xoxb-invented",
            "SLACK_APP_TOKEN": "xapp-invented",
            "AD_PASSWORD": "invented",
            "DESK_CLIENT_SECRET": "invented",
            "ENTRA_SECRET": "invented",
            "PING_URL": "https://hc-ping.example.org/invented",
            "GRAPH_CLIENT_STATE": "invented-and-long-enough",
            "TEAMS_FLOW_URL": "https://flows.example.org/invented",
            "WHSEC": "whsec_aW52ZW50ZWQtYW5kLWxvbmctZW5vdWdo",
            "SMS_URL": "twilio://SID:invented@+447700900123/{phone}",
            **dict.fromkeys(_SECRETS, "invented"),
        },
    )
    assert settings.policies()[-1] == STANDARD


def test_the_example_shows_every_key(document: Document) -> None:
    shown = {bare(document, path) for path in document.keys}
    missing = {key_text(path) for path in FIELDS if path not in shown}
    assert missing == set(ABSENT)


def comments(line: str, before: str) -> str:
    """The comment at the end of a line, after those of the line above it if that is nothing else."""
    above = before.strip().removeprefix("#") if before.strip().startswith("#") and "---" not in before else ""
    _, hash_, after = line.partition(" # ")
    return f"{above} {after if hash_ else ''}".strip()


def stated(document: Document) -> Iterator[tuple[KeyPath, int, FieldInfo, str]]:
    """Each key's first showing in the example, with its comment."""
    lines = ["", *EXAMPLE.read_text(encoding="utf-8").splitlines()]
    seen = set()
    for path, mark in document.keys.items():
        key = bare(document, path)
        if key in FIELDS and key not in seen:
            seen.add(key)
            yield key, mark.line, FIELDS[key], comments(lines[mark.line], lines[mark.line - 1])


def normal(field: FieldInfo, value: Any) -> Any:
    kind: Any = field.annotation
    for validator in field.metadata:
        kind = Annotated[kind, validator]
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter.validate_python(value)


def is_heading(field: FieldInfo) -> bool:
    return any(True for _ in models_in(field.annotation))


def test_the_comments_state_each_default_as_it_is(document: Document) -> None:
    wrong = []
    for key, line, field, comment in stated(document):
        match = _STATED.search(comment)
        if field.is_required():
            if "(required)" not in comment:
                wrong.append(f"line {line}: {key_text(key)} is required, and the comment does not say so")
        elif match is None:
            if not is_heading(field):
                wrong.append(f"line {line}: {key_text(key)} has no default in its comment")
        elif normal(field, yaml.safe_load(match[1])) != field.get_default(call_default_factory=True):
            wrong.append(f"line {line}: {key_text(key)} is not {match[1]} by default")
    assert wrong == []


def test_many_defaults_are_stated(document: Document) -> None:
    assert sum(bool(_STATED.search(comment)) for *_, comment in stated(document)) > 70


def test_the_schema_is_current() -> None:
    text = json.dumps(json_schema(kinds()), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("WHOSLEFT_REWRITE"):
        SCHEMA.write_text(text, encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == text, "WHOSLEFT_REWRITE=1 pytest … writes it anew"


def test_every_kind_of_ticket_is_named_where_a_policy_chooses_them() -> None:
    said = (
        EXAMPLE.read_text(encoding="utf-8")
        .partition("kinds: [identify_member]    # Of these: [[]]")[2]
        .partition("sensitive:")[0]
    )
    assert re.findall(r"[a-z_]+", said) == list(TicketKind)
