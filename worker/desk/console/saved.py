"""Lists of tickets that somebody keeps under a name: kept, and forgotten."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.frame import back_to
from worker.desk.console.searching import search_path
from worker.desk.sessions import Guest
from worker.domain.text.reason import because
from worker.ports.state.saved_lists import SavedList

FIELDS = ("state", "kind", "view", "text", "opened", "verified", "due")  # of the search; a group is not kept
NAME_MAX, LISTS_MAX = 60, 30


def is_shown(saved: SavedList, fields: Mapping[str, str]) -> bool:
    """Whether a page with these fields is this list."""
    return all(saved.fields.get(name, "") == fields.get(name, "") for name in FIELDS)


def save(call: Call, guest: Guest) -> Response:
    """Keep the posted search under a name, or forget the list of that name. Raises Refused."""
    name = " ".join(call.text("name", NAME_MAX).split())
    if not name:
        raise Refused(because("Give the list a name."))
    account = guest.account
    if call.text("act") == "forget":
        with call.services.store.begin() as uow:
            uow.saved_lists.drop(account, name)
        return back_to("/tickets")
    fields = {field: call.text(field, 200) for field in FIELDS}
    with call.services.store.begin() as uow:
        others = [one for one in uow.saved_lists.of(account) if one.name != name]
        if len(others) >= LISTS_MAX:
            raise Refused(because("You have {n} lists: forget one first.", n=LISTS_MAX))
        uow.saved_lists.put(account, SavedList(name, fields), call.now)
    return back_to(search_path(call, "/tickets", fields))
