"""Running unattended: the clock, logs, retries, the scheduler and its leases."""
