"""One `whosleft run` as a probe and a scraper see it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from integration.company import COMMAND, Company

CHECKOUT = Path(__file__).parents[2]
SOON_S = 30.0
PROBE_MAX_S = 3.0  # a probe's time-out in the chart
QUICK = dict.fromkeys(("poll", "inventory", "reconcile", "deliver", "escalate", "verify"), "1s")


def busy_company(folder: Path) -> Company:
    """A company in a folder, whose jobs come every second."""
    company = Company(folder)
    company.configure()
    configure(company)
    company.export()
    company.register()
    return company


def configure(company: Company, **sections: Any) -> None:
    path = company.folder / "whosleft.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings |= {"schedule": QUICK, "notify": [{"name": "terminal", "kind": "console"}], **sections}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")


def until(what: str, find: Callable[[], Any]) -> Any:
    """What is found, once it is something true."""
    end = monotonic() + SOON_S
    while not (found := find()):
        assert monotonic() < end, what
        sleep(0.05)
    return found


class Process:
    """One `whosleft run`; its log goes to a file."""

    def __init__(self, company: Company, role: str = "all") -> None:
        self._log = company.folder / f"{role}.log"
        with self._log.open("w") as log:
            self.child = subprocess.Popen(
                [COMMAND, "run", "-c", "whosleft.yaml", "--role", role],
                cwd=company.folder, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        self.listen: str = until("metrics.served", self._served)

    def log(self, event: str) -> list[dict[str, Any]]:
        whole = [text for text in self._log.read_text().splitlines(keepends=True) if text.endswith("}\n")]
        return [line for text in whole if (line := _parsed(text)).get("event") == event]

    def _served(self) -> str | None:
        assert self.child.poll() is None, self._log.read_text()
        return next((line["listen"] for line in self.log("metrics.served")), None)

    def get(self, page: str) -> tuple[int, str]:
        began_s = monotonic()
        try:
            with urllib.request.urlopen(f"http://{self.listen}{page}", timeout=SOON_S) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        assert monotonic() - began_s < PROBE_MAX_S, page
        return status, text

    def figures(self) -> dict[str, float]:
        """Every sample under its name and the values of its labels, in the order of the labels' names."""
        return {
            " ".join((sample.name.removeprefix("whosleft_"), *sorted_values(sample.labels))): sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
        }

    def ready(self) -> None:
        until("ready", lambda: self.get("/readyz")[0] == 200)

    def seen(self) -> None:
        """Wait until every source was read."""

        def all_ok() -> bool:
            status, text = self.get("/statusz")
            return status == 200 and all(source["ok"] for source in json.loads(text)["sources"])

        until("sources are read", all_ok)

    def shows(self, value: float, figure: str) -> None:
        until(f"{figure} = {value}", lambda: self.figures().get(figure) == value)


def sorted_values(labels: dict[str, str]) -> list[str]:
    return [value for _, value in sorted(labels.items())]


def _parsed(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:  # what the console's channel writes is no line of the log
        return {}
    return found


@contextmanager
def running(company: Company, role: str = "all") -> Iterator[Process]:
    process = Process(company, role)
    try:
        yield process
    finally:
        process.child.send_signal(signal.SIGTERM)
        process.child.wait(SOON_S)
