"""Use cases: one file, one class, one `run_once(now) -> Report`. They see ports and the domain only."""
