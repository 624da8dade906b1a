"""No vendor is named under `worker/`: a connector's folder says everything about it.

Two exceptions are in sight below: files that are about a vendor, and the words that look like one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import worker
from connectors import registry

SOURCE = Path(next(iter(worker.__path__)))
# Files that may name vendors, and why
EXEMPT = {
    "settings/sign_in.py": "signing in to the console knows two kinds of providers",
    "desk/sign_in.py": "as settings/sign_in.py",
    "desk/provider.py": "as settings/sign_in.py",
    "desk/id_token.py": "as settings/sign_in.py: which claims a provider gives",
    "desk/refusals.py": "as settings/sign_in.py: a provider's numbers of errors",
    "domain/watch/products.py": "what advisories call each messenger's products",
    "domain/messengers.py": "what each messenger allows, by its name",
    "domain/kinds/add_member.py": "the steps of a ticket in each messenger, by its name",
    "domain/kinds/close_group.py": "as domain/kinds/add_member.py",
    "domain/kinds/fix_profile.py": "as domain/kinds/add_member.py",
    "domain/kinds/phrases.py": "as domain/kinds/add_member.py",
    "domain/kinds/reassign_admin.py": "as domain/kinds/add_member.py",
    "domain/kinds/reduce_admins.py": "as domain/kinds/add_member.py",
    "domain/kinds/remove_member.py": "as domain/kinds/add_member.py",
    "app/evidence/readiness_report.py": "what can't be moved into each messenger, by its name",
    "ops/masking.py": "what tokens of any vendor look like, since one may stand in any text",
    "demo/files.py": "the demo's configuration names kinds of connectors, as an operator's does",
    "demo/gateway.py": "the demo plays the gateway that one of these kinds reads",
}
# In any spelling, as a word of a name or of a text. Not WhatsApp: phone numbers are its ids, which is the domain's
VENDORS = (
    "graph", "microsoft", "entra", "azure", "msal", "active_directory", "active directory", "activedirectory", "ldap",
    "ldap3", "dirsync", "slack", "teams", "okta", "jira", "servicenow", "matrix", "telegram", "waha", "gowa",
    "evolution", "whatsapp_cloud", "whatsapp_export", "apprise", "ntfy", "pagerduty", "request_tracker", "redmine",
    "github", "gitlab",
    "kev", "kev_file", "nvd", "nvd_file",
)  # fmt: skip
NAMED = re.compile(rf"(?<![A-Za-z])(?i:{'|'.join(map(re.escape, VENDORS))})(?![a-z])")
# Kinds that are ordinary words as well; all but one are said of much that is no connector
ORDINARY = {"register", "file", "console", "declared", "email", "webhook"}
NOT_SEARCHED = ORDINARY - {"webhook"}


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if name not in EXEMPT and not name.startswith("storage/migrations/"):
            yield name, path.read_text(encoding="utf-8")


def test_no_vendor_is_named_in_the_worker_s_source() -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in sources()
        for number, line in enumerate(text.splitlines(), 1)
        if NAMED.search(line)
    ]

    assert found == []


def test_no_kind_of_connector_is_named_in_the_worker_s_code() -> None:
    kinds = {kind for table in registry.OURS.values() for kind in table}
    assert {kind for kind in kinds if not NAMED.fullmatch(kind)} == ORDINARY, "a new kind belongs in VENDORS"
    found = [
        (name, node.value)
        for name, text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value in kinds - NOT_SEARCHED
    ]

    assert found == []


@pytest.mark.parametrize("name", EXEMPT)
def test_each_exempt_file_names_one(name: str) -> None:
    text = (SOURCE / name).read_text(encoding="utf-8")

    assert NAMED.search(text) or "xox" in text


@pytest.mark.parametrize(
    "line", ["Graph's calls", "graph_url = 1", "# Slack", "GRAPH_REFUSED", "the EntraDirectory", "ldap3"]
)
def test_a_name_is_found(line: str) -> None:
    assert NAMED.search(line)


@pytest.mark.parametrize(
    "line", ["paragraph", "registry.register(this)", "cryptography", "central", "steams"]
)
def test_an_ordinary_word_is_none(line: str) -> None:
    assert not NAMED.search(line)
