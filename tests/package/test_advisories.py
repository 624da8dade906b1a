"""`make audit`: a published advisory fails it, unless somebody accepted it for a while; no network fails nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit"
LOCK = "good==1.0 \\\n    --hash=sha256:00\nbad==2.0 ; python_version >= '3' \\\n    --hash=sha256:01\n"
FOUND = {"id": "GHSA-x", "aliases": ["CVE-2026-1"], "fixed_in": ["2.1"], "withdrawn": None}


class Index(BaseHTTPRequestHandler):
    """PyPI, as far as it is asked: releases by their path."""

    releases: ClassVar[dict[str, list[dict[str, Any]]]] = {}

    def do_GET(self) -> None:
        listed = self.releases.get(self.path)
        self.send_response(404 if listed is None else 200)
        self.end_headers()
        self.wfile.write(b"" if listed is None else json.dumps({"vulnerabilities": listed}).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def index() -> Iterator[str]:
    Index.releases = {"/good/1.0/json": [], "/bad/2.0/json": [FOUND]}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def audit(folder: Path, index: str, accepted: str = "") -> tuple[int, str]:
    (folder / "requirements.lock").write_text(LOCK)
    (folder / "accepted").write_text(accepted)
    command = [sys.executable, str(AUDIT), "requirements.lock", "--index", index, "--accepted", "accepted"]
    command += ["--today", "2026-11-26"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_an_advisory_fails_it_and_says_what_mends_it(tmp_path: Path, index: str) -> None:
    code, said = audit(tmp_path, index)

    assert code == 1
    assert "bad 2.0: GHSA-x, mended in 2.1." in said
    assert "2 packages, 1 advisories" in said


@pytest.mark.parametrize("name", ["GHSA-x", "CVE-2026-1"])
@pytest.mark.parametrize("until, code", [("2026-11-26", 0), ("2026-11-25", 1)])
def test_one_that_was_accepted_fails_it_from_the_day_after_the_exception(
    tmp_path: Path, index: str, name: str, until: str, code: int
) -> None:
    assert audit(tmp_path, index, f"# ours\n{name} {until} not reachable by us\n")[0] == code


def test_one_that_was_withdrawn_is_none(tmp_path: Path, index: str) -> None:
    Index.releases["/bad/2.0/json"] = [FOUND | {"withdrawn": "2026-11-01T00:00:00Z"}]
    assert audit(tmp_path, index)[0] == 0


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "the index, which knows nothing"])
def test_without_the_list_it_says_so_and_fails_nothing(tmp_path: Path, index: str, address: str) -> None:
    Index.releases.clear()
    code, said = audit(tmp_path, address if address.startswith("http") else index)

    assert code == 0
    assert "could not look for advisories" in said
    assert "nothing was checked" in said
