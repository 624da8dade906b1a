"""Use cases: one file, one class, one `run_once(now) -> Report`. They import only ports and the domain."""
