"""The console of the security team: one module for each page, all behind a session."""
