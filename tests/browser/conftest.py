"""Real Chromium, and a desk on loopback that it talks to; `.ci/browser` sees to the first."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright
from sqlalchemy import Engine

from builders import rules
from chromium import AXE, CHROMIUM, DESKTOP, FLAGS, PHONE, SOON_MS, Desk, Late, governed_hospital, hospital
from desk_setup import services_of
from harness import TIMEZONE, Harness
from worker.app.tell.signed_links import SignedLinks
from worker.desk.app import desk_app
from worker.desk.guarding import BODY_MAX
from worker.desk.services import Place
from worker.domain.controls.others import CENSUS, CONSENT
from worker.domain.controls.policy import (
    AdvisoryRule,
    ControlPolicy,
    ConversationsRule,
    ProviderRule,
    RegisterRule,
    ReportsRule,
)
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.people.joiners import Placement
from worker.domain.watch.advisories import Advisory, AdvisoryKey, FeedWord
from worker.domain.watch.matching import MatchedBy
from worker.domain.watch.versions import Fix
from worker.languages import BabelLanguages
from worker.ops.server import Limits, serving
from worker.running.app import assigned_of
from worker.storage.sql.engine import open_engine

Serve = Callable[[Harness], Desk]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    missing = [str(path) for path in (CHROMIUM, AXE) if not path.exists()]
    if missing and os.environ.get("CI"):
        pytest.fail(f"{', '.join(missing)} is missing: .ci/browser installs it")
    if missing:
        pytest.skip(f"{', '.join(missing)} is missing: .ci/browser installs it")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def database(tmp_path: Path) -> Engine:
    """A database that several threads may use."""
    return open_engine(f"sqlite:///{tmp_path / 'desk.db'}")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Open the desk of a company, until the test is over."""
    with ExitStack() as opened:
        yield lambda harness: opened.enter_context(at_desk(harness))


@pytest.fixture
def desk(database: Engine, serve: Serve) -> Desk:
    """Its clock stands still, so that a minute is never over before a test is."""
    return serve(hospital(database))


@pytest.fixture
def governed(database: Engine, serve: Serve) -> Desk:
    """The same, where controls ask for a profile, a policy, phones and reviews."""
    return serve(governed_hospital(database))


@pytest.fixture
def reporting(database: Engine, serve: Serve) -> Desk:
    """A ward with an admin, where bad messages are reported."""
    rule = ReportsRule(whistleblowing_url="https://speakup.example.org/")
    harness = Harness(controls=ControlPolicy(reports=(rule,)), engine=database)
    harness.hire("ann", "dee")
    harness.group("w1", "ann", admins=["dee"], name="Ward 1 " + "nights " * 6)
    harness.settle()
    return serve(harness)


@pytest.fixture
def leaving(database: Engine, serve: Serve) -> Desk:
    """Ann left a ward, Ben is about to, and a role is asked to review his conversations."""
    week = timedelta(days=7)
    switch = ControlSwitch(Mode.TICKET)
    rule = ConversationsRule(switch, "hr-leavers@example.org", 2 * week, (), "HR-17", "D-42")
    harness = Harness(controls=ControlPolicy(conversations=(rule,)), engine=database)
    harness.hire("ann", "ben", "dee")
    harness.group("w1", "ann", "ben", admins=["dee"], name="Ward 1 " + "nights " * 6)
    harness.settle()
    harness.control()
    harness.leave("ann")
    harness.hire("ben", leave_at=harness.now + week)
    harness.settle()
    harness.control()
    return serve(harness)


@pytest.fixture
def naming(database: Engine, serve: Serve) -> Desk:
    """A ward whose manager is asked which work groups there are, and whose register was read."""
    switch = ControlSwitch(Mode.TICKET)
    asks = StatementRule(Statement.CENSUS, CENSUS.id, switch, "", "1", every=timedelta(days=365))
    policy = ControlPolicy(statements=(asks,), register=(RegisterRule(switch, required=()),))
    harness = Harness(controls=policy, registers=("list",), engine=database)
    harness.hire("dee")
    harness.hire("ann", manager_id="dee")
    for at in (0, 1):
        harness.group("w1", "ann", admins=["dee"], at=at, name="Ward 1 " + "nights " * 6)
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return serve(harness)


@pytest.fixture
def updating(database: Engine, serve: Serve) -> Desk:
    """Ann is asked for an update, and Dee to look at what the provider owes."""
    switch = ControlSwitch(Mode.TICKET)
    provider = ProviderRule("whatsapp", switch, contract="C-7 " + "renewed " * 9)
    policy = ControlPolicy(advisories=(AdvisoryRule(switch),), providers=(provider,))
    asked = replace(rules(), accountable="dee@corp.example")
    harness = Harness(controls=policy, rules=asked, engine=database)
    fixes = {"ios": Fix("2.26.1"), "any": Fix("2.25", is_newer=True)}
    heard = {"nvd": FeedWord(MatchedBy.CPE, fixes, cvss=9.8)}
    with harness.store.begin() as uow:
        uow.advisories.put([Advisory(AdvisoryKey("CVE-2026-1000", "whatsapp"), harness.now, heard)])
    harness.hire("ann", "dee")
    harness.group("w1", "ann", messenger="whatsapp", admins=["dee"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return serve(harness)


@pytest.fixture
def consenting(database: Engine, serve: Serve) -> Desk:
    """Zoe is about to be added to a ward, and her only number is private."""
    asks = StatementRule(
        Statement.CONSENT,
        CONSENT.id,
        ControlSwitch(Mode.TICKET),
        "",
        "1",
        is_gate=True,
        private=("otherMobile",),
    )
    nurses = Placement((("department", ("Nursing",)),), ("Ward*",))
    harness = Harness(controls=ControlPolicy(statements=(asks,)), joiners=(nurses,), engine=database)
    harness.hire("dee")
    harness.group("ward-7", admins=["dee"])
    harness.settle()
    harness.hire("zoe", department="Nursing", phones_in=(("otherMobile",),))
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return serve(harness)


@contextmanager
def at_desk(harness: Harness) -> Iterator[Desk]:
    """A company's desk on loopback, and the company closed after it."""
    languages = BabelLanguages("en")
    services = services_of(harness, languages)

    def made(base: str) -> Any:
        links = SignedLinks(base, timedelta(days=30))
        rules = replace(harness.app.rules, languages=languages, links=links)
        assigned = assigned_of(rules, harness.store, rules.teller)
        return desk_app(replace(services, assigned=assigned, place=Place("St Mary's", TIMEZONE, "GB", base)))

    with serving(Late(made), ("127.0.0.1", 0), "desk", Limits(BODY_MAX)) as listen:
        base = f"http://{listen}"
        Late.base = base
        yield Desk(harness, base, SignedLinks(base, timedelta(days=30)))
    harness.close()


@pytest.fixture
def open_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A fresh browser: no cookies, one size, one language. What the console complains of fails the test."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def make(size: ViewportSize = DESKTOP, language: str = "en", **options: Any) -> BrowserContext:
        context = browser.new_context(
            viewport=size,
            locale=language,
            has_touch=size["width"] <= PHONE["width"],
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(SOON_MS)
        context.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
    assert [text for text in complaints if not re.search(r"(status of|Status Error Code) 4\d\d", text)] == []
