"""The security team's console: one module for each page; all need a session."""
