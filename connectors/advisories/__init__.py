"""Connectors of the advisories port, one folder each."""
