"""ServiceNow's Table and Attachment APIs: one call is one request. Says what was answered, not what it means.

As the documentation of the Australia release has them. What is easy to get wrong there:

    an invalid part of a query is ignored, and rows are returned by the rest   -> the caller compares every row
    unknown fields are dropped, from what is asked and from what is sent       -> the caller looks whether each came
    the limit counts rows before access rules take some away                   -> an empty page is not the end
    403 is an access rule, a business rule or a data policy                    -> `error.detail` says which
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote

from connectors.kit.rest import Query, Raw, Refusal, Rest, Server
from connectors.kit.text import cut, one_line
from connectors.kit.tracker_rest import understood, written
from connectors.tracker.servicenow.config import ServicenowConfig
from worker.ports import ConnectorContext, PermissionDenied, Rejected

SERVICENOW = "ServiceNow"
PAGE = 100  # records; so many ids fit an address, too
DETAIL_MAX = 300
LOOK = "Look whether url, table and group are as they are there, and whether the account may read them."
MEND = "Set the fields that it names in fields or close, or mend that rule or policy."
NOT_FOUND = 404
Row = Mapping[str, Any]
_VALUE = re.compile(r"[^\^\s,]+")  # a caret would end it, and a comma is for lists
_NEXT = re.compile(r'<[^<>]*>;\s*rel="next"')
_BY_RULE = ("data policy", "aborted", "mandatory")


def plain(value: str) -> str:
    """Return a value that may stand in a query. Raises Rejected for any other."""
    if not _VALUE.fullmatch(value):
        raise Rejected(f"{value!r} can't be asked for in ServiceNow.", remedy="Remove ^, commas and spaces.")
    return value


def rest_of(config: ServicenowConfig, context: ConnectorContext) -> Rest:
    """Return the instance; nothing is connected yet."""
    secret = f"{config.user}:{config.password.get_secret_value()}".encode()
    server = Server(
        SERVICENOW,
        config.url,
        {"Authorization": f"Basic {b64encode(secret).decode()}", "Accept": "application/json"},
        config.requests_per_minute,
        config.tls.path(context.base_dir),
    )
    return Rest(server, context.now, context.sleep)


class ServicenowClient:
    """One instance."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def rows(
        self, table: str, query: str, fields: Sequence[str], what: str, *, at_most: int | None = None
    ) -> Iterator[Row]:
        """Yield the rows that ServiceNow returns for a query, page by page; they may be others than asked for."""
        offset = 0
        while True:
            page, has_more = self._page(table, query, fields, what, offset, at_most or PAGE)
            yield from page
            if not has_more or at_most:
                return
            offset += PAGE

    def _page(
        self, table: str, query: str, fields: Sequence[str], what: str, offset: int, limit: int
    ) -> tuple[list[Row], bool]:
        try:
            found, headers = self._rest.answered(
                "GET",
                f"/api/now/v2/table/{table}",
                what,
                query={
                    "sysparm_query": query,
                    "sysparm_limit": limit,
                    "sysparm_offset": offset,
                    **_shape(fields),
                },
            )
        except (Rejected, PermissionDenied) as error:
            _explain(error, is_read=True)
        rows: list[Row] = understood(SERVICENOW, what, lambda: [dict(row) for row in found["result"]])
        return rows, bool(_NEXT.search(headers.get("link", "")))

    def row(self, table: str, sys_id: str, fields: Sequence[str], what: str) -> Row | None:
        """Return one record; None if it is not there, or hidden from us."""
        try:
            found = self._rest.get(
                f"/api/now/v2/table/{table}/{quote(sys_id, safe='')}", what, _shape(fields)
            )
        except (Rejected, PermissionDenied) as error:
            if Refusal.behind(error).status == NOT_FOUND:
                return None
            _explain(error, is_read=True)
        return understood(SERVICENOW, what, lambda: dict(found["result"]))

    def create(self, table: str, record: Mapping[str, str], fields: Sequence[str], what: str) -> Row:
        """Make a record, and return what was made."""
        return self._write("POST", f"/api/now/v2/table/{table}", what, _shape(fields), dict(record))

    def change(
        self, table: str, sys_id: str, record: Mapping[str, str], fields: Sequence[str], what: str
    ) -> Row:
        """Change fields of a record, and return what it is then. Raises Rejected for one that is closed to us."""
        path = f"/api/now/v2/table/{table}/{quote(sys_id, safe='')}"
        return self._write_to_one("PATCH", path, what, _shape(fields), dict(record))

    def files(self, table: str, sys_id: str, name: str) -> list[Row]:
        """Return the files of a record that may have this name."""
        query = f"table_name={table}^table_sys_id={sys_id}"
        what = "the files of a record"
        found = self._rest.get("/api/now/attachment", what, {"sysparm_query": query, "sysparm_limit": PAGE})
        rows = understood(SERVICENOW, what, lambda: [dict(row) for row in found["result"]])
        return [row for row in rows if (row.get("table_sys_id"), row.get("file_name")) == (sys_id, name)]

    def attach(self, table: str, sys_id: str, name: str, data: bytes) -> Row:
        """Add a file to a record. Raises Rejected for one that is closed to us."""
        query = {"table_name": table, "table_sys_id": sys_id, "file_name": name}
        what = "a new file of a record"
        return self._write_to_one("POST", "/api/now/attachment/file", what, query, Raw(data))

    def _write_to_one(self, method: str, path: str, what: str, query: Query, body: Any) -> Row:
        try:
            return self._write(method, path, what, query, body)
        except PermissionDenied as error:  # of this one record: others may be open to us
            raise Rejected(error.message, remedy=error.remedy) from error.__cause__

    def _write(self, method: str, path: str, what: str, query: Query, body: Any) -> Row:
        try:
            found = written(self._rest, method, path, what, query=query, body=body)
        except (Rejected, PermissionDenied) as error:
            _explain(error, is_read=False)
        return understood(SERVICENOW, what, lambda: dict(found["result"]))


def _shape(fields: Sequence[str]) -> Query:
    return {
        "sysparm_fields": ",".join(fields),
        "sysparm_display_value": "all",
        "sysparm_exclude_reference_link": "true",
    }


def _explain(error: Rejected | PermissionDenied, *, is_read: bool) -> NoReturn:
    """Raise what the refusal's detail says, with what to do about a read, or about a write."""
    refusal = Refusal.behind(error)
    said = refusal.body.get("error") if isinstance(refusal.body, dict) else None
    detail = said.get("detail") if isinstance(said, dict) else None
    if not isinstance(detail, str) or not detail.strip():
        if is_read and isinstance(error, Rejected):
            raise Rejected(error.message, remedy=LOOK) from refusal
        raise error
    detail = cut(one_line(detail), DETAIL_MAX)
    message = f"{error.message.rstrip('.')}: {detail}"
    if isinstance(error, Rejected) or any(word in detail.casefold() for word in _BY_RULE):
        raise Rejected(message, remedy=LOOK if is_read else MEND) from refusal
    raise PermissionDenied(
        message, missing=detail, remedy="Give the account a role that may do it; see the README."
    ) from refusal
