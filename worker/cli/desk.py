"""desk: access to the desk: links that sign in to the console once, and tokens of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.text import Text

from worker.app.acts.access import SCOPES, THINGS, Access
from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    actor,
    clock_at,
    local_time,
    opened,
    out,
    print_facts,
    print_link,
    print_shape,
    shown_link,
    span_of,
)
from worker.contract.access import LoginLinkShape, RevokedShape, RotatedShape, TokenShape
from worker.desk.roles import DeskRole
from worker.domain.text.durations import format_duration
from worker.ports.state.access import LOGIN_LINK_LIFE

app = typer.Typer(no_args_is_help=True, help="Let people into the console, and programs to the API.")


def _scope(text: str) -> str:
    if text not in SCOPES:
        raise typer.BadParameter(f"there is no scope '{text}'; scopes are {', '.join(SCOPES)}")
    return text


@app.command()
def token(
    config: ConfigOption,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            parser=_scope,
            metavar="SCOPE",
            help=f"What it opens, again for more: {', '.join(THINGS)}, each with :read or :write.",
        ),
    ] = None,
    expires: Annotated[
        timedelta, typer.Option(parser=span_of, metavar="DURATION", help="How long it works: 90d.")
    ] = "90d",  # type: ignore[assignment]  # typer parses a default like typed text
    revoke: Annotated[str, typer.Option(metavar="ID", help="End this token instead, at once.")] = "",
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Make a token of the API, or end one. It is shown this once: keep it where secrets are kept."""
    at = clock_at(now)
    if bool(scope) == bool(revoke):
        raise typer.BadParameter("give one --scope or more, or one --revoke", param_hint="--scope")
    with opened(config, now) as worker:
        access = Access(worker.store)
        if revoke:
            access.revoke_token(revoke, actor(by, worker.settings), at, reason)
        else:
            made = access.make_token(scope or (), actor(by, worker.settings), at, expires, reason)
    if revoke:
        _say_revoked(revoke, json=json)
        return
    if json:
        print_shape(TokenShape.of(made))
        return
    out.print(Text(made.text), soft_wrap=True)
    print_facts([
        ("id", made.token.id),
        ("scopes", ", ".join(made.token.scopes)),
        ("expires", local_time(made.token.expires_at, worker.settings)),
    ])  # fmt: skip
    out.print(
        Text("It is not shown again. It ends at once with: whosleft desk token --revoke " + made.token.id)
    )


def _say_revoked(id_: str, *, json: bool) -> None:
    if json:
        print_shape(RevokedShape.of(id_))
    else:
        out.print(Text(f"The token {id_} opens nothing any more."))


@app.command("login-link")
def login_link(
    config: ConfigOption,
    role: Annotated[list[DeskRole], typer.Option(help="What they may do; again for more.")],
    for_: Annotated[
        str, typer.Option("--for", metavar="NAME", help="Who is let in; the journal names them so.")
    ],
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Make a link that signs somebody in to the console, once."""
    at = clock_at(now)
    name = " ".join(for_.split())
    if not name:
        raise typer.BadParameter("say who it is for", param_hint="--for")
    with opened(config, now) as worker:
        roles = [one.value for one in role]
        secret = Access(worker.store).make_login_link(
            name,
            roles,
            actor(by, worker.settings),
            at,
            LOGIN_LINK_LIFE,
            reason,
            is_believed=worker.settings.desk.trust_by,
        )
        path = f"/login/{secret}"
        url, settings = worker.settings.desk.base + path, worker.settings
    if json:
        print_shape(LoginLinkShape(url=url if shown_link(url, settings) == url else None, path=path))
        return
    print_link(url, settings)
    out.print(Text(f"It signs {name} in once, within {format_duration(LOGIN_LINK_LIFE)}."))


@app.command("rotate-key")
def rotate_key(
    config: ConfigOption,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="End the tokens of the API, too; of them only hashes are kept.")
    ] = False,
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Make the key anew that links are signed with, after somebody got a copy of the database.

    All links of assignees and to groups, login links and sessions end at once, at every desk.
    """
    at = clock_at(now)
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        ended = Access(worker.store).rotate_key(who, at, reason, with_tokens=tokens)
    if json:
        print_shape(RotatedShape.of(ended))
        return
    out.print(Text("There is a new key. Ended at once:"))
    kept = "" if tokens else "0 (a copy has only their hashes; --tokens ends them, too)"
    print_facts([
        ("assignees' links", f"of {ended.assignees_links} live tickets; the next message about each has a new one"),
        ("links to groups", str(ended.group_links)),
        ("login links", str(ended.login_links)),
        ("sessions", str(ended.sessions)),
        ("tokens of the API", kept or str(ended.tokens)),
    ])  # fmt: skip
