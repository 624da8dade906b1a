"""Adapters to the outside, one folder each; `registry.py` maps a configured kind to its SPEC.

Those of other packages are found by their entry points.

A connector sees `worker.ports`, `worker.domain` and nothing else of the worker, and no other connector.
"""
