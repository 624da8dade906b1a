"""Connectors of the inventory port, one folder each."""
