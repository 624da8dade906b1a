"""The public form on which staff name work groups: `/c/<token>`.

It needs no account and sets no cookie. What it keeps has nothing of whoever fills it in: no address, no browser.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from worker.app.acts.census import TooManyNames
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead
from worker.desk.calls import Call, route
from worker.desk.guarding import Attempts, answer_dead
from worker.desk.reporting import INCOMPLETE, TRAP, in_language
from worker.desk.statements import census_rows, census_values

FORM = 0  # the number of the page's only form


class CensusPages:
    """`attempts` counts unknown tokens; it keeps addresses in memory only."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    def routes(self) -> list[Route]:
        """GET shows, POST acts."""
        return [
            route("/c/{token}", in_language(self.form)),
            route("/c/{token}", in_language(self.name), ["POST"]),
        ]

    def form(self, call: Call) -> Response:
        try:
            call.services.census.check_link(call.path("token"))
        except LinkDead as dead:
            return self._dead(call, dead)
        return _form_page(call)

    def name(self, call: Call) -> Response:
        """Keep what is named. To a program that fills in the trap it says the same."""
        token = call.path("token")
        try:
            call.services.census.check_link(token)
            if not call.text(TRAP):
                call.services.census.name(token, census_rows(call, FORM), call.now)
        except LinkDead as dead:
            return self._dead(call, dead)
        except TooManyNames:
            return _form_page(call, "many")
        except Refused:
            return _form_page(call, "incomplete")
        return call.page("census_thanks.html", {"path": call.request.url.path})

    def _dead(self, call: Call, dead: LinkDead) -> Response:
        """Say that the link is over; a token that never was is told apart by its status."""
        return answer_dead(call, self._attempts, dead, "census_dead.html", path=call.request.url.path)


def _form_page(call: Call, refused: str = "") -> Response:
    """Show the form; one that was refused comes back as it was typed."""
    return call.page(
        "census.html",
        {
            "token": call.path("token"),
            "path": call.request.url.path,
            "trap": TRAP,
            "refused": refused,
            "typed": {name: call.text(name) for name in call.form} if refused else {},
            **census_values(),
        },
        status=INCOMPLETE if refused else 200,
    )
