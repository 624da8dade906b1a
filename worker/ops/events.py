"""The names of everything that is logged: `noun.verb_past`, each with its fixed keys.

A test proves that each is used, and that nothing else is logged.
"""

from __future__ import annotations

from typing import Final

from worker.ports import Noted

WORKER_STARTED: Final = "worker.started"  # holder, jobs
WORKER_STOPPING: Final = "worker.stop_asked"  # signal, running
WORKER_STOPPED: Final = "worker.stopped"  # abandoned: jobs that did not end in time
CONFIG_CHANGED: Final = "config.changed"  # changes
CONFIG_REFUSED: Final = "config.refused"  # error
CLOCK_JUMPED: Final = "clock.jumped"  # by_s
LOOP_STALLED: Final = "loop.stalled"  # for_s
NEWS_SEEN: Final = "news.seen"
TABLES_AWAITED: Final = "tables.awaited"  # why
METRICS_SERVED: Final = "metrics.served"  # listen, path
DESK_SERVED: Final = "desk.served"  # listen

JOB_STARTED: Final = "job.started"  # job, full
JOB_SKIPPED: Final = "job.skipped"  # job, why
JOB_FINISHED: Final = "job.finished"  # job, full, took_s, ok, counts
JOB_TROUBLED: Final = "job.troubled"  # job, trouble
JOB_FAILED: Final = "job.failed"  # job, error, exception
JOB_STOPPED: Final = "job.stopped"  # job, why
JOB_UNRECORDED: Final = "job.left_unrecorded"  # job, error

LEASE_LOST: Final = "lease.lost"  # job, holder, fence, why
LEASE_UNRENEWED: Final = "lease.left_unrenewed"  # job, holder, fence, error
LEASE_UNRELEASED: Final = "lease.left_unreleased"  # job, holder, fence, error

# What a connector notes has its source. Of a request to Graph what, method, client_request_id and took_s; of its answer
# status, request_id, units, and what was said of retry_after_s, throttle_share, throttle_scope, throttle_why, code
GRAPH_ANSWERED: Final = Noted.GRAPH_ANSWERED.value
GRAPH_REFUSED: Final = Noted.GRAPH_REFUSED.value
GRAPH_THROTTLED: Final = Noted.GRAPH_THROTTLED.value
GRAPH_UNANSWERED: Final = Noted.GRAPH_UNANSWERED.value  # error
GRAPH_HELD_BACK: Final = Noted.GRAPH_HELD_BACK.value  # what, method, wait_s, why
SUBSCRIPTION_MADE: Final = Noted.SUBSCRIPTION_MADE.value  # ends_at
SUBSCRIPTION_RENEWED: Final = Noted.SUBSCRIPTION_RENEWED.value  # ends_at
SUBSCRIPTION_REFUSED: Final = Noted.SUBSCRIPTION_REFUSED.value  # what, error, retry_after_s
SUBSCRIPTION_ENDED: Final = Noted.SUBSCRIPTION_ENDED.value  # why
CALL_ACCEPTED: Final = Noted.CALL_ACCEPTED.value  # notices, lifecycle
CALL_REFUSED: Final = Noted.CALL_REFUSED.value  # calls: how many since the last line, why

LIBRARY_LOGGED: Final = "library.logged"  # logger, message
THREAD_CRASHED: Final = "thread.crashed"  # thread, exception
