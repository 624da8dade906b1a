"""Workers that tell people too little, too much or at the wrong time: broken messages and escalation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import worker.app.jobs.escalate
from sim.breaking import Mutant
from worker.app.jobs.after_failure import AfterFailure
from worker.app.jobs.composing import Composing
from worker.app.jobs.deliver import Deliver
from worker.domain.reconcile.rules import TicketRules
from worker.storage.tickets import SqlTickets

# --- 6: messages --------------------------------------------------------------------------------------


def _never_looks(_original: Any) -> Any:
    return lambda _self, notifier, message, **_more: notifier.send(message).reference


def _hides_repeats(original: Any) -> Any:
    return lambda *args, **more: replace(original(*args, **more), may_be_repeat=False)


def _shows_everything(_original: Any) -> Any:
    return lambda _self, _channel, _to, items, _paragraphs: len(items)


def _gives_up(_original: Any) -> Any:
    def later(self: AfterFailure, delivery: Any, _error: Any, now: Any, run: Any) -> None:
        with self._store.begin(run.lease) as uow:
            uow.outbox.sent(delivery, "never", now)

    return later


# --- 7: escalation ------------------------------------------------------------------------------------


def _claims_buy_time(_original: Any) -> Any:
    return lambda self, ticket, _claimed_at, at: self.started(ticket, at)


def _hurries(original: Any) -> Any:
    return lambda ticket, policy, taken, allowed, now: original(
        ticket, policy, taken, allowed, now + timedelta(hours=5)
    )


def _skips_the_second(original: Any) -> Any:
    return lambda *args: tuple(due for due in original(*args) if due.step != 2)


def _keeps_no_record(_original: Any) -> Any:
    return lambda *_args: True


TELLING_MUTANTS = (
    Mutant(6, "nobody-looks-before-sending-again", ((Deliver, "_send_once", _never_looks),), first=3, days=6),
    Mutant(6, "a-repeat-does-not-say-so", ((Composing, "message_of", _hides_repeats),), first=2, days=6),
    Mutant(6, "what-was-not-shown-counts-as-sent", ((Composing, "shown", _shows_everything),), days=7),
    Mutant(6, "a-failed-send-is-forgotten", ((AfterFailure, "_later", _gives_up),), first=2, days=5),
    Mutant(7, "a-false-claim-buys-time", ((TicketRules, "resumed", _claims_buy_time),)),
    Mutant(7, "steps-come-early", ((worker.app.jobs.escalate, "due_steps", _hurries),)),
    Mutant(7, "the-second-step-is-left-out", ((worker.app.jobs.escalate, "due_steps", _skips_the_second),)),
    Mutant(7, "steps-are-taken-again", ((SqlTickets, "take_step", _keeps_no_record),)),
)
