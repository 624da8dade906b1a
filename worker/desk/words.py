"""The pages' words for states, kinds and the like, as people read them in a table."""

from __future__ import annotations

from collections.abc import Mapping

from worker.domain.groups.pairing import Difference
from worker.domain.kinds import KINDS
from worker.domain.text.tongue import N_

WORDS: Mapping[str, Mapping[str, str]] = {
    "state": {
        "live": N_("live"),
        "open": N_("open"),
        "blocked": N_("blocked"),
        "done": N_("done"),
        "verified": N_("verified"),
        "cancelled": N_("cancelled"),
        "waived": N_("waived"),
        "all": N_("all"),
    },
    "kind": {code.value: kind.word for code, kind in KINDS.items()},
    "evidence": {
        "disabled": N_("account disabled"),
        "deleted": N_("account deleted"),
        "expired": N_("account expired"),
        "leave_date": N_("leave date passed"),
        "moved_out": N_("moved to the leavers' OU"),
        "absent_confirmed": N_("absent, confirmed"),
        "moved": N_("moved to another place"),
    },
    "standing": {"active": N_("active"), "leaving": N_("leaving"), "left": N_("left")},
    "role": {
        "member": N_("member"),
        "admin": N_("admin"),
        "creator": N_("creator"),
        "unknown": N_("unknown"),
    },
    "capability": {
        "sees_all_groups": N_("sees every group"),
        "sees_roles": N_("sees who is an admin"),
        "sees_join_times": N_("sees when members joined"),
        "can_remove": N_("can remove members"),
        "can_change_admin": N_("can change admins"),
        "creator_is_removable": N_("the creator can be removed, too"),
        "removal_is_asynchronous": N_("a removal takes effect later"),
        "is_kept_by_people": N_("is kept by people: proves with grade B at best"),
        "is_declared": N_("is declared by admins of the groups"),
    },
    "view": {
        "mine": N_("mine"),
        "unassigned": N_("unassigned"),
        "overdue": N_("overdue"),
        "sensitive": N_("sensitive"),
        "disputed": N_("disputed"),
        "reopened": N_("reopened"),
    },
    "coverage": {"full": N_("full"), "partial": N_("partial"), "stale": N_("stale")},
    "difference": {
        Difference.UNREGISTERED.value: N_("No register has this group."),
        Difference.NOT_SEEN.value: N_("No source that reads its messenger shows this group."),
        Difference.MEMBERS.value: N_("Not all of its sources list the same members."),
    },
    "link": {
        "linked": N_("linked"),
        "ambiguous": N_("ambiguous"),
        "unmatched": N_("unmatched"),
        "nobody": N_("nobody of the directory"),
    },
    "hold": {
        "held": N_("held"),
        "released": N_("released"),
        "rejected": N_("rejected"),
        "partly": N_("partly decided"),
    },
    "grade": {
        "A": N_("A: seen in the messenger itself"),
        "B": N_("B: shown by a list that people keep, or by a second person"),
        "C": N_("C: the closer's word"),
    },
    "part": {
        "asked": N_("asked out"),
        "waiting": N_("waiting for your decision"),
        "nobody": N_("nobody is asked"),
    },
    "unasked": {
        "waived": N_("waived"),
        "rejected": N_("the plan was rejected"),
        "unread": N_("the group can't be read"),
        "not_yet": N_("not looked at yet"),
    },
    "target": {
        "assignee": N_("assignee"),
        "admins": N_("admins of the group"),
        "owner": N_("owner of the group"),
        "manager": N_("manager"),
        "accountable": N_("accountable person"),
        "channel": N_("security channel"),
    },
    "post": {
        "all": N_("all"),
        "waiting": N_("waiting"),
        "held": N_("held back"),
        "sent": N_("sent"),
        "dead": N_("dead"),
    },
    "silence": {"on": N_("on"), "to come": N_("to come"), "over": N_("over")},
    "handle": {
        "phone": N_("Phone number"),
        "email": N_("E-mail address"),
        "employee": N_("Employee id"),
        "username": N_("User name"),
        "native": N_("Id in the messenger"),
    },
    "via": {
        "link": N_("by the link"),
        "console": N_("in the console"),
        "api": N_("through the API"),
        "command": N_("by a command"),
    },
    "port": {"directory": N_("directory"), "inventory": N_("inventory")},
}
