"""What this connector notes for the log."""

from __future__ import annotations

import logging

from worker.ports import Noted

MAILS_LEFT = Noted("email.mails_left", logging.WARNING)  # place, mails
REPORT_READ = Noted("email.report_read", logging.INFO)  # place, status, delivery
REPORT_REFUSED = Noted("email.report_refused", logging.WARNING)  # place, error
NOTES = (MAILS_LEFT, REPORT_READ, REPORT_REFUSED)
