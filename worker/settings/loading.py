"""Turn a file into settings, or into all of its problems at once.

read_document -> resolve references -> find written-out secrets -> Settings -> each entry by its connector's model
-> find names that clash
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from worker.domain.controls.consent import folded
from worker.domain.escalation.policy import Named, NamedKind, Target, Whom
from worker.domain.escalation.rota import holes
from worker.ports import Port, Reach
from worker.settings.connectors import ENTRIES, SECTIONS, ConnectorEntry, revealed
from worker.settings.document import Document, PlacedDict, Position, read_document
from worker.settings.explain import Described, explain
from worker.settings.fields import host_and_port
from worker.settings.literals import literal_secrets, secret_paths
from worker.settings.model import Settings
from worker.settings.problems import KeyPath, SettingsError, SettingsProblem, Wrong, did_you_mean, shown
from worker.settings.references import resolve
from worker.settings.times import WEEKDAYS

Kinds: TypeAlias = Mapping[Port, Mapping[str, type[BaseModel]]]
_EVERY_HOST = {"0.0.0.0", "::"}  # noqa: S104  what these stand for
AnyModel = TypeVar("AnyModel", bound=BaseModel)

_CALLED = {
    Port.DIRECTORY: "directory",
    Port.INVENTORY: "inventory",
    Port.NOTIFY: "notifier",
    Port.ADVISORIES: "feed",
    Port.TRACKER: "tracker",
}


def load(path: Path | str, *, kinds: Kinds | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read and check one configuration file.

    `kinds` has the model of each connector's keys by port and kind; only those that the file names are looked up,
    so a mapping may import them late. Without it, kinds and their keys are not checked. `${env:…}` reads `env`, by
    default the process's own. Relative paths start from the file's folder.

    Raises SettingsError with every problem, by line. Reads only; a second call reads the files again.
    """
    settings, problems = _read(Path(path), kinds, os.environ if env is None else env)
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def load_changed(
    path: Path | str, changes: Path, *, kinds: Kinds | None = None, env: Mapping[str, str] | None = None
) -> Settings:
    """As `load`, with the sections that another file has in place of the configuration's own.

    The other file may be a part of a configuration or a whole one; problems are named by its lines.
    """
    known = os.environ if env is None else env
    base, problems = read_document(Path(path))
    problems += resolve(base, known)
    if not isinstance(base.data, dict):
        raise SettingsError([*problems, *_validated(Settings, base.data, Described(base, Settings))[1]])
    document, found = read_document(changes)
    found += resolve(document, known)
    found += literal_secrets(document, set(_secret_paths(document, kinds)))
    data = document.data
    merged = {**base.data, **data} if isinstance(data, dict) else data
    settings, wrong = _validated(Settings, merged, Described(document, Settings), {"base_dir": base.base_dir})
    problems += [*found, *wrong, *_wrong_options(document, kinds), *_name_clashes(document)]
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def problems_in(
    path: Path | str, *, kinds: Kinds | None = None, env: Mapping[str, str] | None = None
) -> tuple[SettingsProblem, ...]:
    """The problems for which `load` would refuse the file, by line; empty if it can be used."""
    try:
        load(path, kinds=kinds, env=env)
    except SettingsError as error:
        return error.problems
    return ()


def warnings_in(path: Path | str, *, kinds: Kinds | None = None) -> tuple[SettingsProblem, ...]:
    """What is odd in a file that `load` takes, by line.

    Those are rotas in whose own pattern nobody is on call at times, and, if `kinds` says what notifiers reach, that
    nobody is told what reaches nobody else.
    """
    settings, document = load(path), read_document(Path(path))[0]
    resolve(document, os.environ)
    return (*_holes(document, settings), *_untold(document, kinds or {}, settings))


def _holes(document: Document, settings: Settings) -> Iterator[SettingsProblem]:
    for number, rota in enumerate(settings.rota_rules().rotas.values()):
        if lacking := holes(rota):
            zone = ZoneInfo(rota.timezone)
            since, until = (
                _in_the_week(at.astimezone(zone)) for at in (lacking[0].from_at, lacking[0].until_at)
            )
            more = ", among other times" if len(lacking) > 1 else ""
            at = ("rotas", number, "layers")
            message, remedy = (
                f"nobody is on call from {since} until {until}{more}",
                "Add a layer that has somebody.",
            )
            yield document.problem(at, document.value_mark(at), message, remedy)


def _untold(document: Document, kinds: Kinds, settings: Settings) -> Iterator[SettingsProblem]:
    """One, if nobody is accountable and no notifier reaches a channel; without notifiers, the console has all."""
    reaching, at = _reaching(document, kinds), ("notify",)
    may_reach = any(of is None or Reach.CHANNEL in of for of, _ in reaching.values())
    if settings.tickets.accountable or may_reach or not reaching:
        return
    are_alarms = set(settings.watch.alarms.to) <= {Target.CHANNEL, Target.ACCOUNTABLE}
    whom = "nobody, alarms included" if are_alarms else "nobody"
    message, remedy = (
        f"tickets.accountable is not set, nor a channel of any notifier: what reaches nobody else is told to {whom}",
        "Name somebody in tickets.accountable, or give a notifier a channel.",
    )
    yield document.problem(at, document.key_mark(at), message, remedy)


def _in_the_week(at: datetime) -> str:
    return f"{WEEKDAYS[at.weekday()]} {at:%H:%M}"


def connector_options(entry: ConnectorEntry, model: type[AnyModel]) -> AnyModel:
    """An entry's own keys as its connector's model. Raises SettingsError as `load` does."""
    place = entry.place or Position(Document(f"entry '{entry.name}'", Path()), ())
    options, problems = _validated(
        model, revealed(entry.options), Described(place.document, model, place.path)
    )
    if options is None:
        raise SettingsError(problems)
    return options


def _read(
    path: Path, kinds: Kinds | None, env: Mapping[str, str]
) -> tuple[Settings | None, list[SettingsProblem]]:
    document, problems = read_document(path)
    problems += resolve(document, env)
    problems += literal_secrets(document, set(_secret_paths(document, kinds)))
    context = {"base_dir": document.base_dir}
    settings, found = _validated(Settings, document.data, Described(document, Settings), context)
    problems += [*found, *_wrong_options(document, kinds), *_name_clashes(document)]
    return settings, [*problems, *(_dangling(document, kinds, settings) if kinds is not None else ())]


def _validated(
    model: type[AnyModel], data: Any, subject: Described, context: dict[str, Any] | None = None
) -> tuple[AnyModel | None, list[SettingsProblem]]:
    """The model or its problems. pydantic's error is not passed on, since it has the values, including secrets."""
    try:
        return model.model_validate(data, context=context), []
    except ValidationError as error:
        return None, explain(error, subject)


def _entries(document: Document) -> Iterator[tuple[Port, PlacedDict]]:
    for section, port in SECTIONS.items():
        entries = document.at(section)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, PlacedDict):
                yield port, entry


def _secret_paths(document: Document, kinds: Kinds | None) -> Iterator[KeyPath]:
    yield from secret_paths(Settings, document.data)
    for port, entry in _entries(document):
        known = {} if kinds is None else kinds.get(port, {})
        model = known.get(str(entry.get("kind")))
        if model is not None:
            yield from secret_paths(model, entry, entry.place.path)


def _wrong_options(document: Document, kinds: Kinds | None) -> list[SettingsProblem]:
    return (
        []
        if kinds is None
        else [p for port, e in _entries(document) for p in _wrong_entry(document, port, e, kinds)]
    )


def _wrong_entry(document: Document, port: Port, entry: PlacedDict, kinds: Kinds) -> list[SettingsProblem]:
    kind, at = entry.get("kind"), (*entry.place.path, "kind")
    known = kinds.get(port, {})
    if not isinstance(kind, str) or at in document.unresolved:
        return []
    if kind not in known:
        message = f"{document.labels.get(at) or shown(kind)} is no kind of {_CALLED[port]}"
        remedy = did_you_mean(kind, known, what="Valid kinds")
        return [document.problem(at, document.value_mark(at), message, remedy)]
    model = known[kind]
    common = ENTRIES[port].COMMON
    options = {key: value for key, value in entry.items() if key not in common}
    return _validated(model, options, Described(document, model, entry.place.path, common))[1]


def _dangling(document: Document, kinds: Kinds, settings: Settings | None) -> list[SettingsProblem]:
    """Problems of names and addresses whose meaning only the connectors' own models know."""
    found = [*_wrong_reply_source(document, kinds), *_unread_numbers(document, kinds)]
    if settings is None:
        return found
    return [*found, *_shared_ports(document, kinds, settings), *_unreaching(document, kinds, settings)]


def _unreaching(document: Document, kinds: Kinds, settings: Settings) -> Iterator[SettingsProblem]:
    """Problems of steps over notifiers of which none can reach one of those whom the step tells.

    A notifier whose model doesn't say what it reaches may reach anybody.
    """
    reaching = _reaching(document, kinds)
    for number, policy in enumerate(settings.escalation.policies):
        for place, step in enumerate(policy.steps):
            at = ("escalation", "policies", number, "steps", place, "via")
            if any(reaching.get(name, (None, ()))[0] is None for name in step.via):
                continue
            for whom in step.to if step.via else ():
                able = [name for name, of in reaching.items() if of[0] and _can_reach(of[0], of[1], whom)]
                if not set(able) & set(step.via):
                    message = f"none of these notifiers reaches {whom}"
                    remedy = f"One that does: {', '.join(able)}." if able else "Add one that does to notify."
                    yield document.problem(at, document.value_mark(at), message, remedy)


def _reaching(document: Document, kinds: Kinds) -> dict[str, tuple[frozenset[Reach] | None, frozenset[str]]]:
    """By notifier, what it reaches (None: its model doesn't say), and the names of its channels."""
    found: dict[str, tuple[frozenset[Reach] | None, frozenset[str]]] = {}
    for port, entry in _entries(document):
        if port is Port.NOTIFY:
            options = _options(document, port, entry, kinds)
            named = frozenset(getattr(options, "channels", ()))
            found[str(entry.get("name"))] = getattr(options, "reaching", None), named
    return found


def _can_reach(reaches: frozenset[Reach], channels: frozenset[str], whom: Whom) -> bool:
    if isinstance(whom, Named) and whom.kind is NamedKind.CHANNEL:
        return whom.name in channels
    return bool(reaches & ({Reach.CHANNEL} if whom is Target.CHANNEL else {Reach.EMAIL, Reach.PHONE}))


def _shared_ports(document: Document, kinds: Kinds, settings: Settings) -> Iterator[SettingsProblem]:
    """Problems of connectors that are to listen where nobody can, or another one does, or health and metrics.

    The desk is left out: it may run in a process of its own.
    """
    taken = [("ops", settings.ops.address)]
    for port, entry in _entries(document):
        for key, option in _options(document, port, entry, kinds) or ():
            listen = getattr(option, "listen", None)
            if not isinstance(listen, str):
                continue
            at = (*entry.place.path, key, "listen")
            mark = document.values.get(at) or document.key_mark(at[:-1])
            try:
                here = host_and_port(listen)
            except Wrong as wrong:  # connectors' models take more
                yield document.problem(at, mark, wrong.message, wrong.remedy)
                continue
            others = (name for name, address in taken if _overlap(address, here))
            if (other := next(others, None)) is not None:
                message = f"{other} listens on port {here[1]}, too"
                yield document.problem(at, mark, message, "Give each a port of its own.")
            taken.append((str(entry.get("name")), here))


def _overlap(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Whether only one of two can listen; port 0 is any that is free."""
    return one[1] == other[1] != 0 and (one[0] == other[0] or bool({one[0], other[0]} & _EVERY_HOST))


def _options(document: Document, port: Port, entry: PlacedDict, kinds: Kinds) -> BaseModel | None:
    """An entry's own keys as its connector's model; None if that is not known, or they are wrong."""
    model = kinds.get(port, {}).get(str(entry.get("kind")))
    if model is None:
        return None
    common = ENTRIES[port].COMMON
    options = {key: value for key, value in entry.items() if key not in common}
    return _validated(model, options, Described(document, model, entry.place.path, common))[0]


def _unread_numbers(document: Document, kinds: Kinds) -> list[SettingsProblem]:
    """Problems of private numbers in attributes that no directory reads; none if one doesn't say what it reads."""
    read: dict[str, str] = {}
    for port, entry in _entries(document):
        if port is not Port.DIRECTORY:
            continue
        names = _phone_attributes(document, entry, kinds)
        if names is None:
            return []
        read |= {folded(name): name for name in names}
    at = ("controls", "consent", "private")
    written = document.at(at)
    private = list(enumerate(written)) if isinstance(written, list) else [(None, written)]
    return [
        document.problem(
            place,
            document.value_mark(place),
            f"no directory reads numbers from {shown(name)}",
            did_you_mean(name, read.values(), what="They are read from"),
        )
        for number, name in private
        if isinstance(name, str) and read and folded(name) not in read
        for place in [at if number is None else (*at, number)]
    ]


def _phone_attributes(document: Document, entry: PlacedDict, kinds: Kinds) -> tuple[str, ...] | None:
    """The attributes from which a directory reads numbers; None if its model doesn't say, or its keys are wrong."""
    options = _options(document, Port.DIRECTORY, entry, kinds)
    found: tuple[str, ...] | None = getattr(options, "phone_attributes", None)
    return found


def _wrong_reply_source(document: Document, kinds: Kinds) -> list[SettingsProblem]:
    """The problem of automatic replies that are to come from a directory without mailboxes."""
    at = ("absences", "automatic_replies")
    name, known = document.at(at), kinds.get(Port.DIRECTORY, {})
    has = {
        str(entry.get("name")): getattr(known.get(str(entry.get("kind"))), "has_mailboxes", False)
        for port, entry in _entries(document)
        if port is Port.DIRECTORY
    }
    if has.get(str(name), True):
        return []
    able = ", ".join(str(one) for one in has if has[one])
    remedy = f"Name one that has: {able}." if able else "Write null."
    return [
        document.problem(at, document.value_mark(at), f"the directory {shown(name)} has no mailboxes", remedy)
    ]


def _name_clashes(document: Document) -> list[SettingsProblem]:
    """Problems for repeated names. Names are unique over all lists: ids and `check` use them."""
    problems = []
    lines: dict[str, int] = {}
    for _, entry in _entries(document):
        name, at = entry.get("name"), (*entry.place.path, "name")
        if not isinstance(name, str) or at in document.unresolved:
            continue
        mark = document.value_mark(at)
        if name in lines:
            label = document.labels.get(at) or shown(name)
            message = f"{label} is the name of the entry in line {lines[name]}, too"
            problems.append(document.problem(at, mark, message, "Give this one another name."))
        lines.setdefault(name, mark.line)
    return problems
