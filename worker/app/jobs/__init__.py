"""The jobs: one file, one class, one `run_once(now, lease) -> Report`."""
