"""The plain sections of the configuration: one model each, with a safe default for every key.

`worker.domain` decides what they mean; `worker.settings.model` turns them into its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
    computed_field,
    create_model,
    field_validator,
    model_validator,
)

from worker.app.jobs.table import JOBS
from worker.domain.kinds import KINDS
from worker.domain.model import AccountFacts
from worker.domain.people.joiners import PLACED_BY
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.verification import CLAIM_LIFE
from worker.domain.tickets.ticket import TicketKind
from worker.settings.fields import (
    Count,
    Duration,
    Email,
    HostAddress,
    Language,
    Listen,
    Name,
    Patterns,
    Period,
    Positive,
    Region,
    Share,
    Text,
    Timezone,
    WebAddress,
    at_least,
    host_and_port,
    listed,
)
from worker.settings.problems import Wrong, did_you_mean, nearest
from worker.settings.section import Section
from worker.settings.sign_in import SignInSection
from worker.settings.times import TimeOfDay

_SAID_OF_PEOPLE = frozenset(one.name for one in fields(AccountFacts))
_LEASE_MIN = timedelta(seconds=5)  # three renewals of a second each, and a slow commit


def _default(text: str, value: Any, **more: Any) -> Any:
    """A key with its default and its description in the schema."""
    return Field(default=value, description=text, **more)


class Organisation(Section):
    """Who this is about, and how local times, numbers and texts are meant."""

    name: Text = _default("The name that messages and pages show.", "our organisation")
    default_region: Region = _default(
        "The country of phone numbers that are written without one (ISO 3166).", "GB"
    )
    timezone: Timezone = _default(
        "The time zone of dates without one, and of the nightly pass (IANA).", "UTC"
    )
    language: Language = _default("The language of messages to people whose own is not known (BCP 47).", "en")


_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_DATABASE_REMEDY = "Write sqlite:///whosleft.db or postgresql+psycopg://user@host/name."


def _database_url(value: Any, info: ValidationInfo) -> Any:
    """Normalise the driver, and make a relative SQLite path start at the configuration's folder."""
    if not isinstance(value, str):
        return value
    scheme, separator, rest = value.partition("://")
    if scheme in {*_DRIVERS, *_DRIVERS.values()}:
        return _postgres_url(f"{_DRIVERS.get(scheme, scheme)}://{rest}")
    if scheme != "sqlite":
        is_other = separator and re.fullmatch(r"[a-z0-9+]+", scheme)
        said = (
            f"'{scheme}' is no kind of database that is supported" if is_other else "this is no database URL"
        )
        raise Wrong(said, _DATABASE_REMEDY)
    base_dir: Path | None = (info.context or {}).get("base_dir")
    return _sqlite_url(rest, base_dir)


def _sqlite_url(rest: str, base_dir: Path | None) -> str:
    path, question, query = rest.partition("?")
    if not path.startswith("/"):
        problem = "an SQLite URL has three slashes before the path of its file"
        raise Wrong(problem, "Write sqlite:///whosleft.db.")
    if path in {"/", "/:memory:"}:
        problem = "an SQLite database in memory forgets everything at each start"
        raise Wrong(problem, "Name a file: sqlite:///whosleft.db.")
    file = base_dir / path[1:] if base_dir else path[1:]
    return f"sqlite:///{file}{question}{query}"


def _postgres_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname, parts.port  # reading the port refuses a wrong one
    except ValueError:
        problem = "the host or port of the database URL cannot be read"
        raise Wrong(problem, "Percent-encode the special characters of the password.") from None
    if not (host[0] or "host=" in parts.query) or not parts.path.strip("/"):
        raise Wrong("the database URL lacks a host or the name of the database", _DATABASE_REMEDY)
    return url


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    account, at, host = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    hidden = f"{user}:***" if colon else user
    query = re.sub(r"(password=)[^&]*", r"\1***", parts.query)
    return urlunsplit(parts._replace(netloc=f"{hidden}{at}{host}", query=query)) if at or query else url


class Database(Section):
    """Where the state is kept."""

    # Complete: with the password, and with an absolute path. Neither repr nor a dump shows the password.
    url: Annotated[
        str,
        BeforeValidator(_database_url),
        PlainSerializer(_without_password, return_type=str),
        WithJsonSchema({"type": "string", "pattern": r"^(sqlite:///|postgres(ql)?(\+psycopg)?://|\$\{)"}),
    ] = _default(
        "sqlite:///FILE for one process, or postgresql+psycopg://… for any number of them.",
        "sqlite:///whosleft.db",
        repr=False,
        validate_default=True,
    )

    @computed_field(repr=False)  # type: ignore[prop-decorator]
    @property
    def password(self) -> SecretStr | None:
        """What `url` has of passwords, so that a dump with another one differs; None if it has none."""
        parts = urlsplit(self.url)
        found = [parts.password or "", *re.findall(r"password=([^&]*)", parts.query)]
        return SecretStr("&".join(found)) if any(found) else None


class Absent(Section):
    """When absence counts, for sources that cannot be asked about one person."""

    passes: Positive = _default("So many complete passes in a row without the person.", 3)
    over: Duration = _default("And at least so long from the first of them to the last.", timedelta(hours=48))


class Leaver(Section):
    """Which evidence makes a leaver."""

    disabled: bool = _default("The account is disabled, and the person not on long leave.", value=True)
    deleted: bool = _default("The account was deleted.", value=True)
    expired: bool = _default("The account's expiry date has passed.", value=True)
    leave_date: bool = _default("The last working day has passed.", value=True)
    moved_to_leavers_ou: bool = _default("The account lies in the leavers' OU.", value=True)
    absent: Absent = Field(default_factory=Absent)
    accounts: AccountsRule = _default(
        "Of somebody whom several directories know: either = it is enough that one says so; all = each must.",
        AccountsRule.EITHER,
    )
    erase_after: Period | None = _default(
        "Who left longer ago, is gone from the directory and is in no group is erased at night; null: nobody.",
        None,
    )


class Groups(Section):
    """What a group must have, and which groups are sensitive."""

    admins_min: Positive = _default(
        "A group that a leaver or a mover leaves with fewer active admins gets a ticket; others are not checked yet.",
        1,
    )
    admins_max: Positive = _default("More admins than this is shown.", 4)
    sensitive: Patterns = _default("Groups with the shorter time to act, by id, name or glob.", ())

    @model_validator(mode="after")
    def _max_is_not_below_min(self) -> Self:
        if self.admins_max < self.admins_min:
            problem = f"{self.admins_max} is less than admins_min, which is {self.admins_min}"
            raise Wrong(problem, f"Write {self.admins_min} or more.", at=("admins_max",))
        return self


class RemediateWhen(Section):
    """Where a machine may act: everything has to fit."""

    inventories: Annotated[
        Patterns, Field(description="Names of inventories whose source can remove members.")
    ]
    groups: Patterns = Field(default=("*",), description="Groups by id, name or glob.")
    kinds: Annotated[tuple[TicketKind, ...], BeforeValidator(listed)] = Field(
        description="The kinds of tickets that a machine may do."
    )

    @field_validator("inventories", "groups")
    @classmethod
    def _allow_something(cls, names: Patterns) -> Patterns:
        if not names:
            raise Wrong("this list is empty, so the rule allows nothing", 'Name some, or all: ["*"].')
        return names

    @field_validator("kinds")
    @classmethod
    def _are_for_machines(cls, kinds: tuple[TicketKind, ...]) -> tuple[TicketKind, ...]:
        possible = [code for code, kind in KINDS.items() if kind.deed is not None]
        for at, kind in enumerate(kinds):
            if kind not in possible:
                remedy = f"Kinds that a machine can do: {', '.join(possible)}."
                raise Wrong(f"{kind.value} is work for people", remedy, at=(at,))
        if not kinds:
            raise Wrong("this list is empty, so the rule allows nothing", f"Kinds: {', '.join(possible)}.")
        return kinds


class RemediateRule(Section):
    """Lets a machine do what a ticket asks. Never for a creator, a last admin or a guess, or while leavers are held."""

    name: Name = Field(description="Its name, in the journal of everything that it allowed.")
    when: RemediateWhen
    per_hour: Positive = _default("At most so many in any hour.", 20)


class JoinerRule(Section):
    """People whose attributes all fit belong in these groups.

    `when` is keyed by attribute: department, title, office, company, org_unit, country or timezone, or one that only
    a connector of somebody else's gives. A value is one glob or several, of which one must fit.
    """

    when: dict[Text, Patterns] = Field(description="Attribute: glob, or list of globs.")
    groups: Annotated[Patterns, Field(description="Groups by id, name or glob.")]

    @field_validator("when")
    @classmethod
    def _names_an_attribute(cls, when: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if not when:
            raise Wrong(
                "no attribute is named",
                'Write for example {department: Nursing}; for everybody {department: "*"}.',
            )
        for name in when:
            _is_to_place_by(name)
        empty = next((name for name, globs in when.items() if not globs), None)
        if empty is not None:
            raise Wrong("this list is empty, so nobody fits", 'Write "*" for any value.', at=(empty,))
        return when

    @field_validator("groups")
    @classmethod
    def _names_a_group(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        if not groups:
            raise Wrong("no group is named", "Name at least one, or delete the rule.")
        return groups


def _is_to_place_by(name: str) -> None:
    """Raise Wrong for what a directory says of people, but not where they belong, and for slips of the pen."""
    meant = nearest(name, PLACED_BY, alike=0.85)
    if name not in PLACED_BY and (meant or name in _SAID_OF_PEOPLE):
        raise Wrong("people are not placed by this", did_you_mean(name, PLACED_BY), at=(name,))


class Due(Section):
    """How long a ticket may take, in its policy's time."""

    default: Period = _default("Time to act on a ticket.", timedelta(hours=24))
    sensitive: Period = _default("Time to act where the group is sensitive.", timedelta(hours=4))


class Tickets(Section):
    """How long there is, and who answers for it."""

    due: Due = Field(default_factory=Due)
    accountable: Email | None = _default(
        "Who answers for tickets that nobody else can be given (e-mail).", None
    )
    claim_life: Period = _default(
        "A ticket that was marked done is open again when nothing could prove it for so long.", CLAIM_LIFE
    )


class Guard(Section):
    """Limits within `window`; over one of them, a person decides. null: off, announced."""

    leavers_max: Count | None = _default("So many new leavers of one source.", 25)
    leavers_share_max: Share | None = _default("This share of a source's active people.", 0.05)
    group_share_max: Share | None = _default("This share of one group's members.", 0.5)
    shrink_share_max: Share | None = _default("A source that shrank by more proves nothing.", 0.2)
    share_from: Positive = _default("Shares count from this many people on.", 5)
    window: Period = _default("The rolling window.", timedelta(hours=24))


class Fresh(Section):
    """Older is stale: shown red, and proves nothing. A source's own `stale_after` comes first."""

    directory: Period = _default("Longest age of a directory's last good read.", timedelta(hours=24))
    inventory: Period = _default("Longest age of an inventory's last good read.", timedelta(days=7))


if TYPE_CHECKING:  # a key for each job, which nobody asks for by its name
    _Intervals = Section
else:
    _Intervals = create_model(
        "_Intervals",
        __base__=Section,
        **{job.name: (Period, _default(job.text, job.every)) for job in JOBS.values()},
    )


class Schedule(_Intervals):
    """How often each job runs."""

    full: TimeOfDay = _default("The nightly full pass, in the organisation's time zone.", time(2, 30))
    lease: Annotated[Duration, at_least(_LEASE_MIN)] = _default(
        "How long a job is one process's own.", timedelta(seconds=30)
    )

    @property
    def every(self) -> Mapping[str, timedelta]:
        """Each job's interval, by its name."""
        return {name: getattr(self, name) for name in JOBS}


class Desk(Section):
    """The web desk."""

    url: HostAddress | None = _default("The address that links in messages start with; null: no links.", None)
    listen: Listen = _default("host:port that the desk listens on.", "127.0.0.1:8080")
    link_life: Period = _default("How long an assignee's link works.", timedelta(days=30))
    two_approvers_from: Positive = _default("A held plan this large needs two approvers.", 50)
    trust_by: bool = Field(
        default=False,
        description="Whether --by and --for name another person by themselves, where people share one account.",
    )
    sign_in: SignInSection | None = _default("How people sign in to the console; null: by login links.", None)

    @property
    def base(self) -> str:
        """The start of links, without a slash at the end; without `url` they work only on this machine."""
        return self.url or f"http://{self.listen}"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return host_and_port(self.listen)


class Ops(Section):
    """Health, metrics and traces of each process."""

    listen: Listen = _default("host:port of /healthz /readyz /statusz /metrics.", "127.0.0.1:9464")
    otlp: WebAddress | None = _default(
        "The address of an OpenTelemetry collector that takes OTLP over HTTP; null: no traces.", None
    )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return host_and_port(self.listen)
