"""The page by which whoever takes over a rota says so: `/h/<token>`. Only its button changes anything."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.tell.signed_links import LinkDead
from worker.desk.assignee import SEE_OTHER
from worker.desk.calls import Call, Handler, Stale, route
from worker.desk.guarding import Attempts, answer_dead
from worker.domain.messages.handovers import handover_headline


class HandoverPages:
    """GET shows, since mail programs follow links; POST takes over. `attempts` counts forged tokens."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    def routes(self) -> list[Route]:
        """The page, and its button."""
        return [
            route("/h/{token}", self._opening(self.handover)),
            route("/h/{token}/take", self._opening(self.take), ["POST"]),
        ]

    def handover(self, call: Call) -> Response:
        """Show until when, and who has taken over, or the button."""
        token = call.path("token")
        shown = call.services.taking_over.look(token, call.now)
        call.language = shown.language
        tongue = call.tongue
        values = {
            "token": token,
            "form_token": call.token_for(token),
            "refused": call.query("refused"),
            "shown": shown,
            "title": handover_headline(shown.rota, shown.stands_in_for, tongue),
            "until": tongue.instant(shown.until_at, shown.timezone),
            "taken": tongue.instant(shown.taken_at, shown.timezone) if shown.taken_at else "",
        }
        return call.page("handover.html", values)

    def take(self, call: Call) -> Response:
        """Take over, and go to the page, which says so and can be reloaded."""
        token = call.path("token")
        try:
            call.check_token(token)
        except Stale:
            return RedirectResponse(f"/h/{token}?refused=stale", SEE_OTHER)
        call.services.taking_over.take(token, call.now)
        return RedirectResponse(f"/h/{token}", SEE_OTHER)

    def _opening(self, show: Handler) -> Handler:
        def guarded(call: Call) -> Response:
            try:
                return show(call)
            except LinkDead as dead:
                return answer_dead(call, self._attempts, dead, is_list=False, is_handover=True)

        guarded.__name__ = f"handover_{show.__name__}"
        return guarded
