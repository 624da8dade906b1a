"""Evidence in words, once for each place in a text where it stands."""

from __future__ import annotations

from worker.domain.model import Evidence
from worker.domain.text.tongue import N_

# In a list or a table
EVIDENCE_BRIEFLY = {
    Evidence.DISABLED: N_("account disabled"),
    Evidence.DELETED: N_("account deleted"),
    Evidence.EXPIRED: N_("account expired"),
    Evidence.LEAVE_DATE: N_("leave date passed"),
    Evidence.MOVED_OUT: N_("moved to the leavers' OU"),
    Evidence.ABSENT_CONFIRMED: N_("absent, confirmed"),
    Evidence.MOVED: N_("moved to another place"),
}

# In a sentence about one account
EVIDENCE_SAYS = {
    Evidence.DISABLED: N_("the account is disabled"),
    Evidence.DELETED: N_("the account was deleted"),
    Evidence.EXPIRED: N_("the account has expired"),
    Evidence.LEAVE_DATE: N_("the leave date has passed"),
    Evidence.MOVED_OUT: N_("moved to the leavers' unit"),
    Evidence.ABSENT_CONFIRMED: N_("no longer in the directory"),
    Evidence.MOVED: N_("moved within the organisation"),
}

# As what the people of a held plan have in common
EVIDENCE_SHARED = {
    Evidence.DISABLED: N_("accounts disabled"),
    Evidence.DELETED: N_("accounts deleted"),
    Evidence.EXPIRED: N_("accounts expired"),
    Evidence.LEAVE_DATE: N_("leave date passed"),
    Evidence.MOVED_OUT: N_("moved to the leavers' unit"),
    Evidence.ABSENT_CONFIRMED: N_("no longer in the directory"),
    Evidence.MOVED: N_("moved within the organisation"),
}

# As a sentence of its own, with the day
EVIDENCE_ON_DAY = {
    Evidence.DISABLED: N_("{person} has left: the account was disabled on {day}."),
    Evidence.DELETED: N_("{person} has left: the account was deleted on {day}."),
    Evidence.EXPIRED: N_("{person} has left: the account ended on {day}."),
    Evidence.LEAVE_DATE: N_("{person} has left: the last day was {day}."),
    Evidence.MOVED_OUT: N_("{person} has left: on the list of leavers since {day}."),
    Evidence.ABSENT_CONFIRMED: N_("{person} has left: no longer in the staff directory since {day}."),
    Evidence.MOVED: N_(
        "{person} moved to another place on {day} and does not belong in this group any more."
    ),
}
