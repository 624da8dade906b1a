"""ServiceNow on loopback: the Table and Attachment APIs of one instance, as their documentation has them.

Held to `description.yaml`, made by hand from the documented parameters and codes. What the documentation says and
nobody expects is done as well: an invalid part of a query is ignored, the limit counts before access rules, unknown
fields are dropped from questions and from writes, journal fields have no value, and are shown joined.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fakes.graph.http import Reply, Request
from fakes.trackers.server import TrackerServer, answered
from openapi import OpenApi

USER, PASSWORD = "whosleft.svc", "now-password-0001"
DESCRIPTION = Path(__file__).parent / "description.yaml"
TABLE = re.compile(r"/api/now/v2/table/(?P<table>[a-z0-9_]+)(?:/(?P<sys_id>[^/]+))?")
CONDITION = re.compile(r"(?P<field>[a-z_]+)(?P<operator>=|IN)(?P<value>.*)", re.DOTALL)
STATES = {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"}
CODES = ("Solved (Permanently)", "Solved (Work Around)", "Not Solved (Not Reproducible)")
RESOLVED, CLOSED = "6", "7"
REFERENCES = {"assigned_to": "sys_user", "closed_by": "sys_user", "resolved_by": "sys_user"} | {
    "assignment_group": "sys_user_group"
}
JOURNALS = frozenset({"work_notes", "comments"})
TASK = {
    "sys_id", "number", "short_description", "description", "correlation_id", "correlation_display", "state",
    "assigned_to", "assignment_group", "sys_mod_count", "sys_created_on", "sys_updated_on", "sys_updated_by",
    "close_code", "close_notes", "resolved_by", "resolved_at", "closed_by", "closed_at", "category", *JOURNALS,
}  # fmt: skip
SCHEMA = {
    "incident": frozenset(TASK),
    "sys_user": frozenset({"sys_id", "user_name", "name", "email", "active"}),
    "sys_user_group": frozenset({"sys_id", "name", "active"}),
    "sys_user_grmember": frozenset({"sys_id", "group", "user"}),
    "sys_choice": frozenset({"sys_id", "name", "element", "value", "label", "inactive"}),
}
Record = dict[str, str]


class ServicenowServer(TrackerServer):
    """`tables` has the records, `journal` and `files` what was added to them.

    `unread`, `unwritten`: fields, as "incident.state", that access rules close to us without a word. `hidden`: records
    that they keep from us, `unread_of`: fields of one record, by its sys_id. `aborted`: what a business rule says to
    each new state. `mandatory`: a field that a data policy demands of each new record.
    """

    def __init__(self) -> None:
        super().__init__(OpenApi(DESCRIPTION))
        self.tables: dict[str, dict[str, Record]] = {name: {} for name in SCHEMA}
        self.journal: list[tuple[str, str, str]] = []  # sys_id, field, text
        self.files: list[dict[str, str]] = []
        self.unread: set[str] = set()
        self.unwritten: set[str] = set()
        self.hidden: set[str] = set()
        self.unread_of: set[tuple[str, str]] = set()
        self.aborted = ""
        self.mandatory = ""
        self.me = self.add("sys_user", user_name=USER, name="Whosleft", email="", active="true")
        for number, label in STATES.items():
            self.add(
                "sys_choice", name="incident", element="state", value=number, label=label, inactive="false"
            )
        for code in CODES:
            self.add(
                "sys_choice", name="task", element="close_code", value=code, label=code, inactive="false"
            )

    def add(self, table: str, **fields: str) -> str:
        """Add a record, and return its sys_id."""
        sys_id = f"{sum(map(len, self.tables.values())) + 1:032x}"
        self.tables[table][sys_id] = {"sys_id": sys_id, **fields}
        return sys_id

    def change(self, sys_id: str, by: str, **fields: str) -> None:
        """Somebody changes an incident. Who closed it before stays in it, which no documentation excludes."""
        record = self.tables["incident"][sys_id]
        at = self.tick().strftime("%Y-%m-%d %H:%M:%S")
        if fields.get("state") == RESOLVED:
            fields |= {"resolved_by": by, "resolved_at": at}
        if fields.get("state") in {CLOSED, "8"}:
            fields |= {"closed_by": by, "closed_at": at}
        record |= fields
        record |= {
            "sys_updated_by": self.tables["sys_user"][by]["user_name"],
            "sys_updated_on": at,
            "sys_mod_count": str(int(record["sys_mod_count"]) + 1),
        }

    def judge_request(self, contract: OpenApi, request: Request) -> None:
        if request.path != "/api/now/attachment/file":  # its body is no JSON
            super().judge_request(contract, request)

    def truth(self, request: Request) -> Reply:
        token = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {token}":
            return failed(401, "User Not Authenticated", "Required to provide Auth information")
        if request.headers.get("accept") != "application/json":
            return failed(400, "Bad Request", "Unsupported media type in Accept")
        if request.path.startswith("/api/now/attachment"):
            return self._attachment(request)
        match = TABLE.fullmatch(request.path)
        if match is None or match["table"] not in SCHEMA:
            return failed(400, "Invalid table", "")
        if request.method == "GET" and match["sys_id"] is None:
            return self._list(match["table"], request)
        if request.method == "POST":
            return self._make(match["table"], request)
        record = self.tables[match["table"]].get(match["sys_id"])
        if record is None or match["sys_id"] in self.hidden:
            return failed(
                404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"
            )
        if request.method == "PATCH":
            return self._patch(match["table"], record, request)
        return answered({"result": self._shown(match["table"], record, request)})

    def _list(self, table: str, request: Request) -> Reply:
        rows = self._found(table, request.query["sysparm_query"])
        limit, offset = int(request.query["sysparm_limit"]), int(request.query["sysparm_offset"])
        page = [row for row in rows[offset : offset + limit] if row["sys_id"] not in self.hidden]
        links = {"Link": f'<{self.url}{request.path}>;rel="next"'} if offset + limit < len(rows) else {}
        return answered({"result": [self._shown(table, row, request) for row in page]}, headers=links)

    def _found(self, table: str, query: str) -> list[Record]:
        rows = list(self.tables[table].values())
        for part in reversed(query.split("^")):
            if part.startswith("ORDERBY"):
                field = part.removeprefix("ORDERBYDESC").removeprefix("ORDERBY")
                rows.sort(key=lambda row: row.get(field, ""), reverse=part.startswith("ORDERBYDESC"))
        for part in query.split("^"):
            condition = CONDITION.fullmatch(part)
            if part.startswith("ORDERBY") or condition is None or not self._reads(table, condition["field"]):
                continue  # an invalid part is ignored
            values = [condition["value"]] if condition["operator"] == "=" else condition["value"].split(",")
            wanted = {value.casefold() for value in values}  # the database compares without case
            rows = [row for row in rows if row.get(condition["field"], "").casefold() in wanted]
        return rows

    def _reads(self, table: str, field: str) -> bool:
        return field in SCHEMA[table] and f"{table}.{field}" not in self.unread

    def _shown(self, table: str, record: Mapping[str, str], request: Request) -> dict[str, Any]:
        fields = request.query["sysparm_fields"].split(",")
        return {
            field: self._cell(table, record, field)
            for field in fields
            if self._is_shown(table, field)
            and (record["sys_id"], field.partition(".")[0]) not in self.unread_of
        }

    def _is_shown(self, table: str, field: str) -> bool:
        first, _, second = field.partition(".")
        return self._reads(table, first) and (
            not second or (first in REFERENCES and self._reads(REFERENCES[first], second))
        )

    def _cell(self, table: str, record: Mapping[str, str], field: str) -> dict[str, str]:
        first, _, second = field.partition(".")
        if first in JOURNALS:
            said = [
                text for ref, journal, text in self.journal if (ref, journal) == (record["sys_id"], first)
            ]
            shown = "".join(
                f"2026-11-24 09:00:00 - Whosleft (Work notes)\n{text}\n\n" for text in reversed(said)
            )
            return {"value": "", "display_value": shown}
        stored = record.get(first, "")
        if first in REFERENCES:
            other = self.tables[REFERENCES[first]].get(stored, {})
            text = other.get(second or "name", "")
            return {"value": text if second else stored, "display_value": text}
        return {"value": stored, "display_value": STATES.get(stored, stored) if first == "state" else stored}

    def _sent(self, table: str, request: Request) -> Record:
        """The fields of a write that are neither unknown nor closed to us."""
        body: dict[str, str] = json.loads(request.body)
        return {key: str(value) for key, value in body.items() if self._writes(table, key)}

    def _writes(self, table: str, field: str) -> bool:
        return field in SCHEMA[table] and f"{table}.{field}" not in self.unwritten

    def _make(self, table: str, request: Request) -> Reply:
        sent = self._sent(table, request)
        if self.mandatory and not sent.get(self.mandatory):
            return policy(self.mandatory)
        at = self.tick().strftime("%Y-%m-%d %H:%M:%S")
        number = f"INC{len(self.tables[table]) + 10001:07d}"
        fields = {"state": "1", "assigned_to": "", **sent, "number": number, "sys_mod_count": "0"}
        times = {"sys_created_on": at, "sys_updated_on": at, "sys_updated_by": USER}
        sys_id = self.add(table, **fields, **times)
        return answered({"result": self._shown(table, self.tables[table][sys_id], request)}, 201)

    def _patch(self, table: str, record: Record, request: Request) -> Reply:
        sent = self._sent(table, request)
        if "state" in sent and self.aborted:
            return failed(403, "Operation Failed", self.aborted)
        if sent.get("state") in {RESOLVED, CLOSED}:
            for field in ("close_code", "close_notes"):
                if not (sent.get(field) or record.get(field)):
                    return policy(field)
        notes = {field: sent.pop(field) for field in JOURNALS & sent.keys()}
        self.journal += [(record["sys_id"], field, text) for field, text in notes.items()]
        if notes or any(record.get(field, "") != text for field, text in sent.items()):
            self.change(record["sys_id"], self.me, **sent)
        return answered({"result": self._shown(table, record, request)})

    def _attachment(self, request: Request) -> Reply:
        if request.method == "GET":
            wanted = dict(part.split("=", 1) for part in request.query["sysparm_query"].split("^"))
            return answered({"result": [one for one in self.files if wanted.items() <= one.items()]})
        if not request.headers.get("content-type"):
            return failed(400, "Bad Request", "Content-Type is mandatory")
        query = request.query
        if query["table_sys_id"] not in self.tables[query["table_name"]]:
            return failed(404, "Parent record not found", "")
        made = {**query, "sys_id": f"{len(self.files):032x}", "size_bytes": str(len(request.body))}
        self.files.append(made)
        return answered({"result": made}, 201)


def failed(status: int, message: str, detail: str) -> Reply:
    return answered({"error": {"message": message, "detail": detail}, "status": "failure"}, status)


def policy(*fields: str) -> Reply:
    names = ", ".join(_labels(fields))
    text = f"Data Policy Exception: The following fields are mandatory: {names}"
    return failed(403, "Operation Failed", text)


def _labels(fields: Iterable[str]) -> list[str]:
    return [field.replace("_", " ").capitalize() for field in fields]
