"""Signing in to the console's pages through a provider: there, back, and into a session with the right roles."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, Semaphore
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import sqlalchemy as sa

from desk_caller import Caller, desk_of
from desk_setup import services_of
from fakes.oidc.issuer import Fault, User
from fakes.oidc.setup import Lab
from harness import Harness
from worker.app.evidence.check import AuditCheck
from worker.app.evidence.unexplained import Compared
from worker.desk.app import desk_app
from worker.desk.guarding import BODY_MAX
from worker.desk.provider import Provider
from worker.desk.sign_in import ASKING_MAX, SignIn
from worker.domain.tickets.ticket import Grade, TicketState
from worker.ops.server import Limits, serving
from worker.storage.sql.engine import open_engine
from worker.storage.sql.tables import desk_session

SILENCE_S = 20
HOST = {"Host": "whosleft.example.org"}


@pytest.fixture
def desk(lab: Lab) -> Iterator[Caller]:
    harness = Harness()
    harness.now = lab.clock()
    yield desk_of(harness, sign_in=lab.desk())
    harness.close()


def _to_provider(desk: Caller) -> str:
    """Where the browser is sent; its cookies have what belongs to this sign-in."""
    answer = desk.client.get("/login/start", follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


def _back(desk: Caller, lab: Lab, address: str) -> str:
    """The desk's own path with the provider's answer in its query."""
    reply = lab._browser.get(address)
    back = urlsplit(reply.headers["location"])
    assert (back.netloc, back.path) == ("whosleft.example.org", "/login/callback")
    return f"{back.path}?{back.query}"


def test_whoever_the_provider_knows_is_in_with_their_roles(desk: Caller, lab: Lab) -> None:
    desk.get("/plans")
    assert "Sign in with your work account" in desk.get("/login").text

    page = desk.get(_back(desk, lab, _to_provider(desk)))

    assert page.url.path == "/plans", "back to where they wanted to go"
    assert "ada@example.org" in page.text
    assert "operator" in page.text
    assert desk.get("/audit").status_code == 403
    assert desk.harness.journal()[-1].entry.kind == "desk.signed_in"


def test_a_session_that_another_account_was_put_into_in_sql_is_named(desk: Caller, lab: Lab) -> None:
    desk.get(_back(desk, lab, _to_provider(desk)))
    check = AuditCheck(desk.harness.store)
    assert list(check.run(Compared())) == []

    with desk.harness.engine.begin() as connection:
        connection.execute(sa.update(desk_session).values(subject="os:root"))
    assert [one.row for one in check.run(Compared())] == ["session of ada@example.org"]


def test_the_same_answer_signs_in_once(desk: Caller, lab: Lab) -> None:
    path = _back(desk, lab, _to_provider(desk))
    desk.get(path)
    desk.client.cookies.clear()

    assert desk.get(path).url.path == "/login"
    assert desk.get("/").url.path == "/login"


def test_of_two_tabs_that_sign_in_at_once_the_later_one_does(desk: Caller, lab: Lab) -> None:
    first, second = _to_provider(desk), _to_provider(desk)
    first, second = _back(desk, lab, first), _back(desk, lab, second)

    assert "another sign-in" in desk.get(first).text
    assert "ada@example.org" in desk.get(second).text


def test_the_answer_to_another_browser_s_sign_in_is_refused(desk: Caller, lab: Lab) -> None:
    other = desk_of(desk.harness, app=desk.app)
    path = _back(desk, lab, _to_provider(desk))
    _to_provider(other)

    page = other.get(path)

    assert page.status_code == 403
    assert "Signing in did not work" in page.text


@pytest.mark.parametrize("fault", [Fault.WRONG_NONCE, Fault.DENIED, Fault.TOKEN_500])
def test_what_goes_wrong_at_the_provider_is_said_and_lets_nobody_in(
    desk: Caller, lab: Lab, fault: Fault
) -> None:
    address = _to_provider(desk)
    lab.issuer.faults.add(fault)

    page = desk.get(_back(desk, lab, address))

    assert page.status_code == 403
    assert "Signing in did not work" in page.text
    assert desk.get("/").url.path == "/login"


def test_a_provider_that_is_down_is_said(desk: Caller, lab: Lab) -> None:
    lab.issuer.faults.add(Fault.DISCOVERY_500)

    page = desk.get("/login/start")

    assert page.status_code == 403
    assert "Signing in did not work" in page.text


@pytest.mark.parametrize(
    "language, said",
    [
        ("en", "Signing in was cancelled, or"),
        ("de", "Die Anmeldung wurde abgebrochen"),
        ("ur", "سائن اِن منسوخ ہوا"),
    ],
)
def test_a_refusal_speaks_the_reader_s_language(desk: Caller, lab: Lab, language: str, said: str) -> None:
    desk.language = language
    lab.issuer.faults.add(Fault.DENIED)

    page = desk.get(_back(desk, lab, _to_provider(desk)))

    assert page.status_code == 403
    assert said in page.text
    assert "access_denied" in page.text


@pytest.mark.parametrize("path", ["/login/callback", "/login/callback?code=x&state=y"])
def test_coming_back_from_nowhere_starts_again(desk: Caller, path: str) -> None:
    page = desk.get(path)

    assert page.url.path == "/login"
    assert "try again" in page.text


def test_without_a_provider_there_is_nothing_to_start() -> None:
    harness = Harness()
    desk = desk_of(harness)

    page = desk.get("/login/start")

    assert page.url.path == "/login"
    before, _, fold = page.text.partition("<details")
    assert "Open the link in it again" in before
    assert "whosleft desk" not in before, "a shell command is for those who have a shell"
    assert "desk login-link" in fold
    harness.close()


def test_thirty_wrong_login_links_in_a_minute_are_enough_and_nobody_else_is_kept_out(
    desk: Caller, lab: Lab
) -> None:
    statuses = []
    for number in range(31):
        desk.get(f"/login/wrong{number}")
        statuses.append(desk.post(f"/login/wrong{number}").status_code)
    assert statuses == [403] * 30 + [429]

    assert desk.sign_in("sam", "viewer").url.path == "/"
    desk.client.cookies.clear()
    desk.get(_back(desk, lab, _to_provider(desk)))
    assert "Ada Lovelace" in desk.get("/").text or desk.get("/").status_code == 200


def test_refused_sign_ins_keep_nobody_out(desk: Caller, lab: Lab) -> None:
    lab.issuer.faults.add(Fault.DENIED)
    for _ in range(31):
        assert desk.get(_back(desk, lab, _to_provider(desk))).status_code == 403
    lab.issuer.faults.clear()

    assert desk.get(_back(desk, lab, _to_provider(desk))).url.path == "/"


def test_one_account_under_two_addresses_is_one_approver(desk: Caller, lab: Lab) -> None:
    crowd = [f"temp-{number}" for number in range(60)]
    desk.harness.hire(*crowd, org_unit="OU=Temps")
    desk.harness.group("hall", *crowd)
    desk.harness.settle()
    desk.harness.later(seconds=1)
    desk.harness.leave(*crowd)
    desk.harness.settle()

    for address in ("ada@example.org", "ada.second@example.org"):
        claims = {"name": "Ada Lovelace", "email": address, "roles": ["approver"]}
        lab.issuer.user = User(lab.issuer.user.sub, claims)
        desk.client.cookies.clear()
        desk.get(_back(desk, lab, _to_provider(desk)))
        page = desk.get("/plans/P-000001")
        assert address in page.text
        page = desk.post(
            "/plans/P-000001/decide", {"which": "all", "verdict": "release", "reason": "a season ended"}
        )

    assert "now somebody else must" in page.text
    desk.harness.settle()
    assert desk.harness.tickets() == []


def asked(desk: Caller) -> None:
    """Ann has left, and Dee has the ticket."""
    desk.harness.hire("ann", "dee")
    desk.harness.group("ward-7", "ann", admins=["dee"])
    desk.harness.settle()
    desk.harness.later(seconds=1)
    desk.harness.leave("ann")
    desk.harness.settle()


def test_one_account_renamed_does_not_confirm_its_own_claim(desk: Caller, lab: Lab) -> None:
    """Without a verified address the actor's name is what the account calls itself."""
    asked(desk)

    for name in ("Ada", "Grace"):
        claims = {"name": name, "email": "ada@example.org", "email_verified": False, "roles": ["operator"]}
        lab.issuer.user = User(lab.issuer.user.sub, claims)
        desk.client.cookies.clear()
        desk.get(_back(desk, lab, _to_provider(desk)))
        assert name in desk.get("/tickets/T-000001").text
        page = desk.post("/tickets/T-000001/act", {"act": "done"})

    assert "Somebody else has to confirm it" in page.text
    assert desk.harness.ticket().grade is Grade.C
    [entry] = [sealed.entry for sealed in desk.harness.journal() if sealed.entry.kind == "ticket.done"]
    assert (entry.actor, entry.data["actor_id"]) == ("Ada", f"{lab.issuer.issuer} {lab.issuer.user.sub}")


@pytest.mark.parametrize(
    "claims",
    [
        {"name": "D. Example", "email": "dee@corp.example", "email_verified": False},
        {"email": "d.example@entra.example", "preferred_username": "Dee@Corp.Example"},
        {"email": "d.example@entra.example", "upn": "dee@corp.example"},
        {"name": "D. Example"},
        {"name": "D. Example", "email": "made@up.example", "email_verified": False},
    ],
)
def test_the_assignee_does_not_confirm_in_the_console_what_they_claimed_by_their_link(
    desk: Caller, lab: Lab, claims: dict[str, Any]
) -> None:
    asked(desk)
    desk.harness.assigned.done(desk.ticket().rpartition("/")[2], desk.harness.now)
    assert desk.harness.ticket().state is TicketState.DONE

    lab.issuer.user = User("u-7", {"roles": ["operator"], **claims})
    desk.get(_back(desk, lab, _to_provider(desk)))
    desk.get("/tickets/T-000001")
    page = desk.post("/tickets/T-000001/act", {"act": "done"})

    assert "Somebody else has to confirm it" in page.text
    assert desk.harness.ticket().grade is Grade.C


def test_nobody_takes_out_of_their_cookie_what_the_provider_said(desk: Caller, lab: Lab) -> None:
    desk.get(_back(desk, lab, _to_provider(desk)))
    assert "ada@example.org" in desk.get("/tickets").text
    cookie = desk.client.cookies["__Host-whosleft"]
    desk.client.cookies.clear()

    for changed in (cookie.partition(".")[0], f"{cookie}x"):
        answer = desk.client.get("/tickets", headers={"Cookie": f"__Host-whosleft={changed}"})
        assert answer.url.path == "/login"


def test_a_session_of_a_leaver_whom_the_cookie_alone_tells_ends_with_its_next_call(
    desk: Caller, lab: Lab
) -> None:
    harness = desk.harness
    harness.hire("ann", "dee")
    harness.settle()
    claims = {"email": "d@entra.example", "upn": "dee@corp.example", "roles": ["operator"]}
    lab.issuer.user = User("u-7", claims)
    desk.get(_back(desk, lab, _to_provider(desk)))
    assert desk.get("/tickets").url.path == "/tickets"

    harness.leave("dee")
    harness.later(seconds=1)
    harness.settle()
    assert desk.get("/tickets").url.path == "/login"
    harness.hire("dee-2", email="dee@corp.example")
    harness.later(seconds=1)
    harness.settle()

    assert desk.get("/tickets").url.path == "/login"


class Silent(SignIn):
    """A provider that says nothing until it is let."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab.section(), lab.base_dir)
        self.asked, self.may_answer = Semaphore(0), Event()

    def _provider(self, now: datetime) -> Provider:
        self.asked.release()
        self.may_answer.wait(SILENCE_S)
        return super()._provider(now)


def test_a_provider_that_says_nothing_keeps_nobody_from_the_other_pages(lab: Lab, tmp_path: Path) -> None:
    harness = Harness(
        engine=open_engine(f"sqlite:///{tmp_path / 'desk.db'}")
    )  # one in memory bears one thread
    provider, trust = Silent(lab), ssl.create_default_context(cafile=str(lab.ca_file))
    app = desk_app(replace(services_of(harness), sign_in=provider))
    with (
        serving(app, ("127.0.0.1", 0), "desk", Limits(BODY_MAX)) as listen,
        httpx2.Client(base_url=f"http://{listen}", headers=HOST, timeout=SILENCE_S, verify=trust) as client,
        ThreadPoolExecutor(60) as browsers,
    ):
        asking = [browsers.submit(client.get, "/login/start") for _ in range(60)]
        for _ in range(ASKING_MAX):
            assert provider.asked.acquire(timeout=SILENCE_S)

        assert client.get("/login", timeout=SILENCE_S / 2).status_code == 200

        provider.may_answer.set()
        answers = [one.result() for one in asking]
    assert any("has not answered yet" in one.text for one in answers)
    harness.close()
