"""Adapters to the outside, one folder each; `registry.py` maps a configured kind to its SPEC.

A connector sees `worker.ports`, `worker.domain` and nothing else of the worker, and no other connector.
"""
