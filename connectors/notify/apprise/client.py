"""Calls to Apprise, which is imported at the first one: it needs some 40 MB.

Its own ways are changed: no redirect is followed, nothing of its own name or pictures is sent, and it waits as long as
we say. Nothing that it logs gets out, since that may hold addresses.
"""

from __future__ import annotations

import logging
from types import ModuleType
from typing import Any

from connectors.kit.addresses import names_this_machine
from connectors.notify.apprise.mapping import Text, failure
from worker.ports import BadConfig

CONNECT_S, READ_S = 5, 15
WHOLE_S = 40  # then it is no longer waited for; a service that needs several requests takes a while
EXTRA = "pip install 'whosleft[apprise]'"


class Service:
    """One service, by the URL that addresses one recipient. Made anew for each message: it waits between two."""

    def __init__(self, url: str) -> None:
        """Raises BadConfig if Apprise is not there, or can't use the URL; the URL is in no error."""
        apprise = _apprise()
        asset = apprise.AppriseAsset(
            http_redirects=False,
            async_mode=False,
            secure_logging=True,
            app_id="Whosleft",
            app_desc="Whosleft",
            app_url="",
            image_url_mask=None,
            image_url_logo=None,
        )
        self._apprise = apprise
        self._found = _instance(apprise, url, asset)
        self._asset = asset
        self.name = str(self._found.service_name)

    def notify(self, text: Text) -> None:
        """Send once. Raises AuthFailed, Rejected, or Transient: then it may have been sent."""
        sender = self._apprise.Apprise(asset=self._asset)
        sender.add(self._found)
        with sender.notify(
            body=text.body,
            title=text.title,
            body_format=self._apprise.NotifyFormat.TEXT,
            timeout=WHOLE_S,
        ) as result:
            is_taken = bool(result)
            said = " ".join(str(entry.message) for entry in result.logs())
        if not is_taken:
            raise failure(f"{self.name} (Apprise)", said)


def version() -> str:
    """Apprise's version. Raises BadConfig if it is not there."""
    return str(_apprise().__version__)


def unsafe(url: str) -> str:
    """Say what forbids sending to a URL: it has no encryption, and is not of this machine.

    Empty if nothing does, or if nobody can tell: without Apprise, or for a URL that it can't read.
    """
    try:
        plugins: Any = _apprise().plugins
    except BadConfig:
        return ""
    parts = plugins.url_to_dict(url, secure_logging=True)
    if parts is None:
        return ""
    schema = parts["schema"]
    secure = plugins.N_MGR[schema].secure_protocol or ()
    is_secure = schema in ((secure,) if isinstance(secure, str) else secure)
    if is_secure or names_this_machine(str(parts.get("host") or "")):
        return ""
    return f"{schema}: sends without encryption, which is only for this machine; write {schema}s: if the service has it"


def _apprise() -> ModuleType:
    try:
        import apprise  # noqa: PLC0415  an extra, and heavy
    except ImportError as error:
        raise BadConfig("Apprise is not installed.", remedy=f"Install the extra: {EXTRA}") from error
    logger = logging.getLogger("apprise")  # its package gives it a handler that does nothing
    logger.propagate = False
    for one in (logger, logging.getLogger("urllib3")):
        one.setLevel(logging.WARNING)  # `notify` collects these; below them there are addresses and texts
    return apprise


def _instance(apprise: ModuleType, url: str, asset: Any) -> Any:
    plugins: Any = apprise.plugins
    parts = plugins.url_to_dict(url, secure_logging=True)
    if parts is None:
        raise BadConfig("Apprise can't read url.", remedy="See its page of the service at appriseit.com.")
    found = apprise.Apprise.instantiate({**parts, "cto": CONNECT_S, "rto": READ_S}, asset=asset)
    if found is None:
        raise BadConfig(
            "Apprise can't use url: a part is missing, or is of another form than the service wants.",
            remedy="See its page of the service at appriseit.com.",
        )
    return found
