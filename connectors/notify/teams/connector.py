"""`TeamsNotifier`: posts cards to one channel, through a workflow.

The workflow's 202 means that the card is queued. Whether it is shown, nobody tells: the next step of a ticket comes by
its time, whatever was answered.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx2

from connectors.kit.http import Posted, failure, new_client, post, retry_after_s, trusting
from connectors.kit.rest import Pace
from connectors.notify.teams.config import TeamsConfig
from connectors.notify.teams.mapping import render, takes
from worker.domain.messages.message import Message
from worker.ports import Abilities, BadConfig, CheckResult, ConnectorContext, Passive, Receipt, Transient

READ_S = 30.0
PER_MINUTE = 60  # one a second; Teams takes about four
QUEUED, OK_MAX, MOVED_MAX = 202, 299, 399
NOWHERE = frozenset({404, 405, 410})
MAKE_ANOTHER = (
    "Look in Teams whether the workflow is there and switched on, else make another; see the README."
)


class TeamsNotifier(Passive):
    """Reaches one channel and no person; one way, without updates, threads or a look at what arrived."""

    can = Abilities(TeamsConfig.reaching)

    def __init__(self, config: TeamsConfig, context: ConnectorContext) -> None:
        self._config = config
        self._context = context
        self._pace = Pace(PER_MINUTE, burst=1)
        self._client: httpx2.Client | None = None

    @property
    def name(self) -> str:
        return self._context.name

    def takes(self, message: Message) -> int:
        return takes(message, self._language(message))

    def send(self, message: Message) -> Receipt:
        """Post one card. The receipt says no more than that it was queued."""
        body = render(message, self._language(message))
        if wait_s := self._pace.take():
            self._context.sleep(wait_s)
        posted = post(
            self._connected(), self._host, self._config.url, body, {"content-type": "application/json"}
        )
        self._judge(posted)
        return Receipt("queued")

    def find(self, message: Message) -> Receipt | None:
        """Always None: a channel can't be read through a workflow."""
        return None

    def check(self) -> CheckResult:
        """Say that nothing can be checked without posting."""
        return CheckResult(
            ok=True,
            message=f"posts to one channel through {self._host}; whether that works can't be seen without posting: "
            f"whosleft notify test {self.name}. The workflow is a person's, and ends with their account: let it be "
            "a service account's, with a second owner",
        )

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _language(self, message: Message) -> str:
        return message.to.language or self._context.language

    @property
    def _host(self) -> str:
        return urlsplit(self._config.url.get_secret_value()).hostname or ""

    def _connected(self) -> httpx2.Client:
        if self._client is None:
            self._client = new_client(READ_S, trusting(None))
        return self._client

    def _judge(self, posted: Posted) -> None:
        status = posted.status
        if status == QUEUED or (status <= OK_MAX and not _is_page(posted)):
            return
        if status <= OK_MAX:
            raise Transient(
                f"{self._host} answered with a web page ({status}): that is no workflow.",
                remedy="Check `url`, and a proxy or a sign-in page on the way; it is tried again.",
            )
        if status <= MOVED_MAX or status in NOWHERE:
            raise BadConfig(
                f"{self._host} answered {status}: there is no such workflow.", remedy=MAKE_ANOTHER
            )
        wait_s = retry_after_s(posted.headers, self._context.now())
        raise failure(f"{self._host} (Teams)", status, posted.said, wait_s)


def _is_page(posted: Posted) -> bool:
    """True of HTML, such as a proxy's page or one to sign in."""
    return "text/html" in posted.headers.get("content-type", "").casefold() or posted.said.lstrip(
        "\ufeff "
    ).startswith("<")


def build(config: TeamsConfig, context: ConnectorContext) -> TeamsNotifier:
    """Make the notifier; no I/O."""
    return TeamsNotifier(config, context)
