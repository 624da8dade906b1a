"""The names of logged events: `noun.verb_past`, each with its fixed keys. Connectors declare their notes in `SPEC`.

A test proves that each is used, and that nothing else is logged.
"""

from __future__ import annotations

from typing import Final

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
DESK_UNAVAILABLE: Final = "desk.left_unanswered"  # error

JOB_STARTED: Final = "job.started"  # job, full
JOB_SKIPPED: Final = "job.skipped"  # job, why
JOB_FINISHED: Final = "job.finished"  # job, full, took_s, ok, counts
JOB_TROUBLED: Final = "job.troubled"  # job, trouble
JOB_FAILED: Final = "job.failed"  # job, error, exception
JOB_STOPPED: Final = "job.stopped"  # job, why
JOB_UNRECORDED: Final = "job.left_unrecorded"  # job, error

CONNECTOR_FAILED: Final = "connector.failed"  # source, call, error, exception
ATTENDING_FAILED: Final = "interaction.failed"  # error, exception

LEASE_LOST: Final = "lease.lost"  # job, holder, fence, why
LEASE_UNRENEWED: Final = "lease.left_unrenewed"  # job, holder, fence, error
LEASE_UNRELEASED: Final = "lease.left_unreleased"  # job, holder, fence, error

LIBRARY_LOGGED: Final = "library.logged"  # logger, message
THREAD_CRASHED: Final = "thread.crashed"  # thread, exception
