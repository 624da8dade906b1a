"""Connectors of the notify port, one folder each."""
