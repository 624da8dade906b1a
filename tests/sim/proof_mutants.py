"""Workers that take for proof what is none, or that keep no proof of what they did: claims, the journal, ages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import worker.app.jobs.verify
import worker.storage.journal
from sim.breaking import Mutant
from worker.app.jobs.directory_pass import DirectoryPass
from worker.domain.evidence.journal import GENESIS
from worker.domain.reconcile.verification import Verdict, Verification
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Grade, TicketState

_VERIFY = worker.app.jobs.verify


# --- 4: claims ----------------------------------------------------------------------------------------


def _takes_their_word(original: Any) -> Any:
    def weigh(ticket: Any, sight: Any, *rest: Any) -> Verification:
        if ticket.state is TicketState.DONE:
            return Verification(Verdict.VERIFIED, Reason("they say so"))
        opinion: Verification = original(ticket, sight, *rest)
        return opinion

    return weigh


def _believes_old_lists(original: Any) -> Any:
    """As it was: whom a list still has that was read after the claim, whatever its date, is still there."""

    def weigh(ticket: Any, sight: Any, *rest: Any) -> Verification:
        seen = replace(sight, taken_at=sight.read_at) if sight else None
        opinion: Verification = original(ticket, seen, *rest)
        return opinion

    return weigh


def _calls_lists_the_messenger(original: Any) -> Any:
    def weigh(*args: Any) -> Verification:
        opinion: Verification = original(*args)
        return replace(opinion, grade=Grade.A) if opinion.grade is Grade.B else opinion

    return weigh


def _never_objects(original: Any) -> Any:
    def weigh(*args: Any) -> Verification:
        opinion: Verification = original(*args)
        is_objection = opinion.verdict is Verdict.REOPENED
        return replace(opinion, verdict=Verdict.INCONCLUSIVE) if is_objection else opinion

    return weigh


# --- 9: the journal and ages --------------------------------------------------------------------------


def _nobody_did_it(original: Any) -> Any:
    return lambda action, now: replace(original(action, now), actor="")


def _seals_loosely(original: Any) -> Any:
    return lambda entry, seq, _previous: original(entry, seq, GENESIS)


def _has_no_age(original: Any) -> Any:
    return lambda *args: replace(original(*args), taken_at=None)


PROOF_MUTANTS = (
    Mutant(4, "a-claim-is-proof", ((_VERIFY, "weigh", _takes_their_word),)),
    Mutant(4, "a-false-claim-stands", ((_VERIFY, "weigh", _never_objects),)),
    Mutant(4, "an-old-list-contradicts", ((_VERIFY, "weigh", _believes_old_lists),)),
    Mutant(4, "a-list-is-called-the-messenger", ((_VERIFY, "weigh", _calls_lists_the_messenger),)),
    Mutant(9, "acts-have-no-actor", ((_VERIFY, "journal_entry", _nobody_did_it),)),
    Mutant(9, "the-chain-is-loose", ((worker.storage.journal, "write", _seals_loosely),), days=3),
    Mutant(9, "what-a-source-says-has-no-age", ((DirectoryPass, "_state_after", _has_no_age),)),
)
