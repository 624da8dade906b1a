"""The command line: puts the commands together and turns errors into exit codes.

0 done; 1 it ran and something failed; 2 the call or the configuration is wrong.
"""

from __future__ import annotations

import re
import sys
import traceback
from importlib.metadata import version as distribution_version
from typing import NoReturn

import typer
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from worker.app.refused import Refused
from worker.cli import (
    advisories,
    attest,
    audit,
    census,
    desk,
    escalation,
    evidence,
    files,
    lookups,
    notify,
    plans,
    replay,
    report,
    review,
    rotas,
    telling,
    tickets,
    trackers,
    working,
)
from worker.cli.common import err, out
from worker.cli.connectors import WithConnectors
from worker.demo.command import demo
from worker.domain.text.steering import visible
from worker.ops.ending import leave
from worker.ops.terminal import discard_output, prepare_streams
from worker.ports import ConnectorError
from worker.settings import SettingsError
from worker.storage.sql.errors import NO_ROOM, StorageError, trouble_of

_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # the bytes of a call that Python could not read

app = typer.Typer(
    name="whosleft",
    cls=WithConnectors,
    help="Who has left the company, and is still in its chat groups?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo)
app.command()(working.run)
app.command()(working.once)
app.command()(working.plan)
app.command()(working.check)
app.command()(replay.replay)
app.add_typer(tickets.app, name="tickets")
app.add_typer(plans.app, name="plans")
app.add_typer(lookups.people, name="people")
app.add_typer(lookups.groups, name="groups")
app.add_typer(lookups.links, name="links")
app.add_typer(escalation.escalation, name="escalation")
app.add_typer(telling.silence, name="silence")
app.add_typer(telling.deliveries, name="deliveries")
app.add_typer(notify.app, name="notify")
app.add_typer(rotas.rota, name="rota")
app.add_typer(attest.app, name="attest")
app.add_typer(review.app, name="review")
app.add_typer(advisories.app, name="advisories")
app.add_typer(trackers.app, name="trackers")
app.add_typer(evidence.app, name="evidence")
app.add_typer(census.app, name="census")
app.add_typer(report.app, name="report")
app.add_typer(audit.app, name="audit")
app.add_typer(desk.app, name="desk")
app.command()(working.migrate)
app.add_typer(files.config, name="config")


@app.command()
def version() -> None:
    """Print the version."""
    out.print(Text(distribution_version("whosleft")))


def run() -> None:
    """Run the command line and exit."""
    prepare_streams()
    try:
        _run()
    except SystemExit as ended:
        leave(ended.code if isinstance(ended.code, int) else 0)  # a job may still wait for its source
        raise


def _run() -> None:
    try:
        app()
    except SettingsError as error:
        _fail(str(error), 2)
    except (Refused, ConnectorError, StorageError) as error:
        _fail(str(error), 1)
    except DBAPIError as error:
        trouble = trouble_of(error)
        if trouble is None:
            _fail_by_fault()
        _fail(f"The database can't be used: {trouble.words}", 1)
    except UnicodeEncodeError:
        if not _NOT_UTF8.search(" ".join(sys.argv)):
            _fail_by_fault()
        _fail("The call has letters that are not UTF-8. Set the terminal to UTF-8, and write it again.", 2)
    except Exception as error:  # noqa: BLE001  a fault of ours, shown as Python does; its text may quote a stranger's
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            discard_output()
            _fail(f"What the command has to say can't be written: {error.strerror}.", 1)
        _fail_by_fault()


def _fail_by_fault() -> NoReturn:
    sys.stderr.write(visible(traceback.format_exc()))
    sys.exit(1)


def _fail(text: str, code: int) -> None:
    err.print(Text(text, style="red"))
    sys.exit(code)
