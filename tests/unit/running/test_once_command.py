"""What `once` says of each job, in a line."""

from __future__ import annotations

import pytest

from worker.app.jobs.report import Report
from worker.cli.working import in_one_line


@pytest.mark.parametrize(
    "report, line",
    [
        (Report("deliver", {"sent": 2, "failed": 0}), "deliver    2 sent"),
        (Report("deliver", {"sent": 0}), "deliver    nothing to do"),
        (Report("deliver", {"sent": 0}, ("The disk is full.",)), "deliver    failed"),
        (Report("deliver", {"sent": 2}, ("A channel did not answer.",)), "deliver    2 sent"),
    ],
)
def test_a_job_that_failed_is_no_job_that_had_nothing_to_do(report: Report, line: str) -> None:
    assert in_one_line(report) == line
