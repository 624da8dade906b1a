"""Connectors of the directory port, one folder each."""
