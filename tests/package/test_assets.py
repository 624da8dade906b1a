"""The desk's copies of what browsers load are what their packages had, licences too; `make assets` renews them."""

import hashlib
import json
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
VENDOR = CHECKOUT / "worker" / "desk" / "static" / "vendor"
ENTRIES: list[dict[str, str]] = json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))
LICENCES = {"0BSD": "Zero-Clause BSD", "MIT": "MIT License"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_a_file_is_what_its_package_had(entry: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_a_file_has_its_licence_beside_it(entry: dict[str, str]) -> None:
    text = (VENDOR / entry["licence_file"]).read_text(encoding="utf-8")
    assert LICENCES[entry["licence"]] in text
    assert "permission" in text.casefold()  # the words themselves, not a link to them


def test_no_file_is_there_that_is_not_listed() -> None:
    listed = {entry[key] for entry in ENTRIES for key in ("file", "licence_file")}
    assert {path.name for path in VENDOR.iterdir()} == {*listed, "vendor.json"}


def test_what_is_there_is_what_the_script_pins() -> None:
    script = (CHECKOUT / ".ci" / "assets").read_text(encoding="utf-8")
    pinned = re.findall(r'Asset\(\s+"([^"]+)", "([^"]+)", "([^"]+)", "([^"]+)", "[^"]+",\s+"([^"]+)"', script)
    keys = ("name", "version", "licence", "source", "integrity")
    assert pinned == [tuple(entry[key] for key in keys) for entry in ENTRIES]
