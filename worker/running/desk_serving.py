"""Serve the desk, by its services. Only processes with a desk import this: its packages take memory and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from socket import socket

import structlog

from worker.app.acts.access import Access
from worker.app.reads.situation import SharedSituation, situation
from worker.app.tell.signed_links import signing_key
from worker.desk.app import desk_app
from worker.desk.guarding import LISTS_MAX, is_upload
from worker.desk.services import Place, Services
from worker.desk.sign_in import SignIn
from worker.domain.evidence.actor import Actor, logged_in
from worker.ops import events
from worker.ops.health import Trouble, reason, thread_trouble
from worker.ops.repeats import Repeats
from worker.ops.server import Limits, bound, host_and_port_of, serving_on
from worker.ops.whoami import login_and_host, login_name
from worker.ports import Port
from worker.ports.state.access import LOGIN_LINK_LIFE
from worker.running.app import App, Clock, listening_at
from worker.running.listening import Announce, not_heard
from worker.running.replaying import replay_of
from worker.running.wiring import kinds_of
from worker.settings import Settings
from worker.storage.sql.engine import sqlite_path

THREAD = "desk"
LINK = "The console, by a link that works once"
LINK_COMMAND = "whosleft desk login-link --role approver --for YOU"

log = structlog.stdlib.get_logger(__name__)


@contextmanager
def desk_served(app: App, clock: Clock, announce: Announce) -> Iterator[Callable[[], Trouble]]:
    """Serve the desk at the configured address; yield what says its trouble.

    Raises SettingsError if nothing can listen there. On the embedded default without an identity provider, a link
    that signs in once is announced, or the command that makes one.
    """
    listening = _desk_bound(app.settings)
    listen = host_and_port_of(listening)
    app = listening_at(app, listen)
    settings = app.settings
    limits = Limits(LISTS_MAX, is_upload=is_upload)
    with serving_on(listening, desk_app(services_of(app, clock)), THREAD, limits):
        log.info(events.DESK_SERVED, listen=listen)
        if settings.desk.sign_in is None and sqlite_path(settings.database.url) is not None:
            announce(
                lambda: f"{LINK}: {settings.desk.base}{login_path(app, clock())}", f"{LINK}: {LINK_COMMAND}"
            )
        yield partial(thread_trouble, THREAD)


def _desk_bound(settings: Settings) -> socket:
    try:
        return bound(settings.desk.address)
    except OSError as error:
        remedy = "Give the desk an address of its own (port 0: any that is free), or stop what listens there."
        raise not_heard("desk.listen", settings.desk.listen, "the desk", error, remedy) from error


def login_path(app: App, now: datetime) -> str:
    """A new link that signs in once, with every role."""
    by = Actor("whosleft", logged_in(login_name()), login=login_and_host())
    secret = Access(app.store).make_login_link("console", ("approver", "auditor"), by, now, LOGIN_LINK_LIFE)
    return f"/login/{secret}"


def services_of(app: App, clock: Clock) -> Services:
    """The services that the desk's pages use."""
    settings, rules = app.settings, app.rules
    section = settings.desk.sign_in
    kinds = kinds_of(settings)
    with app.store.begin() as uow:
        key = signing_key(uow)
    return Services(
        store=app.store,
        desk=app.desk,
        identifying=app.identifying,
        holds=app.holds,
        approvals=app.approvals,
        assigned=app.assigned,
        attesting=app.attesting,
        conversations=app.conversations,
        reviewing=app.reviewing,
        reporting=app.reporting,
        census=app.census,
        declaring=app.declaring,
        controls=app.controls,
        keeps=app.keeps,
        replay=replay_of(app),
        taking_over=app.taking_over,
        pairs=app.pairs,
        silencing=app.silencing,
        advisories=app.advisories,
        sealing=app.sealing,
        audit=app.audit,
        languages=rules.languages,
        rules=rules.tickets,
        explainer=app.explainer,
        reaching=app.reaching,
        place=Place(
            rules.organisation, rules.timezone, settings.organisation.default_region, settings.desk.base
        ),
        clock=clock,
        situation=SharedSituation(lambda: situation(app.store, clock())),
        fresh_directories=rules.fresh_directories,
        fresh_inventories=rules.fresh_inventories,
        witnesses=app.witnesses,
        sources=(
            *((one.name, Port.DIRECTORY, kinds[one.name]) for one in settings.directories),
            *((one.name, Port.INVENTORY, kinds[one.name]) for one in settings.inventories),
        ),
        note_outage=partial(_note_outage, Repeats(), clock),
        key=key,
        sign_in=None if section is None else SignIn(section, settings.base_dir),
    )


def _note_outage(repeats: Repeats, clock: Clock, error: Exception) -> None:
    why = reason(error)
    if repeats.is_news(THREAD, why, clock()):
        log.error(events.DESK_UNAVAILABLE, error=why)
