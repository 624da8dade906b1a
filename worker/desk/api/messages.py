"""What is told and what is not: silences, and messages that wait, are held, were sent, or reached nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.refused import Refused
from worker.contract.shape import PageShape
from worker.contract.telling import DeliveryShape, SilenceShape
from worker.desk.api.callers import Caller, MessagesRead, MessagesWrite
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.days import day_end
from worker.desk.api.errors import not_found
from worker.desk.api.requests import (
    DeliveriesQuery,
    MakeSilence,
    PostLabel,
    Reasoned,
    Said,
    SilenceLabel,
)
from worker.domain.escalation.silences import Silence
from worker.ports.state.deliveries import PostFilter, PostPlace

KIND = "deliveries"

router = APIRouter(tags=["messages"])


@router.get("/silences")
def silences(caller: MessagesRead) -> PageShape[SilenceShape]:
    """List silences, those that are over too: those of the configuration first, then the newest first."""
    with caller.services.store.reading() as uow:
        found = caller.services.silencing.all(uow)
    return PageShape[SilenceShape].of([SilenceShape.of(one) for one in found], len(found))


@router.post("/silences")
def silence(said: MakeSilence, caller: MessagesWrite) -> SilenceShape:
    """Make a silence; it ends by itself, after 30 days at most."""
    who, until_at = caller.named(said.by), _end_of(said, caller)
    try:
        wanted = Silence(
            "", caller.now, until_at, who.name, said.reason, tuple(said.groups), tuple(said.people),
            tuple(said.sources), tuple(said.kinds),
        )  # fmt: skip
    except ValueError as error:
        raise Refused(str(error)) from None
    return SilenceShape.of(caller.services.silencing.silence(wanted, who, caller.now))


def _end_of(said: MakeSilence, caller: Caller) -> datetime:
    if said.span is not None and said.until is None:
        return caller.now + said.span
    if said.until is not None and said.span is None:
        return day_end(said.until, caller.services.place.timezone)
    raise Refused("Say when it ends, in one of two ways: for, or until.")


@router.post("/silences/{id}/end")
def end(id: SilenceLabel, caller: MessagesWrite, said: Said | None = None) -> SilenceShape:  # noqa: A002  the contract's name
    """End a silence now; what it held goes out."""
    said = said or Said()
    _known(caller, id)
    caller.services.silencing.end(id, caller.named(said.by), caller.now, said.reason)
    return SilenceShape.of(_known(caller, id))


def _known(caller: Caller, label: str) -> Silence:
    with caller.services.store.reading() as uow:
        found = [one for one in caller.services.silencing.all(uow) if one.id == label]
    if not found:
        raise not_found(f"There is no silence {label}.", "GET /api/v1/silences lists them.")
    return found[0]


@router.get("/deliveries")
def deliveries(query: Annotated[DeliveriesQuery, Query()], caller: MessagesRead) -> PageShape[DeliveryShape]:
    """List messages, the newest first. One that no channel took after its last attempt is dead."""
    last = place_after(caller.services, KIND, query.after)
    place = PostPlace(*(int(number) if number else None for number in last or ("", "")))
    states = tuple(dict.fromkeys(query.state))
    with caller.services.store.reading() as uow:
        found = uow.deliveries.posts(PostFilter(states), caller.now, query.limit + 1, place)
        total = sum(uow.deliveries.count(state, caller.now) for state in states)
    following = place.after(found[: query.limit])
    shown, cursor = page_of(
        caller.services, KIND, found, query.limit, lambda _: [str(number or "") for number in following]
    )
    return PageShape[DeliveryShape].of([DeliveryShape.of(one) for one in shown], total, cursor)


@router.post("/deliveries/{id}/retry")
def retry(id: PostLabel, caller: MessagesWrite, said: Said | None = None) -> DeliveryShape:  # noqa: A002  see above
    """Send a dead message once more; answers with the message as it was."""
    said = said or Said()
    by = caller.named(said.by)
    return DeliveryShape.of(caller.services.silencing.retry(id, by, caller.now, said.reason))


@router.post("/deliveries/{id}/drop")
def drop(id: PostLabel, said: Reasoned, caller: MessagesWrite) -> DeliveryShape:  # noqa: A002  see above
    """Give up a message that is not sent; answers with the message as it was."""
    by = caller.named(said.by)
    return DeliveryShape.of(caller.services.silencing.drop(id, by, said.reason, caller.now))
