"""Sources: how fresh each one's data is, its last trouble, and its counts over time."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, timedelta

from starlette.responses import Response

from worker.app.reads.unreached import unreached
from worker.desk.calls import Call
from worker.desk.console.frame import missing
from worker.desk.services import sources_of
from worker.desk.sessions import Guest
from worker.domain.model import Fact

DAYS = timedelta(days=90)
UNREACHED_SHOWN = 200


def sources(call: Call, guest: Guest) -> Response:
    del guest
    with call.services.store.reading() as uow:
        found = sources_of(call.services, uow, call.now)
        jobs = uow.jobs.all()
        backlog = uow.outbox.backlog()
    return call.page("console/sources.html", {"sources": found, "jobs": jobs, "backlog": backlog})


def unreached_admins(call: Call, guest: Guest) -> Response:
    """Admins of groups whom no message reaches. A page of its own, since it reads them all."""
    del guest
    with call.services.store.reading() as uow:
        missed = unreached(uow, call.services.explainer.reaching.over)
    values = {"admins": missed.admins, "people": missed.people, "shown_max": UNREACHED_SHOWN}
    return call.page("console/unreached.html", values)


def source(call: Call, guest: Guest) -> Response:
    """One source, with its days."""
    del guest
    name = call.path("name")
    with call.services.store.reading() as uow:
        every = sources_of(call.services, uow, call.now)
        one = next((one for one in every if one.state.name == name), None)
        if one is None:
            return missing(call)
        days = uow.overview.source_days(name, (call.now - DAYS).astimezone(UTC).date())
        history = uow.journal.of(f"source:{name}")[-50:][::-1]
    witness = call.services.witnesses.get(name)
    can = (
        [one for one, holds in asdict(witness.can).items() if holds is True and one != "breaks_terms"]
        if witness
        else []
    )
    names = sorted({count for day in days for count in day.counts})
    return call.page(
        "console/source.html",
        {
            "source": one,
            "days": days,
            "names": names,
            "history": history,
            "can": can,
            "shows": [fact for fact in Fact if witness is not None and fact in witness.can.shows],
            "witness": witness,
        },
    )
