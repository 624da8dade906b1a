"""The assignee's pages: one ticket by its signed link, and all of their tickets. Opening them changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.acts.assignee import NOBODY, can_be_done_together
from worker.app.acts.review_answers import RowsChanged
from worker.app.acts.reviewing import LastAdmin
from worker.app.acts.sealing import NotTaken, SealDone
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead
from worker.desk.calls import Call, Handler, Stale, number_in, route, set_cookie
from worker.desk.conversations import SHOWN, checklist_of, conversations_page
from worker.desk.guarding import Attempts, answer_dead
from worker.desk.handling import handling_page
from worker.desk.reviews import review_page, row_answers, shown_at
from worker.desk.sealing import NotSealed, Sealer, SealUploads
from worker.desk.sessions import LINK_COOKIE
from worker.desk.statements import answers_of, statements_page
from worker.domain.controls.reports import ReportOutcome
from worker.domain.identity.handles import shown_handle
from worker.domain.kinds import kind_of
from worker.domain.kinds.controlled import pasted
from worker.domain.kinds.kind import Choice, Sees
from worker.domain.messages.paragraphs import held_line
from worker.domain.messages.sentences import member_step, ticket_steps, ticket_title, why_line
from worker.domain.messengers import messenger
from worker.domain.reconcile.answering import answers_for
from worker.domain.text.tongue import Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketState

WRONG_MAX, WRONG_WITHIN = 30, timedelta(minutes=1)
TICKED_MAX = 10_000  # tickets in a form: more than one person ever has
LINK_KNOWN_FOR = timedelta(days=30)
SEE_OTHER, NOT_MODIFIED = 303, 304
_OWN_PAGES = {
    Choice.ROWS: review_page,
    Choice.OUTCOME: handling_page,
    Choice.CHECKLIST: conversations_page,
}


class AssigneePages:
    """`/t/<token>` and `/me/<token>`. `attempts` counts forged tokens, `uploads` takes files to be sealed."""

    def __init__(self, attempts: Attempts, uploads: SealUploads) -> None:
        self._attempts = attempts
        self._uploads = uploads

    def routes(self) -> list[Route]:
        """GET shows, POST acts."""
        return [
            route("/t/{token}", self._opening(self.ticket)),
            route("/t/{token}/done", self._acting(self.done), ["POST"]),
            route("/t/{token}/roster", self._acting(self.roster), ["POST"]),
            route("/t/{token}/answer", self._acting(self.answer), ["POST"]),
            route("/t/{token}/statements", self._acting(self.statements), ["POST"]),
            route("/t/{token}/review", self._acting(self.review), ["POST"]),
            route("/t/{token}/outcome", self._acting(self.outcome), ["POST"]),
            route("/t/{token}/conversations", self._acting(self.conversations), ["POST"]),
            self._uploads.route("/t/{token}/seal", self._sealer, self._sealed),
            route("/t/{token}/undo", self._acting(self.undo), ["POST"]),
            route("/me/{token}", self._opening(self.mine)),
            route("/me/{token}/done", self._acting(self.done_together), ["POST"], TICKED_MAX),
            route("/me/{token}/undo", self._acting(self.undo_together), ["POST"], TICKED_MAX),
        ]

    # --- showing ---------------------------------------------------------------------------------

    def ticket(self, call: Call) -> Response:
        """Show what is to be done, and how."""
        token = call.path("token")
        if self._asks_statement(call, token):
            return statements_page(call, token)
        shown = call.services.assigned.look(token, call.now)
        call.language = shown.language
        ticket, tongue = shown.ticket, call.tongue
        page = _OWN_PAGES.get(kind_of(ticket).choice)
        if page is not None and not shown.is_moved:
            return page(call, token)
        version = (replace(shown, ticket=_visible(ticket)), call.tongue.code)
        return _page(
            call,
            "ticket.html",
            version,
            {
                "token": token,
                "form_token": call.token_for(token),
                "ticket": ticket,
                "shown": shown,
                "can_act": ticket.state is TicketState.OPEN and shown.undo_until is None,
                "answers": answers_for(ticket),
                "nobody": NOBODY,
                "refused": call.query("refused"),
                **_told(ticket, call.services.place.timezone, tongue, shown.aid),
            },
        )

    def mine(self, call: Call) -> Response:
        """Show all open tickets of the assignee."""
        token = call.path("token")
        mine = call.services.assigned.mine(token, call.now)
        call.language = mine.language
        timezone, tongue = call.services.place.timezone, call.tongue
        rows = [
            {
                "ticket": ticket,
                "together": can_be_done_together(ticket),
                "token": mine.tokens[ticket.id],
                **_told(ticket, timezone, tongue),
            }
            for ticket in mine.tickets
        ]
        version = ([_visible(ticket) for ticket in mine.tickets], mine.claimed, call.tongue.code)
        return _page(
            call,
            "mine.html",
            version,
            {
                "token": token,
                "form_token": call.token_for(token),
                "rows": rows,
                "mine": mine,
                "refused": call.query("refused"),
            },
        )

    # --- acting ----------------------------------------------------------------------------------

    def done(self, call: Call) -> str:
        token = call.path("token")
        call.services.assigned.done(token, call.now, call.text("chosen"), call.text("kind"))
        return f"/t/{token}"

    def roster(self, call: Call) -> str:
        """Lead to the page of the ticket's group, on which its assignee says who is in it."""
        opened = call.services.assigned.opened(call.path("token"), call.now)
        if kind_of(opened.ticket).choice is not Choice.ROSTER or opened.ticket.state is not TicketState.OPEN:
            raise Refused("There is no list to confirm any more.")
        return urlsplit(call.services.declaring.link_of(opened, call.now)).path

    def answer(self, call: Call) -> str:
        token, given = call.path("token"), call.text("answer")
        if given not in set(Answer):
            raise Refused("Choose a reason.")
        call.services.assigned.answer(token, Answer(given), call.text("words"), call.now)
        return f"/t/{token}"

    def statements(self, call: Call) -> str | Response:
        """Keep what somebody answers to all that they are asked for."""
        token = call.path("token")
        found = call.services.attesting.look(token, call.now)
        if not (found.due or found.kept):
            if not found.answered:
                raise Refused("Nothing is asked any more.")
            return f"/t/{token}"  # a slow line sends a form twice
        try:
            call.services.attesting.answer(token, answers_of(call, found), call.now)
        except Refused:
            return statements_page(call, token, "incomplete")
        return f"/t/{token}"

    def review(self, call: Call) -> str | Response:
        """Keep the answers to some rows of a review."""
        token, said = call.path("token"), row_answers(call)
        if not said:
            return f"/t/{token}?refused=empty"
        try:
            call.services.reviewing.answer(token, said, call.now, shown_at(call))
        except LastAdmin:
            return review_page(call, token, "admin")
        except RowsChanged:
            return review_page(call, token, "changed")
        return f"/t/{token}"

    def outcome(self, call: Call) -> str:
        """Keep what came of the reports of a ticket."""
        token, given = call.path("token"), call.text("outcome")
        if given not in set(ReportOutcome):
            return f"/t/{token}?refused=empty"
        newest = number_in(call.text("newest")) or 0
        call.services.reporting.settle(token, ReportOutcome(given), call.text("words"), newest, call.now)
        return f"/t/{token}"

    def conversations(self, call: Call) -> str:
        """Keep what a reviewer says of a leaver's conversations."""
        token = call.path("token")
        said, shown = checklist_of(call), checklist_of(call, SHOWN)
        call.services.conversations.save(token, said, call.now, shown)
        return f"/t/{token}"

    def undo(self, call: Call) -> str:
        token = call.path("token")
        if self._asks_statement(call, token):
            call.services.attesting.undo(token, call.now)
        else:
            call.services.assigned.undo(token, call.now)
        return f"/t/{token}"

    def done_together(self, call: Call) -> str:
        token, ticked = call.path("token"), call.numbers("ticket")
        if ticked and not call.services.assigned.done_together(token, ticked, call.now):
            raise Refused("None of them is open and yours any more.")
        return f"/me/{token}"

    def undo_together(self, call: Call) -> str:
        token = call.path("token")
        if not call.services.assigned.undo_together(token, call.numbers("ticket"), call.now):
            raise Refused("None of them can be taken back any more.")
        return f"/me/{token}"

    # --- around both -----------------------------------------------------------------------------

    def _asks_statement(self, call: Call, token: str) -> bool:
        with call.services.store.reading() as uow:
            ticket = call.services.assigned.ticket_of(uow, token, call.now)
        return kind_of(ticket).choice is Choice.STATEMENT

    def _opening(self, show: Handler) -> Handler:
        def guarded(call: Call) -> Response:
            try:
                return _known(call, show(call))
            except LinkDead as dead:
                return self._dead(call, dead)

        return guarded

    def _dead(self, call: Call, dead: LinkDead) -> Response:
        return answer_dead(call, self._attempts, dead, is_list=call.request.url.path.startswith("/me/"))

    def _sealer(self, call: Call) -> Sealer | Response:
        """Who seals a file by their link; the answer to a link that is dead, or of a ticket that seals nothing."""
        token, sealing = call.path("token"), call.services.sealing
        try:
            sealing.check_link(token, call.now)
        except LinkDead as dead:
            return self._dead(call, dead)
        except NotTaken as refused:
            return self._sealed(call, refused)
        return Sealer(token, partial(sealing.seal_by_link, token))

    def _sealed(self, call: Call, outcome: SealDone | NotSealed | Refused | Stale) -> Response:
        page = f"/t/{call.path('token')}"
        if isinstance(outcome, NotSealed):
            return RedirectResponse(f"{page}?refused={outcome.why.value}#seals", SEE_OTHER)
        if isinstance(outcome, SealDone):
            return RedirectResponse(f"{page}#seals", SEE_OTHER)
        if isinstance(outcome, Stale | NotTaken):
            return RedirectResponse(f"{page}?refused=changed", SEE_OTHER)
        return RedirectResponse(f"{page}?refused=seal#seals", SEE_OTHER)

    def _acting(self, act: Callable[[Call], str | Response]) -> Handler:
        """Act, and redirect to the page itself, which shows the result and can be reloaded.

        An act that answers with a page did nothing, and shows what was typed.
        """

        def acted(call: Call) -> Response:
            token = call.path("token")
            page = call.request.url.path.rpartition("/")[0]
            try:
                call.check_token(token)
                result = act(call)
                return result if isinstance(result, Response) else RedirectResponse(result, SEE_OTHER)
            except Stale:
                return RedirectResponse(f"{page}?refused=stale", SEE_OTHER)
            except Refused:
                return RedirectResponse(f"{page}?refused=changed", SEE_OTHER)

        return self._opening(acted)


def _known(call: Call, response: Response) -> Response:
    """Remember in the browser that a link was opened, and not which one."""
    if not call.cookie(LINK_COOKIE):
        set_cookie(call, response, LINK_COOKIE, "1", LINK_KNOWN_FOR)
    return response


def _visible(ticket: Ticket) -> Ticket:
    """What a page shows of a ticket: no weighing without a result, and no difference after what was taken back."""
    return replace(ticket, weighed_at=None, version=0)


def _page(call: Call, template: str, version: object, values: Mapping[str, object]) -> Response:
    """A page that polls itself, and gets an empty answer as long as nothing has changed."""
    tag = f'"{sha256(repr(version).encode()).hexdigest()[:16]}"'
    if call.request.headers.get("if-none-match") == tag:
        return Response(status_code=NOT_MODIFIED, headers={"ETag": tag})
    return call.page(template, {**values, "version": tag}, headers={"ETag": tag})


def _told(ticket: Ticket, timezone: str, tongue: Tongue, aid: Help | None = None) -> dict[str, object]:
    return {
        "title": ticket_title(ticket, tongue),
        "why": why_line(ticket, timezone, tongue),
        "held": held_line(ticket, timezone, tongue),
        "steps": ticket_steps(ticket, tongue, aid),
        "handle": shown_handle(ticket.handle),
        "member_step": member_step(ticket),
        "aid": aid,
        "app": messenger(ticket.messenger).name,
        "kind": kind_of(ticket),
        "is_of_controls": kind_of(ticket).sees is Sees.CONTROLS,
        "pasted": pasted(ticket),
    }
