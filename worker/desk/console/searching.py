"""Searches in addresses, so that back, reload, bookmarks and sharing work: encrypted, since a search has names.

form posted -> address with ?q=… -> redirect -> the same fields, read back from the address
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.datastructures import FormData

from worker.desk.calls import Call
from worker.desk.forms import FIELD
from worker.desk.refs import NoSuchReference, reference, resolve

PARAMETER = "q"
FIELD_MAX = 2500  # characters of one field: the place of a next page, at its longest


def search_path(call: Call, path: str, fields: Mapping[str, object]) -> str:
    """The address of a list with these fields filled in; empty ones are left out."""
    given = {name: str(value)[:FIELD_MAX] for name, value in fields.items() if value not in (None, "")}
    if not given:
        return path
    text = json.dumps(given, ensure_ascii=False, sort_keys=True)
    return f"{path}?{PARAMETER}={reference(call.services.key, _kind(path), (text, ''))}"


def posted(call: Call) -> dict[str, object]:
    """The fields of the search form that was sent."""
    return {name: value for name, value in call.form.items() if name != FIELD and isinstance(value, str)}


def asked(call: Call) -> FormData:
    """The fields of the search in this address; none if it has none. Raises NoSuchReference for one not made here."""
    text = call.request.query_params.get(PARAMETER, "")
    if not text:
        return FormData()
    try:
        fields = json.loads(resolve(call.services.key, _kind(call.request.url.path), text)[0])
    except ValueError:
        raise NoSuchReference from None
    return FormData(fields)


def _kind(path: str) -> str:
    """What binds a reference to its list, so that one list's search is no other's."""
    return f"search {path}"
