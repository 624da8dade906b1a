"""Messages: those that wait, are held, were sent, or reached nobody; and what an operator does about the dead."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.refused import require_reason
from worker.desk.calls import Call, number_in
from worker.desk.console.frame import PAGE, back_to, missing
from worker.desk.console.told import hold_words
from worker.desk.roles import Permission
from worker.desk.sessions import Guest
from worker.ports.state.deliveries import Post, PostFilter, PostPlace, PostState

ALL = "all"
COUNTED = tuple(
    one for one in PostState if one is not PostState.SENT
)  # of years of sent ones, nobody needs the number


def messages(call: Call, guest: Guest) -> Response:
    """A page of the list, the newest first. A search is posted, so that no address has names."""
    chosen = call.text("state") or call.query("state")
    state = PostState(chosen) if chosen in set(PostState) else None
    text, place = call.text("text", 200), _place(call)
    wanted = PostFilter((state,) if state else tuple(PostState), text)
    with call.services.store.reading() as uow:
        found = uow.deliveries.posts(wanted, call.now, PAGE + 1, place)
        counts = {one.value: uow.deliveries.count(one, call.now) for one in COUNTED}
    shown = found[:PAGE]
    return call.page(
        "console/messages.html",
        {
            "posts": [(post, why_not_sent(call, post)) for post in shown],
            "counts": counts,
            "state": state.value if state else ALL,
            "states": [ALL, *(one.value for one in PostState)],
            "text": text,
            "next": _written(place.after(shown)) if len(found) > PAGE else None,
            # A form that renews itself would lose what is being written into it
            "has_forms": guest.may(Permission.ACT) and any(post.state is PostState.DEAD for post in shown),
        },
    )


def act(call: Call, guest: Guest) -> Response:
    """Send a dead message once more, or give one up; both with a reason."""
    label, reason, silencing = call.path("label"), call.text("reason"), call.services.silencing
    require_reason(reason)
    match call.path("act"):
        case "retry":
            silencing.retry(label, guest.actor, call.now, reason)
        case "drop":
            silencing.drop(label, guest.actor, reason, call.now)
        case _:
            return missing(call)
    return back_to("/messages?state=dead")


def why_not_sent(call: Call, post: Post) -> str:
    """Why a message is not sent: what holds it, or the last error, which is English."""
    if post.state is PostState.HELD and post.held_by:
        return hold_words(post.held_by, call.tongue)
    return post.error


def _place(call: Call) -> PostPlace:
    message, _, delivery = call.text("after").partition("-")
    return PostPlace(number_in(message), number_in(delivery))


def _written(place: PostPlace) -> str:
    return "-".join("" if number is None else str(number) for number in place)
