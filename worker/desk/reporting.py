"""The public pages on which people report a bad message, and ask what came of it: `/r/<token>`, `/r/outcome/<receipt>`.

They need no account and set no cookie. What they keep has nothing of whoever reports: no address, no browser.
"""

from __future__ import annotations

import secrets

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.acts.reporting import ReportForm, ReportSaid
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead
from worker.desk.calls import Call, Handler, route, too_many
from worker.desk.guarding import NOT_FOUND, Attempts, answer_dead
from worker.domain.controls.reports import (
    OUTCOME_WORDS,
    SEEN_WORDS,
    TIER_WORDS,
    WORDS_MAX,
    BadMessage,
    SeenWhen,
    Tier,
)
from worker.languages import LANGUAGES

INCOMPLETE, SEE_OTHER = 422, 303
TRAP = "website"  # people don't see this field; programs that fill in everything do
RECEIPT_MAX = 40


class ReportPages:
    """The reporter's side. `attempts` counts unknown tokens and receipts; it keeps addresses in memory only."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    def routes(self) -> list[Route]:
        """GET shows, POST acts."""
        return [
            route("/r/outcome", in_language(self.asked)),
            route("/r/outcome/{receipt}", in_language(self.outcome)),
            route("/r/outcome/{receipt}/confirm", in_language(self.confirm), ["POST"]),
            route("/r/{token}", in_language(self.form)),
            route("/r/{token}", in_language(self.report), ["POST"]),
        ]

    # --- reporting -------------------------------------------------------------------------------

    def form(self, call: Call) -> Response:
        try:
            found = call.services.reporting.form(call.path("token"), call.now)
        except LinkDead as dead:
            return self._dead(call, dead)
        return _form_page(call, found, once=secrets.token_urlsafe(9))

    def report(self, call: Call) -> Response:
        """Keep a report, and answer with its receipt. To a program that fills in the trap it says the same."""
        token, given = call.path("token"), call.text("tier")
        try:
            found = call.services.reporting.form(token, call.now)
            if given not in set(Tier):
                return _form_page(call, found, once=call.text("once"), is_incomplete=True)
            if call.text(TRAP):
                return _receipt_page(call, secrets.token_hex(6).upper())
            report = call.services.reporting.report(token, _said(call), call.now)
        except LinkDead as dead:
            return self._dead(call, dead)
        return _receipt_page(call, report.receipt)

    def _dead(self, call: Call, dead: LinkDead) -> Response:
        """Say that an admin of the group knows the new link; a token that never was is told apart by its status."""
        return answer_dead(call, self._attempts, dead, "report_dead.html", path=call.request.url.path)

    # --- afterwards ------------------------------------------------------------------------------

    def asked(self, call: Call) -> Response:
        """Lead from a typed receipt to its page."""
        typed = "".join(filter(str.isalnum, call.query("receipt")))[:RECEIPT_MAX]
        if not typed:
            return call.page("report_outcome.html", {"report": None, "is_unknown": False})
        lang = f"?lang={call.picked}" if call.picked else ""
        return RedirectResponse(f"/r/outcome/{typed}{lang}", SEE_OTHER)

    def outcome(self, call: Call) -> Response:
        report = call.services.reporting.by_receipt(call.path("receipt")[:RECEIPT_MAX])
        if report is None:
            wait_s = self._attempts.wrong(call.address)
            if wait_s:
                return too_many(call, wait_s)
            values = {"report": None, "is_unknown": True}
            return call.page("report_outcome.html", values, status=NOT_FOUND)
        return _outcome_page(call, report)

    def confirm(self, call: Call) -> Response:
        receipt = call.path("receipt")[:RECEIPT_MAX]
        try:
            report = call.services.reporting.confirm(receipt, call.now)
        except Refused:
            return self.outcome(call)
        return _outcome_page(call, report)


def in_language(handler: Handler) -> Handler:
    """Answer in the language that the address or the form names: a choice is kept in no cookie."""

    def shown(call: Call) -> Response:
        wanted = call.query("lang") or call.text("lang")
        call.picked = wanted if wanted in LANGUAGES else ""
        return handler(call)

    shown.__name__ = handler.__name__
    return shown


def _said(call: Call) -> ReportSaid:
    seen = call.text("when")
    return ReportSaid(
        Tier(call.text("tier")),
        SeenWhen(seen) if seen in set(SeenWhen) else None,
        about_admin=bool(call.text("about_admin")),
        words=call.text("text", WORDS_MAX),
        once=call.text("once", RECEIPT_MAX),
    )


def _form_page(call: Call, found: ReportForm, once: str, *, is_incomplete: bool = False) -> Response:
    return call.page(
        "report.html",
        {
            "token": call.path("token"),
            "path": f"/r/{call.path('token')}",
            "name": found.group.name,
            "tiers": TIER_WORDS,
            "seen": SEEN_WORDS,
            "words_max": WORDS_MAX,
            "once": once,
            "trap": TRAP,
            "given": {name: call.text(name) for name in ("when", "about_admin", "text")},
            "is_incomplete": is_incomplete,
            "whistleblowing_url": found.rule.whistleblowing_url,
        },
        status=INCOMPLETE if is_incomplete else 200,
    )


def _receipt_page(call: Call, receipt: str) -> Response:
    parted = "-".join(receipt[at : at + 4] for at in range(0, len(receipt), 4))
    return call.page(
        "report_thanks.html", {"receipt": receipt, "parted": parted, "path": f"/r/outcome/{receipt}"}
    )


def _outcome_page(call: Call, report: BadMessage) -> Response:
    return call.page(
        "report_outcome.html",
        {
            "report": report,
            "is_unknown": False,
            "tier": TIER_WORDS[report.tier],
            "came_of_it": OUTCOME_WORDS[report.outcome] if report.outcome else "",
            "is_confirmed": report.grade is not None and report.grade.value != "C",
        },
    )
