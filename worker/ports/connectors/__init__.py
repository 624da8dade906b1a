"""The ports that connectors implement, and the declaration each of them makes.

A connector is one folder with a `SPEC`; `connectors/registry.py` maps its kind to it.
"""
