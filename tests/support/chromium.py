"""A hospital's desk for a browser, and what is asked of every page in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize
from sqlalchemy import Engine

from harness import Harness
from worker.app.acts.access import Access
from worker.app.tell.signed_links import SignedLinks
from worker.domain.controls.others import DEVICE, POLICY
from worker.domain.controls.policy import (
    AdminsRule,
    ControlPolicy,
    DescriptionRule,
    ProfileRule,
    ReviewSection,
    RightsRule,
)
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Allowed, GroupFacts, Member, Role

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[2] / ".cache" / "axe-core-4.14.1" / "axe.min.js"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
SOON_MS = 15_000
LOOKS = pytest.mark.parametrize("language, scheme, size", [
    ("en", "light", DESKTOP), ("ar", "dark", DESKTOP), ("ar", "light", PHONE), ("de", "dark", PHONE),
], ids=["en-light-desktop", "ar-dark-desktop", "ar-light-phone", "de-dark-phone"])  # fmt: skip


@dataclass
class Desk:
    """A desk with a hospital behind it. `base` is where Chromium finds it."""

    harness: Harness
    base: str
    links: SignedLinks

    def link(self, number: int) -> str:
        with self.harness.store.reading() as uow:
            ticket = uow.tickets.get(number)
            assert ticket is not None
            return self.links.url(uow, ticket, self.harness.now)

    def login_link(self, *roles: str, name: str = "sam@example.org") -> str:
        access = Access(self.harness.store)
        secret = access.make_login_link(name, roles, Actor("root"), self.harness.now, timedelta(hours=1))
        return f"{self.base}/login/{secret}"


def hospital(engine: Engine) -> Harness:
    """Two wards and a theatre: ann has left, kay (a sole admin) too, thirty temps wait for a decision."""
    harness = Harness(engine=engine)
    names = ("ann", "ben", "cem", "dee", "eve", "fay", "gus", "hal", "ida", "jon", "kay", "lea")
    harness.hire(*names, department="Nursing")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    harness.group("theatre", "ann", "eve", "fay", admins=["gus"])
    harness.group("night-duty", "hal", "ida", "jon", admins=["kay"])
    temps = [f"temp{number:02d}" for number in range(30)]
    harness.hire(*temps, org_unit="OU=Temps")
    harness.group("hall", *temps, admins=["dee"])
    harness.hire("tom", "una", phones=("+447700900777",))
    harness.wards.add_member("ward-7", Member("+447700900777", "T", Role.MEMBER, phone="+447700900777"))
    harness.settle()
    harness.later()
    harness.leave("ann", "kay")
    harness.settle()
    harness.later(hours=30)
    harness.leave(*temps)
    harness.settle()
    harness.escalate()
    return harness


def governed_hospital(engine: Engine) -> Harness:
    """Ward 7, whose profile and admins are not as the rules want them, and whose people are asked for statements."""
    asks = ControlSwitch(Mode.TICKET)
    harness = Harness(
        engine=engine,
        controls=ControlPolicy(
            admins=(AdminsRule(asks),),
            profile=(
                ProfileRule(
                    asks,
                    description=DescriptionRule({"en": "This is a work group. Leavers are removed."}),
                    rights=RightsRule(edit=Allowed.ADMINS),
                ),
            ),
            review=(ReviewSection(asks),),
            statements=(
                StatementRule(
                    Statement.POLICY, POLICY.id, asks, "messaging", "3", title={"en": "Messages at work"},
                    texts={"en": "# Messages at work\n\nWrite **nothing** about patients.\n\n- Leavers are removed."},
                    changed={"en": "No pictures of screens."},
                ),
                StatementRule(
                    Statement.DEVICE, DEVICE.id, asks, "", "1", items=("screen_lock", "auto_lock", "not_shared")
                ),
            ),
            daily_max=50,
        ),
    )  # fmt: skip
    harness.hire("ann", "ben", "cem", department="Nursing")
    harness.hire("dee", department="Nursing")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"], name="Ward 7 nights")
    harness.wards.add_member("ward-7", Member("+447700900777", "T", Role.MEMBER, phone="+447700900777"))
    harness.wards.show("ward-7", GroupFacts(description="hello", edit=Allowed.MEMBERS, read_at=harness.now))
    harness.settle()
    harness.control()
    harness.decide()
    harness.later()
    harness.control()
    return harness


class Late:
    """An application that is made once its address is known."""

    base = ""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._app is None:
            self._app = self._make(Late.base)
        await self._app(scope, receive, send)


def sign_in(page: Page, desk: Desk, *roles: str, name: str = "sam@example.org") -> None:
    page.goto(desk.login_link(*roles, name=name))
    page.locator("main button.main").click()
    page.wait_for_url(f"{desk.base}/")


def follow(page: Page, what: Locator) -> None:
    """Press what leads to another page, and wait for that: nobody may look at the page before, or at none."""
    with page.expect_navigation():
        what.click()


def faults(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA that is serious: rule, where, why."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'tag', values: "
        "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}})"
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def overflows(page: Page) -> bool:
    """Whether a reader would have to move the page sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextmanager
def looking(page: Page) -> Iterator[Callable[[str], None]]:
    """Give a function that looks at the page as it is now; in the end nothing may be serious, and nothing cut."""
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        found = faults(page) + (["wider than the screen"] if overflows(page) else [])
        if found:
            wrong[name] = found

    yield look
    assert not wrong, wrong
